// node fire.mjs TRIGGERS INSTRUMENTS FIRES: what a fire costs the replaced design. The market of src/engine/engine_bench.cpp.
//
// Its executor does all that it did but for the waiting: the order's body, the row's update, the sibling's, and both
// triggers out of memory. Nothing is sent.
import { tokenOf, triggerOf, uuidOf } from "./market.mjs";
import { Engine } from "./replaced/engine.mjs";
import { TriggerManager } from "./replaced/trigger-manager.mjs";
import { OrderExecutor } from "./replaced/order-executor.mjs";

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

function armed(triggers, instruments, sent) {
  const manager = new TriggerManager();
  for (let number = 0; number < triggers; number++) manager.addTrigger(armedRow(number, instruments));
  const executor = new OrderExecutor(manager, sent);
  return new Engine(manager, (trigger, leg, lastPrice) => executor.execute(trigger, leg, lastPrice));
}

const [triggers, instruments, most] = process.argv.slice(2).map(Number);
const expected = expectedFires(triggers, instruments, most);
const ticks = expected.map((number) => ({
  instrument_token: tokenOf(number % instruments),
  last_price: levelPaise(Math.floor(number / instruments)) / 100,
}));

let fired = [];
let bytes = 0;
const sent = {
  order(body) {
    bytes += body.length;
  },
  rowUpdate(id, body) {
    bytes += body.length;
    if (body.includes('"triggered"')) fired.push(id);
  },
};

function cpuNanosOfAllFires() {
  const engine = armed(triggers, instruments, sent);
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

// What is compiled on the way is not counted: the best of several runs, each of a full book.
const runs = triggers > 100_000 ? 2 : 8;
let best = Infinity;
for (let run = 0; run < runs; run++) best = Math.min(best, cpuNanosOfAllFires());
console.log(JSON.stringify({ ns_per_fire: best / expected.length, fires: expected.length, bytes, fired: fired.length }));
