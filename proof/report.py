"""docs/proof.md, from what the proofs saw (prove.py --report)."""
import datetime
import os
import platform
import subprocess

HEAD = """# What was proven, and how far

Written by `./dev prove --report docs/proof.md`{hours} on {date}, of commit `{commit}`, on {cores} cores of {machine}.
A violation, or a check that could not have failed, ends it with exit code 1.

| proof | result | seconds |
|---|---|---|
"""

WORLD = """
## The simulated world

The real engine, gate, reconciler, runtime, feed and store rules run on virtual time, each of their threads with a queue of its own, between a simulated
broker, people, wandering prices and the faults below. A seed is a whole run (`build/mutants/hmt_world --from SEED --count 1`, and `--story TRIGGER` to
look into one). Then the faults stop, and the broker's ledger is held against the records (`src/world`).

| | |
|---|---|
| worlds | {worlds:,} |
| simulated trading time | {days:,.0f} trading days of 6 h 15 min |
| things that happened | {happened:,} |
| triggers · fires · orders | {triggers:,} · {fires:,} · {orders:,} |
| orders whose answer never came | {unanswered:,} |
| triggers that asked for a person | {attention:,} |
| times a lease was taken | {leases:,} |
| simulated days a second and core | {days_a_second} |
| violations | {violations} |

### Faults, each drawn where it could happen

"""

MUTANTS = """
## Mutants: deliberate faults of the protocol, each noticed

`proof/mutants.toml` lists them; a build switch (`HMT_MUTANTS`) puts them into a copy of the sources. The worlds are those of above, in order. A mutant
counts as noticed only when a rule is broken that it is meant to break (`noticed_by`); one can be run by its name (`HMT_MUTANT=NAME`).

| fault | killed by seed | worlds | seconds | what was noticed |
|---|---|---|---|---|
"""

MODEL = """
## The model

`proof/model/fire.pml` has claim, gate, take-over, crash, stop and cancel in every order in which their steps can come; its page says what is held
in each state, under which bounds, and where each step stands in the code.

| | |
|---|---|
| states searched, none left out | {states:,} |
| sets of bounds | {bounds} |
| marks that a search must meet, all met | {marks} |
| deliberate faults of the model, each refuted | {killed} |
| steps and functions that its page names, all there | {named} |
"""

CRASH = """
## Crash points: real processes, real databases

`hmt serve` beside `hmt sim`, on SQLite and on PostgreSQL. Each day arms single triggers, pairs and a group through the API, moves the price over
their levels, and has one thing go wrong; whoever ended is started again; then the broker's ledger is held against the records: each fire one order,
never both legs, and what has no order says so and asks for a person. `hmt faults` lists the points: each durable write, each call to the broker, before
and after (and, where a call has one, between). A point that no day passed, a lie about a day that nobody noticed, and a loss of power that costs nothing
at `synchronous=NORMAL` would have failed it.

| what went wrong | days |
|---|---|
"""

CRASH_KINDS = {
    "killed": "killed (SIGKILL) at a point, then started again",
    "stands still": "stopped (SIGSTOP) at a point for longer than its lease, while another took over",
    "stands still alone": "stopped (SIGSTOP) at a point for longer than an order may wait to be sent",
    "database killed": "all processes of the database killed again and again",
    "database killed at": "all processes of the database killed while the engine stood still at a point",
    "power lost": "killed at a point, and all writes that were not flushed undone, or a part of them",
    "broken disk": "one write or flush failed (EIO)",
    "full disk": "every write failed (ENOSPC) until there was room again",
}

LIMITS = """
## What this does not show

- The world has one account and a store in memory that judges by the rules all backends share (`store/rules`); what the databases themselves do with
  a crash is for the crash points and the tests beside them.
- Power is lost and disks fail for SQLite alone, by a layer between the program and its files; what PostgreSQL does on such a disk is PostgreSQL's.
  An engine that stands still after its last check and before the first byte of an order sends it when it wakes.
- Kills at random and faults of the network between real processes are in `tests/acceptance/prove.py` and `proof/network.py`.
- Its threads take turns, task by task, in any order: races inside a task are for the thread sanitizer (preset `tsan`).
- The simulated broker is what its documents and its users tell of the real one. An order that arrives later than anybody has ever seen
  (more than 180 s) is not there: with `on_unknown: retry` it would be a second order, and people are told so when they choose it.
- The switch is looked at right before the first byte. Bytes that the kernel or the network holds up after that cannot be called back.
- What waits in a living gate for its turn (the account's rate, or a broker that says "too many") is sent however long ago it was decided on that
  trading day, for a fire that waits its turn is still a fire: six and a half minutes in seed 2738. Only what a restart finds older than a minute is
  armed again instead, and what the day's end finds.
- A trigger that its group held back and that comes back, as when the winner was rejected, waits for the next price where nothing else is watched on its
  instrument: the price that stands is forgotten while nobody watches it.
- Host clocks are set by up to an hour at a time, and not slewed.
"""


def commit():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def faults(counts, columns=3):
    rows = sorted(counts.items())
    lines = ["| " + " | ".join(["kind", "times"] * columns) + " |", "|" + "---|" * (2 * columns)]
    for i in range(0, len(rows), columns):
        cells = [f"{name.replace('_', ' ')} | {times:,}" for name, times in rows[i:i + columns]]
        cells += [" | "] * (columns - len(cells))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def mutant_rows(listed):
    for one in listed:
        noticed = (one["killed_by"] or "**nothing**").split(":")[0]
        yield f'| {one["name"]} | {one["seed"]} | {one["worlds"]} | {one["seconds"]} | {noticed} |\n'


def crash_rows(days):
    for name, times in sorted(days.items()):
        kind, database = name.split(", ")
        yield f"| {CRASH_KINDS[kind]}, {database} | {times:,} |\n"


def written(results, given):
    hours = f" `--hours {given.hours:g}`" if given.hours else ""
    text = HEAD.format(hours=hours, date=datetime.date.today().isoformat(), commit=commit(), cores=os.cpu_count(),
                       machine=platform.machine())
    for name, result in results.items():
        verdict = result["said"] if not result["wrong"] else "**FAILED**: " + "; ".join(result["wrong"][:3])
        text += f"| {name} | {verdict} | {result['seconds']} |\n"
    if "world" in results:
        data = dict(results["world"]["data"])
        data["violations"] = len(data["violations"])
        data["days"] = data["minutes"] / 375
        text += WORLD.format(**data) + faults(data["faults"])
    if "mutants" in results:
        text += MUTANTS + "".join(mutant_rows(results["mutants"]["data"]))
    if results.get("model", {}).get("data", {}).get("safe"):
        data = results["model"]["data"]
        text += MODEL.format(states=data["states"], bounds=", ".join(sorted(data["safe"])), marks=len(data["probes"]["reached"]),
                             killed=data["mutants"]["killed"], named=data["code"]["named"])
    if "crash" in results:
        text += CRASH + "".join(crash_rows(results["crash"]["data"].get("days", {})))
    return text + LIMITS
