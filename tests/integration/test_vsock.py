# SPDX-License-Identifier: GPL-2.0-or-later
"""Sockets of the family AF_VSOCK, by the stock kernel's drivers and socat."""

import pytest

from socle import BUILD, IMAGES, description

INITRD = "/images/initrd-vsock.cpio.gz"
RESET = "Connection reset by peer"


@pytest.fixture(scope="module", autouse=True)
def programs():
    assert (IMAGES / INITRD.split("/")[-1]).exists(), \
        "make check-programs makes the guests' programs"


def guest(name, properties="", **more):
    return description(
        name, memory=256, initrd=INITRD, extra="devices { vsock0 { "
        f'compatible = "virtio,vsock"; {properties} }}; }};', **more)


@pytest.mark.wbox
def test_service(boot):
    """A service of the hypervisor: what it gets comes back, also after the guest
    has shut down its half; nobody is at other ports and CIDs."""
    host = boot({"linux0": guest("linux0", "cid = <40>;")},
                image=BUILD / "check" / "debug" / "vmm.bin")
    with host.linux("linux0") as shell:
        shell.sh("dd if=/dev/urandom of=/tmp/data bs=1M count=2 2>/dev/null")
        sent = shell.sh("md5sum </tmp/data")
        # More connections, one after the other, than a guest may have.
        for _ in range(6):
            assert shell.sh("echo hello | socat -t 20 - VSOCK-CONNECT:2:7",
                            timeout=60) == "hello"
        assert shell.sh("socat -t 60 - VSOCK-CONNECT:2:7 </tmp/data | md5sum",
                        timeout=200) == sent
        for address in ("2:8", "41:7"):
            assert RESET in shell.sh(
                f"socat - VSOCK-CONNECT:{address} </dev/null 2>&1", status=None)
    queues = {row["queue"]: row for row in host.json("guest queues linux0")}
    assert queues["receive"]["requests"] > 2 << 20 >> 12
