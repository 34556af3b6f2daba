# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's perf in a Linux guest, by the guest's PMU (docs/design/budgets.md).

`load spin N` executes 2 N instructions and some hundred to begin and end. With
-icount an instruction is an event and takes a nanosecond, so that is what perf
must count, exactly at EL0 and with the kernel's part in all.
"""

import re

import pytest

from socle import IMAGES, description

ICOUNT = "shift=0,sleep=off"
LOOPS = 10000000
MANY = 50 * LOOPS
STARTED = 1000			# instructions of a program that does nothing
KERNEL = 0.02			# of all: exec, page faults, ticks, exit
MOVES = 3
PERIOD = 100000			# events for a sample
COUNTERS, RESERVED = 6, 4		# of QEMU's Cortex-A57; of them the host's


@pytest.fixture(scope="module", autouse=True)
def programs():
    assert (IMAGES / "initrd-perf.cpio.gz").exists(), \
        "make check-programs makes the guest's programs"


def linux(cpus=""):
    return description("linux0", memory=256,
                       initrd="/images/initrd-perf.cpio.gz").replace(
                           "cpus {", f"cpus {{ {cpus}")


def spinner():
    return description("spinner", memory=16, kernel="/images/storm.bin",
                       initrd=None, bootargs="storm=spin")


def stat(events, loops, options=""):
    return f"perf stat {options} -x, -e {events} -- load spin {loops}"


def counts(said):
    """{event: count, or why there is none} of what `perf stat -x,` prints."""
    rows = [line.split(",") for line in said.split("\n")]
    return {row[2]: int(row[0]) if row[0].isdecimal() else row[0]
            for row in rows if len(row) > 4}


def check_counts(got, loops, others=STARTED):
    print(got)
    user = got["instructions:u"]
    assert 2 * loops <= user < 2 * loops + others, got
    for event in ("instructions", "cycles"):
        assert user < got[event] < 2 * loops * (1 + KERNEL), got


def interrupts(console):
    """Overflow interrupts so far."""
    line = console.sh("grep arm-pmu /proc/interrupts")
    return int(line.split(":")[1].split()[0])


def check_samples(console, loops):
    """A sample each PERIOD cycles, taken by the interrupt where the program
    was."""
    before = interrupts(console)
    console.sh(f"perf record -q -e cycles -c {PERIOD} -o /tmp/data -- "
               f"load spin {loops} >/dev/null 2>&1", timeout=200)
    came = interrupts(console) - before
    said = console.sh("perf report -i /tmp/data --stdio -q -n -s sym "
                      "2>/dev/null", timeout=200)
    rows = re.findall(r"^ +[\d.]+% +(\d+) +\[(.)\] (\S+)", said, re.M)
    every = sum(int(count) for count, _, _ in rows)
    inside = sum(int(count) for count, _, name in rows if name == "spin")
    print(f"{every} samples, {inside} in spin, {came} interrupts")
    wanted = 2 * loops / PERIOD
    assert wanted <= every < wanted * (1 + 2 * KERNEL) + 2
    assert came >= every and inside > 0.95 * every


def test_counts_and_samples(boot):
    """Alone, beside a guest that has half of the CPU, and while the guest is
    throttled by a counter that it cannot see."""
    host = boot({"linux0": linux(), "spinner": spinner()}, smp=1,
                icount=ICOUNT, limit=580,
                script="guest create /guests/linux0.dtb --start\n"
                       "guest create /guests/spinner.dtb\n")
    with host.linux("linux0", timeout=200) as console:
        # With the cycle counter.
        assert f"{COUNTERS - RESERVED + 1} counters available" in console.sh(
            "dmesg | grep armv8_pmuv3")
        # Linux leaves samples out when taking one took long, and for it the time
        # that its VCPU does not run, in the middle of one, is such time.
        console.sh("echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent")
    for line in ("guest list", "guest start spinner",
                 "budget set linux0 400000 1000 --event INST_RETIRED"):
        host.cmd(line)
        if line.startswith("budget"):
            host.cmd("guest stop spinner")
        with host.linux("linux0") as console:
            check_counts(counts(console.sh(
                stat("instructions:u,instructions,cycles", LOOPS),
                timeout=200)), LOOPS)
            check_samples(console, LOOPS)
    row, = host.json("budget list")
    print(row)
    assert row["throttles"] > 50 and row["overrun"] < 4000, row


@pytest.mark.long
def test_migration(boot):
    """The counters move from CPU to CPU with their VCPU, and count nothing of
    the guest that has the CPU meanwhile."""
    host = boot({"linux0": linux(), "spinner": spinner()}, smp=2,
                icount=ICOUNT, limit=580,
                script="guest create /guests/linux0.dtb --start\n"
                       "guest create /guests/spinner.dtb\n")
    with host.linux("linux0", timeout=200) as console:
        console.sh(stat("instructions:u,instructions,cycles", MANY,
                        "-o /tmp/counts") + " &")
    host.cmd("guest start spinner")
    for move in range(MOVES):
        # One CPU has both, as QEMU shares time badly between busy CPUs.
        for name in "spinner", "linux0":
            host.cmd(f"vcpu affinity {name} {move % 2}")
        assert {v["cpu"] for v in host.json("vcpu list")} == {move % 2}
    with host.linux("linux0") as console:
        # It was not done before the last move.
        console.sh("ps | grep '[l]oad spin'")
        console.sh("wait", timeout=200)
        # Each CPU's counter of QEMU counts what any CPU executes: it did while
        # the guests were on different ones.
        check_counts(counts(console.sh("cat /tmp/counts")), MANY,
                     2 * MANY * KERNEL / 2)
        check_samples(console, LOOPS)


@pytest.mark.parametrize("icount", [ICOUNT, None])
def test_no_pmu(boot, icount):
    host = boot({"linux0": linux('pmu = "none";')}, smp=1, icount=icount,
                limit=580)
    with host.linux("linux0", timeout=200) as console:
        assert console.sh("dmesg | grep -i pmu", status=1) == ""
        got = counts(console.sh(stat("instructions,cycles", 1000)))
        assert got == dict.fromkeys(("instructions", "cycles"),
                                    "<not supported>")
        said = console.sh("perf record -e instructions -o /tmp/data -- "
                          "load spin 1", status=255)
        assert "not supported" in said


def test_cycles_alone(boot):
    """Without -icount QEMU counts no instructions: the guest's PMU has no such
    event either."""
    host = boot({"linux0": linux()}, smp=2, limit=580)
    with host.linux("linux0", timeout=200) as console:
        got = counts(console.sh(stat("instructions,cycles", LOOPS)))
        print(got)
        assert got["instructions"] == "<not supported>" and got["cycles"] > 0
