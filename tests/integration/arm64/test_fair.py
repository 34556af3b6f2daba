# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests share a pool's CPUs by guest, not by number of VCPUs: under prio those
of equal priority, under fair by their weights, and up to their caps.

With -icount an instruction takes 4 ns, and time is that of the simulated
machine. Not with two CPUs: QEMU then lets one that needs no timer run for
seconds, while the other's has fired."""

import pytest

from socle import bare, description

ICOUNT = "shift=2,sleep=off"
CROWD = 128


def spinner(name, cpus=""):
    return description(name, memory=16, kernel="/images/storm.bin",
                       initrd=None, bootargs="storm=spin").replace(
                           "count = <1>;", f"count = <1>; {cpus}")


def crowd():
    return bare("crowd", "crowd", vcpus=CROWD)


def times(socle, name):
    """Seconds that all VCPUs of the guest have run, and that its first has
    been there."""
    rows = [v for v in socle.json("vcpu shares --json")
            if v["name"].startswith(f"{name}/")]
    first = next(v for v in rows if v["name"] == f"{name}/0")
    return (sum(v["run_s"] for v in rows),
            first["run_s"] + first["wait_s"] + first["thr_s"])


def longest_ms(socle, name):
    """Of its first VCPU, to be ready and not run."""
    return next(v["longest_ms"] for v in socle.json("vcpu shares --json")
                if v["name"] == f"{name}/0")


def waited_us(socle, name):
    return socle.json(f"guest info {name} --json")["longest_wait_us"]


def shares(socle, names, ms):
    """Of one CPU, what the guests have: they never wait."""
    before = {name: times(socle, name) for name in names}
    socle.cmd(f"sleep {ms}", timeout=600)
    after = {name: times(socle, name) for name in names}
    return [(after[name][0] - before[name][0]) /
            (after[name][1] - before[name][1]) for name in names]


def beside_crowd(boot, smp, policy):
    socle = boot({"crowd": crowd(), "one": spinner("one")}, smp=smp,
                 icount=ICOUNT if smp == 1 else None, limit=900,
                 script=f"sched pool policy default {policy}\n")
    socle.cmd("guest create /guests/crowd.dtb --start", timeout=180)
    socle.attach("crowd")
    socle.expect(rf"crowd: 0x0*{CROWD:x}\b", timeout=300)
    socle.detach()
    socle.cmd("guest create /guests/one.dtb --start", timeout=180)
    socle.cmd("sleep 4000", timeout=600)
    found = shares(socle, ("one", "crowd"), 3000)
    print(f"{policy}, {smp} CPUs: one {found[0]:.3f}, crowd {found[1]:.3f}")
    return found


@pytest.mark.parametrize("policy", ("prio", "fair"))
def test_crowd_on_one_cpu(boot, policy):
    """128 VCPUs that spin leave one VCPU half of the CPU."""
    one, others = beside_crowd(boot, 1, policy)
    assert 0.47 < one < 0.53
    assert 0.45 < others < 0.53


@pytest.mark.parametrize("policy", ("prio", "fair"))
def test_crowd_on_two_cpus(boot, policy):
    """Of two CPUs each guest has one: the crowd's VCPUs go to the other."""
    one, others = beside_crowd(boot, 2, policy)
    assert one > 0.8
    assert others > 0.8


def test_beside_a_higher_priority(boot):
    """A guest of a higher priority that spins has one of two CPUs; two others
    share the second, though one of them began where the first spins."""
    names = ("g0", "g1", "high")
    socle = boot({name: spinner(name) for name in names}, smp=2, limit=900,
                 script="".join(f"guest create /guests/{name}.dtb --start\n"
                                for name in names))
    socle.cmd("vcpu set high priority=5")
    socle.cmd("sleep 1000", timeout=600)
    one, other, high = shares(socle, names, 3000)
    print(f"g0 {one:.3f}, g1 {other:.3f}, high {high:.3f}")
    assert high > 0.95
    assert 0.4 < one < 0.6 and 0.4 < other < 0.6


def test_started_beside_a_higher_priority(boot):
    """Who starts or stops a guest at the terminal waits for work that has no
    higher priority than the guest, and for its VCPUs: it is done although
    another leaves them no CPU, and costs that one little."""
    names = ("high", "low")
    socle = boot({name: spinner(name) for name in names}, smp=1, limit=900,
                 icount=ICOUNT, script="guest create /guests/high.dtb --start\n")
    socle.cmd("vcpu set high priority=6")
    ran, there = times(socle, "high")
    for _ in range(5):
        socle.cmd("guest create /guests/low.dtb --start", timeout=60)
        socle.cmd("guest reset low", timeout=60)
        socle.cmd("guest stop low", timeout=60)
        socle.cmd("guest start low", timeout=60)
        socle.cmd("guest destroy low")
    ran, there = (now - then for now, then in
                  zip(times(socle, "high"), (ran, there)))
    print(f"high {ran / there:.3f} of {there:.3f} s")
    assert ran / there > 0.8


def test_weights_and_caps(boot):
    """From descriptions, and as they are changed; what is no weight and no cap
    is refused."""
    socle = boot({"g0": spinner("g0", "weight = <300>;"),
                  "g1": spinner("g1", "cap = <20>; vcpu-cap = <90>;"),
                  "g2": spinner("g2", "cap = <101>;"),
                  "g3": spinner("g3", "weight = <0>;"),
                  "crowd": crowd()},
                 smp=1, icount=ICOUNT, limit=900,
                 script="sched pool policy default fair latency=4ms\n"
                        "guest create /guests/g0.dtb --start\n"
                        "guest create /guests/g1.dtb --start\n")
    row = next(v for v in socle.json("vcpu shares --json")
               if v["name"] == "g1/0")
    assert (row["weight"], row["cap"], row["vcpu_cap"]) == (100, 20, 90)
    pool = socle.json("sched pool list --json")[0]
    assert pool["policy"] == "fair"
    assert pool["details"] == "latency=4000us,threads=100"
    one, other = shares(socle, ("g0", "g1"), 1000)
    assert 0.77 < one < 0.82 and 0.18 < other < 0.21
    socle.cmd("guest pause g1")
    longest = longest_ms(socle, "g1")
    assert 1 < longest < 1000
    assert round(longest * 1000) == waited_us(socle, "g1")
    socle.cmd("vcpu clear g1/0")
    assert longest_ms(socle, "g1") == 0 == waited_us(socle, "g1")
    assert longest_ms(socle, "g0") > 0
    assert "no guest 'none'" in socle.cmd("vcpu clear none", ok=False)
    socle.cmd("guest resume g1")
    socle.cmd("vcpu set g1 cap=none vcpu-cap=none")
    one, other = shares(socle, ("g0", "g1"), 1000)
    assert 0.72 < one < 0.77 and 0.23 < other < 0.27
    socle.cmd("vcpu set g1 weight=600")
    one, other = shares(socle, ("g0", "g1"), 1000)
    assert 0.31 < one < 0.35 and 0.64 < other < 0.68
    socle.cmd("vcpu set g1/0 vcpu-cap=10")
    one, other = shares(socle, ("g0", "g1"), 1000)
    assert 0.87 < one < 0.92 and 0.09 < other < 0.11
    socle.cmd("guest create /guests/crowd.dtb")
    for line, tells in (
            ("vcpu set g0 cap=101", "a cap of 101 % is more than"),
            ("vcpu set g0 cap=0", "per cent of a CPU, and none"),
            ("vcpu set g0 vcpu-cap=101", "possible are 1 to 100"),
            ("vcpu set g0 weight=0", "possible are 1 to 10000"),
            ("vcpu set g0 weight=10001", "possible are 1 to 10000"),
            ("vcpu set crowd/3 weight=5", "is of the whole guest"),
            ("vcpu set crowd/3 vcpu-cap=5 cap=9", "'cap=9' is of the whole"),
            ("guest create /guests/g2.dtb", "a cap of 101 % is more than"),
            ("guest create /guests/g3.dtb", "weight: found <0x0>"),
            ("sched pool policy default fair latency=1us", "threads=WEIGHT")):
        assert tells in socle.cmd(line, ok=False), line
