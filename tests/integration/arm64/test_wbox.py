# SPDX-License-Identifier: GPL-2.0-or-later
"""The white-box tests, which run inside an image built with them."""

import re

import pytest

from socle import BUILD, bare

pytestmark = pytest.mark.wbox
IMAGE = BUILD / "check" / "debug" / "vmm.bin"


@pytest.mark.parametrize("gic,smp,cpu", [
    (2, 1, "cortex-a53"), (3, 1, "cortex-a57"), (2, 4, "cortex-a72"),
    (3, 4, "max"),
])
def test_all(boot, gic, smp, cpu):
    host = boot(gic=gic, smp=smp, cpu=cpu, image=IMAGE)
    text = host.cmd("test", timeout=200, ok=False)
    failed = re.findall(r"^FAIL .*\n.*", text, re.MULTILINE)
    assert not failed, "\n".join(failed)
    assert re.search(r"^[1-9]\d* passed, 0 failed$", text, re.MULTILINE), text


@pytest.mark.parametrize("cpu", ["cortex-a57", "max"])
def test_serror(boot, cpu):
    """An SError taken at EL2 after a VCPU has left its CPU: its guest
    crashes."""
    host = boot({"victim": bare("victim", "idle"),
                 "other": bare("other", "idle")}, cpu=cpu, image=IMAGE)
    host.expect_state("victim", "running")
    assert "0 failed" in host.cmd("test serror:")
    host.expect_state("victim", "crashed")
    assert "SError, ESR 0xbe000000" in host.cmd("dmesg")
    host.expect_state("other", "running")
