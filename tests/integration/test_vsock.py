# SPDX-License-Identifier: GPL-2.0-or-later
"""Sockets of the family AF_VSOCK, by the stock kernel's drivers and socat."""

import pytest

from socle import BUILD, IMAGES, description

INITRD = "/images/initrd-messages.cpio.gz"
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


def domain(boot):
    """Two guests that can connect to each other, and one outside."""
    return boot({
        "linux0": guest("linux0", 'domain = "pair"; cid = <10>;'),
        "linux1": guest("linux1", 'domain = "pair"; cid = <11>; '
                        "ports = <5000 5009 7000 7000>;"),
        "linux2": guest("linux2", 'domain = "other"; cid = <12>;'),
    }, mem="2G", limit=600)


def serve(shell, port, what):
    """A listener that answers each connection."""
    shell.sh(f"socat VSOCK-LISTEN:{port},fork {what} 2>/dev/null & sleep 1")


def refused(shell, address):
    return RESET in shell.sh(f"socat - VSOCK-CONNECT:{address} </dev/null 2>&1",
                             status=None)


def test_streams(boot):
    """64 MiB arrive as they were sent, by a connection whose sender has shut
    down its half; and messages with their boundaries."""
    host = domain(boot)
    with host.linux("linux1") as shell:
        serve(shell, 5000, "EXEC:md5sum")
        shell.sh("vsock serve 5001 >/tmp/served 2>&1 &")
    with host.linux("linux0") as shell:
        shell.sh("dd if=/dev/urandom of=/tmp/data bs=1M count=1 2>/dev/null; "
                 "for i in $(seq 64); do cat /tmp/data; echo $i; done >/tmp/big",
                 timeout=200)
        assert shell.sh("socat -t 100 - VSOCK-CONNECT:11:5000 </tmp/big",
                        timeout=200) == shell.sh("md5sum </tmp/big",
                                                 timeout=100)
        said = shell.sh("vsock send 11 5001 300", timeout=200)
        size = sum(1 + i * 7919 % 100000 for i in range(300))
        assert said == f"300 good, {size} bytes"
    with host.linux("linux1") as shell:
        assert shell.sh("cat /tmp/served") == \
            "listening\n300 messages"
    for name in ("linux0", "linux1"):
        print(name, {row["queue"]: row
                     for row in host.json(f"guest queues {name}")})


def test_kept_apart(boot):
    """Who is outside the domain, or connects to a port that is not open to
    others, gets what it would get if nobody was there. A guest that is reset
    ends its connections."""
    host = domain(boot)
    with host.linux("linux1") as shell:
        for port in (5000, 5010, 7000):
            serve(shell, port, "EXEC:'echo here'")
        serve(shell, 5009, "EXEC:'sleep 1000'")
    with host.linux("linux2") as shell:
        for address in ("11:5000", "10:5000", "12345:5000"):
            assert refused(shell, address)
    with host.linux("linux0") as shell:
        for port in (5000, 7000):
            assert shell.sh(f"socat - VSOCK-CONNECT:11:{port} </dev/null") == \
                "here"
        assert refused(shell, "11:5010")
    # The domain's rules leave less.
    host.cmd("vmsg domain ports pair 7000-7009")
    assert host.json("vmsg domain stats pair")["ports"] == "7000-7009"
    with host.linux("linux0") as shell:
        assert refused(shell, "11:5000")
        assert shell.sh("socat - VSOCK-CONNECT:11:7000 </dev/null") == "here"
    host.cmd("vmsg domain ports pair all")
    with host.linux("linux0") as shell:
        shell.sh("socat -u VSOCK-CONNECT:11:5009 - >/tmp/out 2>&1 & sleep 2; "
                 "jobs | grep -q Running")
    host.cmd("guest reset linux1")
    with host.linux("linux0") as shell:
        shell.sh("wait", timeout=60)
        # The connection is gone, the domain is not.
    with host.linux("linux1") as shell:
        serve(shell, 5000, "EXEC:'echo again'")
    with host.linux("linux0") as shell:
        assert shell.sh("socat - VSOCK-CONNECT:11:5000 </dev/null") == "again"
