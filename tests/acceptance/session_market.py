"""What a session plays with: processes of hmt, a JSON client, and a market of seeded prices and triggers."""
import http.client
import json
import os
import signal
import subprocess
import threading
import time
import uuid
from collections import defaultdict
from decimal import Decimal

import oracle


KEPT_SECONDS = 10


class Stuck(Exception):
    """Something did not happen in its time."""


class Client:
    """JSON over one kept connection for each thread; numbers are read as exact decimals."""

    def __init__(self, address, authorization=None):
        self.address, self.authorization, self.kept = address, authorization, threading.local()

    def ask(self, method, path, body=None, headers=None, timeout=30):
        headers = dict(headers or {})
        if self.authorization:
            headers["Authorization"] = self.authorization
        if body is not None:
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        connection = getattr(self.kept, "connection", None)
        # A server ends a connection that idles, and a request that is not a reading cannot be repeated.
        if connection is None or time.monotonic() - self.kept.used > KEPT_SECONDS:
            host, port = self.address.rsplit(":", 1)
            connection = self.kept.connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            self.kept.used = time.monotonic()
        except (OSError, http.client.HTTPException):
            connection.close()
            self.kept.connection = None
            raise
        if answer.will_close:
            self.kept.connection = None
        return answer.status, json.loads(text, parse_float=Decimal) if text[:1] in b"{[" else text.decode()

    def get(self, path, patience=20):
        for last in (False, True):
            try:
                status, body = self.ask("GET", path)
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                if last:  # a kept connection may have ended meanwhile; a reading can be repeated
                    raise
        if status == 429 and patience > 0:  # the engine asks the same broker, which counts both
            time.sleep(0.2)
            return self.get(path, patience - 1)
        if status != 200:
            raise Stuck(f"GET {path}: {status} {body}")
        return body


class Process:
    """One hmt; tells its address by the log line `listening`."""

    def __init__(self, command, log, env=None):
        self.log = open(log, "ab")
        self.start_at = self.log.tell()
        self.path = log
        self.child = subprocess.Popen(command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                      env={**os.environ, **(env or {})})

    def address(self, patience=60):
        until = time.monotonic() + patience
        while time.monotonic() < until:
            with open(self.path, "rb") as log:
                log.seek(self.start_at)
                for line in log:
                    if b"listening" in line and line.endswith(b"\n"):
                        return json.loads(line)["address"]
            if self.child.poll() is not None:
                raise Stuck(f"{self.child.args[:2]} ended with {self.child.returncode}: see {self.path}")
            time.sleep(0.01)
        raise Stuck(f"{self.child.args[:2]} does not listen: see {self.path}")

    def end(self, how=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(how)
        self.log.close()
        return self.child.wait(30)


class Market:
    """The instruments, their random levels and their seeded walk; prices are whole ticks."""

    def __init__(self, broker, rng, count):
        self.broker, self.rng = broker, rng
        rows = self.listed(count)
        self.sentinel = max(rows, key=lambda row: row["token"])
        self.rows = [row for row in rows if row is not self.sentinel]
        self.by_name = {row["name"]: row for row in rows}
        self.ticks = {row["name"]: row["ticks"] for row in self.rows}
        self.levels = defaultdict(list)
        self.beat = 0

    def listed(self, count):
        status, text = self.broker.ask("GET", "/instruments")
        assert status == 200, text
        header, *lines = text.splitlines()
        names = header.split(",")
        found = []
        for line in lines:
            row = dict(zip(names, line.split(",")))
            tick, price, lot = Decimal(row["tick_size"]), Decimal(row["last_price"] or 0), int(row["lot_size"])
            usable = row["segment"] != "INDICES" and price >= 400 * tick and price * lot <= 60_000
            if usable:
                found.append({"name": f"{row['exchange']}:{row['tradingsymbol']}", "token": int(row["instrument_token"]),
                              "tick": tick, "lot": lot, "ticks": int(price / tick), "exchange": row["exchange"],
                              "symbol": row["tradingsymbol"], "share": row["instrument_type"] == "EQ"})
        if len(found) <= count:
            raise Stuck(f"the simulator lists only {len(found)} instruments that fit")
        return self.rng.sample(found, count + 1)

    def clip(self, row, ticks, percent=8):
        most = row["ticks"] * percent // 100
        return max(row["ticks"] - most, min(row["ticks"] + most, ticks))

    def text(self, row, ticks):
        return format(row["tick"] * ticks, "f")

    def move(self):
        """The next round: a walk, jumps, a shift of all now and then, and prices exactly at or just before a level."""
        shift = self.rng.choice((0, 0, 0, 0, -0.008, 0.008))
        moved = {}
        for row in self.rows:
            name = row["name"]
            ticks = self.ticks[name]
            if self.rng.random() < 0.04 and self.levels[name]:
                ticks = self.rng.choice(self.levels[name]) + self.rng.choice((0, 0, -1, 1))
            else:
                jump = self.rng.choice((-0.025, 0.025)) if self.rng.random() < 0.02 else 0
                ticks += round(row["ticks"] * (self.rng.gauss(shift, 0.0035) + jump))
            ticks = self.clip(row, ticks)
            self.ticks[name] = ticks
            moved[name] = self.text(row, ticks)
        return moved

    def still(self):
        return {row["name"]: self.text(row, self.ticks[row["name"]]) for row in self.rows}

    def post(self, prices):
        """All prices in one frame, and then the sentinel's, which no trigger but its own stands on."""
        status, body = self.broker.ask("POST", "/sim/prices",
                                       [{"instrument": name, "price": price} for name, price in prices.items()])
        assert status == 200, body
        self.beat += 1
        price = self.text(self.sentinel, self.sentinel["ticks"] + self.beat % 1000)
        status, body = self.broker.ask("POST", "/sim/price", {"instrument": self.sentinel["name"], "price": price})
        assert status == 200, body
        return Decimal(price)

    # ---- triggers

    def leg(self, row, number, sign, side, crossed=False):
        """A level on the side that `sign` says, at least 12 ticks away: further than the simulator's first price."""
        away = max(13, round(row["ticks"] * self.rng.uniform(0.001, 0.06)))
        up = (sign == ">=") != crossed
        at = row["ticks"] + (away if up else -away)
        self.levels[row["name"]].append(at)
        order = self.clip(row, at + round(row["ticks"] * self.rng.uniform(-0.01, 0.01)), 9)
        products = ["MIS", "MIS", "MIS"] if row["share"] else ["NRML", "MIS"]
        if row["share"] and side == "SELL":
            products.append("CNC")
        return {f"product_type_{number}": self.rng.choice(products), f"trigger_price_{number}": self.text(row, at),
                f"order_price_{number}": None if self.rng.random() < 0.25 else self.text(row, order),
                f"quantity_{number}": row["lot"] * (self.rng.randint(1, 3) if row["share"] else 1)}

    def trigger(self, on_unknown):
        row = self.rng.choice(self.rows)
        side = self.rng.choice(("BUY", "SELL"))
        out = {"exchange": row["exchange"], "trading_symbol": row["symbol"], "transaction_type": side,
               "condition_type": "two-leg" if self.rng.random() < 0.3 else "single", "on_unknown": on_unknown}
        if out["condition_type"] == "two-leg":
            for leg in (1, 2):
                out.update(self.leg(row, leg, oracle.operator(out, leg), side))
        else:
            if self.rng.random() < 0.5:
                out["direction"] = self.rng.choice((">=", "<="))
            crossed = self.rng.random() < 0.02
            out.update(self.leg(row, 1, oracle.operator(out, 1), side, crossed))
            out["fire_if_crossed"] = crossed
        return {**out, "instrument": row["name"]}

    def triggers(self, count, on_unknown):
        specs = [self.trigger(on_unknown) for _ in range(count)]
        grouped = self.rng.sample(specs, count // 12)
        while len(grouped) > 1:
            group = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
            for spec in [grouped.pop() for _ in range(min(len(grouped), self.rng.randint(2, 4)))]:
                spec["parent_id"] = group
        return specs
