"""Faults on the router of a `places.Net`: what happens to the packets of one conversation, and
the proof that it did.

Cuts and resets are nftables' rules, slowness is HTB's, and the rest is `netem`'s where the kernel
has it, else wire.py's.
A fault that ends tells what it did to how many packets; one that did nothing has shown nothing.
"""
import json
import os
import subprocess
import sys
from dataclasses import dataclass

from places import PlaceError

HERE = os.path.dirname(os.path.abspath(__file__))
WIRE = "shaped"  # the device of wire.py
WIRE_MARK, WIRE_TABLE = 7, 77  # of packets that take the way over it
SLOW_CLASS, FAST_CLASS = "1:10", "1:1"
AT_ONCE = "rate 10gbit quantum 60000"
BOTH, REQUESTS, ANSWERS = ("requests", "answers"), ("requests",), ("answers",)
TABLE = """
table ip fault {
  chain packets { type filter hook %s priority %s
    iifname "%s" accept
    %s
  }
}"""


@dataclass(frozen=True)
class Kind:
    means: str  # "drop", "reset", "slow" or "shape"
    ways: tuple = BOTH
    shape: tuple = ()  # of netem's words: (name, value)
    proof: tuple = ()  # any of these counts shows that it bit
    also: str = ""  # what else nftables has to find in a packet


# Times in seconds. A reordered packet overtakes those that are held, so there has to be a delay.
KINDS = {
    "delay": Kind("shape", shape=(("delay", 0.4), ("jitter", 0.3)), proof=("delayed",)),
    "loss": Kind("shape", shape=(("loss", 0.3),), proof=("dropped",)),
    "reorder": Kind(
        "shape",
        shape=(("delay", 0.06), ("jitter", 0.05), ("reorder", 0.3)),
        proof=("reordered", "TcpExt.TCPOFOQueue", "TcpExt.TCPSACKReorder"),
    ),
    "duplicate": Kind(
        "shape",
        shape=(("duplicate", 0.5),),
        proof=("duplicated", "TcpExt.TCPDSACKRecv", "TcpExt.TCPDSACKOldSent"),
    ),
    "corrupt": Kind(
        "shape", shape=(("corrupt", 0.3),), proof=("Tcp.InCsumErrors", "Ip.InHdrErrors")
    ),
    "cut_requests": Kind("drop", REQUESTS, proof=("matched",)),
    "cut_answers": Kind("drop", ANSWERS, proof=("matched",)),
    "cut": Kind("drop", proof=("matched",)),
    # As where a router loses large packets alone: the way opens, and what is said on it never
    # arrives.
    "black_hole": Kind("drop", ANSWERS, proof=("matched",), also="ip length > 120"),
    "reset": Kind("reset", proof=("matched",)),
    "slow": Kind("slow", proof=("overlimits",)),
}


@dataclass(frozen=True)
class Side:
    """One conversation: a client, and a server's port as the router sees it."""

    client: object
    server: object
    port: int
    slow: str  # the rate at which it starves

    def matches(self, ways):
        client, server = self.client.address, self.server.address
        words = {
            "requests": f"ip saddr {client} ip daddr {server} tcp dport {self.port}",
            "answers": f"ip saddr {server} ip daddr {client} tcp sport {self.port}",
        }
        return [words[way] for way in ways]

    def ends(self, ways):
        """The places that packets of these ways go to."""
        return [{"requests": self.server, "answers": self.client}[way] for way in ways]


def has_netem(router):
    """Whether the kernel knows it: asked on the loopback device, which nothing of ours crosses."""
    try:
        router.run("tc qdisc add dev lo root handle 9: netem delay 1ms")
    except PlaceError:
        return False
    router.run("tc qdisc delete dev lo root")
    return True


class Faults:
    """The router, ready for faults; one holds at a time."""

    def __init__(self, net, netem, seed):
        self.net, self.router, self.netem, self.seed = net, net.router, netem, seed
        self.wire = None
        for place in net.places.values():
            self.prepare_shaping(place.link)
        if not netem:
            self.prepare_wire()

    def prepare_shaping(self, link):
        self.router.run(f"tc qdisc add dev {link} root handle 1: htb default 1")
        self.router.run(f"tc class add dev {link} parent 1: classid {FAST_CLASS} htb {AT_ONCE}")

    def prepare_wire(self):
        self.router.run(f"ip tuntap add dev {WIRE} mode tun")
        self.router.run(f"ip link set {WIRE} up")
        self.router.run(f"ip rule add fwmark {WIRE_MARK} lookup {WIRE_TABLE}")
        self.router.run(f"ip route add default dev {WIRE} table {WIRE_TABLE}")

    # ---- begin and end

    def begin(self, name, side):
        kind = KINDS[name]
        self.before = self.counters(side)
        getattr(self, "begin_" + kind.means)(kind, side)

    def end(self, name, side):
        """What happened to packets; the fault's own counts first."""
        kind = KINDS[name]
        told = getattr(self, "end_" + kind.means)(kind, side)
        after = self.counters(side)
        told.update(
            (count, after[count] - self.before[count])
            for count in after
            if after[count] != self.before[count]
            and (count in kind.proof or count == "Tcp.RetransSegs")
        )
        return told

    @staticmethod
    def bit(name, told):
        """Packets of the side were met, and what the fault does was done."""
        return told.get("matched", 0) > 0 and any(
            told.get(count, 0) > 0 for count in KINDS[name].proof
        )

    def counters(self, side):
        client, server = side.client.counters(), side.server.counters()
        return {name: client[name] + server.get(name, 0) for name in client}

    def close(self):
        """At whatever moment."""
        if self.wire:
            self.wire.kill()
            self.wire.wait()
            self.wire.stdout.close()
            self.wire = None

    # ---- nftables

    def rule(self, hook, priority, matches, verdict):
        rules = "\n".join(f"{match} counter {verdict}" for match in matches)
        self.router.run("nft -f -", TABLE % (hook, priority, WIRE, rules))

    def unrule(self):
        """How many packets the rules have matched."""
        told = json.loads(self.router.run("nft -j list table ip fault"))
        self.router.run("nft delete table ip fault")
        rules = [each["rule"] for each in told["nftables"] if "rule" in each]
        counters = [part["counter"] for rule in rules for part in rule["expr"] if "counter" in part]
        return {"matched": sum(counter["packets"] for counter in counters)}

    def begin_drop(self, kind, side):
        matches = [f"{match} {kind.also}" for match in side.matches(kind.ways)]
        self.rule("forward", 0, matches, "drop")

    def begin_reset(self, kind, side):
        self.rule("forward", 0, side.matches(kind.ways), "reject with tcp reset")

    def end_drop(self, kind, side):
        return self.unrule()

    end_reset = end_drop

    # ---- a class of HTB, with something bad in it

    def begin_class(self, kind, side, rate, leaf):
        for place in side.ends(kind.ways):
            self.router.run(
                f"tc class add dev {place.link} parent 1: classid {SLOW_CLASS} htb {rate}"
            )
            self.router.run(f"tc qdisc add dev {place.link} parent {SLOW_CLASS} handle 10: {leaf}")
        self.rule("forward", 0, side.matches(kind.ways), f"meta priority set {SLOW_CLASS}")

    def end_class(self, kind, side):
        told = {**self.unrule(), "passed": 0, "dropped": 0, "overlimits": 0}
        for place in side.ends(kind.ways):
            found = json.loads(self.router.run(f"tc -s -j qdisc show dev {place.link}"))
            counts = {each["handle"]: each for each in found}
            told["passed"] += counts["10:"]["packets"]
            told["dropped"] += counts["10:"]["drops"]
            told["overlimits"] += counts["1:"]["overlimits"]
            # HTB counts on: the next fault begins at nothing.
            self.router.run(f"tc qdisc delete dev {place.link} root")
            self.prepare_shaping(place.link)
        return told

    def begin_slow(self, kind, side):
        rate = f"rate {side.slow} burst 1600 cburst 1600 quantum 1600"
        self.begin_class(kind, side, rate, "pfifo limit 60")

    end_slow = end_class

    # ---- netem, or the wire

    def begin_shape(self, kind, side):
        if self.netem:
            self.begin_class(kind, side, AT_ONCE, "netem " + netem_words(dict(kind.shape)))
        else:
            self.begin_wire(kind, side)

    def end_shape(self, kind, side):
        if not self.netem:
            return self.end_wire()
        told = self.end_class(kind, side)
        return {**told, "delayed": told["passed"] if "delay" in dict(kind.shape) else 0}

    def begin_wire(self, kind, side):
        options = " ".join(f"--{name} {value}" for name, value in kind.shape)
        program = [sys.executable, "-B", os.path.join(HERE, "wire.py")]
        command = ["setpriv", "--pdeathsig", "KILL", *program, "--device", WIRE, *options.split()]
        with self.router.inside():
            self.wire = subprocess.Popen(
                [*command, "--seed", str(self.seed)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        if self.wire.stdout.readline() != "ready\n":
            raise PlaceError("the wire does not start")
        verdict = f"meta mark set {WIRE_MARK}"
        self.rule("prerouting", -150, side.matches(kind.ways), verdict)

    def end_wire(self):
        matched = self.unrule()
        told, _ = self.wire.communicate(timeout=30)
        self.wire = None
        return {**matched, **json.loads(told)}


def netem_words(shape):
    """In tc's order; shares become percents, seconds milliseconds."""
    out = []
    if "delay" in shape:
        out.append(f"delay {shape['delay'] * 1000:.0f}ms {shape.get('jitter', 0) * 1000:.0f}ms")
    for name in ("loss", "corrupt", "duplicate", "reorder"):
        out += [f"{name} {shape[name] * 100:.0f}%"] if name in shape else []
    return " ".join(out)
