#!/usr/bin/env python3
"""Runs every suite that ctest knows and counts the tests inside them.

The last line is `N passed, N failed`. A suite tells its own count, as gtest does or by such a line; one that ends badly
without a count is one failure. What a suite leaves out it says as well.
"""
import re
import subprocess
import sys
import time

GTEST_PASSED = re.compile(r"\[  PASSED  \] (\d+) tests?")
GTEST_FAILED = re.compile(r"\[  FAILED  \] (\d+) tests?, listed below")
FAILED_TEST = re.compile(r"^\[  FAILED  \] (\S+?)(?:,| \(|$)|^FAIL (.+)")
PLAIN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) left out)?")


def suites(build, pattern):
    listed = subprocess.run(
        ["ctest", "--test-dir", build, "-N"] + (["-R", pattern] if pattern else []),
        capture_output=True, text=True, check=True).stdout
    return re.findall(r"Test\s+#\d+: (\S+)", listed)


def run(build, name):
    """The suite's counts of passed, failed and left out, and the lines that it printed."""
    done = subprocess.run(
        ["ctest", "--test-dir", build, "-R", f"^{re.escape(name)}$", "-V"], capture_output=True, text=True)
    passed = failed = skipped = 0
    lines = [re.sub(r"^\d+: ", "", line) for line in done.stdout.splitlines()]
    for line in lines:
        if found := GTEST_PASSED.search(line):
            passed += int(found[1])
        elif found := GTEST_FAILED.search(line):
            failed += int(found[1])
        elif found := PLAIN.match(line):
            passed, failed, skipped = passed + int(found[1]), failed + int(found[2]), skipped + int(found[3] or 0)
    if done.returncode != 0 and failed == 0:
        failed = 1
    if passed + failed == 0:
        failed = 1  # a suite that ran nothing proves nothing
    return passed, failed, skipped, lines


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
    for name in suites(build, pattern):
        started = time.monotonic()
        passed, failed, skipped, lines = run(build, name)
        left_out = f", {skipped} left out" if skipped else ""
        print(f"{'ok  ' if failed == 0 else 'FAIL'} {name}: {passed} passed, {failed} failed{left_out} "
              f"({time.monotonic() - started:.0f} s)", flush=True)
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
