# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows in a frame (policy arinc653), set by descriptions and by a file, and
what is done about guests that overrun them."""

from manager import Watch, channel
from socle import description

SCHEDULE = """\
# half the frame, in two parts
frame 40ms
window g0/0 0ms+10ms,20ms+10ms
window g1/0 10ms+4ms   # and a tenth
"""
CLASH = """\
frame 20ms
window g0/0 0ms+10ms
window g1/0 9ms+4ms
"""
UNKNOWN = """\
frame 20ms
window g9/0 0ms+10ms
"""
SCRIPT = ("sched pool create rt 1 arinc653 frame=20ms,reserve=10\n"
          "guest create /guests/g0.dtb\nguest start g0\n"
          "guest create /guests/g1.dtb\nguest start g1\n")


def spinner(name, cpus):
    return description(name, memory=16, kernel="/images/storm.bin",
                       initrd=None, bootargs="storm=spin").replace(
                           "count = <1>;", f"count = <1>; {cpus}")


def running(socle, name):
    """The seconds that the guest's first VCPU has run."""
    rows = socle.json("vcpu list --json")
    return next(v["run_s"] for v in rows if v["name"] == f"{name}/0")


def params(socle):
    return {v["name"]: v for v in socle.json("vcpu params --json")}


def shares(socle, ms=400):
    """Each guest's fraction of the time that both ran."""
    before = [running(socle, name) for name in ("g0", "g1")]
    socle.cmd(f"sleep {ms}")
    ran = [running(socle, name) - was
           for name, was in zip(("g0", "g1"), before)]
    return [r / sum(ran) for r in ran]


def test_windows(boot):
    """Two guests that never wait have the CPU only in their windows."""
    socle = boot({"g0": spinner("g0", 'pool = "rt"; windows-us = '
                                "<0 0 2000>, <0 10000 2000>;"),
                  "g1": spinner("g1", 'pool = "rt"; windows-us = '
                                "<0 2000 8000>;")},
                 smp=2, script=SCRIPT, icount="shift=0,sleep=off",
                 files={"half": SCHEDULE, "clash": CLASH, "g9": UNKNOWN})
    for name in ("g0", "g1"):
        socle.expect_state(name, "running")
    rows = params(socle)
    assert rows["g0/0"]["pool"] == "rt" and rows["g0/0"]["cpu"] == 1
    assert rows["g0/0"]["windows_us"] == "0+2000,10000+2000"
    one, other = shares(socle)
    assert 0.30 < one < 0.37 and 0.63 < other < 0.70
    # Each is refused as a whole, with the reason.
    for line, tells in (
            ("vcpu set g1 window=1ms+2ms", "overlaps with one of g0/0"),
            ("vcpu set g1 window=15ms+6ms", "exceeds the frame of 20000 us"),
            ("vcpu set g1 window=5ms+2ms,4ms+1ms", "not in order"),
            ("vcpu set g1 window=2ms+8ms,12ms+7ms", "are 18000 us"),
            ("vcpu set g1 period=10ms budget=5ms", "begins at 10000 us"),
            ("vcpu set g1 window=2ms", "START+LENGTH"),
            ("vcpu set g1 overrun=panic", "log, restart and stop"),
            ("sched pool policy rt arinc653", "the options are frame=TIME"),
            ("sched pool schedule rt /clash", "overlaps with"),
            ("sched pool schedule rt /g9", "/g9:2"),
            ("sched pool schedule default /half", "has policy 'prio'")):
        assert tells in socle.cmd(line, ok=False), line
    # What is measured goes on.
    measured = {"misses": 0, "late_us": 0}
    for name, row in params(socle).items():
        assert {**row, **measured} == {**rows[name], **measured}
    # Another schedule takes effect at the end of a frame.
    socle.cmd("sched pool schedule rt /half")
    pool = next(p for p in socle.json("sched pool list --json")
                if p["pool"] == "rt")
    assert "frame=40000us" in pool["details"]
    socle.cmd("sleep 50")
    one, other = shares(socle)
    assert 0.80 < one < 0.86 and 0.14 < other < 0.20
    # Without windows it gets all that the other leaves, nine tenths.
    socle.cmd("vcpu set g0 window=none")
    socle.cmd("sleep 50")
    one, other = shares(socle)
    assert 0.87 < one < 0.92
    # Another policy ignores windows.
    socle.cmd("sched pool policy rt prio")
    one, other = shares(socle)
    assert 0.40 < one < 0.60


def test_pool_that_is_not_there(boot):
    """A description's pool and windows are checked when the guest is
    created."""
    socle = boot({"g0": spinner("g0", 'pool = "none";'),
                  "g1": spinner("g1", "windows-us = <0 0 2000>;")},
                 smp=2, script="echo\n")
    assert "sched pool list" in socle.cmd("guest create /guests/g0.dtb",
                                          ok=False)
    socle.cmd("guest create /guests/g1.dtb")
    socle.cmd("sched pool policy default arinc653 frame=1ms", ok=False)


def test_overrun(boot, tmp_path):
    """A Linux guest that is busy when its window ends is logged, restarted or
    stopped, as set; and managers are told."""
    socle = boot({"linux0": description("linux0")}, smp=2,
                 script="sched pool create rt 1 arinc653 frame=20ms\n"
                        "guest create /guests/linux0.dtb\n"
                        "sched pool move linux0 rt\nguest start linux0\n",
                 **channel(tmp_path / "management"))
    busy = "(while :; do :; done) &"
    with socle.linux("linux0") as console:
        console.sh(busy)
    assert params(socle)["linux0/0"]["misses"] == 0
    watch = Watch(socle, tmp_path / "management", "deadline", "linux0")
    socle.cmd("trace start records=256")
    socle.cmd("vcpu set linux0 window=0ms+10ms overrun=log")
    socle.expect("guest linux0: VCPU 0 was busy at the end of its last window; "
                 "is logged")
    assert params(socle)["linux0/0"]["misses"] > 0
    watch.expect("linux0", "linux0/0: [1-9][0-9]* missed")
    watch.end()
    socle.cmd("trace stop")
    assert "miss" in {row["event"] for row in socle.json("trace show 512")}
    socle.cmd("trace clear")
    socle.cmd("vcpu set linux0 overrun=restart")
    socle.expect("guest linux0: reboots")
    socle.cmd("vcpu set linux0 overrun=count")
    with socle.linux("linux0") as console:
        console.sh(busy)
    socle.cmd("vcpu set linux0 overrun=stop")
    socle.expect_state("linux0", "stopped")
