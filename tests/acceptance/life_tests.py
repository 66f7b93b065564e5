"""Start, stop, switch, commands, broken surroundings."""
import hashlib
import os
import re
import signal
import socket
import time

from backends import only
from harness import Engine, Hold, check, equal, request, stays, wait_until

INFY = "NSE:INFY"


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


# ---- the commands

def test_version_help_and_wrong_usage(world):
    code, out, _ = world.command("version")
    check(code == 0 and re.fullmatch(r"hmt \d+\.\d+\.\d+ \(.+\)\n", out), f"hmt version: {code} {out!r}")
    code, out, _ = world.command("--help")
    check(code == 0 and all(word in out for word in ("demo", "serve", "sim", "migrate", "doctor", "version")),
          f"hmt --help: {out}")
    for arguments in ((), ("nonsense",), ("serve", "--nonsense"), ("sim", "--seed", "x")):
        equal(world.command(*arguments)[0], 2, f"the exit code of hmt {' '.join(arguments)}")


def test_migrate_makes_the_schema_and_may_be_repeated(world):
    world.use_empty_database()
    for _ in range(2):
        code, out, error = migrate(world)
        check(code == 0 and "version" in out, f"hmt migrate: {code} {out} {error}")
    tables = world.database.tables()
    check({"hmt_gtt_orders", "hmt_order_attempts", "hmt_audit", "broker_connections"} <= tables, f"tables: {tables}")


def migrate(world):
    return world.command("migrate", HMT_DATABASE_URL=world.database.url, **world.database.seals)


def test_a_schema_that_is_newer_is_left_alone(world):
    equal(migrate(world)[0], 0, "hmt migrate")
    table = next(name for name in world.database.tables() if name.endswith("schema_version"))
    world.database.execute(f"INSERT INTO {table} (version, name) VALUES (999, 'of a later program')")
    code, said = world.serve_and_end()
    check(code == 1 and "999" in said, f"hmt serve on a newer schema: {code} {said}")
    code, _, error = migrate(world)
    check(code == 1 and "999" in error, f"hmt migrate on a newer schema: {code} {error}")


def doctor(world, **changes):
    code, out, error = world.command("doctor", **world.environment(**changes))
    return code, out + error


def test_doctor_finds_everything_well(world):
    world.use_durable_database()
    world.start_sim()
    code, said = doctor(world)
    equal(code, 0, f"the exit code of hmt doctor: {said}")
    check("FAIL" not in said, f"nothing fails: {said}")
    for what in ("configuration", "database", "broker", "clock", "feed"):
        check(re.search(rf"^ok +{what}", said, re.M), f"a line about the {what}: {said}")


def test_doctor_names_what_is_wrong_and_the_remedy(world):
    world.use_durable_database()
    world.start_sim()
    code, said = doctor(world, KITE_ACCESS_TOKEN="a-dead-token-of-yesterday")
    check(code == 1 and re.search(r"^FAIL +broker.*KITE_ACCESS_TOKEN", said, re.M), f"a dead token: {code} {said}")
    check("a-dead-token-of-yesterday" not in said, "the token is not printed")
    code, said = doctor(world, KITE_API_URL="http://127.0.0.1:1", KITE_TICKER_URL="ws://127.0.0.1:1")
    check(code == 1 and re.search(r"^FAIL +broker", said, re.M) and re.search(r"^FAIL +feed", said, re.M),
          f"no broker: {code} {said}")
    code, said = doctor(world, HMT_MAX_RETRIES="many")
    check(code == 2 and "HMT_MAX_RETRIES" in said, f"a wrong setting: {code} {said}")
    code, said = doctor(world, HMT_ENGINE_ENABLE="false")
    check(code == 2 and "HMT_ENGINE_ENABLED" in said, f"a setting that is mistyped: {code} {said}")
    sessions = os.path.join(world.folder, "sessions.toml")
    with open(sessions, "w", encoding="utf-8") as file:
        file.write('[NSE]\nweekly = ["09:15-15:30"]\n[holidays]\nexchanges = ["NSE"]\ndays = ["2020-12-25"]\n')
    code, said = doctor(world, HMT_SESSIONS=sessions)
    check(code == 0 and re.search(r"^warn +sessions.*2020", said, re.M), f"holidays of a year that is over: {code} {said}")
    world.start_engine()
    code, said = doctor(world)
    check(code == 0 and re.search(r"^ok +database.*held by a running engine", said, re.M),
          f"beside a running engine: {code} {said}")


def test_doctor_asks_the_broker_with_the_login_of_the_screens(world):
    world.use_durable_database()
    world.start_sim()
    engine = world.start_engine(ready=False, KITE_ACCESS_TOKEN=None)
    code, said = doctor(world, KITE_ACCESS_TOKEN=None)
    check(code == 1 and re.search(r"^FAIL +broker +nobody has logged in", said, re.M), f"before the login: {code} {said}")
    check(re.search(r"^ok +clock", said, re.M), f"the clock is looked at without a session: {said}")
    own = "00000000-0000-0000-0000-000000000000"
    answer = engine.call("POST", f"/api/v1/brokers/{own}/session", {"access_token": "simtoken"})
    equal(answer.status, 200, f"the login: {answer.text}")
    code, said = doctor(world, KITE_ACCESS_TOKEN=None)
    check(code == 0 and re.search(r"^ok +broker", said, re.M) and re.search(r"^ok +feed", said, re.M),
          f"after the login: {code} {said}")


def test_an_engine_that_was_stopped_says_so_before_anybody_has_logged_in(world):
    engine = world.start_engine()
    engine.stop()
    engine.process.end()
    engine = world.start_engine(ready=False, KITE_ACCESS_TOKEN=None)
    engine.wait_status("stopped")


def test_the_demo_fires_a_trigger_within_half_a_minute_and_ends_well(world):
    process = world.run(["demo"], {"HMT_LISTEN": "127.0.0.1:0", "HMT_ADMIN_TOKEN": "demo-token-0123456789",
                                   "HMT_DATABASE_URL": world.database.url, "HMT_LOG_FORMAT": "json",
                                   **world.database.environment}, "demo")
    engine = Engine.__new__(Engine)
    engine.process, engine.token = process, "demo-token-0123456789"
    engine.address = wait_until(
        lambda: (found := re.search(r"http://(127\.0\.0\.1:\d+)", process.log())) and found[1], "the URL", 20)
    wait_until(lambda: request(engine.address, "GET", "/api/v1/openapi.json").status == 200, "the API")
    wait_until(lambda: any(each["status"] == "triggered" for each in engine.get("/api/v1/triggers")["triggers"]),
               "a trigger has fired", 30)
    check(engine.get("/api/v1/session")["simulated"], "it says that the broker is a simulator")
    equal(process.end(), 0, "the exit code")


def test_the_simulator_has_as_many_accounts_as_it_is_told(world):
    sim = world.start_sim("--account", "key2:secret2:AB1234:token2", "--account", "key3:secret3:CD5678")
    for sign_in, user in (("simkey:simtoken", "SIM001"), ("key2:token2", "AB1234"), ("key3:", None), ("key2:simtoken", None)):
        answer = request(sim.address, "GET", "/user/profile", headers={"Authorization": f"token {sign_in}"})
        equal((answer.json.get("data") or {}).get("user_id"), user, f"who {sign_in} is")
    for wrong in ("key2:secret2", "simkey:secret:AB1234"):
        code, _, error = world.command("sim", "--account", wrong)
        check(code == 2 and "--account" in error, f"hmt sim --account {wrong}: {code} {error}")


# ---- broken surroundings

@only("sqlite", "PostgreSQL's files are its own affair")
def test_a_file_that_is_no_database_is_refused_and_untouched(world):
    world.start_sim()
    with open(world.database.path, "wb") as file:
        file.write(b"these are the books of somebody else\n" * 500)
    before = digest(world.database.path)
    code, said = world.serve_and_end()
    check(code == 1 and "hmt.db" in said and "not a SQLite database" in said, f"hmt serve: {code} {said}")
    equal(digest(world.database.path), before, "the file's bytes")


@only("sqlite", "beside PostgreSQL no key can lie: it is always set (settings.the_secret_key_…)")
def test_a_used_database_without_its_key_is_refused(world):
    engine = world.start_engine()
    engine.create()
    equal(engine.process.end(), 0, "the exit code")
    key = world.database.path + ".key"
    with open(key, encoding="ascii") as file:
        kept = file.read()
    os.remove(key)
    code, said = world.serve_and_end()
    check(code == 1 and ".key is missing" in said and "HMT_SECRET_KEY" in said, f"hmt serve: {code} {said}")
    check(not os.path.exists(key), "no other key was made in its place")
    world.start_engine(HMT_SECRET_KEY=kept.strip())


@only("sqlite", "PostgreSQL's files are its own affair")
def test_a_damaged_database_is_refused_and_untouched(world):
    engine = world.start_engine()
    for number in range(30):
        engine.create(quantity_1=number + 1)
    equal(engine.process.end(), 0, "the exit code")
    size = os.path.getsize(world.database.path)
    with open(world.database.path, "r+b") as file:
        for page in range(2, size // 4096):
            file.seek(page * 4096)
            file.write(b"\xa5" * 2000)
    before = digest(world.database.path)
    code, said = world.serve_and_end()
    check(code == 1 and "damaged" in said, f"hmt serve: {code} {said}")
    equal(digest(world.database.path), before, "the file's bytes")


@only("sqlite", "a PostgreSQL database is shared with others' tables, as Supabase's is")
def test_a_database_of_another_program_is_refused_and_untouched(world):
    world.start_sim()
    world.database.execute("CREATE TABLE recipes (name TEXT)")
    code, said = world.serve_and_end()
    check(code == 1 and "other program" in said, f"hmt serve: {code} {said}")
    equal(world.database.tables(), {"recipes"}, "the other program's tables")


@only("sqlite", "a server that is not there: postgres.a_server_that_is_not_there_…")
def test_a_folder_that_is_not_there_is_named(world):
    world.start_sim()
    code, said = world.serve_and_end(HMT_DATABASE_URL=f"sqlite:{world.folder}/nowhere/hmt.db")
    check(code == 1 and "nowhere" in said, f"hmt serve: {code} {said}")


def test_a_port_that_is_taken_is_named(world):
    world.start_sim()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, said = world.serve_and_end(HMT_LISTEN=address)
    check(code in (1, 2) and "HMT_LISTEN" in said, f"hmt serve: {code} {said}")
    check("in use" in said.lower(), f"it says why: {said}")


def test_without_the_broker_the_engine_is_up_says_why_and_recovers(world):
    engine = world.start_engine()
    trigger = engine.arm()
    engine.process.kill()
    world.relay.refuse()
    engine = world.start_engine(ready=False)
    wait_until(lambda: "broker" in engine.reasons().lower(), "health says why")
    check(engine.health()["status"] != "running", "it does not say that it runs")
    seen = engine.trigger(trigger["id"])
    check(not seen["monitored"] and seen["not_monitored_reason"], "the trigger says why it is not watched")
    world.sim.price(INFY, "1573")
    world.relay.listen()
    engine.wait_status("running", 25)
    engine.wait_monitored(trigger["id"])
    world.sim.price(INFY, "1500")
    engine.wait_trigger(trigger["id"], status="triggered")


def test_a_bad_token_is_told_and_nothing_is_armed(world):
    engine = world.start_engine(ready=False, KITE_ACCESS_TOKEN="a-dead-token-of-yesterday")
    wait_until(lambda: "log in" in engine.reasons().lower(), "health says what to do")
    check(engine.health()["status"] != "running", "it does not say that it runs")
    check("a-dead-token-of-yesterday" not in engine.reasons() + engine.process.log(), "the token is not told")
    check(engine.process.is_running(), "it waits")


def test_a_broker_that_goes_away_later_makes_health_degraded(world):
    engine = world.start_engine(HMT_HEALTH_CHECK_INTERVAL_MS="300")
    world.relay.refuse()
    engine.wait_status("degraded")
    check("broker" in engine.reasons().lower(), "health says why")
    world.relay.listen()
    engine.wait_status("running")


# ---- SIGTERM

def test_sigterm_ends_an_idle_engine_at_once(world):
    engine = world.start_engine()
    engine.arm()
    started = time.monotonic()
    equal(engine.process.end(), 0, "the exit code")
    check(time.monotonic() - started < 5, "an idle engine has nothing to wait for")
    check(engine.process.events("draining") and engine.process.events("ended"), "the log tells of its end")


def test_sigint_ends_like_sigterm(world):
    engine = world.start_engine()
    engine.process.signal(signal.SIGINT)
    equal(engine.process.wait(10), 0, "the exit code")


def test_sigterm_waits_for_the_answer_of_an_order(world):
    engine = world.start_engine()
    trigger = engine.arm()
    hold = world.relay.after_order = Hold()
    world.sim.price(INFY, "1499.90")
    hold.wait_arrived()
    engine.process.signal(signal.SIGTERM)
    time.sleep(1)
    check(engine.process.is_running(), "it waits for the answer")
    world.relay.after_order = None
    hold.release()
    equal(engine.process.wait(10), 0, "the exit code")
    rows = world.database.rows("SELECT status FROM hmt_gtt_orders")
    equal(rows, [{"status": "triggered"}], "what was written before the end")
    engine = world.start_engine()
    engine.wait_trigger(trigger["id"], status="triggered", order_status="COMPLETE")
    equal(len(world.sim.ledger()), 1, "orders in the ledger")


def test_sigterm_with_an_order_that_is_never_answered_ends_within_ten_seconds(world):
    engine = world.start_engine()
    trigger = engine.arm()
    world.sim.faults({"kind": "accept_then_timeout"}, {"kind": "lose_updates", "count": 100},
                     {"kind": "book_5xx", "count": 100})
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: world.relay.placements, "the order is sent")
    started = time.monotonic()
    equal(engine.process.end(13), 0, "the exit code")
    check(time.monotonic() - started < 10.5, f"{time.monotonic() - started:.1f} s")
    world.sim.faults()
    engine = world.start_engine()
    engine.wait_trigger(trigger["id"], status="triggered")
    equal(len(world.sim.ledger()), 1, "orders in the ledger")
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_sigterm_while_fires_wait_for_their_turn_loses_none(world):
    engine = world.start_engine(HMT_ORDERS_PER_SECOND="1")
    ids = [engine.create(quantity_1=number)["id"] for number in range(1, 5)]
    for each in ids:
        engine.wait_monitored(each)
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: world.relay.placements, "the first order")
    equal(engine.process.end(), 0, "the exit code")
    engine = world.start_engine(HMT_ORDERS_PER_SECOND="1")
    world.sim.price(INFY, "1499.80")
    for each in ids:
        engine.wait_trigger(each, seconds=25, status="triggered")
    equal(sorted(entry["quantity"] for entry in world.sim.ledger()), [1, 2, 3, 4], "the ledger's quantities")


# ---- the switch

def nothing_sent(world, seconds=0.8):
    stays(lambda: not world.relay.placements, "no order is sent", seconds)


def test_stopped_means_that_no_order_leaves_until_start(world):
    engine = world.start_engine()
    trigger = engine.arm()
    equal(engine.stop().json["success"], True, "stop")
    equal(engine.health()["status"], "stopped", "the engine's status")
    world.sim.price(INFY, "1490")
    nothing_sent(world)
    engine.process.kill()
    engine = world.start_engine(ready=False)
    engine.wait_status("stopped")
    check("stopped" in engine.reasons(), f"health says why: {engine.reasons()}")
    world.sim.price(INFY, "1489")
    nothing_sent(world)
    check(not engine.trigger(trigger["id"])["monitored"], "the trigger says that it is not watched")
    equal(engine.start().json["success"], True, "start")
    engine.wait_status("running")
    world.sim.price(INFY, "1488")
    engine.wait_trigger(trigger["id"], status="triggered")
    equal(len(world.sim.ledger()), 1, "orders in the ledger")
    events = [row["event"] for row in engine.audit()]
    check("engine_stopped" in events and "engine_started" in events, f"the trail tells of both: {events}")


def test_stop_holds_back_what_waits_for_its_turn_and_start_sends_it(world):
    engine = world.start_engine(HMT_ORDERS_PER_SECOND="1")
    ids = [engine.create(quantity_1=number)["id"] for number in range(1, 5)]
    for each in ids:
        engine.wait_monitored(each)
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: world.relay.placements, "the first order")
    equal(engine.stop().status, 200, "stop")
    sent = len(world.relay.placements)
    stays(lambda: len(world.relay.placements) == sent, "nothing leaves after stop has answered", 2)
    equal(engine.start().status, 200, "start")
    engine.wait_status("running")
    world.sim.price(INFY, "1499.80")
    for each in ids:
        engine.wait_trigger(each, seconds=25, status="triggered")
    equal(sorted(entry["quantity"] for entry in world.sim.ledger()), [1, 2, 3, 4], "the ledger's quantities")


def test_stop_and_start_may_be_repeated(world):
    engine = world.start_engine()
    for action, status in ((engine.stop, "stopped"), (engine.stop, "stopped"), (engine.start, "running"),
                           (engine.start, "running")):
        equal(action().json["success"], True, "success")
        engine.wait_status(status)
    trigger = engine.arm()
    world.sim.price(INFY, "1500")
    engine.wait_trigger(trigger["id"], status="triggered")


# ---- secrets

def test_no_secret_appears_in_logs_answers_or_metrics(world):
    secrets = {"KITE_API_SECRET": "canary-api-secret-4711", "KITE_ACCESS_TOKEN": "canary-access-token-4712",
               "HMT_ADMIN_TOKEN": "canary-admin-token-4713",
               "HMT_SECRET_KEY": "Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5LTQ3MTQ="}
    world.start_sim("--access-token", secrets["KITE_ACCESS_TOKEN"], "--api-secret", secrets["KITE_API_SECRET"])
    wire = world.wire()
    engine = world.start_engine(HMT_LOG_LEVEL="debug", HMT_HEALTH_CHECK_INTERVAL_MS="300", KITE_TICKER_URL=wire.url,
                                HMT_RECONNECT_DELAY_MS="100", **secrets)
    trigger = engine.arm()
    shown = [engine.call("GET", "/metrics").text]
    world.sim.faults({"kind": "timeout_400"})
    world.sim.price(INFY, "1499.90")
    engine.wait_trigger(trigger["id"], status="triggered")
    world.sim.control("expire")
    wire.drop()
    engine.wait_status("degraded")
    world.relay.refuse()
    wire.refusing = True
    time.sleep(1)
    for path in ("/functions/v1/hmt-trigger-engine/health", "/functions/v1/hmt-trigger-engine/stats", "/metrics",
                 "/api/v1/triggers", f"/api/v1/triggers/{trigger['id']}/attempts", "/api/v1/orders", "/api/v1/session",
                 "/api/v1/audit?limit=1000", "/nonsense", "/api/v1/triggers?limit=x"):
        answer = engine.call("GET", path)
        shown.append(answer.text + str(answer.headers))
    shown.append(engine.call("GET", "/api/v1/triggers", token=secrets["HMT_ADMIN_TOKEN"] + "x").text)
    engine.process.end()
    shown.append(engine.process.log())
    shown.append(world.database.everything())
    for name, secret in {**secrets, **world.database.secrets}.items():
        for text in shown:
            at = text.find(secret)
            check(at < 0, f"{name} shows: …{text[max(0, at - 120):at + 20]}…")
    check(any(placement.headers["Authorization"].endswith(secrets["KITE_ACCESS_TOKEN"])
              for placement in world.relay.placements), "the canary was in use")


def test_a_broker_that_quotes_the_token_does_not_get_it_logged(world):
    token = "canary-access-token-4712"
    world.start_sim("--access-token", token)
    engine = world.start_engine(KITE_ACCESS_TOKEN=token, HMT_LOG_LEVEL="debug")
    body = '{"status":"error","error_type":"InputException","message":"Bad order. Authorization token simkey:' + token + '"}'
    world.relay.scripted.append((400, {"Content-Type": "application/json"}, body.encode()))
    trigger = engine.arm()
    world.sim.price(INFY, "1499.90")
    engine.wait_trigger(trigger["id"], status="failed")
    shown = engine.call("GET", "/api/v1/triggers").text + engine.call("GET", "/api/v1/audit").text
    check(token not in shown, "the token is not in the answers")
    check(token not in engine.process.log(), "the token is not in the log")
