#!/usr/bin/env python3
"""The proofs of exactly once, one after another, and the report of what they saw.

    prove.py [--hmt BINARY] [--hours N] [--seeds N] [--part NAME] [--report FILE]

Without --hours the quick proof: every mutant killed, so many simulated worlds without a violation and each kind of fault
met, worlds that repeat exactly, the model searched whole, a process killed at each point. With it the world goes on with new seeds and
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
MUTANT_SEEDS = 12_000  # at the most: the last of several layers is tried by one world of a thousand
REPEATED_SEEDS = 50
# What a run tells that came to no end: all that the report reads.
NOTHING = {name: 0 for name in ("worlds", "minutes", "seconds", "cpu_seconds", "happened", "triggers", "fires", "orders",
                                "unanswered", "attention", "leases")}


def crashed(why):
    """A bug stops the process (base::ensure), which is a violation like any other."""
    return NOTHING | {"faults": {}, "diverged": [], "violations": [{"seed": "?", "rule": "crash", "what": why}]}


def run_world(first, count, minutes, *options):
    command = [str(WORLD), "--from", str(first), "--count", str(count), "--minutes", str(minutes),
               "--jobs", str(os.cpu_count()), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1):
        return crashed(f"exit code {done.returncode}: {done.stderr.strip()[-200:]}")
    try:
        said = json.loads(done.stdout)
    except json.JSONDecodeError as wrong:
        return crashed(f"what it says is no report: {wrong}")
    said["minutes"] = said["worlds"] * (minutes + CALM_MINUTES)
    if said["worlds"] != count:
        said["violations"].append({"seed": "?", "rule": "missing", "what": f'{said["worlds"]} of {count} worlds ran'})
    return said


def words_of(violations):
    return [f'seed {one["seed"]}: {one["rule"]} {one["what"]}' for one in violations]


def add(total, said):
    for name, value in said.items():
        if isinstance(value, (int, float)):
            total[name] = total.get(name, 0) + value
        elif isinstance(value, list):
            total[name] = total.get(name, []) + value
        else:
            add(total.setdefault(name, {}), value)


def world(given):
    """Short days of many seeds, and some in which little else happens to mend what went wrong; then, for so many hours, whole
    days of seeds that no run had before."""
    total = {}
    add(total, run_world(1, given.seeds, 60))
    add(total, run_world(1, given.seeds, 6))
    first = int(time.time())
    until = time.monotonic() + given.hours * 3600
    while time.monotonic() < until and not total["violations"]:
        add(total, run_world(first, LONG_RUN_SEEDS, TRADING_MINUTES))
        first += LONG_RUN_SEEDS
    never = [name for name, times in total["faults"].items() if times == 0]
    wrong = words_of(total["violations"]) + ([] if total["faults"] else ["no fault was counted"])
    wrong += [f"no world met the fault {name}" for name in never]
    days = total["minutes"] / TRADING_MINUTES
    total["days_a_second"] = round(days / total["cpu_seconds"], 1) if total["cpu_seconds"] else 0
    said = (f'{total["worlds"]} worlds, {days:.0f} trading days, {total["orders"]} orders, {sum(total["faults"].values())} '
            f'faults; {total["days_a_second"]} days a second and core')
    return {"said": said, "wrong": wrong, "data": total}


def repeats(given):
    """A seed is a whole run: the same one twice leaves the same trace."""
    said = run_world(1, REPEATED_SEEDS, 60, "--twice")
    wrong = words_of(said["violations"])
    wrong += [f"seed {seed} ran otherwise the second time" for seed in said["diverged"]]
    return {"said": f'{said["worlds"]} seeds ran twice', "wrong": wrong, "data": {}}


def script(*command, timeout):
    """A proof with a JSON report, in the file REPORT or on its last line: (exit code, report)."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        words = [str(word).replace("REPORT", file.name) for word in command]
        keeps = "REPORT" in command
        done = subprocess.run([sys.executable, "-B", *words], stdout=None if keeps else subprocess.PIPE,
                              stderr=subprocess.PIPE, cwd=ROOT, timeout=timeout, check=False)
        if done.returncode:
            sys.stderr.write(done.stderr.decode(errors="replace"))
        text = pathlib.Path(file.name).read_text() if keeps else done.stdout.decode()
    lines = text.strip().splitlines()
    try:
        return done.returncode, json.loads(text if keeps else lines[-1]) if lines else {}
    except json.JSONDecodeError:
        return done.returncode or 1, {}


def mutants(given):
    """Each is noticed, and by a rule that it is meant to break."""
    code, said = script("proof/mutants.py", "--world", WORLD, "--seeds", MUTANT_SEEDS, "--without-control", "--json",
                        "REPORT", timeout=3600)
    tried = said.get("mutants", [])
    wrong = [f'the mutant {one["name"]} lives: {one["lives"]}' for one in tried if not one["killed_by"]]
    if not tried or (code and not wrong):
        wrong.append(f"mutants.py ended with {code}, and {len(tried)} mutants tried")
    killed = sum(one["killed_by"] is not None for one in tried)
    return {"said": f"{killed} of {len(tried)} mutants killed", "wrong": wrong, "data": tried}


def model(given):
    """Every order of the protocol's steps (proof/model); the hours have more bounds."""
    code, said = script("proof/model/check.py", *(["--long"] if given.hours else []), timeout=3600)
    wrong = said.get("broken", [])
    if code and not wrong:
        wrong = [f"check.py ended with {code}"]
    elif not said.get("states"):
        wrong = wrong + ["no state was searched"]
    return {"said": f'{said.get("states", 0):,} states searched whole, {said.get("mutants", {}).get("killed", 0)} mutants '
                    f'refuted, {len(said.get("probes", {}).get("reached", []))} marks met', "wrong": wrong, "data": said}


def crash(given):
    """Real processes end at each durable write and each call, on both databases."""
    code, said = script("proof/crash.py", given.hmt, "--quiet", *(["--long"] if given.hours else []), timeout=7200)
    days = sum(said.get("days", {}).values())
    told = (f'{days} days, {said.get("points")} points, {said.get("engines_killed")} engines killed, '
            f'{said.get("orders")} orders, {said.get("parked")} triggers asked for a person')
    wrong = said.get("wrong") or ([f"crash.py ended with {code}, after {days} days"] if code or not days else [])
    return {"said": told, "data": said, "wrong": wrong}


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
PARTS = [("mutants", mutants, True), ("world", world, True), ("repeats", repeats, True), ("model", model, True),
         ("crash", crash, True), ("coverage", coverage, False), ("network", network, False),
         ("sessions", sessions, False)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hmt", type=pathlib.Path, default=HMT)
    parser.add_argument("--hours", type=float, default=0)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--part", choices=[name for name, _, _ in PARTS], help="this one, quick or slow; else all that the proof has")
    parser.add_argument("--report", type=pathlib.Path)
    given = parser.parse_args()
    for needed in (WORLD, given.hmt):
        if not needed.exists():
            sys.exit(f"{needed} is not there: ./dev prove builds it")
    results = {}
    for name, part, quick in PARTS:
        if name != given.part and (given.part or not (quick or given.hours)):
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
