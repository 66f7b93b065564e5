#!/usr/bin/env python3
"""Acceptance tests: run.py [--database sqlite|postgres|supabase] HMT_BINARY [NAME ...]

Each test is a function `test_…` of a file `…_tests.py` in this folder and gets a world of its own, with a fresh database.
With names, only the tests whose `file.function` contains one of them run. What has no meaning on this database is listed
with its reason. The last line is `N passed, N failed`, and how many were left out.
"""
import argparse
import collections
import concurrent.futures
import importlib
import os
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import backends  # noqa: E402
import harness  # noqa: E402

WORKERS = 4  # the tests mostly wait


def collect(names):
    found = []
    for file in sorted(os.listdir(HERE)):
        if not file.endswith("_tests.py"):
            continue
        module = importlib.import_module(file[:-3])
        for name, function in vars(module).items():
            full = f"{file[:-9]}.{name[5:]}"
            if name.startswith("test_") and (not names or any(each in full for each in names)):
                only = getattr(function, "only", None) or getattr(getattr(module, "ONLY", None), "only", None)
                found.append((full, function, only))
    return found


def left_out(tests, backend):
    """The tests that are for this backend, and how many are not, which are listed."""
    ours = [(name, function) for name, function, only in tests if only is None or only[0] == backend]
    reasons = collections.defaultdict(list)
    for name, _, only in tests:
        if only and only[0] != backend:
            reasons[only].append(name)
    for (where, why), names in reasons.items():
        print(f"left out here, only on {where}: {why}: {', '.join(names)}", flush=True)
    return ours, len(tests) - len(ours)


def run(binary, name, function, backend):
    """Nothing when it passed, or the report of its failure."""
    world = harness.World(binary, name, backend)
    try:
        function(world)
        report = world.sanitizer_report()
        return None if report is None else report + "\n" + world.logs()
    except Exception:  # whatever a test raises is its failure
        return traceback.format_exc().rstrip() + "\n" + world.logs()
    finally:
        world.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=sorted(backends.ALL), default="sqlite")
    parser.add_argument("hmt")
    parser.add_argument("names", nargs="*")
    given = parser.parse_intermixed_args()
    binary = os.path.abspath(given.hmt)
    tests, skipped = left_out(collect(given.names), backends.ALL[given.database].kind)
    backend = backends.ALL[given.database](binary)
    try:
        failed = run_all(binary, tests, backend)
    finally:
        backend.close()
    for name in failed:
        print(f"failed: {name}")
    print(f"{len(tests) - len(failed)} passed, {len(failed)} failed, {skipped} left out")
    return 1 if failed or not tests else 0


def run_all(binary, tests, backend):
    """The names of those that failed."""
    printing = threading.Lock()
    failed = []

    def one(test):
        name, function = test
        started = time.monotonic()
        report = run(binary, name, function, backend)
        with printing:
            print(f"{'ok  ' if report is None else 'FAIL'} {name} ({time.monotonic() - started:.1f} s)", flush=True)
            if report is not None:
                failed.append(name)
                print(report, flush=True)

    workers = int(os.environ.get("ACCEPTANCE_WORKERS", WORKERS))
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, tests))
    return failed


if __name__ == "__main__":
    sys.exit(main())
