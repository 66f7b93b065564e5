"""Exactly once: kill -9 at every step, lost answers, edits while it fires."""
import random
import threading
import time

from harness import Hold, check, equal, request, wait_until

INFY = "NSE:INFY"
SHORT_ABSENCE = {"HMT_ABSENCE_WINDOW_MS": "1500"}


def crossed(world, **fields):
    """A SELL stop at 1500 whose level the price has just reached."""
    trigger = world.engine.arm(**fields)
    world.sim.price(INFY, "1499.90")
    return trigger["id"]


def one_order(world, engine, trigger_id, status="triggered"):
    """The ledger holds one order, and it is the trigger's."""
    trigger = engine.wait_trigger(trigger_id, seconds=30, status=status)
    ledger = world.sim.ledger()
    equal(len(ledger), 1, "orders in the broker's ledger")
    tags = [attempt["tag"] for attempt in engine.attempts(trigger_id)]
    check(ledger[0]["tag"] in tags, f"the order's tag {ledger[0]['tag']} is of an attempt: {tags}")
    equal(trigger["order_id"], ledger[0]["order_id"], "the trigger's order id")
    return trigger


# ---- H-a: kill -9 between decision and acknowledgement

def test_killed_before_the_broker_saw_the_order_parks_it_and_never_sends_again(world):
    world.start_engine(**SHORT_ABSENCE)
    hold = world.relay.before_order = Hold()
    trigger_id = crossed(world)
    hold.wait_arrived()
    world.engine.process.kill()
    world.relay.before_order = None
    hold.release(drop=True)
    engine = world.start_engine(**SHORT_ABSENCE)
    trigger = engine.wait_trigger(trigger_id, seconds=30, status="needs_attention")
    equal(trigger["order_status"], "UNKNOWN", "the order's status")
    world.sim.price(INFY, "1499.80")
    time.sleep(1)
    equal(len(world.relay.placements), 1, "orders that were sent")
    equal(world.sim.ledger(), [], "the broker's ledger")


def test_killed_before_the_broker_saw_the_order_and_retry_is_wanted_places_one(world):
    world.start_engine(**SHORT_ABSENCE)
    hold = world.relay.before_order = Hold()
    trigger_id = crossed(world, on_unknown="retry")
    hold.wait_arrived()
    world.engine.process.kill()
    world.relay.before_order = None
    hold.release(drop=True)
    engine = world.start_engine(**SHORT_ABSENCE)
    one_order(world, engine, trigger_id)
    tags = [placement.form["tag"] for placement in world.relay.placements]
    equal(len(tags), 2, "orders that were sent, the lost one included")
    check(tags[0] != tags[1], "a new attempt has a tag of its own")


def test_killed_after_acceptance_and_before_the_answer_counts_one(world):
    world.start_engine()
    hold = world.relay.after_order = Hold()
    trigger_id = crossed(world)
    hold.wait_arrived()
    world.engine.process.kill()
    world.relay.after_order = None
    hold.release(drop=True)
    engine = world.start_engine()
    one_order(world, engine, trigger_id)
    world.sim.price(INFY, "1499.80")
    time.sleep(1)
    equal(len(world.relay.placements), 1, "orders that were sent")
    equal(len(world.sim.ledger()), 1, "orders in the ledger")


def test_killed_while_the_broker_accepts_late_counts_one(world):
    world.start_engine()
    world.sim.faults({"kind": "late_acceptance", "delay_ms": 4000, "answer": "hang"})
    trigger_id = crossed(world)
    wait_until(lambda: world.relay.placements, "the order is sent")
    time.sleep(0.2)
    world.engine.process.kill()
    engine = world.start_engine()
    trigger = engine.trigger(trigger_id)
    check(trigger["status"] in ("firing", "triggered"), f"it is being looked up: {trigger['status']}")
    one_order(world, engine, trigger_id)
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_killed_right_after_the_answer_counts_one(world):
    world.start_engine()
    trigger_id = crossed(world)
    wait_until(lambda: world.relay.placements and world.relay.placements[0].status, "the answer", every=0.001)
    world.engine.process.kill()
    engine = world.start_engine()
    one_order(world, engine, trigger_id)
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_killed_with_fires_waiting_for_their_turn_places_each_once(world):
    slow = {"HMT_ORDERS_PER_SECOND": "1"}
    engine = world.start_engine(**slow)
    ids = [engine.create(quantity_1=number)["id"] for number in range(1, 6)]
    for each in ids:
        engine.wait_monitored(each)
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: world.relay.placements, "the first order")
    engine.process.kill()
    engine = world.start_engine(**slow)
    for each in ids:
        engine.wait_trigger(each, seconds=30, status="triggered")
    equal(sorted(entry["quantity"] for entry in world.sim.ledger()), [1, 2, 3, 4, 5], "the ledger's quantities")


def test_killed_while_it_waits_to_try_again_places_one(world):
    slow = {"HMT_RETRY_BACKOFF_MS": "4000"}
    engine = world.start_engine(**slow)
    trigger = engine.arm()
    world.relay.refuse()
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: engine.audited("order_not_placed", trigger["id"]), "the refused connection")
    engine.process.kill()
    world.relay.listen()
    engine = world.start_engine(**slow)
    one_order(world, engine, trigger["id"])
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_killed_before_the_record_was_durable_fires_after_the_restart(world):
    engine = world.start_engine()
    trigger = engine.arm()
    held = world.open_hold()
    world.sim.price(INFY, "1499.90")
    time.sleep(1)
    equal(world.relay.placements, [], "orders without a record")
    engine.process.kill()
    held.release()
    engine = world.start_engine()
    world.sim.price(INFY, "1499.80")
    one_order(world, engine, trigger["id"])
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_killed_at_random_moments_never_places_two(world):
    seed = random.randrange(10**6)
    print(f"seed {seed}", flush=True)
    draw = random.Random(seed)
    engine = world.start_engine(**SHORT_ABSENCE)
    ids = []
    for quantity in range(1, 9):
        world.sim.price(INFY, "1573.10")
        ids.append(engine.arm(quantity_1=quantity)["id"])
        world.sim.price(INFY, "1499.90")
        time.sleep(draw.random() * 0.06)
        engine.process.kill()
        engine = world.start_engine(**SHORT_ABSENCE)
        world.sim.price(INFY, "1499.80")
        wait_until(lambda: engine.trigger(ids[-1])["status"] in ("triggered", "needs_attention"),
                   f"an end of round {quantity}", 30)
    quantities = [entry["quantity"] for entry in world.sim.ledger()]
    for quantity, trigger_id in enumerate(ids, 1):
        wanted = 1 if engine.trigger(trigger_id)["status"] == "triggered" else 0
        equal(quantities.count(quantity), wanted, f"orders of round {quantity} (seed {seed})")


# ---- H-b: accepted, and the answer lost

def lost_answer(world, *faults, **environment):
    engine = world.start_engine(**environment)
    world.sim.faults(*faults)
    trigger_id = crossed(world)
    trigger = one_order(world, engine, trigger_id)
    time.sleep(1)
    equal(len(world.relay.placements), 1, "orders that were sent")
    equal(len(world.sim.ledger()), 1, "orders in the ledger")
    return trigger


NO_UPDATES = {"kind": "lose_updates", "count": 1000}


def test_accepted_and_reset_is_found_by_its_tag(world):
    lost_answer(world, {"kind": "accept_then_reset"})


def test_accepted_and_reset_is_found_in_the_order_book_alone(world):
    lost_answer(world, {"kind": "accept_then_reset"}, NO_UPDATES)


def test_accepted_and_never_answered_is_found_by_its_tag(world):
    lost_answer(world, {"kind": "accept_then_timeout"})


def test_accepted_and_never_answered_is_found_in_the_order_book_alone(world):
    lost_answer(world, {"kind": "accept_then_timeout"}, NO_UPDATES)


def test_a_400_that_says_timed_out_is_unknown_and_not_a_refusal(world):
    trigger = lost_answer(world, {"kind": "timeout_400"}, NO_UPDATES)
    check(world.engine.audited("order_unknown", trigger["id"]), "the audit says that it was unknown")


def test_a_502_that_placed_the_order_is_found(world):
    lost_answer(world, {"kind": "error_5xx_html", "placed": True}, NO_UPDATES)


def test_a_truncated_answer_is_found(world):
    lost_answer(world, {"kind": "truncated_body", "placed": True}, NO_UPDATES)


def test_a_failing_order_book_is_no_proof_of_absence(world):
    lost_answer(world, {"kind": "timeout_400"}, NO_UPDATES, {"kind": "book_5xx", "count": 4}, **SHORT_ABSENCE)


def test_a_stale_order_book_does_not_make_a_second_order(world):
    lost_answer(world, {"kind": "timeout_400"}, NO_UPDATES, {"kind": "book_stale", "count": 4})


def test_doubled_and_reordered_updates_change_nothing(world):
    engine = world.start_engine()
    world.sim.faults({"kind": "reorder_updates", "count": 2}, {"kind": "double_updates", "count": 50})
    trigger_id = crossed(world)
    one_order(world, engine, trigger_id)
    engine.wait_trigger(trigger_id, order_status="COMPLETE", filled_quantity=1)
    time.sleep(1)
    equal(engine.trigger(trigger_id)["order_status"], "COMPLETE", "the order's status at the end")


# ---- H-c: edits while it fires

def test_an_edit_or_a_cancel_while_it_fires_is_refused(world):
    engine = world.start_engine()
    hold = world.relay.before_order = Hold()
    trigger_id = crossed(world)
    hold.wait_arrived()
    trigger = engine.wait_trigger(trigger_id, status="firing")
    version = {"If-Match": f'"{trigger["version"]}"'}
    edit = engine.call("PATCH", f"/api/v1/triggers/{trigger_id}", {"quantity_1": 5}, version)
    equal((edit.status, edit.error["code"]), (409, "not_active"), "an edit while it fires")
    cancel = engine.call("DELETE", f"/api/v1/triggers/{trigger_id}", headers=version)
    equal((cancel.status, cancel.error["code"]), (409, "not_active"), "a cancellation while it fires")
    hold.release()
    one_order(world, engine, trigger_id)
    equal(world.sim.ledger()[0]["quantity"], 1, "the quantity that was armed")


def edit_storm(engine, trigger_id, stop, answers):
    quantity = 1
    while not stop.is_set():
        quantity += 1
        seen = engine.call("GET", f"/api/v1/triggers/{trigger_id}").json
        answer = engine.call("PATCH", f"/api/v1/triggers/{trigger_id}", {"quantity_1": quantity},
                             {"If-Match": f'"{seen["version"]}"'})
        answers.append(answer.status)
        if answer.status == 409:
            return


def test_a_storm_of_edits_while_the_price_crosses_places_one_order_each(world):
    engine = world.start_engine()
    symbols = {"SBIN": "800", "ITC": "400", "TCS": "3000", "IOC": "140", "INFY": "1500", "WIPRO": "230"}
    for symbol, level in symbols.items():
        trigger_id = engine.arm(trading_symbol=symbol, trigger_price_1=level)["id"]
        stop, answers = threading.Event(), []
        storms = [threading.Thread(target=edit_storm, args=(engine, trigger_id, stop, answers)) for _ in range(3)]
        for storm in storms:
            storm.start()
        wait_until(lambda: 200 in answers, f"{symbol}: an edit is made before it fires")
        time.sleep(0.15)
        world.sim.price(f"NSE:{symbol}", level)
        trigger = engine.wait_trigger(trigger_id, status="triggered")
        stop.set()
        for storm in storms:
            storm.join()
        check(set(answers) <= {200, 409, 412}, f"{symbol}: only winners, conflicts and mismatches: {set(answers)}")
        orders = [entry for entry in world.sim.ledger() if entry["tradingsymbol"] == symbol]
        equal(len(orders), 1, f"orders of {symbol}")
        equal(orders[0]["quantity"], trigger["quantity_1"], f"{symbol}: the order is of the row as it stands")


def test_of_two_edits_of_one_version_the_second_loses(world):
    engine = world.start_engine()
    trigger = engine.arm()
    path, version = f"/api/v1/triggers/{trigger['id']}", {"If-Match": f'"{trigger["version"]}"'}
    equal(engine.call("PATCH", path, {"quantity_1": 2}, version).status, 200, "the first edit")
    late = engine.call("PATCH", path, {"quantity_1": 3}, version)
    equal((late.status, late.error["code"]), (412, "version_mismatch"), "the second edit")
    equal(engine.call("PATCH", path, {"quantity_1": 3}).status, 428, "an edit that names no version")
    world.sim.price(INFY, "1500")
    one_order(world, engine, trigger["id"])
    equal(world.sim.ledger()[0]["quantity"], 2, "the quantity of the edit that won")


def test_a_fired_trigger_does_not_fire_again(world):
    engine = world.start_engine()
    trigger_id = crossed(world)
    one_order(world, engine, trigger_id)
    for price in ("1510", "1490", "1573.10", "1400"):
        world.sim.price(INFY, price)
        time.sleep(0.2)
    edit = engine.call("PATCH", f"/api/v1/triggers/{trigger_id}", {"quantity_1": 9},
                       {"If-Match": f'"{engine.trigger(trigger_id)["version"]}"'})
    equal(edit.status, 409, "an edit of a fired trigger")
    equal(len(world.sim.ledger()), 1, "orders in the ledger")
    equal(request(world.sim.address, "GET", "/sim/state").json["data"]["orders_accepted"], 1, "accepted orders")
