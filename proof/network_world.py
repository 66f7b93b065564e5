"""The world of network.py: two engines, a broker and a PostgreSQL, each in a namespace of its own,
and those who watch them.

The processes and their doors are those of the acceptance tests; here they only stand in places.
"""
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "acceptance"))

import backends  # noqa: E402
import harness  # noqa: E402
from faults import Faults, Side, has_netem  # noqa: E402
from places import Net  # noqa: E402

REST, TICKER, API = 8765, 8766, 8080
INSTRUMENT = "NSE:INFY"
# Watched beside it, so that the ticker has something to carry.
CROWD = (
    "RELIANCE",
    "SBIN",
    "TCS",
    "HDFCBANK",
    "ICICIBANK",
    "ITC",
    "AXISBANK",
    "KOTAKBANK",
    "LT",
    "BHARTIARTL",
    "HINDUNILVR",
    "ASIANPAINT",
    "BAJFINANCE",
    "SUNPHARMA",
    "TITAN",
    "HCLTECH",
    "TECHM",
    "ADANIENT",
    "JSWSTEEL",
    "CIPLA",
)
CROWD_PRICE, CROWD_STOP = 1200.0, "100"
# What is far less than each of them needs.
SLOW = {"rest": "6kbit", "database": "6kbit", "ticker": "48kbit"}
ENGINES = ("engine_a", "engine_b")
NO_LIMITS = ("--orders-per-second", "0", "--orders-per-minute", "0", "--orders-per-day", "0")
SETTINGS = {
    "HMT_ORDERS_PER_SECOND": "100",
    "HMT_ORDERS_PER_MINUTE": "1000000",
    "HMT_ORDERS_PER_DAY": "1000000",
    "HMT_LEASE_MS": "3000",
    "HMT_ABSENCE_WINDOW_MS": "4000",
    "HMT_RECONNECT_DELAY_MS": "500",
    "HMT_HEALTH_CHECK_INTERVAL_MS": "1000",
    "HMT_LISTEN": f"127.0.0.1:{API}",
    "KITE_API_URL": f"http://127.0.0.1:{REST}",
    "KITE_TICKER_URL": f"ws://127.0.0.1:{TICKER}",
}
TICK_EVERY = 0.2
STEPS = 100  # prices of one level: so many different ones, so that the last seen tells when it was
STEP = 0.1  # the tick size
LOOK_EVERY = 0.25


class FarPostgres(backends.Postgres):
    """Others reach it over the network; we do by its socket, which no fault touches."""

    def __init__(self, binary, place):
        self.place = place
        with place.inside():
            super().__init__(binary)

    def prepared(self, fsync=False):
        server = super().prepared(fsync)
        with open(os.path.join(server.data, "pg_hba.conf"), "a", encoding="utf-8") as file:
            file.write("host all all 10.77.0.0/16 scram-sha-256\n")
        server.sql("postgres", "ALTER SYSTEM SET listen_addresses = '*'")
        with self.place.inside():
            server.restart("fast")
        return server

    def fresh(self, world, **options):
        with self.place.inside():
            return super().fresh(world, **options)


class FarSim(harness.Sim):
    def __init__(self, world, place):
        self.place = place
        with place.inside():
            super().__init__(world, NO_LIMITS, listen=f"0.0.0.0:{REST}")

    def control(self, *arguments):
        with self.place.inside():
            return super().control(*arguments)

    def ledger(self):
        with self.place.inside():
            return super().ledger()


class FarEngine(harness.Engine):
    def __init__(self, world, place):
        self.place = place
        with place.inside():
            super().__init__(world, world.environment(**SETTINGS), ready=False)

    def call(self, *arguments, **options):
        with self.place.inside():
            return super().call(*arguments, **options)

    def ask(self, path, seconds=3):
        """Nothing when there is no good answer in time."""
        try:
            answer = self.call("GET", path, timeout=seconds)
        except OSError:
            return None
        return answer.json if answer.status == 200 else None


class Market(threading.Thread):
    """Moves the price all the time around a level, and remembers when it was what."""

    def __init__(self, sim):
        super().__init__(daemon=True)
        self.sim, self.base, self.number = sim, 1573.0, 0
        self.told = {}  # price → when it was replaced by the next; of the latest time
        self.last = None
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            self.move()
            self.stopped.wait(TICK_EVERY)

    def move(self):
        with self.lock:
            self.number += 1
            step = self.number % STEPS * STEP
            price = f"{self.base + step:.2f}"
            others = [
                {"instrument": f"NSE:{each}", "price": f"{CROWD_PRICE + step:.2f}"}
                for each in CROWD
            ]
            self.sim.control("prices", [{"instrument": INSTRUMENT, "price": price}, *others])
            if self.last:
                self.told[self.last] = time.monotonic()
            self.told.pop(price, None)
            self.last = price

    def go(self, base):
        """Another level, at once."""
        with self.lock:
            self.base = base
        self.move()

    def age(self, price, now):
        """For how long it has not been the price any more; nothing when it never was."""
        price = f"{float(price):.2f}"
        with self.lock:
            if price == self.last:
                return 0.0
            return max(0.0, now - self.told[price]) if price in self.told else None

    def stop(self):
        self.stopped.set()
        if self.is_alive():
            self.join()


class Watcher(threading.Thread):
    """What one engine says of itself, again and again: whether it runs, and whether it watches."""

    def __init__(self, engine, market, canary):
        super().__init__(daemon=True)
        self.engine, self.market, self.canary = engine, market, canary
        self.looks = []  # what `look` answers
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            self.looks.append(self.look())
            self.stopped.wait(LOOK_EVERY)

    def look(self):
        at = time.monotonic()
        health = self.engine.ask(harness.ENGINE + "/health") or {}
        asked = time.monotonic()
        trigger = self.engine.ask(f"/api/v1/triggers/{self.canary}") or {}
        age = self.market.age(trigger["last_price"], asked) if trigger.get("last_price") else None
        blind = health.get("status", "running") != "running" or not trigger.get("monitored", True)
        return {
            "at": at,
            "status": health.get("status"),
            "reasons": health.get("reasons", []),
            "monitored": bool(trigger.get("monitored")),
            "said_blind": blind,
            "age": age,
        }

    def stop(self):
        """What it saw."""
        self.stopped.set()
        self.join()
        return self.looks


class World(harness.World):
    def __init__(self, binary, packets, seed):
        self.net = Net([*ENGINES, "broker", "database"])
        self.faults = self.market = None
        places = self.net.places
        super().__init__(binary, "network", FarPostgres(binary, places["database"]))
        try:
            self.furnish(packets, seed)
        except BaseException:
            self.close()
            raise

    def furnish(self, packets, seed):
        places = self.net.places
        netem = packets == "netem" or (packets is None and has_netem(self.net.router))
        self.faults = Faults(self.net, netem, seed)
        port = self.database.server.port
        self.net.second_door(places["broker"], TICKER, REST)
        for name in ENGINES:
            self.net.bring_near(
                places[name],
                {
                    REST: (places["broker"], REST),
                    TICKER: (places["broker"], TICKER),
                    port: (places["database"], port),
                },
            )
        self.sim = FarSim(self, places["broker"])
        self.market = Market(self.sim)
        self.market.start()
        self.engines = [FarEngine(self, places[name]) for name in ENGINES]
        engine = harness.wait_until(self.holder, "an engine runs", 30, 0.2)
        for each in CROWD:
            engine.create(trading_symbol=each, trigger_price_1=CROWD_STOP)

    def run(self, arguments, environment, name):
        """None of them outlives us, also when we are killed."""
        log = os.path.join(self.folder, f"{len(self.processes)}-{name}.log")
        process = harness.Process(
            "setpriv",
            ["--pdeathsig", "KILL", self.binary, *arguments],
            environment,
            log,
            self.folder,
        )
        self.processes.append(process)
        return process

    def side(self, name, engine):
        """One of the engine's three conversations."""
        places = self.net.places
        server, port = {
            "rest": (places["broker"], REST),
            "ticker": (places["broker"], TICKER),
            "database": (places["database"], self.database.server.port),
        }[name]
        return Side(engine.place, server, port, SLOW[name])

    def restart_ended(self):
        """As a service manager does; which of them had ended."""
        ended = [engine for engine in self.engines if not engine.process.is_running()]
        for engine in ended:
            self.engines[self.engines.index(engine)] = FarEngine(self, engine.place)
        return [(engine.place.name, engine.process.child.returncode) for engine in ended]

    def holder(self):
        """The one that says that it runs, connected."""
        for engine in self.engines:
            health = engine.ask(harness.ENGINE + "/health") or {}
            if (
                health.get("status") == "running"
                and health["stats"]["websocket_status"] == "connected"
            ):
                return engine
        return None

    def close(self):
        if self.market:
            self.market.stop()
        if self.faults:
            self.faults.close()
        super().close()
        self.backend.close()
        self.net.close()
