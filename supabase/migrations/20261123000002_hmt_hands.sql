-- What a hand on the tables could still do to an engine that runs: bring a row back that it takes for an old one, lower a
-- fire's number, and hold up every fire for as long as a transaction was left open.
BEGIN;
SET LOCAL client_min_messages = warning;
DO $$ BEGIN PERFORM pg_advisory_xact_lock(4851279961); END $$;  -- one at a time; `hmt migrate` takes the same lock
SET LOCAL lock_timeout = '5s';  -- an engine that runs waits behind what this waits for

-- A row that comes again under its old id goes on counting: at version 1 the engine would take it for the one that it knows,
-- or for older news. The trail tells the last version, but not of a row that this very transaction removes; the clock stands
-- above that one, for nobody changes a row once in a microsecond. And a fire's number is used once. What users may not see
-- counts too: the row may have been another's.
CREATE FUNCTION hmt_private.orders_count_on() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last_fire integer;
  last_version bigint;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    NEW.fire_no := greatest(NEW.fire_no, OLD.fire_no);
    RETURN NEW;
  END IF;
  SELECT max(a.fire_no) INTO last_fire FROM public.hmt_order_attempts a WHERE a.trigger_id = NEW.id;
  SELECT max(coalesce((a.detail ->> 'version')::bigint, 1)) INTO last_version FROM public.hmt_audit a
    WHERE a.trigger_id = NEW.id AND a.event IN ('created', 'deleted');
  IF last_fire IS NULL AND last_version IS NULL THEN RETURN NEW; END IF;
  NEW.fire_no := greatest(NEW.fire_no, last_fire);
  NEW.version := greatest(NEW.version, last_version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
  RETURN NEW;
END $$;
CREATE TRIGGER hmt_2_counts_on BEFORE INSERT OR UPDATE ON public.hmt_gtt_orders FOR EACH ROW
  WHEN (current_setting('role') <> 'hmt_engine') EXECUTE FUNCTION hmt_private.orders_count_on();

-- What a hand has touched is locked until its transaction ends, also where it was refused: nobody leaves one lying about.
-- (orders_by_hand sees to that for the rows that it lets pass.)
CREATE FUNCTION hmt_private.hand_is_brief() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  idle interval := current_setting('idle_in_transaction_session_timeout')::interval;
BEGIN
  IF idle = '0' OR idle > '5 s' THEN
    PERFORM set_config('idle_in_transaction_session_timeout', '5s', true);
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
-- Before hmt_1_fire_holds, which ends the row's triggers.
CREATE TRIGGER hmt_1_brief BEFORE UPDATE OR DELETE ON public.hmt_gtt_orders FOR EACH ROW
  WHEN (OLD.status = 'firing' AND current_setting('role') <> 'hmt_engine')
  EXECUTE FUNCTION hmt_private.hand_is_brief();
CREATE TRIGGER hmt_1_brief BEFORE UPDATE OR DELETE ON public.hmt_engine_switch FOR EACH ROW
  WHEN (current_setting('role') <> 'hmt_engine') EXECUTE FUNCTION hmt_private.hand_is_brief();

REVOKE ALL ON FUNCTION hmt_private.orders_count_on(), hmt_private.hand_is_brief() FROM PUBLIC;

INSERT INTO public.hmt_schema_version (version, name) VALUES (2, '0002_hands');
COMMIT;
