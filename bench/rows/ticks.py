"""Rows 1 to 3: a tick that fires nothing, from the bytes of its frame to the book's "no"."""
import re
import subprocess
import tempfile

from measure import BUILD, Result, Row, google, in_turns, median, nanos, node, run

BINARY = "src/adapters/kite/kite_bench"
MARKETS = [(150, 50, 100, 300), (10_000, 500, 500, 2_000), (1_000_000, 3_000, 30_000, 100_000)]
CRASHED_INSTRUMENT = 7
COUNTED_TICKS = 64 * 256 * 4  # as tick_bench.cpp has them


def quiet(triggers, instruments):
    return google(BINARY, f"tick_without_a_fire/triggers:{triggers}/instruments:{instruments}")


def ids_of(ours):
    return "".join(f"{round(ours[f'ids_{word}']):08x}" for word in range(4))


def wrong_fires(ours, theirs, triggers, instruments):
    """What the crash at the end fired: all of one instrument, the same in both. A quiet price that fires is an error."""
    expected = len(range(CRASHED_INSTRUMENT, triggers, instruments))
    wrong = [f"{name} fired {count}, not {expected}" for name, count in
             (("ours", ours["fired"]), ("the replaced design", theirs["fired"])) if count != expected]
    if theirs["fired_in_quiet"]:
        wrong.append("the replaced design fired at a quiet price")
    if ids_of(ours) != theirs["ids"]:
        wrong.append("the two fired other triggers")
    return wrong


def against_the_replaced(repeats):
    results = []
    for triggers, instruments, bar, aim in MARKETS:
        seen = in_turns(repeats, ours=lambda: quiet(triggers, instruments),
                        theirs=lambda: node("ticks.mjs", triggers, instruments, 0.5))
        ours, theirs = median(seen["ours"], "cpu_ns"), median(seen["theirs"], "cpu_ns")
        wrong = [line for pair in zip(seen["ours"], seen["theirs"]) for line in wrong_fires(*pair, triggers, instruments)]
        results.append(Result(f"{triggers:,} triggers on {instruments:,} instruments", theirs / ours, bar, aim, True,
                              told=f"{nanos(ours)} against {nanos(theirs)} a tick", wrong=wrong))
    return results


def against_decoding(repeats):
    seen = in_turns(repeats, ours=lambda: quiet(1_000_000, 3_000),
                    floor=lambda: google(BINARY, "tick_decoded_alone/instruments:3000"))
    ours, floor = median(seen["ours"], "cpu_ns"), median(seen["floor"], "cpu_ns")
    return [Result("1,000,000 triggers on 3,000 instruments", ours / floor, 3, 1.5, False,
                   told=f"{nanos(ours)} against {nanos(floor)} a tick")]


def instructions(triggers):
    """Counted, not timed: the same number each time, so once is enough. Of a stripped copy: valgrind cannot read the
    debugging information of this compiler."""
    with tempfile.TemporaryDirectory() as folder:
        run(["strip", "-o", f"{folder}/bench", BUILD / BINARY])
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/out", f"{folder}/bench",
             f"--benchmark_filter=^counted_ticks/triggers:{triggers}/"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, check=True)
    return int(re.search(r"Collected : (\d+)", done.stdout)[1]) / COUNTED_TICKS


def counted(_):
    few, many = instructions(10_000), instructions(10_000_000)
    return [Result("instructions of a tick at 10,000 triggers", few, 70, 45, False, "instructions"),
            Result("the same at 10,000,000", many, 70, 45, False, "instructions"),
            Result("how far apart the two are", abs(many - few) / few * 100, 1, 0, False, "%")]


ROWS = [
    Row(1, "a tick that fires nothing, against the replaced design", against_the_replaced,
        "Ours: half of it is reading the packet, half the look into one cell of the bounds, which grows out of the nearest "
        "cache with the instruments. The replaced design looks at each trigger of the instrument."),
    Row(2, "a tick that fires nothing, against decoding alone", against_decoding,
        "The hash of the token, one cell of sixteen bytes and two comparisons, behind a call for each tick."),
    Row(3, "instructions of a tick that fires nothing", counted,
        "30 to read a packet of 10 bytes into a tick of 56, 22 in the book, 8 in the loop that calls it. The triggers behind "
        "the bounds are not visited, so their number does not matter."),
]
