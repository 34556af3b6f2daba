#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes README.md's tables of costs from the last run of each bench.

They stand between two comments, `bench` and `end of bench`. Our figures come
from bench.json, bench-linux.json, bench-size.json, bench-lines.json and
bench-io.json in the build folder. The titles of rows, and what Bao, Xvisor and KVM
were measured to cost earlier, are in tests/bench/<arch>/quoted.py.
"""

import argparse
import json
import pathlib
import sys

import figures
import image as images
import qemu
import size
import systems

README = systems.TOP / "README.md"
QUOTED = qemu.arch.bench("quoted")
# As cells have them: "a / b".
MACHINES = " / ".join(qemu.VARIANTS)
BEGIN, END = "<!-- bench: make bench-readme -->", "<!-- end of bench -->"

TITLES = {"excursions": "traps and interrupts", "instructions": "instructions",
          "ilines": "lines fetched", "dlines": "lines of data",
          "device": "device accesses", "barriers": "barriers",
          "writes": "register writes", "reads": "register reads",
          "tlb": "TLB operations"}
MS = 1000000


def both(values, goal=None):
    """One cell for all machines: "a" or "a / b"."""
    cells = [text + ("*" if goal is not None and value is not None
                     and value > goal else "") for text, value in values]
    if not any(cells):
        return ""
    if len(set(cells)) == 1:
        return cells[0]
    return " / ".join(cell or "-" for cell in cells)


def trap_rows(bench):
    for name, (title, bao, xvisor, kvm) in QUOTED.TRAPS.items():
        figure = figures.BY_NAME[name]
        started = name in figures.STARTS
        unit, digits = (MS, 1) if started else (1, 0)
        goal = figure.goal and figure.goal * figure.unit / unit

        def cell(system, goal=None, name=name, unit=unit, digits=digits):
            means = [bench[variant].get(system, {}).get(name, {}).get("mean")
                     for variant in qemu.VARIANTS]
            return both([("", None) if mean is None else
                         (f"{mean / unit:.{digits}f}",
                          round(mean / unit, digits)) for mean in means],
                        goal)

        native = "" if started else cell("native")
        yield [title, native, cell("socle", goal), cell("xen"), bao, xvisor,
               kvm, "" if goal is None else f"<= {goal:.0f}"]


def linux_row(linux):
    def cell(system, goal=None):
        return both([(f"{row[system]['boot'] / 1e9:.2f} s",
                      row[system]["boot"] / row["native"]["boot"])
                     for row in rows], goal)

    rows = [linux[variant] for variant in qemu.VARIANTS]
    ratio = max(row["socle"]["boot"] / row["native"]["boot"] for row in rows)
    return ["Debian cloud kernel to shell, 1 VCPU", cell("native"),
            cell("socle", 1.02) + f" ({ratio:.3f} x native)", cell("xen"), "",
            QUOTED.LINUX, "", "<= 1.02 x native"]


def size_rows(sizes):
    def row(title, value, name, unit):
        goal, quoted = size.GOALS[name], QUOTED.SIZES.get(name, ("", "", ""))
        mark = "*" if value > goal else ""
        return [title, "", f"{value / 1024:.0f} {unit}{mark}", *quoted, "",
                f"<= {goal / 1024:.0f} {unit}"]

    memory, images = sizes["memory"], sizes["bytes"]
    yield row("hypervisor memory, 1 GiB host, no guest",
              memory["1 GiB host, no guest"], "1 GiB host, no guest", "KiB")
    yield row("memory per further guest (2 VCPUs, 256 MiB)",
              memory["a further guest"], "a further guest", "KiB")
    for title, name in (("vmm.bin", "vmm.bin"),
                        ("vmm.bin, minimal", "vmm.bin, minimal"),
                        ("... as vmm.bin.gz", "vmm.bin.gz, minimal")):
        yield row(title, images[name], name, "KiB")


def touched(found):
    """The second table's lines."""
    rows = [[f"in the hypervisor, {MACHINES}", *TITLES.values()],
            ["---"] + ["---:"] * len(TITLES)]
    for name, title in QUOTED.TOUCHED.items():
        rows.append([title] + [
            both([(str(found[variant][name][column]), None)
                  for variant in qemu.VARIANTS])
            for column in TITLES])
    return ["| " + " | ".join(cells) + " |" for cells in rows]


def operations(found):
    """The third table's lines."""
    rows = [[f"instructions (exits), {MACHINES}", "Socle", "Xvisor",
             "KVM, kvmtool", "goal"], ["---"] + ["---:"] * 4]
    for name, (title, *others) in QUOTED.OPERATIONS.items():
        cells = [f"{round(row['instructions']):,} ({row['excursions']:.3g})"
                 for row in (found[variant][name]
                             for variant in qemu.VARIANTS)]
        rows.append([title, " / ".join(cells), *others])
    return ["| " + " | ".join(cells) + " |" for cells in rows]


def table(build):
    """The tables' lines."""
    def load(name):
        path = build / name
        if not path.exists():
            sys.exit(f"bench-readme: {path} is missing; make bench, "
                     "bench-linux, bench-size, bench-lines and bench-io write "
                     "them")
        return json.loads(path.read_text("utf-8"))

    rows = [["", "native", "Socle", "Xen 4.17", "Bao", "Xvisor", "KVM",
             "goal"], ["---"] + ["---:"] * 7]
    rows += trap_rows(load("bench.json"))
    rows.append(linux_row(load("bench-linux.json")))
    rows += size_rows(load("bench-size.json"))
    made = images.compiler(build / "vmm.elf")
    return [f"Socle's image is {made}'s.", "",
            *("| " + " | ".join(cells) + " |" for cells in rows), "",
            "What the same touch, of 64-byte cache lines and of what takes a "
            "core longer than an instruction (`make bench-lines`):", "",
            *touched(load("bench-lines.json")), "",
            "What an operation of a virtio device costs, the guest's own "
            "instructions left out (`make bench-io`):", "",
            *operations(load("bench-io.json"))]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    args = parser.parse_args()
    text = README.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN + "\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"bench-readme: {README} lacks {BEGIN} or {END}")
    README.write_text(before + begin + "\n".join(
        ["", *table(args.build), ""]) + "\n" + end + after, "utf-8")


if __name__ == "__main__":
    main()
