"""The databases that the acceptance tests run on: SQLite's file, or a database of one private PostgreSQL.

A test gets a fresh database of its backend and works with it by the same few words: its URL, rows, statements, and a hold
that lets nobody else write. What is truly about one backend says so with `only`, and is counted and listed as left out
elsewhere.
"""
import os
import sqlite3
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import postgres  # noqa: E402

# A Supabase project's `postgres`: no superuser, and what its dashboard hands out as the connection string.
PROJECT_USER = "project"
PROJECT_PASSWORD = "project-database-password-4711"
PROJECT_RIGHTS = "LOGIN NOSUPERUSER CREATEROLE CREATEDB BYPASSRLS REPLICATION"
SECRET_KEY = "YWNjZXB0YW5jZS1hY2NlcHRhbmNlLWFjY2VwdGFuY2U="
LEASE_MS = "3000"  # a standby waits as long for a killed holder; the default of 10 s would be most of the suite's time
TABLES_OF_A_CLAIM = ("hmt_gtt_orders", "hmt_order_attempts")


def only(backend, reason):
    """Marks a test (or, as `ONLY = only(…)`, a whole file) that has a meaning on one backend alone."""
    def mark(function):
        function.only = (backend, reason)
        return function
    mark.only = (backend, reason)
    return mark


class Sqlite:
    name = "sqlite"

    def __init__(self, binary):
        pass

    def fresh(self, world, empty=False, name="hmt"):
        return SqliteDatabase(os.path.join(world.folder, f"{name}.db"))

    def close(self):
        pass


class SqliteDatabase:
    environment = {}
    secrets = {}

    def __init__(self, path):
        self.path = path
        self.url = f"sqlite:{path}"

    def rows(self, query):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5) as shell:
            shell.row_factory = sqlite3.Row
            out = [dict(row) for row in shell.execute(query)]
        shell.close()
        return out

    def execute(self, statement):
        with sqlite3.connect(self.path, timeout=5) as shell:
            shell.execute(statement)
        shell.close()

    def tables(self):
        """None: there is not even a file."""
        if not os.path.exists(self.path):
            return None
        return {row["name"] for row in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def hold(self):
        """What an open sqlite3 shell does in the middle of a transaction."""
        shell = sqlite3.connect(self.path, isolation_level=None, timeout=5)
        shell.execute("BEGIN IMMEDIATE")
        return Held(lambda: (shell.execute("ROLLBACK"), shell.close()))

    def everything(self):
        """All that is stored, as text that can be searched."""
        with open(self.path, "rb") as file:
            return file.read().decode("latin-1")

    def keep(self, folder):
        """For whoever looks into a failure; the file is there already."""

    def close(self):
        pass


class Postgres:
    """One server for the whole run; each test's database is a copy of one that was migrated once."""

    name = "postgres"

    def __init__(self, binary):
        self.binary = binary
        self.template = None
        self.lock = threading.Lock()
        self.server = postgres.Server(fsync=False)  # the tests cut processes off, not the power
        prepare(self.server)

    def fresh(self, world, empty=False, name="hmt"):
        template = None if empty else self.migrated()
        return PostgresDatabase(self.server, self.server.create_database(template, owner=PROJECT_USER))

    def migrated(self):
        with self.lock:
            if self.template is None:
                name = self.server.create_database(owner=PROJECT_USER)
                migrate(self.binary, project_url(self.server, name))
                self.template = name
        return self.template

    def private(self):
        """A database on a server of its own, which a test may stop, crash and pause."""
        server = postgres.Server(fsync=False)
        try:
            prepare(server)
            name = server.create_database(owner=PROJECT_USER)
            migrate(self.binary, project_url(server, name))
        except BaseException:
            server.close()
            raise
        return PostgresDatabase(server, name, private=True)

    def close(self):
        self.server.close()


def prepare(server):
    """What a project has before anything of ours is in it: its owner, who is no superuser."""
    server.sql("postgres", f"CREATE ROLE {PROJECT_USER} {PROJECT_RIGHTS} PASSWORD '{PROJECT_PASSWORD}'")


def project_url(server, database):
    return server.url(database, PROJECT_USER, PROJECT_PASSWORD)


def migrate(binary, url):
    done = subprocess.run([binary, "migrate"], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, "HMT_DATABASE_URL": url, "HMT_SECRET_KEY": SECRET_KEY})
    if done.returncode != 0:
        raise postgres.PostgresError(f"hmt migrate ends with {done.returncode}: {done.stdout}{done.stderr}")


class PostgresDatabase:
    environment = {"HMT_SECRET_KEY": SECRET_KEY, "HMT_LEASE_MS": LEASE_MS}
    secrets = {"HMT_DATABASE_URL": PROJECT_PASSWORD}

    def __init__(self, server, name, private=False):
        self.server, self.name, self.private = server, name, private
        self.url = project_url(server, name)

    def rows(self, query, **options):
        return self.server.rows(self.name, query, **options)

    def execute(self, statement, **options):
        return self.server.sql(self.name, statement, **options)

    def tables(self):
        return {row["tablename"] for row in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}

    def hold(self):
        """What psql does in the middle of a transaction that has locked the tables of a claim."""
        session = self.server.session(self.name)
        session.run("BEGIN")
        session.run(f"LOCK TABLE {', '.join(TABLES_OF_A_CLAIM)} IN EXCLUSIVE MODE")
        return Held(lambda: (session.run("ROLLBACK"), session.close()))

    def everything(self):
        return self.server.dump(self.name)

    def keep(self, folder):
        with open(os.path.join(folder, "database.sql"), "w", encoding="utf-8") as file:
            file.write(self.everything())

    def session(self, role=None):
        return self.server.session(self.name, role)

    def cut(self):
        """Ends every connection of the program; how many there were."""
        return self.server.kill_backends(self.name)

    def close(self):
        self.server.close() if self.private else self.server.drop_database(self.name)


class Held:
    """Until it is released, nobody else writes; releasing it again does nothing."""

    def __init__(self, release):
        self.end = release

    def release(self):
        end, self.end = self.end, None
        if end:
            end()

    close = release


ALL = {each.name: each for each in (Sqlite, Postgres)}
