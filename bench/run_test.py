#!/usr/bin/env python3
"""run.py must fail for every reason to fail: a benchmark that cannot miss its bar measures nothing."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

HEAD = "from measure import Result, Row, google, in_turns, median\n"
MET = HEAD + 'ROWS = [Row({number}, "a row", lambda repeats: [Result("a ratio", 12.0, 10, 20, True, "×")], "its limit")]\n'
MISSED = HEAD + 'ROWS = [Row(1, "a row", lambda repeats: [Result("a ratio", 9.9, 10, 20, True)], "")]\n'
MISSED_FROM_ABOVE = HEAD + 'ROWS = [Row(1, "a row", lambda repeats: [Result("a ratio", 1.3, 1.2, None, False)], "")]\n'
WRONG = HEAD + 'ROWS = [Row(1, "a row", lambda repeats: [Result("a ratio", 12.0, 10, 20, True, wrong=["one fire too many"])], "")]\n'
RAISES = HEAD + 'def measure(repeats):\n    raise RuntimeError("no such binary")\nROWS = [Row(1, "a row", measure, "")]\n'
SILENT = HEAD + 'ROWS = [Row(1, "a row", lambda repeats: [], "")]\n'
TURNS = HEAD + """
order = []
def measure(repeats):
    seen = in_turns(repeats, ours=lambda: order.append("ours") or {"ns": len(order)}, theirs=lambda: order.append("theirs") or {"ns": 0})
    assert order == ["ours", "theirs"] * repeats, order
    assert [sample["ns"] for sample in seen["ours"]] == [1, 3, 5, 7, 9, 11, 13], seen
    return [Result("the median", median(seen["ours"], "ns"), 7, None, True)]
ROWS = [Row(1, "a row", measure, "")]
"""
NO_BINARY = HEAD + 'ROWS = [Row(1, "a row", lambda repeats: [google("src/none/none_bench", "None")], "")]\n'

# name: (modules of rows, arguments, exit code, what the output says)
CASES = {
    "a met bar": ({"a": MET.format(number=1)}, [], 0, "ok     a ratio: 12 × (bar ≥ 10 ×, aim ≥ 20 ×)"),
    "a missed bar": ({"a": MISSED}, [], 1, "MISSED a ratio"),
    "a bar that is passed from above": ({"a": MISSED_FROM_ABOVE}, [], 1, "MISSED a ratio: 1.3 × (bar ≤ 1.2 ×) "),
    "a wrong output": ({"a": WRONG}, [], 1, "one fire too many"),
    "a row that raises": ({"a": RAISES}, [], 1, "not measured: RuntimeError: no such binary"),
    "a row without a result": ({"a": SILENT}, [], 1, "not measured: no result"),
    "a benchmark that is not built": ({"a": NO_BINARY}, [], 1, "not measured"),
    "no rows": ({}, [], 1, "0 passed, 0 failed"),
    "one bar missed among others met": ({"a": MISSED, "b": MET.format(number=2)}, [], 1, "1 passed, 1 failed"),
    "a row that raises before one that does not": ({"a": RAISES, "b": MET.format(number=2)}, [], 1, "1 passed, 1 failed"),
    "two rows of one number": ({"a": MET.format(number=1), "b": MET.format(number=1)}, [], 1, "two rows have one number"),
    "the row that is asked for alone": ({"a": MISSED, "b": MET.format(number=2)}, ["--row", "2"], 0, "1 passed, 0 failed"),
    "a row that is not there": ({"a": MET.format(number=1)}, ["--row", "3"], 1, "no such row"),
    "too few repeats": ({"a": MET.format(number=1)}, ["--repeats", "4"], 1, "at least 5 repeats"),
    "repeats in turns": ({"a": TURNS}, ["--repeats", "7"], 0, "1 passed, 0 failed"),
}

REPORTED = ["a row: a ratio | **12 ×** | ≥ 10 × | ≥ 20 ×", "**1.** its limit", "**9.9 ×** MISSED", "**not measured**: RuntimeError"]


def run(folder, modules, *arguments):
    bench = pathlib.Path(folder) / "bench"
    (bench / "rows").mkdir(parents=True)
    for name in ("run.py", "measure.py", "report.py"):
        shutil.copy(HERE / name, bench)
    for name, text in modules.items():
        (bench / "rows" / f"{name}.py").write_text(text)
    return subprocess.run([sys.executable, "-B", bench / "run.py", *arguments], capture_output=True, text=True, check=False)


def wrong_with_case(modules, arguments, code, said):
    with tempfile.TemporaryDirectory() as folder:
        done = run(folder, modules, *arguments)
    output = done.stdout + done.stderr
    return None if done.returncode == code and said in output else f"exit {done.returncode}: {output}"


def wrong_with_report(wanted, *arguments):
    modules = {"a": MET.format(number=1), "b": MISSED.replace("Row(1", "Row(2"), "c": RAISES.replace("Row(1", "Row(3")}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "performance.md"
        run(folder, modules, "--report", str(path), *arguments)
        text = path.read_text()
    missing = [line for line in wanted if line not in text]
    return f"not in the report: {missing}\n{text}" if missing else None


def main():
    found = {name: wrong_with_case(*case) for name, case in CASES.items()} 
    found["the report"] = wrong_with_report(REPORTED)
    found["the report of one row"] = wrong_with_report(["| 1 | a row | **not measured**: left out of this run", "9.9 ×"], "--row", "2")
    failed = {name: wrong for name, wrong in found.items() if wrong}
    for name, wrong in failed.items():
        print(f"not so: {name}\n{wrong}")
    print(f"{len(found) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
