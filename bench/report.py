"""The table, as lines on the screen and as docs/performance.md."""
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent

HEAD = """# How fast it is

Written by `./dev bench --report docs/performance.md`; every figure is of one run on one machine, as a ratio against
something that ran in turns with it. Medians of {repeats} interleaved repeats, CPU time unless the row says otherwise.
Bars and aims are those that the project set itself; a missed bar makes `./dev bench` exit 1.

| | |
|---|---|
{machine}

| # | what | measured | bar | aim | from |
|---|---|---|---|---|---|
{table}

## What limits each row

{limits}
"""


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def wanted(result, value):
    return "" if value is None else f"{'≥' if result.at_least else '≤'} {number(value)} {result.unit}"


def verdict(result):
    if result.wrong:
        return "WRONG"
    return "ok" if result.holds else "MISSED"


def lines_of(row, results, failure):
    lines = [f"{row.number:>2} {row.what}"]
    if failure or not results:
        lines.append(f"   FAIL not measured: {failure or 'no result'}")
    for result in results:
        met = "met" if result.meets(result.aim) else wanted(result, result.aim)
        aim = "" if result.aim is None else f", aim {met}"
        lines.append(f"   {verdict(result):6} {result.what}: {number(result.value)} {result.unit} "
                     f"(bar {wanted(result, result.bar)}{aim}) {result.told}")
        lines += [f"          {wrong}" for wrong in result.wrong]
    return "\n".join(lines)


def table_of(row, results, failure):
    if not results:
        return [f"| {row.number} | {row.what} | **not measured**: {failure} | | | |"]
    return [f"| {row.number} | {row.what}: {result.what} | **{number(result.value)} {result.unit}**"
            f"{'' if result.holds else ' ' + verdict(result)} | {wanted(result, result.bar)} | "
            f"{wanted(result, result.aim)} | {result.told} |" for result in results]


def first_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, cwd=ROOT)
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else "?"


def processor():
    names = [line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith(("model name", "Model"))]
    return names[0] if names else platform.machine()


def machine():
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) // (1 << 20)
    return {"commit": first_line("git", "describe", "--always", "--dirty"), "processor": f"{processor()}, {os.cpu_count()} cores",
            "memory": f"{memory} GiB", "kernel": platform.release(), "compiler": first_line("clang++-19", "--version"),
            "Node.js": first_line("node", "--version"),
            "load when it began to write this": f"{os.getloadavg()[1]:.1f} (5 minutes)"}


def written(seen, repeats, seconds):
    facts = machine() | {"the run took": f"{seconds / 60:.0f} min"}
    return HEAD.format(repeats=repeats, machine="\n".join(f"| {name} | {value} |" for name, value in facts.items()),
                       table="\n".join(line for row in seen for line in table_of(*row)),
                       limits="\n\n".join(f"**{row.number}.** {row.limits}" for row, _, _ in seen))
