#!/usr/bin/env python3
"""Runs every fuzz target of a build folder (preset `fuzz`) on its corpus, two at a time.

    fuzz.py [BUILD] [--seconds N] [--only WORD] [--json FILE]

One line a target, with the inputs that it executed and the edges that they reached. An input that crashes, hangs or eats
memory is kept under BUILD/fuzz/found and named. A target that executed nothing or reached nothing counts as failed.
The last line is `N passed, N failed`.
"""
import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
AT_ONCE = 2
MEGABYTES_MAX = 2048
SECONDS_OF_ONE_INPUT = 10
GRACE_SECONDS = 120  # of a run past its time: its corpus is read first, and a report takes a while


def targets(build, only):
    found = sorted(path for path in build.glob("src/**/*_fuzz") if path.is_file())
    return [path for path in found if only in path.name]


def corpus_of(build, target):
    """src/net/net_form_fuzz of the build folder has its seeds in src/net/form_corpus."""
    room = target.parent.relative_to(build)
    name = target.name.removeprefix(room.name + "_").removesuffix("_fuzz")
    return ROOT / room / f"{name}_corpus"


def command(build, target, seconds):
    """What the fuzzer learns goes to the first folder, and is where the next run begins."""
    learnt = build / "fuzz" / "learnt" / target.name
    learnt.mkdir(parents=True, exist_ok=True)
    found = build / "fuzz" / "found"
    found.mkdir(parents=True, exist_ok=True)
    return [str(target), f"-max_total_time={seconds}", f"-rss_limit_mb={MEGABYTES_MAX}",
            f"-timeout={SECONDS_OF_ONE_INPUT}", "-print_final_stats=1", f"-artifact_prefix={found / target.name}-",
            str(learnt), str(corpus_of(build, target))]


def last_number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def judge(target, code, text):
    told = {
        "target": target.name,
        "executions": last_number(r"stat::number_of_executed_units: (\d+)", text),
        "edges": last_number(r"\bcov: (\d+)", text),
        "input": (re.findall(r"Test unit written to (\S+)", text) or [None])[-1],
        "wrong": None,
    }
    if code != 0:
        told["wrong"] = f"ended with {code}"
    elif told["executions"] == 0:
        told["wrong"] = "executed no input"
    elif told["edges"] == 0:
        told["wrong"] = "reached no edge: is the build one for fuzzers?"
    return told


def run(build, target, seconds):
    corpus = corpus_of(build, target)
    if not corpus.is_dir() or not any(corpus.iterdir()):
        return judge(target, 0, "") | {"wrong": f"has no seeds in {corpus.relative_to(ROOT)}"}, ""
    try:
        done = subprocess.run(command(build, target, seconds), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=seconds + GRACE_SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace")
        return judge(target, 0, text) | {"wrong": "did not end in time"}, text
    text = done.stdout.decode(errors="replace")
    return judge(target, done.returncode, text), text


def show(told, text):
    print(f"{'FAIL' if told['wrong'] else 'ok  '} {told['target']}: {told['executions']} executions, {told['edges']} edges"
          + (f": {told['wrong']}" if told["wrong"] else ""))
    if told["wrong"]:
        print("\n".join("     " + line for line in text.splitlines()[-60:]))
        print(f"     input kept: {told['input']}")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", nargs="?", default=ROOT / "build" / "fuzz", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    build = given.build.resolve()
    told = []
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(run, build, target, given.seconds) for target in targets(build, given.only)]
        for done in concurrent.futures.as_completed(runs):
            told.append(done.result()[0])
            show(*done.result())
    failed = sum(each["wrong"] is not None for each in told)
    if given.json:
        summary = {"seconds": given.seconds, "targets": sorted(told, key=lambda each: each["target"])}
        given.json.write_text(json.dumps(summary, indent=2) + "\n")
    if not told:
        print(f"there is no fuzz target in {build}: build the preset `fuzz`")
    print(f"{len(told) - failed} passed, {failed if told else 1} failed", flush=True)
    return 1 if failed or not told else 0


if __name__ == "__main__":
    sys.exit(main())
