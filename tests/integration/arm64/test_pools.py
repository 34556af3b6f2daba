# SPDX-License-Identifier: GPL-2.0-or-later
"""Pools of CPUs and their policies, at the terminal and under load."""

import time

import pytest

from socle import SLOWNESS, description

SPINNERS = 4


def spinner(name):
    return description(name, memory=16, kernel="/images/storm.bin",
                       initrd=None, bootargs="storm=spin")


def pools(socle):
    return {p["pool"]: p for p in socle.json("sched pool list --json")}


def running(socle, name):
    """Milliseconds that the guest's first VCPU has run."""
    rows = socle.json("vcpu list --json")
    return next(v["run_s"] for v in rows if v["name"] == f"{name}/0")


@pytest.fixture(name="socle")
def started(boot):
    names = [f"g{i}" for i in range(SPINNERS)]
    socle = boot({n: spinner(n) for n in names}, smp=4)
    for name in names:
        socle.expect_state(name, "running")
    return socle


def test_pools(socle):
    """VCPUs that never wait are moved to a pool with each policy, and back."""
    assert pools(socle)["default"]["cpus"] == "all"
    socle.cmd("sched pool create rt 2-3 edf")
    assert pools(socle)["rt"]["cpus"] == "2-3"
    assert pools(socle)["default"]["cpus"] == "0-1"
    for name in ("g0", "g1"):
        socle.cmd(f"sched pool move {name} rt")
    rows = {v["name"]: v for v in socle.json("vcpu list --json")}
    assert rows["g0/0"]["cpu"] in (2, 3) and rows["g2/0"]["cpu"] in (0, 1)
    socle.cmd("vcpu set g0 period=10ms budget=6ms")
    out = socle.cmd("vcpu set g1 period=10ms budget=9999us", ok=False)
    assert "would fit" in out
    # It is named once.
    assert out.count("g1/0") == 1
    socle.cmd("vcpu set g1 period=10ms budget=2ms")
    params = {v["name"]: v for v in socle.json("vcpu params --json")}
    assert params["g0/0"]["budget_ms"] == 6 and params["g0/0"]["pool"] == "rt"
    assert {params["g0/0"]["cpu"], params["g1/0"]["cpu"]} == {2, 3}
    socle.cmd("vcpu set g1 period=10ms budget=9999us --force")
    assert pools(socle)["rt"]["kept"] is False
    socle.cmd("vcpu set g1 period=10ms budget=2ms")
    assert pools(socle)["rt"]["kept"] is True
    for policy in ("rm", "prio", "null", "edf"):
        socle.cmd(f"sched pool policy rt {policy}")
        assert pools(socle)["rt"]["policy"] == policy
        before = running(socle, "g1")
        limit = time.monotonic() + 30 * SLOWNESS
        while running(socle, "g1") <= before:
            assert time.monotonic() < limit
    assert "thread" in socle.cmd("sched pool policy default null", ok=False)
    assert "VCPUs" in socle.cmd("sched pool destroy rt", ok=False)
    socle.cmd("sched pool cpus rt 3")
    assert pools(socle)["rt"]["cpus"] == "3"
    for name in ("g0", "g1"):
        socle.cmd(f"sched pool move {name} default")
    socle.cmd("sched pool destroy rt")
    assert list(pools(socle)) == ["default"]
    assert pools(socle)["default"]["cpus"] == "all"
    socle.cmd("guest destroy g0")


def test_bad_arguments(socle):
    """Each is refused, with what is allowed."""
    for line, tells in (
            ("sched pool create a/b 1 prio", "no name of a pool"),
            ("sched pool create rt 0-3 prio", "no CPU any more"),
            ("sched pool create rt 9 prio", "there are CPUs 0 to 3"),
            ("sched pool create rt 3 fast", "sched policies"),
            ("sched pool create rt 3 edf reserve=80", "0 to 50"),
            ("sched pool cpus default 0", "joining"),
            ("sched pool destroy default", "stays"),
            ("sched pool move g0 rt", "sched pool list"),
            ("vcpu set g0 period=1us budget=1us", "100us to 10s"),
            ("vcpu set g0 budget=1ms", "needs a period"),
            ("vcpu set g0 period=1ms budget=2ms", "at most the period"),
            ("vcpu set g0 period=1ms budget=0us", "not zero"),
            ("vcpu set g0 speed=1", "possible are")):
        assert tells in socle.cmd(line, ok=False), line
    assert list(pools(socle)) == ["default"]
