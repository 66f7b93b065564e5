"""Two engines on one PostgreSQL, one of which stands still at a point while the other takes over; an engine that stands still
alone; and a PostgreSQL that is killed at any moment."""
import http.client
import os
import random
import signal
import threading
import time

import crash_day
from crash_case import Case, Job
from crash_day import Day, Keeper, Violation, harness, judge, postgres

STILL_FOR = 4.0  # seconds: longer than the lease, than an order may wait to be sent, and than the other needs to try it again
STILL_MAX = 8.0  # where the other has to wait for the one that stands still
LOOK_EVERY = 0.15


class Rival:
    """One of the two."""

    def __init__(self, process):
        self.process = process
        self.still_since = None
        self.address = None

    def listens(self):
        if self.address is None:
            found = self.process.events("listening")
            self.address = found[0]["address"] if found else None
        return self.address

    def stands_still(self):
        try:
            return self.process.is_running() and self.process.stands_still()
        except OSError:
            return False

    def runs(self):
        if not self.process.is_running() or not self.listens():
            return False
        sign_in = {"Authorization": f"Bearer {harness.TOKEN}"}
        try:
            answer = harness.request(self.address, "GET", harness.ENGINE + "/health", None, sign_in, timeout=0.5)
            # Between a person's connection and its login the holder is degraded; who stands by is starting.
            return answer.status == 200 and answer.json["status"] in ("running", "degraded")
        except (OSError, http.client.HTTPException):
            return False


class Rivals:
    """Keeps two processes; the first is told to stand still at a point, once."""

    def __init__(self, world, environment, faults):
        self.world, self.environment, self.faults = world, environment, list(faults)
        self.ends = []
        self.after_end = self.look_after = lambda: None
        self.first = self.second = self.holder = self.asked = None
        self.took_over = self.woken = False
        self.looked_at = 0.0

    def start(self):
        order = {"HMT_FAULTS": self.faults.pop(0)} if self.faults else {}
        return Rival(self.world.run(["serve"], {**self.environment, **order}, "engine"))

    def there(self):
        now = time.monotonic()
        if self.first is None:
            self.first = self.start()
        if self.second is None and (self.first.listens() or self.first.stands_still()):
            self.second = self.start()
        for name in ("first", "second"):
            rival = getattr(self, name)
            if rival and not rival.process.is_running():
                self.ends.append(rival.process.child.returncode)
                setattr(self, name, self.start())
        if now - self.looked_at > LOOK_EVERY:
            self.looked_at = now
            self.look()
        return self.asked.address if self.asked else None

    def look(self):
        rivals = [each for each in (self.first, self.second) if each]
        moving = [each for each in rivals if not each.stands_still()]
        self.holder = next((each for each in moving if each.runs()), None)
        self.asked = self.holder or next((each for each in moving if each.listens()), None)
        if self.first in moving:
            return
        now = time.monotonic()
        self.first.still_since = self.first.still_since or now
        still_for = now - self.first.still_since
        if (still_for > STILL_FOR and self.holder) or still_for > STILL_MAX:
            self.wake()

    def wake(self):
        self.took_over = self.holder is not None
        self.woken = True
        self.first.process.signal(signal.SIGCONT)

    def end(self):
        for rival in (self.first, self.second):
            rival.process.signal(signal.SIGTERM)
            began = time.monotonic()
            while rival.process.is_running():
                if rival is self.first and rival.stands_still() and time.monotonic() - began > STILL_FOR:
                    self.wake()
                if time.monotonic() - began > 30:
                    raise Violation("an engine that was told to end does not")
                time.sleep(0.05)
            self.ends.append(rival.process.child.returncode)


class RivalDay(Day):
    make_keeper = Rivals
    answers_within = 1

    def run(self):
        """It is over when the one that stood still has been awake for a while, and all tell the same."""
        self.people_connect()
        self.people_arm()
        self.people_stop_and_start()
        self.prices_cross()
        if self.keeper.first.stands_still():
            self.wait(lambda: self.keeper.woken, "the first one wakes")
        self.settle()
        self.keeper.end()

    def settle(self):
        """An order that left late is found in the broker's book, and its trigger is told so."""
        until = time.monotonic() + 6
        while judge(self.wanted, self.seen()) and time.monotonic() < until:
            self.keeper.there()
            time.sleep(0.1)


def still_at(binary, backend, point):
    """One of the triggers is to be tried again when it is unknown, so that what leaves when the engine wakes is a second order;
    only not where an order is past its last check, and will leave."""
    unknown = "park" if point == "order.before" else "retry"
    waits = point.startswith("schema.")  # one at a time changes the tables: the other waits until it wakes

    def make():
        return RivalDay(binary, backend, [f"{point}:1:stop"], unknown=unknown, HMT_LEASE_MS="1000")
    return Job(Case("stands still", "postgres", point), make,
               is_met=lambda day: day.keeper.woken and (day.keeper.took_over or waits), may_end=(0, 1))


# ---- nobody takes over


class StillDay(Day):
    """The engine wakes after a while, and goes on with what it was about to do."""

    answers_within = 1
    still_since = None
    woken = False

    def run(self):
        self.keeper.look_after = self.wake
        super().run()

    def wake(self):
        process = self.keeper.process
        if self.woken or not Rival(process).stands_still():
            return
        self.still_since = self.still_since or time.monotonic()
        if self.may_wake():
            self.woken = True
            process.signal(signal.SIGCONT)

    def may_wake(self):
        return time.monotonic() - self.still_since > STILL_FOR


def still_alone_at(binary, backend, point):
    return Job(Case("stands still alone", backend.kind, point), lambda: StillDay(binary, backend, [f"{point}:1:stop"]),
               is_met=lambda day: day.woken, may_end=())


# ---- a database that is killed


def kill_server(server):
    """kill -9 of all of its processes."""
    server.signal_all(signal.SIGKILL)
    harness.wait_until(lambda: not server.is_running(), "the server is gone")


def start_server(server):
    for attempt in range(20):
        try:
            return server.start()
        except postgres.PostgresError:  # what was its memory is let go a moment later
            if attempt == 19:
                raise
            time.sleep(0.1)
    return None


class KilledHereDay(StillDay):
    """The database is killed and started again while the engine stands still at a point: what it has said by then is all that
    the database has heard, and what it waits for does not come."""

    def may_wake(self):
        kill_server(self.world.database.server)
        start_server(self.world.database.server)
        return True


def database_killed_at(binary, backend, point):
    return Job(Case("database killed at", "postgres", point), lambda: KilledHereDay(binary, backend, [f"{point}:1:stop"]),
               is_met=lambda day: day.woken, may_end=(1,))


class Killer(threading.Thread):
    """Kills the server at random moments, and starts it after each."""

    def __init__(self, server, draw):
        super().__init__(daemon=True)
        self.server, self.draw = server, draw
        self.stopped = threading.Event()
        self.kills = 0

    def run(self):
        # Ever longer: on a slow machine people would never meet it up.
        while not self.stopped.wait(self.draw.uniform(0.1, 1.2) * 1.25**self.kills):
            kill_server(self.server)
            self.kills += 1
            time.sleep(self.draw.choice((0, 0.3, 1.0)))
            start_server(self.server)

    def stop(self):
        self.stopped.set()
        self.join()


class Patient(Keeper):
    """An engine that meets no database ends; so it does again and again while one starts."""

    starts_max = 200


class KilledDatabaseDay(Day):
    make_keeper = Patient

    def run(self):
        self.killer = Killer(self.world.database.server, random.Random(self.seed))
        self.killer.start()
        try:
            self.people_connect()
            self.people_arm()
            self.people_stop_and_start()
            self.prices_cross()
        finally:
            self.killer.stop()
        self.wait(lambda: self.is_over("up"), "all is over")
        self.keeper.end()


def database_killed(binary, backend, seed):
    def make():
        day = KilledDatabaseDay(binary, backend)
        day.seed = seed
        return day
    return Job(Case("database killed", "postgres", f"seed {seed}"), make, is_met=lambda day: day.killer.kills > 0,
               may_end=(1,))
