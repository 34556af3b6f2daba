#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what traps cost under Socle with tests/bench/budget.

Each figure is a line: `ok` or `over`, what it is, what it costs, what it may.
--lower writes what has become less into the file; it never writes more.
"""

import argparse
import math
import pathlib
import sys

import figures
import micro
import qemu
import systems

BUDGET = systems.TOP / "tests/bench/budget"
GICS = (2, 3)
# A mean may be so much more; a budget one lower is always exceeded.
ROUNDING = 0.5


def read(path):
    """{figure: [budget with each GIC]}, and the lines before them."""
    head, budgets = [], {}
    for line in path.read_text("utf-8").splitlines():
        fields = line.split()
        if not fields or line.startswith("#"):
            head.append(line)
        else:
            budgets[fields[0]] = [int(value) for value in fields[1:]]
    return head, budgets


def write(path, head, budgets):
    rows = [f"{name:<24}" + "".join(f"{value:>10}" for value in values)
            for name, values in budgets.items()]
    path.write_text("\n".join(head + rows) + "\n", "utf-8")


def rounded(name, mean):
    """What is written as budget; of what all code has a part in, roughly."""
    if name == "power-on":
        return math.ceil(mean / 10000) * 10000
    return math.ceil(mean - ROUNDING)


def check(budgets, found):
    """(good, text) for each figure and interrupt controller."""
    for name, values in budgets.items():
        for gic, budget in zip(GICS, values):
            mean = found[gic]["socle"].get(name, {}).get("mean")
            what = f"{name}, GICv{gic}"
            if mean is None:
                yield False, f"{what}: not measured"
            else:
                yield (mean <= budget + ROUNDING,
                       f"{what}: {mean:.1f} of {budget}")
    for figure in figures.FIGURES:
        if figure.name in found[3]["socle"] and figure.name not in budgets:
            yield False, f"{figure.name}: has no budget"


def lower(budgets, found):
    """The lesser of each; figures that are new get what they cost."""
    for figure in figures.FIGURES:
        means = [found[gic]["socle"].get(figure.name, {}).get("mean")
                 for gic in GICS]
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
    try:
        found = micro.measure(systems.Host(args.build), ["socle"], GICS,
                              args.jobs)
    except qemu.Failure as failure:
        sys.exit(f"bench: {failure}")
    head, budgets = read(BUDGET)
    if args.lower:
        lower(budgets, found)
        write(BUDGET, head, budgets)
    results = list(check(budgets, found))
    for good, text in results:
        print("ok  " if good else "over", text)
    return not all(good for good, _ in results)


if __name__ == "__main__":
    sys.exit(main())
