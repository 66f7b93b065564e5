-- The first schema. Prices are exact decimal text, instants RFC 3339 UTC text, ids UUID text. A row that names only the
-- original columns of hmt_gtt_orders is complete: every other column has a default.

CREATE TABLE broker_connections (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (length(id) = 36),
  user_id TEXT NOT NULL COLLATE NOCASE DEFAULT '00000000-0000-0000-0000-000000000000',
  broker TEXT NOT NULL DEFAULT 'kite',
  name TEXT NOT NULL DEFAULT '',
  account TEXT NOT NULL DEFAULT '',
  sealed_secrets BLOB,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX idx_broker_connections_user ON broker_connections (user_id);

CREATE TABLE hmt_gtt_orders (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (length(id) = 36) DEFAULT (lower(
    hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
    substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  user_id TEXT NOT NULL COLLATE NOCASE DEFAULT '00000000-0000-0000-0000-000000000000' CHECK (length(user_id) = 36),
  broker_connection_id TEXT NOT NULL COLLATE NOCASE DEFAULT '00000000-0000-0000-0000-000000000000'
    CHECK (length(broker_connection_id) = 36),
  parent_id TEXT COLLATE NOCASE CHECK (length(parent_id) = 36),

  trading_symbol TEXT NOT NULL CHECK (length(trading_symbol) BETWEEN 1 AND 64),
  exchange TEXT NOT NULL CHECK (exchange IN ('NSE', 'BSE', 'NFO', 'BFO', 'CDS', 'BCD', 'MCX')),
  instrument_token INTEGER NOT NULL CHECK (typeof(instrument_token) = 'integer' AND instrument_token BETWEEN 0 AND 4294967295),

  condition_type TEXT NOT NULL CHECK (condition_type IN ('single', 'two-leg')),
  transaction_type TEXT NOT NULL CHECK (transaction_type IN ('BUY', 'SELL')),
  direction TEXT CHECK (direction IN ('>=', '<=')),
  on_unknown TEXT NOT NULL DEFAULT 'park' CHECK (on_unknown IN ('park', 'retry')),
  purpose TEXT CHECK (purpose IN ('entry', 'exit')),

  product_type_1 TEXT NOT NULL CHECK (product_type_1 IN ('CNC', 'NRML', 'MIS', 'MTF')),
  trigger_price_1 TEXT NOT NULL CHECK (trigger_price_1 GLOB '[0-9]*' AND trigger_price_1 NOT GLOB '*[^0-9.]*'
    AND trigger_price_1 NOT GLOB '*.*.*' AND trigger_price_1 NOT GLOB '*.' AND trigger_price_1 NOT GLOB '*.????????*'
    AND CAST(trigger_price_1 AS REAL) > 0 AND CAST(trigger_price_1 AS REAL) <= 100000000),
  order_price_1 TEXT CHECK (order_price_1 GLOB '[0-9]*' AND order_price_1 NOT GLOB '*[^0-9.]*'
    AND order_price_1 NOT GLOB '*.*.*' AND order_price_1 NOT GLOB '*.' AND order_price_1 NOT GLOB '*.????????*'
    AND CAST(order_price_1 AS REAL) > 0 AND CAST(order_price_1 AS REAL) <= 100000000),
  quantity_1 INTEGER NOT NULL CHECK (typeof(quantity_1) = 'integer' AND quantity_1 > 0),
  leg_1_state TEXT NOT NULL DEFAULT 'armed' CHECK (leg_1_state IN ('armed', 'fired', 'failed', 'dropped')),

  product_type_2 TEXT CHECK (product_type_2 IN ('CNC', 'NRML', 'MIS', 'MTF')),
  trigger_price_2 TEXT CHECK (trigger_price_2 GLOB '[0-9]*' AND trigger_price_2 NOT GLOB '*[^0-9.]*'
    AND trigger_price_2 NOT GLOB '*.*.*' AND trigger_price_2 NOT GLOB '*.' AND trigger_price_2 NOT GLOB '*.????????*'
    AND CAST(trigger_price_2 AS REAL) > 0 AND CAST(trigger_price_2 AS REAL) <= 100000000),
  order_price_2 TEXT CHECK (order_price_2 GLOB '[0-9]*' AND order_price_2 NOT GLOB '*[^0-9.]*'
    AND order_price_2 NOT GLOB '*.*.*' AND order_price_2 NOT GLOB '*.' AND order_price_2 NOT GLOB '*.????????*'
    AND CAST(order_price_2 AS REAL) > 0 AND CAST(order_price_2 AS REAL) <= 100000000),
  quantity_2 INTEGER CHECK (quantity_2 IS NULL OR (typeof(quantity_2) = 'integer' AND quantity_2 > 0)),
  leg_2_state TEXT NOT NULL DEFAULT 'armed' CHECK (leg_2_state IN ('armed', 'fired', 'failed', 'dropped')),

  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN
    ('active', 'firing', 'triggered', 'failed', 'cancelled', 'expired', 'needs_attention')),
  triggered_at TEXT,
  triggered_leg TEXT CHECK (triggered_leg IN ('1', '2')),
  triggered_price TEXT,
  order_id TEXT,
  order_status TEXT,
  filled_quantity INTEGER NOT NULL DEFAULT 0 CHECK (filled_quantity >= 0),
  average_price TEXT,
  error_message TEXT,

  version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0),
  fire_no INTEGER NOT NULL DEFAULT 0 CHECK (fire_no >= 0),
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  expires_at TEXT,

  CHECK (condition_type <> 'two-leg' OR
    (product_type_2 IS NOT NULL AND trigger_price_2 IS NOT NULL AND quantity_2 IS NOT NULL)),
  CHECK (condition_type <> 'single' OR trigger_price_2 IS NULL)  -- a level that nobody would watch
);
CREATE INDEX idx_hmt_gtt_orders_instrument_status ON hmt_gtt_orders (instrument_token, status) WHERE status = 'active';
CREATE INDEX idx_hmt_gtt_orders_user_status ON hmt_gtt_orders (user_id, status) WHERE status IN ('active', 'triggered');
-- For lists: equality on these leaves the rows in the order of `number`, which is that of insertion.
CREATE INDEX idx_hmt_gtt_orders_status ON hmt_gtt_orders (status);
CREATE INDEX idx_hmt_gtt_orders_instrument ON hmt_gtt_orders (instrument_token);
CREATE INDEX idx_hmt_gtt_orders_user ON hmt_gtt_orders (user_id);
CREATE INDEX idx_hmt_gtt_orders_parent ON hmt_gtt_orders (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE hmt_groups (
  id TEXT PRIMARY KEY COLLATE NOCASE,
  winner TEXT COLLATE NOCASE
) WITHOUT ROWID;

CREATE TABLE hmt_order_attempts (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  tag TEXT NOT NULL UNIQUE CHECK (length(tag) BETWEEN 1 AND 20),
  trigger_id TEXT NOT NULL COLLATE NOCASE,
  user_id TEXT NOT NULL COLLATE NOCASE,
  broker_connection_id TEXT NOT NULL COLLATE NOCASE,
  fire_no INTEGER NOT NULL,
  attempt_no INTEGER NOT NULL,
  leg TEXT NOT NULL CHECK (leg IN ('1', '2')),
  lease_epoch INTEGER NOT NULL,
  trading_date TEXT NOT NULL,

  exchange TEXT NOT NULL,
  trading_symbol TEXT NOT NULL,
  transaction_type TEXT NOT NULL CHECK (transaction_type IN ('BUY', 'SELL')),
  order_type TEXT NOT NULL CHECK (order_type IN ('MARKET', 'LIMIT', 'SL', 'SL-M')),
  product_type TEXT NOT NULL CHECK (product_type IN ('CNC', 'NRML', 'MIS', 'MTF')),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  price TEXT,
  market_protection INTEGER NOT NULL CHECK (market_protection IN (0, 1)),

  seen_price TEXT NOT NULL,
  seen_exchange_time INTEGER NOT NULL,
  seen_trade_time INTEGER NOT NULL,
  seen_connection INTEGER NOT NULL,
  seen_at TEXT NOT NULL,
  seen_after_gap INTEGER NOT NULL CHECK (seen_after_gap IN (0, 1)),
  rule TEXT NOT NULL,

  state TEXT NOT NULL CHECK (state IN
    ('queued', 'forwarded', 'withdrawn', 'not_placed', 'refused', 'unknown', 'placed', 'absent')),
  order_id TEXT,
  order_status TEXT,
  message TEXT,
  filled_quantity INTEGER NOT NULL DEFAULT 0 CHECK (filled_quantity >= 0),
  average_price TEXT,
  created_at TEXT NOT NULL,
  forwarded_at TEXT,
  answered_at TEXT,

  UNIQUE (trigger_id, fire_no, attempt_no)
);
CREATE INDEX idx_hmt_order_attempts_user ON hmt_order_attempts (user_id);
CREATE INDEX idx_hmt_order_attempts_date ON hmt_order_attempts (trading_date);
CREATE INDEX idx_hmt_order_attempts_state ON hmt_order_attempts (state);

CREATE TABLE hmt_audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  event TEXT NOT NULL,
  severity TEXT NOT NULL DEFAULT 'info' CHECK (severity IN ('info', 'warning', 'alarm')),
  actor TEXT NOT NULL,
  user_id TEXT COLLATE NOCASE,
  trigger_id TEXT COLLATE NOCASE,
  tag TEXT,
  detail TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX idx_hmt_audit_trigger ON hmt_audit (trigger_id) WHERE trigger_id IS NOT NULL;
CREATE INDEX idx_hmt_audit_user ON hmt_audit (user_id) WHERE user_id IS NOT NULL;
CREATE TRIGGER hmt_audit_stays BEFORE UPDATE ON hmt_audit
BEGIN SELECT RAISE(ABORT, 'hmt_audit is append-only'); END;
CREATE TRIGGER hmt_audit_keeps BEFORE DELETE ON hmt_audit
BEGIN SELECT RAISE(ABORT, 'hmt_audit is append-only'); END;
-- INSERT OR REPLACE deletes without the trigger above.
CREATE TRIGGER hmt_audit_grows BEFORE INSERT ON hmt_audit
WHEN EXISTS (SELECT 1 FROM hmt_audit WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'hmt_audit is append-only'); END;

-- A row changed by hand is a changed row: its version grows, so that nothing fires on what was read before, and the trail
-- says so. The engine's own writes always move the version.
CREATE TRIGGER hmt_gtt_orders_by_hand AFTER UPDATE ON hmt_gtt_orders WHEN NEW.version = OLD.version
BEGIN
  -- A row that is set active again watches again, unless the hand has said itself which legs do.
  UPDATE hmt_gtt_orders SET version = OLD.version + 1, updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
    (leg_1_state, leg_2_state) = (SELECT iif(again, 'armed', NEW.leg_1_state), iif(again, 'armed', NEW.leg_2_state)
      FROM (SELECT NEW.status = 'active' AND OLD.status <> 'active' AND NEW.leg_1_state = OLD.leg_1_state AND
        NEW.leg_2_state = OLD.leg_2_state AS again))
    WHERE number = NEW.number;
  INSERT INTO hmt_audit (at, event, actor, user_id, trigger_id, detail)
    VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'edited', 'sql', NEW.user_id, NEW.id,
      json_object('version', CAST(OLD.version + 1 AS TEXT)));
END;
CREATE TRIGGER hmt_gtt_orders_no_way_back BEFORE UPDATE ON hmt_gtt_orders WHEN NEW.version < OLD.version
BEGIN SELECT RAISE(ABORT, 'version only grows: leave it out of the UPDATE'); END;
CREATE TRIGGER hmt_gtt_orders_not_replaced BEFORE INSERT ON hmt_gtt_orders
WHEN EXISTS (SELECT 1 FROM hmt_gtt_orders WHERE id = NEW.id OR number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'there is a trigger with this id already: use UPDATE'); END;
CREATE TRIGGER hmt_gtt_orders_firing_holds BEFORE UPDATE ON hmt_gtt_orders
WHEN NEW.version = OLD.version AND OLD.status = 'firing'
BEGIN SELECT RAISE(ABORT, 'the trigger is firing: its order may be at the broker'); END;
CREATE TRIGGER hmt_gtt_orders_firing_stays BEFORE DELETE ON hmt_gtt_orders WHEN OLD.status = 'firing'
BEGIN SELECT RAISE(ABORT, 'the trigger is firing: its order may be at the broker'); END;
CREATE TRIGGER hmt_gtt_orders_deleted AFTER DELETE ON hmt_gtt_orders
BEGIN
  INSERT INTO hmt_audit (at, event, actor, user_id, trigger_id)
    VALUES (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'deleted', 'sql', OLD.user_id, OLD.id);
END;

CREATE TABLE hmt_lease (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  epoch INTEGER NOT NULL,
  holder TEXT NOT NULL,
  taken_at TEXT
);
INSERT INTO hmt_lease VALUES (1, 0, '', NULL);

-- Whose triggers these are: they must never fire in another account, nor be used up by a simulator.
CREATE TABLE hmt_account (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  venue TEXT NOT NULL,
  account TEXT NOT NULL,
  bound_at TEXT NOT NULL
);

CREATE TABLE hmt_engine_switch (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  stopped INTEGER NOT NULL CHECK (stopped IN (0, 1)),
  why TEXT NOT NULL,
  set_by TEXT NOT NULL,
  set_at TEXT
);
INSERT INTO hmt_engine_switch VALUES (1, 0, '', '', NULL);

CREATE TABLE hmt_idempotency (
  actor TEXT NOT NULL,
  key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  request_hash TEXT NOT NULL,
  trigger_id TEXT NOT NULL,
  answer TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (actor, key)
) WITHOUT ROWID;
CREATE INDEX idx_hmt_idempotency_created ON hmt_idempotency (created_at);
