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
    may_miss: bool = False  # how often a point is passed differs from day to day
    orders: int = 0
    parked: int = 0
    ends: list = field(default_factory=list)  # exit codes of engines that ended unasked
    seconds: float = 0.0

    @property
    def name(self):
        return f"{self.kind} on {self.database}: {self.fault}"

    def failures(self):
        return self.wrong if self.wrong or self.met or self.may_miss else ["it never happened"]

    def tell(self, quiet=False):
        for line in self.failures():
            say(f"FAIL {self.name}: {line}")
        if not self.failures() and not quiet:
            say(f"{'ok  ' if self.met else 'miss'} {self.name}: {self.orders} orders, {self.parked} parked, {self.seconds} s")


class Job:
    """A day that can be lived. `may_end`: the exit codes with which an engine may end unasked; `look`: what else is wrong
    with the day, asked in the evening."""

    def __init__(self, case, make_day, is_met=lambda day: crash_day.was_killed(day) > 0, may_end=(-signal.SIGKILL,),
                 look=lambda day: []):
        self.case, self.make_day = case, make_day
        self.is_met, self.may_end, self.look = is_met, may_end, look

    def live(self):
        """The case, told to the end. On a busy machine a lease may be lost before the point is reached: once more then."""
        began = time.monotonic()
        self.live_once()
        if not (self.case.wrong or self.case.met or self.case.may_miss):
            self.live_once()
        self.case.seconds = round(time.monotonic() - began, 1)
        return self.case

    def live_once(self):
        day = None
        try:
            day = self.make_day()
            day.run()
            self.judge(day)
        except crash_day.Violation as violation:
            self.case.wrong.append(str(violation))
        except Exception:  # whatever happens is the failure
            self.case.wrong.append(traceback.format_exc())
        if day:
            self.close(day)

    def judge(self, day):
        seen = day.seen()
        self.case.wrong = crash_day.judge(day.wanted, seen) + self.look(day)
        self.case.orders, self.case.parked = len(seen["ledger"]), len(crash_day.parked(seen))

    def close(self, day):
        self.case.ends, self.case.met = day.keeper.ends, self.is_met(day)
        self.case.wrong += [f"an engine ended with {code}" for code in sorted(set(self.case.ends) - set(self.may_end))]
        if self.case.wrong:
            say(day.world.logs(25))
        day.close()
