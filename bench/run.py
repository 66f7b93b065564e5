#!/usr/bin/env python3
"""How fast it is: every row of the table in one run, as ratios.

    run.py [--row N]... [--repeats N] [--report FILE]

Each figure is the median of so many interleaved repeats. Exit 1 when a bar is missed, when a row could not be measured,
or when what a measured run put out was wrong. The last line is `N passed, N failed`.
"""
import argparse
import importlib
import pathlib
import sys
import time
import traceback

import report

HERE = pathlib.Path(__file__).resolve().parent
REPEATS_LEAST = 5


def rows():
    """The rows of all modules under rows/, by number."""
    found = []
    for path in sorted((HERE / "rows").glob("[a-z]*.py")):
        found += importlib.import_module(f"rows.{path.stem}").ROWS
    numbers = [row.number for row in found]
    assert len(numbers) == len(set(numbers)), "two rows have one number"
    return sorted(found, key=lambda row: row.number)


def measured(row, repeats):
    """The row's results, or why there are none."""
    try:
        return row.measure(repeats), None
    except Exception as wrong:  # whatever it was: the other rows are measured still
        traceback.print_exc()
        return [], f"{type(wrong).__name__}: {wrong}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--row", type=int, action="append", help="this row alone; may be given again")
    parser.add_argument("--repeats", type=int, default=REPEATS_LEAST)
    parser.add_argument("--report", type=pathlib.Path)
    given = parser.parse_args()
    if given.repeats < REPEATS_LEAST:
        sys.exit(f"at least {REPEATS_LEAST} repeats")
    every = rows()
    chosen = [row for row in every if not given.row or row.number in given.row]
    if given.row and len(chosen) != len(set(given.row)):
        sys.exit("no such row")
    began = time.monotonic()
    seen = []
    for row in chosen:
        results, failure = measured(row, given.repeats)
        seen.append((row, results, failure))
        print(report.lines_of(row, results, failure), flush=True)
    if given.report:
        left_out = [(row, [], "left out of this run") for row in every if row not in chosen]
        told = sorted(seen + left_out, key=lambda one: one[0].number)
        given.report.write_text(report.written(told, given.repeats, time.monotonic() - began))
    good = sum(result.holds for _, results, _ in seen for result in results)
    bad = sum(not result.holds for _, results, _ in seen for result in results) + sum(not results for _, results, _ in seen)
    print(f"{good} passed, {bad} failed")
    return 1 if bad or not good else 0


if __name__ == "__main__":
    sys.exit(main())
