#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the machine that `make run` is to start, before anything is built.

    machine.py ARCH QEMU=PROGRAM SMP=N MEM=SIZE CPU=NAME [CHOICE=VALUE...]

QEMU accepts some wrong values silently, and may start a CPU that cannot execute
the image. Each mistake is printed on a line, and the exit status is 1; otherwise
QEMU's arguments for the machine are printed.
"""

import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import arch  # noqa: E402  (tools is no package)

UNITS = "KMGTPE"


def memory_size(text):
    """QEMU's -m in bytes, or None; without a unit it is MiB."""
    found = re.fullmatch(rf"(\d+(?:\.\d+)?)([{UNITS}]?)", text, re.IGNORECASE)
    if not found:
        return None
    unit = UNITS.index(found.group(2).upper() or "M") + 1
    return int(float(found.group(1)) * (1 << 10 * unit))


def known_cpus(machine, qemu):
    """The CPUs that QEMU knows and that run the image; None without QEMU."""
    try:
        done = subprocess.run(
            [*qemu.split(), "-M", machine.MACHINE, "-cpu", "help"],
            stdout=subprocess.PIPE, text=True, check=False)
    except OSError:
        return None
    names = re.findall(r"^\s+([\w.-]+)", done.stdout, re.MULTILINE)
    return [name for name in names if machine.runs(name)]


def mistakes(machine, given):
    """A line for each value that is wrong."""
    most, more = None, ""
    for name, values in machine.CHOICES.items():
        value = given[name]
        if value not in values:
            yield f"{name}={value}: must be {' or '.join(values)}"
        elif most is None or values[value] < most:
            most, more = values[value], f" with {name}={value}"
    most = most or max(n for values in machine.CHOICES.values()
                       for n in values.values())
    smp, mem, cpu = given["SMP"], given["MEM"], given["CPU"]
    if not re.fullmatch(r"\d+", smp) or not 1 <= int(smp) <= most:
        yield f"SMP={smp}: must be a number of CPUs, 1 to {most}{more}"
    size = memory_size(mem)
    if size is None:
        yield f"MEM={mem}: must be a size such as 512M or 2G"
    elif size < machine.LEAST_MEMORY:
        yield f"MEM={mem}: must be {machine.LEAST_MEMORY >> 20}M or more"
    cpus = known_cpus(machine, given["QEMU"])
    if cpus is None:
        yield f"QEMU={given['QEMU']}: there is no such program"
    elif cpu.partition(",")[0] not in cpus:
        yield (f"CPU={cpu}: must be {machine.CPUS} of QEMU: "
               f"{', '.join(cpus)}")


def main():
    machine = arch.machine(sys.argv[1])
    given = dict(value.split("=", 1) for value in sys.argv[2:])
    wrong = list(mistakes(machine, given))
    for line in wrong:
        print(f"make run: {line}", file=sys.stderr)
    if not wrong:
        choices = {name.lower(): given[name] for name in machine.CHOICES}
        print(*machine.arguments(given["CPU"], **choices))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
