"""What people look at: the screens as the program serves them, why, past prices and the times of fires."""
import gzip
import re
import time

from harness import check, equal, request, two_legs, wait_until

INFY = "NSE:INFY"


def test_the_screens_are_in_the_program_under_a_strict_policy(world):
    engine = world.start_engine()
    page = request(engine.address, "GET", "/triggers/new")
    equal(page.status, 200, "a screen's address")
    policy = page.headers["Content-Security-Policy"]
    nonce = re.search("'nonce-([0-9a-f]{32})'", policy)[1]
    check(nonce in page.text and "unsafe" not in policy and "http" not in policy, f"the policy {policy}")
    check("__CSP_NONCE__" not in page.text and "__UI_BUILD__" not in page.text, "the marks are filled in")
    script = re.search(r'src="(/assets/[^"]+\.js)"', page.text)[1]
    packed = request(engine.address, "GET", script, headers={"Accept-Encoding": "gzip"})
    plain = request(engine.address, "GET", script)
    equal(gzip.decompress(packed.body), plain.body, "the script, packed and plain")
    check("immutable" in plain.headers["Cache-Control"], "a file of a build is kept for ever")
    again = request(engine.address, "GET", script, headers={"If-None-Match": plain.headers["ETag"]})
    equal((again.status, again.body), (304, b""), "the same file again")
    equal(request(engine.address, "GET", "/assets/of-another-build.js").status, 404, "a file of another build")
    equal(request(engine.address, "GET", "/", headers={"Host": "evil.example"}).status, 403, "a strange host")
    told = request(engine.address, "GET", "/api/v1/sign-in").json
    equal((told["mode"], told["simulated"], told["password"]), ("token", True, None), "how one signs in")


def test_a_public_name_of_a_proxy_is_let_in_and_no_other(world):
    engine = world.start_engine(HMT_PUBLIC_HOSTS="hmt.example.com,hmt.example.com:8443")
    sign_in = {"Authorization": f"Bearer {engine.token}"}
    for host, status in (("hmt.example.com", 200), ("hmt.example.com:8443", 200), ("evil.example.com", 403)):
        answer = request(engine.address, "GET", "/api/v1/session", headers={**sign_in, "Host": host})
        equal(answer.status, status, f"the host {host}")
    for origin, status in (("https://hmt.example.com", 201), ("https://evil.example.com", 403)):
        # A proxy that puts its own address into Host.
        headers = {**sign_in, "Origin": origin, "Sec-Fetch-Site": "same-origin"}
        equal(request(engine.address, "POST", "/api/v1/stream-ticket", headers=headers).status, status, f"from {origin}")


def test_large_answers_are_packed_for_those_who_take_it(world):
    engine = world.start_engine()
    sign_in = {"Authorization": f"Bearer {engine.token}"}
    for number in range(20):
        engine.create(trigger_price_1=str(1000 + number))
    plain = request(engine.address, "GET", "/api/v1/triggers", headers=sign_in)
    packed = request(engine.address, "GET", "/api/v1/triggers", headers={**sign_in, "Accept-Encoding": "gzip, br"})
    check(len(packed.body) * 4 < len(plain.body), f"{len(packed.body)} of {len(plain.body)} bytes")
    equal(gzip.decompress(packed.body), plain.body, "the list")


def test_a_trigger_explains_how_near_it_came_and_then_why_it_fired(world):
    engine = world.start_engine()
    trigger = engine.arm(**two_legs())
    why = lambda: engine.get(f"/api/v1/triggers/{trigger['id']}/why")
    world.sim.price(INFY, "1510.10")
    seen = wait_until(lambda: (w := why())["approach"]["legs"][0]["nearest"] and w, "a price was seen")
    equal(seen["approach"]["legs"][0]["nearest"]["price"], "1510.10", "the nearest to the stop-loss")
    check("has not fired" in seen["summary"], seen["summary"])
    world.sim.price(INFY, "1499.90")
    engine.wait_trigger(trigger["id"], order_status="COMPLETE")
    fired = why()
    check(fired["summary"].startswith("It fired because SELL leg 1: LTP 1499.90 <= 1500.00"), fired["summary"])
    equal(fired["approach"], None, "the approach of one that has fired")
    equal(len(fired["attempts"]), 1, "its orders")
    check({"created", "claimed", "order_filled"} <= {each["event"] for each in fired["events"]}, f"{fired['events']}")
    stages = {each["stage"]: each for each in engine.get("/api/v1/performance?minutes=5")["stages"]}
    check(all(each["count"] == 1 for each in stages.values()), f"one fire in every stage: {stages}")
    check(stages["tick_to_answered"]["max_us"] >= stages["sent_to_answered"]["max_us"] > 0, f"{stages}")


def test_a_packet_that_was_not_fresh_is_told_as_what_held_the_trigger_back(world):
    engine = world.start_engine()
    world.sim.faults({"kind": "stale_cached", "count": 1})
    trigger = engine.create()
    seen = wait_until(lambda: engine.get(f"/api/v1/triggers/{trigger['id']}/why")["approach"]["not_fresh"],
                      "the stale packet is told")
    check(seen["because"] in ("cached", "out_of_session", "no_time"), f"{seen}")


def test_candles_are_the_brokers_and_made_of_ticks_when_it_refuses(world):
    engine = world.start_engine()
    engine.arm()
    world.sim.price(INFY, "1510")
    engine.get("/api/v1/performance")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    path = f"/api/v1/instruments/408065/candles?interval=day&from=2026-01-05T00:00:00Z&to={now}"
    brokers = engine.get(path)
    equal((brokers["source"], brokers["why_not_broker"]), ("broker", None), "where they are from")
    check(len(brokers["candles"]) > 100 and len(brokers["candles"][0]) == 6, f"{len(brokers['candles'])} days")
    world.sim.control("expire")
    wait_until(lambda: engine.get("/api/v1/instruments/408065/candles")["source"] == "ticks", "the broker refuses")
    own = engine.get("/api/v1/instruments/408065/candles")
    check(own["why_not_broker"] and own["candles"], f"{own}")
