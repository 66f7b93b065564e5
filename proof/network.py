#!/usr/bin/env python3
"""Network faults between real processes: two engines on one PostgreSQL and a simulated broker, each
in a network namespace of its own, and one conversation at a time (the broker's REST, its ticker,
the database) that goes wrong in one way.

    network.py HMT [--quick | --rounds N] [--only WORD] [--seed S] [--json FILE]

Needs root, iproute2 and nftables. Each case arms triggers and pairs, makes the holder's network go
wrong, lets the price cross one way and the other, heals, and then compares the broker's ledger with
the engine's records. A fault that no packet has met proves nothing, and fails. Readable lines go to
standard error; one JSON object ends standard output.
"""
import argparse
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections import Counter

sys.dont_write_bytecode = True

import faults  # noqa: E402
import network_world  # noqa: E402
from network_world import harness  # noqa: E402
from places import Place, PlaceError  # noqa: E402

SIDES = ("rest", "ticker", "database")
QUICK = {
    "delay": "rest",
    "loss": "database",
    "reorder": "database",
    "duplicate": "rest",
    "corrupt": "database",
    "cut_requests": "rest",
    "cut_answers": "ticker",
    "cut": "database",
    "black_hole": "rest",
    "reset": "rest",
    "slow": "ticker",
}
CALM, DOWN, UP = 1573.0, 1485.0, 1655.0  # above them the price moves by less than 10
STOP, TARGET, NEVER = "1500", "1650", "1000"
# An engine may not say that it watches when its price is older: 5 s of silence, and what a busy
# machine adds. A ticker that starves is known by packets that are 4 s late (which they say in whole
# seconds), and there may be 5 s between two.
BLIND_MAX, BLIND_STARVED_MAX = 7.5, 11.0
BOTH_RUN_MAX = (
    0.5  # seconds in which both may say "running": their words are read one after the other
)
WORD_HOLDS = 0.6  # seconds: an engine that cannot reach its database is slow to be asked again
ANSWER_MAX = 30.0
RECOVERY_MAX = 60.0
OVER = ("triggered", "failed", "needs_attention")
SINGLES, PAIRS, NEVER_DUE = 4, 3, 2
HOLD = {
    "quick": {"rest": 3.0, "ticker": 8.0, "database": 5.0},
    "full": {"rest": 8.0, "ticker": 12.0, "database": 10.0},
}
HOLD_STARVED_TICKER = {"quick": 14.0, "full": 20.0}  # it falls behind slowly
# Past the 30 s for which an answer to an order is waited for: then its fate is unknown. They begin
# as the price crosses, while there are open connections that an order leaves on.
LONG = [(kind, "rest", 36.0) for kind in ("cut_requests", "black_hole", "cut")]
# Faults that leave the engine without prices or records for longer than it may keep that to itself.
BLINDING = {
    (kind, side) for kind in ("cut_answers", "cut", "reset") for side in ("ticker", "database")
}


def say(text):
    print(text, file=sys.stderr, flush=True)


class Batch:
    """The triggers of one case, told apart by the quantities of their legs."""

    def __init__(self, engine, numbers):
        self.engine, self.numbers = engine, numbers
        self.legs = {}  # id → the quantities of its legs
        self.due, self.never = [], []
        for _ in range(NEVER_DUE):
            self.never.append(self.single(NEVER))
        harness.wait_until(self.is_calm, "the engine sees a price between the levels")
        for _ in range(SINGLES):
            self.due.append(self.single(STOP))
        for _ in range(PAIRS):
            self.due.append(self.pair())

    def is_calm(self):
        """What has reached its level already is refused."""
        seen = self.engine.trigger(self.never[0])["last_price"]
        return seen is not None and float(STOP) < float(seen) < float(TARGET)

    def create(self, **fields):
        made = self.engine.create(**fields)["id"]
        self.legs[made] = {fields["quantity_1"], fields.get("quantity_2", fields["quantity_1"])}
        return made

    def single(self, level):
        return self.create(trigger_price_1=level, quantity_1=next(self.numbers))

    def pair(self):
        return self.create(
            **harness.two_legs(
                trigger_price_1=STOP,
                trigger_price_2=TARGET,
                quantity_1=next(self.numbers),
                quantity_2=next(self.numbers),
            )
        )

    def wait_watched(self):
        for each in self.legs:
            self.engine.wait_monitored(each)

    def withdraw(self, engine):
        """What is armed still is none of the next case's business."""
        for each in self.legs:
            if engine.trigger(each)["status"] == "active":
                engine.call("DELETE", f"/api/v1/triggers/{each}")


def is_over(row):
    """A pair whose one leg was given up, and says so, keeps the other leg armed."""
    return row["status"] in OVER or given_up(row)


def given_up(row):
    return row["status"] == "active" and row["condition_type"] == "two-leg" and row["error_message"]


class Case:
    def __init__(self, proof, kind, side, hold):
        self.proof, self.world, self.kind, self.side, self.hold = (
            proof,
            proof.world,
            kind,
            side,
            hold,
        )
        self.draw = proof.draw
        self.told = {"kind": kind, "side": side}
        self.wrong = []

    def run(self):
        self.world.restart_ended()
        self.world.market.go(CALM)
        self.engine = harness.wait_until(self.world.holder, "an engine runs", RECOVERY_MAX, 0.2)
        self.batch = Batch(self.engine, self.proof.numbers)
        canary = self.batch.never[0]
        self.batch.wait_watched()
        watchers = [
            network_world.Watcher(each, self.world.market, canary) for each in self.world.engines
        ]
        for watcher in watchers:
            watcher.start()
        try:
            self.go_wrong()
            self.recover()
        finally:
            looks = {watcher.engine.place.name: watcher.stop() for watcher in watchers}
        self.judge_ledger()
        self.judge_words(looks)
        self.batch.withdraw(
            harness.wait_until(self.world.holder, "an engine runs", RECOVERY_MAX, 0.2)
        )
        self.told["violations"] = self.wrong
        return self.told

    # ---- the fault

    def go_wrong(self):
        side = self.world.side(self.side, self.engine)
        moment = (
            "with" if self.hold > ANSWER_MAX else self.draw.choice(("before", "with", "during"))
        )
        self.told["crossed"] = moment
        if moment == "before":
            self.world.market.go(DOWN)
            time.sleep(self.draw.uniform(0, 0.06))
        self.world.faults.begin(self.kind, side)
        self.began = time.monotonic()
        try:
            self.cross(moment)
        finally:
            evidence = self.world.faults.end(self.kind, side)
            self.healed = time.monotonic()
        self.told.update(
            held_seconds=round(self.healed - self.began, 1),
            packets=evidence,
            bit=faults.Faults.bit(self.kind, evidence),
        )

    def cross(self, moment):
        """One way, the other way, and the first way again, where everything is due."""
        if moment == "during":
            time.sleep(self.draw.uniform(0.3, self.hold / 3))
        self.world.market.go(DOWN)
        time.sleep(self.hold / 2)
        self.world.market.go(UP)
        time.sleep(self.hold / 4)
        self.world.market.go(DOWN)
        time.sleep(max(0.0, self.began + self.hold - time.monotonic()))

    # ---- afterwards

    def recover(self):
        self.ended = []

        def look():
            self.ended += self.world.restart_ended()
            return self.world.holder()

        try:
            harness.wait_until(look, "an engine runs again", RECOVERY_MAX, 0.2)
            self.told["running_after_seconds"] = round(time.monotonic() - self.healed, 1)
            harness.wait_until(
                self.all_over, "all that is due has come to its end", RECOVERY_MAX, 0.3
            )
        except harness.Failure as failure:
            self.wrong.append(f"no recovery: {failure}")
        self.told["over_after_seconds"] = round(time.monotonic() - self.healed, 1)
        self.told["engines_ended"] = self.ended
        time.sleep(1)  # what is doubled may come later

    def rows(self, ids):
        listed = ", ".join(f"'{each}'" for each in ids)
        found = self.world.database.rows(
            "SELECT id, status, condition_type, order_status, error_message "
            f"FROM hmt_gtt_orders WHERE id IN ({listed})"
        )
        return {row["id"]: row for row in found}

    def all_over(self):
        return all(is_over(row) for row in self.rows(self.batch.due).values())

    def judge_ledger(self):
        ledger = [
            entry
            for entry in self.world.sim.ledger()
            if entry["order_id"] not in self.proof.known_orders
        ]
        self.proof.known_orders.update(entry["order_id"] for entry in ledger)
        attempts = self.world.database.rows("SELECT tag, trigger_id FROM hmt_order_attempts")
        owner_of = {row["tag"]: row["trigger_id"] for row in attempts}
        orders = Counter(owner_of.get(entry["tag"]) for entry in ledger)
        self.wrong += [
            f"an order with tag {entry['tag']} is in no record"
            for entry in ledger
            if entry["tag"] not in owner_of
        ]
        for each, legs in self.batch.legs.items():
            mine = [entry["quantity"] for entry in ledger if entry["quantity"] in legs]
            if len(mine) > 1:
                self.wrong.append(
                    f"{each}: {len(mine)} orders, quantities {mine} of its legs {sorted(legs)}"
                )
        rows = self.rows(self.batch.legs)
        self.judge_rows(rows, orders)
        self.told.update(
            orders=len(ledger),
            ends=dict(
                Counter(
                    "leg given up" if given_up(rows[each]) else rows[each]["status"]
                    for each in self.batch.due
                )
            ),
        )

    def judge_rows(self, rows, orders):
        for each in self.batch.due:
            row, count = rows[each], orders[each]
            if row["status"] == "triggered" and count != 1:
                self.wrong.append(f"{each} is triggered and has {count} orders: {row}")
            elif (row["status"] == "failed" or given_up(row)) and count:
                self.wrong.append(f"{each} has failed and has {count} orders: {row}")
            elif not is_over(row):
                self.wrong.append(
                    f"{each} crossed while it was watched, and neither fired nor is told: {row}"
                )
        self.wrong += [
            f"{each} was never due: {rows[each]}, {orders[each]} orders"
            for each in self.batch.never
            if rows[each]["status"] != "active" or orders[each]
        ]

    # ---- what the engines said meanwhile

    def judge_words(self, looks):
        ages = [
            look["age"]
            for each in looks.values()
            for look in each
            if look["monitored"] and look["age"] is not None
        ]
        self.told["oldest_price_while_watched_seconds"] = round(max(ages, default=0), 1)
        starved = (self.kind, self.side) == ("slow", "ticker")
        if max(ages, default=0) > (BLIND_STARVED_MAX if starved else BLIND_MAX):
            self.wrong.append(f"said that it watches with a price of {max(ages):.1f} s ago")
        mine = looks[self.engine.place.name]
        blind = [look for look in mine if look["said_blind"]]
        self.told["said_blind_seconds"] = round(len(blind) * seconds_between(mine), 1)
        self.told["said"] = sorted({reason for look in mine for reason in look["reasons"]})[:5]
        if (self.kind, self.side) in BLINDING and not blind:
            self.wrong.append("was blind, and never said so")
        self.judge_holders(looks)

    def judge_holders(self, looks):
        """Both say "running": for how long, going by words that are not old."""
        said = sorted(
            (look["at"], name, look["status"] == "running")
            for name, each in looks.items()
            for look in each
        )
        runs, both, since = dict.fromkeys(looks, 0.0), 0.0, None
        for at, name, running in said:
            runs[name] = at + WORD_HOLDS if running else 0.0
            if all(until > at for until in runs.values()):
                since = at if since is None else since
                both = max(both, at - since)
            else:
                since = None
        self.told["both_said_running_seconds"] = round(both, 1)
        if both > BOTH_RUN_MAX:
            self.wrong.append(f"both engines said for {both:.1f} s that they run")


def seconds_between(looks):
    return (looks[-1]["at"] - looks[0]["at"]) / max(1, len(looks) - 1) if looks else 0


class Proof:
    def __init__(self, given):
        self.given = given
        self.draw = random.Random(given.seed)
        self.numbers = iter(range(1, 100_000))
        self.known_orders = set()
        self.world = self.packets = None
        self.doubled = []

    def cases(self):
        """Of each: kind, side, and for how long it holds."""
        how = "quick" if self.given.quick else "full"
        pairs = (
            QUICK.items()
            if self.given.quick
            else [(kind, side) for kind in faults.KINDS for side in SIDES]
        )
        chosen = [
            (
                kind,
                side,
                HOLD_STARVED_TICKER[how] if (kind, side) == ("slow", "ticker") else HOLD[how][side],
            )
            for kind, side in pairs
        ]
        chosen = chosen if self.given.quick else (chosen + LONG) * self.given.rounds
        return [each for each in chosen if self.given.only in f"{each[0]} {each[1]} {each[2]:.0f}"]

    def run(self):
        told = []
        try:
            self.world = network_world.World(self.given.hmt, self.given.packets, self.given.seed)
            self.packets = "netem" if self.world.faults.netem else "wire"
            say(
                f"network: seed {self.given.seed}, packets by {self.packets}, "
                f"{len(self.cases())} cases"
            )
            for each in self.cases():
                told.append(self.one(*each))
            self.doubled = self.in_the_end()
        finally:
            if self.world:
                self.world.close()
        return told

    def in_the_end(self):
        """Over all cases: what was doubled long after its own."""
        owner_of = {
            row["tag"]: row["trigger_id"]
            for row in self.world.database.rows("SELECT tag, trigger_id FROM hmt_order_attempts")
        }
        orders = Counter(
            owner_of.get(entry["tag"], entry["tag"]) for entry in self.world.sim.ledger()
        )
        return [
            f"{each} has {count} orders in the end" for each, count in orders.items() if count > 1
        ]

    def one(self, kind, side, hold):
        began = time.monotonic()
        case = Case(self, kind, side, hold)
        try:
            told = case.run()
        except (harness.Failure, PlaceError, OSError):
            told = {
                **case.told,
                "bit": case.told.get("bit", False),
                "violations": [*case.wrong, traceback.format_exc(limit=-3)],
            }
        told["seconds"] = round(time.monotonic() - began, 1)
        show(told)
        if told["violations"]:
            say(self.world.logs(15))
        return told


def show(told):
    verdict = "FAIL" if told["violations"] or not told["bit"] else "ok  "
    counts = told.get("packets", {}).items()
    words = ", ".join(f"{name} {count}" for name, count in counts if count)
    say(
        f"{verdict} {told['kind']} on {told['side']}, crossed {told.get('crossed')}: {words}; "
        f"{told.get('orders')} orders, {told.get('ends')}; "
        f"over {told.get('over_after_seconds')} s after healing; {told['seconds']} s in all"
    )
    for each in told["violations"]:
        say(f"     {each}")
    if not told["bit"]:
        say("     the fault has met no packet: it proves nothing")


def missing():
    """What this machine lacks, as one line; nothing when it can be done."""
    if os.geteuid() != 0:
        return "network.py needs root: it makes network namespaces"
    lacking = [
        f"{program} (Debian: {package})"
        for program, package in (
            ("ip", "iproute2"),
            ("tc", "iproute2"),
            ("nft", "nftables"),
            ("setpriv", "util-linux"),
        )
        if not shutil.which(program)
    ]
    if lacking:
        return f"network.py needs {', '.join(lacking)}"
    try:
        Place("trial").close()
    except PlaceError as error:
        return f"network.py makes network namespaces, and cannot here: {error}"
    return None


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("hmt")
    parser.add_argument(
        "--quick", action="store_true", help="every kind once, on its most telling side"
    )
    parser.add_argument(
        "--rounds", type=int, default=1, help="how often every kind meets every side"
    )
    parser.add_argument(
        "--only", default="", metavar="WORD", help="cases whose `KIND SIDE SECONDS` has it"
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument(
        "--packets", choices=("netem", "wire"), help="who delays, loses and doubles them"
    )
    parser.add_argument(
        "--json", metavar="FILE", help="what standard output ends with, into a file too"
    )
    given = parser.parse_args()
    given.hmt = os.path.abspath(given.hmt)
    return given


def interrupted(number, _):
    """Once: a second one would disturb the clearing away."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)


def main():
    given = arguments()
    if lacking := missing():
        say(lacking)
        return 2
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, interrupted)
    began = time.monotonic()
    proof = Proof(given)
    try:
        told = proof.run()
    except KeyboardInterrupt as why:
        say(f"interrupted by {why}; everything is cleared away")
        return 130
    unproven = sum(not each["bit"] for each in told)
    broken = sum(len(each["violations"]) for each in told) + len(proof.doubled)
    for each in proof.doubled:
        say(f"FAIL {each}")
    summary = {
        "proof": "network",
        "seed": given.seed,
        "packets": proof.packets,
        "cases": told,
        "doubled_in_the_end": proof.doubled,
        "unproven": unproven,
        "violations": broken,
        "seconds": round(time.monotonic() - began, 1),
    }
    if given.json:
        with open(given.json, "w", encoding="utf-8") as file:
            file.write(json.dumps(summary, indent=2) + "\n")
    print(json.dumps(summary), flush=True)
    return 1 if broken or unproven or not told else 0


if __name__ == "__main__":
    sys.exit(main())
