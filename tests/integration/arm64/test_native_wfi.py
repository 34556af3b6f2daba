# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest whose waits for interrupts are not trapped (`native-wfi`)."""

import pytest

from socle import MACHINES, description


@pytest.mark.parametrize("kind", MACHINES, ids=str)
def test_native_wfi(boot, kind):
    """One guest's WFI sleeps on the CPU itself; the other still gets its turn.

    The first never blocks; the other does when it has nothing to do.
    """
    names = ["linux0", "linux1"]
    guests = {n: description(n, memory=192) for n in names}
    guests["linux0"] = guests["linux0"].replace("cpus {", "cpus { native-wfi;")
    host = boot(guests, smp=1, **kind)
    for name in names:
        with host.linux(name) as shell:
            assert shell.sh("sleep 1; hostname") == name
    states = {"linux0/0": set(), "linux1/0": set()}
    for _ in range(10):
        for vcpu in host.json("vcpu list"):
            # The list includes the threads that work for the guests.
            states.setdefault(vcpu["name"], set()).add(vcpu["state"])
    assert "blocked" not in states["linux0/0"]
    assert "blocked" in states["linux1/0"]
    host.cmd("guest stop linux0")
    host.expect_state("linux0", "stopped")
