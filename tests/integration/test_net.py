# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests with network cards: connection, separation, limits, captures."""

import base64
import re
import struct

from manager import Watch, channel
from socle import TOP, description, start_script


def card(number=0, **properties):
    """A card's node in a description."""
    text = "".join(f"{name.replace('_', '-')} = {value}; " if value is not True
                   else f"{name.replace('_', '-')}; "
                   for name, value in properties.items())
    return f'net{number} {{ compatible = "virtio,net"; {text}}};'


def guest(name, *cards, **more):
    return description(name, extra=f"devices {{ {' '.join(cards)} }};", **more)


def pair(boot, *cards, **options):
    """Two guests, each with its card; their network is up."""
    cards = cards or [card(switch='"lan"')] * 2
    names = ["linux0", "linux1"]
    host = boot({name: guest(name, its) for name, its in zip(names, cards)},
                **options)
    for number, name in enumerate(names):
        with host.linux(name) as shell:
            shell.sh("ip link set eth0 up; "
                     f"ip addr add 10.0.0.{number + 1}/24 dev eth0")
    return host


def pings(host, name, address, count=3):
    with host.linux(name) as shell:
        return shell.sh(f"ping -c {count} -W 2 {address} >/dev/null && "
                        "echo answered || echo silent")


def drops(host, port, cause, direction):
    counts = {row["count"]: row for row in host.json(f"net port stats {port}")}
    return counts[f"dropped: {cause}"][direction]


def test_two_guests(boot):
    """They reach each other; what arrives is what was sent."""
    host = pair(boot)
    assert pings(host, "linux0", "10.0.0.2") == "answered"
    with host.linux("linux1") as shell:
        shell.sh("nc -l -p 9000 -e sh -c 'cat >/tmp/got' &")
    with host.linux("linux0") as shell:
        shell.sh("dd if=/dev/urandom of=/tmp/data bs=1M count=2 2>/dev/null; "
                 "nc 10.0.0.2 9000 </tmp/data", timeout=120)
        sent = shell.sh("md5sum </tmp/data")
    with host.linux("linux1") as shell:
        assert shell.sh("wait; md5sum </tmp/got") == sent
    ports = {port["name"]: port for port in host.json("net port list")}
    assert set(ports) == {"linux0.net0", "linux1.net0"}
    assert ports["linux0.net0"]["link"] == "up"
    counts = {row["count"]: row
              for row in host.json("net port stats linux0.net0")}
    assert counts["bytes"]["in"] > 2 << 20
    queues = {row["queue"]: row
              for row in host.json("net port queues linux0.net0")}
    assert set(queues) == {"receive 0", "transmit 0", "control"}
    assert queues["transmit 0"]["bytes"] == counts["bytes"]["in"]
    assert queues["receive 0"]["bytes"] == counts["bytes"]["out"]
    assert queues["transmit 0"]["requests"] >= queues["transmit 0"]["kicks"] > 0
    assert queues["receive 0"]["interrupts"] > 0
    # Between guests, checksums are not completed, nor packets segmented.
    taken = host.cmd("net port info linux1.net0")
    assert "checksums, TCP/IPv4, TCP/IPv6, ECN" in taken
    known = {entry["port"] for entry in host.json("net switch entries lan")}
    assert known == set(ports)


def threads(host):
    return {row["name"] for row in host.json("thread list")}


def test_worker(boot, tmp_path):
    """By the switch's thread instead of in the traps: the same bytes arrive,
    also when the thread is moved and a port is detached and attached
    meanwhile, of which managers are told."""
    host = pair(boot, script="net switch create lan\n"
                "net switch worker lan inline=0 cpus=1 priority=4\n"
                + start_script(["linux0", "linux1"]),
                **channel(tmp_path / "management"))
    info = host.json("net switch info lan")
    assert (info["inline_packets"], info["worker_priority"],
            info["worker_cpus"]) == (0, 4, "1")
    assert "net/lan" in threads(host)
    assert pings(host, "linux0", "10.0.0.2") == "answered"
    # Receives again and again until /tmp/end exists.
    with host.linux("linux1") as shell:
        shell.sh("while [ ! -e /tmp/end ]; do nc -l -p 9000 | md5sum "
                 ">>/tmp/sums; done &")
    with host.linux("linux0") as shell:
        shell.sh("dd if=/dev/urandom of=/tmp/data bs=1M count=1 2>/dev/null")
        sent = shell.sh("md5sum </tmp/data").split()[0]
        send = ("until nc 10.0.0.2 9000 </tmp/data 2>/dev/null; do sleep 0.1; "
                "done")
        shell.sh(send, timeout=120)
    by_worker = host.json("net switch info lan")["by_the_worker"]
    assert by_worker > 0
    watch = Watch(host, tmp_path / "management", "link", "linux0")
    for setting in ("cpus=0", "cpus=all inline=1", "priority=2 inline=64"):
        host.cmd(f"net switch worker lan {setting}")
        with host.linux("linux0") as shell:
            shell.sh(send, timeout=120)
        host.cmd("net port detach linux1.net0")
        host.cmd("net port attach linux1.net0 lan")
    watch.expect("-", "linux1.net0: down")
    watch.expect("-", "linux1.net0: up")
    watch.end()
    assert host.json("net switch info lan")["by_the_worker"] > by_worker
    with host.linux("linux1") as shell:
        sums = shell.sh("cat /tmp/sums").split()
    assert sums.count(sent) >= 4
    for wrong, says in (("inline=65", "inline=0 to 64"),
                        ("priority=8", "priority=0 to 7"),
                        ("cpus=7", "cpus=0,2-3"), ("speed=1", "cpus=")):
        assert says in host.cmd(f"net switch worker lan {wrong}", ok=False)
    host.cmd("net switch worker lan inline=0")
    host.cmd("net switch destroy lan")
    assert "net/lan" not in threads(host)
    assert host.shutdown() == 0


def test_kept_apart(boot):
    """VLANs, isolation, forged addresses, and changes at run time."""
    host = pair(boot, card(switch='"lan"', vlan="<10>"),
                card(switch='"lan"', vlan="<20>"))
    assert pings(host, "linux0", "10.0.0.2", 1) == "silent"
    host.cmd("net port set linux1.net0 vlan 10")
    assert pings(host, "linux0", "10.0.0.2") == "answered"
    for name in ["linux0", "linux1"]:
        host.cmd(f"net port set {name}.net0 isolated on")
    assert pings(host, "linux0", "10.0.0.2", 1) == "silent"
    host.cmd("net port set linux0.net0 isolated off")
    # A source address that is not its own.
    host.cmd("net port set linux0.net0 check-source on")
    assert pings(host, "linux0", "10.0.0.2") == "answered"
    with host.linux("linux0") as shell:
        own = shell.sh("cat /sys/class/net/eth0/address")
        shell.sh("ip link set eth0 down; "
                 "ip link set eth0 address 02:00:00:00:00:99; "
                 "ip link set eth0 up")
    assert pings(host, "linux0", "10.0.0.2", 1) == "silent"
    assert drops(host, "linux0.net0", "source address", "in") > 0
    with host.linux("linux0") as shell:
        shell.sh(f"ip link set eth0 down; ip link set eth0 address {own}; "
                 "ip link set eth0 up")
    # Tagged frames on an access port are dropped.
    with host.linux("linux0") as shell:
        shell.sh("ip link add link eth0 name eth0.20 type vlan id 20; "
                 "ip link set eth0.20 up", status=None)
    # The state of the link, as the guest sees it.
    host.cmd("net port set linux0.net0 link down")
    with host.linux("linux0") as shell:
        assert shell.sh("cat /sys/class/net/eth0/carrier") == "0"
    host.cmd("net port set linux0.net0 link up")
    with host.linux("linux0") as shell:
        assert shell.sh("cat /sys/class/net/eth0/carrier") == "1"
    # To another switch, which is then destroyed.
    host.cmd("net switch create other hub")
    for name in ["linux0", "linux1"]:
        host.cmd(f"net port detach {name}.net0")
        host.cmd(f"net port attach {name}.net0 other")
    assert pings(host, "linux0", "10.0.0.2") == "answered"
    host.cmd("net switch destroy other")
    assert pings(host, "linux0", "10.0.0.2", 1) == "silent"


def frames(pcap):
    """The frames of a pcap file, read without a library."""
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHIIII", pcap)
    assert (magic, link) == (0xA1B23C4D, 1)
    at, found = 24, []
    while at < len(pcap):
        _, _, size, length = struct.unpack_from("<IIII", pcap, at)
        found.append((length, pcap[at + 16:at + 16 + size]))
        at += 16 + size
    return found


def test_watched_and_limited(boot):
    """A capture of a ping, a rate limit, and a guest destroyed meanwhile."""
    host = pair(boot)
    host.cmd("net capture start linux1.net0 snap=64 ip=10.0.0.1 type=0x800")
    assert pings(host, "linux0", "10.0.0.2", 2) == "answered"
    text = host.cmd("net capture print linux1.net0")
    seen = frames(base64.b64decode("".join(
        line for line in text.split("\n") if not line.startswith("["))))
    # A request and its answer, twice: 98 bytes, truncated to 64.
    assert [length for length, _ in seen] == [98] * 4
    assert all(len(data) == 64 and data[12:14] == b"\x08\x00"
               for _, data in seen)
    assert [data[34] for _, data in seen] == [8, 0, 8, 0]
    host.cmd("net capture stop linux1.net0")
    host.cmd("net port limit linux0.net0 in 1000 65562")
    with host.linux("linux0") as shell:
        shell.sh("ping -s 1400 -c 60 -i 0.01 -W 1 10.0.0.2 >/dev/null",
                 status=None)
    assert drops(host, "linux0.net0", "rate limit", "in") > 0
    host.cmd("net port limit linux0.net0 in none")
    # The receiver is destroyed while data is sent to it.
    with host.linux("linux0") as shell:
        shell.sh("ping -s 1400 -i 0.01 10.0.0.2 >/dev/null &")
    host.cmd("guest pause linux1")
    host.cmd("guest resume linux1")
    host.cmd("guest destroy linux1")
    assert [port["name"] for port in host.json("net port list")] == \
        ["linux0.net0"]
    with host.linux("linux0") as shell:
        shell.sh("kill %1; ip -s link show eth0", status=None)


def examples(kind):
    """The lines of the how-to's examples of this kind."""
    page = (TOP / "docs/howto/connect-guests-to-a-network.md").read_text()
    return [line for block in re.findall(rf"```{kind}\n(.*?)```", page, re.S)
            for line in block.splitlines()]


def test_howto(boot):
    """docs/howto/connect-guests-to-a-network.md: each line works."""
    nodes = "\n".join(examples("dts"))
    host = boot({name: description(name, extra=nodes)
                 for name in ["linux0", "linux1"]})
    for name, address in [("linux0", "10.0.0.1"), ("linux1", "10.0.0.2")]:
        with host.linux(name) as shell:
            for line in examples("sh"):
                shell.sh(line.replace("10.0.0.1", address))
    assert pings(host, "linux0", "10.0.0.2") == "answered"
    lines = examples("console")
    assert len(lines) > 25
    for line in lines:
        host.cmd(line)
    assert pings(host, "linux0", "10.0.0.2") == "answered"
