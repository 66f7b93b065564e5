#!/usr/bin/env python3
"""Runs a command beside a PostgreSQL of its own: with_postgres.py [--fsync] -- COMMAND [ARGUMENT ...]

HMT_TEST_POSTGRES is then the superuser's URL of it. The server and its folder are gone afterwards, whatever happens; the
exit code is the command's.
"""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests"))
sys.dont_write_bytecode = True

import postgres  # noqa: E402


def main():
    options, dashes, command = sys.argv[1:], "--", []
    if dashes in options:
        at = options.index(dashes)
        options, command = options[:at], options[at + 1:]
    if not command or set(options) - {"--fsync"}:
        print(__doc__, file=sys.stderr)
        return 2
    with postgres.Server(fsync="--fsync" in options) as server:
        child = subprocess.Popen(command, env={**os.environ, "HMT_TEST_POSTGRES": server.url()})
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda told, _: child.send_signal(told))
        code = child.wait()
        if code != 0:
            print(f"--- the database's log\n{server.log()}", file=sys.stderr)
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main())
