# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's `steal` is the time that its VCPU was ready and did not run."""

from socle import description

HZ = 100  # of /proc/stat


def steal(console):
    """Seconds."""
    line = console.sh("grep '^cpu ' /proc/stat").split()
    return int(line[line.index("cpu") + 8]) / HZ


def waited(socle):
    row = next(v for v in socle.json("vcpu list --json")
               if v["name"] == "linux0/0")
    return row["wait_s"] + row["thr_s"]


def test_steal(boot):
    socle = boot({"linux0": description("linux0"),
                  "other": description("other", memory=16, initrd=None,
                                       kernel="/images/storm.bin",
                                       bootargs="storm=spin")}, smp=1,
                 script="guest create /guests/linux0.dtb --start\n"
                        "guest create /guests/other.dtb\n")
    with socle.linux("linux0") as console:
        console.sh("(while :; do :; done) &")
        alone = steal(console)
    assert alone < 1
    socle.cmd("guest start other")
    before = waited(socle)
    socle.cmd("sleep 3000")
    with socle.linux("linux0") as console:
        told = steal(console) - alone
    after = waited(socle)
    print(f"steal {told:.2f} s, waited {after - before:.2f} s")
    assert after - before > 1
    assert abs(told - (after - before)) < 0.15 * (after - before) + 0.2
    assert "none is mapped twice" in socle.cmd("memory check")
