#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a trap touches: cache lines, devices, barriers, registers, TLBs.

The measuring guest marks its rounds; a plugin in QEMU (tests/plugins) counts
what the hypervisor does in each, and reports the most frequent path of each
series. --check compares with tests/bench/<arch>/budget-lines; --lower writes
figures that have become less into it. All measures are exact and the same in
every run; --check takes one of them twice.
"""

import concurrent.futures
import dataclasses
import math
import pathlib
import re
import sys
import tempfile

import budget
import figures
import image as images
import options
import path
import qemu
import systems

BUDGET = systems.TOP / "tests/bench" / qemu.ARCH / "budget-lines"
ROUNDS = 64
SLICES = 8			# of ten million instructions each
# As the plugin names them. What is above is a heading for people.
COLUMNS = {"excursions": "trips", "ilines": "I-lines", "dlines": "D-lines",
           "device": "device", "barriers": "barriers", "writes": "writes",
           "reads": "reads", "tlb": "TLB", "cache": "caches"}
# Measures that change when code or data elsewhere moves ours to other lines.
PLACED = ("ilines", "dlines")
SERIES = re.compile(r"^series ([a-z0-9-]+)\s*$", re.M)


@dataclasses.dataclass
class Run:
    """One machine: the series that count, and their names."""
    host: systems.Host
    guests: list
    names: dict = None			# None: its own

    def results(self, plugin):
        """{figure: {column: number}}"""
        image = images.Image(self.host.build / "vmm.elf", systems.CROSS)
        with tempfile.TemporaryDirectory() as scratch:
            out = pathlib.Path(scratch) / "lines"
            host = dataclasses.replace(self.host,
                                       extra=image.watched_by(plugin, out))
            text = systems.socle(host, self.guests)
            found = parse(text, out.read_text("ascii"))
        if self.names is not None:
            found = {new: found[old] for old, new in self.names.items()
                     if old in found}
        if not found:
            raise qemu.Failure(f"the plugin saw no rounds:\n{text}")
        return found


def parse(text, lines):
    """Match the guest's names with the plugin's lines, in the same order."""
    found = {}
    for name, line in zip(SERIES.findall(text), lines.splitlines()):
        values = {key: int(value) for key, value in
                  (field.split("=") for field in line.split())}
        # Of two guests that take turns, the one started later saw all rounds.
        if values["rounds"] > found.get(name, {}).get("rounds", 0):
            found[name] = values
    return found


def guest(build, only="", rounds=ROUNDS, **more):
    arguments = f"rounds={rounds}" + (f" only={only}" if only else "")
    return systems.Guest(build / "bench" / "micro.bin", "micro",
                         ram=path.GUEST_RAM, bootargs=arguments, **more)


def runs(host):
    """As micro.py has them."""
    yield Run(host, [guest(host.build, vcpus=2)])
    two = dataclasses.replace(host, smp=2)
    pinned = [0, 1]
    for part in figures.OWN.TWO_CPUS, figures.OWN.CALLS:
        yield Run(two, [guest(host.build, part.only, vcpus=2,
                              affinity=pinned, devices=part.devices)],
                  part.names)
    one = guest(host.build, "switch", SLICES)
    yield Run(host, [one, dataclasses.replace(one, name="other")],
              {"switch": "switch"})


def measure(host, plugin, variants, jobs):
    """{machine: {figure: {column: number}}}"""
    found = {variant: {} for variant in variants}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(run.results, plugin): found[variant]
                   for variant in variants
                   for run in runs(dataclasses.replace(host,
                                                       variant=variant))}
        for future in concurrent.futures.as_completed(waiting):
            waiting[future].update(future.result())
    return {variant: dict(sorted(rows.items()))
            for variant, rows in found.items()}


# Budgets: a line `FIGURE.MACHINE NUMBER...`, in the order of COLUMNS.

def key(name, variant):
    return f"{name}.{variant}"


def values(row):
    return [row[column] for column in COLUMNS]


def most(column, number, reference, compiler, name=""):
    """The limit of a measure for a figure."""
    if column == "excursions" and name.partition(".")[0] in figures.OWN.PHASED and \
            not reference.made(compiler):
        return math.inf
    if column not in PLACED:
        return number
    percent = reference.placement
    if not reference.made(compiler):
        percent += reference.percent
    return math.ceil(number * (1 + percent / 100))


def check(budgets, found, reference, compiler):
    """(good, text) for each figure and machine."""
    rows = {key(name, variant): row for variant, named in found.items()
            for name, row in named.items()}
    for name in sorted({*rows, *budgets}):
        if name not in budgets or name not in rows:
            why = "not measured" if name in budgets else "has no budget"
            yield False, f"touched by {name}: {why}"
            continue
        over = []
        for column, number in zip(COLUMNS, budgets[name]):
            limit = most(column, number, reference, compiler, name)
            if rows[name][column] > limit:
                over.append(f"{column} {rows[name][column]} of {limit}")
        text = ", ".join(over) or " ".join(map(str, values(rows[name])))
        yield not over, f"touched by {name}: {text}"


def repeated(host, plugin, found):
    """(good, text): does a second run give the same?"""
    run = next(runs(dataclasses.replace(host, variant=qemu.USUAL)))
    other = [name for name, row in run.results(plugin).items()
             if row != found[qemu.USUAL][name]]
    return not other, "touched, twice the same: " + (
        f"not {', '.join(other)}" if other else "yes")


def lower(budgets, found):
    for variant, rows in found.items():
        for name, row in rows.items():
            old = budgets.get(key(name, variant), values(row))
            budgets[key(name, variant)] = [min(pair) for pair in
                                           zip(old, values(row))]
    return dict(sorted(budgets.items()))


def print_table(found):
    for variant, rows in found.items():
        print(f"\n{variant:<22}{'insns':>8}" + "".join(
            f"{title:>10}" for title in COLUMNS.values()) +
            f"{'usual of':>10}")
        for name, row in rows.items():
            print(f"{name:<22}{row['instructions']:>8}" + "".join(
                f"{value:>10}" for value in values(row)) +
                f"{row['usual']:>6}/{row['rounds']}")


def main():
    parser = options.parser(__doc__)
    options.add_variants(parser)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--lower", action="store_true")
    parser.add_argument("-j", dest="jobs", type=int, default=2)
    args = parser.parse_args()
    if (args.check or args.lower) and args.variants != list(qemu.VARIANTS):
        parser.error(f"budgets are of {' and '.join(qemu.VARIANTS)}")

    host = systems.Host(args.build)
    head, budgets, reference = budget.read(BUDGET)
    compiler = images.compiler(args.build / "vmm.elf")
    if args.lower and not reference.made(compiler):
        sys.exit(f"bench: budgets are of {reference.compiler}; this image was "
                 f"made by {compiler}")
    plugin = args.plugin.resolve()
    results = []
    try:
        found = measure(host, plugin, args.variants, args.jobs)
        if args.check:
            results.append(repeated(host, plugin, found))
    except qemu.Failure as failure:
        sys.exit(f"bench: {failure}")
    options.save(args.json, found)
    if args.lower:
        budget.write(BUDGET, head, lower(budgets, found), 6)
    if not args.check:
        print_table(found)
        return 0
    results += check(budgets, found, reference, compiler)
    for good, text in results:
        print("ok  " if good else "over", text)
    return not all(good for good, _ in results)


if __name__ == "__main__":
    sys.exit(main())
