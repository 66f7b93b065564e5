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


def run(command, environment):
    """The command's exit code. A signal that comes while it is being started reaches it as well."""
    children, told_early = [], []

    def pass_on(number, _):
        told_early.append(number)
        for child in children:
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    child = subprocess.Popen(command, env=environment)
    children.append(child)
    for number in list(told_early):
        child.send_signal(number)
    return child.wait()


def main():
    options, dashes, command = sys.argv[1:], "--", []
    if dashes in options:
        at = options.index(dashes)
        options, command = options[:at], options[at + 1:]
    if not command or set(options) - {"--fsync"}:
        print(__doc__, file=sys.stderr)
        return 2
    with postgres.Server(fsync="--fsync" in options) as server:
        code = run(command, {**os.environ, "HMT_TEST_POSTGRES": server.url()})
        if code != 0:
            print(f"--- the database's log\n{server.log()}", file=sys.stderr)
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main())
