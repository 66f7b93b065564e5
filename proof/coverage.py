#!/usr/bin/env python3
"""Every branch of the code that exactly once rests on is taken both ways by the tests beside it.

    coverage.py [BUILD] [--json FILE]

Builds the tests of four rooms with clang's coverage (Debian's llvm-19) under BUILD, runs them, and names each branch of
the claim, the gate, the classification, the group and the merge that was never true or never false. Exit 1 if there is
one. The last line is `N passed, N failed`, counting files and functions.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ["oms", "gate", "store", "engine"]
# Whole files; or the functions of one that are meant.
WANTED = {
    "src/oms/classify.cpp": None,
    "src/oms/order_state.cpp": None,
    "src/oms/absence.cpp": None,
    "src/gate/gate.cpp": None,
    "src/engine/firing.cpp": None,
    "src/store/rules.cpp": ["judge", "apply_claim", "apply_outcome", "apply_status", "check_group"],
    "src/engine/arming.cpp": ["GroupWon", "is_held", "release_group"],
}


def build_and_run(build):
    environment = os.environ | {"CC": "clang-19", "CXX": "clang++-19"}
    flags = "-fprofile-instr-generate -fcoverage-mapping"
    subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                    "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache", f"-DCMAKE_CXX_FLAGS={flags}"],
                   env=environment, stdout=subprocess.DEVNULL, check=True)
    subprocess.run(["ninja", "-C", build, *(f"{room}_test" for room in ROOMS)], stdout=sys.stderr, check=True)
    raw = []
    for room in ROOMS:
        raw.append(build / f"{room}.profraw")
        subprocess.run([build / f"src/{room}/{room}_test"], env=os.environ | {"LLVM_PROFILE_FILE": str(raw[-1])},
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    subprocess.run(["llvm-profdata-19", "merge", "-o", build / "all.profdata", *raw], check=True)


def functions(build):
    first, *others = [build / f"src/{room}/{room}_test" for room in ROOMS]
    objects = [word for each in others for word in ("-object", each)]
    done = subprocess.run(["llvm-cov-19", "export", f"-instr-profile={build / 'all.profdata'}", first, *objects,
                           *(ROOT / file for file in WANTED)], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["data"][0]["functions"]


def is_wanted(file, name):
    wanted = WANTED[file]
    return wanted is None or any(word in name for word in wanted)


def one_sided(build):
    """For each wanted place its branches, as (line, column, how often true, how often false) summed over programs."""
    seen = {file: {} for file in WANTED}
    for function in functions(build):
        file = str(pathlib.Path(function["filenames"][0]).resolve().relative_to(ROOT))
        if file not in WANTED or not is_wanted(file, function["name"]):
            continue
        for branch in function.get("branches", []):
            place = tuple(branch[:2])
            yes, no = seen[file].get(place, (0, 0))
            seen[file][place] = (yes + branch[4], no + branch[5])
    return seen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", nargs="?", default=ROOT / "build/coverage", type=pathlib.Path)
    parser.add_argument("--json")
    given = parser.parse_args()
    build = given.build.resolve()
    build_and_run(build)
    failed, told = 0, {}
    for file, branches in one_sided(build).items():
        missing = [f"{file}:{line}: never {'true' if yes == 0 else 'false'}"
                   for (line, _), (yes, no) in sorted(branches.items()) if yes == 0 or no == 0]
        failed += bool(missing or not branches)
        told[file] = {"branches": len(branches), "missing": missing}
        print(f"{'FAIL' if missing or not branches else 'ok  '} {file}: {len(branches)} conditions")
        for line in missing:
            print(f"     {line}")
    if given.json:
        pathlib.Path(given.json).write_text(json.dumps(told))
    print(f"{len(told) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
