"""A short trading day for crash.py: a simulated broker, an engine that may end at any moment and is started again, people
who repeat what was not answered, and prices that cross.

What may have happened is judged by the broker's ledger and the records, never by what the engine said before it ended.
"""
import http.client
import os
import signal
import sqlite3
import sys
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "acceptance"))

import backends  # noqa: E402
import harness  # noqa: E402
import rows  # noqa: E402
from backends import postgres  # noqa: E402

INSTRUMENT = "NSE:INFY"
CALM, DOWN, FAR_DOWN, UP = "1573", "1499", "1489", "1655"
NO_LIMITS = ("--orders-per-second", "0", "--orders-per-minute", "0", "--orders-per-day", "0")
# So few orders a second that some wait for their turn: those are marked as sent by a write of their own.
SETTINGS = {"HMT_ORDERS_PER_SECOND": "6", "HMT_LEASE_MS": "500", "HMT_ABSENCE_WINDOW_MS": "600",
            "HMT_RECONNECT_DELAY_MS": "50", "HMT_RETRY_BACKOFF_MS": "50",
            "HMT_HEALTH_CHECK_INTERVAL_MS": "300", "HMT_ADMIN_TOKEN": harness.TOKEN}
PATIENCE = 25.0  # seconds until something that must happen has happened, restarts included
TRIGGERS, BROKERS = "/api/v1/triggers", "/api/v1/brokers"
OVER = ("triggered", "failed", "needs_attention")


class Violation(Exception):
    pass


class Keeper:
    """Keeps one `hmt serve` running, as a service manager does. Each start has the next of the orders to fail; when they
    are used up, none."""

    starts_max = 30

    def __init__(self, world, environment, faults):
        self.world, self.environment = world, environment
        self.faults = list(faults)
        self.ends = []  # exit codes of those that ended unasked
        self.after_end = lambda: None  # what happens to the machine when a process has ended
        self.look_after = lambda: None  # what its people do meanwhile
        self.process = self.address = None

    def start(self):
        self.address = None
        order = {"HMT_FAULTS": self.faults.pop(0)} if self.faults else {}
        self.process = self.world.run(["serve"], {**self.environment, **order}, "engine")

    def there(self):
        """The address of a process that listens; nothing while there is none."""
        if self.process is None:
            self.start()
        code = self.process.child.poll()
        if code is not None:
            self.ends.append(code)
            self.after_end()
            if len(self.ends) > self.starts_max:
                raise Violation(f"the engine does not come up again: {self.ends}; it says {self.process.log()[-600:]}")
            self.start()
        elif self.address is None:
            found = self.process.events("listening")
            self.address = found[0]["address"] if found else None
        self.look_after()
        return self.address

    def stop(self):
        """SIGTERM; the exit code."""
        harness.wait_until(self.there, "an engine listens", PATIENCE, 0.02)
        self.process.signal(signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while self.process.is_running():
            self.look_after()
            if time.monotonic() > until:
                raise Violation("an engine that was told to end does not")
            time.sleep(0.02)
        self.after_end()
        return self.process.child.returncode

    def end(self):
        """A process that dies of SIGTERM otherwise than in order is started again, and ended again."""
        while code := self.stop():
            self.ends.append(code)
            if len(self.ends) > self.starts_max:
                raise Violation(f"the engine does not end: {self.ends}")
            self.start()


class Day:
    """`faults`: what the engines are told to do, one after another; `unknown`: what one of the triggers chose."""

    make_keeper = Keeper
    answers_within = 5  # seconds, or the question is asked again

    def __init__(self, binary, backend, faults=(), unknown="retry", **settings):
        self.unknown = unknown
        self.wanted = {}  # trigger id → what must become of it
        self.last_answer = ""  # to a request that was not answered as it should
        self.world = harness.World(binary, "crash", backend)
        try:
            self.furnish(backend, faults, settings)
        except BaseException:
            self.world.close()
            raise

    def furnish(self, backend, faults, settings):
        if any(each.startswith(("schema.", "tell:")) for each in faults):
            self.world.use_empty_database()  # else a copy of one whose tables are there
        self.world.sim = self.sim = harness.Sim(self.world, NO_LIMITS)
        self.is_postgres = backend.kind == "postgres"
        self.price(CALM)
        places = {"KITE_API_URL": f"http://{self.sim.address}", "KITE_TICKER_URL": f"ws://{self.sim.address}"}
        self.environment = self.world.environment(**{**SETTINGS, **places, **settings})
        self.keeper = self.make_keeper(self.world, self.environment, faults)

    def close(self):
        self.world.close()

    @staticmethod
    def now():
        return time.monotonic()

    # ---- what people do, again and again until it is answered

    def call(self, method, path, body=None, wanted=(200, 201), key=None):
        headers = {"Authorization": f"Bearer {harness.TOKEN}"}
        headers |= {"Idempotency-Key": key} if key else {}

        def look():
            address = self.keeper.there()
            if address is None:
                return None
            try:
                answer = harness.request(address, method, path, body, headers, timeout=self.answers_within)
            except (OSError, http.client.HTTPException) as failure:
                self.last_answer = repr(failure)
                return None
            if answer.status in wanted:
                return answer
            self.last_answer = f"{answer.status} {answer.text}"
            return None

        try:
            return harness.wait_until(look, f"{method} {path}", PATIENCE, 0.02)
        except harness.Failure as failure:
            raise Violation(f"{failure}; the last answer: {self.last_answer}") from None

    def write(self, method, path, body=None, **options):
        """One key for all its repetitions."""
        return self.call(method, path, body, key=uuid.uuid4().hex, **options).json

    def price(self, price):
        self.sim.price(INSTRUMENT, price)

    def wait(self, look, what):
        """While the engine is kept running."""
        def kept():
            self.keeper.there()
            return look()
        try:
            return harness.wait_until(kept, what, PATIENCE, 0.03)
        except harness.Failure as failure:
            raise Violation(str(failure)) from None

    # ---- the day

    def run(self):
        self.people_connect()
        self.people_arm()
        self.people_stop_and_start()
        self.prices_cross()
        self.keeper.end()

    def people_connect(self):
        """A broker connection comes, logs in and goes again."""
        new = self.write("POST", BROKERS, {"name": "other", "api_key": "otherkey", "api_secret": "othersecret"})
        path = f"{BROKERS}/{new['id']}"
        self.sim.control("account", {"api_key": "otherkey", "api_secret": "othersecret", "user_id": "SIMOTHER"})
        # The login may have been used up by an engine that ended: then people log in anew.
        self.call("POST", path + "/session", {"request_token": f"request-{uuid.uuid4().hex}"})
        self.call("DELETE", path, wanted=(200, 404))

    def people_arm(self):
        self.never = self.arm("never", quantity_1=1, trigger_price_1="1000")
        self.arm("down", quantity_1=2)
        self.arm("down", quantity_1=3, on_unknown=self.unknown)
        self.arm("far down", quantity_1=4, trigger_price_1="1490")
        self.arm("far down", quantity_1=5, trigger_price_1="1490", condition_type="two-leg", product_type_2="CNC",
                 trigger_price_2="1650", quantity_2=6)
        self.arm("down", quantity_1=7, condition_type="two-leg", product_type_2="CNC", trigger_price_2="1650", quantity_2=8)
        group = str(uuid.uuid4())
        self.arm("down", quantity_1=9, parent_id=group)
        self.arm("other leg", quantity_1=10, parent_id=group, direction=">=", trigger_price_1="1650")
        self.arm("up", quantity_1=11, direction=">=", trigger_price_1="1650")
        self.write("DELETE", f"{TRIGGERS}/{self.arm('cancelled', quantity_1=12)}")
        edited = self.arm("down", quantity_1=13, trigger_price_1="1400")
        self.write("PATCH", f"{TRIGGERS}/{edited}", {"trigger_price_1": "1500", "version": 1})
        if self.is_postgres:
            self.arm_by_hand()
        self.call("GET", "/api/v1/instruments/408065/candles?interval=day", wanted=range(200, 500))

    def arm(self, fate, **fields):
        trigger = self.write("POST", TRIGGERS, harness.trigger_fields(fields))
        self.wanted[trigger["id"]] = fate
        self.owner = trigger
        return trigger["id"]

    def arm_by_hand(self):
        """A row written with SQL: the engine follows it."""
        trigger = str(uuid.uuid4())
        row = {**rows.row(self.owner, quantity_1=14), "id": trigger}
        while not self.ask(f"SELECT 1 AS there FROM hmt_gtt_orders WHERE id = '{trigger}'"):
            try:
                self.world.database.execute(rows.insert(row))
            except postgres.PostgresError:
                time.sleep(0.05)  # it may be written all the same
        self.wanted[trigger] = "down"

    def people_stop_and_start(self):
        self.call("POST", harness.ENGINE + "/stop")
        self.call("POST", harness.ENGINE + "/start")

    def prices_cross(self):
        for trigger, fate in self.wanted.items():
            if fate != "cancelled":
                self.wait_watched(trigger)
        for price, fate in ((DOWN, "down"), (FAR_DOWN, "far down"), (UP, "up")):
            self.price(price)
            self.wait(lambda: self.is_over(fate), f"all that wait for {price} have come to an end")
            self.wait(lambda: not self.rows("status = 'firing'"), "nothing is left firing")
        self.price(CALM)

    def wait_watched(self, trigger):
        def look():
            return self.call("GET", f"{TRIGGERS}/{trigger}").json["monitored"]
        self.wait(look, f"{trigger} is watched")

    def is_over(self, fate):
        return all(row["status"] in OVER for row in self.rows() if self.wanted.get(row["id"]) == fate)

    # ---- what it came to

    def rows(self, where="true"):
        columns = "id, status, quantity_1, quantity_2, triggered_leg, order_id, parent_id"
        return self.ask(f"SELECT {columns} FROM hmt_gtt_orders WHERE {where}")

    def ask(self, query):
        """The database may be away for a while, as it is for the engine."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self.world.database.rows(query)
            except (sqlite3.Error, postgres.PostgresError) as failure:
                if "no such table" in str(failure):
                    return []
                if time.monotonic() > until:
                    raise Violation(f"the database does not answer: {failure}") from None
            time.sleep(0.05)

    def seen(self):
        """The broker's ledger beside the records."""
        return {
            "rows": {row["id"]: row for row in self.rows()},
            "ledger": self.sim.ledger(),
            "tags": {row["tag"] for row in self.ask("SELECT tag FROM hmt_order_attempts")},
            "alarms": {row["trigger_id"] for row in self.ask(
                "SELECT DISTINCT trigger_id FROM hmt_audit WHERE severity = 'alarm'")},
        }


def judge(wanted, seen):
    """What is wrong, by sentences: each fire one order, never both legs, nothing lost without a word."""
    table, ledger = seen["rows"], seen["ledger"]
    wrong = [f"{each} is not in the records" for each in wanted if each not in table]
    wrong += [f"{each}: a row that nobody has asked for" for each in table if each not in wanted]
    quantities = [order["quantity"] for order in ledger]
    wrong += [f"{quantities.count(one)} orders of quantity {one}" for one in set(quantities) if quantities.count(one) > 1]
    wrong += [f"order {order['order_id']}: the records do not know its tag {order['tag']}" for order in ledger
              if order["tag"] not in seen["tags"]]
    known = set()
    for trigger, row in table.items():
        legs = [row["quantity_1"], row["quantity_2"]] if row["quantity_2"] else [row["quantity_1"]]
        known.update(legs)
        orders = [order for order in ledger if order["quantity"] in legs]
        wrong += [f"{trigger} (quantity {row['quantity_1']}): {why}"
                  for why in judge_row(wanted.get(trigger), row, orders, trigger in seen["alarms"])]
    wrong += [f"an order of quantity {each} is nobody's" for each in set(quantities) - known]
    return wrong + list(judge_groups(table, ledger))


def judge_row(fate, row, orders, has_alarm):
    status = row["status"]
    if fate in ("never", "cancelled"):
        want = "active" if fate == "never" else "cancelled"
        if status != want or orders:
            yield f"it is {status} with {len(orders)} orders, and must be {want} with none"
        return
    if fate == "other leg":
        if status not in ("cancelled", "active") or orders:
            yield f"the other leg is {status} with {len(orders)} orders"
        return
    if status == "triggered":
        if len(orders) != 1:
            yield f"triggered with {len(orders)} orders"
        elif orders[0]["order_id"] != row["order_id"]:
            yield f"it names the order {row['order_id']}, the broker has {orders[0]['order_id']}"
        elif orders[0]["quantity"] != row["quantity_1"]:
            yield "leg 1 was due, and leg 2 was ordered"
    elif status not in ("needs_attention", "failed"):
        yield f"its level was reached, and it is {status}"
    elif orders:
        yield f"{status}, and the broker has its order"
    elif not has_alarm:
        yield f"{status} without an alarm: nobody is told"


def judge_groups(table, ledger):
    groups = {}
    for row in table.values():
        if row["parent_id"]:
            groups.setdefault(row["parent_id"], []).append(row)
    for members in groups.values():
        orders = [order for order in ledger if order["quantity"] in [each["quantity_1"] for each in members]]
        if len(orders) > 1:
            yield f"a group has {len(orders)} orders"
        if orders and any(each["status"] == "active" for each in members):
            yield "a group has its order, and another member is still active"


def parked(seen):
    return [row for row in seen["rows"].values() if row["status"] in ("needs_attention", "failed")]


def was_killed(day):
    return day.keeper.ends.count(-signal.SIGKILL)
