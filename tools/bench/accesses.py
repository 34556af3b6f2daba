#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which device registers Debian's Linux accesses on its way to a shell.

The guest's kernel and initrd boot without a hypervisor; QEMU traces every access
to a device. Accesses to devices that a guest of Socle also has, at the same
addresses, are counted: each would be a trap. The trace also has their order, from
which follows how often another device is accessed next.
"""

import argparse
import collections
import dataclasses
import pathlib
import re
import sys
import tempfile

import options
import qemu
import systems

ACCESS = re.compile(r"memory_region_ops_(read|write) cpu (\d+) mr \S+ "
                    r"addr (0x[0-9a-f]+) value (0x[0-9a-f]+) size (\d+)")
SHELL = "login shell on"
OWN = qemu.arch.bench("registers")


def device(address):
    """(name, offset), or None for a device that Socle's guests do not have."""
    for base, size, name in OWN.DEVICES:
        if base <= address < base + size:
            return name, address - base
    return None


@dataclasses.dataclass
class Seen:
    """The accesses of a boot."""
    accesses: collections.Counter = dataclasses.field(
        default_factory=collections.Counter)	# (register, size, kind)
    devices: collections.Counter = dataclasses.field(
        default_factory=collections.Counter)	# (device, size)
    other: int = 0			# follow an access to another device
    third: int = 0			# .. and the device is not the one before that
    elsewhere: int = 0			# devices that Socle's guests lack
    through: int = 0			# devices whose accesses are not trapped

    def add(self, lines):
        """Count up to the shell's greeting; QEMU is stopped some time later."""
        recent, said = [], ""
        for found in map(ACCESS.match, lines):
            if not found:
                continue
            address, value, size = (int(found.group(n), 0)
                                    for n in (3, 4, 5))
            place = device(address)
            if not place:
                inside = any(0 <= address - base < size
                             for base, size, _ in OWN.UNTRAPPED)
                self.through += inside
                self.elsewhere += not inside
                continue
            name, offset = place
            self.accesses[OWN.register(name, offset), size,
                          found.group(1)] += 1
            self.devices[name, size] += 1
            if recent and recent[0] != name:
                self.other += 1
                self.third += name not in recent[:2]
            recent = [name, *(n for n in recent if n != name)]
            if (place, found.group(1)) == (OWN.CONSOLE, "write"):
                said = (said + chr(value & 0xff))[-len(SHELL):]
                if said == SHELL:
                    return

    @property
    def total(self):
        return sum(self.accesses.values())


def boot(host, kernel, initrd):
    """Debian's kernel to its shell, traced."""
    seen = Seen()
    with tempfile.TemporaryDirectory() as scratch:
        log = pathlib.Path(scratch) / "log"
        tree = systems.host_tree(host, False, systems.SEED,
                                 pathlib.Path(scratch))
        # Reproducible: the same seed, and a clock that counts instructions.
        arguments = host.command(
            False, "-kernel", str(kernel), "-initrd", str(initrd),
            "-append", f"console={qemu.MACHINE.GUEST_CONSOLE} nokaslr", "-dtb", str(tree),
            "-rtc", "base=2026-01-01,clock=vm", "-D", str(log),
            "-trace", "memory_region_ops_read",
            "-trace", "memory_region_ops_write")
        with qemu.Machine(arguments, host.limit) as machine:
            machine.expect(SHELL)
        with log.open(encoding="utf-8", errors="replace") as lines:
            seen.add(lines)
    if not seen.total:
        raise qemu.Failure("QEMU traced nothing: it was built without "
                           "`-trace` to its log")
    return seen


def show(seen, variant, most):
    print(f"{variant}: {seen.total} accesses to the devices of a guest's "
          f"machine; {seen.through} to those that do not trap "
          f"({', '.join(name for _, _, name in OWN.UNTRAPPED)}); "
          f"{seen.elsewhere} to what guests do not have\n")
    print("| register | | bits | times | part |\n|---|---|---:|---:|---:|")
    for (name, size, kind), times in seen.accesses.most_common(most):
        print(f"| {name} | {kind} | {8 * size} | {times} | "
              f"{times / seen.total:.1%} |")
    sizes = ", ".join(f"{name} {8 * size} bits {times}" for (name, size), times
                      in seen.devices.most_common())
    print(f"\nBy device: {sizes}.\nAfter another device: {seen.other}, of "
          f"which {seen.third} are a third one's.\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    parser.add_argument("--kernel", required=True, type=pathlib.Path)
    parser.add_argument("--initrd", required=True, type=pathlib.Path)
    parser.add_argument("--variant", dest="variants", type=options.variants,
                        default=list(qemu.VARIANTS))
    parser.add_argument("--most", type=int, default=10,
                        help="registers of each table")
    args = parser.parse_args()
    for variant in args.variants:
        host = systems.Host(args.build, variant=variant, memory="256M")
        try:
            show(boot(host, args.kernel, args.initrd), variant,
                 args.most)
        except qemu.Failure as failure:
            sys.exit(f"bench-accesses: {failure}")


if __name__ == "__main__":
    main()
