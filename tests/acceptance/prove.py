#!/usr/bin/env python3
"""The slow proof: sessions of session.py, one seed after another, quiet, under SIGKILL and with a broker that goes wrong.

    prove.py HMT [--minutes 10] [--seed S]

The last line is `N passed, N failed`, counting sessions; each prints its own properties and its seed.
"""
import argparse
import random
import sys
import time

import session

KINDS = [
    ("quiet", []),
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
    given = parser.parse_args()
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
    print("\n== summary")
    for name, seed, failed in told:
        print(f"{'FAIL' if failed else 'ok  '} {name}, seed {seed}")
    bad = sum(bool(failed) for _, _, failed in told)
    print(f"{len(told) - bad} passed, {bad} failed", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
