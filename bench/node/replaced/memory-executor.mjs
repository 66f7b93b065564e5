// What order-executor.mjs does in memory, without its waiting for others: the order of a trigger that was hit, its row and
// its group. `sent.order(id, body)` takes what goes to the broker, `sent.rowUpdate(id, body)` what goes to the database.
export class MemoryExecutor {
  #manager;
  #sent;

  constructor(manager, sent) {
    this.#manager = manager;
    this.#sent = sent;
  }

  execute(trigger, leg, lastPrice) {
    this.#sent.order(trigger.id, orderBody(trigger, leg));
    this.#sent.rowUpdate(trigger.id, JSON.stringify(triggeredUpdate(leg, lastPrice)));
    const sibling = this.#manager.getOCOSibling(trigger);
    if (sibling) {
      this.#sent.rowUpdate(sibling.id, JSON.stringify(cancelledUpdate()));
      this.#manager.removeTrigger(sibling.id);
    }
    this.#manager.removeTrigger(trigger.id);
  }
}

function orderBody(trigger, leg) {
  const price = trigger[`order_price_${leg}`];
  const parameters = {
    exchange: trigger.exchange,
    tradingsymbol: trigger.trading_symbol,
    transaction_type: trigger.transaction_type,
    quantity: trigger[`quantity_${leg}`],
    product: trigger[`product_type_${leg}`],
    order_type: price === null ? "MARKET" : "LIMIT",
    validity: "DAY",
  };
  if (price !== null) parameters.price = price;
  return new URLSearchParams(parameters).toString();
}

function triggeredUpdate(leg, lastPrice) {
  return {
    status: "triggered",
    triggered_at: new Date().toISOString(),
    triggered_leg: leg,
    triggered_price: lastPrice,
    order_status: "PENDING",
  };
}

const cancelledUpdate = () => ({ status: "cancelled", error_message: "OCO sibling triggered" });
