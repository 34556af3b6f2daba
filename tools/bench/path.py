#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the instructions go: the ways of a figure's traps through Socle.

The measuring guest runs with that figure alone, one instruction at a time, and
QEMU says which. A way begins at a vector for a trap from the guest and ends
before the next one; equal ways are counted. The log goes through a pipe: it
would fill a disk.
"""

import argparse
import bisect
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

import micro
import qemu
import systems

# Where QEMU's `virt` loads an image that wants no other place, and RAM for
# the guest so that no address is both's.
BASE = 0x40200000
GUEST_RAM = 0x80000000
FROM_GUEST = (0x400, 0x480)		# synchronous, IRQ: A64 at a lower level
# Figures taken together with another.
TAKEN_WITH = {"sgi-self-eoi": "sgi-self", "sgi-round-trip": "sgi-other",
              "sgi-other-cpu": "sgi-other", "sgi-other-cpu-spin":
              "sgi-other-spin", "cpu-on-cpu": "cpu-on"}
ENTRY = re.compile(rb"^Trace (\d+): [^[]*\[[0-9a-f]+/([0-9a-f]{16})/", re.M)


class Image:
    """Functions and instructions by address as linked."""

    def __init__(self, elf, cross):
        self.elf = elf
        self.cross = cross
        self.starts, self.names = [], []
        for line in self.tool("nm", "-n").splitlines():
            fields = line.split()
            if (len(fields) == 3 and fields[1] in "tT"
                    and not fields[2].startswith("$")):
                self.starts.append(int(fields[0], 16))
                self.names.append(fields[2])
        # The last of several names at one address is the function's.
        self.size = self.starts[-1] + 0x1000

    def tool(self, name, *args):
        return subprocess.run([self.cross + name, *args, str(self.elf)],
                              check=True, stdout=subprocess.PIPE,
                              text=True).stdout

    def function(self, address):
        at = bisect.bisect_right(self.starts, address - BASE) - 1
        return self.names[at] if at >= 0 else "?"

    def vectors(self):
        start = self.starts[self.names.index("vectors")] + BASE
        return [start + offset for offset in FROM_GUEST]

    def instructions(self):
        """{address: text} of the whole image."""
        found = {}
        for line in self.tool("objdump", "-d", "--no-show-raw-insn"
                              ).splitlines():
            address, colon, text = line.partition(":\t")
            if colon:
                found[int(address, 16) + BASE] = text.expandtabs()
        return found


class Ways:
    """Reads the log as it comes."""

    def __init__(self, image):
        self.starts = image.vectors()
        self.marks = [b"/%016x/" % start for start in self.starts]
        self.counts = collections.Counter()
        self.ways = {}			# of each CPU
        self.last = {}

    def read(self, fifo):
        with open(fifo, "rb", buffering=0) as log:
            rest = b""
            while True:
                piece = log.read(1 << 20)
                if not piece:
                    return
                piece = rest + piece
                end = piece.rfind(b"\n") + 1
                rest = piece[end:]
                # Before there is a guest: much, and not of interest.
                if self.ways or any(mark in piece for mark in self.marks):
                    self.add(piece[:end])

    def add(self, lines):
        for found in ENTRY.finditer(lines):
            cpu, address = found.group(1), int(found.group(2), 16)
            # Logged again if time was up before it was executed.
            if address == self.last.get(cpu):
                continue
            self.last[cpu] = address
            if address in self.starts:
                if cpu in self.ways:
                    self.counts[tuple(self.ways[cpu])] += 1
                self.ways[cpu] = []
            if cpu in self.ways:
                self.ways[cpu].append(address)


def trace(host, image, bootargs, vcpus):
    """The ways of a run."""
    ways = Ways(image)
    with tempfile.TemporaryDirectory() as scratch:
        fifo = os.path.join(scratch, "log")
        os.mkfifo(fifo)
        host.extra = ("-singlestep", "-d", "exec,nochain", "-dfilter",
                      f"{BASE:#x}+{image.size:#x}", "-D", fifo)
        reader = threading.Thread(target=ways.read, args=(fifo,), daemon=True)
        reader.start()
        systems.socle(host, [micro.guest(
            host.build, vcpus=vcpus, bootargs=bootargs, ram=GUEST_RAM,
            affinity=list(range(host.smp)) if host.smp > 1 else None)])
        reader.join()
    return ways.counts


def runs(image, way):
    """(function, instructions) in the order of execution."""
    found = []
    for address in way:
        name = image.function(address)
        if found and found[-1][0] == name:
            found[-1][1] += 1
        else:
            found.append([name, 1])
    return found


def print_way(image, way, times, text):
    print(f"\n{times} times, {len(way)} instructions")
    at = 0
    for name, count in runs(image, way):
        print(f"{count:>6}  {name}")
        for address in way[at:at + count] if text else ():
            print(f"            {address - BASE:6x}  "
                  f"{text.get(address, '?')}")
        at += count
    total = collections.Counter(image.function(a) for a in way)
    if len(total) > 1:
        print("  in all: " + ", ".join(
            f"{name} {count}" for name, count in total.most_common()))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure")
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    parser.add_argument("--gic", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=256)
    parser.add_argument("--ways", type=int, default=6, help="at most")
    parser.add_argument("--asm", action="store_true",
                        help="every instruction")
    parser.add_argument("--cross", default="aarch64-linux-gnu-")
    args = parser.parse_args()

    image = Image(args.build / "vmm.elf", args.cross)
    smp = 2 if "-cpu" in args.figure or "spin" in args.figure[4:] else 1
    smp = 1 if args.figure == "timer-spin" else smp
    name = TAKEN_WITH.get(args.figure, args.figure)
    host = systems.Host(args.build, gic=args.gic, smp=smp, limit=600)
    try:
        counts = trace(host, image, f"only={name} rounds={args.rounds}", 2)
    except qemu.Failure as failure:
        sys.exit(f"bench-trace: {failure}")
    text = image.instructions() if args.asm else None
    print(f"{args.figure}, GICv{args.gic}: {sum(counts.values())} traps, "
          f"{len(counts)} ways")
    # What is rare belongs to the guest's start and its printing.
    for number, (way, times) in enumerate(counts.most_common(args.ways)):
        if number == 0 or times >= args.rounds / 2:
            print_way(image, way, times, text)


if __name__ == "__main__":
    main()
