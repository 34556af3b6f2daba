# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's network cards behind their drivers, on QEMU's user network.

The white-box test `net:` of the image sends frames through each card and
checks what comes back.
"""

import pytest

from board import zcu102
from socle import BUILD, Monitor

pytestmark = pytest.mark.wbox
IMAGE = BUILD / "check" / "debug" / "vmm.bin"


def run_test(host):
    text = host.cmd("test net:", timeout=200, ok=False)
    assert "1 passed, 0 failed" in text, text


# A server that returns what it gets, at 10.0.2.100.
ECHO = ",guestfwd=tcp:10.0.2.100:7-cmd:cat"


def check_offload(host):
    """Checksums and segmentation, by the card or by the hypervisor."""
    text = host.cmd("test offload:", timeout=200, ok=False)
    assert "1 passed, 0 failed" in text, text
    assert "eth0: 8000 bytes echoed" in host.cmd("dmesg")


def check_card(host, device, monitor, link):
    """Frames are exchanged, also after unbind and bind, and after a link
    down."""
    run_test(host)
    check_offload(host)
    host.cmd(f"device unbind {device}")
    host.cmd(f"device bind {device}")
    run_test(host)
    monitor.run("set_link", name=link, up=False)
    host.expect("link down")
    monitor.run("set_link", name=link, up=True)
    host.expect("link up")
    run_test(host)
    assert host.shutdown() == 0


def test_cadence_gem(boot, tmp_path):
    socket_path = tmp_path / "qmp"
    host = boot(image=IMAGE, **zcu102([
        # The board's port is the fourth.
        "-nic", "user", "-nic", "user", "-nic", "user",
        "-nic", f"user,id=net3{ECHO}", *Monitor.option(socket_path)]))
    check_card(host, "ethernet@ff0e0000", Monitor(socket_path), "net3")


@pytest.mark.parametrize("gic", [2, 3])
def test_e1000e(boot, tmp_path, gic):
    """Intel's 82574L, by MSI-X through GICv2m or the ITS."""
    socket_path = tmp_path / "qmp"
    host = boot(image=IMAGE, gic=gic, extra=[
        "-netdev", f"user,id=net0{ECHO}",
        "-device", "e1000e,netdev=net0,romfile=",
        *Monitor.option(socket_path)])
    check_card(host, "0000:00:01.0", Monitor(socket_path), "net0")
