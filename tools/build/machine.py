#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the machine that `make run` is to start, before anything is built.

    machine.py QEMU GIC SMP MEM CPU

QEMU takes some wrong values without a word, and starts a CPU that executes
nothing of an arm64 image. Each mistake is one line; the exit status is 1.
"""

import re
import subprocess
import sys

# README, What it supports. QEMU has 8 CPUs at most with a GICv2.
MOST_CPUS = {"2": 8, "3": 128}
LEAST_MEMORY = 128 << 20
UNITS = "KMGTPE"

# CPUs that QEMU's virt machine has, or lists, and that have no AArch64.
AARCH32 = re.compile(r"cortex-a([5-9]|1[57]|32)|cortex-[mr]\w+|arm\d.*|"
                     r"(pxa|sa1|ti)\d.*|any|host")


def memory_size(text):
    """QEMU's -m in bytes, or None; without a unit it is MiB."""
    found = re.fullmatch(rf"(\d+(?:\.\d+)?)([{UNITS}]?)", text, re.IGNORECASE)
    if not found:
        return None
    unit = UNITS.index(found.group(2).upper() or "M") + 1
    return int(float(found.group(1)) * (1 << 10 * unit))


def known_cpus(qemu):
    """The CPUs that QEMU knows and that have AArch64; None without QEMU."""
    try:
        done = subprocess.run([*qemu.split(), "-M", "virt", "-cpu", "help"],
                              stdout=subprocess.PIPE, text=True, check=False)
    except OSError:
        return None
    names = re.findall(r"^\s+([\w.-]+)", done.stdout, re.MULTILINE)
    return [name for name in names if not AARCH32.fullmatch(name)]


def mistakes(qemu, gic, smp, mem, cpu):
    """A line for each value that is wrong."""
    if gic not in MOST_CPUS:
        yield f"GIC={gic}: must be 2 or 3"
    most = MOST_CPUS.get(gic, 128)
    if not re.fullmatch(r"\d+", smp) or not 1 <= int(smp) <= most:
        more = f" with GIC={gic}" if gic in MOST_CPUS else ""
        yield f"SMP={smp}: must be a number of CPUs, 1 to {most}{more}"
    size = memory_size(mem)
    if size is None:
        yield f"MEM={mem}: must be a size such as 512M or 2G"
    elif size < LEAST_MEMORY:
        yield f"MEM={mem}: must be {LEAST_MEMORY >> 20}M or more"
    cpus = known_cpus(qemu)
    if cpus is None:
        yield f"QEMU={qemu}: there is no such program"
    elif cpu.partition(",")[0] not in cpus:
        yield f"CPU={cpu}: must be a 64-bit CPU of QEMU: {', '.join(cpus)}"


def main():
    wrong = list(mistakes(*sys.argv[1:]))
    for line in wrong:
        print(f"make run: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
