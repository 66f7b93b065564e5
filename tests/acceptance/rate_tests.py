"""Many fires at once, and the account's limits."""
import time

from harness import check, equal, stays, wait_until

INFY = "NSE:INFY"


def arm_many(engine, count, **fields):
    ids = [engine.create(quantity_1=number, **fields)["id"] for number in range(1, count + 1)]
    for each in ids:
        engine.wait_monitored(each)
    return ids


def test_thirty_at_once_keep_to_the_limits_and_exits_go_first(world):
    world.start_sim()
    engine = world.start_engine(KITE_API_URL=f"http://{world.sim.address}")  # no relay: it would shift arrivals
    entries = [engine.create(transaction_type="BUY", direction="<=", quantity_1=number)["id"]
               for number in range(1, 16)]
    exits = [engine.create(quantity_1=100 + number)["id"] for number in range(1, 16)]
    for each in entries + exits:
        engine.wait_monitored(each)
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: engine.health()["stats"]["queued_orders"] > 0, "health shows the queue", every=0.01)
    for each in entries + exits:
        engine.wait_trigger(each, seconds=30, status="triggered")
    # An order update may tell of the order before the broker's answer has come.
    wait_until(lambda: len(engine.audited("broker_answered")) >= 30, "thirty answers", 40)
    answers = [row["detail"]["http_status"] for row in engine.audited("broker_answered")]
    equal(answers, ["200"] * 30, "the broker's answers")
    ledger = world.sim.ledger()
    equal(len({entry["tag"] for entry in ledger}), 30, "tags in the ledger")
    equal(len(ledger), 30, "orders in the ledger")
    # Ten connections of one moment may overtake each other: what counts is which ten went.
    sides = [entry["transaction_type"] for entry in ledger]
    exits_left = 15 - sides[:10].count("SELL")
    equal(sides[10:20].count("SELL"), min(10, exits_left), "exits (SELL) among the second ten")
    equal(engine.health()["stats"]["queued_orders"], 0, "queued orders at the end")


def test_one_a_second_means_one_a_second(world):
    engine = world.start_engine(HMT_ORDERS_PER_SECOND="1")
    ids = arm_many(engine, 4)
    world.sim.price(INFY, "1499.90")
    for each in ids:
        engine.wait_trigger(each, seconds=20, status="triggered")
    starts = [placement.at for placement in world.relay.placements]
    gaps = [later - earlier for earlier, later in zip(starts, starts[1:])]
    check(all(0.9 < gap < 2.5 for gap in gaps), f"the waits between orders: {gaps}")


def limited(world, **environment):
    engine = world.start_engine(**environment)
    ids = arm_many(engine, 4)
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: len(world.sim.ledger()) == 3, "three orders")
    stays(lambda: len(world.relay.placements) == 3, "the fourth waits", 2)
    wait_until(lambda: engine.health()["stats"]["queued_orders"] == 1, "health shows the one that waits")
    statuses = sorted(engine.trigger(each)["status"] for each in ids)
    equal(statuses, ["firing", "triggered", "triggered", "triggered"], "their statuses: a fire that waits is a fire")
    return engine


def test_the_limit_of_a_minute_holds(world):
    limited(world, HMT_ORDERS_PER_MINUTE="3")


def test_the_limit_of_a_day_holds_across_a_restart(world):
    engine = limited(world, HMT_ORDERS_PER_DAY="3")
    engine.process.kill()
    engine = world.start_engine(ready=False, HMT_ORDERS_PER_DAY="3")
    wait_until(lambda: "HMT_ORDERS_PER_DAY" in engine.reasons(), "health says what one waits for")
    stays(lambda: len(world.relay.placements) == 3, "the fourth still waits", 2)
    engine.process.kill()
    world.start_engine(HMT_ORDERS_PER_DAY="4")
    wait_until(lambda: len(world.sim.ledger()) == 4, "the fourth order, with room for it")


def test_a_429_holds_the_whole_account_and_loses_nothing(world):
    engine = world.start_engine(HMT_MAX_RETRIES="3")
    world.sim.faults({"kind": "rate_429"})
    first = engine.arm(quantity_1=1)
    world.sim.price(INFY, "1499.90")
    wait_until(lambda: engine.audited("order_not_placed", first["id"]), "the 429")
    told = time.monotonic()
    second = engine.arm(trading_symbol="SBIN", trigger_price_1="800", quantity_1=2)
    world.sim.price("NSE:SBIN", "800")
    stays(lambda: len(world.relay.placements) == 1, "nothing leaves while the broker cools down", 3)
    engine.wait_trigger(first["id"], status="triggered", seconds=25)
    engine.wait_trigger(second["id"], status="triggered", seconds=25)
    check(time.monotonic() - told > 8, "about ten seconds of silence")
    equal(sorted(entry["quantity"] for entry in world.sim.ledger()), [1, 2], "the ledger's quantities")
