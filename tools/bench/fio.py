#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a request costs a Linux guest in all: fio on disks, iperf3 over TCP.

The instructions of its system, its programs and the hypervisor together, for one
request or one byte, natively, under Socle and under Xen, with Xen's dom0; and
which part of theirs the native ones are. A plugin in QEMU counts
(tests/plugins/count.c). Each work is done in two amounts: what counts is the
difference.
"""

import argparse
import dataclasses
import pathlib
import re
import sys
import tempfile

import image as images
import lines
import options
import qemu
import systems

MEMORY = 512			# MiB of a guest
HOST_MEMORY = "2G"
BOOTARGS = f"console={qemu.MACHINE.GUEST_CONSOLE} nokaslr"
# Xen's dom0 has all files of its guests in memory.
DOM0_MEMORY = 1024			# MiB
XEN_HOST_MEMORY = "3G"
SERVER = "192.168.77.11"		# linux1, by tools/material/network
BYTES = 1 << 20
AMOUNT = re.compile(r"(.+)-(\d+)$")
# The measured shell says it (tests/bench/linux/fio-profile).
FAILED = re.compile(r"^bench failed.*$", re.M)
# The guest's disks by what is below them: the one that native has itself, and a RAM
# disk of Socle's or of Xen's dom0. Native's is the same for both.
DISKS = {"socle": {"host": "vda", "ram": "vdb"},
         "xen": {"host": "xvda", "ram": "xvdb"}}
SETUP = """\
vdisk create host vda
blockdev create ram ram 64M
vdisk create ram ram
net switch create lan
"""
DISK_NODES = """
		disk0 { compatible = "virtio,block"; disk = "host"; };
		disk1 { compatible = "virtio,block"; disk = "ram"; };
	"""
NET_NODE = 'net0 { compatible = "virtio,net"; switch = "lan"; };'


@dataclasses.dataclass(frozen=True)
class Work:
    """One row: a name, what it is, and the least parts of native in per cent."""
    name: str
    meaning: str
    host: int = None			# on the host's virtio-blk
    ram: int = None			# on a RAM disk


WORKS = (
    Work("read-4k-1", "4 KiB read, depth 1", 82),
    Work("read-4k-32", "4 KiB read, depth 32", 92),
    Work("write-4k-32", "4 KiB written, depth 32", 88),
    Work("read-128k-8", "128 KiB read, depth 8", 88, 70),
    Work("write-128k-8", "128 KiB written, depth 8", 88, 65),
)
TCP_GOAL = 45


class Bench:
    """The runs, each watched by the plugin."""

    def __init__(self, args):
        self.args = args
        self.image = images.Image(args.build / "vmm.elf", systems.CROSS)

    def host(self, variant, out, extra, xen=False):
        plugin = self.args.plugin.resolve()
        if xen:
            watch = images.watched(qemu.PLACES.XEN, qemu.PLACES.XEN_SIZE,
                                   plugin, out, "idle=on")
        else:
            watch = self.image.watched_by(plugin, out, "idle=on")
        return systems.Host(self.args.build, variant, xen=self.args.xen,
                            memory=XEN_HOST_MEMORY if xen else HOST_MEMORY,
                            limit=self.args.limit, extra=(*watch, *extra))

    def guest(self, name, does, devices=""):
        return systems.Guest(self.args.kernel, name, self.args.initrd,
                             f"{BOOTARGS} hostname={name} {does}", MEMORY,
                             devices=devices)

    def watched(self, variant, run, extra=(), xen=False):
        """{series: what the plugin counted} of one run."""
        with tempfile.TemporaryDirectory() as scratch:
            out = pathlib.Path(scratch) / "counts"
            text = run(self.host(variant, out, extra, xen))
            failed = FAILED.search(text)
            if failed:
                raise qemu.Failure(f"{failed.group()}\n{text[-3000:]}")
            return lines.parse(text, out.read_text("ascii"))

    def native(self, variant, does, extra=()):
        guest = self.guest("linux0", does)
        return self.watched(variant, lambda host: systems.native(host, [guest]),
                            extra)

    def socle(self, variant, guests, script, extra=()):
        return self.watched(variant, lambda host: socle(host, guests, script),
                            extra)

    def xen(self, variant, works, extra=()):
        """Works: (name of a domain, what it does), the last one measures."""
        dom0 = systems.Guest(self.args.kernel, "dom0", self.args.xen_initrd,
                             dom0_line(works), DOM0_MEMORY)
        return self.watched(variant, lambda host: systems.xen_dom0(host, dom0),
                            extra, True)

    def disks(self, variant):
        """{system: {disk-work: of one request}}"""
        extra = systems.NULL_DISK
        found = {"native": self.native(variant, "disks=vda", extra)}
        for name in self.args.systems:
            does = "disks=" + ",".join(DISKS[name].values())
            if name == "socle":
                guest = self.guest("linux0", does, DISK_NODES)
                found[name] = self.socle(variant, [guest], SETUP, extra)
            else:
                found[name] = self.xen(variant, [("linux0", does)], extra)
        return {name: per_one(counted) for name, counted in found.items()}

    def tcp(self, variant):
        """{system: {"tcp": of one byte}}"""
        works = [("linux1", "tcp=server"), ("linux0", f"tcp={SERVER}")]
        found = {"native": self.native(variant, "tcp=127.0.0.1")}
        for name in self.args.systems:
            if name == "socle":
                guests = [self.guest(*work, NET_NODE) for work in works]
                found[name] = self.socle(variant, guests,
                                         "net switch create lan")
            else:
                found[name] = self.xen(variant, works)
        return {name: per_one(counted, BYTES)
                for name, counted in found.items()}


def dom0_line(works):
    """The command line of Xen's dom0, for tests/bench/linux/xen/profile."""
    line = f"console=hvc0 nokaslr memory={MEMORY}"
    for name, does in works:
        if set(f"{name}{does}") & set(' \t\n"'):
            raise ValueError(f"{name}: a word without blanks and quotes, not "
                             f"{does!r}")
        line += f" guest={name}:{does}"
    return line


def socle(host, guests, script):
    """Until the last guest is off. Its console."""
    commands = [script.strip()] + [
        f"guest create /guests/{guest.name}.dtb --start" for guest in guests]
    last = guests[-1].name
    with tempfile.TemporaryDirectory() as scratch:
        packed = systems.bundle(guests, scratch, "\n".join(commands) + "\n")
        arguments = host.command(True, "-kernel", str(host.build / "vmm.bin"),
                                 "-initrd", str(packed))
        with qemu.Machine(arguments, host.limit) as machine:
            machine.expect(systems.POWERED_OFF.format(name=last) +
                           "|error: .*\n")
            machine.send(f"guest console {last}\r")
            machine.expect(systems.DONE)
            return machine.text()


def per_one(counted, unit=1):
    """{work: {column: of one request, or one unit of bytes}}"""
    amounts = {}
    for name, row in counted.items():
        work, amount = AMOUNT.match(name).groups()
        amounts.setdefault(work, {})[int(amount)] = row
    found = {}
    for work, rows in amounts.items():
        less, more = min(rows), max(rows)
        found[work] = {
            column: (rows[more][column] - rows[less][column]) /
            (more - less) / unit
            for column in ("guest", "instructions", "excursions")}
    return found


def total(row):
    return row["guest"] + row["instructions"]


def row_of(native, others, goal):
    """What is in one row of the table; others: {system: counted}."""
    row = {"native": total(native), "goal": goal}
    for name, counted in others.items():
        row[name] = {"all": total(counted),
                     "hypervisor": counted["instructions"],
                     "exits": counted["excursions"],
                     "part": total(native) / total(counted)}
    return row


def disk_rows(found):
    """{name: row} of {system: {disk-work: counted}}"""
    rows = {}
    for kind in ("host", "ram"):
        for work in WORKS:
            others = {name: found[name][f"{DISKS[name][kind]}-{work.name}"]
                      for name in found if name != "native"}
            rows[f"{kind}-{work.name}"] = row_of(
                found["native"][f"vda-{work.name}"], others,
                getattr(work, kind))
    return rows


def measure(bench, variant, only):
    """{name: row} for one interrupt controller."""
    rows = {}
    if only in (None, "disks"):
        rows.update(disk_rows(bench.disks(variant)))
    if only in (None, "tcp"):
        found = {name: counted["tcp"]
                 for name, counted in bench.tcp(variant).items()}
        rows["tcp"] = row_of(found.pop("native"), found, TCP_GOAL)
    return rows


def meaning(name):
    kind, _, work = name.partition("-")
    for one in WORKS:
        if one.name == work:
            below = "host virtio-blk" if kind == "host" else "RAM disk"
            return f"{one.meaning}, {below}"
    return "a byte over TCP, guest to guest against loopback"


TITLES = {"socle": "Socle", "xen": "Xen"}


def heads(names):
    yield from ("", "native")
    for name in names:
        yield from (TITLES[name], "hypervisor", "exits", "part")
    yield "goal"


def cells(name, row, names):
    """As text: what, native, then all, the hypervisor's, exits and the native part
    of each system, and the goal, which is Socle's."""
    digits = 2 if name == "tcp" else 0
    goal = row["goal"]
    found = [meaning(name), f"{row['native']:.{digits}f}"]
    for system in names:
        one = row[system]
        missed = system == "socle" and goal and one["part"] * 100 < goal
        found += [f"{one['all']:.{digits}f}", f"{one['hypervisor']:.{digits}f}",
                  f"{one['exits']:.{4 if name == 'tcp' else 2}f}",
                  f"{one['part'] * 100:.0f} %{'*' if missed else ''}"]
    return [*found, f">= {goal} %" if goal else ""]


def show(found, names, markdown):
    titles = list(heads(names))[1:]
    for variant, rows in found.items():
        if markdown:
            print(f"\n| {variant} | {' | '.join(titles)} |")
            print("| --- |" + " ---: |" * len(titles))
            for name, row in rows.items():
                print("| " + " | ".join(cells(name, row, names)) + " |")
            continue
        print(f"\n{variant:<50}" +
              "".join(f"{title:>12}" for title in titles))
        for name, row in rows.items():
            first, *others = cells(name, row, names)
            print(f"{first:<50}" + "".join(f"{c:>12}" for c in others))


def systems_list(text):
    """Of the command line: those that are compared with native."""
    names = [name for name in text.split(",") if name != "native"]
    for name in names:
        if name not in TITLES:
            raise argparse.ArgumentTypeError(
                f"no system {name!r}: native, {', '.join(TITLES)}")
    return names


def main():
    parser = options.parser(__doc__)
    options.add_variants(parser)
    parser.add_argument("--kernel", type=pathlib.Path, required=True)
    parser.add_argument("--initrd", type=pathlib.Path, required=True)
    parser.add_argument("--systems", type=systems_list, metavar="SYSTEM,...",
                        default=list(TITLES), help="compared with native: "
                        f"{', '.join(TITLES)}")
    parser.add_argument("--xen", type=pathlib.Path, help="Xen's image")
    parser.add_argument("--xen-initrd", type=pathlib.Path,
                        help="what its dom0 starts from")
    parser.add_argument("--only", choices=("disks", "tcp"))
    parser.add_argument("--limit", type=int, default=900, help="seconds of a "
                        "run")
    parser.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    if "xen" in args.systems and not (args.xen and args.xen_initrd):
        parser.error("Xen wants --xen and --xen-initrd; or --systems socle")
    bench = Bench(args)
    try:
        found = {variant: measure(bench, variant, args.only)
                 for variant in args.variants}
    except qemu.Failure as failure:
        sys.exit(f"bench-fio: {failure}")
    options.save(args.json, found)
    show(found, args.systems, args.markdown)


if __name__ == "__main__":
    main()
