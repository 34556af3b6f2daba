# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of the measuring guest: names, goals, and what is read of them."""
"""The measuring guest's figures: names, goals, and what is read of them."""
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


FIGURES = [
    Figure("hypercall", "PSCI_VERSION", 96),
    Figure("hypercall-unknown", "a function that is not there", 110),
    Figure("sysreg-id", "a trapped ID register", 130),
    Figure("uart-read", "PL011 flag register", 180),
    Figure("uart-write", "PL011 interrupt clear register"),
    Figure("gicd-typer-read", "GICD_TYPER", 160),
    Figure("gicd-isenabler-read", "GICD_ISENABLER1", 200),
    Figure("gicd-isenabler-write", "GICD_ISENABLER1", 280),
    Figure("sgi-self", "an SGI to oneself, to the handler", 320),
    Figure("sgi-self-eoi", "... and through its end"),
    Figure("irq-end", "end of interrupt"),
    Figure("sgi-other", "to a VCPU of the same CPU, that waits"),
    Figure("sgi-round-trip", "... and back"),
    Figure("sgi-other-cpu", "to a VCPU of another CPU, that waits", 1000),
    Figure("sgi-round-trip-cpu", "... and back"),
    Figure("sgi-other-cpu-spin", "to a VCPU of another CPU, that runs", 1000),
    Figure("sgi-round-trip-spin", "... and back"),
    Figure("timer-spin", "virtual timer to the handler, spinning", 176),
    Figure("timer-wfi", "... from WFI", 800),
    Figure("timer-wfi-untrapped", "... from WFI that is not trapped", 176),
    Figure("cpu-on", "PSCI CPU_ON to the first instruction, same CPU"),
    Figure("cpu-on-cpu", "... another CPU"),
    Figure("first-touch", "the first write to a page"),
    Figure("switch", "from one guest to another, at a slice's end"),
    Figure("power-on", "the machine's power to the guest's first "
           "instruction, us", 3000, 1000),
]


def parse(text):
    """{figure: {min, mean, max}} of a run, in instructions."""
    return {name: dict(zip(("min", "mean", "max"),
                           (int(v) / 100 for v in values)))
            for name, *values in LINE.findall(text)}


def parse_switches(text):
    """From one's leaving to the other's coming, of two guests that spin."""
    gaps = [(int(a), int(b)) for a, b in GAP.findall(text)]
    backs = sorted(back for _, back in gaps)
    took = []
    for left, back in gaps:
        after = min((b for b in backs if b > left), default=back)
        # Only its own: the other had not come yet, or was off.
        if after != back:
            took.append((after - left) / 100)
    if not took:
        return {}
    return {"switch": {"min": min(took), "max": max(took),
                       "mean": round(sum(took) / len(took), 2)}}
