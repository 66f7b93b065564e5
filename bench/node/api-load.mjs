// What people's programs ask of the API: whole lists, new and cancelled triggers, and live streams that hear of them.
//
//   api-load.mjs seed ADDRESS TOKEN ROWS    makes ROWS active triggers, of the instruments on standard input
//   api-load.mjs load ADDRESS TOKEN ROWS SECONDS
//
// `load` prints "on" when everything is under way, "off" after SECONDS, and then what it saw as one JSON object.
import { readFileSync } from "node:fs";
import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import WebSocket from "ws";

const [mode, address, token, rowsText, secondsText] = process.argv.slice(2);
const rows = Number(rowsText);
const subscribers = 200;
const tokensOfOne = 10;
const listers = 4;
const pageRows = 1000;
const pagesPerSecond = 5; // of one lister
const creationsPerSecond = 20; // and as many cancellations

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const headers = { Authorization: `Bearer ${token}` };

function ask(method, path, body) {
  const [host, port] = address.split(":");
  const text = body && JSON.stringify(body);
  const more = text ? { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) } : {};
  return new Promise((resolve, reject) => {
    const request = http.request({ agent, host, port, method, path, headers: { ...headers, ...more } }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ status: answer.statusCode, text: Buffer.concat(parts).toString() }));
    });
    request.on("error", reject);
    request.end(text);
  });
}

// A level at this part of the price. The market does not come to half of it.
const trigger = (instrument, part) => ({
  exchange: instrument.exchange,
  trading_symbol: instrument.symbol,
  condition_type: "single",
  transaction_type: "SELL",
  product_type_1: "MIS",
  trigger_price_1: Math.max(1, Math.round(instrument.last * part)),
  order_price_1: Math.max(1, Math.round(instrument.last * part)),
  quantity_1: instrument.lot,
});

async function seed() {
  const instruments = JSON.parse(readFileSync(0, "utf8"));
  let next = 0;
  const worker = async () => {
    for (let number = next++; number < rows; number = next++) {
      const made = await ask("POST", "/api/v1/triggers", trigger(instruments[number % instruments.length], 0.5));
      if (made.status !== 201) throw new Error(`a trigger was not made: ${made.text}`);
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
}

// ---- one lister pages through everything, again and again

async function listOnce() {
  const ids = new Set();
  let cursor = "";
  do {
    const began = performance.now();
    const answer = await ask("GET", `/api/v1/triggers?status=active&limit=${pageRows}${cursor}`);
    if (answer.status !== 200) return { wrong: `a list was answered ${answer.status}` };
    const page = JSON.parse(answer.text);
    for (const row of page.triggers) ids.add(row.id);
    if (page.next_cursor === null) return { rows: ids.size };
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
    await pause(Math.max(0, 1000 / pagesPerSecond - (performance.now() - began)));
  } while (true);
}

// ---- streams

class Subscriber {
  heard = new Map([["created", 0], ["cancelled", 0]]);
  prices = 0;
  closed = null;

  constructor(number, tokens) {
    this.socket = new WebSocket(`ws://${address}/api/v1/stream`, { headers, perMessageDeflate: false });
    this.socket.on("message", (data) => this.took(data));
    this.socket.on("close", (code, why) => (this.closed = `${code} ${why}`));
    const wanted = Array.from({ length: tokensOfOne }, (_, i) => tokens[(number * tokensOfOne + i) % tokens.length]);
    this.ready = new Promise((resolve, reject) => {
      this.socket.on("open", () => {
        this.socket.send(JSON.stringify({ t: "sub", px: wanted }));
        resolve();
      });
      this.socket.on("error", reject);
    });
  }
  took(data) {
    const head = data.toString("latin1", 0, 8);
    if (head.startsWith('{"t":"px')) this.prices++;
    if (!head.startsWith('{"t":"tr')) return;
    for (const event of this.heard.keys()) {
      if (data.includes(`"event":"${event}"`)) this.heard.set(event, this.heard.get(event) + 1);
    }
  }
}

// ---- all of it

async function load() {
  const first = JSON.parse((await ask("GET", `/api/v1/triggers?limit=${pageRows}`)).text).triggers;
  const instruments = first.map((row) => ({
    exchange: row.exchange, symbol: row.trading_symbol, last: Number(row.trigger_price_1), lot: row.quantity_1,
  }));
  const tokens = [...new Set(first.map((row) => row.instrument_token))];
  const streams = Array.from({ length: subscribers }, (_, number) => new Subscriber(number, tokens));
  await Promise.all(streams.map((stream) => stream.ready));
  await pause(500);

  const seen = { lists: 0, created: 0, cancelled: 0, wrong: [] };
  let over = false;
  const lister = async () => {
    while (!over) {
      const list = await listOnce();
      if (list.wrong) return seen.wrong.push(list.wrong);
      seen.lists++;
      if (list.rows < rows) seen.wrong.push(`a list had ${list.rows} of ${rows} rows`);
    }
  };
  const oneLife = async (number) => {
    const made = await ask("POST", "/api/v1/triggers", trigger(instruments[number % instruments.length], 1));
    const row = made.status === 201 ? JSON.parse(made.text) : {};
    if (row.status !== "active") return seen.wrong.push(`created: ${made.status} ${made.text.slice(0, 200)}`);
    seen.created++;
    const gone = await ask("DELETE", `/api/v1/triggers/${row.id}`);
    if (gone.status !== 200) return seen.wrong.push(`cancelled: ${gone.status} ${gone.text.slice(0, 200)}`);
    seen.cancelled++;
  };
  const lives = [];
  const began = performance.now();
  const writer = setInterval(() => {
    const due = ((performance.now() - began) / 1000) * creationsPerSecond;
    while (lives.length < due) lives.push(oneLife(lives.length));
  }, 10);
  const reading = Array.from({ length: listers }, lister);
  await pause(500);
  console.log("on");
  await pause(Number(secondsText) * 1000);
  console.log("off");
  over = true;
  clearInterval(writer);
  await Promise.all([...lives, ...reading]);
  const heardAll = () => streams.every((one) => one.heard.get("created") >= seen.created &&
    one.heard.get("cancelled") >= seen.cancelled);
  for (let i = 0; i < 600 && !heardAll(); i++) await pause(50);
  for (const event of ["created", "cancelled"]) {
    const counts = streams.map((one) => one.heard.get(event));
    if (counts.some((count) => count !== seen[event])) {
      seen.wrong.push(`${seen[event]} ${event}, and the streams heard of ${Math.min(...counts)} to ${Math.max(...counts)}`);
    }
  }
  seen.wrong.push(...new Set(streams.filter((one) => one.closed).map((one) => `a stream was closed: ${one.closed}`)));
  if (streams.some((one) => one.prices === 0)) seen.wrong.push("a stream saw no price");
  seen.frames = streams.reduce((sum, one) => sum + one.prices + one.heard.get("created") + one.heard.get("cancelled"), 0);
  for (const stream of streams) stream.socket.terminate();
  agent.destroy();
  console.log(JSON.stringify(seen));
}

await (mode === "seed" ? seed() : load());
