"""Every setting has a test that fails when it is ignored, and one that fails when a wrong value is taken."""
import json
import os
import pathlib
import re
import signal
import time

from backends import only
from harness import ENGINE, TOKEN, check, equal, free_port, request, stays, wait_until

INFY = "NSE:INFY"

WRONG = {
    "HMT_ENGINE_ENABLED": "perhaps",
    "HMT_MAX_RETRIES": "-1",
    "HMT_RETRY_BACKOFF_MS": "soon",
    "HMT_HEALTH_CHECK_INTERVAL_MS": "0",
    "HMT_RECONNECT_DELAY_MS": "5s",
    "HMT_DATABASE_URL": "oracle://here",
    "HMT_ADMIN_TOKEN": "short",
    "HMT_LOG_FORMAT": "xml",
    "HMT_LOG_LEVEL": "loud",
    "HMT_ORDERS_PER_SECOND": "0",
    "HMT_ORDERS_PER_MINUTE": "x",
    "HMT_ORDERS_PER_DAY": "-5",
    "HMT_ABSENCE_WINDOW_MS": "1",
    "KITE_API_URL": "ftp://example",
    "KITE_TICKER_URL": "not a url",
    "SUPABASE_URL": "http://project.example",
    "SUPABASE_JWT_SECRET": "y" * 31,
    "SUPABASE_SERVICE_ROLE_KEY": "z" * 15,
    "KITE_LOGIN_URL": "http://not.this.machine/login",
    "HMT_SECRET_KEY_BEFORE": "too-short",
}


def test_every_wrong_setting_is_named_at_once(world):
    world.start_sim()
    before = world.database.tables()
    code, said = world.serve_and_end(**WRONG)
    equal(code, 2, "the exit code")
    for name in WRONG:
        check(name in said, f"{name} is named: {said}")
    equal(world.database.tables(), before, "nothing is made in the database")


def test_each_wrong_setting_alone_is_refused(world):
    world.start_sim()
    alone = {**WRONG, "HMT_LISTEN": "nowhere:port", "HMT_SECRET_KEY": "too-short", "HMT_SESSIONS": "/no/such/file",
             "HMT_FAULTS": "claim.never:1:kill"}
    for name, value in alone.items():
        code, said = world.serve_and_end(**{name: value})
        check(code == 2 and name in said, f"{name}={value}: {code} {said}")


def test_missing_credentials_are_named(world):
    world.start_sim()
    code, said = world.serve_and_end(KITE_API_KEY=None, KITE_API_SECRET=None, KITE_ACCESS_TOKEN=None)
    check(code == 2 and "KITE_API_KEY" in said and "KITE_ACCESS_TOKEN" in said, f"hmt serve: {code} {said}")


def test_a_login_through_the_program_needs_no_access_token(world):
    world.start_sim()
    engine = world.start_engine(ready=False, KITE_ACCESS_TOKEN=None, KITE_API_SECRET="simsecret")
    said = wait_until(lambda: engine.health()["reasons"], "why it does not run yet")
    check("log in" in said[0], f"it asks for the login: {said}")


def test_many_users_need_an_operator_and_a_database_for_many(world):
    world.start_sim()
    many = {"SUPABASE_URL": "https://project.example"}
    code, said = world.serve_and_end(**many, HMT_DATABASE_URL="sqlite:many.db")
    check(code == 2 and "SUPABASE_SERVICE_ROLE_KEY: accepts" in said and "HMT_DATABASE_URL: accepts postgresql" in said,
          f"both are named: {code} {said}")
    many["SUPABASE_SERVICE_ROLE_KEY"] = "service-role-key-0123456789"
    code, said = world.serve_and_end(**many, HMT_DATABASE_URL="postgresql://hmt:canary-password@/hmt")
    check(code == 2 and "HMT_DATABASE_URL" in said and "canary" not in said, f"a host is missing: {code} {said}")
    many["HMT_DATABASE_URL"] = f"postgresql://hmt:canary-password@127.0.0.1:{free_port()}/hmt"
    code, said = world.serve_and_end(**many, KITE_ACCESS_TOKEN=None)
    check(code == 2 and "KITE_ACCESS_TOKEN" in said, f"half a session for prices: {code} {said}")


def test_an_operators_key_makes_no_many_users(world):
    world.start_sim()
    code, said = world.serve_and_end(SUPABASE_SERVICE_ROLE_KEY="service-role-key-0123456789")
    check(code == 2 and "SUPABASE_SERVICE_ROLE_KEY" in said and "service-role-key" not in said, f"{code} {said}")


def test_no_secret_of_the_settings_is_ever_said(world):
    world.start_sim()
    secret = {"SUPABASE_JWT_SECRET": "canary-jwt-secret-of-more-than-32-bytes",
              "SUPABASE_SERVICE_ROLE_KEY": "canary-service-role-key",
              "HMT_DATABASE_URL": f"postgresql://hmt:canary-password@127.0.0.1:{free_port()}/hmt"}
    code, said = world.serve_and_end(**secret, HMT_LOG_LEVEL="debug")
    check(code == 1, f"the settings hold, and no database is there: {code} {said}")
    check("canary" not in said, f"no secret is said: {said}")


def test_limits_of_the_real_broker_cannot_be_loosened(world):
    code, said = world.serve_and_end(KITE_API_URL="https://api.kite.example", HMT_ORDERS_PER_SECOND="11",
                                     HMT_ABSENCE_WINDOW_MS="1000")
    check(code == 2 and "HMT_ORDERS_PER_SECOND" in said and "HMT_ABSENCE_WINDOW_MS" in said, f"hmt serve: {said}")


# ---- each is heard

def test_engine_enabled_false_starts_stopped_and_start_is_refused(world):
    engine = world.start_engine()
    trigger = engine.arm()
    engine.process.end()
    engine = world.start_engine(ready=False, HMT_ENGINE_ENABLED="false")
    health = engine.wait_status("stopped")
    equal(health["config"]["enabled"], False, "the configuration in health")
    refused = engine.start()
    equal(refused.status, 409, "start")
    check("HMT_ENGINE_ENABLED" in refused.error["message"], f"the reason: {refused.error['message']}")
    world.sim.price(INFY, "1490")
    stays(lambda: not world.relay.placements, "no order is sent", 0.8)
    engine.process.end()
    engine = world.start_engine(HMT_ENGINE_ENABLED="true")
    world.sim.price(INFY, "1489")
    engine.wait_trigger(trigger["id"], status="triggered")


def test_retries_and_backoff_show_in_health(world):
    engine = world.start_engine(HMT_MAX_RETRIES="7", HMT_RETRY_BACKOFF_MS="1234")
    config = engine.health()["config"]
    equal((config["max_retries"], config["retry_backoff_ms"]), (7, 1234), "the configuration in health")


def test_retries_and_backoff_have_their_defaults(world):
    config = world.start_engine().health()["config"]
    equal((config["enabled"], config["max_retries"], config["retry_backoff_ms"]), (True, 2, 1000), "the defaults")


def test_the_health_check_comes_as_often_as_configured(world):
    world.start_engine(HMT_HEALTH_CHECK_INTERVAL_MS="400")
    wait_until(lambda: world.relay.count("GET", "/user/profile") >= 5, "health checks")
    times = world.relay.times("GET", "/user/profile")
    gaps = [later - earlier for earlier, later in zip(times[1:], times[2:])]
    check(all(0.25 < gap < 1.5 for gap in gaps), f"between health checks: {gaps}")


def test_the_health_check_is_rare_by_default(world):
    world.start_engine()
    time.sleep(2)
    equal(world.relay.count("GET", "/user/profile"), 1, "questions at the start")


def first_waits(world, delay):
    world.start_sim()
    wire = world.wire()
    world.start_engine(KITE_TICKER_URL=wire.url, HMT_RECONNECT_DELAY_MS=delay)
    wire.refusing = True
    before = len(wire.attempts)
    dropped = time.monotonic()
    wire.drop()
    wait_until(lambda: len(wire.attempts) > before, "the attempt that follows a drop at once", 2)
    check(wire.attempts[before] - dropped < 1, "the first reconnect after a drop is immediate")
    return wire, before


def test_a_long_reconnect_delay_is_kept(world):
    wire, before = first_waits(world, "20000")
    stays(lambda: len(wire.attempts) == before + 1, "the next attempt waits", 4)


def test_a_short_reconnect_delay_is_kept(world):
    wire, before = first_waits(world, "100")
    wait_until(lambda: len(wire.attempts) >= before + 4, "attempts", 4)


def test_the_database_is_where_it_was_said(world):
    elsewhere = world.open(world.backend.fresh(world, name="elsewhere"))
    engine = world.start_engine(HMT_DATABASE_URL=elsewhere.url)
    engine.create()
    rows = "SELECT id FROM hmt_gtt_orders"
    equal(len(elsewhere.rows(rows)), 1, "rows there")
    check(not world.database.tables() or not world.database.rows(rows), "and none in another one")


def test_the_api_listens_where_it_was_said(world):
    port = free_port()
    engine = world.start_engine(HMT_LISTEN=f"127.0.0.1:{port}")
    equal(engine.address, f"127.0.0.1:{port}", "the address of the log line")
    equal(request(f"127.0.0.1:{port}", "GET", ENGINE + "/health").status, 200, "health there")


def files_like(world, end):
    return [name for name in os.listdir(world.folder) if name.endswith(end)]


def test_the_admin_token_is_the_one_that_was_set(world):
    engine = world.start_engine(HMT_ADMIN_TOKEN="another-token-0123456789")
    equal(engine.call("GET", "/api/v1/session").status, 200, "the token that was set")
    equal(engine.call("GET", "/api/v1/session", token=TOKEN).status, 401, "another one")
    equal(files_like(world, ".token"), [], "generated tokens")


def test_the_secret_key_is_the_one_that_was_set(world):
    key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    engine = world.start_engine(HMT_SECRET_KEY=key)
    equal(files_like(world, ".key"), [], "generated keys")
    engine.process.end()
    code, said = world.serve_and_end(HMT_SECRET_KEY=None)
    check(code in (1, 2) and "HMT_SECRET_KEY" in said, f"without it the used database is refused: {code} {said}")
    equal(files_like(world, ".key"), [], "keys that were made in its place")
    world.start_engine(HMT_SECRET_KEY=key)


@only("sqlite", "beside PostgreSQL no file can lie: the key is always set")
def test_without_a_secret_key_one_is_made_and_kept(world):
    engine = world.start_engine()
    path = world.database.path + ".key"
    with open(path, encoding="ascii") as file:
        made = file.read()
    equal(os.stat(path).st_mode & 0o777, 0o600, "its mode")
    engine.process.end()
    world.start_engine()
    with open(path, encoding="ascii") as file:
        equal(file.read(), made, "the key after a restart")


def test_the_broker_gets_the_key_and_the_token_that_were_set(world):
    world.start_sim("--api-key", "mykey", "--access-token", "mytoken")
    engine = world.start_engine(KITE_API_KEY="mykey", KITE_ACCESS_TOKEN="mytoken")
    trigger = engine.arm()
    world.sim.price(INFY, "1500")
    engine.wait_trigger(trigger["id"], status="triggered")
    headers = {name.lower(): value for name, value in world.relay.placements[0].headers.items()}
    equal(headers["authorization"], "token mykey:mytoken", "the sign-in that was sent")
    equal(headers["x-kite-version"], "3", "the version that was sent")


def sessions_file(world, hours):
    path = os.path.join(world.folder, "sessions.toml")
    with open(path, "w", encoding="ascii") as file:
        for exchange in ("NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX"):
            file.write(f'[{exchange}]\nweekly = [{hours if exchange == "NSE" else open_hours()}]\n')
        file.write("[holidays]\nexchanges = [\"NSE\"]\ndays = [" +
                   ", ".join(f'"{day}"' for day in (days() if not hours else [])) + "]\n")
    return path


def days():
    """Today and its neighbours, in Indian time."""
    now = time.time() + 5.5 * 3600
    return [time.strftime("%Y-%m-%d", time.gmtime(now + shift * 86400)) for shift in (-1, 0, 1)]


def open_hours():
    return '"00:00-23:59"'


def test_outside_the_sessions_nothing_fires(world):
    world.start_sim()
    engine = world.start_engine(HMT_SESSIONS=sessions_file(world, ""))
    trigger = engine.create()
    world.sim.price(INFY, "1490")
    stays(lambda: not world.relay.placements, "no order is sent", 1.5)
    seen = engine.trigger(trigger["id"])
    check(not seen["monitored"] and "closed" in seen["not_monitored_reason"],
          f"the trigger says why it is not watched: {seen['not_monitored_reason']}")
    engine.process.end()
    engine = world.start_engine(HMT_SESSIONS="always")
    world.sim.price(INFY, "1489")
    engine.wait_trigger(trigger["id"], status="triggered")


def test_a_sessions_file_that_is_wrong_is_refused(world):
    world.start_sim()
    path = os.path.join(world.folder, "wrong.toml")
    with open(path, "w", encoding="ascii") as file:
        file.write('[NSE]\nweekly = ["from nine to five"]\n')
    code, said = world.serve_and_end(HMT_SESSIONS=path)
    check(code == 2 and "HMT_SESSIONS" in said, f"hmt serve: {code} {said}")


def test_the_log_is_in_the_format_that_was_set(world):
    engine = world.start_engine()
    for line in engine.process.log().splitlines():
        event = json.loads(line)
        check({"at", "level", "event"} <= event.keys(), f"one JSON object a line: {line}")
    engine.process.end()
    process = world.run(["serve"], world.environment(HMT_LOG_FORMAT="text"), "text")
    wait_until(lambda: "listening" in process.log(), "the log line")
    check(not process.events(), "text is no JSON")
    check("127.0.0.1:" in process.log(), "the address is in the text")


def test_the_log_is_json_by_default_where_there_is_no_terminal(world):
    engine = world.start_engine(HMT_LOG_FORMAT=None)
    check(engine.process.events("listening"), "JSON")


def listens(process):
    """Whether it hears of SIGTERM: from then on it ends in order. (Its log may be silent.)"""
    status = pathlib.Path(f"/proc/{process.child.pid}/status").read_text(encoding="ascii")
    blocked = int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16)
    return blocked >> (signal.SIGTERM - 1) & 1


def test_the_log_level_is_kept(world):
    process_of = {}
    world.start_sim()
    for level in ("debug", "error"):
        process = world.run(["serve"], world.environment(HMT_LOG_LEVEL=level), level)
        wait_until(lambda: listens(process), "the program is up")
        time.sleep(1.5)
        equal(process.end(), 0, "the exit code")
        process_of[level] = process.events()
    check(process_of["debug"], "debug tells much")
    equal(process_of["error"], [], "error tells nothing when all is well")


def test_a_file_gives_settings_and_the_environment_wins(world):
    world.start_sim()
    path = os.path.join(world.folder, "hmt.toml")
    with open(path, "w", encoding="ascii") as file:
        file.write('HMT_MAX_RETRIES = 5\nHMT_RETRY_BACKOFF_MS = 777\n')
    world.engine = engine = start_with_arguments(world, ["serve", "--config", path], HMT_RETRY_BACKOFF_MS="888")
    config = engine.health()["config"]
    equal((config["max_retries"], config["retry_backoff_ms"]), (5, 888), "the configuration in health")
    with open(path, "a", encoding="ascii") as file:
        file.write("HMT_MAX_RETRYS = 5\n")
    code, _, said = world.command("serve", "--config", path, **world.environment())
    check(code == 2 and "HMT_MAX_RETRYS" in said, f"a setting that is misspelt: {code} {said}")
    code, _, said = world.command("serve", "--config", path + ".not", **world.environment())
    check(code == 2 and ".not" in said, f"a file that is not there: {code} {said}")


def start_with_arguments(world, arguments, **environment):
    from harness import Engine
    engine = Engine.__new__(Engine)
    engine.world, engine.token = world, TOKEN
    engine.process = world.run(arguments, world.environment(**environment), "engine")
    engine.address = engine.process.listening()
    engine.wait_status("running")
    return engine
