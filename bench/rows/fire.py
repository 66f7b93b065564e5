"""Row 5: a fire, from the tick to the claim that is won, in memory."""
from measure import Result, Row, google, in_turns, median, nanos, node

BAR, AIM = 20, 60


def at_size(triggers, instruments, fires, rounds, repeats):
    name = f"fire/triggers:{triggers}/instruments:{instruments}/fires:{fires}/iterations:{rounds}"
    seen = in_turns(repeats, ours=lambda: google("src/engine/engine_bench", name),
                    theirs=lambda: node("fire.mjs", triggers, instruments, fires, rounds))
    ours = median(seen["ours"], "cpu_ns") / fires
    theirs = median(seen["theirs"], "cpu_ns_a_fire")
    wrong = [f"{name}: {run['fires']} fires, expected {fires}" for runs in seen.values() for run in runs
             if run["fires"] != fires]
    return Result(f"{triggers:,} triggers on {instruments:,} instruments", theirs / ours, BAR, AIM, at_least=True,
                  told=f"{nanos(theirs)} → {nanos(ours)}", wrong=wrong)


def measure(repeats):
    return [at_size(10_000, 500, 7_500, 10, repeats), at_size(1_000_000, 3_000, 6_000, 1, repeats)]


ROWS = [Row(5, "fire with group, sibling and intent record, in memory, against the Node.js version", measure,
            "The flight and its row are made anew, 1,040 bytes that no cache holds yet, with four allocations; two indexes "
            "of the day's flights, the tag's keyed hash and the rule's text are a tenth of the instructions each. What the "
            "trail says is made where it is written. In the larger book, cache misses: row, levels and group of a trigger "
            "that nothing has touched since it was armed.")]
