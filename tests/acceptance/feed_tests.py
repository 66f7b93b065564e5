"""The ticker: silence, loss, refusal, memories of yesterday."""
import time

from harness import check, equal, stays, wait_until

INFY = "NSE:INFY"


def nothing_sent(world, seconds=0.5):
    stays(lambda: not world.relay.placements, "no order is sent", seconds)


# ---- H-k

def test_a_mute_ticker_is_noticed_and_fires_after_it_is_back(world):
    engine = world.start_engine()
    trigger = engine.arm()
    world.sim.control("pause")
    muted = time.monotonic()
    health = engine.wait_status("degraded", seconds=9)
    check(time.monotonic() - muted > 3, "a pause of a moment is no silence")
    check("ticker" in " ".join(health["reasons"]).lower(), f"health names the ticker: {health['reasons']}")
    check(not engine.trigger(trigger["id"])["monitored"], "the trigger says that it is not watched")
    world.sim.price(INFY, "1490")
    world.sim.price(INFY, "1573")
    world.sim.control("resume")
    engine.wait_status("running", seconds=20)
    engine.wait_monitored(trigger["id"])
    nothing_sent(world)
    world.sim.price(INFY, "1500")
    engine.wait_trigger(trigger["id"], status="triggered")
    equal(len(world.sim.ledger()), 1, "orders in the ledger")


def test_a_dropped_ticker_is_back_at_once_with_everything_subscribed(world):
    engine = world.start_engine(HMT_RECONNECT_DELAY_MS="30000")
    first, second = engine.arm(), engine.arm(trading_symbol="SBIN", trigger_price_1="700")
    tokens = {first["instrument_token"], second["instrument_token"]}
    world.sim.control("drop")
    wait_until(lambda: engine.process.events("feed_back"), "the log says that the feed is back", 5)
    wait_until(lambda: world.sim.watched() == tokens, "both are subscribed again", 5)
    world.sim.price(INFY, "1500")
    world.sim.price("NSE:SBIN", "700")
    engine.wait_trigger(first["id"], status="triggered")
    engine.wait_trigger(second["id"], status="triggered")


def test_a_level_that_was_passed_in_a_gap_fires_once_afterwards(world):
    engine = world.start_engine()
    trigger = engine.arm()
    world.sim.control("pause")
    world.sim.price(INFY, "1490")
    wait_until(lambda: engine.process.events("feed_lost"), "the loss is noticed", 9)
    world.sim.control("resume")
    world.sim.price(INFY, "1489.90")
    engine.wait_trigger(trigger["id"], status="triggered", seconds=20)
    time.sleep(0.5)
    equal(len(world.sim.ledger()), 1, "orders in the ledger")


def test_an_order_update_that_was_lost_with_the_ticker_is_read_from_the_book(world):
    engine = world.start_engine()
    trigger = engine.arm(order_price_1="1520")
    world.sim.price(INFY, "1500")
    order = engine.wait_trigger(trigger["id"], status="triggered", order_status="OPEN")["order_id"]
    world.sim.faults({"kind": "lose_updates", "count": 10})
    world.sim.control(f"order/{order}/fill", {"quantity": 1, "price": "1520"})
    world.sim.control("drop")
    engine.wait_trigger(trigger["id"], order_status="COMPLETE", filled_quantity=1)


# ---- 403, 429, back-off

def test_a_403_of_the_ticker_stops_the_attempts_and_says_what_to_do(world):
    world.start_sim()
    wire = world.wire()
    engine = world.start_engine(KITE_TICKER_URL=wire.url, HMT_RECONNECT_DELAY_MS="100")
    trigger = engine.arm()
    world.sim.faults({"kind": "connect_403", "count": 1000})
    world.sim.control("drop")
    health = engine.wait_status("degraded")
    wait_until(lambda: "token" in engine.reasons().lower(), "health asks for a new token")
    check(health["stats"]["websocket_status"] != "connected", "health says that it is not connected")
    check(not engine.trigger(trigger["id"])["monitored"], "the trigger says that it is not watched")
    attempts = len(wire.attempts)
    stays(lambda: len(wire.attempts) == attempts, "no more attempts", 2.5)
    wait_until(lambda: any(row["severity"] == "alarm" for row in engine.audited("broker_session_refused")),
               "an alarm is raised")


def test_a_dead_token_is_told_by_health_and_trail(world):
    engine = world.start_engine(HMT_HEALTH_CHECK_INTERVAL_MS="500")
    engine.arm()
    world.sim.control("expire")
    world.sim.control("drop")
    engine.wait_status("degraded")
    wait_until(lambda: "access token" in engine.reasons(), "health asks for a new token")
    wait_until(lambda: engine.audited("broker_session_refused"), "the trail says so")


def test_failed_reconnects_wait_as_configured_and_double(world):
    world.start_sim()
    wire = world.wire()
    engine = world.start_engine(KITE_TICKER_URL=wire.url, HMT_RECONNECT_DELAY_MS="400")
    trigger = engine.arm()
    wire.refusing = True
    before = len(wire.attempts)
    wire.drop()
    wait_until(lambda: len(wire.attempts) >= before + 4, "four attempts", 15)
    gaps = [later - earlier for earlier, later in zip(wire.attempts[before:], wire.attempts[before + 1:])]
    check(0.15 <= gaps[0] <= 1.5, f"the first wait is about 0.4 s: {gaps}")
    check(gaps[2] > gaps[0], f"the waits grow: {gaps}")
    wire.refusing = False
    engine.wait_status("running", 20)
    engine.wait_monitored(trigger["id"])
    world.sim.price(INFY, "1500")
    engine.wait_trigger(trigger["id"], status="triggered")


# ---- the cached first packet

def test_a_stale_first_packet_does_not_fire(world):
    engine = world.start_engine()
    world.sim.price(INFY, "1600")
    world.sim.faults({"kind": "stale_cached", "count": 1})
    trigger = engine.create(trigger_price_1="1580")  # yesterday's close, 1573.10, is below it
    wait_until(lambda: engine.trigger(trigger["id"])["last_price"], "the first packet")
    wait_until(lambda: not world.sim.state()["faults"], "the first packet was the stale one")
    nothing_sent(world, 1)
    equal(engine.trigger(trigger["id"])["status"], "active", "its status")
    world.sim.price(INFY, "1580")
    engine.wait_trigger(trigger["id"], status="triggered")


def test_a_stale_packet_after_a_reconnect_does_not_fire(world):
    engine = world.start_engine()
    world.sim.price(INFY, "1600")
    trigger = engine.arm(trigger_price_1="1580")
    world.sim.faults({"kind": "stale_cached", "count": 1})
    world.sim.control("drop")
    wait_until(lambda: engine.process.events("feed_back"), "the feed is back")
    wait_until(lambda: not world.sim.state()["faults"], "the first packet was the stale one")
    nothing_sent(world, 1)
    world.sim.price(INFY, "1579.90")
    engine.wait_trigger(trigger["id"], status="triggered")
