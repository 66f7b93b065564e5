#!/usr/bin/env python3
"""Two processes on one database, and the holder killed or frozen again and again under a stream of fires: each fired
trigger is exactly once in the broker's ledger.

    two_engines.py HMT [--disturbances 8] [--lease-ms 2000] [--seed S]

A killed holder is started again and waits for its turn; a frozen one wakes when the other has long taken over, and must
neither claim nor send. Prints how long each take-over took. The last line is `N passed, N failed`.
"""
import argparse
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections import Counter

import backends
import harness
import rows
from harness import Engine, check, equal, wait_until

NO_LIMITS = ("--orders-per-second", "0", "--orders-per-minute", "0", "--orders-per-day", "0")
FAST = {"HMT_ORDERS_PER_SECOND": "100", "HMT_ORDERS_PER_MINUTE": "1000000", "HMT_ORDERS_PER_DAY": "1000000",
        "HMT_ABSENCE_WINDOW_MS": "1500", "HMT_RECONNECT_DELAY_MS": "200", "HMT_HEALTH_CHECK_INTERVAL_MS": "1000"}
LARGEST_ORDER = 90_000  # quantities tell the triggers apart, and the exchange takes no larger ones


class Stream(threading.Thread):
    """Rows that fire at the next price, and prices, until told to stop."""

    def __init__(self, world, owner, draw):
        super().__init__()
        self.world, self.owner, self.draw = world, owner, draw
        self.ids = {}  # id → quantity
        self.stopped = threading.Event()
        self.trouble = None

    def run(self):
        session = self.world.database.session()
        try:
            while not self.stopped.is_set():
                for _ in range(self.draw.choice((1, 1, 2, 5))):
                    self.write(session)
                self.world.sim.price("NSE:INFY", f"14{self.draw.randint(10, 99)}.{self.draw.randint(0, 9)}0")
                time.sleep(self.draw.uniform(0.05, 0.2))
        except Exception:  # reported by whoever joins
            self.trouble = traceback.format_exc()
        finally:
            session.close()

    def write(self, session):
        quantity = len(self.ids) + 1
        row = {**rows.row(self.owner), "quantity_1": quantity, "on_unknown": self.draw.choice(("park", "retry"))}
        self.ids[session.run(rows.insert(row))] = quantity
        check(quantity < LARGEST_ORDER, "no quantity is left to tell triggers apart")


class TwoEngines:
    def __init__(self, world, options):
        self.world, self.options = world, options
        self.draw = random.Random(options.seed)
        self.environment = {**FAST, "HMT_LEASE_MS": str(options.lease_ms)}
        self.engines = []
        self.stream = None
        self.took = {"killed": [], "frozen": []}
        self.ended = Counter()

    def start(self):
        self.world.start_sim(*NO_LIMITS)
        self.engines = [self.world.start_engine(**self.environment), self.another()]
        self.owner = self.engines[0].arm(trigger_price_1="100")
        self.stream = Stream(self.world, self.owner, random.Random(self.options.seed + 1))
        self.stream.start()

    def stop(self):
        if self.stream:
            self.stream.stopped.set()
            self.stream.join()

    def another(self):
        return Engine(self.world, self.world.environment(**self.environment), ready=False)

    def runs(self, engine):
        """The epoch under which it says that it runs; nothing when it does not."""
        try:
            health = engine.health()
        except (OSError, harness.Failure):
            return None
        return health["lease_epoch"] if health["status"] == "running" else None

    def holder(self):
        return next((engine for engine in self.engines if self.runs(engine)), None)

    def disturb(self, number):
        holder = wait_until(self.holder, "one of the two runs", 60)
        time.sleep(self.draw.uniform(0.1, 1.5))
        other = next(engine for engine in self.engines if engine is not holder)
        epoch = self.world.database.rows("SELECT epoch FROM hmt_lease")[0]["epoch"]
        how = self.draw.choice(("killed", "frozen"))
        began = time.monotonic()
        if how == "killed":
            holder.process.kill()
        else:
            holder.process.signal(signal.SIGSTOP)
        try:
            wait_until(lambda: (self.runs(other) or 0) > epoch, f"disturbance {number}: the standby runs", 60)
            self.took[how].append(time.monotonic() - began)
            if how == "frozen":
                time.sleep(self.draw.uniform(0, 1))
        finally:
            if how == "frozen":
                holder.process.signal(signal.SIGCONT)
        self.restore(holder, how)

    def restore(self, engine, how):
        """A killed one is started again; a frozen one becomes the standby, or ends and is started again."""
        if how == "frozen":
            time.sleep(1)
            if engine.process.is_running():
                self.ended["woken and waiting"] += 1
                return
            self.ended["woken and ended"] += 1
        at = self.engines.index(engine)
        self.engines[at] = self.another()

    def finish(self):
        """Until everything that was written has come to an end."""
        self.stop()
        check(not self.stream.trouble, str(self.stream.trouble))
        prices = ("1405", "1404")

        def quiet():
            for price in prices:
                self.world.sim.price("NSE:INFY", price)
            found = self.world.database.rows("SELECT status, count(*) AS n FROM hmt_gtt_orders GROUP BY status")
            counts = {row["status"]: row["n"] for row in found}
            return counts if counts.get("active") == 1 and not counts.get("firing") else None
        return wait_until(quiet, "all have fired or are parked", 120, 0.5)

    def verdicts(self):
        """What is wrong, by property."""
        ledger = Counter(entry["quantity"] for entry in self.world.sim.ledger())
        found = self.world.database.rows("SELECT id, status, quantity_1 FROM hmt_gtt_orders")
        table = {row["id"]: row for row in found if row["id"] != self.owner["id"]}
        wanted = {"triggered": 1, "needs_attention": 0}
        return {
            "no order is there twice": [f"quantity {q}: {n} orders" for q, n in ledger.items() if n != 1],
            "every row is there": [each for each in self.stream.ids if each not in table],
            "a triggered row has its order, a parked one has none": [
                f"{each}: {row['status']}, {ledger[row['quantity_1']]} orders" for each, row in table.items()
                if ledger[row["quantity_1"]] != wanted.get(row["status"])],
            "no order is nobody's": sorted(set(ledger) - set(self.stream.ids.values())),
        }

    def tell(self, counts):
        for how, taken in self.took.items():
            if taken:
                taken.sort()
                p99 = taken[min(len(taken) - 1, round(0.99 * (len(taken) - 1)))]
                print(f"told: take-over from a {how} holder ({len(taken)}×, lease {self.options.lease_ms} ms): "
                      f"min {taken[0]:.2f} s, median {taken[len(taken) // 2]:.2f} s, p99 {p99:.2f} s, max {taken[-1]:.2f} s",
                      flush=True)
        print(f"told: {len(self.stream.ids)} triggers written, {len(self.world.sim.ledger())} orders, rows: {counts}; "
              f"frozen ones: {dict(self.ended)}", flush=True)

    def sanitizers(self):
        report = self.world.sanitizer_report()
        return [report] if report else []


def run(options):
    backend = backends.Postgres(options.hmt)
    world = harness.World(options.hmt, "two_engines", backend)
    passed = failed = 0
    print(f"two engines: seed {options.seed}, {options.disturbances} kills and pauses", flush=True)
    pair = TwoEngines(world, options)
    try:
        pair.start()
        for number in range(options.disturbances):
            pair.disturb(number)
        pair.tell(pair.finish())
        for name, wrong in {**pair.verdicts(), "no sanitizer speaks": pair.sanitizers()}.items():
            passed, failed = passed + (not wrong), failed + bool(wrong)
            print(f"{'FAIL' if wrong else 'ok  '} {name}" + (f": {wrong[:10]}" if wrong else ""), flush=True)
        check(pair.stream.ids, "something was written")
        equal([engine.process.end() for engine in pair.engines], [0, 0], "the exit codes")
    except Exception:  # whatever happens is the failure
        failed += 1
        print(f"FAIL\n{traceback.format_exc()}\n{world.logs()}", flush=True)
    finally:
        pair.stop()
        world.close()
        backend.close()
    print(f"{passed} passed, {failed} failed", flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hmt")
    parser.add_argument("--disturbances", type=int, default=8)
    parser.add_argument("--lease-ms", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    options = parser.parse_args()
    options.hmt = os.path.abspath(options.hmt)
    return 1 if run(options) else 0


if __name__ == "__main__":
    sys.exit(main())
