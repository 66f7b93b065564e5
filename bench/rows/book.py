"""Row 6: triggers that come and go in a full book."""
from measure import Result, Row, google, in_turns, median, nanos

BINARY = "src/trigger/trigger_bench"


def come_and_go(repeats):
    def take(way, instruments):
        return lambda: google(BINARY, f"{way}/triggers:1000000/instruments:{instruments}")
    seen = in_turns(repeats, arm=take("arm", 3000), disarm=take("disarm", 3000), arm_crowded=take("arm", 1),
                    disarm_crowded=take("disarm", 1))
    cost = {name: median(samples, "cpu_ns") for name, samples in seen.items()}
    results = [Result(f"{words}, 1,000,000 triggers on 3,000 instruments", cost[way] / 1000, 1, 0.4, False, "µs")
               for way, words in (("arm", "add"), ("disarm", "cancel"))]
    for way, words in (("arm", "add"), ("disarm", "cancel")):
        crowded = cost[f"{way}_crowded"]
        results.append(Result(f"{words}, all on one instrument", crowded / 1000, 1, 0.4, False, "µs"))
        results.append(Result(f"{words}, all on one instrument against spread", crowded / cost[way], 2, 1, False,
                              told=f"{nanos(crowded)} against {nanos(cost[way])}"))
    return results


ROWS = [Row(6, "add and cancel", come_and_go,
            "Memory that is in no cache: the index of ids, the entry, where its levels stand, and one or two neighbours in "
            "each heap that move. Nothing is searched for.")]
