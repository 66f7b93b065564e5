"""When a trigger fires, and what it sends."""
import signal
import time
from datetime import datetime, timedelta, timezone

from harness import check, equal, same_price, stays, two_legs, wait_until

INFY = "NSE:INFY"


def from_now(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def sent(world, count=1):
    """The forms of the orders that were sent."""
    wait_until(lambda: len(world.relay.placements) >= count, f"{count} orders are sent")
    return [placement.form for placement in world.relay.placements]


def nothing_sent(world, seconds=0.4):
    stays(lambda: not world.relay.placements, "no order is sent", seconds)


# ---- H-f: what is sent

def test_an_order_price_makes_a_limit_order_at_that_price(world):
    engine = world.start_engine()
    trigger = engine.arm(order_price_1="1495.50", quantity_1=7)
    world.sim.price(INFY, "1500")
    form = sent(world)[0]
    tag = form.pop("tag")
    check(tag.isalnum() and 1 <= len(tag) <= 20, f"a tag of at most 20 alphanumerics: {tag}")
    price = form.pop("price")
    check(same_price(price, "1495.50"), f"the order price as stored: {price}")
    equal(form, {"exchange": "NSE", "tradingsymbol": "INFY", "transaction_type": "SELL", "order_type": "LIMIT",
                 "quantity": "7", "product": "CNC", "validity": "DAY"}, "the form that was sent")
    equal(world.relay.requests[-1][1] if world.relay.requests[-1][0] == "POST" else "/orders/regular",
          "/orders/regular", "the variety")
    equal(world.relay.count("POST", "/orders/regular"), 1, "orders of the regular variety")
    engine.wait_trigger(trigger["id"], status="triggered")
    equal(engine.attempts(trigger["id"])[0]["tag"], tag, "the attempt's tag")


def test_no_order_price_makes_a_market_order_with_protection(world):
    engine = world.start_engine()
    trigger = engine.arm(quantity_1=3)
    world.sim.price(INFY, "1499.90")
    form = sent(world)[0]
    form.pop("tag")
    equal(form, {"exchange": "NSE", "tradingsymbol": "INFY", "transaction_type": "SELL", "order_type": "MARKET",
                 "quantity": "3", "product": "CNC", "validity": "DAY", "market_protection": "-1"},
          "the form that was sent")
    engine.wait_trigger(trigger["id"], order_status="COMPLETE", filled_quantity=3)
    book = world.sim.orders()[0]
    equal((book["order_type"], book["quantity"], book["status"]), ("LIMIT", 3, "COMPLETE"),
          "the order book's row, where protection has made a limit")


def test_each_leg_sends_its_own_quantity_product_and_price(world):
    engine = world.start_engine()
    legs = two_legs(quantity_1=4, order_price_1="1498", product_type_1="MIS", trigger_price_2="1600", quantity_2=9,
                    order_price_2="1599.50", product_type_2="CNC")
    trigger = engine.arm(**legs)
    world.sim.price(INFY, "1600")
    form = sent(world)[0]
    equal((form["order_type"], form["quantity"], form["product"], form["transaction_type"]),
          ("LIMIT", "9", "CNC", "SELL"), "the target's order")
    check(same_price(form["price"], "1599.50"), f"the target's order price: {form['price']}")
    seen = engine.wait_trigger(trigger["id"], status="triggered", order_status="COMPLETE")
    equal((seen["triggered_leg"], seen["leg_1_state"], seen["leg_2_state"]), (2, "dropped", "fired"), "the legs")
    world.sim.price(INFY, "1490")
    time.sleep(0.5)
    equal(len(world.relay.placements), 1, "orders after the stop-loss is reached too")


def test_the_attempt_tells_why_it_fired(world):
    engine = world.start_engine()
    trigger = engine.arm()
    world.sim.price(INFY, "1499.40")
    seen = engine.wait_trigger(trigger["id"], status="triggered")
    check(same_price(seen["triggered_price"], "1499.40"), f"the price that fired it: {seen['triggered_price']}")
    evidence = engine.attempts(trigger["id"])[0]["evidence"]
    check("1499.4" in evidence["rule"] and "1500" in evidence["rule"], f"the rule in words: {evidence['rule']}")
    events = [row["event"] for row in engine.audit(trigger["id"])]
    for event in ("created", "claimed", "broker_answered", "order_placed"):
        check(event in events, f"the trail has {event}: {events}")


# ---- H-g, H-h: direction, levels

def quadrant(world, side, direction, level, short_of, start):
    """It holds still just short of the level, and a touch is a hit."""
    engine = world.start_engine()
    world.sim.price(INFY, start)
    trigger = engine.arm(transaction_type=side, direction=direction, trigger_price_1=level)
    world.sim.price(INFY, short_of)
    engine.wait_price(trigger["id"], short_of)
    nothing_sent(world)
    world.sim.price(INFY, level)
    equal(sent(world)[0]["transaction_type"], side, "the side of the order")
    engine.wait_trigger(trigger["id"], status="triggered", triggered_leg=1)
    equal(len(world.sim.ledger()), 1, "orders in the ledger")


def test_buy_at_or_above(world):
    quadrant(world, "BUY", ">=", "1600", "1599.90", "1573.10")


def test_buy_the_dip(world):
    quadrant(world, "BUY", "<=", "1500", "1500.10", "1573.10")


def test_sell_at_or_above(world):
    quadrant(world, "SELL", ">=", "1600", "1599.90", "1573.10")


def test_sell_at_or_below(world):
    quadrant(world, "SELL", "<=", "1500", "1500.10", "1573.10")


def test_without_a_direction_buy_fires_upward(world):
    quadrant(world, "BUY", None, "1600", "1599.90", "1573.10")


def test_without_a_direction_sell_fires_downward(world):
    quadrant(world, "SELL", None, "1500", "1500.10", "1573.10")


def test_the_two_legs_of_a_buy_fire_above_the_stop_and_below_the_target(world):
    engine = world.start_engine()
    stop = engine.arm(**two_legs(transaction_type="BUY", trigger_price_1="1600", trigger_price_2="1500"))
    target = engine.arm(trading_symbol="SBIN", **two_legs(transaction_type="BUY", trigger_price_1="850",
                                                          trigger_price_2="800"))
    world.sim.price(INFY, "1600")
    world.sim.price("NSE:SBIN", "800")
    engine.wait_trigger(stop["id"], status="triggered", triggered_leg=1)
    engine.wait_trigger(target["id"], status="triggered", triggered_leg=2)


def test_a_level_counts_and_not_a_reference_price_of_long_ago(world):
    engine = world.start_engine()
    world.sim.price(INFY, "1600")
    trigger = engine.arm()
    equal(engine.stop().status, 200, "stop")
    for price in ("1450", "1600"):  # nobody watches: there and back again
        world.sim.price(INFY, price)
    equal(engine.start().status, 200, "start")
    engine.wait_status("running")
    engine.wait_monitored(trigger["id"])
    nothing_sent(world, 0.8)
    world.sim.price(INFY, "1550")
    engine.wait_price(trigger["id"], "1550")
    nothing_sent(world)
    world.sim.price(INFY, "1500")
    sent(world)
    engine.wait_trigger(trigger["id"], status="triggered")


def test_a_level_that_was_passed_while_nobody_watched_fires_on_the_next_fresh_price(world):
    engine = world.start_engine()
    trigger = engine.arm()
    engine.process.kill()
    world.sim.price(INFY, "1480")
    engine = world.start_engine()
    world.sim.price(INFY, "1479.90")
    seen = engine.wait_trigger(trigger["id"], status="triggered")
    check(same_price(seen["triggered_price"], "1480") or same_price(seen["triggered_price"], "1479.90"),
          "the price at which it fired is one of now")


def test_a_level_that_is_reached_already_has_to_be_wanted(world):
    engine = world.start_engine()
    world.sim.price(INFY, "1490")
    far = engine.arm(trigger_price_1="1000")
    engine.wait_price(far["id"], "1490")
    fields = {"exchange": "NSE", "trading_symbol": "INFY", "condition_type": "single", "transaction_type": "SELL",
              "product_type_1": "CNC", "trigger_price_1": "1500", "quantity_1": 1}
    refused = engine.call("POST", "/api/v1/triggers", fields)
    equal((refused.status, refused.error["code"], refused.error["field"]),
          (409, "already_crossed", "trigger_price_1"), "a level behind the price")
    wanted = engine.create(fire_if_crossed=True)
    world.sim.price(INFY, "1489.90")
    engine.wait_trigger(wanted["id"], status="triggered")
    equal(engine.trigger(far["id"])["status"], "active", "the other trigger")


def test_a_level_that_holds_when_it_is_armed_fires_on_the_price_that_stands(world):
    engine = world.start_engine()
    engine.arm(trigger_price_1="1300")  # watches the instrument, and stays
    world.sim.price(INFY, "1490")
    engine.wait_price(engine.create(trigger_price_1="1200")["id"], "1490")
    before = len(world.sim.ledger())
    wanted = engine.create(trigger_price_1="1500", fire_if_crossed=True)  # and no packet comes any more
    engine.wait_trigger(wanted["id"], status="triggered", seconds=5)
    equal(len(world.sim.ledger()) - before, 1, "orders")


def test_an_edited_level_counts_from_now_on(world):
    engine = world.start_engine()
    trigger = engine.arm()
    path = f"/api/v1/triggers/{trigger['id']}"
    edit = engine.call("PATCH", path, {"trigger_price_1": "1450"}, {"If-Match": f'"{trigger["version"]}"'})
    equal(edit.status, 200, "the edit")
    engine.wait_monitored(trigger["id"])
    world.sim.price(INFY, "1490")
    engine.wait_price(trigger["id"], "1490")
    nothing_sent(world)
    world.sim.price(INFY, "1450")
    engine.wait_trigger(trigger["id"], status="triggered")


def test_a_cancelled_trigger_does_not_fire(world):
    engine = world.start_engine()
    trigger = engine.arm()
    equal(engine.call("DELETE", f"/api/v1/triggers/{trigger['id']}").status, 200, "the cancellation")
    world.sim.price(INFY, "1490")
    nothing_sent(world, 0.8)
    equal(engine.trigger(trigger["id"])["status"], "cancelled", "its status")


# ---- H-i: expiry

def test_an_expired_trigger_does_not_fire(world):
    engine = world.start_engine()
    trigger = engine.arm(expires_at=from_now(1.5))
    engine.wait_trigger(trigger["id"], status="expired")
    world.sim.price(INFY, "1490")
    nothing_sent(world, 0.8)
    check(engine.audited("expired", trigger["id"]), "the trail says that it expired")


def test_a_trigger_that_expired_while_the_engine_was_down_does_not_fire(world):
    engine = world.start_engine()
    trigger = engine.arm(expires_at=from_now(3))
    engine.process.kill()
    time.sleep(3)
    world.sim.price(INFY, "1490")
    engine = world.start_engine()
    engine.wait_trigger(trigger["id"], status="expired")
    world.sim.price(INFY, "1489.90")
    nothing_sent(world, 0.8)


def test_a_trigger_that_expired_while_the_process_was_frozen_does_not_fire(world):
    engine = world.start_engine()
    trigger = engine.arm(expires_at=from_now(3))
    engine.process.signal(signal.SIGSTOP)
    world.sim.price(INFY, "1490")
    time.sleep(3.2)
    engine.process.signal(signal.SIGCONT)
    engine.wait_trigger(trigger["id"], status="expired")
    nothing_sent(world, 0.8)


def test_before_its_expiry_it_fires(world):
    engine = world.start_engine()
    trigger = engine.arm(expires_at=from_now(600))
    world.sim.price(INFY, "1490")
    engine.wait_trigger(trigger["id"], status="triggered")


# ---- H-j: segments

def currency(world, exchange, level, short_of, order_price):
    engine = world.start_engine()
    found = engine.get(f"/api/v1/instruments?q={exchange}:USDINR")["instruments"]
    future = next(each for each in found if each["exchange"] == exchange and each["instrument_type"] == "FUT")
    check(same_price(future["tick_size"], "0.0025"), f"the tick size: {future['tick_size']}")
    symbol = future["trading_symbol"]
    trigger = engine.arm(exchange=exchange, trading_symbol=symbol, product_type_1="NRML", trigger_price_1=level,
                         order_price_1=order_price)
    equal((trigger["trigger_price_1"], trigger["order_price_1"]), (level, order_price), "prices in the answer")
    world.sim.price(f"{exchange}:{symbol}", short_of)
    engine.wait_price(trigger["id"], short_of)
    nothing_sent(world)
    world.sim.price(f"{exchange}:{symbol}", level)
    form = sent(world)[0]
    equal((form["exchange"], form["tradingsymbol"], form["price"]), (exchange, symbol, order_price), "the order")
    seen = engine.wait_trigger(trigger["id"], status="triggered")
    equal(seen["triggered_price"], level, "the price at which it fired")


def test_a_quarter_paisa_tick_of_cds_fires_at_exactly_its_price(world):
    currency(world, "CDS", "89.2325", "89.2350", "89.2275")


def test_a_quarter_paisa_tick_of_bcd_fires_at_exactly_its_price(world):
    currency(world, "BCD", "89.2325", "89.2350", "89.2275")


def test_an_mcx_future_fires_at_its_price(world):
    engine = world.start_engine()
    found = engine.get("/api/v1/instruments?q=MCX:GOLD")["instruments"]
    symbol = next(each for each in found if each["exchange"] == "MCX")["trading_symbol"]
    trigger = engine.arm(exchange="MCX", trading_symbol=symbol, product_type_1="NRML", trigger_price_1="124000")
    world.sim.price(f"MCX:{symbol}", "124001")
    engine.wait_price(trigger["id"], "124001")
    nothing_sent(world)
    world.sim.price(f"MCX:{symbol}", "124000")
    engine.wait_trigger(trigger["id"], status="triggered")


def test_a_lot_of_an_nfo_future_is_sent_whole(world):
    engine = world.start_engine()
    found = engine.get("/api/v1/instruments?q=NFO:NIFTY&limit=100")["instruments"]
    future = next(each for each in found if each["instrument_type"] == "FUT" and each["name"] == "NIFTY")
    trigger = engine.arm(exchange="NFO", trading_symbol=future["trading_symbol"], product_type_1="NRML",
                         trigger_price_1="26000", quantity_1=2 * future["lot_size"])
    world.sim.price(f"NFO:{future['trading_symbol']}", "26000")
    equal(sent(world)[0]["quantity"], str(2 * future["lot_size"]), "the quantity that was sent")
    engine.wait_trigger(trigger["id"], status="triggered", order_status="COMPLETE")


# ---- groups

def test_of_a_group_only_one_fires_and_the_other_is_cancelled(world):
    engine = world.start_engine()
    group = "7b0c2a0e-58c5-4d4c-9c58-0d3a1f5f0a01"
    ids = [engine.create(parent_id=group, quantity_1=quantity)["id"] for quantity in (1, 2, 3)]
    for each in ids:
        engine.wait_monitored(each)
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: sorted(engine.trigger(each)["status"] for each in ids) ==
               ["cancelled", "cancelled", "triggered"], "one winner")
    world.sim.price(INFY, "1499")
    time.sleep(0.5)
    equal(len(world.sim.ledger()), 1, "orders in the ledger")
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_a_group_whose_first_order_is_refused_keeps_its_others(world):
    engine = world.start_engine()
    group = "7b0c2a0e-58c5-4d4c-9c58-0d3a1f5f0a02"
    world.sim.faults({"kind": "refuse_400", "error_type": "MarginException", "message": "Insufficient funds."})
    stop = engine.arm(parent_id=group)
    target = engine.arm(parent_id=group, direction=">=", trigger_price_1="1600", quantity_1=2)
    world.sim.price(INFY, "1500")
    engine.wait_trigger(stop["id"], status="failed")
    engine.wait_monitored(target["id"])
    world.sim.price(INFY, "1600")
    engine.wait_trigger(target["id"], status="triggered")
    equal([entry["quantity"] for entry in world.sim.ledger()], [2], "the ledger's quantities")


# ---- subscriptions

def test_the_first_trigger_of_an_instrument_subscribes_and_the_last_unsubscribes(world):
    engine = world.start_engine()
    equal(world.sim.watched(), set(), "subscriptions at the start")
    first, second = engine.arm(), engine.arm(trigger_price_1="1400")
    other = engine.arm(trading_symbol="SBIN", trigger_price_1="700")
    infy, sbin = first["instrument_token"], other["instrument_token"]
    equal(world.sim.watched(), {infy, sbin}, "subscriptions with three triggers")
    equal(engine.call("DELETE", f"/api/v1/triggers/{first['id']}").status, 200, "the first cancellation")
    stays(lambda: world.sim.watched() == {infy, sbin}, "the instrument stays subscribed", 0.4)
    equal(engine.call("DELETE", f"/api/v1/triggers/{second['id']}").status, 200, "the last cancellation")
    wait_until(lambda: world.sim.watched() == {sbin}, "the instrument is not subscribed")
    world.sim.price("NSE:SBIN", "700")
    engine.wait_trigger(other["id"], status="triggered")
    wait_until(lambda: world.sim.watched() == set(), "nothing is subscribed")
    wait_until(lambda: engine.health()["stats"]["subscribed_instruments"] == 0, "health says so")
