// The armed triggers in memory.
export class TriggerManager {
  #triggers = new Map(); // id → row
  #byInstrument = new Map(); // token → Set of ids
  #groups = new Map(); // parent_id → Set of ids
  #processing = new Set(); // ids

  get size() {
    return this.#triggers.size;
  }

  addTrigger(trigger) {
    this.#triggers.set(trigger.id, trigger);
    addTo(this.#byInstrument, trigger.instrument_token, trigger.id);
    if (trigger.parent_id) addTo(this.#groups, trigger.parent_id, trigger.id);
  }

  removeTrigger(id) {
    const trigger = this.#triggers.get(id);
    if (!trigger) return;
    this.#triggers.delete(id);
    this.#processing.delete(id);
    deleteFrom(this.#byInstrument, trigger.instrument_token, id);
    if (trigger.parent_id) deleteFrom(this.#groups, trigger.parent_id, id);
  }

  getTrigger(id) {
    return this.#triggers.get(id);
  }

  getTriggersForInstrument(token) {
    return this.#byInstrument.get(token);
  }

  getOCOSibling(trigger) {
    if (!trigger.parent_id) return undefined;
    for (const id of this.#groups.get(trigger.parent_id) ?? []) {
      if (id !== trigger.id) return this.#triggers.get(id);
    }
    return undefined;
  }

  isProcessing(id) {
    return this.#processing.has(id);
  }

  markProcessing(id) {
    this.#processing.add(id);
  }

  unmarkProcessing(id) {
    this.#processing.delete(id);
  }
}

function addTo(sets, key, id) {
  const ids = sets.get(key);
  if (ids) ids.add(id);
  else sets.set(key, new Set([id]));
}

function deleteFrom(sets, key, id) {
  const ids = sets.get(key);
  ids?.delete(id);
  if (ids?.size === 0) sets.delete(key);
}
