"""Row 7: what an armed trigger weighs."""
from measure import Result, Row, google, in_turns, median

TRIGGERS, INSTRUMENTS = 1_000_000, 3_000


def measure(repeats):
    seen = in_turns(repeats,
                    index=lambda: google("src/trigger/trigger_bench",
                                         f"fill_a_book/triggers:{TRIGGERS}/instruments:{INSTRUMENTS}"),
                    whole=lambda: google("src/runtime/runtime_bench",
                                         f"armed_triggers/triggers:{TRIGGERS}/instruments:{INSTRUMENTS}/iterations:1"))
    at = f"{TRIGGERS:,} triggers on {INSTRUMENTS:,} instruments"
    return [Result("the index that a tick is held against, two legs each", median(seen["index"], "bytes_a_trigger"), 64, 48,
                   at_least=False, unit="bytes", told=at),
            Result("everything by which the process grows, half of them two-leg, half in groups",
                   median(seen["whole"], "bytes_a_trigger"), 400, 256, at_least=False, unit="bytes", told=at)]


ROWS = [Row(7, "resident memory of an armed trigger", measure,
            "Of everything: the row, packed into 128 bytes, a third of it the identifiers and moments that the owner's row "
            "has too; the index; 40 bytes on the board that says what is watched; tables of numbers that are at most half full.")]
