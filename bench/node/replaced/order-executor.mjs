// What happens on a hit, as the description has it: the broker connection is read, the order is placed (and tried again
// when the failure may pass), and the row is updated when the answer is there.
const NON_RETRYABLE = /insufficient|invalid|market closed|blocked/i;

export class OrderExecutor {
  #database;
  #manager;
  #root;
  #maxRetries;
  #backoffMs;

  constructor(database, manager, root, { maxRetries = 2, backoffMs = 1000 } = {}) {
    this.#database = database;
    this.#manager = manager;
    this.#root = root;
    this.#maxRetries = maxRetries;
    this.#backoffMs = backoffMs;
  }

  async execute(trigger, leg, lastPrice) {
    const connection = await this.#brokerConnection(trigger.broker_connection_id);
    const result = await this.#placeWithRetries(connection, orderOf(trigger, leg));
    await this.#update(trigger, leg, lastPrice, result);
    this.#manager.removeTrigger(trigger.id);
  }

  async #brokerConnection(id) {
    const found = await this.#database.query({
      name: "connection",
      text: "SELECT * FROM broker_connections WHERE id = $1 AND is_active",
      values: [id],
    });
    return found.rows[0];
  }

  async #placeWithRetries(connection, order) {
    for (let attempt = 0; ; attempt++) {
      const result = await this.#place(connection, order);
      if (result.order_id || attempt === this.#maxRetries || NON_RETRYABLE.test(result.error)) return result;
      await new Promise((resolve) => setTimeout(resolve, this.#backoffMs * 2 ** attempt));
    }
  }

  async #place(connection, order) {
    try {
      const answer = await fetch(`${this.#root}/orders/regular`, {
        method: "POST",
        headers: {
          "X-Kite-Version": "3",
          Authorization: `token ${connection.api_key}:${connection.access_token}`,
          "Content-Type": "application/x-www-form-urlencoded",
        },
        body: new URLSearchParams(order).toString(),
      });
      const body = await answer.json();
      return answer.ok ? { order_id: body.data.order_id } : { error: body.message };
    } catch (error) {
      return { error: error.message };
    }
  }

  async #update(trigger, leg, lastPrice, result) {
    await this.#database.query({
      name: "outcome",
      text: `UPDATE hmt_gtt_orders SET status = $2, triggered_at = now(), triggered_leg = $3, triggered_price = $4,
             order_id = $5, error_message = $6, updated_at = now() WHERE id = $1`,
      values: [trigger.id, result.order_id ? "triggered" : "failed", leg, lastPrice, result.order_id, result.error],
    });
  }
}

function orderOf(trigger, leg) {
  return {
    exchange: trigger.exchange,
    tradingsymbol: trigger.trading_symbol,
    transaction_type: trigger.transaction_type,
    order_type: "LIMIT",
    quantity: trigger[`quantity_${leg}`],
    product: trigger[`product_type_${leg}`],
    price: trigger[`order_price_${leg}`],
    validity: "DAY",
  };
}
