"""The API's door: who may, what is refused, and that refusals write nothing."""
import http.client
import os
import socket
import stat
import threading

from backends import only
from harness import ENGINE, TOKEN, check, equal, request, two_legs, wait_until

TRIGGERS = "/api/v1/triggers"
GOOD = {"exchange": "NSE", "trading_symbol": "INFY", "condition_type": "single", "transaction_type": "SELL",
        "product_type_1": "CNC", "trigger_price_1": "1500", "quantity_1": 1}


# ---- H-m

def test_start_and_stop_need_the_token(world):
    engine = world.start_engine()
    for action in ("start", "stop"):
        path = f"{ENGINE}/{action}"
        bare = request(engine.address, "POST", path)
        equal((bare.status, bare.error["code"]), (401, "unauthorized"), f"{action} without a token")
        wrong = engine.call("POST", path, token="not-" + TOKEN)
        equal((wrong.status, wrong.error["code"]), (401, "unauthorized"), f"{action} with a wrong token")
        short = engine.call("POST", path, token=TOKEN[:-1])
        equal(short.status, 401, f"{action} with a part of the token")
    equal(engine.health()["status"], "running", "the engine's status")
    equal(engine.stop().json["success"], True, "stop with the token")
    equal(engine.health()["status"], "stopped", "the engine's status")


def test_everything_but_the_bare_health_needs_the_token(world):
    engine = world.start_engine()
    for method, path in (("GET", ENGINE + "/stats"), ("GET", TRIGGERS), ("POST", TRIGGERS), ("GET", "/metrics"),
                         ("GET", "/api/v1/audit"), ("GET", "/api/v1/orders"), ("GET", "/api/v1/instruments?q=INFY"),
                         ("POST", "/api/v1/stream-ticket"), ("GET", "/api/v1/session")):
        equal(request(engine.address, method, path).status, 401, f"{method} {path} without a token")
    bare = request(engine.address, "GET", ENGINE + "/health")
    equal((bare.status, bare.json), (200, {"status": "running"}), "health without a token")


def test_a_guesser_is_locked_out(world):
    engine = world.start_engine()
    statuses = [engine.call("GET", TRIGGERS, token=f"guess-{number:020}").status for number in range(12)]
    equal(statuses[:10], [401] * 10, "the first ten guesses")
    equal(statuses[10:], [429] * 2, "the guesses after them")
    locked = engine.call("GET", TRIGGERS, token="guess-of-the-same-peer")
    equal((locked.status, locked.error["code"]), (429, "locked_out"), "one guess more")
    check(int(locked.headers["Retry-After"]) > 0, "the answer says when to come back")
    equal(engine.call("GET", TRIGGERS).status, 200, "the right token while it lasts")


def test_pages_of_other_sites_and_other_host_names_are_refused(world):
    engine = world.start_engine()
    foreign = engine.call("POST", TRIGGERS, GOOD, {"Origin": "https://evil.example"})
    equal((foreign.status, foreign.error["code"]), (403, "origin_not_allowed"), "a foreign origin")
    rebound = engine.call("GET", TRIGGERS, headers={"Host": "evil.example"})
    equal((rebound.status, rebound.error["code"]), (403, "host_not_allowed"), "a foreign host name")
    equal(engine.get(TRIGGERS)["triggers"], [], "the triggers")


@only("sqlite", "beside PostgreSQL no file can lie: the token is always set")
def test_a_generated_token_is_kept_private_and_works(world):
    engine = world.start_engine(HMT_ADMIN_TOKEN=None, ready=False)
    path = wait_until(lambda: engine.process.events("admin_token"), "the token's line")[0]["file"]
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "the mode of the token's file")
    with open(path, encoding="ascii") as file:
        engine.token = file.read().strip()
    check(len(engine.token) >= 32, "a long token")
    engine.wait_status("running")
    check(engine.token not in engine.process.log(), "the token is not in the log")
    for suffix in ("", ".key"):
        equal(stat.S_IMODE(os.stat(world.database.path + suffix).st_mode), 0o600, f"the mode of the database{suffix}")
    engine.process.end()
    kept = engine.token
    engine = world.start_engine(HMT_ADMIN_TOKEN=None, ready=False)
    engine.token = kept
    engine.wait_status("running")


# ---- bad input

def refused(engine, field, change, status=400):
    body = {**GOOD, **change}
    answer = engine.call("POST", TRIGGERS, {name: value for name, value in body.items() if value != "absent"})
    equal((answer.status, answer.error["field"]), (status, field), f"the answer to {change}: {answer.text}")
    check(len(answer.error["message"]) > 10, "a sentence")


def test_bad_input_names_its_field_and_writes_nothing(world):
    engine = world.start_engine()
    cases = [("trigger_price_1", {"trigger_price_1": value})
             for value in ("absent", "-1", "0", "1e3", "1500.005", "abc", "1500,5", True, [1], 1e300, "NaN")]
    cases += [("quantity_1", {"quantity_1": value}) for value in ("absent", 0, -5, 1.5, "7", 10**12)]
    cases += [("order_price_1", {"order_price_1": value}) for value in ("0", "1495.55", "x")]
    cases += [(name, {name: "nonsense"}) for name in
              ("exchange", "condition_type", "transaction_type", "product_type_1", "direction", "on_unknown",
               "purpose", "expires_at", "parent_id", "trading_symbol", "instrument_token")]
    cases += [("expires_at", {"expires_at": "2020-01-01T00:00:00Z"}), ("status", {"status": "active"}),
              ("order_id", {"order_id": "1"}), ("colour", {"colour": "red"}),
              ("trigger_price_2", {"trigger_price_2": "1600"}),
              ("trading_symbol", {"trading_symbol": "NIFTY 50"})]
    legs = two_legs()
    cases += [(name, {**legs, name: "absent"}) for name in ("trigger_price_2", "product_type_2", "quantity_2")]
    cases += [("trigger_price_1", {**legs, "trigger_price_1": "1700"})]  # the stop above the target
    for field, change in cases:
        refused(engine, field, change)
    equal(engine.get(TRIGGERS)["triggers"], [], "the triggers after all that")


def test_a_bad_edit_names_its_field_and_changes_nothing(world):
    engine = world.start_engine()
    trigger = engine.create()
    path, version = f"{TRIGGERS}/{trigger['id']}", {"If-Match": f'"{trigger["version"]}"'}
    for field, change in (("quantity_1", {"quantity_1": 0}), ("trigger_price_1", {"trigger_price_1": "1500.005"}),
                          ("exchange", {"exchange": "BSE"}), ("status", {"status": "triggered"})):
        answer = engine.call("PATCH", path, {"quantity_1": 5, **change}, version)
        equal((answer.status, answer.error["field"]), (400, field), f"the answer to {change}: {answer.text}")
    equal(engine.trigger(trigger["id"])["quantity_1"], 1, "the quantity")
    equal(engine.trigger(trigger["id"])["version"], trigger["version"], "the version")


def test_malformed_and_oversized_requests_are_refused_and_the_engine_lives(world):
    engine = world.start_engine()
    sign_in = {"Authorization": f"Bearer {TOKEN}"}
    json_type = {**sign_in, "Content-Type": "application/json"}
    for body in (b"{", b"[]", b"null", b'{"a":1,"a":2}', b"\xff\xfe", b"[" * 5000, b'{"quantity_1":1}x'):
        answer = request(engine.address, "POST", TRIGGERS, body, json_type)
        equal(answer.status, 400, f"the body {body[:20]!r}")
        check(answer.headers["Content-Type"].startswith("application/json"), "the refusal is JSON")
    equal(request(engine.address, "POST", TRIGGERS, b"a=1", sign_in).status, 415, "a body of another type")
    big = request(engine.address, "POST", TRIGGERS, b'{"trading_symbol":"' + b"A" * 70_000 + b'"}', json_type)
    equal((big.status, big.error["code"]), (413, "body_too_large"), "a body of 70,000 bytes")
    head = engine.call("GET", TRIGGERS, headers={"X-Long": "a" * 100_000})
    equal(head.status, 431, "a head of 100,000 bytes")
    for path, status in ((TRIGGERS + "/not-an-id", 400), (TRIGGERS + "?limit=0", 400), (TRIGGERS + "?limit=x", 400),
                         (TRIGGERS + "?status=nonsense", 400), (TRIGGERS + "?nonsense=1", 400), ("/api/nonsense", 404),
                         (TRIGGERS + "/00000000-0000-4000-8000-000000000001", 404)):
        equal(engine.call("GET", path).status, status, f"GET {path}")
    equal(engine.call("PUT", TRIGGERS).status, 405, "a method that is not there")
    equal(engine.health()["status"], "running", "the engine's status")


def test_bytes_that_are_not_http_are_refused_and_the_engine_lives(world):
    engine = world.start_engine()
    host, port = engine.address.rsplit(":", 1)
    for junk in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\0" * 3000,
                 b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                 b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
        with socket.create_connection((host, int(port)), 5) as peer:
            peer.settimeout(5)
            try:
                peer.sendall(junk)
                peer.shutdown(socket.SHUT_WR)
                answer = peer.recv(100)
            except OSError:
                answer = b""
            check(not answer or answer.startswith(b"HTTP/1.1 4"), f"{junk[:20]!r} got {answer[:40]!r}")
    equal(engine.health()["status"], "running", "the engine's status")


# ---- Idempotency-Key

def test_the_same_key_makes_one_trigger(world):
    engine = world.start_engine()
    key = {"Idempotency-Key": "one-and-the-same"}
    first = engine.call("POST", TRIGGERS, GOOD, key)
    again = engine.call("POST", TRIGGERS, GOOD, key)
    equal((first.status, again.status), (201, 201), "both answers")
    equal(again.json["id"], first.json["id"], "the id")
    other = engine.call("POST", TRIGGERS, {**GOOD, "quantity_1": 2}, key)
    equal((other.status, other.error["code"]), (422, "idempotency_key_reused"), "another request with the key")
    equal(len(engine.get(TRIGGERS)["triggers"]), 1, "triggers")
    engine.process.kill()
    engine = world.start_engine()
    equal(engine.call("POST", TRIGGERS, GOOD, key).json["id"], first.json["id"], "the id after a kill -9")


def test_one_key_at_once_from_many_makes_one_trigger(world):
    engine = world.start_engine()
    ids, statuses = set(), set()

    def create():
        answer = engine.call("POST", TRIGGERS, GOOD, {"Idempotency-Key": "many"})
        statuses.add(answer.status)
        ids.add(answer.json.get("id"))

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal((statuses, len(ids)), ({201}, 1), "the answers")
    equal(len(engine.get(TRIGGERS)["triggers"]), 1, "triggers")


# ---- what is shown

def test_pages_of_triggers_are_whole_and_filters_hold(world):
    engine = world.start_engine()
    made = [engine.create(quantity_1=number, trading_symbol="INFY" if number % 2 else "SBIN",
                          trigger_price_1="500")["id"] for number in range(1, 8)]
    seen, cursor = [], ""
    for _ in range(10):
        page = engine.get(f"{TRIGGERS}?limit=3{cursor}")
        seen += [each["id"] for each in page["triggers"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    equal(sorted(seen), sorted(made), "the pages together")
    token = engine.trigger(made[0])["instrument_token"]
    odd = engine.get(f"{TRIGGERS}?instrument_token={token}")["triggers"]
    equal(sorted(each["quantity_1"] for each in odd), [1, 3, 5, 7], "triggers of one instrument")
    equal(engine.call("DELETE", f"{TRIGGERS}/{made[0]}").status, 200, "a cancellation")
    equal(len(engine.get(f"{TRIGGERS}?status=active")["triggers"]), 6, "active triggers")


def test_the_openapi_document_and_the_metrics_are_served(world):
    engine = world.start_engine()
    document = request(engine.address, "GET", "/api/v1/openapi.json").json
    equal(document["openapi"], "3.1.0", "the document's version")
    metrics = engine.call("GET", "/metrics")
    check(metrics.status == 200 and metrics.headers["Content-Type"].startswith("text/plain"), "Prometheus text")


def test_an_idle_or_half_open_client_does_not_hold_up_others(world):
    engine = world.start_engine()
    host, port = engine.address.rsplit(":", 1)
    idle = [socket.create_connection((host, int(port)), 5) for _ in range(50)]
    for peer in idle[:25]:
        peer.sendall(b"POST /api/v1/triggers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    connection.request("GET", ENGINE + "/health")
    equal(connection.getresponse().status, 200, "health between idle connections")
    connection.close()
    for peer in idle:
        peer.close()
