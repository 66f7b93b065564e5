#!/usr/bin/env python3
"""The slow proofs. First what takes long beside PostgreSQL: 10,000 rows in a storm (storm.py), 100 kills and pauses of two
engines (two_engines.py). Then sessions of session.py, one seed after another, quiet, under SIGKILL and with a broker that
goes wrong.

    prove.py HMT [--minutes 10] [--seed S] [--only storm|two_engines|sessions]

The last line is `N passed, N failed`, counting these; each prints its own properties and its seed.
"""
import argparse
import os
import random
import subprocess
import sys
import time

import session

HERE = os.path.dirname(os.path.abspath(__file__))
ONCE = {"storm": ["storm.py", "--rows", "10000"], "two_engines": ["two_engines.py", "--disturbances", "100"]}

KINDS = [
    ("quiet", []),
    ("quiet, on PostgreSQL", ["--database", "postgres"]),
    ("killed, unknown orders parked", ["--kills", "8"]),
    ("killed, unknown orders tried again", ["--kills", "8", "--on-unknown", "retry"]),
    ("broker faults", ["--faults", "--on-unknown", "retry"]),
    ("broker faults and kills", ["--faults", "--kills", "5", "--on-unknown", "retry"]),
    ("broker faults and kills, parked", ["--faults", "--kills", "5"]),
    ("killed, on PostgreSQL", ["--kills", "8", "--database", "postgres"]),
    ("broker faults and kills, on PostgreSQL", ["--faults", "--kills", "5", "--on-unknown", "retry", "--database", "postgres"]),
]
SIZES = [
    ["--instruments", "500", "--triggers", "5000", "--rounds", "20"],
    ["--instruments", "60", "--triggers", "600", "--rounds", "16"],
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hmt")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--only", choices=[*ONCE, "sessions"])
    given = parser.parse_args()
    told = [(name, given.seed, once(name, given)) for name in ONCE if given.only in (None, name)]
    told += sessions(given) if given.only in (None, "sessions") else []
    print("\n== summary")
    for name, seed, failed in told:
        print(f"{'FAIL' if failed else 'ok  '} {name}, seed {seed}")
    bad = sum(bool(failed) for _, _, failed in told)
    print(f"{len(told) - bad} passed, {bad} failed", flush=True)
    return 1 if bad else 0


def once(name, given):
    print(f"\n== {name}", flush=True)
    script, *options = ONCE[name]
    return subprocess.run([sys.executable, "-B", os.path.join(HERE, script), given.hmt, "--seed", str(given.seed), *options],
                          check=False).returncode


def sessions(given):
    until = time.monotonic() + given.minutes * 60
    told, number = [], 0
    while number == 0 or time.monotonic() < until:
        name, more = KINDS[number % len(KINDS)]
        size = SIZES[(number // len(KINDS)) % len(SIZES)]
        seed = given.seed + number
        print(f"\n== {name}", flush=True)
        options = session.arguments([given.hmt, "--seed", str(seed), *size, *more])
        told.append((name, seed, session.run(options)))
        number += 1
    return told


if __name__ == "__main__":
    sys.exit(main())
