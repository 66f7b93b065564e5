"""One database, one engine: a second one, a frozen one, one that was overtaken. Two engines beside one PostgreSQL, of which
one waits: two_engines.py."""
import signal
import time

from backends import only
from harness import check, equal, stays, wait_until

INFY = "NSE:INFY"


WAITS = "beside PostgreSQL a second engine waits for its turn: postgres.a_second_engine_…, two_engines.py"


@only("sqlite", WAITS)
def test_a_second_engine_on_the_same_database_refuses_to_start(world):
    engine = world.start_engine()
    trigger = engine.arm()
    code, said = world.serve_and_end()
    equal(code, 1, "the second engine's exit code")
    check("hmt.db" in said and "another" in said.lower(), f"it says who holds what: {said}")
    world.sim.price(INFY, "1500")
    engine.wait_trigger(trigger["id"], status="triggered")
    equal(len(world.sim.ledger()), 1, "orders in the ledger")


@only("sqlite", WAITS)
def test_a_second_engine_under_another_path_of_the_same_file_refuses_too(world):
    world.start_engine()
    code, _ = world.serve_and_end(HMT_DATABASE_URL="sqlite:./hmt.db")
    equal(code, 1, "the second engine's exit code")


@only("sqlite", WAITS)
def test_a_frozen_engine_keeps_its_database(world):
    engine = world.start_engine()
    trigger = engine.arm()
    engine.process.signal(signal.SIGSTOP)
    code, _ = world.serve_and_end()
    equal(code, 1, "the second engine's exit code")
    engine.process.signal(signal.SIGCONT)
    engine.wait_status("running")
    world.sim.price(INFY, "1500")
    engine.wait_trigger(trigger["id"], status="triggered", seconds=20)
    equal(len(world.sim.ledger()), 1, "orders in the ledger")


def test_after_a_kill_the_next_engine_takes_over_under_a_new_epoch(world):
    engine = world.start_engine()
    trigger = engine.arm()
    epoch = engine.health()["lease_epoch"]
    engine.process.kill()
    engine = world.start_engine()
    check(engine.health()["lease_epoch"] > epoch, "the lease's epoch has grown")
    engine.wait_monitored(trigger["id"])
    world.sim.price(INFY, "1500")
    engine.wait_trigger(trigger["id"], status="triggered")


def test_an_engine_that_was_frozen_between_decision_and_order_does_not_send_late(world):
    engine = world.start_engine(HMT_LEASE_MS="10000")  # it is frozen for less
    trigger = engine.arm()
    held = world.open_hold()
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: engine.process.events("claimed"), "the decision is made")
    engine.process.signal(signal.SIGSTOP)
    world.sim.price(INFY, "1573.10")
    held.release()
    time.sleep(2.5)
    engine.process.signal(signal.SIGCONT)
    wait_until(lambda: engine.audited("not_sent", trigger["id"]), "the trail says that it was not sent")
    engine.wait_trigger(trigger["id"], status="active", leg_1_state="armed")
    stays(lambda: not world.relay.placements, "no order of a price that is gone", 1)
    engine.wait_monitored(trigger["id"])
    world.sim.price(INFY, "1499.80")
    engine.wait_trigger(trigger["id"], status="triggered")
    equal(len(world.sim.ledger()), 1, "orders in the ledger")


@only("sqlite", "beside PostgreSQL it becomes the standby: postgres.an_engine_that_lost_its_lease_…")
def test_an_engine_that_lost_its_lease_sends_nothing_and_ends(world):
    engine = world.start_engine()
    trigger = engine.arm()
    world.database.execute("UPDATE hmt_lease SET epoch = epoch + 1, holder = 'another engine'")
    world.sim.price(INFY, "1499.90")
    equal(engine.process.wait(15), 1, "the exit code of an engine that was overtaken")
    check(engine.process.events("fenced"), "the log says why")
    equal(world.relay.placements, [], "orders that were sent")
    engine = world.start_engine()
    world.sim.price(INFY, "1499.80")
    engine.wait_trigger(trigger["id"], status="triggered")
    equal(len(world.sim.ledger()), 1, "orders in the ledger")
