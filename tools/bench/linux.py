#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's Linux to its shell, and workloads in it, in virtual time.

Natively, under Socle and under Xen; one VCPU on one CPU, each as ratio to
native.
"""

import argparse
import concurrent.futures
import dataclasses
import pathlib
import re
import sys

import options
import qemu
import systems

LINE = re.compile(r"work ([a-z]+) (\d+)\s*$", re.M)
WORKS = {
    "boot": "power to shell",
    "kernel": "kernel's clock to shell",
    "hackbench": "20 senders, 20 receivers",
    "hackpipe": "pipes",
    "shell": "fork, exec, exit",
    "memory": "25 MiB written and copied",
    "pipe": "switches between processes",
    "sleep": "short sleeps",
    "console": "40 lines to the UART",
}
TITLES = {"native": "native", "socle": "Socle", "xen": "Xen"}


def measure(host, guest, names, variants, jobs):
    """{machine: {system: {work: ns}}}"""
    found = {variant: {} for variant in variants}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = {}
        for variant in variants:
            here = dataclasses.replace(host, variant=variant)
            for name in names:
                run = pool.submit(systems.SYSTEMS[name], here, [guest])
                waiting[run] = (variant, name)
        for run in concurrent.futures.as_completed(waiting):
            variant, name = waiting[run]
            text = run.result()
            found[variant][name] = {work: int(ns)
                                    for work, ns in LINE.findall(text)}
            lacking = [work for work in WORKS if work not in
                       found[variant][name]]
            if lacking:
                raise qemu.Failure(f"{name}: no {', '.join(lacking)}\n{text}")
    return found


def table(found, names):
    """Cells: the workload, then milliseconds and ratios for each machine."""
    heads = ["workload"]
    for variant in found:
        heads += [f"{TITLES[n]}, {variant}" for n in names]
    yield heads
    for work in WORKS:
        cells = [work]
        for results in found.values():
            native = results.get("native", {}).get(work)
            for name in names:
                took = results[name][work]
                cell = f"{took / 1e6:.1f}"
                if native and name != "native":
                    cell += f" {took / native:.3f}"
                cells.append(cell)
        yield cells


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    parser.add_argument("--systems", default="native,socle,xen")
    options.add_variants(parser)
    parser.add_argument("--xen", type=pathlib.Path)
    parser.add_argument("--kernel", type=pathlib.Path, required=True)
    parser.add_argument("--initrd", type=pathlib.Path, required=True)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("-j", dest="jobs", type=int, default=2)
    args = parser.parse_args()
    names = args.systems.split(",")

    # nokaslr: the kernel at the same address every time.
    guest = systems.Guest(args.kernel, "linux", args.initrd, memory=256,
                          bootargs="console="
                          f"{qemu.MACHINE.GUEST_CONSOLE} nokaslr")
    host = systems.Host(args.build, xen=args.xen, limit=900)
    try:
        found = measure(host, guest, names, args.variants, args.jobs)
    except qemu.Failure as failure:
        sys.exit(f"bench-linux: {failure}")
    options.save(args.json, found, unit="nanoseconds of virtual time")
    lines = list(table(found, names))
    if args.markdown:
        lines.insert(1, ["---"] + ["---:"] * (len(lines[0]) - 1))
        for cells in lines:
            named = WORKS.get(cells[0])
            first = f"{cells[0]}: {named}" if named else cells[0]
            print("| " + " | ".join([first, *cells[1:]]) + " |")
        return
    for cells in lines:
        print(f"{cells[0]:<10}" + "".join(f"{c:>14}" for c in cells[1:]))
    print("\nMilliseconds of virtual time, and ratio to native.")


if __name__ == "__main__":
    main()
