#!/usr/bin/env python3
"""Crash points in real processes: `hmt serve` is killed at each point of `hmt faults`, started again, and the broker's
ledger is held against the records.

    crash.py HMT [--long] [--cases WORD] [--database sqlite|postgres] [--jobs 4] [--seed S] [--quiet]
             [--json FILE]

A day without faults comes first on each database: it has to pass each listed point, and lies told about it have to be
noticed. Then each point is passed for the first time in a day of its own and kills the process there. A few days have a
process that stands still, while another takes over (PostgreSQL) or none does, a database that is killed, a disk that is
full or fails at one write, and a loss of power that takes what was not flushed (SQLite). --long: each passing of each
point, kills while an earlier one is recovered from, every point to stand still at, every write of a day. What never
happened proves nothing, and fails. Readable lines go to standard error; one JSON object ends standard output.
"""
import argparse
import copy
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True

import crash_disk  # noqa: E402
import crash_rivals  # noqa: E402
from crash_case import Case, Job, say  # noqa: E402
from crash_day import Day, backends, judge, parked  # noqa: E402

DATABASES = ("sqlite", "postgres")
# What the quick proof has of what takes the long one an hour.
FEW_STILL = ("claim.after", "order.asked", "record.sent")
FEW_STILL_ALONE = ("claim.after", "order.before")
FEW_ANSWERS_LOST = ("claim.sent", "record.sent")
FEW_LOST = ("create.after", "claim.after", "order.sent", "record.after")
FEW_WRITES = 3  # of a day, drawn
MANY = 150  # days of several kills; losses of power that leave a part
KILLED_DATABASES = 20


def listed_points(binary):
    """{database: [points]}"""
    told = subprocess.run([binary, "faults"], capture_output=True, text=True, check=True).stdout
    points = {database: [] for database in DATABASES}
    for line in told.splitlines():
        point, *databases = line.split()
        for database in databases:
            points[database].append(point)
    return points


# ---- the quiet day, and lies about it


def quiet_day(binary, backend, points):
    """(what is wrong, how often each point was passed)"""
    with tempfile.TemporaryDirectory() as folder:
        told = os.path.join(folder, "told")
        day = Day(binary, backend, [f"tell:{told}"])
        try:
            day.run()
            seen = day.seen()
            wrong = judge(day.wanted, seen)
        finally:
            day.close()
        with open(told, encoding="utf-8") as file:
            passings = Counter(file.read().split())
    wrong += [f"the engine ended by itself: {day.keeper.ends}"] if day.keeper.ends else []
    wrong += [f"{row['id']} is {row['status']}" for row in parked(seen)]
    wrong += [f"the point {point} was never passed" for point in points if not passings[point]]
    wrong += [f"the point {point} is not listed for {backend.kind}" for point in passings if point not in points]
    wrong += [f"nobody notices: {lie}" for lie, record in doctored(day.wanted, seen) if not judge(day.wanted, record)]
    return wrong, passings


def doctored(wanted, seen):
    """Records with one lie each, that the judge has to notice."""
    by_fate = {fate: trigger for trigger, fate in wanted.items()}
    fired = seen["rows"][by_fate["up"]]
    pair = next(row for row in seen["rows"].values() if row["quantity_2"])

    def lie(what, change):
        record = copy.deepcopy(seen)
        change(record)
        return what, record

    def order_of(record, row):
        return next(order for order in record["ledger"] if order["quantity"] == row["quantity_1"])

    yield lie("an order is lost", lambda r: r["ledger"].remove(order_of(r, fired)))
    yield lie("an order is there twice", lambda r: r["ledger"].append(order_of(r, fired)))
    yield lie("both legs were ordered",
              lambda r: r["ledger"].append({**order_of(r, pair), "quantity": pair["quantity_2"]}))
    yield lie("the other leg was ordered", lambda r: order_of(r, pair).update(quantity=pair["quantity_2"]))
    yield lie("an order is nobody's", lambda r: r["ledger"].append({**order_of(r, fired), "quantity": 999}))
    yield lie("an order's tag is in no record", lambda r: order_of(r, fired).update(tag="NOBODYS"))
    yield lie("a fire is forgotten", lambda r: r["rows"][fired["id"]].update(status="active"))
    yield lie("a fire is still under way", lambda r: r["rows"][fired["id"]].update(status="firing"))
    yield lie("a placed order is called unknown", lambda r: r["rows"][fired["id"]].update(status="needs_attention"))
    yield lie("a row is gone", lambda r: r["rows"].pop(fired["id"]))
    yield lie("a row is there twice", lambda r: r["rows"].update({"twin": {**fired, "id": "twin"}}))
    yield lie("a cancelled trigger is active", lambda r: r["rows"][by_fate["cancelled"]].update(status="active"))
    yield lie("the group's other leg is active", lambda r: r["rows"][by_fate["other leg"]].update(status="active"))

    def park_silently(record):
        record["ledger"].remove(order_of(record, fired))
        record["rows"][fired["id"]].update(status="needs_attention")

    yield lie("a lost order is parked, and nobody is told", park_silently)


# ---- what goes wrong in a day


class Days:
    """All days of a run."""

    def __init__(self, given, binary, the_backends, points, passings):
        self.long, self.binary, self.backends = given.long, binary, the_backends
        self.points, self.passings = points, passings
        self.draw = random.Random(given.seed)
        self.wrong = []
        self.library = crash_disk.Library() if "sqlite" in points else None

    def close(self):
        if self.library:
            self.library.close()

    def passing(self, database, point):
        return range(1, (self.passings[database][point] if self.long else 1) + 1)

    def all(self):
        for database in self.points:
            yield from self.killed(database)
            if self.long:
                yield from self.killed_again_and_again(database)
        if "postgres" in self.points:
            yield from self.rivals()
        if "sqlite" in self.points:
            yield from self.still_alone()
            yield from self.power_lost()
            yield from self.bad_disks()

    def killed(self, database):
        for point in self.points[database]:
            for number in self.passing(database, point):
                yield self.kill(database, [f"{point}:{number}:kill"], may_miss=number > 1)

    def killed_again_and_again(self, database):
        for _ in range(MANY):
            faults = [f"{self.draw.choice(self.points[database])}:{self.draw.choice((1, 1, 1, 2, 3))}:kill" for _ in range(3)]
            yield self.kill(database, faults, may_miss=True)

    def kill(self, database, faults, may_miss):
        case = Case("killed", database, ", ".join(faults), may_miss=may_miss)
        return Job(case, lambda: Day(self.binary, self.backends[database], faults))

    def rivals(self):
        backend = self.backends["postgres"]
        for point in self.points["postgres"] if self.long else FEW_STILL:
            yield crash_rivals.still_at(self.binary, backend, point)

    def still_alone(self):
        for point in self.points["sqlite"] if self.long else FEW_STILL_ALONE:
            yield crash_rivals.still_alone_at(self.binary, self.backends["sqlite"], point)

    def databases_killed(self):
        """One after another: they share a server."""
        backend = backends.Postgres(self.binary)
        try:
            for point in self.points["postgres"] if self.long else FEW_ANSWERS_LOST:
                yield crash_rivals.database_killed_at(self.binary, backend, point)
            for _ in range(KILLED_DATABASES if self.long else 1):
                yield crash_rivals.database_killed(self.binary, backend, self.draw.randrange(10**6))
        finally:
            backend.close()

    def power_lost(self):
        backend = self.backends["sqlite"]
        lost = [f"{point}:{number}:kill" for point in (self.points["sqlite"] if self.long else FEW_LOST)
                for number in self.passing("sqlite", point)]
        for fault in lost:
            yield crash_disk.power_lost(self.library, self.binary, backend, [fault])
        for _ in range(MANY if self.long else 2):
            faults, seed = self.draw.sample(lost, 2), self.draw.randrange(10**6)
            yield crash_disk.power_lost(self.library, self.binary, backend, faults, seed)

    def bad_disks(self):
        backend = self.backends["sqlite"]
        writes, flushes, wrong = crash_disk.writes_of_a_day(self.library, self.binary, backend)
        self.wrong += wrong
        if not self.long:
            # The first third is start-up, and at the end there is less than was counted.
            yield crash_disk.broken_at(self.library, self.binary, backend,
                                       self.draw.randrange(flushes // 3, flushes * 3 // 4), "unflushed")
        surely = writes * 3 // 4  # days differ a little
        for k in range(1, writes + 1) if self.long else self.draw.sample(range(1, surely), FEW_WRITES):
            yield crash_disk.broken_at(self.library, self.binary, backend, k, may_miss=k > surely)
            yield crash_disk.full_at(self.library, self.binary, backend, k, may_miss=k > surely)


class Proof:
    def __init__(self, given):
        self.given = given
        self.binary = os.path.abspath(given.hmt)
        self.points = {database: points for database, points in listed_points(self.binary).items()
                       if given.database in (None, database)}
        self.backends = {database: backends.ALL[database](self.binary) for database in self.points}

    def close(self):
        for backend in self.backends.values():
            backend.close()

    def run(self):
        """(what is wrong beside the cases, the cases)"""
        wrong, passings = [], {}
        for database, backend in self.backends.items():
            found, passings[database] = quiet_day(self.binary, backend, self.points[database])
            wrong += [f"a quiet day on {database}: {line}" for line in found]
        days = Days(self.given, self.binary, self.backends, self.points, passings)
        try:
            cases = self.live(days)
            wrong += days.wrong
            if days.library:
                wrong += crash_disk.notices_less_than_full(days.library, self.binary, self.backends["sqlite"])
        finally:
            days.close()
        for line in wrong:
            say(f"FAIL {line}")
        return wrong, cases

    def live(self, days):
        cases = []
        with ThreadPoolExecutor(self.given.jobs) as pool:
            for case in pool.map(Job.live, self.chosen(days.all())):
                cases.append(case)
                case.tell(self.given.quiet)
        if "postgres" in self.points:
            for job in self.chosen(days.databases_killed()):
                cases.append(job.live())
                cases[-1].tell(self.given.quiet)
        return cases

    def chosen(self, jobs):
        return (job for job in jobs if self.given.cases in job.case.name)


def summary(given, wrong, cases, began):
    return {
        "proof": "crash",
        "seed": given.seed,
        "points": len({case.fault.split(":")[0] for case in cases if case.kind == "killed"}),
        "days": Counter(f"{case.kind}, {case.database}" for case in cases if case.met),
        "missed": sum(not case.met for case in cases),
        "engines_killed": sum(case.ends.count(-9) for case in cases),
        "orders": sum(case.orders for case in cases),
        "parked": sum(case.parked for case in cases),
        "wrong": wrong + [f"{case.name}: {line}" for case in cases for line in case.failures()],
        "seconds": round(time.monotonic() - began, 1),
    }


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hmt")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--cases", default="", metavar="WORD", help="those whose name has it, as `killed on sqlite: claim`; else all")
    parser.add_argument("--database", choices=DATABASES)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--quiet", action="store_true", help="tell failures alone")
    parser.add_argument("--json")
    return parser.parse_args()


def main():
    given = arguments()
    began = time.monotonic()
    proof = Proof(given)
    try:
        wrong, cases = proof.run()
    finally:
        proof.close()
    told = summary(given, wrong, cases, began)
    if given.json:
        with open(given.json, "w", encoding="utf-8") as file:
            file.write(json.dumps(told, indent=2) + "\n")
    print(json.dumps(told), flush=True)
    return 1 if told["wrong"] or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
