// node orders.mjs DATABASE_URL BROKER TRIGGERS: the replaced design from the ticker's socket to its order, on PostgreSQL.
// Says {"ready": true} when its triggers are in memory and subscribed; when its input ends, {"fired": …} of the table.
import pg from "pg";
import WebSocket from "ws";
import { Engine } from "./replaced/engine.mjs";
import { OrderExecutor } from "./replaced/order-executor.mjs";
import { TriggerManager } from "./replaced/trigger-manager.mjs";
import { parseFrame } from "./replaced/wire.mjs";

const [url, broker, triggers] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));

// Prices are numbers there, as its database's client returned them.
pg.types.setTypeParser(pg.types.builtins.NUMERIC, Number);
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
const database = new pg.Pool({ connectionString: url, max: 4 });

await database.query(`
  CREATE TABLE broker_connections (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), api_key text, access_token text,
    is_active boolean DEFAULT true, created_at timestamptz DEFAULT now());
  CREATE TABLE hmt_gtt_orders (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid,
    broker_connection_id uuid REFERENCES broker_connections, trading_symbol text, exchange text, instrument_token bigint,
    condition_type text, transaction_type text,
    product_type_1 text, trigger_price_1 numeric(10, 2), order_price_1 numeric(10, 2), quantity_1 integer,
    product_type_2 text, trigger_price_2 numeric(10, 2), order_price_2 numeric(10, 2), quantity_2 integer,
    status text DEFAULT 'active', triggered_at timestamptz, triggered_leg text, triggered_price numeric(10, 2),
    order_id text, order_status text, error_message text,
    created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(), expires_at timestamptz);
  CREATE INDEX ON hmt_gtt_orders (instrument_token, status) WHERE status = 'active';
  INSERT INTO broker_connections (api_key, access_token) VALUES ('node', 'bench');
`);
await database.query(
  `INSERT INTO hmt_gtt_orders (broker_connection_id, trading_symbol, exchange, instrument_token, condition_type,
     transaction_type, product_type_1, trigger_price_1, order_price_1, quantity_1)
   SELECT c.id, 'BENCH' || n, 'NSE', n * 256 + 1, 'single', 'SELL', 'CNC', 99, 99, 10
   FROM broker_connections c, generate_series(1, $1::int) n`,
  [triggers],
);

const manager = new TriggerManager();
const active = await database.query("SELECT * FROM hmt_gtt_orders WHERE status = 'active'");
for (const trigger of active.rows) manager.addTrigger(trigger);
const executor = new OrderExecutor(database, manager, `http://${broker}`);
const engine = new Engine(manager, (trigger, leg, lastPrice) => {
  executor.execute(trigger, leg, lastPrice).catch((error) => {
    console.error(error);
    process.exit(1);
  });
});

const ticker = new WebSocket(`ws://${broker}/?api_key=node&access_token=bench`, { perMessageDeflate: false });
ticker.on("message", (data, isBinary) => {
  if (isBinary) for (const tick of parseFrame(data)) engine.handleTick(tick);
});
ticker.on("open", () => {
  ticker.send(JSON.stringify({ a: "subscribe", v: active.rows.map((trigger) => trigger.instrument_token) }));
  say({ ready: true });
});

process.stdin.resume().on("end", async () => {
  const done = await database.query("SELECT count(*) FROM hmt_gtt_orders WHERE status = 'triggered' AND order_id <> ''");
  say({ fired: done.rows[0].count });
  process.exit(0);
});
