"""Network namespaces joined by veth pairs: a router in the middle, and a place for each process
around it.

The namespaces have no names. They live as long as a process is in them or holds them open, so
nothing is left of them when their maker is gone, also when it was killed. They are entered thread
by thread: `with place.inside():`.
"""
import contextlib
import ctypes
import os
import subprocess
import threading

NEW_NETWORK = 0x40000000  # CLONE_NEWNET
SYSTEM = ctypes.CDLL(None, use_errno=True)
# What comes in tatters (half a handshake, a late packet) is still translated, not let out as it is.
LENIENT = {"netfilter/nf_conntrack_tcp_be_liberal": 1}
FORWARDING = {"ipv4/ip_forward": 1, "ipv4/conf/all/send_redirects": 0}
# A packet may come in where its answer does not go out, and loopback addresses may be translated.
TOLERANT = {
    "ipv4/conf/all/rp_filter": 0,
    "ipv4/conf/default/rp_filter": 0,
    "ipv4/conf/all/route_localnet": 1,
}
NEAR = """
table ip near {
  chain out { type nat hook output priority -100
    %s
  }
  chain leave { type nat hook postrouting priority 100
    ip saddr 127.0.0.0/8 oifname "uplink" masquerade
  }
}"""
DOOR = """
table ip door {
  chain in { type nat hook prerouting priority -100
    %s
  }
}"""


class PlaceError(Exception):
    """The system would not do what it was asked."""


def system_call(name, *arguments):
    if getattr(SYSTEM, name)(*arguments) != 0:
        raise PlaceError(f"{name}: {os.strerror(ctypes.get_errno())}")


def run(command, text=None):
    """`command` in one line, without quotes."""
    done = subprocess.run(
        command.split(), input=text, capture_output=True, text=True, timeout=30, check=False
    )
    if done.returncode != 0:
        raise PlaceError(f"{command}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


class Place:
    """One namespace."""

    def __init__(self, name):
        self.name = name
        self.made = None
        maker = threading.Thread(target=self.make)
        maker.start()
        maker.join()
        if isinstance(self.made, PlaceError):
            raise self.made
        self.run("ip link set lo up")
        self.set(TOLERANT)

    def make(self):
        """On a thread of its own: leaving a namespace again is no way to make one."""
        try:
            system_call("unshare", NEW_NETWORK)
            self.made = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        except (PlaceError, OSError) as error:
            self.made = PlaceError(f"no new network namespace: {error}")

    @property
    def path(self):
        """By which another process finds it."""
        return f"/proc/{os.getpid()}/fd/{self.made}"

    @contextlib.contextmanager
    def inside(self):
        """This thread, and what it starts, is in the place meanwhile."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            system_call("setns", self.made, NEW_NETWORK)
            yield self
        finally:
            system_call("setns", before, NEW_NETWORK)
            os.close(before)

    def run(self, command, text=None):
        with self.inside():
            return run(command, text)

    def set(self, values):
        """Under /proc/sys/net, which shows each thread its own namespace."""
        with self.inside():
            for name, value in values.items():
                with open(f"/proc/sys/net/{name}", "w", encoding="ascii") as file:
                    file.write(str(value))

    def counters(self):
        """What its kernel has counted of TCP so far, such as `TcpExt.TCPOFOQueue`."""
        out = {}
        with self.inside():
            for path in ("/proc/thread-self/net/snmp", "/proc/thread-self/net/netstat"):
                with open(path, encoding="ascii") as file:
                    lines = file.read().splitlines()
                for names, values in zip(lines[::2], lines[1::2]):
                    group, *words = names.split()
                    out.update(
                        (f"{group.rstrip(':')}.{word}", int(value))
                        for word, value in zip(words, values.split()[1:])
                    )
        return out

    def close(self):
        os.close(self.made)


class Net:
    """A star: the router knows all, the others know the router."""

    def __init__(self, names):
        self.router = Place("router")
        self.router.set(FORWARDING)
        self.places, self.closing = {}, [self.router]
        for number, name in enumerate(names, 1):
            place = Place(name)
            self.closing.append(place)
            self.places[name] = place
            self.join(place, number)

    def join(self, place, number):
        place.link = f"to_{place.name}"
        place.address, near = f"10.77.{number}.2", f"10.77.{number}.1"
        self.router.run(
            f"ip link add name {place.link} type veth peer name uplink netns {place.path}"
        )
        self.router.run(f"ip address add {near}/30 dev {place.link}")
        self.router.run(f"ip link set {place.link} up")
        place.run(f"ip address add {place.address}/30 dev uplink")
        place.run("ip link set uplink up")
        place.run(f"ip route add default via {near}")

    def bring_near(self, place, ports):
        """At loopback ports of the place, what is far: plain HTTP is taken on loopback alone.

        `ports`: the port here → (place, port) there.
        """
        rules = "\n".join(
            f"ip daddr 127.0.0.1 tcp dport {near} dnat to {far.address}:{port}"
            for near, (far, port) in ports.items()
        )
        place.run("nft -f -", NEAR % rules)
        place.set(LENIENT)

    def second_door(self, place, port, real):
        """Another port that leads to the same one, so that a fault can tell them apart."""
        place.run("nft -f -", DOOR % f"tcp dport {port} redirect to :{real}")
        place.set(LENIENT)

    def close(self):
        for place in self.closing:
            place.close()
