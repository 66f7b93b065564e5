#!/usr/bin/env python3
"""Acceptance tests: run.py HMT_BINARY [NAME ...]

Each test is a function `test_…` of a file `…_tests.py` in this folder and gets a world of its own. With names, only the
tests whose `file.function` contains one of them run. The last line is `N passed, N failed`.
"""
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
                found.append((full, function))
    return found


def run(binary, name, function):
    """Nothing when it passed, or the report of its failure."""
    world = harness.World(binary, name)
    try:
        function(world)
        report = world.sanitizer_report()
        return None if report is None else report + "\n" + world.logs()
    except Exception:  # whatever a test raises is its failure
        return traceback.format_exc().rstrip() + "\n" + world.logs()
    finally:
        world.close()


def main():
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        print(__doc__, file=sys.stderr)
        return 2
    binary, tests = os.path.abspath(sys.argv[1]), collect(sys.argv[2:])
    printing = threading.Lock()
    failed = []

    def one(test):
        name, function = test
        started = time.monotonic()
        report = run(binary, name, function)
        with printing:
            print(f"{'ok  ' if report is None else 'FAIL'} {name} ({time.monotonic() - started:.1f} s)", flush=True)
            if report is not None:
                failed.append(name)
                print(report, flush=True)

    workers = int(os.environ.get("ACCEPTANCE_WORKERS", WORKERS))
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, tests))
    for name in failed:
        print(f"failed: {name}")
    print(f"{len(tests) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
