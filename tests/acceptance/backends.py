"""The databases that the acceptance tests run on: SQLite's file, a database of one private PostgreSQL, or of one that is
laid out as a Supabase project is.

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
    kind = "sqlite"

    def __init__(self, binary):
        pass

    def fresh(self, world, empty=False, name="hmt"):
        return SqliteDatabase(os.path.join(world.folder, f"{name}.db"))

    def durable(self, world):
        return self.fresh(world)

    def close(self):
        pass


class SqliteDatabase:
    environment = {}
    seals = {}
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

    kind = "postgres"
    has_users = False  # a table of users, and the roles of PostgREST, before anything of ours is there

    def __init__(self, binary):
        self.binary = binary
        self.template = None
        self.lock = threading.Lock()
        self.server = self.prepared()

    def prepared(self, fsync=False):
        """What a project has before anything of ours is in it: its owner, who is no superuser."""
        server = postgres.Server(fsync=fsync)  # the tests cut processes off, not the power
        try:
            server.sql("postgres", f"CREATE ROLE {PROJECT_USER} {PROJECT_RIGHTS} PASSWORD '{PROJECT_PASSWORD}'")
            if self.has_users:
                server.sql("postgres", SUPABASE_ROLES)
        except BaseException:
            server.close()
            raise
        return server

    def empty(self, server):
        name = server.create_database(owner=PROJECT_USER)
        if self.has_users:
            server.sql(name, SUPABASE_DATABASE)
        return name

    def fresh(self, world, empty=False, name="hmt"):
        name = self.empty(self.server) if empty else self.server.create_database(self.migrated(), owner=PROJECT_USER)
        return PostgresDatabase(self.server, name)

    def migrated(self):
        with self.lock:
            if self.template is None:
                name = self.empty(self.server)
                migrate(self.binary, project_url(self.server, name))
                self.template = name
        return self.template

    def durable(self, world):
        """A database that waits for its disk, as those of people do."""
        return self.private(fsync=True)

    def private(self, fsync=False):
        """A database on a server of its own, which a test may stop, crash and pause."""
        server = self.prepared(fsync)
        try:
            name = self.empty(server)
            migrate(self.binary, project_url(server, name))
        except BaseException:
            server.close()
            raise
        return PostgresDatabase(server, name, private=True)

    def close(self):
        self.server.close()


class Supabase(Postgres):
    """As a project's database is: its roles, its users, and everything in `public` granted to everybody beforehand."""

    has_users = True


SUPABASE_ROLES = f"""
CREATE ROLE supabase_admin NOLOGIN SUPERUSER;
CREATE ROLE anon NOLOGIN NOINHERIT;
CREATE ROLE authenticated NOLOGIN NOINHERIT;
CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS;
CREATE ROLE authenticator LOGIN NOINHERIT;
GRANT anon, authenticated, service_role TO authenticator;
GRANT anon, authenticated, service_role TO {PROJECT_USER} WITH ADMIN OPTION;
"""
SUPABASE_DATABASE = f"""
CREATE SCHEMA auth AUTHORIZATION supabase_admin;
SET ROLE supabase_admin;
CREATE TABLE auth.users (id uuid PRIMARY KEY, email text, created_at timestamptz DEFAULT now());
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                  nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('request.jwt.claim.role', true), ''),
                  nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role') $$;
CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('request.jwt.claim', true), ''),
                  nullif(current_setting('request.jwt.claims', true), ''))::jsonb $$;
GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role, {PROJECT_USER};
RESET ROLE;
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE {PROJECT_USER} IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE {PROJECT_USER} IN SCHEMA public GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE {PROJECT_USER} IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role;
"""


def project_url(server, database):
    return server.url(database, PROJECT_USER, PROJECT_PASSWORD)


def migrate(binary, url):
    done = subprocess.run([binary, "migrate"], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, "HMT_DATABASE_URL": url, "HMT_SECRET_KEY": SECRET_KEY})
    if done.returncode != 0:
        raise postgres.PostgresError(f"hmt migrate ends with {done.returncode}: {done.stdout}{done.stderr}")


class PostgresDatabase:
    seals = {"HMT_SECRET_KEY": SECRET_KEY}
    environment = {**seals, "HMT_LEASE_MS": LEASE_MS}  # so short a lease is taken beside a simulated broker alone
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


ALL = {"sqlite": Sqlite, "postgres": Postgres, "supabase": Supabase}
