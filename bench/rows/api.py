"""Row 14: what the API does beside it must not hold up the evaluation of prices."""
import contextlib
import csv
import io
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request

from measure import BUILD, NODE, Result, Row, in_turns, nanos

TRIGGERS = 10_000
INSTRUMENTS = 300
FRAME_INTERVAL_MS = 5
PHASE_S = 5
TOKEN = "a-token-of-the-benchmark"
HISTOGRAM = re.compile(r'^hmt_tick_evaluation_seconds_bucket\{le="([^"]+)"\} (\d+)', re.MULTILINE)
# The broker and the clients stay on one core; the engine runs where it likes.
ASIDE = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]


def get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=120) as answer:
        return answer.read().decode()


@contextlib.contextmanager
def started(command, folder, name, **env):
    """A process that says on stderr where it listens; gives that address."""
    log = pathlib.Path(folder) / f"{name}.log"
    with log.open("w") as out:
        process = subprocess.Popen([str(word) for word in command], stderr=out, env=os.environ | env, cwd=folder)
    try:
        yield address_in(log, process)
    finally:
        process.terminate()
        process.wait(30)


def address_in(log, process):
    for _ in range(600):
        for line in log.read_text().splitlines():
            if '"listening"' in line:
                return json.loads(line)["address"]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"it does not listen: {log.read_text()[-500:]}")


def instruments(broker):
    listed = csv.DictReader(io.StringIO(get(f"http://{broker}/instruments", Authorization="token simkey:simtoken")))
    fit = [{"exchange": row["exchange"], "symbol": row["tradingsymbol"], "last": float(row["last_price"]),
            "lot": int(row["lot_size"])}
           for row in listed if row["segment"] in ("NSE", "NFO-OPT") and float(row["last_price"]) >= 20]
    return fit[:INSTRUMENTS]


class Engine:
    def __init__(self, address):
        self.address = address

    def command(self, mode, *more):
        return ASIDE + ["node", str(NODE / "api-load.mjs"), mode, self.address, TOKEN, str(TRIGGERS), *map(str, more)]

    def counts(self):
        text = get(f"http://{self.address}/metrics", Authorization=f"Bearer {TOKEN}")
        return [(float(end), int(count)) for end, count in HISTOGRAM.findall(text)]

    def idle(self):
        before = self.counts()
        time.sleep(PHASE_S)
        after = self.counts()
        return {"p99_ns": p99_ns(before, after), "evaluated": after[-1][1] - before[-1][1]}

    def loaded(self):
        with subprocess.Popen(self.command("load", PHASE_S), stdout=subprocess.PIPE, text=True) as load:
            expect(load, "on")
            before = self.counts()
            expect(load, "off")
            after = self.counts()
            seen = json.loads(load.stdout.readline())
        return {"p99_ns": p99_ns(before, after), "evaluated": after[-1][1] - before[-1][1], **seen}


def expect(load, word):
    if (line := load.stdout.readline().strip()) != word:
        raise RuntimeError(f"the load said {line!r} instead of {word!r}")


def p99_ns(before, after):
    """Between two readings of a histogram, taken evenly within its bucket."""
    counts = [(end, new - old) for (end, new), (_, old) in zip(after, before)]
    total = counts[-1][1]
    if total < 100:
        raise RuntimeError(f"{total} frames are too few")
    begin, below = 0.0, 0
    for end, upto in counts:
        if upto >= 0.99 * total:
            return (begin + (end - begin) * (0.99 * total - below) / (upto - below)) * 1e9
        begin, below = end, upto
    raise AssertionError("the last bucket holds all")


@contextlib.contextmanager
def engine():
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        sim = ASIDE + [BUILD / "hmt", "sim", "--listen", "127.0.0.1:0", "--instruments", 1000, "--price-interval-ms",
                       FRAME_INTERVAL_MS]
        broker = stack.enter_context(started(sim, folder, "sim", HMT_LOG_FORMAT="json"))
        address = stack.enter_context(started(
            [BUILD / "hmt", "serve"], folder, "serve", HMT_LOG_FORMAT="json", HMT_LISTEN="127.0.0.1:0",
            HMT_ADMIN_TOKEN=TOKEN, HMT_SESSIONS="always", HMT_DATABASE_URL="sqlite:bench.db", KITE_API_KEY="simkey",
            KITE_API_SECRET="simsecret", KITE_ACCESS_TOKEN="simtoken", KITE_API_URL=f"http://{broker}",
            KITE_TICKER_URL=f"ws://{broker}"))
        under_test = Engine(address)
        wait_until_running(address)
        subprocess.run(under_test.command("seed"), input=json.dumps(instruments(broker)), text=True, check=True, timeout=300)
        time.sleep(2)
        yield under_test


def wait_until_running(address):
    for _ in range(300):
        if json.loads(get(f"http://{address}/functions/v1/hmt-trigger-engine/health"))["status"] == "running":
            return
        time.sleep(0.1)
    raise RuntimeError("the engine does not run")


def measure(repeats):
    with engine() as under_test:
        seen = in_turns(repeats, idle=under_test.idle, loaded=under_test.loaded)
    middle = {phase: statistics.median(sample["p99_ns"] for sample in samples) for phase, samples in seen.items()}
    loads = seen["loaded"]
    every = {name: sum(sample[name] for sample in loads) / len(loads) / PHASE_S
             for name in ("lists", "created", "cancelled", "frames")}
    told = (f"(p99 {nanos(middle['loaded'])} against {nanos(middle['idle'])}, {repeats} phases of {PHASE_S} s each; a second: "
            f"{every['lists']:.1f} lists of {TRIGGERS:,}, {every['created']:.0f} made, {every['cancelled']:.0f} cancelled, "
            f"{every['frames']:,.0f} frames to 200 streams)")
    wrong = sorted({what for sample in loads for what in sample["wrong"]})[:10]
    return [Result("p99 from a frame's receipt to its verdict, loaded / idle", middle["loaded"] / middle["idle"], 1.2, None,
                   False, "×", told, wrong)]


ROWS = [Row(14, "lists, writes and live streams of the API beside 300 ticking instruments", measure,
            "The engine's threads share the machine's cores, with each other and with the broker and the clients of this "
            "benchmark, which keep to one core; where there are two, what the API's thread takes is what is left of the other. "
            "The two threads share no lock on the way of a packet that fires nothing. The time runs from the moment at which "
            "the frame is in hand: how long a thread waits for its core before that is not in it.")]
