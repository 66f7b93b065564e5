#!/usr/bin/env python3
"""The proofs of exactly once, one after another, and the report of what they saw.

    prove.py [--hmt BINARY] [--hours N] [--seeds N] [--only WORD] [--report FILE]

Without --hours the quick proof: every mutant killed, so many simulated worlds without a violation and each kind of fault
met, worlds that repeat exactly, a process killed at each point, and whatever else of PARTS takes a minute. With it the world goes on with new seeds and
whole trading days for so long, and the slow parts run too. Exit 1 on a violation, and on a check that could not have
failed. The last line is `N passed, N failed`.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import report

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORLD = ROOT / "build/mutants/hmt_world"
HMT = ROOT / "build/release/hmt"
TRADING_MINUTES = 375
CALM_MINUTES = 20  # at the end of each world, without faults
LONG_RUN_SEEDS = 400  # of a whole day each, at a time


def run_world(first, count, minutes, *options):
    command = [str(WORLD), "--from", str(first), "--count", str(count), "--minutes", str(minutes),
               "--jobs", str(os.cpu_count()), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1):
        return {"violations": [{"seed": None, "rule": "crash", "what": f"exit code {done.returncode}"}], "worlds": 0,
                "diverged": [], "faults": {}, "minutes": 0, "cpu_seconds": 1}
    said = json.loads(done.stdout)
    said["minutes"] = said["worlds"] * (minutes + CALM_MINUTES)
    return said


def add(total, said):
    for name, value in said.items():
        if isinstance(value, (int, float)):
            total[name] = total.get(name, 0) + value
        elif isinstance(value, list):
            total[name] = total.get(name, []) + value
        else:
            add(total.setdefault(name, {}), value)


def world(given):
    """Short days of many seeds; then, for so many hours, whole days of seeds that no run had before."""
    total = {}
    add(total, run_world(1, given.seeds, 60))
    first = int(time.time())
    until = time.monotonic() + given.hours * 3600
    while time.monotonic() < until and not total["violations"]:
        add(total, run_world(first, LONG_RUN_SEEDS, TRADING_MINUTES))
        first += LONG_RUN_SEEDS
    never = [name for name, times in total["faults"].items() if times == 0]
    wrong = [f'seed {one["seed"]}: {one["rule"]} {one["what"]}' for one in total["violations"]]
    wrong += [f"no world met the fault {name}" for name in never]
    days = total["minutes"] / TRADING_MINUTES
    total["days_a_second"] = round(days / total["cpu_seconds"], 1)
    said = (f'{total["worlds"]} worlds, {days:.0f} trading days, {total["orders"]} orders, {sum(total["faults"].values())} '
            f'faults; {total["days_a_second"]} days a second and core')
    return {"said": said, "wrong": wrong, "data": total}


def repeats(given):
    """A seed is a whole run: the same one twice leaves the same trace."""
    said = run_world(1, 50, 60, "--twice")
    wrong = [f"seed {seed} ran otherwise the second time" for seed in said["diverged"]]
    return {"said": f'{said["worlds"]} seeds ran twice', "wrong": wrong, "data": {}}


def script(*command, timeout):
    """A proof with a JSON report: (exit code, report)."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        words = [str(word).replace("REPORT", file.name) for word in command]
        keeps = "REPORT" in command
        done = subprocess.run([sys.executable, "-B", *words], stdout=None if keeps else subprocess.PIPE, cwd=ROOT,
                              timeout=timeout, check=False)
        text = pathlib.Path(file.name).read_text() if keeps else done.stdout.decode()
    return done.returncode, json.loads(text) if text.strip() else {}


def mutants(given):
    _, said = script("proof/mutants.py", WORLD, "--seeds", given.seeds, "--without-control", "--json", "REPORT",
                        timeout=3600)
    lives = [one["name"] for one in said["mutants"] if not one["killed_by"]]
    wrong = [f"the mutant {name} lives" for name in lives] + (["no mutant was tried"] if not said["mutants"] else [])
    return {"said": f'{len(said["mutants"]) - len(lives)} of {len(said["mutants"])} mutants killed', "wrong": wrong,
            "data": said["mutants"]}


def crash(given):
    """Real processes end at each durable write and each call, on both databases."""
    code, said = script("proof/crash.py", given.hmt, "--quiet", *(["--long"] if given.hours else []), timeout=7200)
    days = sum(said.get("days", {}).values())
    told = (f'{days} days, {said.get("points")} points, {said.get("engines_killed")} engines killed, '
            f'{said.get("orders")} orders, {said.get("parked")} triggers asked for a person')
    return {"said": told, "data": said, "wrong": said.get("wrong") or (["it failed"] if code else [])}


def network(given):
    """Every kind of fault on every side; it has its own summary."""
    code, said = script("proof/network.py", given.hmt, timeout=3600)
    return {"said": f'{len(said.get("cases", []))} cases of faults between real processes', "data": {},
            "wrong": ["it failed: its own lines say where"] if code else []}


def sessions(given):
    """Long sessions of the program itself, under kill -9 and with a broker that goes wrong."""
    command = [sys.executable, "-B", "tests/acceptance/prove.py", str(given.hmt), "--minutes", str(round(given.hours * 20))]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return {"said": done.stdout.splitlines()[-1], "wrong": ["sessions failed"] if done.returncode else [], "data": {}}


def coverage(_):
    """The tests take every branch of the code that all this rests on."""
    code, said = script("proof/coverage.py", "--json", "REPORT", timeout=3600)
    wrong = [line for one in said.values() for line in one["missing"]]
    return {"said": f'{sum(one["branches"] for one in said.values())} conditions, each taken both ways', "data": said,
            "wrong": wrong or (["it failed"] if code else [])}


# What runs, in this order: its name, the function, whether the quick proof has it.
PARTS = [("mutants", mutants, True), ("world", world, True), ("repeats", repeats, True), ("crash", crash, True),
         ("coverage", coverage, False), ("network", network, False), ("sessions", sessions, False)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hmt", type=pathlib.Path, default=HMT)
    parser.add_argument("--hours", type=float, default=0)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--only", default="")
    parser.add_argument("--report", type=pathlib.Path)
    given = parser.parse_args()
    for needed in (WORLD, given.hmt):
        if not needed.exists():
            sys.exit(f"{needed} is not there: ./dev prove builds it")
    results = {}
    for name, part, quick in PARTS:
        if given.only not in name or not (quick or given.hours):
            continue
        began = time.monotonic()
        result = part(given) | {"seconds": round(time.monotonic() - began)}
        print(f"{'FAIL' if result['wrong'] else 'ok  '} {name}: {result['said']} ({result['seconds']} s)", flush=True)
        for line in result["wrong"][:20]:
            print(f"     {line}", flush=True)
        results[name] = result
    if given.report:
        given.report.write_text(report.written(results, given))
    failed = sum(bool(result["wrong"]) for result in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
