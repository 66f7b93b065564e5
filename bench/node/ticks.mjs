// node ticks.mjs TRIGGERS INSTRUMENTS SECONDS: what a tick that fires nothing costs the replaced design.
import { crash, quietFrames, triggerOf } from "./market.mjs";
import { Engine } from "./replaced/engine.mjs";
import { TriggerManager } from "./replaced/trigger-manager.mjs";
import { parseFrame } from "./replaced/wire.mjs";

const [triggers, instruments, seconds] = process.argv.slice(2).map(Number);
const packets = 64;
const manager = new TriggerManager();
for (let number = 0; number < triggers; number++) manager.addTrigger(triggerOf(number, instruments));
const frames = quietFrames(256, packets, instruments);
const fired = [];
const engine = new Engine(manager, (trigger) => fired.push(trigger.id));

const take = (frame) => {
  for (const tick of parseFrame(frame)) engine.handleTick(tick);
};
// Until the compiler has seen it: a tenth of the time, at least once through.
function run(for_s, at_least) {
  const began = process.cpuUsage();
  let ticks = 0;
  for (let i = 0; ; i++) {
    take(frames[i % frames.length]);
    ticks += packets;
    const spent = process.cpuUsage(began);
    const cpu_ns = (spent.user + spent.system) * 1000;
    if (cpu_ns >= for_s * 1e9 && i >= at_least) return cpu_ns / ticks;
  }
}
run(seconds / 5, 8);
const cpu_ns = run(seconds, 8);
const fired_in_quiet = fired.length;
take(crash(7));
// The XOR of the ids, as the other side tells it.
const ids = fired
  .map((id) => BigInt(`0x${id.replaceAll("-", "")}`))
  .reduce((all, id) => all ^ id, 0n)
  .toString(16)
  .padStart(32, "0");
console.log(JSON.stringify({ cpu_ns, fired_in_quiet, fired: fired.length, ids }));
