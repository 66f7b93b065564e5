#!/usr/bin/env python3
"""Runs every suite that ctest knows, two at a time unless one wants the machine for itself, and counts the tests inside them.

The last line is `N passed, N failed`. A suite tells its own count, as gtest does or by such a line; one that ends badly
without a count is one failure. What a suite leaves out it says as well.
"""
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time

AT_A_TIME = 2  # many of them wait for timers and disks most of the time

GTEST_PASSED = re.compile(r"\[  PASSED  \] (\d+) tests?")
GTEST_FAILED = re.compile(r"\[  FAILED  \] (\d+) tests?, listed below")
FAILED_TEST = re.compile(r"^\[  FAILED  \] (\S+?)(?:,| \(|$)|^FAIL (.+)")
PLAIN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) left out)?")


def suites(build, pattern):
    """What ctest says of each: a dict of `name`, `command` and what it wants, as TIMEOUT."""
    listed = subprocess.run(
        ["ctest", "--test-dir", build, "--show-only=json-v1"] + (["-R", pattern] if pattern else []),
        capture_output=True, text=True, check=True).stdout
    return [{"name": test["name"], "command": test.get("command", ["echo", "it was not built"])}
            | {one["name"]: one["value"] for one in test["properties"]}
            for test in json.loads(listed)["tests"]]


def output_of(suite):
    """(exit code, what it printed); one that takes too long ends badly, and so do the processes that it started."""
    beside = dict(one.split("=", 1) for one in suite.get("ENVIRONMENT", []))
    child = subprocess.Popen(suite["command"], cwd=suite["WORKING_DIRECTORY"], env=os.environ | beside, text=True, errors="replace",
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        said, _ = child.communicate(timeout=suite.get("TIMEOUT"))
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        said, _ = child.communicate()
        said += f"\nended after {suite['TIMEOUT']:.0f} s, its limit\n"
    return child.returncode, said


def run(suite):
    """Its counts of passed, failed and left out, the seconds that it took, and the lines that it printed."""
    started = time.monotonic()
    code, said = output_of(suite)
    passed = failed = skipped = 0
    lines = said.splitlines()
    for line in lines:
        if found := GTEST_PASSED.search(line):
            passed += int(found[1])
        elif found := GTEST_FAILED.search(line):
            failed += int(found[1])
        elif found := PLAIN.match(line):
            passed, failed, skipped = passed + int(found[1]), failed + int(found[2]), skipped + int(found[3] or 0)
    if code != 0 and failed == 0:
        failed = 1
    if passed + failed == 0:
        failed = 1  # a suite that ran nothing proves nothing
    return passed, failed, skipped, time.monotonic() - started, lines


def run_all(all_suites):
    """(name, what `run` gives), each as soon as it is known."""
    alone = [suite for suite in all_suites if suite.get("RUN_SERIAL")]
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        running = {pool.submit(run, suite): suite["name"] for suite in all_suites if suite not in alone}
        for done in concurrent.futures.as_completed(running):
            yield running[done], done.result()
    for suite in alone:
        yield suite["name"], run(suite)


def failures(lines, shown=20):
    """Each failed test with what it said first: enough to see what is wrong where a log is cut."""
    at = {(found[1] or found[2]): i for i, line in enumerate(lines) if (found := FAILED_TEST.match(line))}
    for name, i in at.items():
        yield name
        for line in lines[i + 1:i + 1 + shown]:
            if line.startswith(("ok ", "FAIL ", "[")):
                break
            if line.strip("^ "):
                yield "    " + line[:200]


def main():
    build, pattern = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    total_passed = total_failed = 0
    wrong = []
    for name, (passed, failed, skipped, seconds, lines) in run_all(suites(build, pattern)):
        left_out = f", {skipped} left out" if skipped else ""
        print(f"{'ok  ' if failed == 0 else 'FAIL'} {name}: {passed} passed, {failed} failed{left_out} ({seconds:.0f} s)", flush=True)
        for line in lines:
            if line.startswith("told: "):
                print("     " + line[6:], flush=True)
        if failed:
            print("\n".join(lines), flush=True)
            wrong += [f"== {name}", *failures(lines)]
        total_passed += passed
        total_failed += failed
    for line in wrong:
        print(line)
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed or not total_passed else 0


if __name__ == "__main__":
    sys.exit(main())
