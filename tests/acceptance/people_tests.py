"""Many users of one engine: each with an account, a session and limits of their own, and nothing of anybody else's."""
import html
import json
import re
import time

import people
import postgres_tests
import rows
import tokens
from backends import only, postgres
from harness import ENGINE, Failure, Stream, check, equal, request, stays, wait_until

ONLY = only("postgres", "many users need PostgreSQL")
INFY = "NSE:INFY"


def orders_of(world, user):
    return sorted(entry["quantity"] for entry in world.sim.ledger() if entry["user_id"] == user.broker_id)


def test_each_users_order_goes_out_through_their_own_account(world):
    p = people.People(world)
    mine, theirs = p.a.arm(quantity_1=3), p.b.arm(quantity_1=5)
    world.sim.price(INFY, "1500")
    p.a.wait_trigger(mine["id"], status="triggered", order_status="COMPLETE")
    p.b.wait_trigger(theirs["id"], status="triggered", order_status="COMPLETE")
    equal((orders_of(world, p.a), orders_of(world, p.b)), ([3], [5]), "the accounts' orders")
    for placement in world.relay.placements:
        key = placement.headers["Authorization"].split()[1].split(":")[0]
        equal(key, p.a.api_key if placement.form["quantity"] == "3" else p.b.api_key, "whose sign-in was sent")


def test_a_row_that_a_user_writes_through_postgrest_is_armed_and_fires(world):
    p = people.People(world)
    claims = {"sub": p.a.id, "role": "authenticated", "aud": "authenticated"}
    row = rows.row({"user_id": p.a.id, "broker_connection_id": p.a.connection_id}, quantity_1=4)
    trigger_id = world.database.execute(rows.insert(row), role="authenticated", claims=claims)
    p.a.wait_trigger(trigger_id, monitored=True)
    world.database.execute(rows.update(trigger_id, quantity_1=6), role="authenticated", claims=claims)
    p.a.wait_trigger(trigger_id, monitored=True, quantity_1=6)
    world.sim.price(INFY, "1500")
    p.a.wait_trigger(trigger_id, status="triggered")
    equal(orders_of(world, p.a), [6], "the account's orders")
    equal(orders_of(world, p.b), [], "the other account's orders")


def test_a_row_for_anothers_account_is_refused_through_postgrest(world):
    p = people.People(world)
    claims = {"sub": p.a.id, "role": "authenticated", "aud": "authenticated"}
    for owner in ({"user_id": p.b.id, "broker_connection_id": p.b.connection_id},
                  {"user_id": p.a.id, "broker_connection_id": p.b.connection_id}):
        try:
            world.database.execute(rows.insert(rows.row(owner)), role="authenticated", claims=claims)
        except postgres.PostgresError:
            continue
        raise Failure(f"a row of {owner} was taken from A")


def test_an_account_whose_day_is_over_says_so_and_the_other_goes_on(world):
    p = people.People(world, HMT_HEALTH_CHECK_INTERVAL_MS="300")
    mine, theirs = p.a.arm(quantity_1=3), p.b.arm(quantity_1=5)
    world.sim.control("expire", {"api_key": p.a.api_key})
    seen = p.a.wait_trigger(mine["id"], monitored=False)
    check(re.search("log in|session|sign in", seen["not_monitored_reason"], re.I), f"why: {seen['not_monitored_reason']}")
    check(p.b.get(f"/api/v1/triggers/{theirs['id']}")["monitored"], "the other's is watched")
    world.sim.price(INFY, "1500")
    p.b.wait_trigger(theirs["id"], status="triggered")
    equal(orders_of(world, p.a), [], "orders of an account whose day is over")
    p.a.log_in()
    p.a.wait_trigger(mine["id"], status="triggered")
    equal(orders_of(world, p.a), [3], "its orders after the log-in: the price that stands has reached its level")


def test_prices_come_on_when_the_account_that_brings_them_ends_its_day(world):
    p = people.People(world, HMT_HEALTH_CHECK_INTERVAL_MS="300", HMT_RECONNECT_DELAY_MS="200")
    theirs = p.b.arm()
    world.sim.control("expire", {"api_key": p.a.api_key})
    world.sim.control("drop")
    wait_until(lambda: p.engine.health()["stats"]["websocket_status"] == "connected", "the ticker is there again", 30)
    p.b.wait_trigger(theirs["id"], monitored=True)
    world.sim.price(INFY, "1500")
    p.b.wait_trigger(theirs["id"], status="triggered")


def test_one_accounts_burst_does_not_keep_another_waiting(world):
    p = people.People(world)
    many = [p.a.create(quantity_1=number)["id"] for number in range(1, 31)]
    one = p.b.create(quantity_1=99)["id"]
    for user, each in [*((p.a, each) for each in many), (p.b, one)]:
        user.wait_trigger(each, monitored=True)
    world.sim.price(INFY, "1500")
    p.b.wait_trigger(one, status="triggered")
    check(len(orders_of(world, p.a)) < 30, "the other account's burst is still on its way")
    for each in many:
        p.a.wait_trigger(each, status="triggered")
    equal(orders_of(world, p.a), list(range(1, 31)), "the burst's orders")


def test_the_session_shows_when_it_ends(world):
    p = people.People(world)
    shown = p.a.get(f"{people.BROKERS}/{p.a.connection_id}")
    check(shown["session_expires_at"] and shown["session_expires_at"] > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()),
          f"when the session ends: {shown}")
    equal([each["id"] for each in p.a.get(people.BROKERS)["brokers"]], [p.a.connection_id], "the user's connections")


def test_a_wrong_request_token_or_secret_leaves_the_session_as_it_was(world):
    p = people.People(world, connect=False)
    answer = p.a.call("POST", people.BROKERS, {"name": "x", "api_key": p.a.api_key, "api_secret": "a-wrong-secret"})
    equal(answer.status, 201, f"a connection: {answer.text}")
    path = f"{people.BROKERS}/{answer.json['id']}"
    refused = p.a.call("POST", f"{path}/session", {"request_token": "some-token"})
    check(400 <= refused.status < 500, f"a session of a wrong secret: {refused.status} {refused.text}")
    equal(p.a.get(path)["session_expires_at"], None, "its session")


def test_a_browser_that_logs_in_at_the_broker_comes_back_to_a_live_connection_once(world):
    p = people.People(world, connect=False)
    world.sim.control("account", {"api_key": "browserkey", "api_secret": "browser-secret", "user_id": "BROWSER",
                                  "redirect_url": f"http://{p.engine.address}{people.BROKERS}/callback"})
    answer = p.a.call("POST", people.BROKERS, {"name": "x", "api_key": "browserkey", "api_secret": "browser-secret"})
    equal(answer.status, 201, f"a connection: {answer.text}")
    path = f"{people.BROKERS}/{answer.json['id']}"
    page = browse(p.a.call("POST", f"{path}/login").json["login_url"])
    link = html.unescape(re.search(r'href="([^"]+)"', page.text)[1])
    back = browse(f"http://{world.sim.address}/connect/{link}").headers["Location"]
    token = re.search("request_token=([^&]+)", back)[1]
    landed = browse(back)
    equal(landed.status, 200, f"the page after the login: {landed.text}")
    check(token not in landed.text and token not in p.engine.process.log(), "the request token is neither shown nor logged")
    shown = p.a.get(path)
    check(shown["session_expires_at"], f"the session: {shown}")
    equal(browse(back).status, 400, "the same way back a second time")


def browse(url):
    """One page, without the pages that it sends to."""
    host, path = re.fullmatch("http://([^/]+)(/.*)", url).groups()
    return request(host, "GET", path)


def test_no_users_secret_is_stored_open_logged_or_shown(world):
    p = people.People(world, HMT_LOG_LEVEL="debug")
    mine = p.a.arm()
    world.sim.price(INFY, "1500")
    p.a.wait_trigger(mine["id"], status="triggered")
    access_token = world.relay.placements[0].headers["Authorization"].split(":")[1]
    shown = [world.database.everything(), p.engine.process.log()]
    shown += [p.a.call("GET", path).text for path in (people.BROKERS, "/api/v1/triggers", "/api/v1/audit", "/api/v1/session")]
    shown.append(p.engine.call("GET", "/metrics").text)
    for secret in (p.a.api_secret, p.b.api_secret, people.OPERATOR, tokens.SECRET, p.a.token().split(".")[2], access_token):
        for text in shown:
            at = text.find(secret)
            check(at < 0, f"shown: …{text[max(0, at - 100):at + 12]}…")


def test_nothing_of_another_user_is_on_the_stream(world):
    p = people.People(world)
    streams = {}
    for user in (p.a, p.b):
        signed = type("Signed", (), {"address": p.engine.address, "token": user.token()})
        streams[user.name] = world.open(Stream(signed))
    ids = {user.name: [user.arm(quantity_1=number)["id"] for number in range(1, 6)] for user in (p.a, p.b)}
    world.sim.price(INFY, "1500")
    for user in (p.a, p.b):
        for each in ids[user.name]:
            user.wait_trigger(each, status="triggered")
        other = "b" if user.name == "a" else "a"
        streams[user.name].wait("trg", lambda frame: ids[user.name][-1] in json.dumps(frame) and "triggered" in json.dumps(frame))
        told = json.dumps(streams[user.name].frames)
        check(all(each in told for each in ids[user.name]), "the user's own events are told")
        check(not any(each in told for each in ids[other]), f"{user.name}'s stream tells of {other}'s triggers")
        check(getattr(p, other).id not in told, f"{user.name}'s stream names {other}")


def test_the_operator_stops_and_starts_for_all_and_a_user_cannot(world):
    p = people.People(world)
    mine = p.a.arm()
    equal(p.a.call("POST", ENGINE + "/stop").status, 403, "stop by a user")
    equal(p.engine.stop().status, 200, "stop by the operator")
    world.sim.price(INFY, "1490")
    stays(lambda: not world.relay.placements, "no order is sent", 0.8)
    check(not p.a.get(f"/api/v1/triggers/{mine['id']}")["monitored"], "the trigger says that it is not watched")
    world.sim.price(INFY, "1573")  # or it would fire as soon as it is watched
    equal(p.engine.start().status, 200, "start")
    # Each account comes up by itself; a price from before its subscription is not a fresh one.
    p.a.wait_trigger(mine["id"], monitored=True)
    world.sim.price(INFY, "1489")
    p.a.wait_trigger(mine["id"], status="triggered")


def test_legacy_tokens_of_a_shared_secret_are_taken(world):
    p = people.People(world, SUPABASE_URL=None, connect=False)  # the issuer's own keys count nothing here
    content = tokens.claims(p.a.id, "whoever holds the secret")
    good = people.call(p.engine.address, "GET", "/api/v1/triggers", tokens.hs256(content))
    equal(good.status, 200, f"a token of the secret: {good.text}")
    for wrong in (tokens.hs256(content, "another-secret-of-at-least-32-bytes-0123"), p.key.token(content),
                  tokens.hs256({**content, "role": "service_role"}), tokens.hs256({**content, "sub": "not-a-uuid"})):
        equal(people.call(p.engine.address, "GET", "/api/v1/triggers", wrong, own_address=True).status, 401, "a forged token")


def test_a_new_key_of_the_issuer_is_taken(world):
    p = people.People(world)
    newer = tokens.SigningKey(world.folder, "acceptance-key-2")
    p.issuer.keys.append(newer)
    token = newer.token(tokens.claims(p.a.id, p.issuer.name))
    wait_until(lambda: people.call(p.engine.address, "GET", "/api/v1/triggers", token, own_address=True).status == 200,
               "a token of the new key is taken", 45, 0.5)
    check(p.issuer.asked < 10, f"the issuer was asked {p.issuer.asked} times")


def test_a_users_connection_with_active_triggers_is_not_removed(world):
    p = people.People(world)
    mine = p.a.arm()
    path = f"{people.BROKERS}/{p.a.connection_id}"
    refused = p.a.call("DELETE", path)
    equal(refused.status, 409, f"the removal: {refused.text}")
    equal(p.a.call("DELETE", f"/api/v1/triggers/{mine['id']}").status, 200, "the trigger's cancellation")
    equal(p.a.call("DELETE", path).status, 200, "the removal afterwards")


def test_one_users_missing_login_is_no_trouble_of_the_others(world):
    p = people.People(world)
    answer = p.b.call("POST", people.BROKERS, {"name": "never logged in", "api_key": "idle", "api_secret": "a-secret"})
    equal(answer.status, 201, f"a connection without a login: {answer.text}")
    theirs = wait_until(lambda: (h := p.b.get(ENGINE + "/health"))["status"] == "degraded" and h, "its owner is told")
    check(any(reason.startswith("never logged in: ") for reason in theirs["reasons"]), f"by name: {theirs['reasons']}")
    mine = p.a.get(ENGINE + "/health")
    equal((mine["status"], mine["reasons"]), ("running", []), "the other one's health")
    check("1 of 3 broker connections" in p.engine.reasons(), f"the operator's: {p.engine.reasons()}")


def test_a_standby_with_another_key_says_that_it_could_not_take_over(world):
    p = people.People(world)
    second = postgres_tests.standby(world, **p.environment(),
                                    HMT_SECRET_KEY="Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5LTQ3MTQ=")
    wait_until(lambda: "2 of 2 broker connections do not open" in second.reasons(), "it says so before the day comes")


def test_two_users_standby_takes_everybody_over(world):
    p = people.People(world)
    mine, theirs = p.a.arm(quantity_1=3), p.b.arm(quantity_1=5)
    second = postgres_tests.standby(world, **p.environment())
    p.engine.process.kill()
    p.engine = world.engine = second
    second.wait_status("running", 30)
    p.a.wait_trigger(mine["id"], monitored=True)
    world.sim.price(INFY, "1500")
    p.a.wait_trigger(mine["id"], status="triggered")
    p.b.wait_trigger(theirs["id"], status="triggered")
    equal((orders_of(world, p.a), orders_of(world, p.b)), ([3], [5]), "the accounts' orders")
