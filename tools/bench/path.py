#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the instructions go: the paths of a figure's traps through Socle.

The measuring guest runs only that figure. When it does, QEMU executes single
instructions and logs those of the hypervisor. A path begins at a vector for a
trap from the guest and ends before the next one; equal paths are counted. The
log goes through a pipe, because it would fill a disk. `power-on` is everything
before the guest's first instruction, by function.
"""

import argparse
import collections
import os
import pathlib
import sys
import tempfile
import threading

import figures
import image as images
import options
import qemu
import start
import systems

GUEST_RAM = qemu.PLACES.GUEST_RAM
ENDLESS = 1000000000			# rounds: QEMU is stopped before
# The first paths are those of a guest that starts, with cold caches.
SKIPPED = 16


class Ways:
    """Reads the log while it is written. `counts`: by CPU and addresses."""

    def __init__(self, vectors, wanted):
        self.vectors = vectors
        self.wanted = wanted
        self.counts = collections.Counter()
        self.seen = 0
        self.current = {}		# path of each CPU
        self.last = {}
        self.enough = threading.Event()

    def read(self, fifo):
        # Read to the end in any case: QEMU must not wait for us.
        for lines in images.log_lines(fifo):
            if not self.enough.is_set():
                self.add(lines)

    def add(self, lines):
        for found in images.ENTRY.finditer(lines):
            cpu, address = int(found.group(1)), int(found.group(2), 16)
            # Logged again if a timer stopped it before it was executed.
            if address == self.last.get(cpu):
                continue
            self.last[cpu] = address
            if address in self.vectors:
                self.complete(cpu)
                self.current[cpu] = []
            if cpu in self.current:
                self.current[cpu].append(address)

    def complete(self, cpu):
        way = (cpu, tuple(self.current.get(cpu, ())))
        self.seen += bool(way[1])
        if self.seen > SKIPPED:
            self.counts[way] += 1
            if self.counts[way] >= self.wanted:
                self.enough.set()

    def kind(self, way):
        return self.vectors[way[1][0]]


def guests(host, figure):
    """The guests: two for a switch between them, else one."""
    kernel = host.build / "bench" / "micro.bin"
    arguments = f"only={figure.argument} rounds={ENDLESS}"
    pinned = list(range(host.smp)) if host.smp > 1 else None
    names = ["micro", "other"] if figure.name == "switch" else ["micro"]
    return [systems.Guest(kernel, name, bootargs=arguments, ram=GUEST_RAM,
                          vcpus=2, affinity=pinned, devices=figure.devices) for name in names]


def trace(host, image, figure, wanted):
    """The paths of a run, once one of them has come often enough."""
    ways = Ways(image.vectors(), wanted)
    host.smp = figure.smp
    runners = guests(host, figure)
    with tempfile.TemporaryDirectory() as scratch:
        fifo = os.path.join(scratch, "log")
        monitor = os.path.join(scratch, "monitor")
        os.mkfifo(fifo)
        host.extra = ("-dfilter", image.filter(), "-D", fifo,
                      "-monitor", f"unix:{monitor},server=on,wait=off")
        reader = threading.Thread(target=ways.read, args=(fifo,), daemon=True)
        reader.start()
        arguments = host.command(
            True, "-kernel", str(host.build / "vmm.bin"),
            "-initrd", str(systems.bundle(runners, scratch)))
        with qemu.Machine(arguments, host.limit) as machine:
            for guest in runners:
                machine.expect(f"{guest.name}: started")
            machine.monitor(monitor, qemu.one_by_one().order,
                            "log exec,nochain")
            if not ways.enough.wait(host.limit * qemu.SLOWNESS):
                # Fewer than asked for, but some.
                ways.enough.set()
        reader.join()
    if not ways.counts:
        raise qemu.Failure(f"{figure.name}: no trap in {host.limit} s")
    return ways


def counted(host, image, figure):
    """The hypervisor's instructions of the most frequent path, for each CPU."""
    ways = trace(host, image, figure, figure.rounds)
    return sum(len(next(way for (on, way), _ in ways.counts.most_common()
                        if on == cpu)) for cpu in range(figure.smp))


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


def print_way(image, way, text):
    at = 0
    for name, count in runs(image, way):
        print(f"{count:>6}  {name}")
        for address in way[at:at + count] if text else ():
            print(f"            {address - images.BASE:6x}  "
                  f"{text.get(address, '?')}")
        at += count
    total = collections.Counter(image.function(a) for a in way)
    if len(total) > 1:
        print("  in all: " + ", ".join(
            f"{name} {count}" for name, count in total.most_common()))


def figure_named(name):
    """The figure, or the end of the program with the reason."""
    traced = [figure.name for figure in figures.FIGURES
              if figure.traps or figure.name == "power-on"]
    if name in traced:
        return figures.BY_NAME[name]
    why = "it takes no trap" if name in figures.BY_NAME else "there is none"
    sys.exit(f"bench-trace: {name}: {why}; figures that take one: "
             f"{', '.join(traced)}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("figure")
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    options.add_variant(parser)
    parser.add_argument("--rounds", type=int,
                        help="until a path has come so many times")
    parser.add_argument("--ways", type=int, default=6, help="at most")
    parser.add_argument("--functions", type=int, default=40,
                        help="at most, of power-on")
    parser.add_argument("--asm", action="store_true",
                        help="every instruction")
    args = parser.parse_args()

    figure = figure_named(args.figure)
    image = images.Image(args.build / "vmm.elf", systems.CROSS)
    host = systems.Host(args.build, variant=args.variant, limit=60)
    text = image.instructions() if args.asm else None
    try:
        if figure.name == "power-on":
            start.show(host, image, text, args.functions)
            return
        ways = trace(host, image, figure,
                     args.rounds or figure.rounds)
    except qemu.Failure as failure:
        sys.exit(f"bench-trace: {failure}")
    shown = ways.counts.most_common(args.ways)
    print(f"{figure.name} ({figure.meaning}), {args.variant}: "
          f"{sum(ways.counts.values())} traps, {len(ways.counts)} ways")
    for key, times in shown:
        # Rare paths do not belong to the figure.
        if times * 4 < shown[0][1]:
            break
        cpu, way = key
        print(f"\n{ways.kind(key)} at CPU {cpu}: {times} times, "
              f"{len(way)} instructions")
        print_way(image, way, text)


if __name__ == "__main__":
    main()
