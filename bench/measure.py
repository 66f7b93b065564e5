"""What every row of the benchmark measures with: commands that print figures, run in turns, and medians of them.

Ours and theirs take turns, so that whatever slows the machine slows both; a row's value is the ratio of the two medians.
Figures are CPU time unless a row says otherwise.
"""
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
NODE = ROOT / "bench/node"


@dataclass
class Result:
    """One bar of the table. `value` is held against `bar` and `aim`; `told` says from which figures it came."""
    what: str
    value: float
    bar: float
    aim: float | None
    at_least: bool  # else at most
    unit: str = "×"
    told: str = ""
    wrong: list = field(default_factory=list)  # outputs that were not what they must be

    def meets(self, wanted):
        return wanted is None or (self.value >= wanted if self.at_least else self.value <= wanted)

    @property
    def holds(self):
        return not self.wrong and self.meets(self.bar)


@dataclass
class Row:
    """A row of the table: `measure(repeats)` gives its results; `limits` says what keeps it from being better."""
    number: int
    what: str
    measure: object
    limits: str


def run(command, timeout=600, **more):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, timeout=timeout, check=True,
                          **more)
    return done.stdout


def google(binary, name, at_least_s=0.2, before=()):
    """One benchmark of a *_bench program, by its full name: {"cpu_ns": …, its counters…}. An error in it is ours."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        run([*before, BUILD / binary, f"--benchmark_filter=^{name}$", f"--benchmark_min_time={at_least_s}",
             f"--benchmark_out={file.name}", "--benchmark_out_format=json"], stderr=subprocess.DEVNULL)
        found = json.loads(pathlib.Path(file.name).read_text())["benchmarks"]
    if len(found) != 1:
        raise RuntimeError(f"{binary} has {len(found)} benchmarks named {name}")
    said = found[0]
    if said.get("error_occurred"):
        raise RuntimeError(f"{name}: {said['error_message']}")
    scale = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[said["time_unit"]]
    return {**said, "cpu_ns": said["cpu_time"] * scale, "real_ns": said["real_time"] * scale}


def node(script, *arguments, timeout=600):
    """A program of bench/node, which prints one JSON object on its last line."""
    env = os.environ | {"NODE_ENV": "production"}
    lines = run(["node", "--expose-gc", "--max-old-space-size=12000", NODE / script, *arguments], timeout, env=env)
    return json.loads(lines.strip().splitlines()[-1])


def in_turns(repeats, **takes):
    """Calls each of `takes` so often, in turns; {name: [what it gave, …]}."""
    seen = {name: [] for name in takes}
    for _ in range(repeats):
        for name, take in takes.items():
            seen[name].append(take())
    return seen


def median(samples, figure):
    return statistics.median(sample[figure] for sample in samples)


def nanos(value):
    """A duration as a person reads it."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} ns"
