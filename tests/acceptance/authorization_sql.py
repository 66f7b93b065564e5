"""The authorization matrix straight against the database: each statement under its role, in a transaction that is rolled
back. Reading, writing and refusing are told apart by what PostgreSQL answers."""
import json
import os
import uuid

import rows
from backends import postgres

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "authorization_sql.txt")
# Permission was given, and then a key or a check stopped the copy of a row that is there already.
STOPPED_BY_A_KEY = {"23505", "23503", "23514", "23502"}
# What an UPDATE writes: the right to write it is the question, not the value.
WRITTEN = {"hmt_gtt_orders": "quantity_1", "broker_connections": "name", "hmt_order_attempts": "message",
           "hmt_audit": "event", "hmt_lease": "holder", "hmt_engine_switch": "why", "hmt_groups": "winner",
           "hmt_idempotency": "answer", "hmt_accounts": "account", "hmt_changes": "at", "hmt_event_counter": "last",
           "hmt_schema_version": "name"}
COPIED = set(WRITTEN) - {"hmt_gtt_orders"}  # an INSERT there tries a copy of a row


class Person:
    def __init__(self, name):
        self.name, self.id, self.connection_id, self.trigger_id = name, *(str(uuid.uuid4()) for _ in range(3))


def seed(database, people):
    """A row in each table, for each of the people where it has a user."""
    for person in people:
        tag, group = f"TAG{person.name.upper()}", uuid.uuid4()
        row = {**rows.row({"user_id": person.id, "broker_connection_id": person.connection_id}, trigger_price_1="1000"),
               "id": person.trigger_id, "parent_id": str(group)}
        for statement in (
                "INSERT INTO broker_connections (id, user_id, name, sealed_api_key, sealed_api_secret, sealed_access_token) "
                f"VALUES ('{person.connection_id}', '{person.id}', 'of {person.name}', 'x', 'y', 'z')",
                rows.insert(row),
                "INSERT INTO hmt_order_attempts (tag, trigger_id, user_id, broker_connection_id, fire_no, attempt_no, leg, "
                "lease_epoch, trading_date, exchange, trading_symbol, transaction_type, order_type, product_type, quantity, "
                "market_protection, seen_price, seen_exchange_time, seen_trade_time, seen_connection, seen_at, "
                "seen_after_gap, rule, state, created_at) VALUES "
                f"('{tag}', '{person.trigger_id}', '{person.id}', '{person.connection_id}', 1, 1, '1', 1, current_date, "
                "'NSE', 'INFY', 'SELL', 'LIMIT', 'CNC', 1, true, 1500, 1, 1, 1, now(), false, 'rule', 'placed', now())",
                "INSERT INTO hmt_idempotency (actor, key, request_hash, trigger_id, answer, created_at) VALUES "
                f"('user:{person.id}', 'key', 'hash', '{person.trigger_id}', '{{}}', now())",
                "INSERT INTO hmt_accounts (connection_id, venue, account, bound_at) VALUES "
                f"('{person.connection_id}', 'kite', 'account of {person.name}', now())"):
            database.execute(statement)


class Table:
    def __init__(self, database):
        self.database, self.a, self.b = database, Person("a"), Person("b")
        seed(database, (self.a, self.b))
        self.session = database.session()
        self.columns = {}

    def names(self):
        return sorted(self.database.tables())

    def everything_is_listed(self, listed):
        ours = set(self.names())
        return ([f"{each} has no row" for each in sorted(ours - listed)]
                + [f"{each} is no table" for each in sorted(listed - ours)])

    def unprotected(self):
        """Tables with a user whose rows are not guarded, even against their owner."""
        return [row["relname"] for row in self.database.rows(
            "SELECT relname FROM pg_class AS t WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
            "AND EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = t.oid AND attname = 'user_id' AND NOT attisdropped) "
            "AND NOT (relrowsecurity AND relforcerowsecurity)")]

    def ways_around(self):
        """Views that run as their owner, and functions that do and may be called by users."""
        views = self.database.rows(
            "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v' "
            "AND NOT coalesce(reloptions, '{}'::text[]) && ARRAY['security_invoker=true', 'security_invoker=on']")
        functions = self.database.rows(
            "SELECT p.oid::regprocedure::text AS name FROM pg_proc AS p WHERE prosecdef AND "
            "pronamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') AND (proconfig IS NULL OR NOT EXISTS "
            "(SELECT 1 FROM unnest(proconfig) AS c WHERE c LIKE 'search_path=%'))")
        return ([f"the view {row['name']} is no security_invoker" for row in views]
                + [f"the function {row['name']} runs as its owner with the caller's search_path" for row in functions])

    def writable_columns(self, table):
        """Without those whose value PostgreSQL makes itself."""
        if table not in self.columns:
            self.columns[table] = [row["attname"] for row in self.database.rows(
                f"SELECT attname FROM pg_attribute WHERE attrelid = 'public.{table}'::regclass AND attnum > 0 "
                "AND NOT attisdropped AND attidentity = '' AND attgenerated = '' ORDER BY attnum")]
        return self.columns[table]

    def where(self, table, whose):
        if whose == "-":
            return "true"
        if table == "hmt_gtt_orders":
            return f"id = '{self.a.trigger_id}'"
        return f"user_id = '{self.a.id}'"

    def statement(self, table, verb, what, whose):
        """A statement that answers how many rows it reached."""
        where, column = self.where(table, whose), self.column(table, what)
        if verb == "SELECT":
            return f"SELECT count({column if what == 'secret' else '*'}) FROM {table} WHERE {where}"
        if verb == "INSERT":
            return f"WITH done AS ({self.insert(table, what, whose)}) SELECT 1"
        if verb == "DELETE":
            return f"WITH done AS (DELETE FROM {table} WHERE {where} RETURNING 1) SELECT count(*) FROM done"
        change = {"state": "status = 'triggered'", "fill": "filled_quantity = 1, order_id = '1'",
                  "away": f"user_id = '{self.b.id}'"}.get(what, f"{column} = {column}")
        return f"WITH done AS (UPDATE {table} SET {change} WHERE {where} RETURNING 1) SELECT count(*) FROM done"

    def column(self, table, what):
        return "sealed_access_token" if what == "secret" else WRITTEN[table]

    def insert(self, table, what, whose):
        if table == "hmt_gtt_orders":
            row = rows.row({"user_id": self.a.id, "broker_connection_id": self.a.connection_id}, trigger_price_1="1000")
            if what == "state":
                row["status"] = "triggered"
            return rows.insert(row).replace("RETURNING id", "RETURNING 1")
        # A copy of a row that is there: whoever may write gets as far as its key.
        kept = self.database.rows(f"SELECT to_jsonb(t) AS row FROM {table} AS t WHERE {self.where(table, whose)} LIMIT 1")
        names = ", ".join(self.writable_columns(table))
        content = postgres.literal(json.dumps(kept[0]["row"] if kept else {}))
        return (f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, {content}) "
                "RETURNING 1")

    def ask(self, role, statement):
        claims, name = None, role
        if role in ("a", "b"):
            user = self.a if role == "a" else self.b
            claims, name = {"sub": user.id, "role": "authenticated", "aud": "authenticated"}, "authenticated"
        self.session.run("BEGIN")
        try:
            if claims:
                self.session.run(f"SELECT set_config('request.jwt.claims', {postgres.literal(json.dumps(claims))}, true)")
            self.session.run(f"SET LOCAL ROLE {name}")
            return self.session.run(statement).strip()
        finally:
            self.session.run("ROLLBACK")

    def reached(self, role, table, verb, statement):
        """`rows`, `none` or `refused`, and PostgreSQL's words."""
        try:
            said = self.ask(role, statement)
            return ("rows" if said not in ("", "0") else "none"), said
        except postgres.PostgresError as error:
            if table in COPIED and verb in ("INSERT", "DELETE") and error.state in STOPPED_BY_A_KEY:
                return "rows", str(error)
            return "refused", str(error)

    def row(self, table, verb, what, whose, wanted):
        wrong = []
        statement = self.statement(table, verb, what, whose)
        for role, cell in wanted.items():
            if cell == "-":
                continue
            got, said = self.reached(role, table, verb, statement)
            if got not in cell.split("|"):
                wrong.append(f"{role}: {got} instead of {cell}: {said[:200]}")
        return wrong
