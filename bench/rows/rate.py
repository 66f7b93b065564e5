"""Row 12: a burst of fires in one account, against the rate that its broker allows."""
from measure import Result, Row, google, in_turns, median

SHARE_LEAST = 0.99
# Name of the wire, and whether its share is a bar: where an order takes 126 ms and anything from 6 to 400, the broker's
# clock cannot be known well enough.
WIRES = {"even": True, "uneven": True, "far": True, "lossy": True, "wild": False}


def wrong_with(sample):
    """What may not be, on any wire and for any seed."""
    found = []
    if sample["orders"] != 500 or sample["lost"]:
        found.append(f"{sample['orders']:.0f} of 500 orders arrived, {sample['lost']:.0f} fires were lost")
    if sample["entries_before_exits"]:
        found.append(f"{sample['entries_before_exits']:.0f} exits left behind a waiting entry")
    return found


def share(wire, samples):
    told = (f"({samples[0]['seconds']:.2f} s at worst of seeds 1 to {samples[0]['seeds']:.0f}, 69 s is perfect; "
            f"{median(samples, 'share_in_the_second'):.3f} of ten a second)")
    return Result(f"share of the allowed rate, {wire} wire", median(samples, "share"), SHARE_LEAST, None, True, "", told,
                  [wrong for sample in samples for wrong in wrong_with(sample)])


def measure(repeats):
    takes = {wire: lambda wire=wire: google("src/gate/gate_bench", f"Drain/{wire}", 0.01) for wire in WIRES}
    seen = in_turns(repeats, **takes)
    every = [sample for samples in seen.values() for sample in samples]
    wild = median(seen["wild"], "share")
    refused = Result("answers of 429", max(sample["refused_429"] for sample in every), 0, 0, False, "",
                     f"({len(WIRES)} wires, seeds 1 to {every[0]['seeds']:.0f}; share on the wild wire {wild:.3f})",
                     [wrong for sample in every for wrong in wrong_with(sample)])
    return [refused] + [share(wire, seen[wire]) for wire, is_bar in WIRES.items() if is_bar]


ROWS = [Row(12, "500 fires in one account against a broker that allows 10 a second and 400 a minute", measure,
            "The broker counts an order somewhere between its first byte and its answer, and the gate sends the next one "
            "only when a second has passed since the latest moment at which that can have been. What is lost is how much "
            "longer than the quickest round trip an order takes, once a second. Virtual time: the figures are the same in "
            "every run.")]
