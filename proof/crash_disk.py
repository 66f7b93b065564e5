"""Disks that go wrong under SQLite: full or broken at the k-th write for every k, and a loss of power that takes what was not
flushed. disk.cpp stands between the program and its files."""
import os
import random
import shutil
import signal
import struct
import subprocess
import tempfile

from crash_case import Case, Job
from crash_day import Day

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = struct.Struct("=4Q")  # of an entry: offset, size of the file before, old bytes, new bytes
SECTOR = 512
FULL_FOR = 0.4  # seconds until somebody has made room


class Library:
    """disk.cpp, built for this run."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hmt-disk-")
        self.path = os.path.join(self.folder, "disk.so")
        subprocess.run(["clang++-19", "-std=c++23", "-O1", "-shared", "-fPIC", "-o", self.path,
                        os.path.join(HERE, "disk.cpp")], check=True)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def day_on(library, binary, backend, disk, faults=(), **settings):
    return Day(binary, backend, faults, LD_PRELOAD=library.path, HMT_DISK=disk, **settings)


def damage(day):
    found = [list(row.values())[0] for row in day.world.database.rows("PRAGMA integrity_check")]
    return [] if found == ["ok"] else [f"the database is damaged: {found[:3]}"]


# ---- full or broken at the k-th write


def writes_of_a_day(library, binary, backend):
    """(how many writes, flushes and cuts; how many flushes; what was wrong)"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "writes")
        case = Job(Case("disk", "sqlite", "counted"), lambda: day_on(library, binary, backend, f"count:{path}"),
                   is_met=lambda day: True).live()
        with open(path, encoding="ascii") as file:
            done = file.read()
        return len(done), done.count("f"), case.wrong


def broken_at(library, binary, backend, k, which="broken", may_miss=False):
    """One write fails, or one flush ("unflushed"). What is on the disk then is known to a fresh process alone: this one ends, and is started again."""
    def make():
        day = day_on(library, binary, backend, f"{which}:{k}")
        day.keeper.after_end = lambda: day.keeper.environment.update(HMT_DISK="")  # once, and not again
        return day
    return Job(Case("broken disk", "sqlite", f"{'write' if which == 'broken' else 'flush'} {k}", may_miss=may_miss), make, is_met=lambda day: said(day, "the disk has failed"),
               may_end=(1, -signal.SIGTERM), look=damage)  # told to end while it was ending: a second signal ends at once


def full_at(library, binary, backend, k, may_miss=False):
    """Every write fails until there is room again, and then all goes on without anybody's help."""
    def make():
        day = day_on(library, binary, backend, "")
        marker = os.path.join(day.world.folder, "full")
        with open(marker, "w", encoding="utf-8"):
            pass
        day.keeper.environment["HMT_DISK"] = f"full:{k}:{marker}"
        day.keeper.look_after = lambda: make_room(day, marker)
        day.full_since = None
        return day
    return Job(Case("full disk", "sqlite", f"write {k}", may_miss=may_miss), make, is_met=lambda day: said(day, "the disk is full"),
                may_end=(1,), look=damage)


def said(day, words):
    return any(words in process.log() for process in day.world.processes[1:])


def make_room(day, marker):
    now = day.now()
    if day.full_since is None and said(day, "the disk is full"):
        day.full_since = now
    if day.full_since is not None and now - day.full_since > FULL_FOR and os.path.exists(marker):
        os.unlink(marker)


# ---- a loss of power


def power_lost(library, binary, backend, faults, seed=None, **settings):
    """The process ends at each of these points, and with it all that was not flushed; with a seed a part of that stays, as
    a disk may choose."""
    draw = random.Random(seed) if seed is not None else None

    def make():
        day = day_on(library, binary, backend, "", faults, **settings)
        kept = os.path.join(day.world.folder, "unflushed")
        os.mkdir(kept)
        day.keeper.environment["HMT_DISK"] = f"lose:{kept}"
        day.lost = 0

        def after_end():
            day.lost += lose(day.world.folder, kept, draw)
        day.keeper.after_end = after_end
        return day
    label = ", ".join(faults) + (f" (seed {seed})" if seed is not None else "")
    may_miss = seed is not None or ":1:" not in label
    return Job(Case("power lost", "sqlite", label, may_miss=may_miss), make, look=damage)


def lose(folder, kept, draw):
    """How many writes are undone."""
    undone = 0
    for name in os.listdir(kept):
        path = os.path.join(kept, name)
        if name == "renamed":
            with open(path, encoding="utf-8") as file:
                for lost in file.read().split("\n"):
                    remove(lost)
        else:
            undone += undo(os.path.join(folder, name), entries_of(path), draw)
        os.unlink(path)
    for name in os.listdir(folder):
        if name.endswith("-shm"):
            remove(os.path.join(folder, name))  # memory, that only looks like a file
    return undone


def remove(path):
    if path and os.path.exists(path):
        os.unlink(path)


def entries_of(path):
    with open(path, "rb") as file:
        data = file.read()
    out, at = [], 0
    while at + HEAD.size <= len(data):
        offset, size, old, new = HEAD.unpack_from(data, at)
        at += HEAD.size
        if at + old + new > len(data):
            break  # the process ended before it wrote what it was going to write
        out.append((offset, size, data[at:at + old], data[at + old:at + old + new]))
        at += old + new
    return out


def undo(path, entries, draw):
    if not os.path.exists(path):
        return 0
    with open(path, "r+b") as file:
        for offset, size, old, _ in reversed(entries):
            file.seek(offset)
            file.write(old)
            file.truncate(size)
        for offset, _, _, new in entries if draw else ():
            if draw.random() < 0.5:
                continue
            if not new:
                file.truncate(offset)
                continue
            torn = draw.random() < 0.2
            file.seek(offset)
            file.write(new[:draw.randrange(len(new) // SECTOR + 1) * SECTOR] if torn else new)
    return len(entries)


def notices_less_than_full(library, binary, backend):
    """With synchronous=NORMAL a loss of power has to cost something, or the proof is blind: what is wrong with it."""
    case = power_lost(library, binary, backend, ["order.sent:1:kill"], HMT_SYNCHRONOUS="NORMAL").live()
    if not case.met:
        return ["the control run with synchronous=NORMAL was not killed"]
    return [] if case.wrong else ["a loss of power with synchronous=NORMAL costs nothing: the proof is blind"]
