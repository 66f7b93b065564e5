"""How long a start takes with a million triggers in the records: from the process to the last of them armed."""
import csv
import io
import os
import pathlib
import sqlite3
import statistics
import sys
import time

from measure import BUILD, ROOT, Result, Row, in_turns

sys.path.insert(0, str(ROOT / "tests/acceptance"))

import backends  # noqa: E402
import harness  # noqa: E402

TRIGGERS = 1_000_000
INSTRUMENTS = 3_000
BARS_S = {"sqlite": (3, 1.5), "postgres": (6, 3)}
PATIENCE_S = 180

# What people have entered: three in ten are two-leg, one in twenty expires. No level is near its price.
COLUMNS = ("id, trading_symbol, exchange, instrument_token, condition_type, transaction_type, product_type_1, trigger_price_1, "
           "order_price_1, quantity_1, product_type_2, trigger_price_2, order_price_2, quantity_2, expires_at")
VALUES = """i.symbol, i.exchange, i.token, CASE WHEN n % 10 < 3 THEN 'two-leg' ELSE 'single' END, 'SELL',
  'NRML', {low}, {low}, 1 + n % 100, CASE WHEN n % 10 < 3 THEN 'NRML' END, CASE WHEN n % 10 < 3 THEN {high} END,
  CASE WHEN n % 10 < 3 THEN {high} END, CASE WHEN n % 10 < 3 THEN 1 + n % 100 END,
  CASE WHEN n % 20 = 0 THEN '2099-12-31T10:00:00Z' END{cast}"""


def fill_sqlite(database, instruments):
    """In bulk: the indexes are made afterwards, and ids come in order so that theirs is too."""
    shell = sqlite3.connect(database.path, isolation_level=None)
    indexes = shell.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'hmt_gtt_orders' "
                            "AND sql IS NOT NULL").fetchall()
    shell.execute("PRAGMA synchronous = OFF")
    shell.execute("PRAGMA cache_size = -400000")
    shell.execute("BEGIN")
    for name, _ in indexes:
        shell.execute(f"DROP INDEX {name}")
    shell.execute("CREATE TEMP TABLE instruments (place INTEGER PRIMARY KEY, symbol, exchange, token)")
    shell.executemany("INSERT INTO instruments VALUES (?, ?, ?, ?)", instruments)
    values = VALUES.format(low="printf('%d.%02d', 1 + n % 9, 5 * (n % 20))", high="printf('%d.%02d', 900000 + n % 9000, 5 * (n % 20))",
                           cast="")
    shell.execute(f"WITH RECURSIVE each (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM each WHERE n + 1 < {TRIGGERS}) "
                  f"INSERT INTO hmt_gtt_orders ({COLUMNS}) SELECT printf('%08x-1234-4abc-8def-%012x', n * 4099, n), {values} "
                  f"FROM each JOIN instruments i ON i.place = n % {INSTRUMENTS}")
    for _, sql in indexes:
        shell.execute(sql)
    shell.execute("COMMIT")
    shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shell.close()


def fill_postgres(database, instruments):
    rows = ", ".join(f"({place}, '{symbol}', '{exchange}', {token})" for place, symbol, exchange, token in instruments)
    values = VALUES.format(low="1 + n % 9 + 0.05 * (n % 20)", high="900000 + n % 9000 + 0.05 * (n % 20)", cast="::timestamptz")
    # As pg_restore does: the triggers that tell the engine of each change have nobody to tell.
    database.server.sql(database.name, f"""
      CREATE TABLE instruments (place int, symbol text, exchange text, token bigint);
      INSERT INTO instruments VALUES {rows};
      SET session_replication_role = replica;
      INSERT INTO hmt_gtt_orders ({COLUMNS}) SELECT gen_random_uuid(), {values}
        FROM generate_series(0, {TRIGGERS - 1}) AS each (n) JOIN instruments i ON i.place = n % {INSTRUMENTS} ORDER BY n;
      DROP TABLE instruments;""", timeout=600)
    database.server.sql(database.name, "VACUUM ANALYZE hmt_gtt_orders", timeout=600)


FILL = {"sqlite": fill_sqlite, "postgres": fill_postgres}


def instruments_of(sim):
    """What the simulated broker lists, as (place, symbol, exchange, token)."""
    answer = harness.request(sim.address, "GET", "/instruments", headers={"Authorization": "token simkey:simtoken"})
    rows = [row for row in csv.DictReader(io.StringIO(answer.text)) if row["segment"] != "INDICES"]
    return [(place, row["tradingsymbol"], row["exchange"], int(row["instrument_token"]))
            for place, row in enumerate(rows[:INSTRUMENTS])]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Desk:
    """A database with the triggers, and a simulated broker whose prices stand still."""

    def __init__(self, kind):
        binary = str(BUILD / "hmt")
        self.backend = backends.Sqlite(binary) if kind == "sqlite" else backends.Postgres(binary)
        self.world = harness.World(binary, f"start on {kind}", self.backend)
        self.wrong = []
        try:
            self.world.start_sim("--instruments", str(INSTRUMENTS + 500))
            self.settings = self.world.environment(KITE_API_URL=f"http://{self.world.sim.address}")
            self.start_once(0)  # makes the schema where there is none
            FILL[kind](self.world.database, instruments_of(self.world.sim))
            self.start_once(TRIGGERS)  # from here on the system has read what it will read again
        except BaseException:
            self.close()
            raise

    def start_once(self, armed=TRIGGERS):
        """{"wall": seconds from the process to all armed, "cpu": of all its threads}"""
        began = time.monotonic()
        process = self.world.run(["serve"], self.settings, "engine")
        health = self.wait_armed(process, armed)
        taken = {"wall": time.monotonic() - began, "cpu": cpu_seconds(process.child.pid)}
        if health["status"] != "running" and armed:
            self.wrong.append(f"it is {health['status']}: {health['reasons']}")
        process.end()
        return taken

    @staticmethod
    def wait_armed(process, armed):
        address = process.listening(PATIENCE_S)

        def look():
            health = harness.request(address, "GET", harness.ENGINE + "/health",
                                     headers={"Authorization": f"Bearer {harness.TOKEN}"}, timeout=60).json
            ready = health["stats"]["active_triggers"] == armed and health["status"] in ("running", "degraded")
            return health if ready and health["stats"]["websocket_status"] == "connected" else None
        return harness.wait_until(look, f"{armed} triggers armed", PATIENCE_S, every=0.02)

    def close(self):
        self.world.close()
        self.backend.close()


def starts(repeats):
    """The databases one after the other: a million rows of each fill the memory that the other would be read from."""
    results = []
    for kind, (bar, aim) in BARS_S.items():
        desk = Desk(kind)
        try:
            seen = in_turns(repeats, start=desk.start_once)["start"]
        finally:
            desk.close()
        wall, cpu = (statistics.median(each[name] for each in seen) for name in ("wall", "cpu"))
        results.append(Result(f"{kind}: process to all armed", max(wall, cpu), bar, aim, False, "s",
                              f"wall {wall:.2f} s, CPU {cpu:.2f} s of the process", desk.wrong))
    return results


ROWS = [Row(13, f"a start with {TRIGGERS:,} active triggers on {INSTRUMENTS:,} instruments", starts,
            "The rows are read by one thread and armed by another at the same time. A third of the work is looking for damage "
            "in SQLite's file, ahead of both.")]
