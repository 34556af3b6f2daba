# SPDX-License-Identifier: GPL-2.0-or-later
"""Pools, policies, frames, affinity, parameters and budgets are changed while
storms run in them: a change works, or it is refused and nothing has changed."""

import random
import time

import pytest

from socle import SLOWNESS, description

CPUS = 4
STORMS = ("sgi", "psci", "devices", "broadcast")
VCPUS = 4
NAMES = (*STORMS, "steady")
CHANGES, MANY = 50, 600
POLICIES = ("prio", "rm", "edf", "fair", "null", "arinc653 frame=10ms",
            "arinc653 frame=3ms")
POOLS = ("default", "one", "two")
# What is measured, not set.
MEASURED = {"misses", "cpu", "used", "overrun", "throttles", "waiting"}


def storm(name):
    what, vcpus = ("spin", 1) if name == "steady" else (name, VCPUS)
    return description(name, memory=16, kernel="/images/storm.bin",
                       initrd=None, bootargs=f"storm={what}", vcpus=vcpus)


@pytest.fixture(name="host")
def fixture_host(boot):
    return boot({name: storm(name) for name in NAMES}, smp=CPUS, limit=900)


def arrangement(host):
    """All that commands set."""
    return [[{key: value for key, value in row.items() if key not in MEASURED
              or (key == "overrun" and isinstance(value, str))}
             for row in host.json(line)]
            for line in ("sched pool list", "vcpu params", "budget list")] + [
                [(row["name"], row["affinity"]) for row in
                 host.json("vcpu list") if "/work" not in row["name"]]]


def cpus(rnd):
    first = rnd.randrange(CPUS)
    last = rnd.randrange(first, CPUS)
    return f"{first}-{last}" if last > first else str(first)


def vcpu(rnd):
    name = rnd.choice(NAMES)
    return name if rnd.random() < 0.6 else f"{name}/{rnd.randrange(VCPUS)}"


def change(rnd):
    """A command; many cannot be done."""
    force = " --force" if rnd.random() < 0.2 else ""
    period = rnd.choice((1, 5, 10))
    return rnd.choice((
        f"sched pool create {rnd.choice(POOLS)} {cpus(rnd)} "
        f"{rnd.choice(POLICIES)}",
        f"sched pool destroy {rnd.choice(POOLS)}",
        f"sched pool cpus {rnd.choice(POOLS)} {cpus(rnd)}",
        f"sched pool policy {rnd.choice(POOLS)} {rnd.choice(POLICIES)}{force}",
        f"sched pool move {vcpu(rnd)} {rnd.choice(POOLS)}{force}",
        f"vcpu affinity {vcpu(rnd)} {rnd.choice(('all', cpus(rnd)))}",
        f"vcpu set {vcpu(rnd)} period={period}ms "
        f"budget={rnd.randint(1, 10 * period) * 100}us{force}",
        f"vcpu set {vcpu(rnd)} window={rnd.randrange(10)}ms+"
        f"{rnd.randint(1, 4)}ms{force}",
        f"vcpu set {vcpu(rnd)} window=none",
        f"vcpu set {vcpu(rnd)} priority={rnd.choice((3, 9))}",
        f"budget set {vcpu(rnd)} {rnd.choice((500, 1000, 400000))} "
        f"{rnd.choice((1000, 3000000))} --event CPU_CYCLES",
        f"budget remove {vcpu(rnd)}",
        f"guest {rnd.choice(('pause', 'resume', 'reset', 'stop', 'start'))} "
        f"{rnd.choice(STORMS)}"))


def ran(host, name):
    return next(v["run_s"] for v in host.json("vcpu list")
                if v["name"] == f"{name}/0")


def rearrange(host, seed, count):
    rnd = random.Random(seed)
    done = {}
    before = arrangement(host)
    for _ in range(count):
        line = change(rnd)
        said = host.cmd(line, ok=False)
        after = arrangement(host)
        refused = "error:" in said
        if refused:
            assert after == before, (line, said)
        kind = " ".join(line.split()[:2])
        done.setdefault(kind, [0, 0])[refused] += 1
        before = after
    print(seed, done)
    return done


def check_after(host):
    """Everything can be set back, every guest still runs, and all of it ends.
    """
    for row in host.json("budget list"):
        host.cmd(f"budget remove {row['name']}")
    for name in NAMES:
        host.cmd(f"guest resume {name}", ok=False)
        host.cmd(f"guest start {name}", ok=False)
        host.cmd(f"vcpu affinity {name} all", ok=False)
    host.cmd("sched pool policy default prio")
    for name in NAMES:
        host.cmd(f"vcpu affinity {name} all", ok=False)
        host.cmd(f"sched pool move {name} default --force")
        host.cmd(f"vcpu affinity {name} all")
        host.cmd(f"vcpu set {name} priority=3")
    for pool in host.json("sched pool list")[1:]:
        host.cmd(f"sched pool destroy {pool['pool']}")
    pool, = host.json("sched pool list")
    assert pool["cpus"] == "all"
    for name in NAMES:
        before = ran(host, name)
        host.cmd("sleep 200")
        assert ran(host, name) > before, name
    assert "none is mapped twice" in host.cmd("memory check")
    for name in NAMES:
        host.cmd(f"guest destroy {name}")
    assert host.guests() == {}


def test_under_load(host):
    done = rearrange(host, 11, CHANGES)
    # Of what may fail, some did and some did not.
    assert sum(bool(good) for good, _ in done.values()) >= 4
    assert sum(bool(bad) for _, bad in done.values()) >= 4
    check_after(host)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_under_load_long(host, seed):
    rearrange(host, seed, MANY)
    check_after(host)


def test_last_cpu(host):
    """A pool in use keeps a CPU, whichever way that is taken from it."""
    host.cmd("sched pool create one 3 edf")
    host.cmd("sched pool move sgi one")
    before = arrangement(host)
    for line, why in (
            ("sched pool create two 3 prio", "'one' would have no CPU"),
            ("sched pool create two 2-3 prio", "'one' would have no CPU"),
            ("sched pool destroy one", "VCPUs"),
            ("sched pool cpus one 9", "there are CPUs 0 to 3"),
            ("sched pool policy one null", "no CPU is left for it")):
        said = host.cmd(line, ok=False)
        assert why in said, said
        assert arrangement(host) == before
    at = ran(host, "sgi")
    host.cmd("sleep 200")
    assert ran(host, "sgi") > at
    # One in which nothing runs loses its last CPU with its end.
    host.cmd("sched pool move sgi default")
    host.cmd("sched pool destroy one")


def test_affinity_of_several(host):
    """Of VCPUs in two pools one may refuse: then none has changed."""
    host.cmd("sched pool create one 3 prio")
    host.cmd("sched pool move psci/2 one")
    before = arrangement(host)
    for cpus_, pool in ("0-1", "one"), ("3", "default"):
        said = host.cmd(f"vcpu affinity psci {cpus_}", ok=False)
        assert f"no CPU of pool '{pool}'" in said
        assert arrangement(host) == before
    host.cmd("vcpu affinity psci 1-3")
    assert arrangement(host) != before


def throttled(host, name):
    """Waits until VCPUs of the guest wait for the end of their period."""
    limit = time.monotonic() + 60 * SLOWNESS
    while host.json("budget list")[0]["waiting"] == 0:
        assert time.monotonic() < limit, name


def used(host):
    """What the hypervisor has allocated."""
    host.cmd("heap trim")
    return host.json("heap stats")["live_allocations"], host.json("memory")


def throttle_and_end(host, name):
    """Stopped, reset and destroyed while it waits: each at once."""
    for how in ("stop", "reset", "destroy"):
        host.cmd(f"budget set {name} 1000 10000000 --event CPU_CYCLES")
        throttled(host, name)
        begin = time.monotonic()
        host.cmd(f"guest {how} {name}")
        assert time.monotonic() - begin < 8 * SLOWNESS
        if how != "destroy":
            host.cmd(f"budget remove {name}")
            host.cmd(f"guest start {name}", ok=how == "stop")
            host.expect_state(name, "running")
    assert host.json("budget list") == []


def test_destroyed_while_throttled(host):
    """A guest that waits for the end of a period of 10 s can be ended, and
    leaves nothing."""
    before = None
    for _ in range(2):
        for name in NAMES:
            throttle_and_end(host, name)
        # What is allocated once is there after the first round.
        before = before or used(host)
        last = used(host)
        for name in NAMES:
            host.cmd(f"guest create /guests/{name}.dtb --start")
    assert last == before
