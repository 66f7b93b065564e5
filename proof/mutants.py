#!/usr/bin/env python3
"""Deliberate faults of the protocol (mutants.toml): does the simulated world notice each of them, and by what it breaks?

    mutants.py --write FOLDER     a copy of src/ that carries them all; what the build switch HMT_MUTANTS does
    mutants.py [NAME ...] [--world WORLD] [--seeds N] [--minutes N] [--jobs N] [--without-control] [--json FILE]

WORLD is the hmt_world of a build with HMT_MUTANTS (preset `mutants`); no NAME: all. One line a mutant: the seed that
killed it, after how many worlds, and what was violated. It must be one of the mutant's own rules (`noticed_by`): a side
effect is not enough, and a crash is no violation. Without a mutant the same seeds must be clean. Exit 1 when one lives,
or when the unchanged program is not clean. The last line is `N passed, N failed`.
By hand: HMT_MUTANT=NAME build/mutants/hmt_world --from SEED --count 1 --minutes 60
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS = 1800
HEADER = """// Written by proof/mutants.py.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <string_view>
namespace hmt::mutant {
inline bool chosen(std::initializer_list<std::string_view> names) {
  const char* name = std::getenv("HMT_MUTANT");
  return name != nullptr && std::find(names.begin(), names.end(), name) != names.end();
}
}  // namespace hmt::mutant
"""
# At the end of the world's main.cpp: a name that nobody knows would choose nothing, and a world without a fault is clean.
KNOWN = """
namespace {
const bool mutant_is_known = [] {
  if (std::getenv("HMT_MUTANT") == nullptr || hmt::mutant::chosen({%s})) return true;
  std::fprintf(stderr, "there is no mutant %%s\\n", std::getenv("HMT_MUTANT"));
  std::exit(2);
}();
}  // namespace
"""


def mutants():
    with open(ROOT / "proof/mutants.toml", "rb") as file:
        return tomllib.load(file)["mutant"]


def changes_by_place(listed):
    """What several mutants change alike is changed once, for all of them."""
    places = {}
    for mutant in listed:
        for change in mutant["change"]:
            place = (change["file"], change["find"], change["put"])
            places.setdefault(place, []).append(mutant["name"])
    return places


def quoted(names):
    return ", ".join(f'"{name}"' for name in names)


def mutated(listed):
    """The text of each file that carries a mutant."""
    texts = {}
    for (file, find, put), names in changes_by_place(listed).items():
        text = texts.get(file) or (ROOT / file).read_text()
        if text.count(find) != 1:
            sys.exit(f"proof/mutants.toml: {text.count(find)} times in {file}, and not once: {find}")
        test = f"([] {{ static const bool on = hmt::mutant::chosen({{{quoted(names)}}}); return on; }}())"
        texts[file] = text.replace(find, put.replace("MUTANT", test))
    main = "src/world/main.cpp"
    texts[main] = (ROOT / main).read_text() + KNOWN % quoted(mutant["name"] for mutant in listed)
    return texts


def put_file(path, content):
    """What is the same stays untouched, so that little has to be built anew."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write(folder):
    texts = mutated(mutants())
    originals = [path.relative_to(ROOT) for path in (ROOT / "src").rglob("*") if path.is_file()]
    for file in originals:
        text = texts.get(str(file))
        put_file(folder / file, (ROOT / file).read_bytes() if text is None else text.encode())
    put_file(folder / "mutant.h", HEADER.encode())
    kept = {folder / file for file in originals}
    for path in (folder / "src").rglob("*"):
        if path.is_file() and path not in kept:
            path.unlink()


def result_of(done, rules):
    """Of a run: what it violated of these rules, or why it shows nothing."""
    if done.returncode not in (0, 1):
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return {"killed_by": None, "lives": f"the world crashed, which is no violation: {(said or ['no word'])[-1]}",
                "seed": None, "worlds": 0}
    said = json.loads(done.stdout)
    first = min(said["violations"], key=lambda one: one["seed"], default=None)
    if first:
        return {"killed_by": f'{first["rule"]}: {first["what"]}', "lives": None, "seed": first["seed"],
                "worlds": said["worlds"]}
    others = ", ".join(f"{rule} {times} times" for rule, times in said["others"].items())
    wanted = " or ".join(rules) if rules else "anything"
    return {"killed_by": None, "lives": f"never broke {wanted}; broke {others or 'nothing'}", "seed": None,
            "worlds": said["worlds"]}


def run(mutant, options):
    rules = mutant["noticed_by"] if mutant else []
    minutes = (mutant or {}).get("minutes", options.minutes)
    command = [str(options.world), "--from", "1", "--count", str(options.seeds), "--minutes", str(minutes),
               "--jobs", str(options.jobs)]
    for rule in rules:
        command += ["--rule", rule]
    environment = dict(os.environ)
    environment.pop("HMT_MUTANT", None)
    if mutant:
        command.append("--stop-at-first")
        environment["HMT_MUTANT"] = mutant["name"]
    began = time.monotonic()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=TIMEOUT_SECONDS, check=False)
    return result_of(done, rules) | {"seconds": round(time.monotonic() - began, 1)}


def told(name, result):
    verdict = "killed" if result["killed_by"] else "LIVES"
    line = f"{verdict:<7} {name:<46} seed {result['seed']}  {result['worlds']} worlds  {result['seconds']} s"
    return line + f"  {(result['killed_by'] or result['lives'])[:160]}"


def control(options):
    """The unchanged program: every world ran, and nothing was violated."""
    result = run(None, options)
    clean = result["killed_by"] is None and result["worlds"] == options.seeds
    print(f"{'clean' if clean else 'NOT CLEAN'}: {result['worlds']} worlds without a mutant, {result['seconds']} s  "
          f"{result['killed_by'] or ''}")
    return clean


def asked_for(names):
    listed = mutants()
    unknown = set(names) - {mutant["name"] for mutant in listed}
    if unknown:
        sys.exit(f"proof/mutants.toml has no mutant {', '.join(sorted(unknown))}")
    return [mutant for mutant in listed if not names or mutant["name"] in names]


def judge(options):
    results = []
    for mutant in asked_for(options.names):
        result = {name: mutant[name] for name in ("name", "why", "noticed_by")} | run(mutant, options)
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("--world", default=ROOT / "build/mutants/hmt_world", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--without-control", action="store_true")
    parser.add_argument("--json")
    options = parser.parse_args()
    if options.write:
        write(options.write)
        return 0
    return judge(options)


if __name__ == "__main__":
    sys.exit(main())
