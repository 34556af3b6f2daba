#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How late a real-time Linux guest wakes up beside neighbours.

cyclictest in Debian's PREEMPT_RT kernel: a thread that sleeps until each
millisecond, and how long after it runs. Natively, under Socle alone, and beside
two Linux guests that run stress-ng and four that flood interrupts, firmware, devices
and timers: with the isolation that an engineer would choose, and without.
One nanosecond an instruction (-icount). --svg draws the picture of
docs/design/measuring.md.
"""

import argparse
import dataclasses
import json
import pathlib
import re
import sys
import tempfile

import figures
import qemu
import systems

MEMORY = 256			# MiB of each Linux guest
HOST_MEMORY = "2G"
BOOTARGS = f"console={qemu.MACHINE.GUEST_CONSOLE} nokaslr"
STORMS = figures.OWN.STORMS
STORM_VCPUS = 4
LINUX = ("linux0", "linux1")
# Milliseconds in which the neighbours' Linux boots, before the storms begin.
BOOT = 3500
# Milliseconds in which the measured one boots: with priority, so that it is ready
# before long. Then it waits until its priority is changed (rt-profile).
READY = 1500
STRESSED = r"dispatching hogs"
FAILED = re.compile(r"^bench failed.*$", re.M)
SUMMARY = re.compile(r"^# (Min|Avg|Max) Latencies: (\d+)\s*$", re.M)
BEYOND = re.compile(r"^# Histogram Overflows: (\d+)\s*$", re.M)
TOTAL = re.compile(r"^# Total: (\d+)\s*$", re.M)
BIN = re.compile(r"^latency (\d+) (\d+)\s*$", re.M)
TOP = 50000			# ns: what the histogram holds
NO_LESS = 1000000		# cyclictest's least, if none was less


@dataclasses.dataclass(frozen=True)
class Setting:
    """One row."""
    name: str
    meaning: str
    after: str = ""		# a command, when the guest has booted
    neighbours: bool = True


SETTINGS = (
    Setting("native", "native, alone", neighbours=False),
    Setting("alone", "Socle, alone", neighbours=False),
    Setting("kept", "neighbours, higher priority"),
    Setting("lost", "neighbours, the same priority",
            after="vcpu set rt priority=3"),
)


@dataclasses.dataclass
class Result:
    """Nanoseconds; bins: {from: how many}; beyond: how many of TOP and more."""
    low: int
    mean: int
    high: int
    bins: dict
    beyond: int


def parse(text):
    """What the guest printed."""
    failed = FAILED.search(text)
    summary = {name: int(ns) for name, ns in SUMMARY.findall(text)}
    if failed or len(summary) < 3:
        raise qemu.Failure(f"no latencies\n{text[-3000:]}")
    bins = {int(at): int(n) for at, n in BIN.findall(text)}
    if sum(bins.values()) != int(TOTAL.search(text)[1]):
        raise qemu.Failure(f"wake-ups are missing\n{text[-3000:]}")
    return Result(summary["Min"], summary["Avg"], summary["Max"], bins,
                  int(BEYOND.search(text)[1]))


class Bench:
    """The runs."""

    def __init__(self, args):
        self.args = args

    def measured(self):
        return systems.Guest(
            self.args.kernel, "rt", self.args.initrd,
            f"{BOOTARGS} latency={self.args.seconds}", MEMORY)

    def neighbours(self):
        for name in LINUX:
            yield systems.Guest(self.args.stress_kernel, name,
                                self.args.stress_initrd, f"{BOOTARGS} stress",
                                MEMORY)
        for storm in STORMS:
            yield systems.Guest(
                self.args.build / "guest/storm.bin", storm, memory=16,
                bootargs=f"storm={storm}", vcpus=STORM_VCPUS)

    def script(self, setting):
        lines = []
        if setting.neighbours:
            lines += [f"guest create /guests/{name}.dtb --start"
                      for name in LINUX]
            lines.append(f"sleep {BOOT}")
            lines += [f"guest create /guests/{name}.dtb --start"
                      for name in STORMS]
        lines += ["guest create /guests/rt.dtb", "vcpu set rt priority=7",
                  "guest start rt", f"sleep {READY}", setting.after]
        return "\n".join(filter(None, lines)) + "\n"

    def run(self, setting):
        host = systems.Host(self.args.build, memory=HOST_MEMORY,
                            limit=self.args.limit)
        guest = self.measured()
        if setting.name == "native":
            return parse(systems.native(host, [guest]))
        guests = [guest]
        if setting.neighbours:
            guests += self.neighbours()
        with tempfile.TemporaryDirectory() as scratch:
            packed = systems.bundle(guests, scratch, self.script(setting))
            arguments = host.command(
                True, "-kernel", str(host.build / "vmm.bin"),
                "-initrd", str(packed))
            with qemu.Machine(arguments, host.limit) as machine:
                machine.expect(systems.POWERED_OFF.format(name="rt") +
                               "|error: .*\n")
                machine.send("guest console rt\r")
                machine.expect(systems.DONE)
                found = parse(machine.text())
                for name in LINUX if setting.neighbours else ():
                    machine.send("\x1d")
                    machine.expect("socle> ")
                    machine.send(f"guest console {name}\r")
                    machine.expect(STRESSED)
                return found


# --- what is shown ------------------------------------------------------------

def us(ns):
    return f"{ns / 1000:,.1f}"


HEADS = ("microseconds until cyclictest runs", "least", "mean", "largest")


def table(found):
    for setting in SETTINGS:
        if setting.name in found:
            row = found[setting.name]
            least = ">= " * (row.low == NO_LESS) + us(row.low)
            yield setting.meaning, least, us(row.mean), us(row.high)


def show(found, markdown):
    rows = [HEADS, *table(found)]
    if markdown:
        rows.insert(1, ["---"] + ["---:"] * (len(HEADS) - 1))
        for cells in rows:
            print("| " + " | ".join(cells) + " |")
        return
    for first, *others in rows:
        print(f"{first:<50}" + "".join(f"{cell:>12}" for cell in others))
    for name, row in found.items():
        print(f"\n{name}: microseconds from, wake-ups")
        for at, count in sorted(row.bins.items()):
            print(f"{at / 1000:10.1f} {count:8}")
        if row.beyond:
            print(f"{TOP / 1000:10.1f} {row.beyond:8} and more")


# The picture: a histogram a setting, one below the other, on one axis whose
# steps double: from half a microsecond to what is beyond.

WIDTH, ROW, LEFT, RIGHT, HEAD, FOOT = 680, 86, 20, 20, 20, 34
FIRST, DOUBLINGS = 1000, 6		# ns of the first step
COLOURS = {"native": "#777777", "alone": "#2c5faa", "kept": "#2a9d57",
           "lost": "#c0392b"}


def classes(row):
    """Counts of [0, 1 us), [1, 1.4 us), ... by half doublings, and beyond."""
    counts = [0] * (2 * DOUBLINGS + 2)
    for at, count in row.bins.items():
        step = 0
        while step < 2 * DOUBLINGS and at >= FIRST * 2 ** (step / 2):
            step += 1
        counts[step] += count
    counts[-1] += row.beyond
    return counts


def svg(found):
    rows = [(s, found[s.name]) for s in SETTINGS if s.name in found]
    height = HEAD + ROW * len(rows) + FOOT
    wide = (WIDTH - LEFT - RIGHT) / (2 * DOUBLINGS + 2)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
             f'height="{height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{height}" fill="white"/>']
    for index, (setting, row) in enumerate(rows):
        counts = classes(row)
        floor = HEAD + ROW * (index + 1) - 8
        most = max(counts)
        colour = COLOURS[setting.name]
        parts.append(f'<text x="{LEFT}" y="{floor - ROW + 22}">'
                     f'{setting.meaning}: largest {us(row.high)} us</text>')
        for step, count in enumerate(counts):
            if count:
                # One of thousands is still seen.
                tall = max(2, (ROW - 36) * count / most)
                parts.append(
                    f'<rect x="{LEFT + wide * step + 1:.1f}" '
                    f'y="{floor - tall:.1f}" width="{wide - 2:.1f}" '
                    f'height="{tall:.1f}" fill="{colour}"/>')
        parts.append(f'<path d="M{LEFT} {floor}H{WIDTH - RIGHT}" '
                     'stroke="#333"/>')
    for step in range(0, 2 * DOUBLINGS + 1, 2):
        value = FIRST * 2 ** (step // 2) // 1000
        parts.append(f'<text x="{LEFT + wide * (step + 1):.1f}" '
                     f'y="{height - FOOT + 10}" text-anchor="middle">'
                     f'{value}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{height - 6}" '
                 'text-anchor="middle">microseconds until cyclictest runs'
                 '</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main():
    names = [setting.name for setting in SETTINGS]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    for name in "kernel", "initrd", "stress-kernel", "stress-initrd":
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--only", default=",".join(names),
                        help=f"of {','.join(names)}")
    parser.add_argument("--seconds", type=int, default=5,
                        help="of each run, in its own time")
    parser.add_argument("--limit", type=int, default=3600,
                        help="seconds of a run")
    parser.add_argument("--json", type=pathlib.Path, help="written there")
    parser.add_argument("--svg", type=pathlib.Path, help="the picture")
    parser.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    chosen = args.only.split(",")
    wrong = [name for name in chosen if name not in names]
    if wrong:
        parser.error(f"no {wrong[0]} among {', '.join(names)}")
    bench = Bench(args)
    found = {}
    try:
        for setting in SETTINGS:
            if setting.name in chosen:
                found[setting.name] = bench.run(setting)
    except qemu.Failure as failure:
        sys.exit(f"bench-rt: {failure}")
    if args.json:
        args.json.write_text(json.dumps(
            {"unit": "nanoseconds", **{name: dataclasses.asdict(row)
                                       for name, row in found.items()}},
            indent=1) + "\n", "utf-8")
    if args.svg:
        args.svg.write_text(svg(found), "utf-8")
    show(found, args.markdown)


if __name__ == "__main__":
    main()
