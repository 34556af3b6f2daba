#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a decision of the scheduler costs, by policy and number of VCPUs.

N guests of one VCPU each, which never wait, are on one CPU; a plugin in QEMU
(tests/plugins/decide.c) counts the instructions from the beginning of schedule()
to that of arch_vcpu_switch(): the VCPU that leaves the CPU is queued, the next
one chosen, and the timer for its time set. Under null, which has one VCPU for
each CPU, the guest is paused and resumed instead: each time its CPU goes from it to
being idle, or back. With --check each is a line: `ok` or
`over`, the policy and N, the mean, and the budget of tests/bench/<arch>/budget-decide.
"""

import argparse
import concurrent.futures
import dataclasses
import math
import pathlib
import re
import subprocess
import sys
import tempfile

import budget
import image as images
import qemu
import systems

BUDGET = systems.TOP / "tests/bench" / qemu.ARCH / "budget-decide"
READY = (2, 16, 64)
ALONE = (1,)
LINE = re.compile(r"decisions=(\d+) instructions=(\d+) most=(\d+)")
FUNCTIONS = {"from": "schedule", "until": "arch_vcpu_switch",
             "mark": "sched_cmd_latency_clear"}
GUEST_MIB = 4
MEASURED_MS = 600
# An instruction takes 32 ns: the guests, which only spin, execute fewer.
FASTER = ("-icount", "shift=5")


def servers(n):
    """Each has the same part of 90 % of the CPU; periods of 20 ms and more."""
    period = max(20, 2 * n)
    for i in range(n):
        yield (f"vcpu set g{i} period={period}ms "
               f"budget={900 * period // n}us")


def windows(n):
    """The frame has a window of 1 ms for each, without gaps."""
    for i in range(n):
        yield f"vcpu set g{i} window={1000 * i}us+1000us"


PAUSES = 40			# for policies of which nothing else makes them decide

# By policy: its options for n guests, and what each guest is promised.
POLICIES = {
    "prio": (lambda n: "", None),
    "fair": (lambda n: "", None),
    "edf": (lambda n: "", servers),
    "rm": (lambda n: "", servers),
    "arinc653": (lambda n: f" frame={n + n // 8 + 1}ms", windows),
    "null": (lambda n: "", None),
}


def numbers(policy, ready=READY):
    """Of VCPUs that are ready on a CPU."""
    return ALONE if policy == "null" else ready


def goal(policy, n):
    """Instructions."""
    return 200 if policy in ("prio", "arinc653", "null") else 200 + 20 * math.log2(n)


@dataclasses.dataclass
class Cost:
    """Of the decisions of a run."""
    decisions: int
    mean: float
    most: int


def paused():
    """Null, on the second CPU: the terminal is on the first."""
    yield from ("guest create /guests/g0.dtb", "sched pool create own 1 null",
                "sched pool move g0 own", "guest start g0", "sleep 200",
                "sched latency clear")
    for _ in range(PAUSES):
        yield from ("guest pause g0", "sleep 1", "guest resume g0", "sleep 1")
    yield from ("sched latency clear", "echo decided")


def script(policy, n):
    if policy == "null":
        yield from paused()
        return
    options, promises = POLICIES[policy]
    yield from (f"guest create /guests/g{i}.dtb" for i in range(n))
    yield f"sched pool policy default {policy}{options(n)}"
    yield from promises(n) if promises else ()
    yield from (f"guest start g{i}" for i in range(n))
    yield from ("sleep 200", "sched latency clear", f"sleep {MEASURED_MS}",
                "sched latency clear", "echo decided")


def arguments(image, plugin, out, *more):
    """QEMU's arguments that have the plugin write to `out`."""
    at = {}
    for line in image.tool("nm", "-S").splitlines():
        fields = line.split()
        if fields[-1] in FUNCTIONS.values() and len(fields) == 4:
            at[fields[-1]] = int(fields[0], 16), int(fields[1], 16)
    if len(at) != len(FUNCTIONS):
        raise qemu.Failure("the image lacks one of " +
                           ", ".join(FUNCTIONS.values()))
    return image.watched_by(
        plugin, out, f"bytes={at[FUNCTIONS['from']][1]:#x}",
        *(f"{key}={at[name][0] + images.BASE:#x}"
          for key, name in FUNCTIONS.items()), *more)


def measure(host, policy, n):
    """The cost with n VCPUs ready."""
    image = images.Image(host.build / "vmm.elf", systems.CROSS)
    guests = [systems.Guest(host.build / "guest" / "storm.bin", f"g{i}",
                            memory=GUEST_MIB, bootargs="storm=spin")
              for i in range(n)]
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(scratch) / "out"
        alone = policy == "null"
        here = dataclasses.replace(
            host, smp=2 if alone else 1, extra=(*arguments(
                image, host.build / "plugins" / "decide.so", out,
                *(["cpu=1"] if alone else [])), *FASTER))
        lines = "\n".join(script(policy, n)) + "\n"
        with qemu.Machine(here.command(
                True, "-kernel", str(host.build / "vmm.bin"), "-initrd",
                str(systems.bundle(guests, scratch, lines))),
                host.limit) as machine:
            machine.expect(r"\ndecided")
            if "error:" in machine.text():
                raise qemu.Failure(machine.text()[-2000:])
        found = LINE.findall(out.read_text("utf-8"))
    count, total, most = map(int, found[-1])
    return Cost(count, total / max(count, 1), most)


def check(found, budgets, allowance):
    """(good, text) of each."""
    for (policy, n), cost in found.items():
        most = budgets.get(policy, {}).get(n)
        what = f"decision, {policy} of {n}"
        if most is None:
            yield False, f"{what}: has no budget"
        elif cost.decisions < 20:
            yield False, f"{what}: {cost.decisions} were measured"
        else:
            yield (cost.mean <= most * (1 + allowance) + budget.ROUNDING,
                   f"{what}: {cost.mean:.1f} of {most}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--policies", default=",".join(POLICIES))
    parser.add_argument("-j", dest="jobs", type=int, default=2)
    parser.add_argument("--ready", default=",".join(map(str, READY)))
    args = parser.parse_args()
    host = systems.Host(args.build, limit=300)
    ready = [int(n) for n in args.ready.split(",")]
    try:
        runs = [(policy, n) for policy in args.policies.split(",")
                for n in numbers(policy, ready)]
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            found = dict(zip(runs, pool.map(
                lambda run: measure(host, *run), runs)))
    except (qemu.Failure, subprocess.CalledProcessError) as failure:
        sys.exit(f"bench: {failure}")
    if args.check:
        _, budgets, reference = budget.read(BUDGET)
        named = {name: dict(zip(numbers(name), values))
                 for name, values in budgets.items()}
        results = list(check(found, named, reference.allowance(
            images.compiler(args.build / "vmm.elf"))))
        for good, text in results:
            print("ok  " if good else "over", text)
        return not all(good for good, _ in results)
    for (policy, n), cost in found.items():
        print(f"{policy:<10}{n:>4}{cost.mean:>8.1f}{cost.most:>6} of "
              f"{cost.decisions}, goal {goal(policy, n):.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
