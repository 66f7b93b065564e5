#!/usr/bin/env python3
"""Deliberate faults of the protocol (mutants.toml): does the simulated world notice each of them?

    mutants.py --write FOLDER     a copy of src/ that carries them all; what the build switch HMT_MUTANTS does
    mutants.py [WORLD] [--seeds N] [--minutes N] [--jobs N] [--only WORD] [--without-control] [--json FILE]

WORLD is the hmt_world of a build with HMT_MUTANTS (preset `mutants`). One line a mutant: the seed that killed it, after
how many seeds, and what was violated. Without a mutant the same seeds must be clean. Exit 1 when one lives, or when the
unchanged program is not clean. The last line is `N passed, N failed`.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = """// Written by proof/mutants.py.
#pragma once
#include <cstdlib>
namespace hmt::mutant {
inline const int chosen = std::getenv("HMT_MUTANT") ? std::atoi(std::getenv("HMT_MUTANT")) : 0;
template <class... Numbers>
bool is(Numbers... numbers) {
  return ((chosen == numbers) || ...);
}
}  // namespace hmt::mutant
"""


def mutants():
    with open(ROOT / "proof/mutants.toml", "rb") as file:
        return tomllib.load(file)["mutant"]


def changes_by_place(listed):
    """What several mutants change alike is changed once, for all of them."""
    places = {}
    for number, mutant in enumerate(listed, start=1):
        for change in mutant["change"]:
            place = (change["file"], change["find"], change["put"])
            places.setdefault(place, []).append(number)
    return places


def write(folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "src", folder / "src")
    (folder / "mutant.h").write_text(HEADER)
    for (file, find, put), numbers in changes_by_place(mutants()).items():
        path = folder / file
        text = path.read_text()
        if text.count(find) != 1:
            sys.exit(f"proof/mutants.toml: {text.count(find)} times in {file}, and not once: {find}")
        test = "hmt::mutant::is(" + ", ".join(str(number) for number in numbers) + ")"
        path.write_text(text.replace(find, put.replace("MUTANT", test)))


def run(world, number, options):
    command = [str(world), "--from", "1", "--count", str(options.seeds), "--minutes", str(options.minutes),
               "--jobs", str(options.jobs)]
    if number != 0:
        command.append("--stop-at-first")
    began = time.monotonic()
    done = subprocess.run(command, env=os.environ | {"HMT_MUTANT": str(number)}, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=1800, check=False)
    seconds = round(time.monotonic() - began, 1)
    if done.returncode < 0:
        return {"killed_by": f"signal {-done.returncode}", "seed": None, "worlds": None, "seconds": seconds}
    said = json.loads(done.stdout)
    first = min(said["violations"], key=lambda one: one["seed"], default=None)
    return {"killed_by": f'{first["rule"]}: {first["what"]}' if first else None,
            "seed": first["seed"] if first else None, "worlds": said["worlds"], "seconds": seconds}


def told(name, result):
    verdict = "killed" if result["killed_by"] else "LIVES"
    line = f"{verdict:<7} {name:<46} seed {result['seed']}  {result['worlds']} worlds  {result['seconds']} s"
    return line + (f"  {result['killed_by'][:110]}" if result["killed_by"] else "")


def control(options):
    result = run(options.world, 0, options)
    clean = result["killed_by"] is None
    print(f"{'clean' if clean else 'NOT CLEAN'}: {result['worlds']} worlds without a mutant, {result['seconds']} s")
    return clean


def judge(options):
    results = []
    for number, mutant in enumerate(mutants(), start=1):
        if options.only not in mutant["name"]:
            continue
        result = {"name": mutant["name"], "why": mutant["why"]} | run(options.world, number, options)
        print(told(mutant["name"], result), flush=True)
        results.append(result)
    clean = options.without_control or control(options)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"mutants": results}, indent=1))
    lives = sum(result["killed_by"] is None for result in results)
    failed = lives + (not clean)
    print(f"{len(results) + (not options.without_control) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("world", nargs="?", default=ROOT / "build/mutants/hmt_world", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="")
    parser.add_argument("--without-control", action="store_true")
    parser.add_argument("--json")
    options = parser.parse_args()
    if options.write:
        write(options.write)
        return 0
    return judge(options)


if __name__ == "__main__":
    sys.exit(main())
