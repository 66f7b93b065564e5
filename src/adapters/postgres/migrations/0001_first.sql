-- HMT on PostgreSQL 15 or later, and on Supabase as it is. Run it with `hmt migrate`, with `psql -f`, or as a migration of a
-- Supabase project. The role that runs it owns what it makes; it need not be a superuser, but must be able to create roles
-- where they are missing. Prices are exact numerics, instants timestamptz, and a row that names only the original columns of
-- hmt_gtt_orders is complete.
--
-- Who is who (docs/adr/0009-postgres-roles-and-rls.md):
--   hmt_engine     the engine; narrow rights, no way around row level security
--   authenticated  a user: their own rows, and of those the columns that are theirs
--   service_role   the operator by hand: every trigger
--   anon           nobody
BEGIN;
SET LOCAL client_min_messages = warning;
DO $$ BEGIN PERFORM pg_advisory_xact_lock(4851279961); END $$;  -- one at a time; `hmt migrate` takes the same lock

-- ---- roles

DO $hmt$
DECLARE
  wanted text;
  may_create boolean := (SELECT rolcreaterole OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user);
  can_become text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
  IF current_setting('server_version_num')::int < 150000 THEN
    RAISE EXCEPTION 'HMT needs PostgreSQL 15 or later; this is %', current_setting('server_version');
  END IF;
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'HMT needs a database whose encoding is UTF8; this is %', current_setting('server_encoding');
  END IF;
  FOREACH wanted IN ARRAY ARRAY['anon', 'authenticated', 'service_role', 'hmt_engine'] LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted);
    IF NOT may_create THEN
      RAISE EXCEPTION 'the role % is missing, and % may not create roles', wanted, current_user USING ERRCODE = '42501',
        HINT = format('as an administrator: CREATE ROLE %I NOLOGIN; or: ALTER ROLE %I CREATEROLE;', wanted, current_user);
    END IF;
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', wanted);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;  -- another database of this server has just made it
    END;
  END LOOP;
  FOREACH wanted IN ARRAY ARRAY['authenticated', 'hmt_engine'] LOOP
    CONTINUE WHEN pg_has_role(current_user, wanted, can_become);
    BEGIN
      EXECUTE format('GRANT %I TO %I', wanted, current_user);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE EXCEPTION '% cannot act as %', current_user, wanted USING ERRCODE = '42501',
        HINT = format('as an administrator: GRANT %I TO %I;', wanted, current_user);
    END;
  END LOOP;
END
$hmt$;

-- ---- Supabase's auth functions, where there is no Supabase

DO $hmt$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'auth') THEN
    CREATE SCHEMA auth;
    GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role, hmt_engine;
  END IF;
  IF to_regprocedure('auth.jwt()') IS NULL THEN
    CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
      $$ SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
  END IF;
  IF to_regprocedure('auth.uid()') IS NULL THEN
    CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
      $$ SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
  END IF;
  IF to_regprocedure('auth.role()') IS NULL THEN
    CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
      $$ SELECT nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role' $$;
  END IF;
END
$hmt$;

CREATE SCHEMA hmt_private;  -- functions only; never in the list of schemas that PostgREST shows
REVOKE ALL ON SCHEMA hmt_private FROM PUBLIC;
GRANT USAGE ON SCHEMA hmt_private TO hmt_engine;

-- ---- tables

CREATE TABLE public.hmt_schema_version (
  version bigint PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE public.broker_connections (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  user_id uuid,
  broker text NOT NULL DEFAULT 'kite',
  name text NOT NULL DEFAULT '',
  account text NOT NULL DEFAULT '',
  sealed_api_key text,
  sealed_api_secret text,
  sealed_access_token text,
  session_expires_at timestamptz CHECK (session_expires_at BETWEEN '1970-01-01 00:00+00' AND '2200-01-01 00:00+00'),
  enabled boolean NOT NULL DEFAULT true,
  version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
  created_at timestamptz NOT NULL DEFAULT now() CHECK (created_at BETWEEN '1970-01-01 00:00+00' AND '2200-01-01 00:00+00'),
  updated_at timestamptz NOT NULL DEFAULT now() CHECK (updated_at BETWEEN '1970-01-01 00:00+00' AND '2200-01-01 00:00+00')
);
CREATE INDEX idx_broker_connections_user ON public.broker_connections (user_id);

-- NULL as a user or a connection is the operator's own.
CREATE TABLE public.hmt_gtt_orders (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,  -- the order of insertion
  user_id uuid DEFAULT auth.uid(),
  broker_connection_id uuid,
  parent_id uuid,

  trading_symbol text NOT NULL CHECK (octet_length(trading_symbol) BETWEEN 1 AND 64),
  exchange text NOT NULL CHECK (exchange IN ('NSE', 'BSE', 'NFO', 'BFO', 'CDS', 'BCD', 'MCX')),
  instrument_token bigint NOT NULL
    CHECK (instrument_token BETWEEN 1 AND 4294967295 AND instrument_token % 256 BETWEEN 1 AND 9),

  condition_type text NOT NULL CHECK (condition_type IN ('single', 'two-leg')),
  transaction_type text NOT NULL CHECK (transaction_type IN ('BUY', 'SELL')),
  direction text CHECK (direction IN ('>=', '<=')),
  on_unknown text NOT NULL DEFAULT 'park' CHECK (on_unknown IN ('park', 'retry')),
  purpose text CHECK (purpose IN ('entry', 'exit')),

  product_type_1 text NOT NULL CHECK (product_type_1 IN ('CNC', 'NRML', 'MIS', 'MTF')),
  trigger_price_1 numeric NOT NULL
    CHECK (trigger_price_1 > 0 AND trigger_price_1 <= 100000000 AND trigger_price_1 = round(trigger_price_1, 7)),
  order_price_1 numeric
    CHECK (order_price_1 > 0 AND order_price_1 <= 100000000 AND order_price_1 = round(order_price_1, 7)),
  quantity_1 bigint NOT NULL CHECK (quantity_1 BETWEEN 1 AND 10000000),
  leg_1_state text NOT NULL DEFAULT 'armed' CHECK (leg_1_state IN ('armed', 'fired', 'failed', 'dropped')),

  product_type_2 text CHECK (product_type_2 IN ('CNC', 'NRML', 'MIS', 'MTF')),
  trigger_price_2 numeric
    CHECK (trigger_price_2 > 0 AND trigger_price_2 <= 100000000 AND trigger_price_2 = round(trigger_price_2, 7)),
  order_price_2 numeric
    CHECK (order_price_2 > 0 AND order_price_2 <= 100000000 AND order_price_2 = round(order_price_2, 7)),
  quantity_2 bigint CHECK (quantity_2 BETWEEN 1 AND 10000000),
  leg_2_state text NOT NULL DEFAULT 'armed' CHECK (leg_2_state IN ('armed', 'fired', 'failed', 'dropped')),

  status text NOT NULL DEFAULT 'active' CHECK (status IN
    ('active', 'firing', 'triggered', 'failed', 'cancelled', 'expired', 'needs_attention')),
  triggered_at timestamptz CHECK (triggered_at BETWEEN '1970-01-01 00:00+00' AND '2200-01-01 00:00+00'),
  triggered_leg text CHECK (triggered_leg IN ('1', '2')),
  triggered_price numeric CHECK (triggered_price >= 0 AND triggered_price < 1000000000),
  order_id text CHECK (length(order_id) <= 200),
  order_status text,
  filled_quantity bigint NOT NULL DEFAULT 0 CHECK (filled_quantity >= 0),
  average_price numeric CHECK (average_price >= 0 AND average_price < 1000000000 AND scale(average_price) <= 7),
  error_message text CHECK (length(error_message) <= 10000),

  version bigint NOT NULL DEFAULT 1 CHECK (version BETWEEN 1 AND 9007199254740992),
  fire_no integer NOT NULL DEFAULT 0 CHECK (fire_no BETWEEN 0 AND 1000000),
  created_at timestamptz NOT NULL DEFAULT now() CHECK (created_at BETWEEN '1970-01-01 00:00+00' AND '2200-01-01 00:00+00'),
  updated_at timestamptz NOT NULL DEFAULT now() CHECK (updated_at BETWEEN '1970-01-01 00:00+00' AND '2200-01-01 00:00+00'),
  expires_at timestamptz CHECK (expires_at BETWEEN '1970-01-01 00:00+00' AND '2200-01-01 00:00+00'),

  CONSTRAINT hmt_two_legs_are_complete CHECK (condition_type <> 'two-leg' OR
    (product_type_2 IS NOT NULL AND trigger_price_2 IS NOT NULL AND quantity_2 IS NOT NULL AND direction IS NULL)),
  CONSTRAINT hmt_single_has_one_leg CHECK (condition_type <> 'single' OR
    (trigger_price_2 IS NULL AND order_price_2 IS NULL AND quantity_2 IS NULL)),
  CONSTRAINT hmt_stop_and_target_are_in_order CHECK (condition_type <> 'two-leg' OR
    CASE transaction_type WHEN 'SELL' THEN trigger_price_1 < trigger_price_2 ELSE trigger_price_1 > trigger_price_2 END)
);
CREATE INDEX idx_hmt_gtt_orders_instrument_status ON public.hmt_gtt_orders (instrument_token, status) WHERE status = 'active';
CREATE INDEX idx_hmt_gtt_orders_user_status ON public.hmt_gtt_orders (user_id, status) WHERE status IN ('active', 'triggered');
-- For lists, newest first.
CREATE INDEX idx_hmt_gtt_orders_status ON public.hmt_gtt_orders (status, number);
CREATE INDEX idx_hmt_gtt_orders_instrument ON public.hmt_gtt_orders (instrument_token, number);
CREATE INDEX idx_hmt_gtt_orders_user ON public.hmt_gtt_orders (user_id, number);
CREATE INDEX idx_hmt_gtt_orders_connection ON public.hmt_gtt_orders (broker_connection_id);
CREATE INDEX idx_hmt_gtt_orders_parent ON public.hmt_gtt_orders (parent_id) WHERE parent_id IS NOT NULL;

-- One row for each group that has had a member: what joins it and what fires in it meet at this row's lock.
CREATE TABLE public.hmt_groups (
  id uuid PRIMARY KEY,
  winner uuid
);

CREATE TABLE public.hmt_order_attempts (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tag text NOT NULL UNIQUE CHECK (octet_length(tag) BETWEEN 1 AND 20),
  trigger_id uuid NOT NULL,
  user_id uuid,
  broker_connection_id uuid,
  fire_no integer NOT NULL,
  attempt_no integer NOT NULL,
  leg text NOT NULL CHECK (leg IN ('1', '2')),
  lease_epoch bigint NOT NULL,
  trading_date date NOT NULL,

  exchange text NOT NULL,
  trading_symbol text NOT NULL,
  transaction_type text NOT NULL CHECK (transaction_type IN ('BUY', 'SELL')),
  order_type text NOT NULL CHECK (order_type IN ('MARKET', 'LIMIT', 'SL', 'SL-M')),
  product_type text NOT NULL CHECK (product_type IN ('CNC', 'NRML', 'MIS', 'MTF')),
  quantity bigint NOT NULL CHECK (quantity > 0),
  price numeric,
  market_protection boolean NOT NULL,

  seen_price numeric NOT NULL,
  seen_exchange_time bigint NOT NULL,
  seen_trade_time bigint NOT NULL,
  seen_connection bigint NOT NULL,
  seen_at timestamptz NOT NULL,
  seen_after_gap boolean NOT NULL,
  rule text NOT NULL,

  state text NOT NULL CHECK (state IN
    ('queued', 'forwarded', 'withdrawn', 'not_placed', 'refused', 'unknown', 'placed', 'absent')),
  order_id text,
  order_status text,
  message text,
  filled_quantity bigint NOT NULL DEFAULT 0 CHECK (filled_quantity >= 0),
  average_price numeric,
  created_at timestamptz NOT NULL,
  forwarded_at timestamptz,
  answered_at timestamptz,

  UNIQUE (trigger_id, fire_no, attempt_no)
);
CREATE INDEX idx_hmt_order_attempts_user ON public.hmt_order_attempts (user_id, number);
CREATE INDEX idx_hmt_order_attempts_date ON public.hmt_order_attempts (trading_date);
CREATE INDEX idx_hmt_order_attempts_state ON public.hmt_order_attempts (state);

-- `number` is the live stream's: in the order of commits. Whoever writes beside the engine leaves it empty, and the engine
-- gives it when it takes the row over.
CREATE TABLE public.hmt_audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number bigint UNIQUE,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event text NOT NULL,
  severity text NOT NULL DEFAULT 'info' CHECK (severity IN ('info', 'warning', 'alarm')),
  actor text NOT NULL,
  user_id uuid,
  trigger_id uuid,
  tag text,
  detail json NOT NULL DEFAULT '{}'
);
CREATE INDEX idx_hmt_audit_trigger ON public.hmt_audit (trigger_id, number) WHERE trigger_id IS NOT NULL;
CREATE INDEX idx_hmt_audit_user ON public.hmt_audit (user_id, number) WHERE user_id IS NOT NULL;
CREATE INDEX idx_hmt_audit_untold ON public.hmt_audit (id) WHERE number IS NULL;

-- The last number given. Taking one locks the row until the commit, so numbers are in the order of commits.
CREATE TABLE public.hmt_event_counter (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  last bigint NOT NULL
);
INSERT INTO public.hmt_event_counter (last) VALUES (0);

-- What has been committed by hand, or by the people's side of an engine (`writer`: of which). Followed by snapshot: never by
-- `seq`, whose order is not that of commits.
CREATE TABLE public.hmt_changes (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  writer uuid,
  trigger_id uuid,
  connection_id uuid
);
CREATE INDEX idx_hmt_changes_xid ON public.hmt_changes (xid);

-- `epoch` is unique so that taking the lease waits for every transaction that has looked at it with FOR KEY SHARE, while
-- renewing it waits for none.
CREATE TABLE public.hmt_lease (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch bigint NOT NULL UNIQUE,
  holder text NOT NULL,
  taken_at timestamptz,
  expires_at timestamptz NOT NULL
);
INSERT INTO public.hmt_lease (epoch, holder, expires_at) VALUES (0, '', '1970-01-01 00:00+00');

-- Whose triggers a connection's are: they must never fire in another account, nor be used up by a simulator. The nil UUID is
-- the operator's own connection.
CREATE TABLE public.hmt_accounts (
  connection_id uuid PRIMARY KEY,
  venue text NOT NULL,
  account text NOT NULL,
  bound_at timestamptz NOT NULL,
  UNIQUE (venue, account)
);

CREATE TABLE public.hmt_engine_switch (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  stopped boolean NOT NULL,
  why text NOT NULL,
  set_by text NOT NULL,
  set_at timestamptz
);
INSERT INTO public.hmt_engine_switch (stopped, why, set_by) VALUES (false, '', '');

CREATE TABLE public.hmt_idempotency (
  actor text NOT NULL,
  key text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 255),
  request_hash text NOT NULL,
  trigger_id uuid NOT NULL,
  answer text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (actor, key)
);
CREATE INDEX idx_hmt_idempotency_created ON public.hmt_idempotency (created_at);

-- ---- what is said of changes made by hand

-- {'a','1','b','2'} as a JSON object of texts, in that order.
CREATE FUNCTION hmt_private.detail(pairs text[]) RETURNS json
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ('{' || coalesce(string_agg(to_json(pairs[n])::text || ':' || to_json(coalesce(pairs[n + 1], ''))::text, ',' ORDER BY n),
                          '') || '}')::json
  FROM generate_series(1, coalesce(array_length(pairs, 1), 0), 2) AS n
$$;

-- The columns that a hand may change and did, as `column`, `old -> new`.
CREATE FUNCTION hmt_private.differences(old_row jsonb, new_row jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(part ORDER BY n, which), '{}')
  FROM unnest(ARRAY['user_id', 'trading_symbol', 'exchange', 'instrument_token', 'condition_type', 'transaction_type',
      'product_type_1', 'trigger_price_1', 'order_price_1', 'quantity_1', 'product_type_2', 'trigger_price_2',
      'order_price_2', 'quantity_2', 'direction', 'on_unknown', 'purpose', 'broker_connection_id', 'parent_id', 'expires_at',
      'status', 'name', 'enabled', 'account']) WITH ORDINALITY AS c (name, n),
    LATERAL (VALUES (1, c.name), (2, coalesce(old_row ->> c.name, '') || ' -> ' || coalesce(new_row ->> c.name, '')))
      AS parts (which, part)
  WHERE old_row ->> c.name IS DISTINCT FROM new_row ->> c.name
$$;

-- Runs at the commit: the engine, also when it has acted as a user, commits as itself and has told of its changes itself.
CREATE FUNCTION hmt_private.orders_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  row_now public.hmt_gtt_orders := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  what text := CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'DELETE' THEN 'deleted' ELSE 'edited' END;
  pairs text[] := '{}';
BEGIN
  IF current_setting('role') = 'hmt_engine' THEN RETURN NULL; END IF;
  IF TG_OP = 'UPDATE' THEN
    pairs := hmt_private.differences(to_jsonb(OLD), to_jsonb(NEW));
    IF NEW.status = 'cancelled' AND OLD.status <> 'cancelled' THEN what := 'cancelled'; END IF;
  END IF;
  pairs := pairs || ARRAY['version', row_now.version::text, 'role', hmt_private.hand()];
  INSERT INTO public.hmt_audit (event, actor, user_id, trigger_id, detail)
    VALUES (what, 'sql', row_now.user_id, row_now.id, hmt_private.detail(pairs));
  INSERT INTO public.hmt_changes (trigger_id) VALUES (row_now.id);
  RETURN NULL;
END $$;

CREATE FUNCTION hmt_private.connections_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  row_now public.broker_connections := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  what text := CASE TG_OP WHEN 'INSERT' THEN 'connection_added' WHEN 'DELETE' THEN 'connection_removed'
    ELSE 'connection_changed' END;
BEGIN
  IF current_setting('role') = 'hmt_engine' THEN RETURN NULL; END IF;
  INSERT INTO public.hmt_audit (event, actor, user_id, detail) VALUES (what, 'sql', row_now.user_id,
    hmt_private.detail(ARRAY['connection', row_now.id::text, 'role', hmt_private.hand()]));
  INSERT INTO public.hmt_changes (connection_id) VALUES (row_now.id);
  RETURN NULL;
END $$;

CREATE FUNCTION hmt_private.switch_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('role') = 'hmt_engine' THEN RETURN NULL; END IF;
  INSERT INTO public.hmt_audit (event, severity, actor, detail)
    VALUES (CASE WHEN NEW.stopped THEN 'engine_stopped' ELSE 'engine_started' END,
      CASE WHEN NEW.stopped THEN 'warning' ELSE 'info' END, 'sql',
      hmt_private.detail(ARRAY['reason', NEW.why, 'role', hmt_private.hand()]));
  RETURN NULL;
END $$;

CREATE FUNCTION hmt_private.hand() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END $$;

-- Nothing is published yet.
CREATE CONSTRAINT TRIGGER hmt_told AFTER INSERT OR UPDATE OR DELETE ON public.hmt_gtt_orders
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (current_setting('role') <> 'hmt_engine')
  EXECUTE FUNCTION hmt_private.orders_told();
CREATE CONSTRAINT TRIGGER hmt_told AFTER INSERT OR UPDATE OR DELETE ON public.broker_connections
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (current_setting('role') <> 'hmt_engine')
  EXECUTE FUNCTION hmt_private.connections_told();
CREATE CONSTRAINT TRIGGER hmt_told AFTER UPDATE ON public.hmt_engine_switch
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (current_setting('role') <> 'hmt_engine')
  EXECUTE FUNCTION hmt_private.switch_told();

-- ---- what a hand may not do

-- The fire wins: the change is passed over, and the trail says so.
CREATE FUNCTION hmt_private.orders_fire_holds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO public.hmt_audit (event, severity, actor, user_id, trigger_id, detail)
    VALUES ('change_refused', 'warning', 'sql', OLD.user_id, OLD.id, hmt_private.detail(
      ARRAY['wanted', lower(TG_OP), 'why', 'the trigger is firing: its order may be at the broker', 'role', hmt_private.hand()]
      || CASE TG_OP WHEN 'UPDATE' THEN hmt_private.differences(to_jsonb(OLD), to_jsonb(NEW)) ELSE '{}' END));
  RAISE WARNING 'the trigger % is firing, and was left as it is: its order may be at the broker', OLD.id;
  RETURN NULL;
END $$;
CREATE TRIGGER hmt_1_fire_holds BEFORE UPDATE OR DELETE ON public.hmt_gtt_orders FOR EACH ROW
  WHEN (OLD.status = 'firing' AND current_setting('role') <> 'hmt_engine')
  EXECUTE FUNCTION hmt_private.orders_fire_holds();

-- Runs with the rights of whoever writes. Who may not write `version` is a user.
CREATE FUNCTION hmt_private.orders_by_hand() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  is_user boolean := NOT has_column_privilege('public.hmt_gtt_orders', 'version', 'UPDATE');
  idle interval := current_setting('idle_in_transaction_session_timeout')::interval;
BEGIN
  -- A transaction that has changed a trigger keeps it from firing: nobody leaves one lying about.
  IF idle = '0' OR idle > '5 s' THEN
    PERFORM set_config('idle_in_transaction_session_timeout', '5s', true);
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;

  IF is_user THEN
    IF NEW.broker_connection_id IS NULL AND TG_OP = 'INSERT' THEN
      RAISE EXCEPTION 'broker_connection_id is missing' USING ERRCODE = '23502', COLUMN = 'broker_connection_id';
    END IF;
    IF (TG_OP = 'INSERT' OR NEW.broker_connection_id IS DISTINCT FROM OLD.broker_connection_id) AND NOT EXISTS (
        SELECT FROM public.broker_connections c WHERE c.id = NEW.broker_connection_id AND c.user_id = NEW.user_id) THEN
      RAISE EXCEPTION 'broker_connection_id is no connection of this user' USING ERRCODE = '23503',
        COLUMN = 'broker_connection_id';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.status <> 'active' THEN
      RAISE EXCEPTION 'a trigger starts active' USING ERRCODE = '23514', COLUMN = 'status';
    END IF;
  END IF;
  IF NOT is_user AND NEW.status = 'firing' AND (TG_OP = 'INSERT' OR OLD.status <> 'firing') THEN
    RAISE EXCEPTION 'only an engine fires a trigger' USING ERRCODE = '23514', COLUMN = 'status';
  END IF;
  IF TG_OP = 'INSERT' THEN
    -- A row that comes again under its old id goes on counting: a fire's number is used once.
    NEW.fire_no := greatest(NEW.fire_no, coalesce(
      (SELECT max(a.fire_no) FROM public.hmt_order_attempts a WHERE a.trigger_id = NEW.id), 0));
    RETURN NEW;
  END IF;

  IF is_user AND OLD.status <> 'active' THEN
    RAISE EXCEPTION 'the trigger is % and can no longer be changed', OLD.status USING ERRCODE = '55000', COLUMN = 'status';
  END IF;
  IF is_user AND NEW.status NOT IN ('active', 'cancelled') THEN
    RAISE EXCEPTION 'a trigger is cancelled, or left active' USING ERRCODE = '23514', COLUMN = 'status';
  END IF;
  NEW.version := greatest(NEW.version, OLD.version + 1);
  NEW.updated_at := clock_timestamp();
  -- What an edit changes is armed again, unless the hand has said itself which legs are: store/rules.h, apply_edit.
  IF NEW.status <> 'active' OR NEW.leg_1_state <> OLD.leg_1_state OR NEW.leg_2_state <> OLD.leg_2_state THEN
    RETURN NEW;
  END IF;
  IF (NEW.product_type_1, NEW.trigger_price_1, NEW.order_price_1, NEW.quantity_1) IS DISTINCT FROM
     (OLD.product_type_1, OLD.trigger_price_1, OLD.order_price_1, OLD.quantity_1) THEN
    NEW.leg_1_state := 'armed';
  END IF;
  IF (NEW.product_type_2, NEW.trigger_price_2, NEW.order_price_2, NEW.quantity_2) IS DISTINCT FROM
     (OLD.product_type_2, OLD.trigger_price_2, OLD.order_price_2, OLD.quantity_2) THEN
    NEW.leg_2_state := 'armed';
  END IF;
  IF OLD.status <> 'active' OR
     (NEW.condition_type, NEW.transaction_type, NEW.direction, NEW.exchange, NEW.trading_symbol) IS DISTINCT FROM
     (OLD.condition_type, OLD.transaction_type, OLD.direction, OLD.exchange, OLD.trading_symbol) OR
     (NEW.leg_1_state <> 'armed' AND (NEW.condition_type = 'single' OR NEW.leg_2_state <> 'armed')) THEN
    NEW.leg_1_state := 'armed';
    NEW.leg_2_state := 'armed';
  END IF;
  IF NEW.leg_1_state <> 'failed' AND (NEW.condition_type = 'single' OR NEW.leg_2_state <> 'failed') THEN
    NEW.error_message := NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hmt_2_by_hand BEFORE INSERT OR UPDATE OR DELETE ON public.hmt_gtt_orders FOR EACH ROW
  WHEN (current_setting('role') <> 'hmt_engine') EXECUTE FUNCTION hmt_private.orders_by_hand();

-- For everybody, the engine included.
CREATE FUNCTION hmt_private.orders_stay_true() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.version < OLD.version THEN
    RAISE EXCEPTION 'version only grows: leave it out of the UPDATE' USING ERRCODE = '23514', COLUMN = 'version';
  END IF;
  RAISE EXCEPTION 'the id of a trigger stays: insert another one' USING ERRCODE = '23514', COLUMN = 'id';
END $$;
CREATE TRIGGER hmt_0_stays_true BEFORE UPDATE ON public.hmt_gtt_orders FOR EACH ROW
  WHEN (NEW.version < OLD.version OR NEW.id <> OLD.id) EXECUTE FUNCTION hmt_private.orders_stay_true();

CREATE FUNCTION hmt_private.orders_agree() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  owner uuid;
  decided uuid;
BEGIN
  -- The lock keeps the connection until this commits.
  SELECT user_id INTO owner FROM public.broker_connections WHERE id = NEW.broker_connection_id FOR KEY SHARE;
  IF FOUND AND owner IS DISTINCT FROM NEW.user_id THEN
    RAISE EXCEPTION 'broker_connection_id is no connection of this user' USING ERRCODE = '23503',
      COLUMN = 'broker_connection_id';
  END IF;
  IF NEW.parent_id IS NULL THEN RETURN NEW; END IF;
  INSERT INTO public.hmt_groups (id) VALUES (NEW.parent_id) ON CONFLICT DO NOTHING;
  SELECT winner INTO decided FROM public.hmt_groups WHERE id = NEW.parent_id FOR UPDATE;
  IF decided IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.parent_id IS DISTINCT FROM OLD.parent_id) THEN
    RAISE EXCEPTION 'the group is decided: one of its triggers has fired, so this one never could'
      USING ERRCODE = '23514', COLUMN = 'parent_id';
  END IF;
  IF EXISTS (SELECT FROM public.hmt_gtt_orders o WHERE o.parent_id = NEW.parent_id AND o.id <> NEW.id AND
             (o.user_id, o.broker_connection_id) IS DISTINCT FROM (NEW.user_id, NEW.broker_connection_id)) THEN
    RAISE EXCEPTION 'all triggers of a group must be of one account' USING ERRCODE = '23514', COLUMN = 'parent_id';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hmt_3_agrees BEFORE INSERT OR UPDATE OF user_id, broker_connection_id, parent_id ON public.hmt_gtt_orders
  FOR EACH ROW WHEN (NEW.broker_connection_id IS NOT NULL OR NEW.parent_id IS NOT NULL)
  EXECUTE FUNCTION hmt_private.orders_agree();

CREATE FUNCTION hmt_private.connections_by_hand() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF EXISTS (SELECT FROM public.hmt_gtt_orders o
               WHERE o.broker_connection_id = OLD.id AND o.status IN ('active', 'firing')) THEN
      RAISE EXCEPTION 'active triggers stand on this connection: cancel them first' USING ERRCODE = '23503',
        COLUMN = 'status';
    END IF;
    DELETE FROM public.hmt_accounts WHERE connection_id = OLD.id;  -- it may be connected anew
    RETURN OLD;
  END IF;
  IF NEW.id <> OLD.id OR NEW.user_id IS DISTINCT FROM OLD.user_id THEN
    RAISE EXCEPTION 'a connection stays its user''s: add another one' USING ERRCODE = '23514', COLUMN = 'user_id';
  END IF;
  IF current_setting('role') <> 'hmt_engine' THEN
    NEW.version := greatest(NEW.version, OLD.version + 1);
    NEW.updated_at := clock_timestamp();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hmt_1_by_hand BEFORE UPDATE OR DELETE ON public.broker_connections FOR EACH ROW
  EXECUTE FUNCTION hmt_private.connections_by_hand();

-- The trail is append-only; the engine may give a row its number, once.
CREATE FUNCTION hmt_private.stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'hmt_audit' AND TG_OP = 'UPDATE' THEN
    IF current_user = 'hmt_engine' AND OLD.number IS NULL AND NEW.number IS NOT NULL AND
       to_jsonb(NEW) - 'number' = to_jsonb(OLD) - 'number' THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
CREATE TRIGGER hmt_stays BEFORE UPDATE OR DELETE ON public.hmt_audit FOR EACH ROW EXECUTE FUNCTION hmt_private.stays();
CREATE TRIGGER hmt_stays_whole BEFORE TRUNCATE ON public.hmt_audit EXECUTE FUNCTION hmt_private.stays();
CREATE TRIGGER hmt_stays BEFORE DELETE ON public.hmt_order_attempts FOR EACH ROW EXECUTE FUNCTION hmt_private.stays();
CREATE TRIGGER hmt_stays_whole BEFORE TRUNCATE ON public.hmt_order_attempts EXECUTE FUNCTION hmt_private.stays();

CREATE FUNCTION hmt_private.one_by_one() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'no engine follows TRUNCATE: use DELETE FROM %', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
CREATE TRIGGER hmt_one_by_one BEFORE TRUNCATE ON public.hmt_gtt_orders EXECUTE FUNCTION hmt_private.one_by_one();
CREATE TRIGGER hmt_one_by_one BEFORE TRUNCATE ON public.broker_connections EXECUTE FUNCTION hmt_private.one_by_one();

-- A follower that was away for longer starts anew.
CREATE FUNCTION hmt_private.forget_changes() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH gone AS (
    DELETE FROM public.hmt_changes WHERE seq IN (
      SELECT seq FROM public.hmt_changes WHERE at < clock_timestamp() - interval '1 day' ORDER BY seq LIMIT 10000)
    RETURNING 1)
  SELECT count(*) FROM gone
$$;

-- ---- rights

DO $hmt$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['hmt_schema_version', 'broker_connections', 'hmt_gtt_orders', 'hmt_groups',
      'hmt_order_attempts', 'hmt_audit', 'hmt_event_counter', 'hmt_changes', 'hmt_lease', 'hmt_accounts',
      'hmt_engine_switch', 'hmt_idempotency'] LOOP
    -- Supabase grants everything on a new table of `public` to its roles.
    EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, anon, authenticated, service_role, hmt_engine', name);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY hmt_engine ON public.%I TO hmt_engine USING (true) WITH CHECK (true)', name);
    EXECUTE format('CREATE POLICY hmt_owner ON public.%I TO %I USING (true) WITH CHECK (true)', name, current_user);
    EXECUTE format('CREATE POLICY hmt_operator ON public.%I TO service_role USING (true) WITH CHECK (true)', name);
  END LOOP;
  FOR name IN SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_depend d ON d.objid = c.oid
      AND d.deptype = 'i' AND d.classid = 'pg_class'::regclass JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
      WHERE c.relkind = 'S' AND c.relnamespace = 'public'::regnamespace
        AND (t.relname LIKE 'hmt\_%' OR t.relname = 'broker_connections') LOOP
    EXECUTE format('REVOKE ALL ON SEQUENCE public.%I FROM PUBLIC, anon, authenticated, service_role, hmt_engine', name);
  END LOOP;
END
$hmt$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hmt_private FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hmt_private.forget_changes() TO hmt_engine;

-- A user: their own rows.
CREATE POLICY hmt_user_reads ON public.hmt_gtt_orders FOR SELECT TO authenticated USING ((SELECT auth.uid()) = user_id);
CREATE POLICY hmt_user_adds ON public.hmt_gtt_orders FOR INSERT TO authenticated WITH CHECK ((SELECT auth.uid()) = user_id);
CREATE POLICY hmt_user_edits ON public.hmt_gtt_orders FOR UPDATE TO authenticated
  USING ((SELECT auth.uid()) = user_id) WITH CHECK ((SELECT auth.uid()) = user_id);
CREATE POLICY hmt_user_removes ON public.hmt_gtt_orders FOR DELETE TO authenticated USING ((SELECT auth.uid()) = user_id);
CREATE POLICY hmt_user_reads ON public.hmt_order_attempts FOR SELECT TO authenticated USING ((SELECT auth.uid()) = user_id);
CREATE POLICY hmt_user_reads ON public.hmt_audit FOR SELECT TO authenticated USING ((SELECT auth.uid()) = user_id);
CREATE POLICY hmt_user_reads ON public.broker_connections FOR SELECT TO authenticated USING ((SELECT auth.uid()) = user_id);

GRANT SELECT, DELETE ON public.hmt_gtt_orders TO authenticated;
GRANT INSERT (id, user_id, broker_connection_id, parent_id, trading_symbol, exchange, instrument_token, condition_type,
    transaction_type, direction, on_unknown, purpose, product_type_1, trigger_price_1, order_price_1, quantity_1,
    product_type_2, trigger_price_2, order_price_2, quantity_2, status, expires_at)
  ON public.hmt_gtt_orders TO authenticated;
GRANT UPDATE (broker_connection_id, parent_id, trading_symbol, exchange, instrument_token, condition_type,
    transaction_type, direction, on_unknown, purpose, product_type_1, trigger_price_1, order_price_1, quantity_1,
    product_type_2, trigger_price_2, order_price_2, quantity_2, status, expires_at)
  ON public.hmt_gtt_orders TO authenticated;
GRANT SELECT ON public.hmt_order_attempts, public.hmt_audit TO authenticated;
GRANT SELECT (id, number, user_id, broker, name, account, session_expires_at, enabled, version, created_at, updated_at)
  ON public.broker_connections TO authenticated;

-- The operator by hand. Sealed secrets are of no use to anybody but the engine.
GRANT SELECT, INSERT, UPDATE, DELETE ON public.hmt_gtt_orders TO service_role;
GRANT SELECT ON public.hmt_order_attempts, public.hmt_audit, public.hmt_groups, public.hmt_lease, public.hmt_accounts,
  public.hmt_schema_version TO service_role;
GRANT SELECT (id, number, user_id, broker, name, account, session_expires_at, enabled, version, created_at, updated_at),
  UPDATE (name, enabled), DELETE ON public.broker_connections TO service_role;
GRANT SELECT, UPDATE ON public.hmt_engine_switch TO service_role;

-- The engine: never a DELETE of what it has to answer for.
GRANT SELECT ON public.hmt_schema_version TO hmt_engine;
GRANT SELECT, INSERT, DELETE ON public.broker_connections TO hmt_engine;
GRANT UPDATE (broker, name, account, sealed_api_key, sealed_api_secret, sealed_access_token, session_expires_at, enabled,
  version, updated_at) ON public.broker_connections TO hmt_engine;
GRANT SELECT, INSERT ON public.hmt_gtt_orders TO hmt_engine;
GRANT UPDATE (broker_connection_id, parent_id, trading_symbol, exchange, instrument_token, condition_type,
    transaction_type, direction, on_unknown, purpose, product_type_1, trigger_price_1, order_price_1, quantity_1, leg_1_state,
    product_type_2, trigger_price_2, order_price_2, quantity_2, leg_2_state, status, triggered_at, triggered_leg,
    triggered_price, order_id, order_status, filled_quantity, average_price, error_message, version, fire_no, created_at,
    updated_at, expires_at)
  ON public.hmt_gtt_orders TO hmt_engine;
GRANT SELECT, INSERT, UPDATE (winner) ON public.hmt_groups TO hmt_engine;
GRANT SELECT, INSERT ON public.hmt_order_attempts TO hmt_engine;
GRANT UPDATE (broker_connection_id, leg, lease_epoch, trading_date, exchange, trading_symbol, transaction_type, order_type,
    product_type, quantity, price, market_protection, seen_price, seen_exchange_time, seen_trade_time, seen_connection, seen_at,
    seen_after_gap, rule, state, order_id, order_status, message, filled_quantity, average_price, created_at, forwarded_at,
    answered_at)
  ON public.hmt_order_attempts TO hmt_engine;
GRANT SELECT, INSERT, UPDATE (number) ON public.hmt_audit TO hmt_engine;
GRANT SELECT, UPDATE (last) ON public.hmt_event_counter TO hmt_engine;
GRANT SELECT, INSERT ON public.hmt_changes TO hmt_engine;
GRANT SELECT, UPDATE (epoch, holder, taken_at, expires_at) ON public.hmt_lease TO hmt_engine;
GRANT SELECT, INSERT ON public.hmt_accounts TO hmt_engine;
GRANT SELECT, UPDATE (stopped, why, set_by, set_at) ON public.hmt_engine_switch TO hmt_engine;
GRANT SELECT, INSERT, DELETE ON public.hmt_idempotency TO hmt_engine;

INSERT INTO public.hmt_schema_version (version, name) VALUES (1, '0001_first');
COMMIT;
