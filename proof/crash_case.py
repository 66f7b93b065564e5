"""One day with one fault, and what came of it."""
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field

import crash_day


def say(text):
    print(text, file=sys.stderr, flush=True)


@dataclass
class Case:
    kind: str
    database: str
    fault: str
    wrong: list = field(default_factory=list)
    met: bool = False  # the fault has happened
    orders: int = 0
    parked: int = 0
    ends: list = field(default_factory=list)  # exit codes of engines that ended unasked
    seconds: float = 0.0

    @property
    def name(self):
        return f"{self.kind} on {self.database}: {self.fault}"

    def failures(self):
        return self.wrong if self.wrong or self.met else ["it never happened"]

    def tell(self):
        for line in self.failures():
            say(f"FAIL {self.name}: {line}")
        if not self.failures():
            say(f"ok   {self.name}: {self.orders} orders, {self.parked} parked, {self.seconds} s")


def live(case, make_day, is_met=lambda day: crash_day.was_killed(day) > 0, may_end=(-signal.SIGKILL,), look=None):
    """A day from morning to evening. `may_end`: the exit codes with which an engine may end unasked; `look`: what else is
    wrong with it, asked in the evening."""
    began = time.monotonic()
    day = None
    try:
        day = make_day()
        day.run()
        seen = day.seen()
        case.wrong = crash_day.judge(day.wanted, seen)
        case.orders, case.parked = len(seen["ledger"]), len(crash_day.parked(seen))
        case.wrong += look(day) if look else []
    except Exception as failure:  # whatever happens is the failure
        case.wrong.append(str(failure) if isinstance(failure, crash_day.Violation) else traceback.format_exc())
    if day:
        case.ends, case.met = day.keeper.ends, is_met(day)
        case.wrong += [f"an engine ended with {code}" for code in sorted(set(case.ends) - set(may_end))]
        if case.wrong:
            say(day.world.logs(25))
        day.close()
    case.seconds = round(time.monotonic() - began, 1)
    return case
