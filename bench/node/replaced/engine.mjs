import { evaluateTrigger } from "./trigger-evaluator.mjs";

// The hot path: `execute(trigger, leg, lastPrice)` is called for each hit and not waited for. The trigger stays marked as
// processing, so that no later tick fires it again, until the executor removes it from memory.
export class Engine {
  #manager;
  #execute;
  stats = { processed_ticks: 0, triggered_orders: 0, last_tick_time: null };

  constructor(manager, execute) {
    this.#manager = manager;
    this.#execute = execute;
  }

  handleTick(tick) {
    this.stats.processed_ticks++;
    this.stats.last_tick_time = Date.now();
    const ids = this.#manager.getTriggersForInstrument(tick.instrument_token);
    if (!ids) return;
    for (const id of ids) {
      if (this.#manager.isProcessing(id)) continue;
      this.#manager.markProcessing(id);
      const trigger = this.#manager.getTrigger(id);
      const leg = evaluateTrigger(trigger, tick.last_price);
      if (leg === null) {
        this.#manager.unmarkProcessing(id);
        continue;
      }
      this.stats.triggered_orders++;
      this.#execute(trigger, leg, tick.last_price);
    }
  }
}
