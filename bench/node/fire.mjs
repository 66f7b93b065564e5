// node fire.mjs TRIGGERS INSTRUMENTS FIRES ROUNDS: what a fire costs the replaced design. The market of
// src/engine/engine_bench.cpp.
//
// Its executor does all that it did but for the waiting: the order's body, the row's update, the sibling's, and both
// triggers out of memory. Nothing is sent.
import { tokenOf, triggerOf, uuidOf } from "./market.mjs";
import { Engine } from "./replaced/engine.mjs";
import { TriggerManager } from "./replaced/trigger-manager.mjs";
import { MemoryExecutor } from "./replaced/memory-executor.mjs";

const highestLevelPaise = 100_000;
const stepPaise = 5;
const targetPaise = 200_000;

const levelPaise = (rank) => highestLevelPaise - rank * stepPaise;

function armedRow(number, instruments) {
  const rank = Math.floor(number / instruments);
  const isTwoLeg = rank % 2 === 1;
  const four = Math.floor(rank / 4);
  return {
    ...triggerOf(number, instruments),
    parent_id: rank % 4 >= 2 ? uuidOf(0x20000000 + (number % instruments) * 4096 + four) : null,
    condition_type: isTwoLeg ? "two-leg" : "single",
    trigger_price_1: levelPaise(rank) / 100,
    order_price_1: (levelPaise(rank) - stepPaise) / 100,
    quantity_1: 10,
    product_type_2: isTwoLeg ? "CNC" : null,
    trigger_price_2: isTwoLeg ? (targetPaise + rank * stepPaise) / 100 : null,
    order_price_2: isTwoLeg ? (targetPaise + rank * stepPaise - stepPaise) / 100 : null,
    quantity_2: isTwoLeg ? 10 : null,
  };
}

// In the order of their levels, the instruments in turns; the second of a group is passed over.
function expectedFires(triggers, instruments, most) {
  const numbers = [];
  for (let number = 0; number < triggers && numbers.length < most; number++) {
    if (Math.floor(number / instruments) % 4 !== 3) numbers.push(number);
  }
  return numbers;
}

const [triggers, instruments, fires, rounds] = process.argv.slice(2).map(Number);
let fired = [];
let bytes = 0;
const sent = {
  order(id, body) {
    fired.push(id);
    bytes += body.length;
  },
  rowUpdate(id, body) {
    bytes += body.length;
  },
};

function armedEngine(triggers, instruments) {
  const manager = new TriggerManager();
  for (let number = 0; number < triggers; number++) manager.addTrigger(armedRow(number, instruments));
  const executor = new MemoryExecutor(manager, sent);
  return new Engine(manager, (trigger, leg, lastPrice) => executor.execute(trigger, leg, lastPrice));
}

// How long all the fires of one full book take, which is thrown away.
function round(triggers, instruments, most) {
  const expected = expectedFires(triggers, instruments, most);
  const ticks = expected.map((number) => ({
    instrument_token: tokenOf(number % instruments),
    last_price: levelPaise(Math.floor(number / instruments)) / 100,
  }));
  const engine = armedEngine(triggers, instruments);
  fired = [];
  global.gc();
  const before = process.cpuUsage();
  for (const tick of ticks) engine.handleTick(tick);
  const { user, system } = process.cpuUsage(before);
  if (fired.length !== expected.length || fired.some((id, i) => id !== uuidOf(expected[i]))) {
    console.error("not the triggers that the prices reach fired");
    process.exit(1);
  }
  return (user + system) * 1000;
}

// Compiled before it counts, on a heap that has grown already.
for (let i = 0; i < 5; i++) round(10_000, 500, 7_500);
let cpu_ns = 0;
for (let i = 0; i < rounds; i++) cpu_ns += round(triggers, instruments, fires);
console.log(JSON.stringify({ cpu_ns_a_fire: cpu_ns / rounds / fires, fires: fired.length, bytes }));
