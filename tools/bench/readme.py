#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes README.md's table of costs from the last run of each bench.

It stands between two comments, `bench` and `end of bench`. What is measured
here comes from bench.json, bench-linux.json and bench-size.json in the build
folder; figures of Bao, Xvisor and KVM are quoted: they were measured before,
with such a guest on the same model of a machine, and are not made anew.
"""

import argparse
import json
import pathlib
import sys

import figures
import size
import systems

README = systems.TOP / "README.md"
BEGIN, END = "<!-- bench: make bench-readme -->", "<!-- end of bench -->"
GICS = ("gicv2", "gicv3")

# What is measured in instructions: the row's title, and Bao, Xvisor, KVM.
QUOTED = {
    "hypercall": ("hypercall PSCI_VERSION", "192", "400", "1446"),
    "hypercall-unknown": ("hypercall, unknown function", "1424", "UNDEF", ""),
    "sysreg-id": ("trapped ID register", "not trapped", "not trapped", ""),
    "uart-read": ("MMIO read, UART flag register", "passed through", "645",
                  "5449 (user space)"),
    "uart-write": ("MMIO write, UART interrupt clear", "", "", ""),
    "gicd-typer-read": ("MMIO read, GICD_TYPER", "227", "718", "2223"),
    "gicd-isenabler-read": ("MMIO read, GICD_ISENABLER", "1294", "1170", ""),
    "gicd-isenabler-write": ("MMIO write, GICD_ISENABLER", "3281", "2470",
                             ""),
    "sgi-self": ("self-SGI to handler", "789", "2459", ""),
    "irq-end": ("end of interrupt", "", "", ""),
    "sgi-other": ("SGI to a waiting VCPU, same CPU", "", "", ""),
    "sgi-other-cpu": ("SGI to a waiting VCPU, other CPU", "", "", "5413"),
    "sgi-other-cpu-spin": ("SGI to a running VCPU, other CPU", "", "", ""),
    "timer-spin": ("virtual timer to handler, spinning", "192", "3648",
                   "2665"),
    "timer-wfi": ("virtual timer to handler, from WFI", "", "4133", ""),
    "timer-wfi-untrapped": ("... from WFI that is not trapped", "192", "",
                            ""),
    "cpu-on": ("PSCI CPU_ON to first instruction, same CPU", "", "", ""),
    "cpu-on-cpu": ("PSCI CPU_ON, other CPU", "", "", ""),
    "first-touch": ("first write to a page", "", "", ""),
    "switch": ("switch of VCPUs at a slice's end", "", "", ""),
    "timer-el2": ("EL2's part of a timer interrupt", "188 (hardware)", "",
                  ""),
    "ipi-el2": ("EL2's part of an IPI, sender and target",
                "1110 (hardware)", "", ""),
    "power-on": ("power-on to a guest's first instruction, ms",
                 "0.32 (static)", "20.1", ""),
}
MS = 1000000


def both(values, goal=None):
    """One cell for both interrupt controllers: "a" or "a / b"."""
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
        unit, digits = (MS, 1) if name == "power-on" else (1, 0)
        goal = figure.goal and figure.goal * figure.unit / unit

        def cell(system, goal=None, name=name, unit=unit, digits=digits):
            means = [bench[gic].get(system, {}).get(name, {}).get("mean")
                     for gic in GICS]
            return both([("", None) if mean is None else
                         (f"{mean / unit:.{digits}f}",
                          round(mean / unit, digits)) for mean in means],
                        goal)

        native = "" if name == "power-on" else cell("native")
        yield [title, native, cell("socle", goal), cell("xen"), bao, xvisor,
               kvm, "" if goal is None else f"<= {goal:.0f}"]


def linux_row(linux):
    def cell(system, goal=None):
        return both([(f"{linux[gic][system]['boot'] / 1e9:.2f} s",
                      linux[gic][system]["boot"] / linux[gic]["native"]["boot"]
                      ) for gic in GICS], goal)

    ratio = max(linux[gic]["socle"]["boot"] / linux[gic]["native"]["boot"]
                for gic in GICS)
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


def table(build):
    """The table's lines."""
    def load(name):
        path = build / name
        if not path.exists():
            sys.exit(f"bench-readme: {path} is missing; make bench, "
                     "bench-linux and bench-size write them")
        return json.loads(path.read_text("utf-8"))

    rows = [["", "native", "Socle", "Xen 4.17", "Bao", "Xvisor", "KVM",
             "goal"], ["---"] + ["---:"] * 7]
    rows += trap_rows(load("bench.json"))
    rows.append(linux_row(load("bench-linux.json")))
    rows += size_rows(load("bench-size.json"))
    return ["| " + " | ".join(cells) + " |" for cells in rows]


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
