# SPDX-License-Identifier: GPL-2.0-or-later
"""What is executed between power-on and a guest's first instruction."""

import collections
import dataclasses
import itertools
import os
import tempfile
import threading

import image as images
import qemu
import systems


class Start:
    """Reads the log: {address: times} until something comes from a guest."""

    def __init__(self, vectors):
        self.marks = [b"/%016x/" % at for at in vectors]
        self.counts = collections.Counter()
        self.over = False

    def read(self, fifo):
        # Read to the end in any case: QEMU must not wait for us.
        for lines in images.log_lines(fifo):
            if not self.over:
                self.add(lines)

    def add(self, lines):
        """Equal neighbours count once: a timer stopped the first."""
        ends = [at for at in map(lines.find, self.marks) if at >= 0]
        if ends:
            self.over = True
            lines = lines[:lines.rfind(b"\n", 0, min(ends)) + 1]
        self.counts.update(at for at, _ in itertools.groupby(
            int(at, 16) for _, at in images.ENTRY.findall(lines)))


def count(host, image):
    """{address: times} of the image's instructions."""
    start = Start(image.vectors())
    host = dataclasses.replace(host, limit=600)
    guest = systems.Guest(host.build / "bench" / "micro.bin", "micro",
                          bootargs="only=hypercall rounds=1", ram=qemu.PLACES.GUEST_RAM)
    with tempfile.TemporaryDirectory() as scratch:
        fifo = os.path.join(scratch, "log")
        os.mkfifo(fifo)
        host.extra = (*qemu.one_by_one().arguments, "-d", "exec,nochain",
                      "-dfilter", image.filter(), "-D", fifo)
        reader = threading.Thread(target=start.read, args=(fifo,), daemon=True)
        reader.start()
        systems.socle(host, [guest])
        reader.join()
    return start.counts


def show(host, image, text, most):
    """By function, and by address where `text` has the instructions."""
    functions = collections.defaultdict(dict)
    for address, times in count(host, image).items():
        functions[image.function(address)][address] = times
    totals = collections.Counter({name: sum(addresses.values()) for
                                  name, addresses in functions.items()})
    print(f"power-on, {host.variant}: {sum(totals.values())} instructions")
    for name, times in totals.most_common(most):
        print(f"{times:>9}  {name}")
        for address in sorted(functions[name]) if text else ():
            print(f"{functions[name][address]:>20}  "
                  f"{address - images.BASE:6x}  {text.get(address, '?')}")
