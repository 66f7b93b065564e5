#!/usr/bin/env python3
"""Crash points in real processes: `hmt serve` is killed at each point of `hmt faults`, started again, and the broker's
ledger is held against the records.

    crash.py HMT [--every-passing] [--only WORD] [--database sqlite|postgres] [--jobs 4] [--json FILE]

A day without faults comes first on each database: it has to pass each listed point, and lies told about it have to be
noticed. Then each point is passed for the first time in a day of its own (--every-passing: for each time that the quiet
day passed it) and kills the process there. A point that was never passed proves nothing, and fails. Readable lines go to
standard error; one JSON object ends standard output.
"""
import argparse
import copy
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

sys.dont_write_bytecode = True

import crash_day  # noqa: E402
from crash_day import Day, backends, judge, parked  # noqa: E402

DATABASES = ("sqlite", "postgres")


def say(text):
    print(text, file=sys.stderr, flush=True)


@dataclass
class Case:
    """One day with one fault, and what came of it."""

    database: str
    fault: str
    wrong: list = field(default_factory=list)
    met: bool = False  # the fault has happened
    orders: int = 0
    parked: int = 0
    seconds: float = 0.0

    @property
    def name(self):
        return f"{self.database} {self.fault}"

    @property
    def failed(self):
        return bool(self.wrong) or not self.met


def listed_points(binary):
    """{database: [points]}"""
    told = crash_day.harness.subprocess.run([binary, "faults"], capture_output=True, text=True, check=True).stdout
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
        day = Day(binary, backend, f"tell:{told}")
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


# ---- a kill


def killed_day(binary, backend, case):
    began = time.monotonic()
    day = Day(binary, backend, case.fault, unknown="retry")
    try:
        day.run()
        seen = day.seen()
        case.wrong = judge(day.wanted, seen)
        case.orders, case.parked = len(seen["ledger"]), len(parked(seen))
        case.met = crash_day.was_killed(day) == 1
        case.wrong += [f"an engine ended with {code}" for code in day.keeper.ends if code != -signal.SIGKILL]
    except Exception as failure:  # whatever happens is the failure
        case.met = crash_day.was_killed(day) > 0
        case.wrong.append(str(failure) if isinstance(failure, crash_day.Violation) else traceback.format_exc())
    finally:
        if case.wrong:
            say(day.world.logs(25))
        day.close()
        case.seconds = round(time.monotonic() - began, 1)
    return case


def kills(points, passings, every_passing):
    """Each (point, database), so that the two take turns."""
    for database in DATABASES:
        for point in points.get(database, []):
            for number in range(1, (passings[database][point] if every_passing else 1) + 1):
                yield Case(database, f"{point}:{number}:kill")


def tell(case):
    if case.wrong:
        for line in case.wrong:
            say(f"FAIL {case.name}: {line}")
    elif not case.met:
        say(f"FAIL {case.name}: it was never passed")
    else:
        say(f"ok   {case.name}: {case.orders} orders, {case.parked} parked, {case.seconds} s")


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
        """(what is wrong with the quiet days, the cases)"""
        wrong, passings = [], {}
        for database, backend in self.backends.items():
            found, passings[database] = quiet_day(self.binary, backend, self.points[database])
            wrong += [f"a quiet day on {database}: {line}" for line in found]
        for line in wrong:
            say(f"FAIL {line}")
        cases = [case for case in kills(self.points, passings, self.given.every_passing) if self.given.only in case.name]
        with ThreadPoolExecutor(self.given.jobs) as pool:
            for case in pool.map(lambda each: killed_day(self.binary, self.backends[each.database], each), cases):
                tell(case)
        return wrong, cases


def summary(wrong, cases, began):
    return {
        "proof": "crash",
        "points": len({case.fault.split(":")[0] for case in cases}),
        "kills": {database: sum(case.database == database for case in cases) for database in DATABASES},
        "orders": sum(case.orders for case in cases),
        "parked": sum(case.parked for case in cases),
        "wrong": wrong + [f"{case.name}: {line}" for case in cases for line in case.wrong]
                 + [f"{case.name}: it was never passed" for case in cases if not case.met and not case.wrong],
        "seconds": round(time.monotonic() - began, 1),
    }


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hmt")
    parser.add_argument("--every-passing", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--database", choices=DATABASES)
    parser.add_argument("--jobs", type=int, default=4)
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
    told = summary(wrong, cases, began)
    if given.json:
        with open(given.json, "w", encoding="utf-8") as file:
            file.write(json.dumps(told, indent=2) + "\n")
    print(json.dumps(told), flush=True)
    return 1 if told["wrong"] or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
