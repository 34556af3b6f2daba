# SPDX-License-Identifier: GPL-2.0-or-later
"""What the measuring guest of arm64 measures (micro.c): each figure with its goal,
and the runs that measure some of them."""

from figure import Figure, Part, other_cpu

# A doorbell that the measuring guest rings at itself.
DOORBELL = 'bell { compatible = "socle,shared-memory"; region = "bell"; };'

FIGURES = [
    Figure("hypercall", "PSCI_VERSION", 96),
    Figure("hypercall-unknown", "a function that is not there", 110),
    Figure("sysreg-id", "a trapped ID register", 130),
    Figure("uart-read", "PL011 flag register", 180),
    Figure("uart-write", "PL011 interrupt clear register"),
    # As Linux accesses it: docs/design/measuring.md, "What guests do".
    Figure("uart-read-half", "PL011 flag register, 16 bits", 150),
    Figure("uart-write-half", "PL011 interrupt clear register, 16 bits", 230),
    Figure("uart-send-half", "a character to PL011 data register, 16 bits"),
    Figure("mmio-in-turn", "a device that was not accessed last, the mean of "
           "PL011 and GICD", 170),
    Figure("gicd-typer-read", "GICD_TYPER", 160),
    Figure("gicd-isenabler-read", "GICD_ISENABLER1", 200),
    Figure("gicd-isenabler-write", "GICD_ISENABLER1", 280),
    Figure("isenabler0-write", "a CPU's own ISENABLER0", 280),
    Figure("sgi-self", "an SGI to oneself, to the handler", 320),
    Figure("sgi-self-eoi", "... and through its end", only="sgi-self"),
    Figure("sgi-rotation", "sixteen SGIs to oneself in rotation, each to the "
           "handler", 500),
    Figure("irq-end", "end of interrupt"),
    Figure("sgi-other", "to a VCPU of the same CPU, that waits"),
    Figure("sgi-round-trip", "... and back", only="sgi-other"),
    other_cpu("sgi-other-cpu", "to a VCPU of another CPU, that waits",
              "sgi-other", 1000),
    other_cpu("sgi-round-trip-cpu", "... and back", "sgi-other"),
    other_cpu("sgi-other-cpu-spin", "to a VCPU of another CPU, that runs",
              "sgi-other-spin", 1000),
    other_cpu("sgi-round-trip-spin", "... and back", "sgi-other-spin"),
    # An SGI's figure and 40.
    other_cpu("doorbell-other-cpu", "a doorbell to a VCPU of another CPU, that "
              "waits", "doorbell-other", 721, DOORBELL),
    other_cpu("doorbell-other-cpu-spin", "... that runs", "doorbell-other-spin",
              587, DOORBELL),
    Figure("timer-spin", "virtual timer to the handler, spinning", 176),
    Figure("timer-wfi", "... from WFI", 800),
    Figure("timer-wfi-untrapped", "... from WFI that is not trapped", 176,
           traps=False),
    Figure("ptimer-spin", "physical timer to the handler, spinning", 200),
    Figure("ptimer-wfi", "... from WFI", 800),
    Figure("cpu-on", "PSCI CPU_ON to the first instruction, same CPU"),
    other_cpu("cpu-on-cpu", "... another CPU", "cpu-on"),
    Figure("first-touch", "the first write to a page", traps=False),
    Figure("switch", "from one guest to another, at a slice's end", rounds=8),
    # Two records each: for the exit and for the entry.
    Figure("hypercall-traced", "PSCI_VERSION while a trace is on", 204,
           only="hypercall", traps=False),
    Figure("timer-traced", "... the virtual timer to the handler, spinning",
           294, only="timer-spin", traps=False),
    # Counted on the paths that bench-trace shows, only the hypervisor's part.
    # Bao, on hardware: 188 and 1,110.
    Figure("timer-el2", "EL2's part of a timer interrupt", 187,
           only="timer-spin"),
    other_cpu("ipi-el2", "EL2's part of an IPI, sender and target", "ipi",
              1109),
    # A guest of 128 VCPUs (GICv2: 8) does something that concerns all of them.
    Figure("masked-longest", "interrupts masked for a trap, at most", 20000,
           traps=False),
    Figure("power-on", "the machine's power to the guest's first "
           "instruction, us; guest of 64 MiB", 6000, 1000, traps=False),
    Figure("power-on-256", "... guest of 256 MiB", unit=1000, only="power-on",
           traps=False),
]
# Counted on the paths of their traps.
COUNTED = ("timer-el2", "ipi-el2")

# With a CPU for each of two VCPUs.
TWO_CPUS = Part("sgi-other,sgi-other-spin,cpu-on,doorbell-other,"
                "doorbell-other-spin", {
    "sgi-other": "sgi-other-cpu", "cpu-on": "cpu-on-cpu",
    "sgi-round-trip": "sgi-round-trip-cpu",
    "sgi-other-spin": "sgi-other-cpu-spin",
    "sgi-round-trip-spin": "sgi-round-trip-spin",
    "doorbell-other": "doorbell-other-cpu",
    "doorbell-trip": "doorbell-trip-cpu",
    "doorbell-other-spin": "doorbell-other-cpu-spin",
    "doorbell-trip-spin": "doorbell-trip-spin"}, DOORBELL)
# Likewise, in rounds that are marked for a plugin.
CALLS = Part("ipi", {"ipi-el2": "ipi-el2"})
# On two CPUs: how often a guest is left depends on their relative timing, and thus
# on compiler and QEMU. With the reference compiler it is reproducible.
PHASED = {"cpu-on-cpu", "ipi-el2", "sgi-round-trip-cpu", "sgi-round-trip-spin",
          "doorbell-trip-cpu", "doorbell-trip-spin"}
TRACED = Part("hypercall,timer-spin", {"hypercall": "hypercall-traced",
                                       "timer-spin": "timer-traced"})
# Waiting that is not trapped, by the guest's description and by Xen's arguments.
NATIVE_WAIT = Part("timer-wfi", {"timer-wfi": "timer-wfi-untrapped"})
NATIVE_WAIT_CPUS = "native-wfi;"
NATIVE_WAIT_XEN = "vwfi=native"
# VCPUs of the guest tests/guest/arm64/many.c, for `masked-longest`.
MANY = {"GICv2": 8, "GICv3": 128}
# Guests of tests/guest/arm64/storm.c beside which a guest wakes up late.
STORMS = ("sgi", "psci", "devices", "timer")
