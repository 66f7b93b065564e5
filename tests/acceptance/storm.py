#!/usr/bin/env python3
"""Thousands of rows inserted, updated and deleted by psql on several connections while the engine runs and its own
connections are cut again and again: at the end its memory and the table agree, by a full compare.

    storm.py HMT [--rows 2000] [--writers 4] [--seed S]

The compare: every active row is watched, the engine counts as many as the table, and one move of the price fires exactly
the rows whose level it reaches, once each, with what the table says. The last line is `N passed, N failed`.
"""
import argparse
import os
import random
import sys
import threading
import time
import traceback
from collections import Counter

import backends
import harness
import rows
from harness import check, equal, wait_until

NO_LIMITS = ("--orders-per-second", "0", "--orders-per-minute", "0", "--orders-per-day", "0")
FAST = {"HMT_ORDERS_PER_SECOND": "1000", "HMT_ORDERS_PER_MINUTE": "1000000", "HMT_ORDERS_PER_DAY": "1000000"}
SHARES = {"INFY": ("1573", "1500", "1000"), "SBIN": ("815", "760", "500"), "TCS": ("3250", "3000", "2500")}
LARGEST_ORDER = 90_000  # quantities tell the rows apart, and the exchange takes no larger ones


class Writer(threading.Thread):
    """One psql that writes its own rows: many in one statement, several statements in one transaction, some taken back."""

    def __init__(self, database, owners, seed, count, first_quantity):
        super().__init__()
        self.session = database.session()
        self.owners, self.draw = owners, random.Random(seed)
        self.left, self.to_update, self.quantity = count, count, first_quantity
        self.rows = {}  # as the table must hold them: id → (symbol, level, quantity)
        self.done = Counter()
        self.trouble = None

    def run(self):
        try:
            while self.left > 0 or (self.to_update > 0 and self.rows):
                self.transaction()
        except Exception:  # reported by whoever joins
            self.trouble = traceback.format_exc()
        finally:
            self.session.close()

    def transaction(self):
        before, rolled_back = dict(self.rows), self.draw.random() < 0.1
        self.session.run("BEGIN")
        for _ in range(self.draw.choice((1, 1, 1, 3))):
            self.draw.choice((self.insert, self.update, self.update, self.delete))()
        time.sleep(self.draw.choice((0, 0, 0.02, 0.2)))  # it commits after others that began later
        self.session.run("ROLLBACK" if rolled_back else "COMMIT")
        if rolled_back:
            self.rows = before
        self.done["transactions taken back" if rolled_back else "transactions"] += 1

    def one(self):
        symbol = self.draw.choice(list(SHARES))
        return symbol, self.draw.choice(SHARES[symbol][1:]), self.next_quantity()

    def next_quantity(self):
        self.quantity = self.quantity % LARGEST_ORDER + 1
        return self.quantity

    def insert(self):
        new = [self.one() for _ in range(min(self.left, self.draw.choice((1, 2, 10, 40))))]
        if not new:
            return
        made = self.session.run(rows.insert([
            {**rows.row(self.owners[symbol]), "trading_symbol": symbol, "instrument_token":
             self.owners[symbol]["instrument_token"], "trigger_price_1": level, "quantity_1": quantity}
            for symbol, level, quantity in new])).split()
        self.rows.update(zip(made, new))
        self.left -= len(new)
        self.done["inserted"] += len(new)

    def some(self, most):
        count = min(len(self.rows), self.draw.choice((1, 3, most)))
        return self.draw.sample(sorted(self.rows), count)

    def update(self):
        changed = {each: (symbol := self.rows[each][0], self.draw.choice(SHARES[symbol][1:]), self.next_quantity())
                   for each in self.some(40)}
        if not changed:
            return
        values = ", ".join(f"('{each}'::uuid, {level}::numeric, {quantity}::bigint)"
                           for each, (_, level, quantity) in changed.items())
        self.session.run("UPDATE hmt_gtt_orders AS t SET trigger_price_1 = v.level, quantity_1 = v.quantity "
                         f"FROM (VALUES {values}) AS v (id, level, quantity) WHERE t.id = v.id")
        self.rows.update(changed)
        self.to_update -= len(changed)
        self.done["updated"] += len(changed)

    def delete(self):
        chosen = self.some(20)
        if chosen:
            self.session.run(f"DELETE FROM hmt_gtt_orders WHERE id IN ({', '.join(rows.value(each) for each in chosen)})")
        for each in chosen:
            del self.rows[each]
            self.done["deleted"] += 1


class Storm:
    def __init__(self, world, options):
        self.world, self.options = world, options
        self.draw = random.Random(options.seed)
        self.cuts = 0
        self.stop = threading.Event()

    def start(self):
        world = self.world
        world.start_sim(*NO_LIMITS)
        for symbol, (price, _, _) in SHARES.items():
            world.sim.price(f"NSE:{symbol}", price)
        self.engine = world.start_engine(**FAST)
        self.owners = {symbol: self.engine.arm(trading_symbol=symbol, trigger_price_1="100") for symbol in SHARES}

    def cut(self):
        while not self.stop.is_set():
            self.cuts += self.world.database.cut()
            time.sleep(self.draw.uniform(0.05, 0.5))

    def blow(self):
        """The rows as the writers left them."""
        each = self.options.rows // self.options.writers
        writers = [Writer(self.world.database, self.owners, self.options.seed + number, each,
                          number * LARGEST_ORDER // self.options.writers)
                   for number in range(self.options.writers)]
        cutting = threading.Thread(target=self.cut)
        for thread in (*writers, cutting):
            thread.start()
        for writer in writers:
            writer.join()
        self.stop.set()
        cutting.join()
        check(not any(writer.trouble for writer in writers), next((w.trouble for w in writers if w.trouble), ""))
        done = sum((writer.done for writer in writers), Counter())
        print("told: " + ", ".join(f"{number} {what}" for what, number in sorted(done.items())) +
              f"; the engine's connections cut {self.cuts} times", flush=True)
        return {key: row for writer in writers for key, row in writer.rows.items()}

    def listed(self):
        out, mark = {}, ""
        while mark is not None:
            page = self.engine.get(f"/api/v1/triggers?status=active&limit=1000&cursor={mark}"
                                   if mark else "/api/v1/triggers?status=active&limit=1000")
            out.update((row["id"], row) for row in page["triggers"])
            mark = page["next_cursor"]
        return out

    def compare(self, wanted):
        """What differs between the writers' book, the table, and the engine's memory."""
        table = {row["id"]: row for row in self.world.database.rows(
            "SELECT id, version, quantity_1 FROM hmt_gtt_orders WHERE status = 'active'")}
        ours = {**wanted, **{owner["id"]: None for owner in self.owners.values()}}
        listed = self.listed()
        count = self.engine.health()["stats"]["active_triggers"]
        return ([f"{each} is not in the table" for each in ours.keys() - table.keys()]
                + [f"{each} is in the table" for each in table.keys() - ours.keys()]
                + [f"{each} is not listed as the table has it" for each, row in table.items()
                   if each not in listed or listed[each]["version"] != row["version"]]
                + [f"{each} is not watched: {row['not_monitored_reason']}" for each, row in listed.items()
                   if not row["monitored"]]
                + ([] if count == len(table) else [f"the engine counts {count}, the table {len(table)}"]))

    def settle(self, wanted):
        began = time.monotonic()
        differences = ["nothing was compared"]
        while differences and time.monotonic() - began < 60:
            differences = self.compare(wanted)
            time.sleep(0.1 if differences else 0)
        check(not differences, f"{len(differences)} differences: {differences[:10]}")
        print(f"told: memory and table agree on {len(wanted)} rows {time.monotonic() - began:.1f} s after the storm", flush=True)

    def fire(self, wanted):
        """One move to the upper level of each share: exactly the rows on it fire."""
        for symbol, (_, level, _) in SHARES.items():
            self.world.sim.price(f"NSE:{symbol}", level)
        due = sorted(quantity for symbol, level, quantity in wanted.values() if level == SHARES[symbol][1])
        wait_until(lambda: len(self.world.sim.ledger()) >= len(due), f"{len(due)} orders", max(60, 0.1 * len(due)), 0.3)
        time.sleep(1)
        equal(sorted(entry["quantity"] for entry in self.world.sim.ledger()), due, "the ledger's quantities")
        print(f"told: {len(due)} of them fired when the price reached their level, once each", flush=True)


def run(options):
    backend = backends.Postgres(options.hmt)
    world = harness.World(options.hmt, "storm", backend)
    passed, failed = 0, 0
    try:
        storm = Storm(world, options)
        print(f"storm: seed {options.seed}, {options.rows} rows, {options.writers} writers", flush=True)
        storm.start()
        wanted = storm.blow()
        for name, step in (("memory and table agree", storm.settle), ("exactly what the table says fires", storm.fire)):
            step(wanted)
            print(f"ok   {name}", flush=True)
            passed += 1
        equal(storm.engine.process.end(), 0, "the exit code")
        check(not world.sanitizer_report(), str(world.sanitizer_report()))
    except Exception:  # whatever happens is the failure
        failed = 1
        print(f"FAIL\n{traceback.format_exc()}\n{world.logs()}", flush=True)
    finally:
        world.close()
        backend.close()
    print(f"{passed} passed, {failed} failed", flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hmt")
    parser.add_argument("--rows", type=int, default=2000, help="how many are inserted in all")
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    options = parser.parse_args()
    options.hmt = os.path.abspath(options.hmt)
    return 1 if run(options) else 0


if __name__ == "__main__":
    sys.exit(main())
