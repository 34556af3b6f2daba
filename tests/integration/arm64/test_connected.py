# SPDX-License-Identifier: GPL-2.0-or-later
"""Two Linux guests and a bare-metal one connected in all ways that there are, and a
fourth one that is not (tests/guest/linux, tests/guest/arm64/rpmsg.c)."""

import re
import time

from socle import SLOWNESS, TOP, description

# Of the bare-metal guest: its endpoint, what it announces, and how many it sends.
ENDPOINT, NAME, MESSAGES = 100, "rpmsg-raw", 2000
# Addresses in the domain, and the CID of a guest with address 1.
NODES, CID = {"linux0": 1, "linux1": 2, "bare": 3}, 10
# Rings of shared memory: from the bare-metal guest to linux0, and on to linux1.
RINGS = {"first": (0x80000000, ("bare", "linux0")),
         "second": (0x90000000, ("linux0", "linux1"))}
MIB = 512
SIGTERM, SIGBUS = 128 + 15, 128 + 7


def window(ring):
    """A window on a ring, and its doorbell."""
    at, n = RINGS[ring][0], list(RINGS).index(ring)
    return (f"shared@{at:x} {{ compatible = \"socle,shared-memory\"; "
            f"region = \"{ring}\"; reg = <0 {at:#x} 0 0x80000>, "
            f"<0 {0x0c200000 + n * 0x1000:#x} 0 0x1000>; "
            f"interrupts = <0 {112 + n} 1>; }};")


def devices(domain, address, rings, vsock=True):
    """What a guest is connected by."""
    text = (f'rpmsg0 {{ compatible = "virtio,rpmsg"; domain = "{domain}"; '
            f'address = <{address}>; }};')
    if vsock:
        text += (f'vsock0 {{ compatible = "virtio,vsock"; domain = "{domain}"; '
                 f'cid = <{CID + address - 1}>; ports = <5000 5001>; }};')
    return f"devices {{ {text} {' '.join(map(window, rings))} }};"


def linux(name, domain, address, rings):
    return description(name, memory=256,
                       initrd="/images/initrd-messages.cpio.gz",
                       extra=devices(domain, address, rings))


def of(node, endpoint=ENDPOINT):
    """An endpoint's address, as its peers have it."""
    return node << 20 | endpoint


def found(shell, folder, value):
    """Linux's character devices by what is in a file of sysfs."""
    return [f"/dev/{line.split('/')[4]}" for line in shell.sh(
        f"grep -lx {value} /sys/class/{folder}", status=None).splitlines()
        if line.startswith("/sys/")]


def endpoint(shell, number):
    device, = found(shell, "rpmsg/*/src", number)
    return device


def uio(shell, ring):
    device, = found(shell, "uio/*/maps/map0/addr", f"{RINGS[ring][0]:#018x}")
    return device


def channel(shell, node, there=True, limit=30):
    """The device of the channel to a peer's endpoint, once it is there, or is
    not there any more."""
    end = time.monotonic() + limit * SLOWNESS
    while bool(has := found(shell, "rpmsg/*/dst", of(node))) != there:
        assert time.monotonic() < end, f"node {node}: {has}"
        time.sleep(0.2)
    return has[0] if there else None


def stats(host, name):
    return host.json(f"vmsg node stats {name}.rpmsg0")


def start(boot):
    """The guests, all but the bare-metal one running."""
    guests = {
        "linux0": linux("linux0", "near", 1, ("first", "second")),
        "linux1": linux("linux1", "near", 2, ("second",)),
        "linux2": linux("linux2", "far", 4, ("first", "second")),
        "bare": description(
            "bare", memory=16, kernel="/images/rpmsg.bin", initrd=None,
            bootargs=f"rpmsg=talk peers=2 mib={MIB}",
            extra=devices("near", 3, ("first",), vsock=False))}
    script = "".join(f"shared create {ring} 512K --non-cacheable\n" + "".join(
        f"shared grant {ring} {guest}\n" for guest in granted)
        for ring, (_, granted) in RINGS.items())
    # The last one never sleeps.
    script += "".join(
        f"guest create /guests/{name}.dtb{'' if name == 'bare' else ' --start'}"
        "\n" for name in guests)
    return boot(guests, mem="2G", limit=600, script=script)


def rpmsg_with_bare(host):
    """Messages in both directions at once, of a guest that is found by what it
    announces."""
    for name in "linux0", "linux1":
        with host.linux(name) as shell:
            shell.sh(f"rpmsg announce {NAME} {ENDPOINT}")
    host.cmd("guest start bare")
    for name in "linux0", "linux1":
        with host.linux(name) as shell:
            own = endpoint(shell, ENDPOINT)
            assert shell.sh(f"rpmsg talk {own} {channel(shell, 3)} {MESSAGES}",
                            timeout=120) == f"{MESSAGES} each way"
    with host.attach("bare"):
        said = host.expect(r"(PASS|FAIL) rpmsg talk|WRONG: [^\r\n]*", 60)
    assert said[1] == "PASS", said[0]


def rpmsg_with_linux(host):
    """Between two programs, by endpoints that know each other's address."""
    with host.linux("linux0") as shell:
        channel(shell, NODES["linux1"])
        shell.sh(f"rpmsg endpoint 201 {of(NODES['linux1'], 201)}")
        shell.sh(f"rpmsg echo {endpoint(shell, 201)} {MESSAGES} >/tmp/echo & "
                 "sleep 1")
    with host.linux("linux1") as shell:
        shell.sh(f"rpmsg endpoint 201 {of(NODES['linux0'], 201)}")
        own = endpoint(shell, 201)
        assert shell.sh(f"rpmsg talk {own} {own} {MESSAGES}",
                        timeout=120) == f"{MESSAGES} each way"
    with host.linux("linux0") as shell:
        assert shell.sh("cat /tmp/echo") == f"listening\n{MESSAGES} answered"


def shared_memory(host):
    """Half a gigabyte comes from the bare-metal guest while another one goes
    on."""
    with host.linux("linux0") as shell:
        shell.sh(f"ring consume {uio(shell, 'first')} {MIB} >/tmp/in 2>&1 &")
        shell.sh(f"ring produce {uio(shell, 'second')} {MIB} >/tmp/out 2>&1 &")
    with host.linux("linux1") as shell:
        assert shell.sh(f"ring consume {uio(shell, 'second')} {MIB}",
                        timeout=240) == f"{MIB} MiB"
    with host.linux("linux0") as shell:
        shell.sh("wait", timeout=240)
        assert shell.sh("cat /tmp/in /tmp/out") == f"{MIB} MiB\n{MIB} MiB"
    with host.attach("bare"):
        host.expect(rf"PRODUCED 0x0*{MIB << 20 >> 12:x}\r", 60)
    host.cmd("memory check")


def commands(page):
    """The blocks of a how-to page's lines for Linux's shell."""
    text = (TOP / "docs/howto" / page).read_text()
    return [block.splitlines()
            for block in re.findall(r"```sh\n(.*?)```", text, re.S)]


def sockets(host):
    """The how-to page's; a stream, whose sender shuts down its half; messages."""
    to = CID + NODES["linux1"] - 1
    (look,), (listen,), (connect,) = commands("connect-two-guests.md")
    with host.linux("linux1") as shell:
        assert f"{RINGS['second'][0]:#018x}" in shell.sh(look)
        shell.sh(f"{listen} 2>/dev/null & sleep 1")
    with host.linux("linux0") as shell:
        assert shell.sh(connect).startswith("b1946ac92492d2347c6235b4d2611184")
    with host.linux("linux1") as shell:
        shell.sh("socat VSOCK-LISTEN:5000 EXEC:md5sum 2>/dev/null & "
                 "vsock serve 5001 >/tmp/served 2>&1 & sleep 1")
    with host.linux("linux0") as shell:
        shell.sh("dd if=/dev/urandom of=/tmp/data bs=1M count=4 2>/dev/null")
        assert shell.sh(f"socat -t 60 - VSOCK-CONNECT:{to}:5000 </tmp/data",
                        timeout=100) == shell.sh("md5sum </tmp/data")
        size = sum(1 + i * 7919 % 100000 for i in range(50))
        assert shell.sh(f"vsock send {to} 5001 50",
                        timeout=100) == f"50 good, {size} bytes"


def outside(host):
    """The fourth guest has the same devices, and reaches nothing by them."""
    with host.linux("linux2") as shell:
        assert shell.sh("ls /sys/class/rpmsg") == "rpmsg_ctrl0"
        for node in NODES.values():
            shell.sh(f"rpmsg endpoint {node} {of(node)}")
            own = endpoint(shell, node)
            shell.sh(f"echo are you there >{own}")
            shell.sh(f"timeout 1 cat {own}", status=SIGTERM)
        for name in "linux0", "linux1":
            for port in 5000, 5001:
                address = f"{CID + NODES[name] - 1}:{port}"
                assert "Connection reset by peer" in shell.sh(
                    f"socat - VSOCK-CONNECT:{address} </dev/null 2>&1",
                    status=None)
        for ring in RINGS:
            shell.sh(f"ring look {uio(shell, ring)}", status=SIGBUS)
    counts = stats(host, "linux2")
    assert counts["sent"] == counts["received"] == counts["peers"] == 0
    assert counts["no_such_peer"] == len(NODES)


def leaving(host):
    """Channels end with what they lead to; lines of the how-to page for Linux."""
    lines, = commands("exchange-messages.md")
    with host.linux("linux1") as shell:
        shell.sh(f"rpmsg release {NAME} {ENDPOINT}")
    host.cmd("guest stop bare")
    with host.linux("linux0") as shell:
        for node in NODES["bare"], NODES["linux1"]:
            channel(shell, node, there=False)
        for line in lines:
            shell.sh(line)
        # The driver sleeps only where it may, and complains of nothing.
        assert shell.sh("dmesg -r | grep '^<[0-4]>.*rpmsg\\|cut here' | "
                        "grep -v taint", status=1) == ""


def test_connected(boot):
    """All at once, by Linux's drivers; and nobody outside sees any of it."""
    host = start(boot)
    rpmsg_with_bare(host)
    rpmsg_with_linux(host)
    shared_memory(host)
    sockets(host)
    outside(host)
    leaving(host)
    for name in NODES:
        counts = stats(host, name)
        assert counts["sent"] >= 2 * MESSAGES <= counts["received"]
        assert counts["no_such_peer"] == counts["dropped"] == 0
        assert counts["malformed"] == counts["forged"] == 0
