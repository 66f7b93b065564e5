"""Row 8: from the socket to the book that fires nothing, against receiving and decrypting alone."""
from measure import Result, Row, google, in_turns, median, nanos

BENCH = "src/runtime/runtime_bench"


def measure(repeats):
    # The limit is read in the two ways that OpenSSL has, and the better one counts.
    seen = in_turns(repeats, ours=lambda: google(BENCH, "ingest"),
                    plainly=lambda: google(BENCH, "receive_and_decrypt_alone/reads_ahead:0"),
                    ahead=lambda: google(BENCH, "receive_and_decrypt_alone/reads_ahead:1"))
    frames = seen["ours"][0]["frames"]
    ours = median(seen["ours"], "cpu_ns") / frames
    alone = min(median(seen[way], "cpu_ns") for way in ("plainly", "ahead")) / frames
    return [Result("CPU time of a frame", ours / alone, 2.0, 1.2, at_least=False,
                   told=f"{nanos(ours)} against {nanos(alone)}")]


ROWS = [Row(8, "full-mode ingest over TLS and WebSocket, 64 packets a frame, against receiving and decrypting alone",
            measure,
            "Half of what is ours on top is the way of a packet through five tables of 3,000 instruments (feed, shown price, "
            "last fresh price, book, memory), which together are larger than the nearest caches. The rest is TLS by way of "
            "two more copies than OpenSSL needs when it reads the socket itself.")]
