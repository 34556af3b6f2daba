#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what traps cost under Socle with tests/bench/<arch>/budget.

Each figure is a line: `ok` or `over`, its name, its cost, its budget. Budgets are
for the image of one compiler, which the file names; an image of another compiler
may cost more, by a percentage that the file states. --lower writes figures that
have become less into the file; it never raises one, and refuses an image of
another compiler.
"""

import argparse
import dataclasses
import math
import pathlib
import sys

import figures
import image as images
import micro
import qemu
import systems

BUDGET = systems.TOP / "tests/bench" / qemu.ARCH / "budget"
# A mean may exceed its budget by this; a budget that is lower by 1 is exceeded.
ROUNDING = 0.5


@dataclasses.dataclass
class Reference:
    """The compiler that the budgets are exact for, and allowances for others."""
    compiler: str = ""
    percent: int = 0			# more than the budget
    placement: int = 0			# likewise, for code that has moved in memory

    def made(self, compiler):
        """Is it this compiler, in any release of the named version?"""
        return f"{compiler}.".startswith(f"{self.compiler}.")

    def allowance(self, compiler):
        return 0 if self.made(compiler) else self.percent / 100


def read(path):
    """The lines before the budgets, {figure: [one for each machine]}, Reference.
    """
    head, budgets, reference = [], {}, Reference()
    for line in path.read_text("utf-8").splitlines():
        fields = line.split()
        if not fields or line.startswith("#"):
            head.append(line)
        elif fields[0] == "compiler":
            head.append(line)
            reference.compiler = " ".join(fields[1:])
        elif fields[0] == "other-compilers":
            head.append(line)
            reference.percent = int(fields[1].rstrip("%"))
        elif fields[0] == "placement":
            head.append(line)
            reference.placement = int(fields[1].rstrip("%"))
        else:
            budgets[fields[0]] = [int(value) for value in fields[1:]]
    if not reference.compiler:
        sys.exit(f"bench: {path} names no compiler")
    return head, budgets, reference


def write(path, head, budgets, width=10):
    pad = max(24, *(len(name) + 1 for name in budgets))
    rows = [f"{name:<{pad}}" + "".join(f"{value:>{width}}" for value in values)
            for name, values in budgets.items()]
    path.write_text("\n".join(head + rows) + "\n", "utf-8")


def rounded(name, mean):
    """The budget for a figure; rounded where all code has a part in it."""
    if name in figures.STARTS:
        return math.ceil(mean / 10000) * 10000
    if name == figures.MASKED:
        return math.ceil(mean / 1000) * 1000
    return math.ceil(mean - ROUNDING)


def check(budgets, found, allowance=0):
    """(good, text) for each figure and machine.

    allowance: the excess allowed, as a fraction of each budget.
    """
    for name, values in budgets.items():
        for variant, budget in zip(qemu.VARIANTS, values):
            mean = found[variant]["socle"].get(name, {}).get("mean")
            what = f"{name}, {variant}"
            if mean is None:
                yield False, f"{what}: not measured"
            else:
                most = budget * (1 + allowance)
                more = f" and {allowance:.0%}" if allowance else ""
                yield (mean <= most + ROUNDING,
                       f"{what}: {mean:.1f} of {budget}{more}")
    for figure in figures.FIGURES:
        if figure.name in found[qemu.USUAL]["socle"] and figure.name not in budgets:
            yield False, f"{figure.name}: has no budget"


def lower(budgets, found):
    """The lesser of budget and cost; new figures get their cost."""
    for figure in figures.FIGURES:
        means = [found[variant]["socle"].get(figure.name, {}).get("mean")
                 for variant in qemu.VARIANTS]
        if None in means:
            continue
        now = [rounded(figure.name, mean) for mean in means]
        old = budgets.get(figure.name, now)
        budgets[figure.name] = [min(pair) for pair in zip(old, now)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    parser.add_argument("--lower", action="store_true")
    parser.add_argument("-j", dest="jobs", type=int, default=2)
    args = parser.parse_args()
    head, budgets, reference = read(BUDGET)
    compiler = images.compiler(args.build / "vmm.elf")
    if args.lower and not reference.made(compiler):
        sys.exit(f"bench: budgets are of {reference.compiler}; this image was "
                 f"made by {compiler}")
    print(f"image made by {compiler}, budgets of {reference.compiler}")
    try:
        found = micro.measure(systems.Host(args.build), ["socle"],
                              qemu.VARIANTS, args.jobs)
    except qemu.Failure as failure:
        sys.exit(f"bench: {failure}")
    if args.lower:
        lower(budgets, found)
        write(BUDGET, head, budgets)
    results = list(check(budgets, found,
                         reference.allowance(compiler)))
    for good, text in results:
        print("ok  " if good else "over", text)
    return not all(good for good, _ in results)


if __name__ == "__main__":
    sys.exit(main())
