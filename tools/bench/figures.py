# SPDX-License-Identifier: GPL-2.0-or-later
"""The measuring guest's figures: names, goals, and reading them."""

import dataclasses
import re

LINE = re.compile(r"bench ([a-z0-9-]+) (\d+) (\d+) (\d+)\s*$", re.M)
GAP = re.compile(r"gap (\d+) (\d+)\s*$", re.M)


@dataclasses.dataclass(frozen=True)
class Figure:
    """One row."""
    name: str
    meaning: str
    goal: int = None
    unit: int = 1			# instructions
    only: str = None			# its name in the guest; None: name
    smp: int = 1			# host CPUs
    traps: bool = True			# it has a path through EL2 that can be shown
    rounds: int = 64			# traps after which a path is shown

    @property
    def argument(self):
        """For the guest's `only=`."""
        return self.only or self.name


def other_cpu(name, meaning, only, goal=None):
    return Figure(name, meaning, goal, only=only, smp=2)


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
BY_NAME = {figure.name: figure for figure in FIGURES}
STARTS = ("power-on", "power-on-256")		# not the cost of a trap
COUNTED = [BY_NAME["timer-el2"], BY_NAME["ipi-el2"],
           BY_NAME["masked-longest"]]


def parse(text):
    """{figure: {min, mean, max}} of a run, in instructions."""
    return {name: dict(zip(("min", "mean", "max"),
                           (int(v) / 100 for v in values)))
            for name, *values in LINE.findall(text)}


def parse_switches(text):
    """From one guest leaving to the other running, with two guests that spin."""
    gaps = [(int(a), int(b)) for a, b in GAP.findall(text)]
    backs = sorted(back for _, back in gaps)
    took = []
    for left, back in gaps:
        after = min((b for b in backs if b > left), default=back)
        # Only its own figure: the other guest had not started yet, or was off.
        if after != back:
            took.append((after - left) / 100)
    if not took:
        return {}
    return {"switch": {"min": min(took), "max": max(took),
                       "mean": round(sum(took) / len(took), 2)}}
