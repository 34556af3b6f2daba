#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operation of a virtio device costs: instructions and exits.

A bare-metal guest (tests/bench/io) drives the rings and marks each operation, or
each batch of them; a plugin in QEMU (tests/plugins) counts what the hypervisor
executes in between, how often the guest is left, and the bytes that functions
which copy have stored for each byte moved. The figures are those of the most
frequent way, for one operation. --check compares with
tests/bench/<arch>/budget-io, --lower writes what has become less into it.
"""

import collections
import dataclasses
import pathlib
import sys
import tempfile

import budget
import image as images
import lines
import options
import path
import qemu
import systems

BUDGET = systems.TOP / "tests/bench" / qemu.ARCH / "budget-io"
RAM_DISK = "blockdev create ram ram 16M\nvdisk create disk ram"
HOST_DISK = "vdisk create disk vda"
# All by the switch's thread, none in the trap.
WORKER = "net switch create lan\nnet switch worker lan inline=0"


@dataclasses.dataclass
class Figure:
    """One series of the guest."""
    name: str
    devices: str			# devices in the guest's description
    moves: int			# bytes that an operation moves
    per: int = 1			# operations in a round
    script: str = ""			# commands before the guests are created
    other: str = None			# the program of a second guest
    extra: tuple = ()			# arguments for QEMU
    does: str = None			# the guest's name of it, if another
    cpus: int = 1			# the second guest has one of its own
    pairs: int = 1			# of guests, of which one is measured
    vcpu: str = ""			# properties of their VCPUs


DISK = 'disk0 { compatible = "virtio,block"; disk = "disk"; };'
NET = 'net0 { compatible = "virtio,net"; switch = "lan"; };'
RPMSG = 'rpmsg0 {{ compatible = "virtio,rpmsg"; domain = "d{pair}"; }};'
# One that does not give up its CPU when it waits.
ALONE = "native-wfi;"


def rpmsg(name, does="rpmsg-ping-pong", **more):
    """A message there and back; the other guest answers as this one asks."""
    return Figure(name, RPMSG, 2 * (16 + 64), does=does,
                  other=does.replace("ping-pong", "echo"), **more)


CONSOLE = 'console0 { compatible = "virtio,console"; };'
FIGURES = (
    Figure("block-read-4k", DISK, 4096, script=RAM_DISK),
    Figure("block-read-4k-batch", DISK, 4096, 8, script=RAM_DISK),
    Figure("block-read-4k-worker", DISK, 4096, does="block-read-4k",
           script=RAM_DISK + "\nvdisk worker disk inline=0"),
    Figure("block-read-4k-batch-worker", DISK, 4096, 8,
           does="block-read-4k-batch",
           script=RAM_DISK + "\nvdisk worker disk inline=0"),
    Figure("block-read-128k", DISK, 128 << 10, script=HOST_DISK,
           extra=systems.NULL_DISK),
    Figure("block-read-128k-nvme", DISK, 128 << 10, does="block-read-128k",
           script="vdisk create disk nvme0n1", extra=systems.null_disk(
               "nvme,serial=null,drive=null")),
    Figure("block-read-128k-sdhci", DISK, 128 << 10, does="block-read-128k",
           script="vdisk create disk mmc0", extra=systems.null_disk(
               "sdhci-pci", "sd-card,drive=null")),
    Figure("net-packet", NET, 1514, other="net-sink"),
    Figure("net-packet-batch", NET, 1514, 32, other="net-sink"),
    Figure("net-packet-worker", NET, 1514, script=WORKER, other="net-sink",
           does="net-packet"),
    Figure("net-packet-batch-worker", NET, 1514, 32, script=WORKER,
           other="net-sink", does="net-packet-batch"),
    Figure("net-ping-pong", NET, 2 * 64, other="net-echo"),
    rpmsg("rpmsg-ping-pong"),
    rpmsg("rpmsg-ping-pong-flags", "rpmsg-ping-pong-flags"),
    rpmsg("rpmsg-ping-pong-cpu", cpus=2, vcpu=ALONE),
    rpmsg("rpmsg-ping-pong-flags-cpu", "rpmsg-ping-pong-flags", cpus=2,
          vcpu=ALONE),
    rpmsg("rpmsg-ping-pong-poll-cpu", "rpmsg-ping-pong-poll", cpus=2),
    rpmsg("rpmsg-pairs-2", pairs=2, per=2),
    rpmsg("rpmsg-pairs-4", pairs=4, per=4),
    rpmsg("rpmsg-pairs-8", pairs=8, per=8),
    Figure("console-1", CONSOLE, 1),
    Figure("console-64", CONSOLE, 64),
)
COLUMNS = ("instructions", "excursions", "dlines", "barriers")


def guest(build, name, does, figure, cpu=0, pair=0):
    return systems.Guest(build / "bench" / "io.bin", name,
                         devices=figure.devices.format(pair=pair)
                         if "{pair}" in figure.devices else figure.devices,
                         ram=path.GUEST_RAM, bootargs=f"only={does}",
                         memory=16 if figure.pairs > 1 else 64,
                         affinity=[cpu], cpus=figure.vcpu)


def guests_of(figure, build):
    """The measured one is the last. Other pairs do the same without end, so that
    in each of its rounds all of them have one."""
    does = figure.does or figure.name
    for pair in range(1, figure.pairs):
        yield guest(build, f"other{pair}", figure.other, figure, pair=pair)
        yield guest(build, f"load{pair}", does.replace("ping-pong", "load"),
                    figure, pair=pair)
    if figure.other:
        yield guest(build, "other", figure.other, figure, figure.cpus - 1)
    yield guest(build, "io", does, figure)


def run(host, guests, script):
    """Wait until the last guest has finished. Returns its console."""
    commands = [script] if script else []
    commands += [f"guest create /guests/{one.name}.dtb --start"
                 for one in guests]
    with tempfile.TemporaryDirectory() as scratch:
        packed = systems.bundle(guests, scratch, "\n".join(commands) + "\n")
        arguments = host.command(
            True, "-kernel", str(host.build / "vmm.bin"), "-initrd",
            str(packed))
        with qemu.Machine(arguments, host.limit) as machine:
            machine.expect(systems.POWERED_OFF.format(name=guests[-1].name) +
                           "|error: .*\n")
            machine.send(f"guest console {guests[-1].name}\r")
            machine.expect(r"bench (done|failed[^\n]*)\r*\n")
            return machine.text()


def watched(host, plugin, figure):
    """The guest's console and the plugin's lines, of one run."""
    image = images.Image(host.build / "vmm.elf", systems.CROSS)
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(scratch) / "lines"
        copies = [f"copy={start:#x}-{end:#x}"
                  for start, end in image.copies()]
        here = dataclasses.replace(host, smp=figure.cpus, extra=(
            *image.watched_by(plugin, out, *copies), *figure.extra))
        text = run(here, list(guests_of(figure, host.build)), figure.script)
        return text, out.read_text("ascii")


def measure_one(host, plugin, figure):
    """{column: number} for one operation."""
    text, said = watched(host, plugin, figure)
    found = lines.parse(text, said)
    name = figure.does or figure.name
    if name not in found:
        raise qemu.Failure(f"{name}: no rounds:\n{text[-2000:]}")
    row = found[name]
    return {column: row[column] / figure.per for column in COLUMNS} | {
        "copied": row["copied"] / figure.per / figure.moves,
        "usual": row["usual"], "rounds": row["rounds"]}


def chosen(only):
    """The figures in a comma-separated list; without a list, all."""
    return [figure for figure in FIGURES
            if not only or figure.name in only.split(",")]


def measure(host, plugin, variants, only):
    return {variant: {figure.name: measure_one(
        dataclasses.replace(host, variant=variant), plugin, figure)
        for figure in chosen(only)} for variant in variants}


def print_functions(host, plugin, figure):
    """Print the functions that an operation's instructions are in."""
    image = images.Image(host.build / "vmm.elf", systems.CROSS)
    head, *counts = watched(host, plugin, figure)[1].split(None, 1)[1].split()
    rounds = int(head.split("=")[1]) * figure.per
    total = collections.Counter()
    for address, count in (pair.split("=") for pair in counts):
        total[image.function(int(address, 16))] += int(count)
    print(f"\n{figure.name}, {host.variant}: instructions of an operation")
    for name, count in total.most_common():
        print(f"{count / rounds:>10.1f}  {name}")


def values(row):
    """Budgets are whole numbers: instructions, hundredths of exits, and of
    bytes copied for each that is moved."""
    return [round(row["instructions"]), round(row["excursions"] * 100),
            round(row["copied"] * 100)]


def check(budgets, found, reference, compiler):
    """(good, text) for each figure and machine."""
    rows = {lines.key(name, variant): row for variant, named in found.items()
            for name, row in named.items()}
    for name in sorted({*rows, *budgets}):
        if name not in budgets or name not in rows:
            why = "not measured" if name in budgets else "has no budget"
            yield False, f"I/O {name}: {why}"
            continue
        instructions, exits, copied = values(rows[name])
        most, most_exits, most_copied = budgets[name]
        if not reference.made(compiler):
            most = most * (100 + reference.percent) // 100
        good = (instructions <= most and exits <= most_exits and
                copied <= most_copied)
        yield good, (f"I/O {name}: {instructions} instructions of {most}, "
                     f"{exits / 100:g} exits of {most_exits / 100:g}, "
                     f"{copied / 100:g} bytes copied of "
                     f"{most_copied / 100:g}")


def print_table(found):
    for variant, rows in found.items():
        print(f"\n{variant:<22}{'insns':>10}{'exits':>8}{'D-lines':>9}"
              f"{'barriers':>10}{'copied':>8}{'usual of':>10}")
        for name, row in rows.items():
            print(f"{name:<22}{row['instructions']:>10.0f}"
                  f"{row['excursions']:>8.2f}{row['dlines']:>9.0f}"
                  f"{row['barriers']:>10.1f}{row['copied']:>8.2f}"
                  f"{row['usual']:>6}/"
                  f"{row['rounds']}")


def main():
    parser = options.parser(__doc__)
    options.add_variants(parser)
    parser.add_argument("--only", help="NAME,...")
    parser.add_argument("--functions", action="store_true", help="where the "
                        "instructions are; the plugin is where.so")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--lower", action="store_true")
    args = parser.parse_args()

    host = systems.Host(args.build)
    if args.functions:
        for variant in args.variants:
            for figure in chosen(args.only):
                print_functions(dataclasses.replace(host, variant=variant),
                                args.plugin.resolve(), figure)
        return 0
    head, budgets, reference = budget.read(BUDGET)
    compiler = images.compiler(args.build / "vmm.elf")
    if args.lower and not reference.made(compiler):
        sys.exit(f"bench: budgets are of {reference.compiler}; this image was "
                 f"made by {compiler}")
    try:
        found = measure(host, args.plugin.resolve(), args.variants,
                        args.only)
    except qemu.Failure as failure:
        sys.exit(f"bench: {failure}")
    options.save(args.json, found)
    if args.lower:
        for variant, rows in found.items():
            for name, row in rows.items():
                old = budgets.get(lines.key(name, variant), values(row))
                budgets[lines.key(name, variant)] = [
                    min(pair) for pair in zip(old, values(row))]
        budget.write(BUDGET, head, dict(sorted(budgets.items())), 8)
    if not args.check:
        print_table(found)
        return 0
    results = list(check(budgets, found, reference, compiler))
    for good, text in results:
        print("ok  " if good else "over", text)
    return not all(good for good, _ in results)


if __name__ == "__main__":
    sys.exit(main())
