# SPDX-License-Identifier: GPL-2.0-or-later
"""VCPUs that wake each other by SGIs only: each SGI arrives exactly once."""

import re

import pytest

from socle import description

MESSAGES = 1000


def relay(vcpus):
    return description("relay", memory=16, vcpus=vcpus,
                       kernel="/images/relay.bin", initrd=None,
                       bootargs=f"relay={MESSAGES}")


@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("smp,vcpus", [(1, 4), (2, 8), (4, 5)])
def test_relay(boot, gic, smp, vcpus):
    host = boot({"relay": relay(vcpus)}, gic=gic, smp=smp,
                script="guest create /guests/relay.dtb\n")
    host.send("guest start relay\rguest console relay\r")
    host.expect(r"relay: begins")
    found = host.expect(r"\n(PASS|FAIL) relay([^\n]*)\n", timeout=200)
    assert found.group(1) == "PASS", found.group(0)
    numbers = [int(n, 16) for n in re.findall(r"0x(\w+)", found.group(2))]
    assert numbers[0] > MESSAGES * (vcpus - 1) // 2
    assert numbers[1] > 0
    host.detach()
    host.expect_state("relay", "stopped")
