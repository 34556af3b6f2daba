# SPDX-License-Identifier: GPL-2.0-or-later
"""How a switch handles invalid frames, storms and loops
(tests/guest/arm64/frames.c)."""

import re

from socle import description
from test_net import card, drops

CARDS = [{"vlan": "<10>", "check_source": True}, {"vlan": "<10>"},
         {"vlan": "<20>"}, {"trunk": "<10 20>", "vlan": "<10>"}]


def guest(what, cards):
    nodes = "\n".join(
        card(n, switch='"lan"', mac=f"[02 00 00 00 00 0{n}]", **its)
        for n, its in enumerate(cards))
    return {"frames": description(
        "frames", memory=16, kernel="/images/frames.bin", initrd=None,
        bootargs=f"frames={what}", extra=f"devices {{ {nodes} }};")}


def run(boot, what, cards, before=(), **more):
    """Runs the guest to its end; returns the host and the guest's output."""
    host = boot(guest(what, cards),
                script="guest create /guests/frames.dtb\n", **more)
    for line in before:
        host.cmd(line)
    begin = len(host.text)
    host.send("guest start frames\rguest console frames\r")
    host.expect(r"DONE\r*\n", timeout=200)
    host.detach()
    return host, host.text[begin:]


def test_hostile_frames(boot):
    """Forged sources, tags at an access port, two tags: each frame is dropped
    or sent where its VLAN says, and the next valid one arrives."""
    host, said = run(boot, "hostile", CARDS)
    assert re.findall(r"^FAIL .*", said, re.M) == []
    assert len(re.findall(r"^PASS frame-", said, re.M)) == 17
    assert drops(host, "frames.net0", "source address", "in") == 2
    assert drops(host, "frames.net1", "VLAN", "in") >= 3
    assert drops(host, "frames.net3", "VLAN", "in") == 1
    # Forged frames did not change what was learned.
    known = {(e["address"], e["port"])
             for e in host.json("net switch entries lan")}
    assert ("02:00:00:00:00:01", "frames.net1") in known
    assert ("02:00:00:00:00:01", "frames.net0") not in known


def test_storm(boot):
    """Broadcasts are limited to so many a second; all unicast frames pass."""
    host, said = run(boot, "storm", [{}] * 4,
                     ["net switch set lan storm 1000"], smp=1,
                     icount="shift=3,sleep=off")
    sent, got, lost = (int(n, 16) for n in re.search(
        r"SENT (\w+) GOT (\w+) LOST (\w+)", said).groups())
    print(sent, got, lost)
    assert sent > 5000
    # A second's allowance, and the burst saved before.
    assert 900 <= got <= 2100
    assert lost == 0
    assert drops(host, "frames.net0", "storm limit", "in") == sent - got


def test_loop(boot):
    """A switch connected with itself has no more work than in a storm."""
    host, said = run(boot, "loop", [{}] * 4,
                     ["net switch set lan storm 1000"], smp=1,
                     icount="shift=3,sleep=off")
    n = int(re.search(r"FORWARDED (\w+)", said).group(1), 16)
    print(n)
    # Three ports each pass 1000 in a second and the burst saved before; frames
    # from the third reach both of the others.
    assert 900 <= n <= 8200
    for port in ("frames.net0", "frames.net1"):
        assert drops(host, port, "storm limit", "in") > 0
