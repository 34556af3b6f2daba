# SPDX-License-Identifier: GPL-2.0-or-later
"""One figure of the measuring guest, and some that a run of their own measures:
what tests/bench/<arch>/figures.py is made of."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Figure:
    """One row."""
    name: str
    meaning: str
    goal: int = None
    unit: int = 1			# instructions
    only: str = None			# its name in the guest; None: name
    smp: int = 1			# host CPUs
    traps: bool = True			# it has a path of a trap that can be shown
    devices: str = ""			# of its guest, nodes of the description
    rounds: int = 64			# traps after which a path is shown

    @property
    def argument(self):
        """For the guest's `only=`."""
        return self.only or self.name


def other_cpu(name, meaning, only, goal=None, devices=""):
    return Figure(name, meaning, goal, only=only, smp=2, devices=devices)


@dataclasses.dataclass(frozen=True)
class Part:
    """Some figures: the guest's `only=`, and {its name of each: ours}."""
    only: str
    names: dict
    devices: str = ""			# of the guest, nodes of its description

    @property
    def bootargs(self):
        return f"only={self.only}"
