"""A database that crashes, cuts connections or stops answering, at any time: nothing is lost, and nothing fires twice."""
import random
import threading
import time

import rows
from backends import only
from harness import Failure, check, equal, stays, wait_until

ONLY = only("postgres", "a server that can go away; SQLite's file: outcome.without_the_database_…")
INFY = "NSE:INFY"
FAST = {"HMT_ORDERS_PER_SECOND": "100", "HMT_ORDERS_PER_MINUTE": "100000", "HMT_ABSENCE_WINDOW_MS": "1500"}
NO_LIMITS = ("--orders-per-second", "0", "--orders-per-minute", "0", "--orders-per-day", "0")


def started(world, count, **environment):
    """An engine with `count` armed stops at 1500, told apart by their quantities."""
    world.start_sim(*NO_LIMITS)
    engine = world.start_engine(**{**FAST, **environment})
    owner = engine.create(trigger_price_1="1000")
    if count:
        world.database.execute(rows.insert([rows.row(owner, quantity_1=number) for number in range(1, count + 1)]))
    wait_until(lambda: engine.health()["stats"]["active_triggers"] == count + 1, "all are armed", 30)
    return engine, owner


def ordered(world):
    return sorted(entry["quantity"] for entry in world.sim.ledger())


def wait_all_once(world, count, seconds=60):
    try:
        wait_until(lambda: len(ordered(world)) >= count, f"{count} orders", seconds)
    finally:
        equal(ordered(world), list(range(1, count + 1)), "the ledger's quantities")


def test_a_crash_of_the_database_holds_a_fire_back_until_it_is_there_again(world):
    database = world.use_private_database()
    engine, _ = started(world, 1)
    database.server.stop("immediate")
    world.sim.price(INFY, "1499.90")
    health = engine.wait_status("degraded")
    check("database" in " ".join(health["reasons"]).lower(), f"health names the database: {health['reasons']}")
    stays(lambda: not world.relay.placements, "no order without a record", 1)
    check(any(event["level"] == "error" for event in engine.process.events("store_away")), "the log raises it")
    database.server.start()
    wait_all_once(world, 1)
    engine.wait_status("running", 30)
    equal(len(world.relay.placements), 1, "orders that were sent")


def test_an_idle_engine_notices_a_crash_and_recovers(world):
    database = world.use_private_database()
    engine, owner = started(world, 0)
    database.server.stop("immediate")
    engine.wait_status("degraded", 30)
    database.server.start()
    engine.wait_status("running", 30)
    trigger_id = database.execute(rows.insert(rows.row(owner)))
    engine.wait_monitored(trigger_id)
    world.sim.price(INFY, "1500")
    engine.wait_trigger(trigger_id, status="triggered")


def test_rows_that_change_while_the_engine_is_cut_off_are_followed_afterwards(world):
    engine, owner = started(world, 1)
    first = engine.get("/api/v1/triggers")["triggers"][0]["id"]
    stop, cutting = cut_again_and_again(world, 0.02, 0.05)
    try:
        added = world.database.execute(rows.insert(rows.row(owner, quantity_1=2, trigger_price_1="1450")))
        world.database.execute(rows.update(first, trigger_price_1="1440"))
        time.sleep(1)
    finally:
        stop.set()
        cutting.join()
    engine.wait_status("running", 30)
    engine.wait_monitored(added)
    world.sim.price(INFY, "1450")
    engine.wait_trigger(added, status="triggered")
    equal(ordered(world), [2], "the ledger's quantities: the other one waits at its new level")


def test_a_database_that_crashes_again_and_again_makes_nothing_fire_twice(world):
    seed = random.randrange(10**6)
    draw = random.Random(seed)
    database = world.use_private_database()
    engine, owner = started(world, 0)
    number = 0
    for _ in range(5):
        world.sim.price(INFY, "1573")
        engine.wait_price(owner["id"], "1573")
        wanted = range(number + 1, number + 9)
        number += 8
        ids = database.execute(rows.insert([rows.row(owner, quantity_1=each) for each in wanted])).split()
        for each in ids:
            engine.wait_monitored(each)
        world.sim.price(INFY, "1499.90")
        time.sleep(draw.random() * 0.08)
        database.server.restart("immediate")
        try:
            for each in ids:
                engine.wait_trigger(each, seconds=40, status="triggered")
            engine.wait_status("running", 30)
        except Failure as failure:
            raise Failure(f"seed {seed}: {failure}") from None
    wait_all_once(world, number)


def cut_again_and_again(world, shortest, longest):
    stop = threading.Event()

    def cut():
        draw = random.Random(1)
        while not stop.is_set():
            world.database.cut()
            time.sleep(draw.uniform(shortest, longest))

    cutting = threading.Thread(target=cut)
    cutting.start()
    return stop, cutting


def test_connections_that_are_cut_again_and_again_make_nothing_fire_twice_or_never(world):
    count = 60
    engine, _ = started(world, count)
    stop, cutting = cut_again_and_again(world, 0.05, 0.25)
    try:
        for price in ("1499.90", "1499.80", "1499.70", "1499.60"):
            world.sim.price(INFY, price)
            time.sleep(1.5)
    finally:
        stop.set()
        cutting.join()
    engine.wait_status("running", 30)
    world.sim.price(INFY, "1499.50")
    wait_all_once(world, count)
    wait_until(lambda: not engine.get("/api/v1/triggers?status=firing")["triggers"], "none is left firing", 30)


def test_a_database_that_does_not_answer_holds_fires_back_and_requests_not_for_ever(world):
    database = world.use_private_database()
    engine, owner = started(world, 1, HMT_LEASE_MS="10000")
    database.server.pause()
    try:
        world.sim.price(INFY, "1499.90")
        engine.wait_status("degraded", 30)
        began = time.monotonic()
        answer = engine.call("GET", f"/api/v1/triggers/{owner['id']}", timeout=20)
        equal(answer.status, 503, f"the answer meanwhile: {answer.text}")
        check(time.monotonic() - began < 15, "no request hangs")
        equal(world.relay.placements, [], "orders without a record")
    finally:
        database.server.resume()
    wait_until(lambda: ended_or_running(engine), "it recovers, or ends to be started again", 40)
    if not engine.process.is_running():
        engine = world.start_engine(**FAST)
    world.sim.price(INFY, "1499.80")
    wait_all_once(world, 1)


def ended_or_running(engine):
    return not engine.process.is_running() or engine.health()["status"] == "running"
