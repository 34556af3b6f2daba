# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest and a peer at the other end of the cable of the host's card: each
byte arrives, also beside invalid frames, and after the cable was out."""

import os
import random
import select
import socket
import struct
import time

import pytest

from board import zcu102
from socle import SLOWNESS, Monitor, description
from test_net import card as guest_card
from test_net import drops

PEER = bytes.fromhex("020000000909")
PEER_IP, GUEST_IP = bytes([10, 0, 0, 9]), bytes([10, 0, 0, 1])
ALL = b"\xff" * 6
ARP, IP = 0x806, 0x800
STORM = 200  # broadcasts a second


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Peer:
    """Ethernet in UDP, as in QEMU's socket backend."""

    def __init__(self):
        self.line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.line.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            self.qemu = other.getsockname()
        self.guest = None
        self.count = 0

    def backend(self):
        """The option that connects a card of QEMU to this peer."""
        here = self.line.getsockname()[1]
        return (f"socket,id=cable,udp=127.0.0.1:{here},"
                f"localaddr=127.0.0.1:{self.qemu[1]}")

    def send(self, to, kind, data, source=PEER):
        frame = to + source + struct.pack(">H", kind) + data
        self.line.sendto(frame.ljust(60, b"\0"), self.qemu)

    def arp(self, to, op, target):
        self.send(to, ARP, struct.pack(">HHBBH", 1, IP, 6, 4, op) + PEER +
                  PEER_IP + target + GUEST_IP)

    def answer(self, question, what, wait):
        """Repeats the question until a frame comes for which what() returns an
        answer; returns it, or None. Meanwhile it answers ARP requests for its
        address."""
        limit = time.monotonic() + wait * SLOWNESS
        again = 0
        while time.monotonic() < limit:
            if time.monotonic() > again:
                question()
                again = time.monotonic() + 1
            if not select.select([self.line], [], [], 0.2)[0]:
                continue
            frame = self.line.recv(65536)
            kind = struct.unpack_from(">H", frame, 12)[0]
            if kind == ARP and frame[20:22] == b"\0\1" and \
                    frame[38:42] == PEER_IP:
                self.arp(frame[6:12], 2, frame[6:12])
            found = what(frame, kind)
            if found is not None:
                return found
        return None

    def forget(self):
        """Drops what has come and nobody has read."""
        while select.select([self.line], [], [], 0)[0]:
            self.line.recv(65536)

    def find(self, wait=60):
        """Finds the guest's address by ARP."""
        self.guest = self.answer(
            lambda: self.arp(ALL, 1, bytes(6)),
            lambda frame, kind: frame[6:12] if kind == ARP and
            frame[28:32] == GUEST_IP else None, wait)
        return self.guest is not None

    def ping(self, data):
        """The data of the echo reply."""
        self.count += 1
        head = struct.pack(">BBHHH", 8, 0, 0, 0x50c1, self.count)
        sum_ = checksum(head + data + b"\0" * (len(data) % 2))
        message = head[:2] + struct.pack(">H", sum_) + head[4:] + data
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(message), 1, 0, 64, 1,
                         0) + PEER_IP + GUEST_IP
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]

        def what(frame, kind):
            if kind != IP or frame[34] != 0 or frame[38:42] != head[4:]:
                return None
            return frame[42:42 + len(data)]

        return self.answer(lambda: self.send(self.guest, IP, ip + message),
                           what, 60)

    def babble(self, frames):
        """Sends all that a broken card or cable could, as fast as possible."""
        some = random.Random(frames)
        for n in range(frames):
            source = bytes([some.choice([2, 2, 2, 3])]) + os.urandom(5)
            data = os.urandom(some.choice([0, 1, 46, 200, 1500]))
            if n % 16 == 0:
                self.line.sendto(os.urandom(some.choice([1, 13, 59, 4000])),
                                 self.qemu)
            elif n % 16 == 1:
                self.send(ALL, 0x8100, b"\0\x14\x08\0" + data, source)
            else:
                self.send(some.choice([ALL, ALL, b"\1" + os.urandom(5),
                                       b"\2" + os.urandom(5)]), IP, data,
                          source)
            if n % 64 == 0:
                # Lets QEMU empty its socket.
                time.sleep(0.001)


def carrier(host, state):
    limit = time.monotonic() + 60 * SLOWNESS
    while host.json("net port info eth0")["carrier"] != state:
        assert time.monotonic() < limit
        time.sleep(0.1)


def check(peer):
    """The guest is found, and each byte comes back."""
    assert peer.find()
    for size in (1, 46, 512, 1000, 1471, 1472):
        data = os.urandom(size)
        assert peer.ping(data) == data


@pytest.mark.parametrize("kind", ["virtio", "e1000e", "gem"])
def test_outside(boot, tmp_path, kind):
    peer = Peer()
    monitor_path = tmp_path / "qmp"
    extra = Monitor.option(monitor_path)
    if kind == "gem":
        # The board's port is the fourth.
        more = zcu102([*["-nic", "user"] * 3, "-nic", peer.backend(), *extra])
    else:
        device = {"virtio": "virtio-net-pci", "e1000e": "e1000e"}[kind]
        more = {"extra": ["-netdev", peer.backend(), "-device",
                          f"{device},netdev=cable,romfile=", *extra]}
    host = boot({"linux0": description(
        "linux0", extra="devices { " + guest_card(switch='"lan"') + " };")},
        **more)
    monitor = Monitor(monitor_path)
    host.cmd("net port attach eth0 lan")
    host.cmd(f"net switch set lan storm {STORM}")
    with host.linux("linux0", timeout=180) as shell:
        shell.sh("ip link set eth0 up; ip addr add 10.0.0.1/24 dev eth0")
    check(peer)

    peer.babble(20000)
    host.cmd("version")
    check(peer)
    assert drops(host, "eth0", "storm limit", "in") > 0
    entries = host.json("net switch entries lan")
    assert len(entries) <= 1024

    monitor.run("set_link", name="cable", up=False)
    carrier(host, "no")
    peer.forget()
    assert not peer.find(wait=2)
    monitor.run("set_link", name="cable", up=True)
    carrier(host, "yes")
    check(peer)
    assert host.shutdown() == 0
