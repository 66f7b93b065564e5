"""How long a burst of fires takes to be on disk, against the disk alone."""
from measure import Result, Row, google, in_turns, median, nanos

FIRES = 512


def burst_of_fires(repeats):
    # Wall time by nature: it is the disk that is waited for. Few long iterations each, so that both meet the same disk.
    seen = in_turns(repeats, ours=lambda: google("src/app/app_bench", "a_frame_of_512_fires/manual_time", 0.01),
                    disk=lambda: google("src/app/app_bench", "as_many_bytes_and_a_flush/manual_time", 0.01))
    ours, disk = median(seen["ours"], "real_ns"), median(seen["disk"], "real_ns")
    processor = median(seen["ours"], "processor_ns")
    pages = median(seen["disk"], "log_bytes") / 4096
    return [Result("tick to the last claim on disk, against as many bytes and one fdatasync", ours / disk, 2, 1.3, False,
                   told=f"{nanos(ours)} / {nanos(disk)}, wall; {nanos(processor)} of processor time, "
                        f"{pages:.0f} pages of log")]


ROWS = [Row(11, f"{FIRES} fires in one frame are durable (SQLite, synchronous=FULL)", burst_of_fires,
            "All claims of a frame are one transaction and one flush; what is left above the flush is SQLite's work on the "
            "rows, their indexes and the log's pages, and the decision of each fire.")]
