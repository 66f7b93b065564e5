"""From the price on the wire to the order on the wire: the program against the least that a durable order can cost, and
against the replaced design.

A broker of the bench's own sends one price that crosses one level and stamps when the last byte of the order has come.
Both sides hold a ticker connection to it at the same time and take turns, price by price. Wall time by its nature.
"""
import json
import os
import pathlib
import select
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from measure import BUILD, NODE, ROOT, Result, Row, nanos

sys.path.insert(0, str(ROOT / "tests"))

import postgres  # noqa: E402

FIRES_OF_A_REPEAT = 40  # of each side: 200 at the least
WARM_UP = 10            # of each side, not counted
PAUSE_S = 0.06          # between two prices: what follows an order has been written by then
BASE, LEVEL, PRICE = 10_000, 9_900, 9_800  # paise
TOKEN = "bench-token-0123456789"


class Broker:
    """bench_broker, and what it tells."""

    def __init__(self, instruments):
        self.child = subprocess.Popen([BUILD / "bench/bench_broker", str(instruments)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, bufsize=0)
        self.unread = b""
        self.address = self.told(10)["address"]

    def told(self, seconds, what="anything"):
        """The next thing it tells; none within that time is an error."""
        until = time.monotonic() + seconds
        while b"\n" not in self.unread:
            if not select.select([self.child.stdout], [], [], max(0, until - time.monotonic()))[0]:
                raise RuntimeError(f"the broker was not told {what} within {seconds} s")
            self.unread += os.read(self.child.stdout.fileno(), 65536)
        line, self.unread = self.unread.split(b"\n", 1)
        return json.loads(line)

    def send(self, what, key, number, paise):
        self.child.stdin.write(f"{what} {key} {number * 256 + 1} {paise}\n".encode())

    def fire(self, key, number):
        """How long it was until the order had come, and its fields. An order that nobody waits for is an error."""
        self.send("fire", key, number, PRICE)
        told = self.told(20, f"{key}'s order for BENCH{number}")
        if told["key"] != key or told["after_ns"] is None:
            raise RuntimeError(f"an order that no price asked for: {told}")
        return told["after_ns"], dict(urllib.parse.parse_qsl(told["form"]))

    def close(self):
        self.child.stdin.close()
        self.child.wait(10)


class Engine:
    """`hmt serve` on SQLite, each trigger on an instrument of its own."""
    key = "engine"
    program = BUILD / "hmt"

    def __init__(self, broker, folder, fires):
        self.log = open(folder / "engine.log", "wb")
        self.child = subprocess.Popen([self.program, "serve"], cwd=folder, stdout=self.log, stderr=self.log, env={
            "PATH": os.environ["PATH"], "HMT_DATABASE_URL": f"sqlite:{folder}/hmt.db", "HMT_LISTEN": "127.0.0.1:0",
            "HMT_ADMIN_TOKEN": TOKEN, "HMT_SESSIONS": "always", "HMT_LOG_FORMAT": "json", "KITE_API_KEY": self.key,
            "KITE_ACCESS_TOKEN": "bench", "KITE_API_URL": f"http://{broker.address}",
            "KITE_TICKER_URL": f"ws://{broker.address}", "HMT_ORDERS_PER_SECOND": "100",
            "HMT_ORDERS_PER_MINUTE": "6000", "HMT_ORDERS_PER_DAY": "100000"})
        self.address = wait_for(self.listening, "the engine listens")
        wait_for(lambda: self.ask("/functions/v1/hmt-trigger-engine/health")["status"] == "running", "the engine runs")
        for number in range(1, fires + 1):
            self.ask("/api/v1/triggers", {
                "exchange": "NSE", "trading_symbol": f"BENCH{number}", "condition_type": "single",
                "transaction_type": "SELL", "product_type_1": "CNC", "trigger_price_1": LEVEL // 100,
                "order_price_1": LEVEL // 100, "quantity_1": 10})
        settle_prices(broker, self.key, fires)

    def listening(self):
        for line in pathlib.Path(self.log.name).read_text().splitlines():
            if '"listening"' in line:
                return json.loads(line)["address"]
        return None

    def ask(self, path, body=None):
        request = urllib.request.Request(f"http://{self.address}{path}", method="GET" if body is None else "POST",
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def fired(self):
        stats = self.ask("/functions/v1/hmt-trigger-engine/health")["stats"]
        return stats["triggered_orders"]

    def close(self):
        self.child.terminate()
        self.child.wait(15)
        self.log.close()


class Relay:
    """One flush and one write: bench_relay."""
    key = "relay"

    def __init__(self, broker, folder, fires):
        port = broker.address.rsplit(":", 1)[1]
        self.child = subprocess.Popen([BUILD / "bench/bench_relay", port, folder / "relay.dat"])
        self.fires = fires
        time.sleep(0.5)

    def fired(self):
        return self.fires  # it decides nothing, so it counts nothing

    def close(self):
        self.child.terminate()
        self.child.wait(10)


class Replaced:
    """The replaced design on Node.js, with PostgreSQL on the same machine."""
    key = "node"

    def __init__(self, broker, folder, fires):
        self.server = postgres.Server(fsync=True)
        self.child = None
        try:
            self.child = subprocess.Popen(
                ["node", NODE / "orders.mjs", self.server.url(self.server.create_database()), broker.address, str(fires)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"NODE_ENV": "production"})
            self.said()
        except BaseException:
            self.close()
            raise
        settle_prices(broker, self.key, fires)

    def said(self):
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"the replaced design ended: {self.child.wait(10)}")
        return json.loads(line)

    def fired(self):
        self.child.stdin.close()
        return self.said()["fired"]

    def close(self):
        if self.child:
            self.child.terminate()
            self.child.wait(10)
        self.server.close()


def wait_for(look, what, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        seen = look()
        if seen:
            return seen
        time.sleep(0.05)
    raise RuntimeError(f"waited {seconds} s until {what}")


def settle_prices(broker, key, fires):
    """A first price of each instrument, which fires nothing; the next ones are of a later second, so they are fresh."""
    time.sleep(0.5)
    for number in range(1, fires + 1):
        broker.send("price", key, number, BASE)
    time.sleep(1.2)


def wrong_in(key, number, form):
    wanted = {"exchange": "NSE", "tradingsymbol": f"BENCH{number}", "transaction_type": "SELL", "order_type": "LIMIT",
              "quantity": "10", "product": "CNC"}
    differs = {name: form.get(name) for name, value in wanted.items() if form.get(name) != value}
    if float(form.get("price", 0)) != LEVEL / 100:
        differs["price"] = form.get("price")
    return [f"{key}'s order for BENCH{number} says {differs}"] if differs else []


def race(folder, repeats, *makers):
    """Nanoseconds of each side's fires by its key, what was wrong, and what the program's own trace says."""
    count = FIRES_OF_A_REPEAT * repeats + WARM_UP
    broker = Broker(count)
    sides, took, wrong = [], {}, []
    try:
        for maker in makers:
            own = folder / maker.key
            own.mkdir()
            sides.append(maker(broker, own, count))
        for number in range(1, count + 1):
            for side in sides:
                after_ns, form = broker.fire(side.key, number)
                took.setdefault(side.key, []).append(after_ns)
                wrong += wrong_in(side.key, number, form)
                time.sleep(PAUSE_S)
        time.sleep(1)  # what it counts is told five times a second
        for side in sides:
            fired = side.fired()
            if fired != count:
                wrong.append(f"{side.key} says that it fired {fired} of {count}")
    finally:
        for side in sides:
            side.close()
        broker.close()
    return {key: sorted(samples[WARM_UP:]) for key, samples in took.items()}, wrong


def share(samples, per_cent):
    return samples[min(len(samples) - 1, len(samples) * per_cent // 100)]


def on(place):
    return tempfile.TemporaryDirectory(prefix="hmt-bench-", dir=place)


def told(took, per_cent=50):
    return ", ".join(f"{key} {nanos(share(samples, per_cent))}" for key, samples in took.items())


def against_flush(repeats):
    with on(BUILD) as disk, on("/dev/shm") as memory:
        took, wrong = race(pathlib.Path(disk), repeats, Engine, Relay)
        bare, wrong_in_memory = race(pathlib.Path(memory), repeats, Engine, Relay)
    value = share(took["engine"], 50) / share(took["relay"], 50)
    return [Result("p50, durable first", value, 1.5, 1.2, False, wrong=wrong + wrong_in_memory,
                   told=f"p50 {told(took)}; p99 {told(took, 99)}; without a disk, in memory: p50 {told(bare)}")]


def against_replaced(repeats):
    with on(BUILD) as disk, on("/dev/shm") as memory:
        took, wrong = race(pathlib.Path(disk), repeats, Engine, Replaced)
        bare, wrong_in_memory = race(pathlib.Path(memory), repeats, Engine, Replaced)
    return [Result(f"p{at}, our durable write included", share(took["node"], at) / share(took["engine"], at), 3, 6, True,
                   wrong=wrong + wrong_in_memory,
                   told=f"{told(took, at)}; our records in memory: {told(bare, at)}") for at in (50, 99)]


ROWS = [
    Row(9, "tick received → order's last byte written, durable first, against one fdatasync and a bare relay",
        against_flush,
        "The flush, and busy processors. One flush stands between the tick and the order, the claim's, and it takes as long as "
        "the relay's (both under strace: medians within a tenth). The rest, as the told figure without a disk shows, is the "
        "claim's SQL and two switches of threads, market to commits to orders (`hmt_fire_stage_seconds` has the split). The "
        "relay is woken twice for an order, ours four times, and each waits its turn where others want the processors."),
    Row(10, "the same against the replaced design as it works: row read, POST, status after", against_replaced,
        "The replaced design writes nothing before its order leaves, so its way has no flush in it: where a flush takes "
        "milliseconds, ours takes as long as the disk says, and this cannot be three times faster. The told figure with our "
        "records in memory is what the two engines cost apart from the disk. The database that it asks for the broker "
        "connection is on this machine; at the end of a wire, as it was, each order waited for that too."),
]
