// A market made of a few integers, the same in `src/adapters/kite/tick_bench.cpp`: levels stand 5 % and more around a
// price that moves by less than 1 %.
const middlePaise = 100_000;

export function mixed(number) {
  let bits = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

export const tokenOf = (instrument) => ((5_000 + instrument * 37) << 8) | 1;

export function uuidOf(number) {
  const hex = (value) => value.toString(16).padStart(8, "0");
  const text = [1, 2, 3, 4].map((salt) => hex(mixed(Math.imul(number, 4) + salt))).join("");
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}

const distancePaise = (number) => 5_000 + (mixed(number) % 50_000);

// A row as the database's client returns it: every column, numbers as numbers, moments as text.
export function triggerOf(number, instruments) {
  return {
    id: uuidOf(number),
    user_id: "6f1c1d80-6f38-4d6e-9a3b-0d4e6f0f2a11",
    broker_connection_id: "0d8f4f0e-52e0-4c5e-8a1b-5a3c9e7b1d22",
    parent_id: null,
    trading_symbol: `SYMBOL${number % instruments}`,
    exchange: "NSE",
    instrument_token: tokenOf(number % instruments),
    condition_type: "two-leg",
    transaction_type: "SELL",
    product_type_1: "CNC",
    trigger_price_1: (middlePaise - distancePaise(2 * number)) / 100,
    order_price_1: null,
    quantity_1: 1,
    product_type_2: "CNC",
    trigger_price_2: (middlePaise + distancePaise(2 * number + 1)) / 100,
    order_price_2: null,
    quantity_2: 1,
    status: "active",
    triggered_at: null,
    triggered_leg: null,
    triggered_price: null,
    order_id: null,
    order_status: null,
    error_message: null,
    created_at: "2026-11-02T03:45:00.000000+00:00",
    updated_at: "2026-11-02T03:45:00.000000+00:00",
    expires_at: null,
  };
}

// Frames of LTP packets, each of a random instrument at a price that reaches no level.
export function quietFrames(frames, packets, instruments) {
  const made = [];
  for (let frame = 0; frame < frames; frame++) {
    made.push(
      frameOf(packets, (i) => {
        const bits = mixed(0x40000000 + frame * packets + i);
        const moved = ((bits >>> 16) % 2_000) - 1_000;
        return [tokenOf((bits & 0xffff) % instruments), middlePaise + moved];
      }),
    );
  }
  return made;
}

// One frame with one packet: a fall through every stop of the instrument.
export const crash = (instrument) => frameOf(1, () => [tokenOf(instrument), 1]);

function frameOf(packets, packetOf) {
  const frame = Buffer.alloc(2 + packets * 10);
  frame.writeUInt16BE(packets, 0);
  for (let i = 0; i < packets; i++) {
    const [token, paise] = packetOf(i);
    frame.writeUInt16BE(8, 2 + i * 10);
    frame.writeUInt32BE(token, 4 + i * 10);
    frame.writeUInt32BE(paise, 8 + i * 10);
  }
  return frame;
}
