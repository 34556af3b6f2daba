#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes README.md's tables of costs from the last run of each bench.

They stand between two comments, `bench` and `end of bench`. Our figures come
from bench.json, bench-linux.json, bench-size.json, bench-lines.json and
bench-io.json in the build folder. Those of Bao, Xvisor and KVM are quoted: they
were measured earlier, with the same kind of guest and machine, and are not
measured again.
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
# As cells have them: "a / b".
MACHINES = " / ".join(qemu.VARIANTS)
BEGIN, END = "<!-- bench: make bench-readme -->", "<!-- end of bench -->"

# Figures in instructions: the row's title, and Bao, Xvisor, KVM.
QUOTED = {
    "hypercall": ("hypercall PSCI_VERSION", "192", "400", "1446"),
    "hypercall-unknown": ("hypercall, unknown function", "1424", "UNDEF", ""),
    "sysreg-id": ("trapped ID register", "not trapped", "not trapped", ""),
    "uart-read": ("MMIO read, UART flag register", "passed through", "645",
                  "5449 (user space)"),
    "uart-write": ("MMIO write, UART interrupt clear", "", "", ""),
    "uart-read-half": ("MMIO read, UART, 16 bits (Linux)", "", "", ""),
    "uart-write-half": ("MMIO write, UART, 16 bits (Linux)", "", "", ""),
    "uart-send-half": ("MMIO write, UART, a character (Linux)", "", "", ""),
    "mmio-in-turn": ("MMIO read, two devices in turn", "", "", ""),
    "gicd-typer-read": ("MMIO read, GICD_TYPER", "227", "718", "2223"),
    "gicd-isenabler-read": ("MMIO read, GICD_ISENABLER", "1294", "1170", ""),
    "gicd-isenabler-write": ("MMIO write, GICD_ISENABLER", "3281", "2470",
                             ""),
    "isenabler0-write": ("MMIO write, a CPU's own ISENABLER0", "", "", ""),
    "sgi-self": ("self-SGI to handler", "789", "2459", ""),
    "sgi-rotation": ("... sixteen in rotation, each", "", "", ""),
    "irq-end": ("end of interrupt", "", "", ""),
    "sgi-other": ("SGI to a waiting VCPU, same CPU", "", "", ""),
    "sgi-other-cpu": ("SGI to a waiting VCPU, other CPU", "", "", "5413"),
    "sgi-other-cpu-spin": ("SGI to a running VCPU, other CPU", "", "", ""),
    "timer-spin": ("virtual timer to handler, spinning", "192", "3648",
                   "2665"),
    "timer-wfi": ("virtual timer to handler, from WFI", "", "4133", ""),
    "timer-wfi-untrapped": ("... from WFI that is not trapped", "192", "",
                            ""),
    "ptimer-spin": ("physical timer to handler, spinning", "", "", ""),
    "ptimer-wfi": ("physical timer to handler, from WFI", "", "", ""),
    "cpu-on": ("PSCI CPU_ON to first instruction, same CPU", "", "", ""),
    "cpu-on-cpu": ("PSCI CPU_ON, other CPU", "", "", ""),
    "first-touch": ("first write to a page", "", "", ""),
    "switch": ("switch of VCPUs at a slice's end", "", "", ""),
    "timer-el2": ("EL2's part of a timer interrupt", "188 (hardware)", "",
                  ""),
    "ipi-el2": ("EL2's part of an IPI, sender and target",
                "1110 (hardware)", "", ""),
    "masked-longest": ("interrupts masked for a trap at most, 128 VCPUs "
                       "(GICv2: 8)", "", "", ""),
    "power-on": ("power-on to first instruction, guest of 64 MiB, ms",
                 "0.32 (static)", "20.1", ""),
    "power-on-256": ("... guest of 256 MiB, ms", "", "", ""),
}
# What they touch, in rounds that the measuring guest marks.
TOUCHED = {
    "hypercall": "hypercall PSCI_VERSION",
    "sysreg-id": "trapped ID register",
    "uart-read": "MMIO read, UART flag register",
    "uart-write": "MMIO write, UART interrupt clear",
    "gicd-typer-read": "MMIO read, GICD_TYPER",
    "gicd-isenabler-write": "MMIO write, GICD_ISENABLER",
    "sgi-self-eoi": "self-SGI and its end",
    "sgi-round-trip": "SGI to a waiting VCPU and back, same CPU",
    "sgi-round-trip-cpu": "... other CPU",
    "ipi-el2": "SGI to a running VCPU, other CPU",
    "timer-spin": "virtual timer, spinning",
    "timer-wfi": "virtual timer, from WFI",
    "cpu-on": "PSCI CPU_ON, same CPU, until it waits",
    "switch": "switch of VCPUs at a slice's end",
}
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
    for name, (title, bao, xvisor, kvm) in QUOTED.items():
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
            "1.04 s", "", "<= 1.02 x native"]


def size_rows(sizes):
    def row(title, value, goal, unit, *quoted):
        mark = "*" if value > goal else ""
        return [title, "", f"{value / 1024:.0f} {unit}{mark}", *quoted, "",
                f"<= {goal / 1024:.0f} {unit}"]

    memory, images = sizes["memory"], sizes["bytes"]
    yield row("hypervisor memory, 1 GiB host, no guest",
              memory["1 GiB host, no guest"],
              size.GOALS["1 GiB host, no guest"], "KiB", "about 18 MiB", "",
              "30 MiB")
    yield row("memory per further guest (2 VCPUs, 256 MiB)",
              memory["a further guest"], size.GOALS["a further guest"], "KiB",
              "", "", "")
    yield row("vmm.bin", images["vmm.bin"], size.GOALS["vmm.bin"], "KiB",
              "983 KB", "", "1932 KB")
    yield row("vmm.bin, minimal", images["vmm.bin, minimal"],
              size.GOALS["vmm.bin, minimal"], "KiB", "",
              "94 KB (one static guest, no devices)", "")
    yield row("... as vmm.bin.gz", images["vmm.bin.gz, minimal"],
              size.GOALS["vmm.bin.gz, minimal"], "KiB", "", "", "")


def touched(found):
    """The second table's lines."""
    rows = [[f"in the hypervisor, {MACHINES}", *TITLES.values()],
            ["---"] + ["---:"] * len(TITLES)]
    for name, title in TOUCHED.items():
        rows.append([title] + [
            both([(str(found[variant][name][column]), None)
                  for variant in qemu.VARIANTS])
            for column in TITLES])
    return ["| " + " | ".join(cells) + " |" for cells in rows]


# Operations, with the figures of Xvisor and KVM with kvmtool, and the goal.
OPERATIONS = {
    "block-read-4k": ("block, 4 KiB read, interrupt",
                      "16,294 (3)", "44,251 (3)", "<= 3,000 (3)"),
    "block-read-4k-batch": ("... 32 in flight, batches of 8",
                            "12,116 (1.00)", "17,018 (1.11)",
                            "<= 1,200 (0.15)"),
    "block-read-128k": ("block, 128 KiB read, host virtio-blk below",
                        "61,830", "81,908", "<= 6,000"),
    "net-packet": ("packet of 1,514 bytes to another guest, singly",
                   "29,259 (7)", "vhost 46,327", "<= 4,500"),
    "net-packet-batch": ("... in batches of 32", "11,579 (0.22)",
                         "vhost 8,950 (0.22)", "<= 900 and a copy (0.1)"),
    "net-ping-pong": ("64 bytes to another guest and back",
                      "53,780 (12)", "vhost 70,370", "<= 6,000"),
    "console-1": ("console, 1 byte", "5,418", "", "<= 1,200"),
    "console-64": ("console, 64 bytes", "14,931", "", "<= 1,600"),
}


def operations(found):
    """The third table's lines."""
    rows = [[f"instructions (exits), {MACHINES}", "Socle", "Xvisor",
             "KVM, kvmtool", "goal"], ["---"] + ["---:"] * 4]
    for name, (title, *others) in OPERATIONS.items():
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
