#!/usr/bin/env python3
"""The authorization matrix: authorization.py HMT [api|sql|sql_supabase|single]

Every endpoint × every kind of caller × own, other's and nobody's object, as authorization_api.txt says; and the same
straight against the database for each role, as authorization_sql.txt says. An endpoint or a table without a row fails. The
last line is `N passed, N failed`, counting rows of the tables and properties.
"""
import argparse
import json
import os
import re
import sys
import traceback
import urllib.parse
import uuid

import authorization_sql
import backends
import harness
import people
import rows
import tokens
from harness import TOKEN, check, equal, trigger_fields, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "authorization_api.txt")
ANYBODY = {"GET /", "GET /api/v1/openapi.json", "GET /api/v1/sign-in", "GET /functions/v1/hmt-trigger-engine/health",
           "GET /api/v1/brokers/callback"}  # its state is its sign-in
KITES = "/gtt/triggers"  # asked and answered as Kite's clients do
INFY = "408065"
LEVEL = "1000"  # far below the price: nothing fires


def read_table(path):
    """The head's names, and each row as (names before the callers, {caller: statuses})."""
    lines = [line.split() for line in open(path, encoding="utf-8") if line.strip() and not line.startswith("#")]
    head, body = lines[0], lines[1:]
    for line in body:
        check(len(line) == len(head) + (head[0] == "endpoint"), f"a row of {path} has {len(line)} cells: {line}")
    return head, body


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def tell(self, name, wrong):
        self.passed, self.failed = self.passed + (not wrong), self.failed + bool(wrong)
        print(f"{'FAIL' if wrong else 'ok  '} {name}", flush=True)
        for each in wrong:
            print(f"       {each}", flush=True)


# ---- the API

class Matrix:
    """The people, and for each cell fresh objects of theirs."""

    def __init__(self, world):
        self.world = world
        self.people = people.People(world)
        self.engine = self.people.engine
        self.a, self.b = self.people.a, self.people.b
        self.number = 0
        self.session = world.open(world.database.session())
        self.spares = {}
        issuer = self.people.issuer.name
        forged = self.people.key.public_pem()
        self.callers = {
            "none": lambda: None,
            "garbage": lambda: "eyJhbGciOiJub25lIn0.garbage",
            "expired": lambda: self.a.token(exp=1_600_000_000, iat=1_599_990_000),
            "aud": lambda: self.a.token(aud="somebody-else"),
            "iss": lambda: self.a.token(iss=issuer.replace("127.0.0.1", "localhost")),
            "algnone": lambda: tokens.unsigned(tokens.claims(self.a.id, issuer)),
            "forged": lambda: tokens.hs256(tokens.claims(self.a.id, issuer), forged, kid=tokens.KEY_ID),
            "anonkey": lambda: tokens.hs256({"iss": "supabase", "role": "anon", "iat": 1_700_000_000, "exp": 2_000_000_000}),
            "admin": lambda: TOKEN,
            "a": self.a.token, "b": self.b.token,
            "operator": lambda: people.OPERATOR,
        }
        for user in (self.a, self.b):
            self.fire_one(user)

    def fire_one(self, user):
        """So that each has orders, attempts and a trail."""
        trigger = user.arm(trading_symbol="SBIN", trigger_price_1="700", product_type_1="CNC")
        self.world.sim.price("NSE:SBIN", "699")
        user.wait_trigger(trigger["id"], status="triggered")
        self.world.sim.price("NSE:SBIN", "815")

    def object_of(self, whose, path):
        """A fresh object of the right kind; for nobody an id that there is not."""
        if whose == "nobody":
            return str(uuid.uuid4())
        user = getattr(self, whose)
        if "#connection" in path:
            return user.connection_id
        if "/brokers/" in path:
            return self.spare_connection(user)
        row = rows.row({"user_id": user.id, "broker_connection_id": user.connection_id}, trigger_price_1=LEVEL)
        if "#group" in path:
            row["parent_id"] = str(uuid.uuid4())
            self.session.run(rows.insert(row))
            return row["parent_id"]
        return self.session.run(rows.insert(row))

    def spare_connection(self, user):
        """One that may be removed and logged in: of an account that the broker knows."""
        kept = self.spares.get(user.name)
        if kept and self.stored(kept):
            return kept
        self.number += 1
        key = f"spare{self.number}"
        self.world.sim.control("account", {"api_key": key, "api_secret": "s" * 8, "user_id": f"SP{self.number}"})
        answer = user.call("POST", people.BROKERS, {"name": f"spare-of-{user.name}", "api_key": key, "api_secret": "s" * 8})
        equal(answer.status, 201, f"a spare connection: {answer.text}")
        self.spares[user.name] = answer.json["id"]
        return answer.json["id"]

    def body_of(self, method, path, caller, object_id):
        own = self.b if caller == "b" else self.a
        trigger = trigger_fields({"trigger_price_1": LEVEL, "broker_connection_id": own.connection_id})
        self.number += 1
        if path == "/api/v1/triggers" and method == "POST":
            return trigger
        if path.startswith(KITES):
            return kites_form() if method in ("POST", "PUT") else None
        if "#connection" in path:
            return {**trigger, "broker_connection_id": object_id}
        if "#group" in path:
            return {**trigger, "parent_id": object_id}
        if method == "PATCH":
            return {"name": "renamed"} if "/brokers/" in path else {"quantity_1": 2}
        if path == people.BROKERS and method == "POST":
            return {"name": f"new-{self.number}", "api_key": f"new{self.number}", "api_secret": "a-secret"}
        if path.endswith("/session") and method == "POST":
            return {"request_token": f"request-{uuid.uuid4().hex}"}
        return None

    def ask(self, method, path, caller, object_id):
        named = self.number_of(object_id) if path.startswith(KITES) else object_id
        target = path.split("#")[0].replace("{id}", named or "").replace("{token}", INFY)
        body = self.body_of(method, path, caller, object_id)
        headers = self.version_of(object_id) if method in ("PATCH", "DELETE") else headers_of(path)
        trusted = caller in ("a", "b", "operator", "none")
        token = self.callers[caller]()
        if path.startswith(KITES):
            owner = {"b": self.b.id, "operator": "hmt", "admin": "hmt"}.get(caller, self.a.id)
            headers, token = {**headers, **kites_headers(owner, token)}, None
        return people.call(self.engine.address, method, target, token, body, headers, own_address=not trusted)

    def number_of(self, object_id):
        """What Kite's clients call it; of an id that is nobody's a number that is nobody's."""
        return object_id and (self.session.run(f"SELECT number FROM hmt_gtt_orders WHERE id = '{object_id}'") or "999999999")

    def stored(self, object_id):
        """The row as it stands; empty when there is none."""
        return self.session.run(f"SELECT to_jsonb(t) FROM hmt_gtt_orders AS t WHERE id = '{object_id}' UNION ALL "
                                f"SELECT to_jsonb(t) FROM broker_connections AS t WHERE id = '{object_id}'")

    def version_of(self, object_id):
        stored = self.stored(object_id)
        return {"If-Match": f'"{json.loads(stored)["version"] if stored else 1}"'}

    def row(self, method, path, whose, wanted):
        """What is wrong about one row of the table."""
        wrong, nobodys = [], None
        for caller, statuses in wanted.items():
            object_id = None if whose == "-" else self.object_of(whose, path)
            before = self.stored(object_id) if object_id else None
            answer = self.ask(method, path, caller, object_id)
            if str(answer.status) not in statuses.split("|"):
                wrong.append(f"{caller}: {answer.status} instead of {statuses}: {answer.text[:200]}")
            if answer.status >= 400 and object_id and method != "GET" and self.stored(object_id) != before:
                wrong.append(f"{caller}: refused, and the row has changed")
            wrong += self.leaks(caller, answer, object_id)
            # Whoever names a group that is nobody's founds it: there the two differ.
            if caller in "ab" and whose in "ab" and caller != whose and "#group" not in path:
                nobodys = nobodys or self.ask(method, path, caller, other_id := str(uuid.uuid4()))
                if masked(answer, object_id) != masked(nobodys, other_id):
                    wrong.append(f"{caller}: another's is told from nobody's: {answer.text[:150]} / {nobodys.text[:150]}")
        return wrong

    def leaks(self, caller, answer, asked):
        """Nothing of the other user's is in an answer, but for the id that was asked for."""
        if caller == "operator":
            return []
        strangers = [user for user in (self.a, self.b) if user.name != caller]
        secrets = [word for user in strangers
                   for word in (user.id, user.connection_id, f"account-of-{user.name}", user.broker_id)]
        secrets += [user.api_secret for user in (self.a, self.b)]
        return [f"{caller}: the answer tells {secret}" for secret in secrets if secret != asked and secret in answer.text]

    def everything_is_listed(self, listed):
        document = self.engine.call("GET", "/api/v1/openapi.json").json
        there = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations
                 if method in ("get", "post", "put", "patch", "delete", "head", "options")}
        return ([f"{each} has no row" for each in sorted(there - listed)]
                + [f"{each} is no endpoint" for each in sorted(listed - there)])


def headers_of(path):
    return people.UPGRADE if path == "/api/v1/stream" else {}


def kites_headers(api_key, token):
    pair = {} if token is None else {"Authorization": f"token {api_key}:{token}"}
    return {**pair, "Content-Type": "application/x-www-form-urlencoded"}


def kites_form():
    instrument = {"exchange": "NSE", "tradingsymbol": "INFY"}
    return urllib.parse.urlencode({
        "type": "single", "condition": json.dumps({**instrument, "trigger_values": [int(LEVEL)], "last_price": 1570}),
        "orders": json.dumps([{**instrument, "transaction_type": "SELL", "quantity": 1, "product": "CNC",
                               "order_type": "LIMIT", "price": int(LEVEL)}])})


def masked(answer, object_id):
    return answer.status, answer.text.replace(object_id, "ID"), answer.headers.get("Content-Type")


def endpoint_of(method, path):
    return f"{method} {re.split('[?#]', path)[0]}"


def test_api(world, report):
    head, body = read_table(TABLE)
    matrix = Matrix(world)
    report.tell("every endpoint has a row", matrix.everything_is_listed({endpoint_of(line[0], line[1]) for line in body}))
    for method, path, whose, *cells in body:
        wrong = matrix.row(method, path, whose, dict(zip(head[2:], cells)))
        report.tell(f"{method} {path} of {whose}: {len(cells)} callers", wrong)
        restart_if_stopped(matrix, path)
    report.tell("nobody was locked out by others' wrong credentials", locked_out(matrix))


def restart_if_stopped(matrix, path):
    if path.endswith("/stop"):
        equal(matrix.engine.start().status, 200, "start")
        wait_until(lambda: matrix.engine.health()["status"] == "running", "it runs again")


def locked_out(matrix):
    answers = {name: people.call(matrix.engine.address, "GET", "/api/v1/session", matrix.callers[name]()).status
               for name in ("a", "b", "operator")}
    return [f"{name}: {status}" for name, status in answers.items() if status != 200]


# ---- single-user mode: no user's token opens anything

def test_single(world, report):
    engine = world.start_engine()
    user = str(uuid.uuid4())
    callers = {"user": tokens.hs256(tokens.claims(user, "supabase")), "alg none": tokens.unsigned(tokens.claims(user, "x")),
               "service key": people.OPERATOR, "empty": "", "none": None}
    document = engine.call("GET", "/api/v1/openapi.json").json
    for path, operations in document["paths"].items():
        for method in (name.upper() for name in operations if name in ("get", "post", "put", "patch", "delete")):
            if f"{method} {path}" in ANYBODY:
                continue
            kites = path.startswith(KITES)
            statuses = {name: people.call(engine.address, method, path.replace("{id}", user).replace("{token}", INFY),
                                          None if kites else token, own_address=True,
                                          headers=kites_headers("hmt", token) if kites else headers_of(path)).status
                        for name, token in callers.items()}
            report.tell(f"single-user mode: {method} {path}: {len(callers)} callers",
                        [f"{name}: {status}" for name, status in statuses.items() if status != (403 if kites else 401)])


# ---- the database

def test_sql(world, report):
    head, body = read_table(authorization_sql.TABLE)
    table = authorization_sql.Table(world.database)
    report.tell("every table has a row", table.everything_is_listed({line[0] for line in body}))
    report.tell("row level security is on and forced wherever a user is named", table.unprotected())
    report.tell("no view and no function goes around it", table.ways_around())
    for name, verb, what, whose, *cells in body:
        wrong = table.row(name, verb, what, whose, dict(zip(head[4:], cells)))
        report.tell(f"{verb} {name} {what} of {whose}: {len(cells)} roles", wrong)


TESTS = {"api": test_api, "sql": test_sql, "sql_supabase": test_sql, "single": test_single}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hmt")
    parser.add_argument("names", nargs="*", choices=[*TESTS, []])
    given = parser.parse_args()
    binary, report = os.path.abspath(given.hmt), Report()
    for name in given.names or TESTS:
        backend = (backends.Supabase if name.endswith("supabase") else backends.Postgres)(binary)
        world = harness.World(binary, name, backend)
        print(f"== {name}", flush=True)
        try:
            TESTS[name](world, report)
            sanitizer = world.sanitizer_report()
            report.tell(f"{name}: no sanitizer speaks", [sanitizer] if sanitizer else [])
        except Exception:  # whatever a test raises is its failure
            report.tell(name, [traceback.format_exc().rstrip() + "\n" + world.logs()])
        finally:
            world.close()
            backend.close()
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
