# SPDX-License-Identifier: GPL-2.0-or-later
"""What images for arm64 are started on: QEMU's virt machine.

For `make run` (tools/build/machine.py), the tests and the benches; tools/arch.py
says what such a file has.
"""

import re

PROGRAM = "qemu-system-aarch64"
MACHINE = "virt"
CPU = "cortex-a57"
# What the names of the tool chain's programs begin with.
CROSS = "aarch64-linux-gnu-"
# README, What it supports. QEMU has 8 CPUs at most with a GICv2.
CHOICES = {"GIC": {"2": 8, "3": 128}}
VARIANTS = {"GICv2": {"GIC": "2"}, "GICv3": {"GIC": "3"}}
LEAST_MEMORY = 128 << 20

# Without it, the machine's tree has seeds of random numbers.
REPEATABLE = ",dtb-randomness=off"

CPUS = "a 64-bit CPU"
# CPUs that QEMU's virt machine has, or lists, and that have no AArch64.
AARCH32 = re.compile(r"cortex-a([5-9]|1[57]|32)|cortex-[mr]\w+|arm\d.*|"
                     r"(pxa|sa1|ti)\d.*|any|host")

# Of guests' default machine: where RAM begins, and what Linux calls the console.
GUEST_RAM = 0x40000000
GUEST_CONSOLE = "ttyAMA0"


def runs(cpu):
    """Can a CPU that QEMU lists run the image?"""
    return not AARCH32.fullmatch(cpu)


def arguments(cpu=CPU, more="", hypervisor=True, gic=3):
    """QEMU's for the machine; more are options of it, with a comma before."""
    virtualization = ",virtualization=on" if hypervisor else ""
    return ["-M", f"{MACHINE}{virtualization},gic-version={gic}{more}",
            "-cpu", cpu]
