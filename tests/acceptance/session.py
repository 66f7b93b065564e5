#!/usr/bin/env python3
"""A session of many instruments and triggers against the simulated broker, compared with a naive oracle (oracle.py).

    session.py HMT [--seed S] [--instruments 500] [--triggers 5000] [--rounds 40] [--kills K] [--on-unknown retry]
               [--database sqlite|postgres]

Prices move in rounds, one frame of the ticker each. With --kills the engine is killed with SIGKILL at random moments,
also in the middle of a burst of fires, and started again on the same database while prices move on. The last line is
`N passed, N failed`; a failed session keeps its folder with the engine's log and database.
"""
import argparse
import http.client
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import backends
import oracle
from session_market import Client, Market, Process, Stuck

ADMIN = "session-admin-token-0123456789"
ENGINE = "/functions/v1/hmt-trigger-engine"
BROKER_TOKEN = "token simkey:simtoken"
PLACEMENT_FAULTS = [
    {"kind": "accept_then_timeout"}, {"kind": "accept_then_reset"}, {"kind": "timeout_400"}, {"kind": "rate_429"},
    {"kind": "late_acceptance", "delay_ms": 600}, {"kind": "late_acceptance", "delay_ms": 900, "answer": "timeout_400"},
    {"kind": "error_5xx_html", "placed": True}, {"kind": "error_5xx_html"}, {"kind": "timeout_400_not_placed"},
    {"kind": "truncated_body"}]
UPDATE_FAULTS = [
    {"kind": "lose_updates"}, {"kind": "double_updates"}, {"kind": "reorder_updates"}, {"kind": "book_5xx"},
    {"kind": "book_stale", "delay_ms": 500}]


class Session:
    def __init__(self, options, backend):
        self.o = options
        self.rng = random.Random(options.seed)
        self.folder = tempfile.mkdtemp(prefix="hmt-session-")
        self.database = backend.fresh(self)
        self.sim = self.engine = self.api = None
        self.rounds, self.certain, self.kills = [], [], Counter()
        self.specs = {}
        self.sentinel = None
        self.health_seen = None

    # ---- processes

    def start_sim(self):
        listed = max(700, self.o.instruments * 3)
        self.sim = Process([self.o.hmt, "sim", "--listen", "127.0.0.1:0", "--still", "--seed", str(self.o.seed),
                            "--instruments", str(listed), "--price-interval-ms", "20", "--orders-per-second", "0",
                            "--orders-per-minute", "0", "--orders-per-day", "0"], f"{self.folder}/sim.log")
        self.sim_address = self.sim.address()
        self.broker = Client(self.sim_address, BROKER_TOKEN)

    def launch(self):
        self.engine = Process([self.o.hmt, "serve"], f"{self.folder}/engine.log", {
            "HMT_DATABASE_URL": self.database.url, **self.database.environment,
            "HMT_LISTEN": "127.0.0.1:0", "HMT_ADMIN_TOKEN": ADMIN,
            "HMT_SESSIONS": "always", "HMT_LOG_FORMAT": "json", "KITE_API_KEY": "simkey",
            "KITE_API_SECRET": "simsecret", "KITE_ACCESS_TOKEN": "simtoken",
            "KITE_API_URL": f"http://{self.sim_address}", "KITE_TICKER_URL": f"ws://{self.sim_address}",
            "HMT_ORDERS_PER_SECOND": str(self.o.orders_per_second), "HMT_ORDERS_PER_MINUTE": "1000000",
            "HMT_ORDERS_PER_DAY": "1000000",
            "HMT_ABSENCE_WINDOW_MS": str(self.o.absence_ms), "HMT_RECONNECT_DELAY_MS": "200",
            "HMT_HEALTH_CHECK_INTERVAL_MS": "1000", "HMT_RETRY_BACKOFF_MS": "50", "HMT_MAX_RETRIES": "6"})

    def connect(self):
        self.api = Client(self.engine.address(), f"Bearer {ADMIN}")

    def health(self):
        return self.api.get(f"{ENGINE}/health")

    def is_watching(self):
        seen = self.health_seen = self.health()
        return seen["status"] == "running" and seen["stats"]["websocket_status"] == "connected"

    def wait(self, what, true, patience=None, every=0.02):
        until = time.monotonic() + (patience or self.o.patience)
        while not true():
            if time.monotonic() > until:
                raise Stuck(f"{what}: not within {patience or self.o.patience} s; health {self.health_seen}")
            time.sleep(every)

    def start_engine(self):
        self.launch()
        self.connect()
        self.wait("the engine runs", self.is_watching)

    # ---- the parts of a session

    def create(self):
        # Far away for good: its level never comes, its last price says how far the engine has read.
        row = self.market.sentinel
        body = {"instrument_token": row["token"], "condition_type": "single", "transaction_type": "BUY",
                "product_type_1": "MIS", "quantity_1": row["lot"],
                "trigger_price_1": self.market.text(row, row["ticks"] * 3)}
        self.sentinel = self.made(body)
        wanted = self.market.triggers(self.o.triggers, self.o.on_unknown)
        with ThreadPoolExecutor(8) as pool:
            rows = list(pool.map(self.made, [{k: v for k, v in spec.items() if k != "instrument"} for spec in wanted]))
        self.specs = {row["id"]: spec for row, spec in zip(rows, wanted)}
        self.wait("all triggers are armed",
                  lambda: self.is_watching() and
                  self.health_seen["stats"]["active_triggers"] == self.o.triggers + 1)

    def made(self, body):
        status, row = self.api.ask("POST", "/api/v1/triggers", body)
        if status != 201:
            raise Stuck(f"a trigger is not made: {status} {row} for {body}")
        return row

    def seen_price(self):
        return self.api.get(f"/api/v1/triggers/{self.sentinel['id']}")["last_price"]

    def barrier(self):
        """A durable write after the claims of this round: once it is answered, they are durable as well."""
        row = self.api.get(f"/api/v1/triggers/{self.sentinel['id']}")
        quantity = row["quantity_1"] + self.market.sentinel["lot"]
        status, body = self.api.ask("PATCH", f"/api/v1/triggers/{self.sentinel['id']}",
                                    {"quantity_1": quantity, "version": row["version"]})
        if status != 200:
            raise Stuck(f"the barrier is not written: {status} {body}")

    def move(self, prices=None):
        moved = prices or self.market.move()
        self.rounds.append({name: Decimal(price) for name, price in moved.items()})
        return self.market.post(moved)

    def round(self, prices=None):
        """One round that the engine has read to its end, and whether it certainly watched all the while."""
        before = self.is_watching()
        mark = self.move(prices)
        self.wait("the engine has read a round", lambda: self.seen_price() == mark)
        if self.o.kills or self.o.faults:
            self.barrier()
            if before and self.is_watching():
                self.certain.append(len(self.rounds) - 1)

    def random_faults(self):
        if not self.o.faults or self.rng.random() < 0.4:
            return
        faults = [{**self.rng.choice(PLACEMENT_FAULTS), "count": 2, "per_hundred": 40},
                  {**self.rng.choice(PLACEMENT_FAULTS), "count": 3, "per_hundred": 25},
                  {**self.rng.choice(UPDATE_FAULTS), "count": 5, "per_hundred": 50}]
        if self.rng.random() < 0.15:
            faults.append({"kind": "drop"})
        self.set_faults(faults)

    def set_faults(self, faults):
        status, body = self.broker.ask("POST", "/sim/faults", faults)
        assert status == 200, body

    def kill(self):
        """SIGKILL at a random moment; prices move on; another engine on the same database, killed early now and then."""
        moment = self.rng.choice(("burst", "burst", "burst", "quiet", "answers"))
        if moment != "quiet":
            self.move()
            time.sleep(self.rng.uniform(0, 0.12 if moment == "burst" else 0.6))
        self.end_engine(moment)
        for _ in range(self.rng.randint(0, 2)):
            self.move()
        while self.kills.total() < self.o.kills and self.rng.random() < 0.35:
            self.launch()
            if self.rng.random() < 0.5:
                self.connect()  # it listens: it is in the middle of its recovery
            time.sleep(self.rng.uniform(0, 0.4))
            self.move()
            self.end_engine("start-up")
        self.start_engine()

    def end_engine(self, moment):
        self.engine.end(signal.SIGKILL)
        self.kills[moment] += 1

    def play(self):
        kill_before = set()
        if self.o.kills:
            kill_before = set(self.rng.sample(range(1, self.o.rounds), min(self.o.kills, self.o.rounds - 1)))
        for number in range(self.o.rounds):
            self.random_faults()
            if number in kill_before and self.kills.total() < self.o.kills:
                self.kill()
            self.round()
        self.set_faults([])
        self.wait("the engine watches at the end", self.is_watching)
        self.settle()
        # Whatever was armed again meanwhile sees the last prices once more.
        for _ in range(2 if self.o.kills or self.o.faults else 0):
            self.round(self.market.still())
            self.settle()

    def settle(self):
        def quiet():
            stats = self.health()["stats"]
            return (stats["queued_orders"] == 0 and stats["unknown_orders"] == 0
                    and not self.api.get("/api/v1/triggers?status=firing&limit=1")["triggers"])
        self.wait("nothing is queued, unknown or firing", quiet, self.o.patience + self.o.absence_ms / 1000 * 6, 0.3)

        def at_exchange():
            book = self.broker.get("/orders")["data"]
            return all(order["status"] in ("OPEN", "COMPLETE", "REJECTED", "CANCELLED") for order in book)
        self.wait("all orders stand at the exchange", at_exchange, every=0.3)

        def told():
            rows = self.pages("/api/v1/triggers?status=triggered", "triggers")
            return all(row["order_status"] in ("OPEN", "COMPLETE", "REJECTED", "CANCELLED") for row in rows)
        self.wait("the rows know that their orders stand at the exchange", told, every=0.3)

    def pages(self, path, name):
        out, mark = [], None
        while True:
            join = "&" if "?" in path else "?"
            page = self.api.get(f"{path}{join}limit=1000" + (f"&cursor={mark}" if mark else ""))
            out += page[name]
            mark = page["next_cursor"]
            if not mark:
                return out

    def audit(self):
        out, after = [], 0
        while after is not None:
            page = self.api.get(f"/api/v1/audit?limit=1000&after={after}")
            out += page["audit"]
            after = page["next"]
        return out

    def collect(self):
        rows = {row["id"]: row for row in self.pages("/api/v1/triggers", "triggers") if row["id"] in self.specs}
        claims, events, tags = defaultdict(list), defaultdict(list), {}
        for row in self.audit():
            if not row["trigger_id"]:
                continue
            events[row["trigger_id"]].append(row["event"])
            if row["tag"]:
                tags[row["tag"]] = row["trigger_id"]
            if row["event"] == "claimed":
                detail = row["detail"]
                said = oracle.RULE.match(detail["rule"])
                claims[row["trigger_id"]].append({
                    "tag": row["tag"], "rule": detail["rule"], "price": Decimal(detail["last_price"]),
                    "leg": int(said[2]) if said else 0, "fire_no": int(detail["fire_no"])})
        book = {order["order_id"]: order for order in self.broker.get("/orders")["data"]}
        return {"specs": self.specs, "rows": rows, "claims": dict(claims), "events": events, "tags": tags,
                "ledger": self.broker.get("/sim/ledger")["data"], "book": book, "rounds": self.rounds,
                "certain": self.certain, "exact": not (self.o.kills or self.o.faults),
                "may_park": self.o.on_unknown == "park" and bool(self.o.kills or self.o.faults)}

    def run(self):
        began = time.monotonic()
        self.start_sim()
        self.market = Market(self.broker, self.rng, self.o.instruments)
        self.start_engine()
        self.create()
        made = time.monotonic()
        self.play()
        seen = self.collect()
        played = time.monotonic()
        verdicts = oracle.Judge(seen).run()
        verdicts["the engine counts what the ledger counts"] = self.counts_differ(seen)
        ended = self.engine.end()
        verdicts["the engine ends in order"] = [f"exit {ended}"] if ended else []
        events = Counter(name for names in seen["events"].values() for name in names)
        tell = {"triggers": len(seen["rows"]), "rounds": len(self.rounds), "fires": len(seen["claims"]),
                "expected": seen["expected"], "orders": len(seen["ledger"]), "kills": dict(self.kills),
                "certain rounds": len(self.certain), "taken back unsent": seen["taken_back"],
                "parked": sum(row["status"] == "needs_attention" for row in seen["rows"].values()),
                **{name: events[name] for name in ("order_unknown", "order_absent", "not_sent", "retry",
                                                   "taken_over", "order_appeared_late") if events[name]},
                "seconds": f"{made - began:.0f} + {played - made:.0f}"}
        print(", ".join(f"{name} {value}" for name, value in tell.items()), flush=True)
        return seen, verdicts

    def counts_differ(self, seen):
        if self.kills:
            return []  # each engine counts from its own start
        told = self.health()["stats"]["triggered_orders"]
        return [] if told == len(seen["ledger"]) else [f"{told} instead of {len(seen['ledger'])}"]

    def end(self, keep):
        for process in (self.engine, self.sim):
            if process and process.child.poll() is None:
                process.end(signal.SIGKILL)
        if keep:
            self.database.keep(self.folder)
            print(f"logs and database: {self.folder}", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def tell(verdicts, seen):
    passed = failed = 0
    for name, violations in verdicts.items():
        passed, failed = passed + (not violations), failed + bool(violations)
        print(f"{'FAIL' if violations else 'ok  '} {name}" + (f": {len(violations)}" if violations else ""))
        for violation in violations[:5]:
            print(f"       {violation}")
    if seen and not failed:
        missed = [name for name, record in oracle.doctored(seen) if not oracle.Judge(record).run().get(name)]
        passed, failed = passed + (not missed), failed + bool(missed)
        print(f"{'FAIL' if missed else 'ok  '} each of these is noticed when the record is doctored" +
              (f": not {missed}" if missed else ""))
    print(f"{passed} passed, {failed} failed", flush=True)
    return failed


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hmt")
    parser.add_argument("--database", choices=sorted(backends.ALL), default="sqlite")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--instruments", type=int, default=500)
    parser.add_argument("--triggers", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--orders-per-second", type=int, default=100)
    parser.add_argument("--faults", action="store_true", help="random broker faults")
    parser.add_argument("--on-unknown", choices=("park", "retry"), default="park")
    parser.add_argument("--absence-ms", type=int, default=3000)
    parser.add_argument("--patience", type=int, default=60)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args(given)
    options.hmt = os.path.abspath(options.hmt)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 31)
    return options


def run(options):
    """How many properties a session broke."""
    print(f"session: seed {options.seed}, {options.instruments} instruments, {options.triggers} triggers, "
          f"{options.rounds} rounds, {options.kills} kills{', faults' if options.faults else ''}, {options.database}, "
          f"on_unknown {options.on_unknown}", flush=True)
    backend = backends.ALL[options.database](options.hmt)
    try:
        return run_on(backend, options)
    finally:
        backend.close()


def run_on(backend, options):
    session, seen = Session(options, backend), None
    failed = 1
    try:
        seen, verdicts = session.run()
        failed = tell(verdicts, seen)
    except (Stuck, OSError, http.client.HTTPException) as trouble:
        ended = session.engine.child.poll() if session.engine else None
        died = f"; the engine had ended with {ended}" if ended is not None else ""
        print(f"FAIL {type(trouble).__name__}: {trouble}{died}\n0 passed, 1 failed", flush=True)
    finally:
        session.end(options.keep or failed)
    return failed


if __name__ == "__main__":
    sys.exit(1 if run(arguments()) else 0)
