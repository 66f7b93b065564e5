"""The stock Kite client of npm, in a process of its own: what it is told to call, and what it makes of the answers."""
import json
import os
import select
import subprocess

from harness import WAIT, Failure, check

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kite-client")


class Refused(Exception):
    """The client has thrown, as it does for an error of Kite's."""

    def __init__(self, error):
        super().__init__(f"{error['error_type']}: {error['message']}")
        self.error_type, self.message = error["error_type"], error["message"]


class KiteClient:
    def __init__(self, engine, api_key, access_token):
        subprocess.run([os.path.join(FOLDER, "install.sh")], check=True, stdin=subprocess.DEVNULL, timeout=300)
        self.child = subprocess.Popen(["node", "calls.mjs", f"http://{engine.address}", api_key, access_token], cwd=FOLDER,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def call(self, name, *arguments):
        self.child.stdin.write(json.dumps([name, *arguments]) + "\n")
        self.child.stdin.flush()
        check(select.select([self.child.stdout], [], [], 2 * WAIT)[0], f"the client does not answer {name}")
        outcome = json.loads(self.child.stdout.readline())
        if "error" in outcome:
            raise Refused(outcome["error"])
        return outcome["value"]

    def refusal(self, name, *arguments):
        """The kind of error and the words of a call that has to be refused."""
        try:
            got = self.call(name, *arguments)
        except Refused as refused:
            return refused.error_type, refused.message
        raise Failure(f"{name} was not refused: {got}")

    def close(self):
        self.child.stdin.close()
        self.child.wait(WAIT)
        self.child.stdout.close()
