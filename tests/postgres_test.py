#!/usr/bin/env python3
"""The private PostgreSQL itself: postgres_test.py. The last line is `N passed, N failed`."""
import os
import signal
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import postgres  # noqa: E402

WRAPPER = os.path.join(HERE, "..", "tools", "with_postgres.py")
# Says where its server is, and then waits to be killed. It becomes another user after its imports, because neither the
# interpreter nor this folder has to be that user's to read.
HOLDER = """
import os, pwd, sys, time
sys.path.insert(0, sys.argv[1])
import postgres
if sys.argv[2:]:
    user = pwd.getpwnam(sys.argv[2])
    os.setgroups([]), os.setgid(user.pw_gid), os.setuid(user.pw_uid)
server = postgres.Server(fsync=False)
print(server.folder, postgres.server_pid(server.data), flush=True)
time.sleep(60)
"""


def wait_gone(folder, pid):
    until = time.monotonic() + 20
    while os.path.exists(folder) or postgres.is_postgres(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


class ASharedServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = postgres.Server(fsync=False)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def test_each_database_is_a_fresh_one_or_a_copy(self):
        first = self.server.create_database()
        self.server.sql(first, "CREATE TABLE kept (price numeric); INSERT INTO kept VALUES (1500.0500)")
        self.assertEqual(self.server.rows(self.server.create_database(first), "SELECT * FROM kept"), [{"price": "1500.0500"}])
        with self.assertRaises(postgres.PostgresError) as refused:
            self.server.sql(self.server.create_database(), "SELECT * FROM kept")
        self.assertEqual(refused.exception.state, "42P01")

    def test_a_role_and_its_claims_are_those_of_a_request(self):
        database = self.server.create_database()
        self.server.sql(database, "CREATE ROLE trader_of_the_test NOLOGIN")
        seen = self.server.sql(database, "SELECT current_user, current_setting('request.jwt.claims')::json->>'sub'",
                               role="trader_of_the_test", claims={"sub": "it's me"})
        self.assertEqual(seen, "trader_of_the_test|it's me")

    def test_a_session_holds_its_transaction_and_tells_its_errors(self):
        database = self.server.create_database()
        session = self.server.session(database)
        try:
            session.run("CREATE TABLE held (id int)")
            session.run("BEGIN; INSERT INTO held VALUES (1); INSERT INTO held VALUES (2)")
            self.assertEqual(session.run("SELECT count(*) FROM held"), "2")
            self.assertEqual(self.server.value(database, "SELECT count(*) FROM held"), "0")
            session.run("ROLLBACK")
            with self.assertRaises(postgres.PostgresError) as refused:
                session.run("SELECT 1 / 0; SELECT 1")
            self.assertEqual(refused.exception.state, "22012")
            self.assertEqual(session.run("SELECT count(*) FROM held"), "0")
        finally:
            session.close()
        self.assertIn("CREATE TABLE public.held", self.server.dump(database))

    def test_over_tcp_a_wrong_password_is_refused(self):
        for password, code in ((postgres.PASSWORD, 0), ("wrong", 2)):
            done = subprocess.run(["psql", self.server.url(password=password), "-Atc", "SELECT 1"], capture_output=True)
            self.assertEqual(done.returncode, code, done.stderr)
        done = subprocess.run(["psql", self.server.socket_url(), "-Atc", "SELECT 1"], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_chosen_backends_are_cut_and_no_others(self):
        sleepers = [subprocess.Popen(["psql", self.server.url(), "-c", "SELECT pg_sleep(60)"], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, env={**os.environ, "PGAPPNAME": name})
                    for name in ("engine one", "engine two")]
        try:
            until = time.monotonic() + 10
            while self.server.value("postgres", "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE "
                                                "'engine %' AND state = 'active'") != "2":
                self.assertLess(time.monotonic(), until)
            self.assertEqual(self.server.kill_backends(application_name="engine one"), 1)
            self.assertNotEqual(sleepers[0].wait(10), 0)
            self.assertIsNone(sleepers[1].poll())
        finally:
            for sleeper in sleepers:
                sleeper.kill()
                sleeper.wait()


class AServer(unittest.TestCase):
    def test_what_was_committed_is_there_after_a_crash_and_a_restart(self):
        with postgres.Server(fsync=False) as server:
            port = server.port
            server.sql("postgres", "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
            server.stop("immediate")
            self.assertFalse(server.is_running())
            with self.assertRaises(postgres.PostgresError):
                server.sql("postgres", "SELECT 1")
            server.start()
            self.assertEqual((server.port, server.value("postgres", "SELECT id FROM kept")), (port, "7"))
            pid, folder = postgres.server_pid(server.data), server.folder
        self.assertFalse(os.path.exists(folder) or postgres.is_postgres(pid))

    def test_a_paused_server_answers_again_after_it_is_resumed(self):
        with postgres.Server(fsync=False) as server:
            server.pause()
            with self.assertRaises(subprocess.TimeoutExpired):
                server.sql("postgres", "SELECT 1", timeout=1)
            server.resume()
            self.assertEqual(server.value("postgres", "SELECT 1"), "1")

    def test_a_standby_answers_and_takes_no_writes(self):
        with postgres.Server(fsync=False) as server, postgres.Standby(server) as standby:
            until = time.monotonic() + 20
            while not standby.answers():
                self.assertLess(time.monotonic(), until, standby.log())
                time.sleep(0.05)
            with self.assertRaises(postgres.PostgresError) as refused:
                standby.sql("postgres", "BEGIN READ WRITE")
            self.assertEqual(refused.exception.state, "0A000")

    def test_fsync_is_on_unless_said_otherwise(self):
        with postgres.Server() as server:
            self.assertEqual(server.value("postgres", "SHOW fsync"), "on")

    def test_when_its_test_is_killed_the_server_goes_too(self):
        for user in ([], ["nobody"]) if os.geteuid() == 0 else ([],):
            holder = subprocess.Popen([sys.executable, "-B", "-c", HOLDER, HERE, *user], stdout=subprocess.PIPE, text=True)
            folder, pid = holder.stdout.readline().split()
            self.assertTrue(postgres.is_postgres(int(pid)))
            holder.kill()
            holder.wait()
            holder.stdout.close()
            self.assertTrue(wait_gone(folder, int(pid)), f"{folder} or {pid} is still there")


class TheWrapper(unittest.TestCase):
    def run_it(self, *arguments, **options):
        return subprocess.Popen([sys.executable, WRAPPER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, **options)

    def test_gives_the_command_a_superuser_and_passes_its_exit_code_on(self):
        with self.run_it("--", "sh", "-c", 'psql "$HMT_TEST_POSTGRES" -Atc "SHOW is_superuser"; exit 3') as wrapper:
            self.assertEqual(wrapper.stdout.read(), "on\n")
            self.assertEqual(wrapper.wait(30), 3)

    def test_ends_with_its_command_when_it_is_asked_to(self):
        with self.run_it("--", "sh", "-c", "echo there; exec sleep 60") as wrapper:
            self.assertEqual(wrapper.stdout.readline(), "there\n")
            wrapper.send_signal(signal.SIGTERM)
            self.assertEqual(wrapper.wait(30), 128 + signal.SIGTERM)

    def test_refuses_what_it_does_not_know(self):
        for arguments in ((), ("--",), ("--quick", "--", "true")):
            with self.run_it(*arguments) as wrapper:
                self.assertEqual(wrapper.wait(30), 2)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
