"""The naive oracle of a session: contract 5's words in exact decimals, one trigger at a time, and what must be true
of the records, the broker's ledger and each other afterwards. Shares nothing with the engine.
"""
import copy
import re
from collections import Counter, defaultdict
from decimal import Decimal

RULE = re.compile(r"^(BUY|SELL) leg ([12]): LTP ([0-9.]+) (<=|>=) ([0-9.]+)$")


def operator(spec, leg):
    """Which way the last price has to go: contract 5's table, or the row's own direction of a single."""
    if spec["condition_type"] == "single" and spec.get("direction"):
        return spec["direction"]
    if spec["transaction_type"] == "BUY":
        return ">=" if leg == 1 else "<="
    return "<=" if leg == 1 else ">="


def legs(spec):
    return (1, 2) if spec["condition_type"] == "two-leg" else (1,)


def level(spec, leg):
    return Decimal(spec[f"trigger_price_{leg}"])


def leg_holds(spec, leg, last_price):
    if operator(spec, leg) == ">=":
        return last_price >= level(spec, leg)
    return last_price <= level(spec, leg)


def firing_leg(spec, last_price):
    """The leg that this price fires, or None. Leg 1 wins."""
    for leg in legs(spec):
        if leg_holds(spec, leg, last_price):
            return leg
    return None


def first_fire(spec, rounds):
    """(number of the round, leg, price) of the first round whose price fires the trigger."""
    for number, prices in enumerate(rounds):
        price = prices.get(spec["instrument"])
        if price is None:
            continue
        leg = firing_leg(spec, price)
        if leg:
            return number, leg, price
    return None


def groups_of(specs):
    groups = defaultdict(list)
    for trigger, spec in specs.items():
        if spec.get("parent_id"):
            groups[spec["parent_id"]].append(trigger)
    return groups


def expected_fires(specs, rounds):
    """{trigger: (leg, price)} of those that must fire, and {group: candidates} of which exactly one must."""
    first = {trigger: first_fire(spec, rounds) for trigger, spec in specs.items()}
    must, candidates = {}, {}
    for group, members in groups_of(specs).items():
        reached = [first[member][0] for member in members if first[member]]
        if reached:
            candidates[group] = [m for m in members if first[m] and first[m][0] == min(reached)]
    for trigger, fire in first.items():
        if fire and not specs[trigger].get("parent_id"):
            must[trigger] = fire[1:]
    return must, candidates, first


class Judge:
    """Compares what was seen with what the oracle says; `seen` is a plain record (see session.py)."""

    def __init__(self, seen):
        self.seen = seen
        self.verdicts = {}
        self.orders_of = defaultdict(list)
        self.stray = []
        for order in seen["ledger"]:
            trigger = seen["tags"].get(order["tag"])
            (self.orders_of[trigger] if trigger else self.stray).append(order)
        self.parked = [t for t, row in seen["rows"].items() if row["status"] == "needs_attention"]

    def check(self, name, violations):
        self.verdicts[name] = list(violations)

    def run(self):
        if self.seen["exact"]:
            self.fires_exactly()
        else:
            self.fires_where_certain()
        self.evidence()
        self.orders()
        self.groups()
        self.rows()
        return self.verdicts

    def claimed(self, trigger):
        return self.seen["claims"].get(trigger, [])

    def fires_exactly(self):
        specs, rounds = self.seen["specs"], self.seen["rounds"]
        must, candidates, first = expected_fires(specs, rounds)
        for group, reached in candidates.items():
            winner = next((t for t in reached if self.claimed(t)), reached[0])
            must[winner] = first[winner][1:]
        self.seen["expected"] = len(must)
        self.check("every level that a price reached has fired",
                   [f"{t} {must[t]}" for t in must if not self.claimed(t)])
        # A group whose winner was taken back unsent is armed again, and another of it may be the next to fire.
        open_again = {member for members in groups_of(specs).values()
                      if any(self.seen["events"][each].count("not_sent") for each in members) for member in members}
        self.check("nothing else has fired",
                   [t for t in specs if self.claimed(t) and t not in must and t not in open_again])
        fired = [(t, self.claimed(t)[0]) for t in must if self.claimed(t)]
        self.check("the leg is the oracle's", [t for t, claim in fired if claim["leg"] != must[t][0]])
        self.check("the price is the first that the oracle fires at",
                   [f"{t} {claim['price']} {must[t]}" for t, claim in fired if claim["price"] != must[t][1]])
        # What the gate proves unsent is armed again, and may fire at a later price.
        self.check("each has fired once",
                   [t for t in specs if len(self.claimed(t)) > 1 + self.seen["events"][t].count("not_sent")])

    def fires_where_certain(self):
        seen = self.seen
        specs, rounds = seen["specs"], seen["rounds"]
        watched = [rounds[number] for number in seen["certain"]]
        must, candidates, _ = expected_fires(specs, watched)
        self.seen["expected"] = len(must) + len(candidates)
        missed = [t for t in must if not self.claimed(t)]
        groups = groups_of(specs)
        missed += [g for g in candidates if not any(self.claimed(t) for t in groups[g])]
        self.check("every level reached while an engine certainly watched has fired", missed)
        # While a group's winner is parked nobody knows whether it has an order: the others wait, and say so.
        waits = {m for members in groups.values() if any(m in self.parked for m in members) for m in members
                 if not seen["rows"][m]["monitored"]}
        last = rounds[-1]
        self.check("no trigger is still armed on the wrong side of its level",
                   [t for t, row in seen["rows"].items() if row["status"] == "active" and t not in waits
                    and firing_leg(specs[t], last[specs[t]["instrument"]])])

    def evidence(self):
        seen = self.seen
        prices = defaultdict(set)
        for moved in seen["rounds"]:
            for instrument, price in moved.items():
                prices[instrument].add(price)
        wrong = []
        for trigger, claims in seen["claims"].items():
            spec = seen["specs"].get(trigger)
            wrong += [f"{trigger} {c}" for c in claims if not spec or not self.proves(spec, c, prices)]
        self.check("each fire's evidence satisfies the rule, at a price that was really traded", wrong)

    @staticmethod
    def proves(spec, claim, prices):
        said = RULE.match(claim["rule"])
        if not said or claim["price"] not in prices[spec["instrument"]]:
            return False
        side, leg, last_price, sign, at = said.groups()
        leg = int(leg)
        return (firing_leg(spec, claim["price"]) == leg == claim["leg"] and side == spec["transaction_type"]
                and Decimal(last_price) == claim["price"] and sign == operator(spec, leg)
                and Decimal(at) == level(spec, leg))

    def orders(self):
        seen = self.seen
        self.check("the broker has no order twice", [t for t, orders in self.orders_of.items() if len(orders) > 1])
        self.check("the broker has no order that no fire explains",
                   [o["order_id"] for o in self.stray] + [t for t in self.orders_of if not self.claimed(t)])
        # What the gate proved unsent is armed again with a word in the audit; its next fire is another one.
        excused = set(self.parked) if seen["may_park"] else set()
        taken_back = [t for t, claims in seen["claims"].items()
                      if t not in self.orders_of and len(claims) <= seen["events"][t].count("not_sent")]
        seen["taken_back"] = len(taken_back)
        excused.update(taken_back)
        self.check("the broker has an order of every fire",
                   [t for t in seen["claims"] if t not in self.orders_of and t not in excused])
        self.check("each order has its leg's side, quantity, price and product",
                   [f"{t} {self.order_differs(t, orders[0])}" for t, orders in self.orders_of.items()
                        if self.order_differs(t, orders[0])])

    def order_differs(self, trigger, order):
        seen = self.seen
        spec, row = seen["specs"][trigger], seen["rows"][trigger]
        book = seen["book"].get(order["order_id"])
        leg = row["triggered_leg"]
        if not book or leg not in (1, 2):
            return "not in the order book, or no leg"
        differs = []
        wanted = spec[f"order_price_{leg}"]
        pairs = [("side", order["transaction_type"], spec["transaction_type"]),
                 ("quantity", order["quantity"], spec[f"quantity_{leg}"]),
                 ("instrument", f"{order['exchange']}:{order['tradingsymbol']}", spec["instrument"]),
                 ("product", book["product"], spec[f"product_type_{leg}"]),
                 ("variety", book["variety"], "regular"), ("validity", book["validity"], "DAY"),
                 ("status", book["status"] in ("OPEN", "COMPLETE"), True)]
        protected = any(tag.startswith("mktp") for tag in book.get("tags") or [])
        pairs.append(("market protection", protected, wanted is None))
        if wanted is not None:
            pairs += [("price", Decimal(book["price"]), Decimal(wanted)), ("type", book["order_type"], "LIMIT")]
        for name, is_, should in pairs:
            if is_ != should:
                differs.append(f"{name} {is_} instead of {should}")
        return ", ".join(differs)

    def groups(self):
        seen = self.seen
        wrong = []
        for group, members in groups_of(seen["specs"]).items():
            ordered = [m for m in members if m in self.orders_of]
            statuses = Counter(seen["rows"][m]["status"] for m in members)
            if len(ordered) > 1:
                wrong.append(f"{group}: orders of {ordered}")
            if ordered and statuses["cancelled"] != len(members) - 1:
                wrong.append(f"{group}: {dict(statuses)}")
        self.check("a group has one order, and its other members are cancelled", wrong)

    def rows(self):
        seen = self.seen
        wrong = []
        for trigger, row in seen["rows"].items():
            orders = self.orders_of.get(trigger, [])
            claims = self.claimed(trigger)
            if (row["status"] == "triggered") != bool(orders):
                wrong.append(f"{trigger} is {row['status']} with {len(orders)} orders")
            elif orders and not claims:
                continue  # told as an order that no fire explains
            elif orders and (row["order_id"] != orders[0]["order_id"] or row["triggered_leg"] != claims[-1]["leg"]
                             or row["triggered_price"] != claims[-1]["price"]):
                wrong.append(f"{trigger} tells another order, leg or price")
            elif row["status"] == "cancelled" and not seen["specs"][trigger].get("parent_id"):
                wrong.append(f"{trigger} is cancelled, by nobody")
        self.check("each row tells what the ledger tells", wrong)
        self.check("nothing is left firing, unknown or failed",
                   [f"{t} {row['status']} {row['order_status']}" for t, row in seen["rows"].items()
                    if row["status"] not in ("active", "triggered", "cancelled", "needs_attention")
                    or (row["order_status"] == "UNKNOWN" and row["status"] != "needs_attention")])
        unexplained = self.parked if not seen["may_park"] else [
            t for t in self.parked if t in self.orders_of or "order_absent" not in seen["events"][t]]
        self.check("what is parked never reached the broker, and says so" if seen["may_park"]
                   else "nothing is parked", unexplained)


# ---- the judge is judged: each doctored record must be noticed


def doctored(seen):
    """(property, record with one lie) for every property that a lie can break."""
    fired = next(t for t, row in seen["rows"].items() if row["status"] == "triggered" and not row["parent_id"])
    idle = next(t for t, row in seen["rows"].items() if row["status"] == "active" and not row["parent_id"])
    grouped = next((t for t, row in seen["rows"].items() if row["status"] == "triggered" and row["parent_id"]), None)
    order_id = seen["rows"][fired]["order_id"]

    def lie(change):
        record = copy.deepcopy(seen)
        change(record)
        return record

    def drop_order(record):
        record["ledger"] = [o for o in record["ledger"] if o["order_id"] != order_id]

    def double_order(record):
        record["ledger"] += [o for o in record["ledger"] if o["order_id"] == order_id]

    def quantity(record):
        next(o for o in record["ledger"] if o["order_id"] == order_id)["quantity"] += 1

    def claim_of(record):
        return record["claims"][fired][0]

    def forget_claim(record):
        del record["claims"][fired]

    def stray(record):
        record["ledger"].append({**record["ledger"][0], "tag": "NOBODYS", "order_id": "1"})

    def cross(record):
        spec = record["specs"][idle]
        price = level(spec, 1)
        record["rounds"][-1][spec["instrument"]] = price

    def set_row(trigger, **values):
        return lambda record: record["rows"][trigger].update(values)

    yield "the broker has an order of every fire", lie(drop_order)
    yield "the broker has no order twice", lie(double_order)
    yield "each order has its leg's side, quantity, price and product", lie(quantity)
    yield "the broker has no order that no fire explains", lie(stray)
    yield "each fire's evidence satisfies the rule, at a price that was really traded", lie(
        lambda record: claim_of(record).update(price=Decimal("0.01")))
    yield "each row tells what the ledger tells", lie(set_row(fired, order_id="another"))
    yield "nothing is left firing, unknown or failed", lie(set_row(fired, status="firing"))
    parks = "what is parked never reached the broker, and says so" if seen["may_park"] else "nothing is parked"
    yield parks, lie(set_row(fired, status="needs_attention"))
    if grouped:
        yield "a group has one order, and its other members are cancelled", lie(
            lambda record: record["rows"].update({t: {**row, "status": "active"} for t, row in record["rows"].items()
                                                  if row["parent_id"] == record["rows"][grouped]["parent_id"]
                                                  and t != grouped}))
    if seen["exact"]:
        yield "every level that a price reached has fired", lie(forget_claim)
        yield "nothing else has fired", lie(lambda record: record["claims"].update({idle: [claim_of(record)]}))
        yield "the leg is the oracle's", lie(lambda record: claim_of(record).update(leg=3))
        yield "the price is the first that the oracle fires at", lie(
            lambda record: claim_of(record).update(price=Decimal("0.01")))
        yield "each has fired once", lie(lambda record: record["claims"].update({fired: [claim_of(record)] * 2}))
    else:
        yield "no trigger is still armed on the wrong side of its level", lie(cross)
        must = expected_fires(seen["specs"], [seen["rounds"][n] for n in seen["certain"]])[0]
        lost = next(t for t in must if t in seen["claims"])
        yield "every level reached while an engine certainly watched has fired", lie(
            lambda record: record["claims"].pop(lost))
