# SPDX-License-Identifier: GPL-2.0-or-later
"""`make run` beyond README's transcript: two guests, their disk and their
network."""

import re

from person import Person


def test_two_guests_and_a_disk(tmp_path):
    """They reach each other by name, and the machine outside; what is written
    to the disk is there the next time."""
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(64 << 20))
    person = Person("GUESTS=linux0 linux1", f"DISK={disk}")
    there, outside, _ = person.guest(
        "linux0", "ping -c 3 linux1", "ping -c 3 10.0.2.2",
        "echo kept >/dev/vda; sync")
    assert re.search(r"[1-3] packets received", there)
    assert re.search(r"[1-3] packets received", outside)
    address, = person.guest("linux1", "ip -4 addr show eth0")
    assert "192.168.77.11/24" in address and "10.0.2." in address
    person.leave()
    assert disk.read_bytes()[:5] == b"kept\n"
    person = Person(f"DISK={disk}", "NET=none")
    kept, = person.guest("linux0", "head -n 1 /dev/vda")
    assert "kept" in kept
    person.leave()


def test_without_disk_and_network():
    person = Person("DISK=none", "NET=none")
    size, = person.guest("linux0", "cat /sys/block/vda/size")
    assert "\n0\r" in size.replace("\r\r", "\r")
    person.leave()
