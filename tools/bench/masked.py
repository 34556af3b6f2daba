#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The longest the hypervisor keeps interrupts masked.

A guest with the largest number of VCPUs (tests/guest/<arch>/many.c) executes
instructions that concern all of them; a plugin in QEMU (tests/plugins/masked.c)
counts the hypervisor's instructions from where interrupts are masked to where
they are not. The image's configuration has SCHED_LATENCY.
"""

import argparse
import collections
import dataclasses
import pathlib
import re
import sys
import tempfile

import figures
import image as images
import options
import qemu
import systems

# Most functions shown of a masked section, and sections.
SHOWN = 12
LINE = re.compile(r"longest=(\d+) from=(0x[0-9a-f]+) until=(0x[0-9a-f]+) "
                  r"times=(\d+) way=(.*)")


@dataclasses.dataclass
class Section:
    """The longest of those that began at a place."""
    length: int
    begin: str
    end: str
    times: int			# how many there were
    functions: dict		# {function: instructions}, the largest first

    def __str__(self):
        return (f"{self.length} instructions from {self.begin} until "
                f"{self.end}, one of {self.times}: " +
                ", ".join(f"{name} {count}" for name, count in
                          list(self.functions.items())[:SHOWN]))


def where(image, address):
    """The function and the offset in it."""
    name = image.function(address)
    if name == "?":
        return hex(address)
    start = image.starts[image.names.index(name)] + images.BASE
    return f"{name}+{address - start:#x}"


def arguments(image, plugin, out):
    """QEMU's arguments that have the plugin write to `out`."""
    places = {"enabled": "latency_enabled", **qemu.PLACES.VECTORS}
    symbols = {fields[-1]: int(fields[0], 16) for fields in
               map(str.split, image.tool("nm").splitlines())}
    for name in places.values():
        if name not in symbols:
            raise qemu.Failure(f"the image has no {name}; SCHED_LATENCY is "
                               "off in its configuration")
    at = (f"{key}={symbols[name] + images.BASE:#x}"
          for key, name in places.items())
    return image.watched_by(plugin, out, *at)


def read(image, path):
    """The sections that the plugin saw, the longest first."""
    found = []
    for line in pathlib.Path(path).read_text("utf-8").splitlines():
        length, begin, end, times, way = LINE.fullmatch(line).groups()
        functions = collections.Counter()
        for block in filter(None, way.split(",")):
            address, count = block.split(":")
            functions[image.function(int(address, 16))] += int(count)
        found.append(Section(int(length), where(image, int(begin, 16)),
                             where(image, int(end, 16)), int(times),
                             dict(functions.most_common())))
    return sorted(found, key=lambda section: -section.length)


def measure(host, plugin):
    """The sections of a run."""
    image = images.Image(host.build / "vmm.elf", systems.CROSS)
    guest = systems.Guest(host.build / "guest" / "many.bin", "many",
                          memory=16, vcpus=figures.OWN.MANY[host.variant])
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(scratch) / "out"
        host = dataclasses.replace(host, extra=arguments(image, plugin, out))
        with qemu.Machine(host.command(
                True, "-kernel", str(host.build / "vmm.bin"),
                "-initrd", str(systems.bundle([guest], scratch))),
                host.limit) as machine:
            machine.expect(systems.POWERED_OFF.format(name=guest.name))
        return read(image, out)


def longest(host):
    """Of a trap from a guest, as the figure `masked-longest` is."""
    found = measure(host, host.build / "plugins" / "masked.so")
    tables = tuple(qemu.PLACES.VECTORS.values())
    traps = [section for section in found
             if section.begin.startswith(tables)]
    if not traps:
        raise qemu.Failure("no trap seen")
    return traps[0].length


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    options.add_variant(parser)
    args = parser.parse_args()
    host = systems.Host(args.build, variant=args.variant, limit=240)
    try:
        found = measure(host, args.build / "plugins" / "masked.so")
    except qemu.Failure as failure:
        sys.exit(f"bench-masked: {failure}")
    for section in found[:SHOWN]:
        print(section)


if __name__ == "__main__":
    main()
