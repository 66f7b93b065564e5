// Which leg of the trigger does this price reach? Leg 1 first, when both hold.
export function evaluateTrigger(trigger, lastPrice) {
  if (trigger.condition_type === "single") {
    return legOneHolds(trigger, lastPrice) ? "1" : null;
  }
  if (legOneHolds(trigger, lastPrice)) return "1";
  return legTwoHolds(trigger, lastPrice) ? "2" : null;
}

function legOneHolds(trigger, lastPrice) {
  return trigger.transaction_type === "BUY" ? lastPrice >= trigger.trigger_price_1 : lastPrice <= trigger.trigger_price_1;
}

function legTwoHolds(trigger, lastPrice) {
  return trigger.transaction_type === "BUY" ? lastPrice <= trigger.trigger_price_2 : lastPrice >= trigger.trigger_price_2;
}
