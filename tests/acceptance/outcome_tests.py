"""What the broker's answers and silences mean: every row of what can go wrong with an order."""
import time

from harness import check, equal, same_price, stays, two_legs, wait_until

INFY = "NSE:INFY"
SHORT_ABSENCE = {"HMT_ABSENCE_WINDOW_MS": "1500"}
FUNDS = "Insufficient funds. Required margin is 95417.84 but available margin is 74251.80."


def alarms(engine, trigger_id=None):
    return [row["event"] for row in engine.audit(trigger_id) if row["severity"] == "alarm"]


def at_rest(world, trigger_id):
    """A limit order that stands at the exchange, unfilled."""
    world.sim.price(INFY, "1500")
    world.engine.wait_trigger(trigger_id, status="triggered", order_status="OPEN")
    return world.engine.trigger(trigger_id)


# ---- H-d: accepted is not filled

def test_an_accepted_order_that_is_rejected_says_so(world):
    engine = world.start_engine()
    world.sim.faults({"kind": "reject_after_accept", "message": FUNDS})
    trigger = engine.arm()
    world.sim.price(INFY, "1499.90")
    seen = engine.wait_trigger(trigger["id"], order_status="REJECTED")
    check(FUNDS in seen["error_message"], f"the broker's words: {seen['error_message']}")
    equal(seen["filled_quantity"], 0, "the filled quantity")
    equal(seen["average_price"], None, "the average price")
    check("order_rejected" in alarms(engine, trigger["id"]), "an alarm is in the trail")
    equal(engine.attempts(trigger["id"])[0]["order_status"], "REJECTED", "the attempt's order")
    time.sleep(1)
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_a_rejection_is_learned_from_the_order_book_when_updates_are_lost(world):
    engine = world.start_engine()
    world.sim.faults({"kind": "reject_after_accept", "message": FUNDS}, {"kind": "lose_updates", "count": 100})
    trigger = engine.arm()
    world.sim.price(INFY, "1499.90")
    seen = engine.wait_trigger(trigger["id"], order_status="REJECTED", seconds=20)
    check(FUNDS in seen["error_message"], f"the broker's words: {seen['error_message']}")


def test_complete_is_never_said_before_the_fill(world):
    engine = world.start_engine()
    trigger = engine.arm(order_price_1="1520", quantity_1=10)
    seen = at_rest(world, trigger["id"])
    equal((seen["filled_quantity"], seen["average_price"]), (0, None), "what is filled while it rests")
    stays(lambda: engine.trigger(trigger["id"])["order_status"] == "OPEN", "the order is open", 0.5)
    order = seen["order_id"]
    world.sim.control(f"order/{order}/fill", {"quantity": 4, "price": "1520"})
    seen = engine.wait_trigger(trigger["id"], filled_quantity=4)
    check(seen["order_status"] != "COMPLETE", f"a part is not the whole: {seen['order_status']}")
    world.sim.control(f"order/{order}/fill", {"quantity": 6, "price": "1521"})
    seen = engine.wait_trigger(trigger["id"], order_status="COMPLETE", filled_quantity=10)
    check(same_price(seen["average_price"], "1520.6"), f"the average price: {seen['average_price']}")
    check("order_filled" in [row["event"] for row in engine.audit(trigger["id"])], "the trail says filled")


def test_an_order_that_the_broker_cancels_says_so(world):
    engine = world.start_engine()
    trigger = engine.arm(order_price_1="1520", quantity_1=10)
    order = at_rest(world, trigger["id"])["order_id"]
    world.sim.control(f"order/{order}/fill", {"quantity": 4, "price": "1520"})
    world.sim.control(f"order/{order}/cancel", {"message": "Cancelled by the exchange."})
    seen = engine.wait_trigger(trigger["id"], order_status="CANCELLED")
    check("Cancelled by the exchange." in seen["error_message"], f"the broker's words: {seen['error_message']}")
    equal(seen["filled_quantity"], 4, "the filled quantity")
    check("order_cancelled" in alarms(engine, trigger["id"]), "an alarm is in the trail")


# ---- H-e: a leg that failed leaves the other one armed

def other_leg_fires(world, fault):
    engine = world.start_engine()
    world.sim.faults(fault)
    trigger = engine.arm(**two_legs(quantity_1=3, quantity_2=5))
    world.sim.price(INFY, "1500")
    seen = engine.wait_trigger(trigger["id"], leg_1_state="failed", seconds=20)
    equal((seen["status"], seen["leg_2_state"]), ("active", "armed"), "the trigger after its stop-loss failed")
    check(FUNDS in seen["error_message"], f"the broker's words: {seen['error_message']}")
    check(alarms(engine, trigger["id"]), "an alarm is in the trail")
    engine.wait_monitored(trigger["id"])
    sent = len(world.relay.placements)
    world.sim.price(INFY, "1499")
    engine.wait_price(trigger["id"], "1499")
    stays(lambda: len(world.relay.placements) == sent, "the failed leg is not sent again", 0.4)
    world.sim.price(INFY, "1650")
    engine.wait_trigger(trigger["id"], status="triggered", triggered_leg=2, order_status="COMPLETE")
    equal(world.relay.placements[-1].form["quantity"], "5", "the quantity of the target's order")
    return engine.trigger(trigger["id"])


def test_a_refused_stop_loss_leaves_the_target_armed(world):
    other_leg_fires(world, {"kind": "refuse_400", "error_type": "MarginException", "message": FUNDS})
    equal([entry["quantity"] for entry in world.sim.ledger()], [5], "the ledger's quantities")


def test_a_stop_loss_that_is_rejected_after_acceptance_leaves_the_target_armed(world):
    other_leg_fires(world, {"kind": "reject_after_accept", "message": FUNDS})
    equal([entry["quantity"] for entry in world.sim.ledger()], [3, 5], "the ledger's quantities")


def test_a_refused_leg_that_is_edited_is_armed_again(world):
    engine = world.start_engine()
    world.sim.faults({"kind": "refuse_400", "error_type": "MarginException", "message": FUNDS})
    trigger = engine.arm(**two_legs(quantity_1=3, quantity_2=5))
    world.sim.price(INFY, "1500")
    seen = engine.wait_trigger(trigger["id"], leg_1_state="failed")
    world.sim.price(INFY, "1573.10")
    engine.wait_price(trigger["id"], "1573.10")
    edit = engine.call("PATCH", f"/api/v1/triggers/{trigger['id']}", {"quantity_1": 2},
                       {"If-Match": f'"{seen["version"]}"'})
    equal((edit.status, edit.json.get("leg_1_state")), (200, "armed"), "the edited leg")
    engine.wait_monitored(trigger["id"])
    world.sim.price(INFY, "1500")
    engine.wait_trigger(trigger["id"], status="triggered", triggered_leg=1)
    equal([entry["quantity"] for entry in world.sim.ledger()], [2], "the ledger's quantities")


# ---- refused for good

def refused_for_good(world, words, *faults):
    engine = world.start_engine()
    world.sim.faults(*faults)
    trigger = engine.arm(order_price_1="1495")
    world.sim.price(INFY, "1500")
    seen = engine.wait_trigger(trigger["id"], status="failed")
    check(words in seen["error_message"], f"the broker's words: {seen['error_message']}")
    check("order_refused" in alarms(engine, trigger["id"]), "an alarm is in the trail")
    world.sim.price(INFY, "1499.90")
    time.sleep(1.5)
    equal(len(world.relay.placements), 1, "orders that were sent: none is sent again")
    equal(world.sim.ledger(), [], "the ledger")
    equal(engine.health()["stats"]["failed_orders"], 1, "failed orders in health")


def test_too_little_money_is_refused_for_good(world):
    refused_for_good(world, FUNDS, {"kind": "refuse_400", "error_type": "MarginException", "message": FUNDS})


def test_a_price_outside_the_circuit_is_refused_for_good(world):
    refused_for_good(world, "circuit limit", {"kind": "refuse_400"})


def test_a_closed_market_is_refused_for_good(world):
    world.start_sim()
    world.sim.control("market", {"open": False})
    refused_for_good(world, "After Market Order")


# ---- known not to be placed

def test_a_429_is_tried_again_and_placed_once(world):
    engine = world.start_engine()
    world.sim.faults({"kind": "rate_429"})
    trigger = engine.arm()
    world.sim.price(INFY, "1499.90")
    engine.wait_trigger(trigger["id"], status="triggered", seconds=25)
    equal([placement.status for placement in world.relay.placements], [429, 200], "the broker's answers")
    equal(len(world.sim.ledger()), 1, "orders in the ledger")


def test_a_429_is_given_up_after_the_retries(world):
    engine = world.start_engine(HMT_MAX_RETRIES="1")
    world.sim.faults({"kind": "rate_429", "count": 100})
    trigger = engine.arm()
    world.sim.price(INFY, "1499.90")
    seen = engine.wait_trigger(trigger["id"], status="failed", seconds=25)
    check("Too many requests" in seen["error_message"], f"the broker's words: {seen['error_message']}")
    check("order_given_up" in alarms(engine, trigger["id"]), "an alarm is in the trail")
    equal(len(world.relay.placements), 2, "orders that were sent: one, and one retry")


def retries_against_a_closed_port(world, retries, **environment):
    engine = world.start_engine(**environment)
    trigger = engine.arm()
    world.relay.refuse()
    world.sim.price(INFY, "1499.90")
    engine.wait_trigger(trigger["id"], status="failed", seconds=25)
    waits = [row["detail"]["retry_in_ms"] for row in engine.audited("order_not_placed", trigger["id"])]
    attempts = engine.attempts(trigger["id"])
    equal(len(attempts), retries + 1, "attempts")
    equal({attempt["state"] for attempt in attempts}, {"not_placed"}, "their states")
    equal(len({attempt["tag"] for attempt in attempts}), retries + 1, "tags: each attempt has its own")
    return [int(wait) for wait in sorted(waits, key=int)]


def test_a_refused_connection_is_tried_again_with_doubling_waits(world):
    started = time.monotonic()
    waits = retries_against_a_closed_port(world, 3, HMT_MAX_RETRIES="3", HMT_RETRY_BACKOFF_MS="300")
    equal(waits, [300, 600, 1200], "the waits before the retries")
    check(time.monotonic() - started > 2.1, "the waits were waited")
    equal(world.sim.ledger(), [], "the ledger")


def test_without_retries_a_refused_connection_fails_at_once(world):
    equal(retries_against_a_closed_port(world, 0, HMT_MAX_RETRIES="0"), [], "the waits before the retries")


def test_a_broker_that_comes_back_between_retries_gets_one_order(world):
    engine = world.start_engine(HMT_MAX_RETRIES="5", HMT_RETRY_BACKOFF_MS="300")
    trigger = engine.arm()
    world.relay.refuse()
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: len(engine.attempts(trigger["id"])) >= 2, "a retry")
    world.relay.listen()
    engine.wait_trigger(trigger["id"], status="triggered")
    time.sleep(1)
    equal(len(world.sim.ledger()), 1, "orders in the ledger")


# ---- unknown

def test_an_order_that_is_shown_to_be_absent_is_parked_with_an_alarm(world):
    engine = world.start_engine(**SHORT_ABSENCE)
    world.sim.faults({"kind": "timeout_400_not_placed"})
    trigger = engine.arm()
    world.sim.price(INFY, "1499.90")
    engine.wait_trigger(trigger["id"], order_status="UNKNOWN")
    seen = engine.wait_trigger(trigger["id"], status="needs_attention", seconds=20)
    equal(seen["order_status"], "UNKNOWN", "the order's status")
    check(seen["error_message"], "it says what to do")
    check("order_absent" in alarms(engine, trigger["id"]), "an alarm is in the trail")
    readings = int(engine.audited("order_absent", trigger["id"])[0]["detail"]["clean_readings"])
    check(readings >= 3, f"at least three clean readings: {readings}")
    world.sim.price(INFY, "1499")
    time.sleep(1.5)
    equal(len(world.relay.placements), 1, "orders that were sent")
    equal(world.sim.ledger(), [], "the ledger")


def test_an_absent_order_is_sent_again_where_its_owner_chose_so(world):
    engine = world.start_engine(**SHORT_ABSENCE)
    world.sim.faults({"kind": "timeout_400_not_placed"})
    trigger = engine.arm(on_unknown="retry")
    world.sim.price(INFY, "1499.90")
    engine.wait_trigger(trigger["id"], status="triggered", seconds=20)
    tags = [placement.form["tag"] for placement in world.relay.placements]
    equal((len(tags), len(set(tags))), (2, 2), "orders that were sent, and their tags")
    equal([entry["tag"] for entry in world.sim.ledger()], tags[1:], "the ledger's tags")


def test_an_unknown_order_is_not_given_up_before_the_window_ends(world):
    engine = world.start_engine(HMT_ABSENCE_WINDOW_MS="60000")
    world.sim.faults({"kind": "timeout_400_not_placed"})
    trigger = engine.arm(on_unknown="retry")
    world.sim.price(INFY, "1499.90")
    engine.wait_trigger(trigger["id"], order_status="UNKNOWN")
    wait_until(lambda: world.relay.count("GET", "/orders") >= 5, "readings of the order book", 20)
    equal(engine.trigger(trigger["id"])["status"], "firing", "its status")
    equal(engine.health()["stats"]["unknown_orders"], 1, "unknown orders in health")
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_an_order_that_appears_after_it_was_parked_is_told(world):
    engine = world.start_engine(**SHORT_ABSENCE)
    world.sim.faults({"kind": "late_acceptance", "delay_ms": 7000, "answer": "timeout_400"})
    trigger = engine.arm()
    world.sim.price(INFY, "1499.90")
    engine.wait_trigger(trigger["id"], status="needs_attention", seconds=20)
    seen = engine.wait_trigger(trigger["id"], status="triggered", seconds=20)
    equal(seen["order_id"], world.sim.ledger()[0]["order_id"], "the order's id")
    check("order_appeared_late" in alarms(engine, trigger["id"]), "an alarm is in the trail")
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_a_cut_connection_that_placed_nothing_is_unknown_and_not_sent_again(world):
    engine = world.start_engine(**SHORT_ABSENCE)
    world.relay.cut_orders = 1
    trigger = engine.arm()
    world.sim.price(INFY, "1499.90")
    engine.wait_trigger(trigger["id"], status="needs_attention", seconds=20)
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_a_200_that_is_not_the_brokers_answer_is_unknown(world):
    engine = world.start_engine(**SHORT_ABSENCE)
    world.relay.scripted.append((200, {"Content-Type": "text/html"}, b"<html>Sign in to the hotel's network</html>"))
    trigger = engine.arm()
    world.sim.price(INFY, "1499.90")
    engine.wait_trigger(trigger["id"], order_status="UNKNOWN")
    engine.wait_trigger(trigger["id"], status="needs_attention", seconds=20)
    equal(len(world.relay.placements), 1, "orders that were sent")


# ---- the account, the database

def test_a_dead_session_at_the_order_keeps_the_trigger_and_says_what_to_do(world):
    engine = world.start_engine()
    world.sim.faults({"kind": "token_403", "count": 100})
    trigger = engine.arm()
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: "account_blocked" in alarms(engine, trigger["id"]), "an alarm")
    health = engine.wait_status("degraded")
    check(health["reasons"], "health says why")
    seen = engine.wait_trigger(trigger["id"], status="active")
    equal(seen["leg_1_state"], "armed", "its leg")
    for price in ("1499.80", "1499.70", "1499.60"):
        world.sim.price(INFY, price)
        time.sleep(0.3)
    equal(len(world.relay.placements), 1, "orders that were sent against a closed door")


def test_without_the_database_no_order_leaves_and_afterwards_one_does(world):
    engine = world.start_engine()
    trigger = engine.arm()
    held = world.open_hold()
    world.sim.price(INFY, "1499.90")
    health = engine.wait_status("degraded")
    check("database" in " ".join(health["reasons"]).lower(), f"health names the database: {health['reasons']}")
    stays(lambda: not world.relay.placements, "no order without a record", 1)
    check(any(event["level"] == "error" for event in engine.process.events("store_away")), "the log raises it")
    held.release()
    engine.wait_trigger(trigger["id"], status="triggered", seconds=20)
    engine.wait_status("running")
    time.sleep(1)
    equal(len(world.sim.ledger()), 1, "orders in the ledger")
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_without_the_database_changes_are_refused_and_prices_still_watched(world):
    engine = world.start_engine()
    trigger = engine.arm()
    held = world.open_hold()
    answer = engine.call("DELETE", f"/api/v1/triggers/{trigger['id']}", timeout=15)
    equal((answer.status, answer.error["code"]), (503, "unavailable"), "a cancellation")
    check("Retry-After" in answer.headers, "the answer says when to ask again")
    held.release()
    equal(engine.trigger(trigger["id"])["status"], "active", "its status: nothing half-written")
    equal(engine.call("DELETE", f"/api/v1/triggers/{trigger['id']}").status, 200, "a cancellation afterwards")
