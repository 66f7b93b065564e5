"""What the acceptance tests stand on: the program's processes, their doors, and a relay to the broker.

Everything is black-box: the binary, its HTTP API, the simulated broker's control endpoints, and the bytes between the
two, which a relay counts, holds back and cuts. Every wait has an end.
"""
import errno
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse

WAIT = 12.0  # of what should happen soon: generous, because a sanitised build on a busy machine is slow
TOKEN = "acceptance-admin-token-0123456789"
ENGINE = "/functions/v1/hmt-trigger-engine"


class Failure(AssertionError):
    pass


def check(truth, message):
    if not truth:
        raise Failure(message)


def equal(got, wanted, what):
    if got != wanted:
        raise Failure(f"{what}: got {got!r}, wanted {wanted!r}")


def wait_until(look, what, seconds=WAIT, every=0.03):
    """Returns the first true answer of `look`; a failure that says what was last seen otherwise."""
    until = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > until:
            raise Failure(f"waited {seconds} s for: {what}; last seen: {seen!r}")
        time.sleep(every)


def stays(look, what, seconds):
    """Fails when `look` becomes false within `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        check(look(), f"did not stay so for {seconds} s: {what}")
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        # Prices stay text, so that no test compares through binary floating point.
        return json.loads(self.body, parse_float=str)

    @property
    def error(self):
        """The error's members; nothing of them when it is no error."""
        return self.json.get("error") or {"code": None, "message": "", "field": None}


def request(address, method, path, body=None, headers=None, timeout=10):
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers = {"Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


class Process:
    """One run of the binary; its log goes into a file of the test's folder."""

    def __init__(self, binary, arguments, environment, log_path, cwd):
        self.log_path = log_path
        self.log_file = open(log_path, "ab")
        self.log_from = self.log_file.tell()
        clean = {"PATH": os.environ.get("PATH", ""), "HOME": cwd, "TZ": "UTC"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "LLVM_PROFILE_FILE"):
            if name in os.environ:
                clean[name] = os.environ[name]
        self.child = subprocess.Popen([binary, *arguments], env={**clean, **environment}, cwd=cwd,
                                      stdin=subprocess.DEVNULL, stdout=self.log_file, stderr=self.log_file)

    def log(self):
        with open(self.log_path, "rb") as file:
            file.seek(self.log_from)
            return file.read().decode("utf-8", "replace")

    def events(self, name=None):
        out = []
        for line in self.log().splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and (name is None or event.get("event") == name):
                out.append(event)
        return out

    def listening(self, seconds=20.0):
        def look():
            found = self.events("listening")
            if found:
                return found[0]["address"]
            check(self.child.poll() is None, f"ended with {self.child.returncode} before it listened:\n{self.log()}")
            return None
        return wait_until(look, "the log line `listening`", seconds)

    def is_running(self):
        return self.child.poll() is None

    def kill(self):
        """SIGKILL: nothing is flushed, nothing is finished."""
        self.child.kill()
        self.child.wait(10)

    def signal(self, what):
        os.kill(self.child.pid, what)
        if what == signal.SIGSTOP:
            wait_until(self.stands_still, "each of its threads stands still")  # a busy machine takes its time

    def stands_still(self):
        """Whether each thread is stopped, as Linux tells: pid (name) state …"""
        tasks = f"/proc/{self.child.pid}/task"
        states = [open(f"{tasks}/{each}/stat", encoding="utf-8").read().rpartition(")")[2].split()[0]
                  for each in os.listdir(tasks)]
        return all(state == "T" for state in states)

    def wait(self, seconds=15.0):
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"still running after {seconds} s") from None

    def end(self, seconds=15.0):
        """SIGTERM; the exit code."""
        if self.child.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def close(self):
        if self.child.poll() is None:
            self.signal(signal.SIGCONT)
            self.child.kill()
            self.child.wait(10)
        self.log_file.close()


class Sim:
    """The simulated broker."""

    def __init__(self, world, arguments=(), listen="127.0.0.1:0", still=True):
        self.arguments = list(arguments)
        options = ["sim", "--listen", listen, "--price-interval-ms", "50"] + (["--still"] if still else [])
        self.process = world.run(options + self.arguments, {}, "sim")
        self.address = self.process.listening()

    def control(self, path, body=None):
        answer = request(self.address, "POST", "/sim/" + path, {} if body is None else body)
        check(answer.status == 200, f"/sim/{path} answers {answer.status}: {answer.text}")
        return answer.json.get("data")

    def price(self, instrument, price):
        self.control("price", {"instrument": instrument, "price": str(price)})

    def faults(self, *faults):
        self.control("faults", list(faults))

    def ledger(self):
        return request(self.address, "GET", "/sim/ledger").json["data"]

    def state(self):
        return request(self.address, "GET", "/sim/state").json["data"]

    def watched(self):
        return set(self.state()["watched"])

    def orders(self, token="simtoken"):
        """The order book as the broker shows it to its client."""
        def look():
            answer = request(self.address, "GET", "/orders", headers={"Authorization": f"token simkey:{token}"})
            return [answer.json["data"]] if answer.status == 200 else None  # 429: the engine has just asked too
        return wait_until(look, "the broker's order book")[0]


class Hold:
    """Requests that are kept waiting at the relay."""

    def __init__(self):
        self.arrived = threading.Event()
        self.released = threading.Event()
        self.drop = False  # at release: the connection ends, nothing goes on

    def wait_arrived(self, seconds=WAIT):
        check(self.arrived.wait(seconds), "no order arrived at the relay")

    def release(self, drop=False):
        self.drop = drop
        self.released.set()


class Placement:
    """One order as it was sent, and what came back."""

    def __init__(self, headers, body):
        self.at = time.monotonic()
        self.headers = headers
        self.form = {k: v[0] for k, v in urllib.parse.parse_qs(body.decode(), keep_blank_values=True).items()}
        self.status = None  # none: no answer was passed on


class Relay:
    """Between the engine and the broker's REST: everything passes, is written down, and can be held or cut."""

    def __init__(self, target):
        self.target = target
        self.requests = []    # (method, path, monotonic time)
        self.placements = []  # Placement
        self.before_order = None  # a Hold: orders wait here before the broker sees them
        self.after_order = None   # a Hold: the broker's answers to orders wait here
        self.cut_orders = 0       # so many next orders are cut off before the broker sees them
        self.scripted = []        # (status, headers, body) given to orders instead of the broker's answer
        self.open_sockets = set()
        self.lock = threading.Lock()
        self.server = None
        self.port = None
        self.listen()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def listen(self):
        """Takes connections, on the same port as before."""
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 90

            def log_message(self, *arguments):
                pass

            def setup(self):
                super().setup()
                with relay.lock:
                    relay.open_sockets.add(self.connection)

            def finish(self):
                with relay.lock:
                    relay.open_sockets.discard(self.connection)
                try:
                    super().finish()
                except OSError:
                    pass

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True

            def do_any(self):
                relay.pass_on(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_any

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 64

            def handle_error(self, *arguments):
                pass

        def bound():
            """None while another program's connection has the port that was let go."""
            try:
                return Server(("127.0.0.1", self.port or 0), Handler)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                return None

        self.server = wait_until(bound, f"the relay's port {self.port} is free again")
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def refuse(self):
        """From here on connections are refused, and open ones are gone."""
        self.server.shutdown()
        self.server.server_close()
        with self.lock:
            sockets = list(self.open_sockets)
        for each in sockets:
            self.reset(each)

    @staticmethod
    def reset(connection):
        try:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def pass_on(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length) if length else b""
        path = handler.path.split("?")[0]
        places = handler.command == "POST" and path.startswith("/orders/")
        placement = None
        with self.lock:
            self.requests.append((handler.command, path, time.monotonic()))
            if places:
                placement = Placement(dict(handler.headers), body)
                self.placements.append(placement)
        if placement and not self.let_pass(placement, handler):
            return
        answer = self.scripted_answer(placement) or self.ask(handler, body)
        if answer is None:
            handler.close_connection = True
            self.reset(handler.connection)
            return
        hold = self.after_order if placement else None
        if hold:
            hold.arrived.set()
            hold.released.wait(60)
            if hold.drop:
                handler.close_connection = True
                self.reset(handler.connection)
                return
        if placement:
            placement.status = answer.status
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        handler.wfile.write(answer.body)
        handler.wfile.flush()

    def let_pass(self, placement, handler):
        with self.lock:
            cut = self.cut_orders > 0
            self.cut_orders -= 1 if cut else 0
        hold = self.before_order
        if hold and not cut:
            hold.arrived.set()
            hold.released.wait(60)
            cut = hold.drop
        if cut:
            handler.close_connection = True
            self.reset(handler.connection)
        return not cut

    def scripted_answer(self, placement):
        with self.lock:
            if not placement or not self.scripted:
                return None
            status, headers, body = self.scripted.pop(0)
        return Answer(status, headers, body)

    def ask(self, handler, body):
        try:
            headers = {k: v for k, v in handler.headers.items() if k.lower() not in ("host", "connection")}
            return request(self.target, handler.command, handler.path, body, headers, timeout=70)
        except (OSError, http.client.HTTPException):
            return None

    def count(self, method, path):
        with self.lock:
            return sum(1 for m, p, _ in self.requests if m == method and p == path)

    def times(self, method, path):
        with self.lock:
            return [at for m, p, at in self.requests if m == method and p == path]

    def close(self):
        for hold in (self.before_order, self.after_order):
            if hold:
                hold.release(drop=True)
        self.refuse()


class Wire:
    """A relay of bare TCP, for the ticker: counts connections, refuses or goes mute on command."""

    def __init__(self, target):
        self.target = target
        self.attempts = []  # monotonic times
        self.refusing = False
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.attempts.append(time.monotonic())
            if self.refusing:
                Relay.reset(client)
                client.close()
                continue
            try:
                host, port = self.target.rsplit(":", 1)
                server = socket.create_connection((host, int(port)), 5)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            self.sockets += [client, server]
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    @staticmethod
    def pump(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        for each in (one, other):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def drop(self):
        for each in self.sockets:
            Relay.reset(each)
        self.sockets = []

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.drop()


class Stream:
    """The live stream: a WebSocket client of a few lines."""

    def __init__(self, engine, query=""):
        host, port = engine.address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), 10)
        self.socket.sendall((f"GET /api/v1/stream{query} HTTP/1.1\r\nHost: {engine.address}\r\n"
                             f"Authorization: Bearer {engine.token}\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n").encode())
        self.buffer = b""
        self.frames = []
        self.closed = None  # the close code
        while b"\r\n\r\n" not in self.buffer:
            self.receive()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        check(b" 101 " in head.split(b"\r\n")[0], f"the stream's handshake: {head[:200]!r}")

    def receive(self):
        data = self.socket.recv(65536)
        check(data, "the stream has ended")
        self.buffer += data

    def take(self, size):
        while len(self.buffer) < size:
            self.receive()
        out, self.buffer = self.buffer[:size], self.buffer[size:]
        return out

    def send(self, message):
        body = json.dumps(message).encode()
        head = bytes([0x81, 0x80 | len(body)]) if len(body) < 126 else b"\x81\xfe" + struct.pack(">H", len(body))
        self.socket.sendall(head + b"\0\0\0\0" + body)

    def next(self, seconds=WAIT):
        self.socket.settimeout(seconds)
        while True:
            first, size = self.take(2)
            if size == 126:
                size = struct.unpack(">H", self.take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self.take(8))[0]
            body = self.take(size)
            if first & 15 == 1:
                self.frames.append(json.loads(body, parse_float=str))
                return self.frames[-1]
            if first & 15 == 8:
                self.closed = struct.unpack(">H", body[:2])[0] if body else 0
                raise Failure(f"the stream was closed with {self.closed}: {body[2:]!r}")

    def wait(self, kind, look=lambda frame: True, seconds=WAIT):
        """The next frame of this kind that `look` likes."""
        until = time.monotonic() + seconds
        while True:
            try:
                frame = self.next(max(0.1, until - time.monotonic()))
            except TimeoutError:
                raise Failure(f"no frame {kind} within {seconds} s; frames: {self.frames[-5:]}") from None
            if frame.get("t") == kind and look(frame):
                return frame
            check(time.monotonic() < until, f"no frame {kind} within {seconds} s; frames: {self.frames[-5:]}")

    def close(self):
        self.socket.close()


class Engine:
    """A running `hmt serve`."""

    def __init__(self, world, environment, ready=True):
        self.world = world
        self.token = environment.get("HMT_ADMIN_TOKEN", TOKEN)
        self.process = world.run(["serve"], environment, "engine")
        self.address = self.process.listening()
        if ready:
            self.wait_status("running")

    def call(self, method, path, body=None, headers=None, token=None, timeout=10):
        sign_in = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return request(self.address, method, path, body, {**sign_in, **(headers or {})}, timeout)

    def get(self, path):
        answer = self.call("GET", path)
        check(answer.status == 200, f"GET {path} answers {answer.status}: {answer.text}")
        return answer.json

    def health(self):
        return self.get(ENGINE + "/health")

    def wait_status(self, status, seconds=20.0):
        """Running means ready here: connected too."""
        def look():
            health = self.health()
            connected = status != "running" or health["stats"]["websocket_status"] == "connected"
            return health if health["status"] == status and connected else None
        try:
            return wait_until(look, f"status {status}", seconds)
        except Failure as failure:
            raise Failure(f"{failure}; health: {self.health()}") from None

    def reasons(self):
        return " | ".join(self.health()["reasons"])

    def create(self, **fields):
        answer = self.call("POST", "/api/v1/triggers", trigger_fields(fields))
        check(answer.status == 201, f"creation answers {answer.status}: {answer.text}")
        return answer.json

    def arm(self, **fields):
        """A new trigger that the engine watches."""
        return self.wait_monitored(self.create(**fields)["id"])

    def wait_monitored(self, trigger_id):
        return wait_until(lambda: (t := self.trigger(trigger_id))["monitored"] and t, f"{trigger_id} is monitored")

    def trigger(self, trigger_id):
        return self.get(f"/api/v1/triggers/{trigger_id}")

    def attempts(self, trigger_id):
        return self.get(f"/api/v1/triggers/{trigger_id}/attempts")["attempts"]

    def audit(self, trigger_id=None):
        query = f"?limit=1000&trigger_id={trigger_id}" if trigger_id else "?limit=1000"
        return self.get("/api/v1/audit" + query)["audit"]

    def audited(self, event, trigger_id=None):
        return [row for row in self.audit(trigger_id) if row["event"] == event]

    def wait_trigger(self, trigger_id, seconds=WAIT, **wanted):
        def look():
            seen = self.trigger(trigger_id)
            return seen if all(seen[name] == value for name, value in wanted.items()) else None
        try:
            return wait_until(look, f"trigger with {wanted}", seconds)
        except Failure as failure:
            raise Failure(f"{failure}; it is {self.trigger(trigger_id)}") from None

    def wait_price(self, trigger_id, price):
        """Until the engine has seen this last price."""
        wait_until(lambda: same_price(self.trigger(trigger_id)["last_price"], price), f"last price {price}")

    def stop(self):
        return self.call("POST", ENGINE + "/stop")

    def start(self):
        return self.call("POST", ENGINE + "/start")


def same_price(got, wanted):
    from decimal import Decimal
    return got is not None and Decimal(str(got)) == Decimal(str(wanted))


def trigger_fields(fields):
    """A SELL stop of INFY at 1500 unless said otherwise."""
    out = {"exchange": "NSE", "trading_symbol": "INFY", "condition_type": "single", "transaction_type": "SELL",
           "product_type_1": "CNC", "trigger_price_1": "1500", "quantity_1": 1, **fields}
    return {name: value for name, value in out.items() if value is not None}


def two_legs(**fields):
    """A SELL of INFY with stop-loss 1500 and target 1650."""
    return {"condition_type": "two-leg", "trigger_price_1": "1500", "product_type_2": "CNC",
            "trigger_price_2": "1650", "quantity_2": 1, **fields}


class World:
    """One test's folder, processes and relays."""

    def __init__(self, binary, name, backend):
        self.binary = binary
        self.name = name
        self.backend = backend
        self.folder = tempfile.mkdtemp(prefix="hmt-acceptance-")
        self.processes = []
        self.relays = []
        self.closing = []  # what else a test has opened: closed at the end, last first
        self.sim = None
        self.relay = None
        self.engine = None
        self.kept_database = None

    # ---- what a test starts

    def run(self, arguments, environment, name):
        log = os.path.join(self.folder, f"{len(self.processes)}-{name}.log")
        process = Process(self.binary, arguments, environment, log, self.folder)
        self.processes.append(process)
        return process

    def command(self, *arguments, seconds=30, **environment):
        """A command that ends by itself: exit code, stdout and stderr."""
        done = subprocess.run([self.binary, *arguments], env={"PATH": os.environ.get("PATH", ""), **environment},
                              cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds)
        return done.returncode, done.stdout, done.stderr

    def serve_and_end(self, **environment):
        """`hmt serve` where it should not come up: exit code and what it said."""
        process = self.run(["serve"], self.environment(**environment), "engine")
        code = process.wait(20)
        return code, process.log()

    def start_sim(self, *arguments, **options):
        self.sim = Sim(self, arguments, **options)
        self.relay = Relay(self.sim.address)
        self.relays.append(self.relay)
        return self.sim

    def wire(self):
        wire = Wire(self.sim.address)
        self.relays.append(wire)
        return wire

    def open(self, what):
        """Closed at the end of the test, whatever happens."""
        self.closing.append(what)
        return what

    @property
    def database(self):
        """A database of the test's backend with our schema (SQLite's file is made by whoever comes first)."""
        if self.kept_database is None:
            self.kept_database = self.open(self.backend.fresh(self))
        return self.kept_database

    def use_empty_database(self):
        """Instead of it one in which nothing is yet."""
        self.kept_database = self.open(self.backend.fresh(self, empty=True))
        return self.kept_database

    def open_hold(self):
        """Somebody else's open transaction: nobody can write until it is released."""
        return self.open(self.database.hold())

    def use_private_database(self):
        """Instead of it one of a server of its own, which may be stopped, crashed and paused."""
        self.kept_database = self.open(self.backend.private())
        return self.kept_database

    def use_durable_database(self):
        """Instead of it one that survives a loss of power: what doctor asks for."""
        self.kept_database = self.open(self.backend.durable(self))
        return self.kept_database

    def environment(self, **changes):
        out = {"HMT_DATABASE_URL": self.database.url, **self.database.environment, "HMT_LISTEN": "127.0.0.1:0",
               "HMT_SESSIONS": "always", "HMT_ADMIN_TOKEN": TOKEN, "HMT_LOG_FORMAT": "json", "KITE_API_KEY": "simkey",
               "KITE_API_SECRET": "simsecret", "KITE_ACCESS_TOKEN": "simtoken",
               "KITE_API_URL": self.relay.url if self.relay else "http://127.0.0.1:9",
               "KITE_TICKER_URL": f"ws://{self.sim.address}" if self.sim else "ws://127.0.0.1:9", **changes}
        return {name: str(value) for name, value in out.items() if value is not None}

    def start_engine(self, ready=True, **environment):
        if self.sim is None:
            self.start_sim()
        self.engine = Engine(self, self.environment(**environment), ready)
        return self.engine

    # ---- the end

    def close(self):
        for process in self.processes:
            process.close()
        for relay in self.relays:
            relay.close()
        for each in reversed(self.closing):
            each.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self, lines=40):
        out = []
        for process in self.processes:
            name = os.path.basename(process.log_path)
            tail = process.log().splitlines()[-lines:]
            out.append(f"--- {name} (pid {process.child.pid}, exit {process.child.poll()})")
            out += ["    " + line[:600] for line in tail]
        return "\n".join(out)

    def sanitizer_report(self):
        for process in self.processes:
            log = process.log()
            if re.search(r"ERROR: (Address|Leak|Thread|Undefined)|runtime error:", log):
                return f"a sanitizer spoke in {os.path.basename(process.log_path)}"
        return None
