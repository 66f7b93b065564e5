"""Row 4: all fields of a full packet, against the stock client."""
from measure import Result, Row, google, in_turns, median, nanos, node

BENCH = "src/adapters/kite/kite_bench"


def measure(repeats):
    seen = in_turns(repeats, ours=lambda: google(BENCH, "every_field_of_full_packets"),
                    theirs=lambda: node("decode.mjs", 0.5))
    ours = median(seen["ours"], "cpu_ns") / seen["ours"][0]["packets"]
    theirs = median(seen["theirs"], "cpu_ns")
    digests = {int(sample["digest"]) for side in seen.values() for sample in side}
    return [Result("CPU time of a packet", theirs / ours, 1_000, 5_000, at_least=True,
                   told=f"{nanos(theirs)} to {nanos(ours)}",
                   wrong=[] if len(digests) == 1 else ["the two decoded other values from the same bytes"])]


ROWS = [Row(4, "all fields of a full packet, against the stock client (kiteconnect 5.3.0)", measure,
            "Three loads, three shuffles and three stores of 64 bytes for each packet: what is left is the way of the "
            "bytes into and out of the cache. The stock client makes some eighty small buffers and a dozen objects.")]
