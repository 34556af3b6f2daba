# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest's virtual and physical timers: alone, beside other guests,
paused."""

import re

import pytest

from socle import description

PARTS = ("registers", "spinning", "waiting", "late", "ends-first", "status",
         "far", "tval")


def timers(name="timers", what="all"):
    return description(name, memory=16, kernel="/images/timers.bin",
                       initrd=None, bootargs=f"timers={what}")


@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("cpu,icount", [("cortex-a57", None), ("max", None),
                                        ("cortex-a57", "shift=0")])
def test_timers(boot, gic, cpu, icount):
    host = boot({"timers": timers()}, gic=gic, cpu=cpu, icount=icount, smp=1,
                script="guest create /guests/timers.dtb\n")
    begin = len(host.text)
    host.send("guest start timers\rguest console timers\r")
    host.expect(r"\nDONE\r*\n", timeout=120)
    said = host.text[begin:]
    assert re.findall(r"^FAIL .*", said, re.MULTILINE) == []
    for clock in ("virtual", "physical"):
        for part in PARTS:
            assert re.search(rf"^PASS {clock}-{part}\b", said, re.MULTILINE)
        if icount:
            # No other load can delay the hypervisor here: none comes twice.
            assert re.search(rf"^PASS {clock}-ends-first 0x0+64 ", said,
                             re.MULTILINE)
    host.detach()
    host.expect_state("timers", "stopped")


@pytest.mark.parametrize("gic", [2, 3])
def test_side_by_side(boot, gic):
    """Busy guests that share a CPU: each gets its ticks from both timers."""
    names = ("first", "second", "third")
    host = boot({name: timers(name, "load") for name in names}, gic=gic, smp=1)
    for name in names:
        host.attach(name)
        for _ in range(3):
            host.expect(r"\nTICKS 0x\w+ 0x\w+\r*\n", timeout=60)
        host.detach()


@pytest.mark.parametrize("gic", [2, 3])
def test_pause(boot, gic):
    """During a pause virtual time stands still, and the physical counter goes
    on; timers set to the far future stay there."""
    host = boot({"timers": timers(what="far")}, gic=gic, smp=1)
    line = (r" virtual 0x(\w+) physical 0x(\w+) enabled 0x0*11 irqs 0x0+"
            r"\r*\n")
    host.attach("timers")
    host.expect("FAR 0" + line)
    host.detach()
    host.cmd("guest pause timers")
    host.cmd("sleep 2000")
    host.cmd("guest resume timers")
    host.attach("timers")
    host.send(" ")
    found = host.expect("FAR 1" + line)
    virtual, physical = (int(n, 16) for n in found.groups())
    hz = 62500000
    assert physical - virtual > 1.9 * hz
    host.detach()
    assert host.shutdown() == 0
