// node decode.mjs SECONDS: what every field of a full packet costs in the stock client. The bytes are those of
// src/adapters/kite/wire_bench.cpp, and so is the digest of what was decoded.
import kiteconnect from "kiteconnect";
import { mixed } from "./market.mjs";

const [frames, packets, words] = [16, 64, 46];
const morning = 1_795_924_800;
const seconds = Number(process.argv[2]);

const isCountOfOrders = (word) => word >= 16 && (word - 16) % 3 === 2;

function wordOf(packet, word) {
  const bits = mixed(packet * 64 + word);
  if (word === 0) return (((bits >>> 9) << 8) | (1 + (packet % 7))) >>> 0;
  if (word === 11 || word === 15) return morning + (bits % 86_400);
  return isCountOfOrders(word) ? (bits & 0x7fff_0000) >>> 0 : bits >>> 1;
}

function frameOf(number) {
  const bytes = new DataView(new ArrayBuffer(2 + packets * (2 + 4 * words)));
  bytes.setUint16(0, packets);
  for (let i = 0; i < packets; i++) {
    const at = 2 + i * (2 + 4 * words);
    bytes.setUint16(at, 4 * words);
    for (let word = 0; word < words; word++) bytes.setUint32(at + 2 + 4 * word, wordOf(number * packets + i, word));
  }
  return bytes.buffer;
}

// The client gives prices as floating point: they are brought back to the wire's integers.
const divisors = new Map([[3, 10_000_000], [6, 10_000]]);

function* wireIntegers(tick) {
  const divisor = divisors.get(tick.instrument_token & 0xff) ?? 100;
  const wire = (price) => Math.round(price * divisor);
  const epoch = (date) => (date === null ? 0 : date.getTime() / 1000);
  yield* [tick.instrument_token, wire(tick.last_price), tick.last_traded_quantity, wire(tick.average_traded_price)];
  yield* [tick.volume_traded, tick.total_buy_quantity, tick.total_sell_quantity];
  yield* [tick.ohlc.open, tick.ohlc.high, tick.ohlc.low, tick.ohlc.close].map(wire);
  yield* [epoch(tick.last_trade_time), tick.oi, tick.oi_day_high, tick.oi_day_low, epoch(tick.exchange_timestamp)];
  for (const level of [...tick.depth.buy, ...tick.depth.sell]) yield* [level.quantity, wire(level.price), level.orders];
}

const ticker = new kiteconnect.KiteTicker({ api_key: "key", access_token: "token" });
const given = Array.from({ length: frames }, (_, number) => frameOf(number));

let digest = 0;
for (const frame of given) {
  for (const tick of ticker.parseBinary(frame)) {
    for (const value of wireIntegers(tick)) digest = (mixed((digest ^ value) >>> 0) + 1) >>> 0;
  }
}

let kept;
function run(for_s) {
  const began = process.cpuUsage();
  for (let i = 1; ; i++) {
    kept = ticker.parseBinary(given[i % frames]);
    const spent = process.cpuUsage(began);
    const cpu_ns = (spent.user + spent.system) * 1000;
    if (cpu_ns >= for_s * 1e9 && i >= 2 * frames) return cpu_ns / (i * packets);
  }
}
run(seconds / 5);
const cpu_ns = run(seconds);
console.log(JSON.stringify({ cpu_ns, digest, packets: kept.length }));
