# SPDX-License-Identifier: GPL-2.0-or-later
"""What an architecture tells the tools: arch/<arch>/NAME.py, as a module, and
tests/bench/<arch>/NAME.py, which tools/bench measures by.

machine.py, the machine, has PROGRAM, MACHINE and CPU (QEMU's names), CROSS (tool
chain), CHOICES ({variable of make: {value: most CPUs}}), LEAST_MEMORY (bytes),
CPUS (in words), runs(cpu), GUEST_RAM, GUEST_CONSOLE, and arguments(cpu, more,
hypervisor, **choices): with choices in lower case, and for a machine that has no
mode for a hypervisor if that is false. For the benches it has VARIANTS, the machines
that they measure side by side ({name: {choice: value}}; where one is enough, it is
the last), and REPEATABLE (options with which the machine is the same in each run).
exits.py has exit_text(syndrome, detail): what a guest's exit in a trace was for.
debian.py has what a Debian system for it is made of.
"""

import importlib.util
import os
import pathlib

TOP = pathlib.Path(__file__).resolve().parents[1]
# The architecture whose image the tests and benches start, and traces are of.
ARCH = os.environ.get("SOCLE_ARCH", "arm64")


def machine(arch=None):
    """machine.py."""
    return module("machine", arch)


def bench(name):
    """NAME.py of the bench."""
    return module(name, folder="tests/bench")


def module(name, arch=None, folder="arch"):
    """NAME.py."""
    arch = arch or ARCH
    path = TOP / folder / arch / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_{arch}", path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
