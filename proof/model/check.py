#!/usr/bin/env python3
# Licence: Apache-2.0
"""Checks the model of claim, gate, take-over, stop and cancel (fire.pml) with spin.

    check.py [--jobs N] [--long] [--only WORD]

The safe model is searched whole under each set of bounds, and must come by every mark that it
names; each mutant must be refuted; each file and function that README.md names must stand in the
tree. One JSON object is the last line on stdout; words go to stderr. Exit 1 when any of it fails.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import tidy  # noqa: E402  what the pages name is read by its rule
MODEL = HERE / "fire.pml"
NAMES = ("TAKES", "CRASHES", "LAPSES", "LOST", "STOPS", "STARTS", "WRITES")
# Leases taken (with the first), crashes, lapses of freshness, lost answers of commits, stops,
# starts, cancels or edits.
BOUNDS = {
    "stop": (3, 0, 1, 0, 1, 0, 0),
    "take_over": (3, 1, 1, 0, 0, 0, 0),
    "start": (3, 1, 0, 0, 1, 1, 0),
    "people": (2, 1, 0, 1, 0, 0, 1),
}
LONG = {
    "start_after_lapse": (2, 0, 1, 0, 1, 1, 0),
    "people_and_lapse": (2, 0, 1, 1, 0, 0, 1),
}
MUTANTS = {
    "absent_at_once": "start",
    "blind_retry": "start",
    "cancelled_armed_again": "people",
    "claim_ignores_epoch": "take_over",
    "claim_ignores_row": "people",
    "claim_ignores_version": "people",
    "former_record_commits": "start",
    "former_withdrawal_believed": "start",
    "fresh_without_a_look": "start",
    "gate_ignores_epoch": "start",
    "gate_ignores_freshness": "start",
    "gate_ignores_shut": "start",
    "group_not_asked": "start",
    "lost_lease_answers_at_once": "stop",
    "recovery_arms_firing": "start",
    "recovery_resends_forwarded": "start",
    "send_before_durable": "start",
    "sibling_not_dropped": "start",
    "standby_answers_early": "start",
    "stop_answered_before_shut": "start",
    "unknown_commit_dropped": "people",
    "unknown_is_refused": "start",
}
# A store that refuses "forwarded" while stopped does not make up for a wait that is too short.
ALSO_REFUTED = {
    "standby_answers_early with STORE_REFUSES_FORWARDED":
        ("start", ["MUTANT_standby_answers_early", "STORE_REFUSES_FORWARDED"]),
}


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def run(name, bounds, defines, folder, optimise):
    work = pathlib.Path(folder) / re.sub(r"\W", "_", name)
    work.mkdir()
    flags = [f"-D{n}={v}" for n, v in zip(NAMES, bounds)] + [f"-D{d}" for d in defines]
    began = time.monotonic()
    made = subprocess.run(["spin", "-a", *flags, str(MODEL)], cwd=work, text=True,
                          capture_output=True)
    if made.returncode != 0 or not (work / "pan.c").exists():
        return {"name": name, "broken": made.stdout[-2000:] + made.stderr[-2000:]}
    built = subprocess.run(["gcc", optimise, "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=4000", "-o",
                            "pan", "pan.c"], cwd=work, text=True, capture_output=True)
    if built.returncode != 0:
        return {"name": name, "broken": built.stderr[-2000:]}
    out = subprocess.run(["./pan", "-m200000", "-n"], cwd=work, text=True, capture_output=True)
    text = out.stdout + out.stderr
    shutil.rmtree(work)
    errors = re.search(r"errors: (\d+)", text)
    states = re.search(r"([\d.e+]+) states, stored", text)
    violated = re.search(r"pan:\d+: (.*)", text)
    cut = re.search(r"max search depth too small|out of memory|memory limit|not completed", text)
    result = {
        "name": name,
        "states": int(float(states.group(1))) if states else 0,
        "seconds": round(time.monotonic() - began, 1),
        "errors": int(errors.group(1)) if errors else None,
        "violated": violated.group(1).strip()[:200] if violated else "",
        "reached": re.findall(r"REACHED (\w+)", text),
    }
    if errors is None or (cut and result["errors"] == 0):
        result["broken"] = text[-1000:]
    return result


def named_in_readme():
    """Rows of the table: | steps | what | `file`: `function` ... |"""
    missing, named = [], 0
    model = MODEL.read_text()
    for line in (HERE / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 2 or "src/" not in cells[1]:
            continue
        for step in re.findall(r"`(\w+)`", cells[0]):
            named += 1
            if not re.search(rf"\b{step}\b", model):
                missing.append(f"fire.pml: {step}")
        for file, function, there in tidy.named_places(ROOT, cells[1]):
            named += 1
            if not there:
                missing.append(f"{file}: {function}")
    return named, missing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--long", action="store_true", help="two more sets of bounds, minutes")
    parser.add_argument("--only", default="", help="what has this word in its name")
    args = parser.parse_args()
    missing_tools = [tool for tool in ("spin", "gcc") if not shutil.which(tool)]
    if missing_tools:
        print(json.dumps({"ok": False, "states": 0, "wrong": [f"{tool} is not installed" for tool in missing_tools]}))
        return 1
    began = time.monotonic()
    safe_bounds = {**BOUNDS, **(LONG if args.long else {})}
    work = [(f"safe {n}", b, [], "-O1") for n, b in safe_bounds.items()]
    work += [(m, BOUNDS[b], [f"MUTANT_{m}"], "-O0") for m, b in MUTANTS.items()]
    work += [(n, BOUNDS[b], d, "-O0") for n, (b, d) in ALSO_REFUTED.items()]
    work = [one for one in work if args.only in one[0]]
    unlisted = set(re.findall(r"MUTANT_(\w+)", MODEL.read_text())) - set(MUTANTS)
    safe, killed, alive, broken = [], {}, [], [f"not listed: {m}" for m in sorted(unlisted)]
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
        jobs = [pool.submit(run, n, b, d, folder, o) for n, b, d, o in work]
        for job in concurrent.futures.as_completed(jobs):
            result = job.result()
            name = result["name"]
            if "broken" in result:
                broken.append(name)
                say(f"BROKEN  {name}: {result['broken']}")
            elif name.startswith("safe "):
                safe.append(result)
                say(f"{'ok' if result['errors'] == 0 else 'WRONG':7} {name}: {result['states']}"
                    f" states, {result['seconds']} s {result['violated']}")
            elif result["errors"]:
                killed[name] = result["violated"]
                say(f"killed  {name}: {result['states']} states, {result['violated'][:70]}")
            else:
                alive.append(name)
                say(f"ALIVE   {name}: {result['states']} states")
    marks = set(re.findall(r'REACHED\(\d+, "(\w+)"\)', MODEL.read_text()))
    reached = {mark for result in safe for mark in result["reached"]}
    missed = sorted(marks - reached) if not args.only else []
    named, missing = named_in_readme()
    for mark in missed:
        say(f"NEVER   {mark}")
    for name in missing:
        say(f"GONE    {name}")
    wrong = [result["name"] for result in safe if result["errors"] != 0]
    ways = [f"the model is violated: {name}" for name in wrong]
    ways += [f"the mutant {name} is not refuted" for name in alive]
    ways += [f"could not be searched: {name}" for name in broken]
    ways += [f"no search came by {mark}" for mark in missed]
    ways += [f"named in README.md and not there: {name}" for name in missing]
    ways += [] if work else ["nothing has such a name"]
    good = not ways
    print(json.dumps({
        "ok": good,
        "wrong": ways,
        "seconds": round(time.monotonic() - began, 1),
        "states": sum(result["states"] for result in safe),
        "safe": {r["name"][5:]: {k: r[k] for k in ("states", "seconds", "errors", "violated")}
                 for r in safe},
        "mutants": {"killed": len(killed), "alive": alive, "by": killed},
        "probes": {"reached": sorted(reached), "missed": missed},
        "code": {"named": named, "missing": missing},
        "broken": broken,
    }))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
