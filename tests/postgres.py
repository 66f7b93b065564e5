"""A private PostgreSQL for tests: its own folder, port and password, gone at the end whatever happens.

    with postgres.Server() as server:
        database = server.create_database()
        server.sql(database, "SELECT 1")

Works as root (the server then runs as the user `postgres`: PostgreSQL refuses root) and as anybody else. A watchdog that
has left our process tree removes the server and its folder, also when the test is killed with SIGKILL.
"""
import glob
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

USER = "postgres"
PASSWORD = "test-database-password-0123456789"  # over TCP it is asked for, as everywhere; the socket's folder is ours
SOCKET_PATH_LIMIT = 100  # the system's is 107 with the port's file name
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "max_connections": "200",
    "shared_buffers": "'32MB'",
    "max_parallel_workers_per_gather": "0",
    "synchronous_commit": "on",
    "timezone": "'Asia/Kolkata'",  # whoever relies on UTC is found out
    "log_min_messages": "warning",
    "log_line_prefix": "'%m [%p] %a %u@%d '",
    "wal_level": "logical",  # as Supabase's
}


class PostgresError(Exception):
    """A statement or a command that PostgreSQL refused; `state` is the SQLSTATE where there is one."""

    def __init__(self, message, state=None):
        super().__init__(message)
        self.state = state


def programs():
    """The folder of initdb and pg_ctl: Debian keeps them out of PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_ctl"), key=lambda path: path != "/usr/lib/postgresql/15/bin/pg_ctl")
    path = found[0] if found else shutil.which("pg_ctl")
    if not path:
        raise PostgresError("PostgreSQL is not installed: run `./dev setup`")
    return os.path.dirname(os.path.realpath(path))


def owner():
    """Whom the server runs as, for subprocess: nothing unless we are root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise PostgresError("PostgreSQL refuses root, and there is neither a user `postgres` nor `nobody`")


def clean_environment():
    """No PGHOST, PGOPTIONS or PGSERVICE of the caller reaches the tests."""
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Watchdog:
    """A process outside our tree that waits until we are gone, and then clears away."""

    def __init__(self, folder, data):
        life_read, self.life = os.pipe()
        self.done, done_write = os.pipe()
        child = os.fork()
        if child == 0:
            os.setsid()
            if os.fork() != 0:
                os._exit(0)
            self.watch(life_read, done_write, folder, data)
        os.close(life_read)
        os.close(done_write)
        os.waitpid(child, 0)

    @staticmethod
    def watch(life_read, done_write, folder, data):
        """Never returns."""
        try:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            null = os.open(os.devnull, os.O_RDWR)
            for target in (0, 1, 2):
                os.dup2(null, target)
            # Whatever else was inherited would keep others' pipes and sockets open.
            for name in os.listdir("/proc/self/fd"):
                if int(name) > 2 and int(name) not in (life_read, done_write):
                    try:
                        os.close(int(name))
                    except OSError:
                        pass
            os.read(life_read, 1)
            kill_server(data)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os._exit(0)

    def release(self):
        """Returns when everything is gone."""
        os.close(self.life)
        os.read(self.done, 1)
        os.close(self.done)


def server_pid(data):
    try:
        with open(os.path.join(data, "postmaster.pid"), encoding="utf-8") as file:
            return int(file.readline())
    except (OSError, ValueError):
        return None


def is_postgres(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip() == "postgres"
    except OSError:
        return False


def kill_server(data):
    """An immediate stop: nothing of it is wanted any more."""
    pid = server_pid(data)
    if pid is None or not is_postgres(pid):
        return
    os.kill(pid, signal.SIGQUIT)
    until = time.monotonic() + 10
    while is_postgres(pid) and time.monotonic() < until:
        time.sleep(0.02)
    if is_postgres(pid):
        os.kill(pid, signal.SIGKILL)


class Server:
    """`fsync=False` is for speed alone: only a machine that loses its power could tell the difference."""

    def __init__(self, fsync=True, settings=None):
        self.folder = tempfile.mkdtemp(prefix="hmt-pg-")
        self.data = os.path.join(self.folder, "data")
        self.log_path = os.path.join(self.folder, "server.log")
        self.bin = programs()
        self.owner = owner()
        self.port = None
        self.made = 0
        self.lock = threading.Lock()
        if len(self.folder) > SOCKET_PATH_LIMIT:
            raise PostgresError(f"{self.folder} is too long for a socket: set TMPDIR to a shorter one")
        if self.owner:
            os.chown(self.folder, self.owner["user"], self.owner["group"])
        self.watchdog = Watchdog(self.folder, self.data)
        try:
            self.initialise(fsync, settings or {})
            self.start_somewhere()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    # ---- the server's life

    def run(self, *command, **options):
        done = subprocess.run(command, env=clean_environment(), cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **self.owner, **options)
        if done.returncode != 0:
            raise PostgresError(f"{os.path.basename(command[0])}: {done.stdout.strip()}\n{self.log()}")

    def initialise(self, fsync, settings):
        password = os.path.join(self.folder, "password")
        with open(password, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        if self.owner:
            os.chown(password, self.owner["user"], self.owner["group"])
        self.run(os.path.join(self.bin, "initdb"), "--no-sync", "--username", USER, "--pwfile", password,
                 "--auth-local", "trust", "--auth-host", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
                 "--pgdata", self.data)
        os.unlink(password)
        said = {**SETTINGS, "unix_socket_directories": f"'{self.folder}'", "fsync": "on" if fsync else "off",
                "full_page_writes": "on" if fsync else "off", **settings}
        with open(os.path.join(self.data, "postgresql.auto.conf"), "a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in said.items())

    def start_somewhere(self):
        """On a free port; another program may take it meanwhile, so not only once."""
        for attempt in range(5):
            self.port = free_port()
            try:
                return self.start()
            except PostgresError:
                if attempt == 4 or "Address already in use" not in self.log():
                    raise
        return None

    def start(self):
        """On the same port as before; returns when connections are taken."""
        self.run(os.path.join(self.bin, "pg_ctl"), "start", "--wait", "--silent", "--timeout", "60", "--pgdata", self.data,
                 "--log", self.log_path, "--options", f"-p {self.port}")

    def stop(self, mode="fast"):
        """`smart` waits for the clients, `fast` ends them, `immediate` is a crash."""
        self.run(os.path.join(self.bin, "pg_ctl"), "stop", "--wait", "--silent", "--timeout", "60", "--pgdata", self.data,
                 "--mode", mode)

    def restart(self, mode="immediate"):
        self.stop(mode)
        self.start()

    def pause(self):
        """No answer any more, and no broken connection either; `resume` ends it."""
        self.signal_all(signal.SIGSTOP)

    def resume(self):
        self.signal_all(signal.SIGCONT)

    def signal_all(self, number):
        main = server_pid(self.data)
        told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(main)], capture_output=True, text=True, check=False)
        for pid in [main, *map(int, told.stdout.split())]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def is_running(self):
        pid = server_pid(self.data)
        return pid is not None and is_postgres(pid)

    def close(self):
        if self.watchdog:
            self.watchdog.release()
            self.watchdog = None

    def log(self, lines=40):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return "".join(file.readlines()[-lines:])
        except OSError:
            return ""

    # ---- how it is reached

    def url(self, database="postgres", user=USER, password=PASSWORD):
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database="postgres", user=USER):
        return f"postgresql:///{database}?host={self.folder}&port={self.port}&user={user}"

    def command(self, database):
        """psql over the socket, quiet, as bare tuples, stopping at the first error."""
        return [self.client("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-h",
                self.folder, "-p", str(self.port), "-U", USER, "-d", database]

    def client(self, name):
        """The one in PATH is Debian's wrapper in Perl, which costs more than most statements."""
        beside = os.path.join(self.bin, name)
        return beside if os.path.exists(beside) else name

    # ---- what a test does with it

    def sql(self, database, sql, role=None, claims=None, timeout=60):
        """What psql printed. `role` and `claims` are what PostgREST sets: SET ROLE, and request.jwt.claims."""
        before = f"SET request.jwt.claims = {literal(json.dumps(claims))};\n" if claims is not None else ""
        before += f"SET ROLE {role};\n" if role else ""
        done = subprocess.run(self.command(database), input=before + sql, env={**clean_environment(), "PGAPPNAME": "psql"},
                              capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            said = re.search(r"(?:ERROR|FATAL):\s+([0-9A-Z]{5}): ", done.stderr)
            raise PostgresError(done.stderr.strip(), said and said[1])
        return done.stdout.rstrip("\n")

    def rows(self, database, query, **options):
        """A query's rows as dictionaries; numbers with a point stay text, so that no price becomes binary."""
        text = self.sql(database, f"SELECT coalesce(json_agg(row_of), '[]') FROM ({query}) AS row_of", **options)
        return json.loads(text, parse_float=str)

    def value(self, database, query, **options):
        return self.sql(database, query, **options)

    def session(self, database, role=None):
        return Session(self.command(database), role)

    def dump(self, database):
        """The whole database as SQL text."""
        done = subprocess.run([self.client("pg_dump"), "-h", self.folder, "-p", str(self.port), "-U", USER, database],
                              env=clean_environment(), capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise PostgresError(done.stderr.strip())
        return done.stdout

    def create_database(self, template=None, owner=USER):
        """A fresh database's name; with a template, a copy of it."""
        with self.lock:
            self.made += 1
            name = f"test_{self.made}"
        self.sql("postgres", f'CREATE DATABASE "{name}" OWNER "{owner}"' + (f' TEMPLATE "{template}"' if template else ""))
        return name

    def drop_database(self, name):
        self.sql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def kill_backends(self, database=None, application_name=None, user=None):
        """Cuts the clients' connections; how many there were."""
        where = ["backend_type = 'client backend'", "pid <> pg_backend_pid()", "application_name <> 'psql'"]
        where += [f"datname = {literal(database)}"] if database else []
        where += [f"application_name LIKE {literal(application_name)}"] if application_name else []
        where += [f"usename = {literal(user)}"] if user else []
        return int(self.sql("postgres", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE " +
                            " AND ".join(where)))


class Standby(Server):
    """A server that follows `primary`: it answers, and takes no writes."""

    def __init__(self, primary):
        self.primary = primary
        super().__init__(fsync=False)

    def initialise(self, fsync, settings):
        self.run(os.path.join(self.bin, "pg_basebackup"), "--pgdata", self.data, "--host", self.primary.folder, "--port",
                 str(self.primary.port), "--username", USER, "--write-recovery-conf", "--checkpoint", "fast", "--no-sync")
        with open(os.path.join(self.data, "postgresql.auto.conf"), "a", encoding="utf-8") as file:
            file.write(f"unix_socket_directories = '{self.folder}'\n")  # the last line of a setting counts

    def answers(self):
        """It may be up before it takes connections."""
        try:
            return self.sql("postgres", "SELECT pg_is_in_recovery()") == "t"
        except PostgresError:
            return False


class Session:
    """One psql that stays: a transaction that is held open, or many statements on one connection."""

    def __init__(self, command, role=None):
        at = command.index("ON_ERROR_STOP=1")
        quiet = command[:at] + ["ON_ERROR_STOP=0"] + command[at + 1:]
        self.child = subprocess.Popen(quiet, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True, bufsize=1, env={**clean_environment(), "PGAPPNAME": "psql"})
        self.number = 0
        if role:
            self.run(f"SET ROLE {role}")

    def run(self, sql):
        """Waits for its end; what psql printed. One error of several statements is raised when all have run."""
        self.number += 1
        mark = f"-- done {self.number}"
        self.child.stdin.write(f"{sql.rstrip().rstrip(';')};\n\\echo '{mark}'\n")
        self.child.stdin.flush()
        lines = []
        for line in self.child.stdout:
            if line.rstrip("\n") == mark:
                break
            lines.append(line)
        else:
            raise PostgresError("the session has ended: " + "".join(lines))
        said = "".join(lines).rstrip("\n")
        if failed := re.search(r"^(?:ERROR|FATAL):\s+([0-9A-Z]{5}): ", said, re.M):
            raise PostgresError(said, failed[1])
        return said

    def close(self):
        try:
            self.child.stdin.close()
            self.child.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()


def literal(text):
    return "'" + str(text).replace("'", "''") + "'"
