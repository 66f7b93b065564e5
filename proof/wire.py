#!/usr/bin/env python3
"""A bad wire, for kernels without `netem`: takes packets from a tun device and gives them back
late, twice, damaged, in another order or not at all.

    wire.py --device NAME [--delay S] [--jitter S] [--loss P] [--reorder P] [--duplicate P]
            [--corrupt P] [--seed N]

Works until its standard input ends, then lets go what it holds, and prints one JSON object of what
it did. `--reorder P`: that share goes at once, and so before those that `--delay` holds (as netem's
does).
"""
import argparse
import fcntl
import heapq
import json
import os
import random
import select
import struct
import sys
import time

SET_DEVICE = 0x400454CA  # TUNSETIFF
TUN_WITHOUT_HEADER = 0x0001 | 0x1000  # IFF_TUN, IFF_NO_PI
PACKET_MAX = 65536
HEADERS = (
    40  # of IP and TCP: what is damaged lies behind them, or in TCP's checksum when nothing does
)
HELD_MAX = 5000


def attach(device):
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, SET_DEVICE, struct.pack("16sH22x", device.encode(), TUN_WITHOUT_HEADER))
    return file


class Wire:
    def __init__(self, given):
        self.given = given
        self.draw = random.Random(given.seed)
        self.file = attach(given.device)
        self.held = []  # (when it goes on, number, packet)
        self.numbers = 0
        self.done = dict.fromkeys(
            ("packets", "dropped", "delayed", "reordered", "duplicated", "corrupted"), 0
        )

    def happens(self, share):
        return share > 0 and self.draw.random() < share

    def take(self, packet, now):
        if packet[0] >> 4 != 4:
            return  # the kernel greets a new device in IPv6: that is no packet of anybody's
        self.done["packets"] += 1
        if self.happens(self.given.loss) or len(self.held) >= HELD_MAX:
            self.done["dropped"] += 1
            return
        if self.happens(self.given.corrupt):
            self.done["corrupted"] += 1
            packet = self.damaged(packet)
        copies = 2 if self.happens(self.given.duplicate) else 1
        self.done["duplicated"] += copies - 1
        for _ in range(copies):
            self.hold(packet, now)

    def hold(self, packet, now):
        wait = max(0.0, self.given.delay + self.draw.uniform(-1, 1) * self.given.jitter)
        if self.happens(self.given.reorder):
            wait = 0.0
            self.done["reordered"] += 1 if self.held else 0
        self.done["delayed"] += 1 if wait > 0 else 0
        self.numbers += 1
        heapq.heappush(self.held, (now + wait, self.numbers, packet))

    def damaged(self, packet):
        at = self.draw.randrange(HEADERS, len(packet)) if len(packet) > HEADERS else HEADERS - 4
        return packet[:at] + bytes([packet[at] ^ (1 << self.draw.randrange(8))]) + packet[at + 1 :]

    def pass_on(self, now):
        while self.held and self.held[0][0] <= now:
            try:
                os.write(self.file, heapq.heappop(self.held)[2])
            except OSError:  # the device is full, or the packet was damaged beyond being one
                self.done["dropped"] += 1

    def work(self):
        inputs = [self.file, sys.stdin.fileno()]
        print("ready", flush=True)
        while sys.stdin.fileno() in inputs or self.held:
            wait = max(0.0, self.held[0][0] - time.monotonic()) if self.held else None
            ready, _, _ = select.select(inputs, [], [], wait)
            if self.file in ready:
                self.take(os.read(self.file, PACKET_MAX), time.monotonic())
            if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
                inputs.remove(sys.stdin.fileno())
            self.pass_on(time.monotonic())
        return self.done


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", required=True)
    for name in ("delay", "jitter", "loss", "reorder", "duplicate", "corrupt"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    print(json.dumps(Wire(parser.parse_args()).work()), flush=True)


if __name__ == "__main__":
    main()
