#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a trap costs: natively, under Socle, under Xen; one table.

Counts instructions, so that the result is the same on every machine and run.
"""

import argparse
import concurrent.futures
import dataclasses
import pathlib
import sys

import figures
import image as images
import masked
import options
import path
import qemu
import systems
from figure import Figure

OWN = figures.OWN


@dataclasses.dataclass
class Run:
    """One machine, and the names of its figures; None: its own."""
    system: str
    host: systems.Host
    guests: list
    names: dict = None

    def results(self):
        text = systems.SYSTEMS[self.system](self.host, self.guests)
        found = figures.parse(text)
        if len(self.guests) > 1:
            found = figures.parse_switches(text)
        if self.names:
            found = {new: found[old] for old, new in self.names.items()
                     if old in found}
        if not found:
            raise qemu.Failure(f"{self.system} printed no figures:\n{text}")
        return found


def guest(build, **more):
    return systems.Guest(build / "bench" / "micro.bin", "micro", **more)


def socle_runs(host):
    """All runs of Socle on one CPU, then those that need more CPUs."""
    yield Run("socle", host, [guest(host.build, vcpus=2)])
    two = dataclasses.replace(host, smp=2)
    yield Run("socle", two, [guest(host.build, vcpus=2, affinity=[0, 1],
                                   devices=OWN.TWO_CPUS.devices,
                                   bootargs=OWN.TWO_CPUS.bootargs)],
              OWN.TWO_CPUS.names)
    yield Run("socle", host, [guest(host.build, cpus=OWN.NATIVE_WAIT_CPUS,
                                    bootargs=OWN.NATIVE_WAIT.bootargs)],
              OWN.NATIVE_WAIT.names)
    yield Run("socle", host, pair(host))
    yield Run("socle", host, [bigger(host)], BIGGER)
    traced = dataclasses.replace(host, commands="trace start\n")
    yield Run("socle", traced, [guest(host.build,
                                      bootargs=OWN.TRACED.bootargs)],
              OWN.TRACED.names)
    yield from counted_runs(host)


BIGGER = {"power-on": "power-on-256"}


def bigger(host):
    """The cost of RAM at start, which has to be zeroed."""
    return guest(host.build, memory=256, bootargs="only=power-on")


def pair(host):
    """Two guests that take turns."""
    one = guest(host.build, bootargs="only=switch")
    return [one, dataclasses.replace(one, name="other")]


def native_runs(host):
    yield Run("native", host, [guest(host.build)])
    two = dataclasses.replace(host, smp=2)
    yield Run("native", two, [guest(host.build, vcpus=2,
                                    bootargs=OWN.TWO_CPUS.bootargs)],
              OWN.TWO_CPUS.names)


def xen_runs(host):
    """On one CPU: with two, Xen makes no progress while counting."""
    yield Run("xen", host, [guest(host.build, vcpus=2)])
    untrapped = dataclasses.replace(host, xen_args=OWN.NATIVE_WAIT_XEN)
    yield Run("xen", untrapped, [guest(host.build,
                                       bootargs=OWN.NATIVE_WAIT.bootargs)],
              OWN.NATIVE_WAIT.names)
    yield Run("xen", host, pair(host))
    yield Run("xen", host, [bigger(host)], BIGGER)


@dataclasses.dataclass
class Counted:
    """A figure that is counted on the paths of its traps."""
    host: systems.Host
    figure: Figure

    def results(self):
        image = images.Image(self.host.build / "vmm.elf", systems.CROSS)
        if self.figure.name == figures.MASKED:
            count = masked.longest(self.host)
        else:
            count = path.counted(self.host, image, self.figure)
        return {self.figure.name: dict.fromkeys(("min", "mean", "max"),
                                                count)}


def counted_runs(host):
    for figure in figures.COUNTED:
        yield Counted(dataclasses.replace(host), figure)


RUNS = {"native": native_runs, "socle": socle_runs, "xen": xen_runs}


def measure(host, names, variants, jobs):
    """{machine: {system: {figure: {min, mean, max}}}}"""
    found = {variant: {name: {} for name in names} for variant in variants}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = {}
        for variant in variants:
            here = dataclasses.replace(host, variant=variant)
            for name in names:
                for run in RUNS[name](here):
                    waiting[pool.submit(run.results)] = \
                        found[variant][name]
        for future in concurrent.futures.as_completed(waiting):
            waiting[future].update(future.result())
    return found


# The tables.

TITLES = {"native": "native", "socle": "Socle", "xen": "Xen"}

def shown(results, figure):
    """A figure's mean as text."""
    value = results.get(figure.name)
    return "" if value is None else f"{value['mean'] / figure.unit:.0f}"


def ratio(results, figure):
    socle = results.get("socle", {}).get(figure.name)
    xen = results.get("xen", {}).get(figure.name)
    if not socle or not xen or not xen["mean"]:
        return ""
    return f"{socle['mean'] / xen['mean']:.2f}"


def missed(results, figure):
    value = results.get("socle", {}).get(figure.name)
    return bool(value and figure.goal
                and value["mean"] > figure.goal * figure.unit + 0.5)


def rows(found, names):
    """Cells: the figure's name, four or so for each machine, the goal."""
    both = "socle" in names and "xen" in names
    for figure in figures.FIGURES:
        cells = [figure.name]
        for results in found.values():
            for name in names:
                star = "*" if (name == "socle" and missed(results, figure)) \
                    else ""
                cells.append(shown(results[name], figure) + star)
            if both:
                cells.append(ratio(results, figure))
        cells.append(str(figure.goal or ""))
        yield cells


def headings(found, names):
    each = [TITLES[n] for n in names]
    if "socle" in names and "xen" in names:
        each.append("ratio")
    return each, ["figure", *each * len(found), "goal"]


def print_table(found, names):
    each, heads = headings(found, names)
    width = 22
    line = " " * width + "".join(
        f"{variant:^{7 * len(each)}}" for variant in found)
    print(line.rstrip())
    for cells in [heads, *rows(found, names)]:
        print(f"{cells[0]:<{width}}" +
              "".join(f"{cell:>7}" for cell in cells[1:-1]) +
              f"{cells[-1]:>6}")
    print("\nInstructions, mean; power-on in microseconds (thousands of them)."
          "\nratio: Socle / Xen. *: more than the goal.")


def print_markdown(found, names):
    each, _ = headings(found, names)
    heads = ["figure"] + [f"{name}, {variant}" for variant in found
                          for name in each] + ["goal"]
    print("| " + " | ".join(heads) + " |")
    print("|---|" + "---:|" * (len(heads) - 1))
    for cells, figure in zip(rows(found, names), figures.FIGURES):
        cells[0] = f"{figure.name}: {figure.meaning}"
        print("| " + " | ".join(cells) + " |")


def print_spread(found, names):
    """Minimum, mean and maximum; one table for each machine."""
    for variant, results in found.items():
        print(f"\n{variant:<22}" +
              "".join(f"{TITLES[name]:^30}" for name in names).rstrip())
        print(f"{'figure':<22}" + f"{'min':>10}{'mean':>10}{'max':>10}" *
              len(names))
        for figure in figures.FIGURES:
            print(f"{figure.name:<22}" + "".join(
                f"{spread(results[name].get(figure.name), key):>10}"
                for name in names for key in ("min", "mean", "max")).rstrip())


def spread(value, key):
    return "" if value is None else f"{value[key]:.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    parser.add_argument("--systems", default="native,socle,xen")
    options.add_variants(parser)
    parser.add_argument("--xen", type=pathlib.Path, help="Xen's image")
    parser.add_argument("--spread", action="store_true",
                        help="minima and maxima as well")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("-j", dest="jobs", type=int, default=2)
    args = parser.parse_args()
    names = args.systems.split(",")

    host = systems.Host(args.build, xen=args.xen)
    try:
        found = measure(host, names, args.variants, args.jobs)
    except qemu.Failure as failure:
        sys.exit(f"bench: {failure}")
    options.save(args.json, found, unit="instructions", goals={
        f.name: f.goal * f.unit for f in figures.FIGURES if f.goal})
    (print_markdown if args.markdown else print_table)(found, names)
    if args.spread:
        print_spread(found, names)


if __name__ == "__main__":
    main()
