# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages between guests by RPMSG devices (tests/guest/arm64/rpmsg.c)."""

import re
import time

from socle import TOP, description


def guest(name, does, domain="d", address=None, peers=1, **more):
    """A bare-metal guest with one RPMSG device."""
    where = f"address = <{address}>; " if address else ""
    return {name: description(
        name, memory=16, kernel="/images/rpmsg.bin", initrd=None,
        bootargs=f"rpmsg={does} peers={peers}",
        extra=f'devices {{ rpmsg0 {{ compatible = "virtio,rpmsg"; '
              f'domain = "{domain}"; {where}}}; }};', **more)}


def stats(host, name):
    return host.json(f"vmsg node stats {name}.rpmsg0")


def said(host, name, pattern, timeout=60):
    """Waits for a line on a guest's console."""
    host.send(f"guest console {name}\r")
    found = host.expect(pattern, timeout=timeout)
    host.detach()
    return found


def passed(host, name, what="talk", timeout=60):
    found = said(host, name, rf"(PASS|FAIL) rpmsg {what}|WRONG: [^\r\n]*",
                 timeout)
    assert found.group(1) == "PASS", found.group(0)


def test_talk(boot):
    """Two guests exchange messages, complete and in order, on two CPUs and more
    VCPUs than one; a third, of another domain, reaches nobody."""
    host = boot(guest("a", "talk") | guest("b", "talk") |
                guest("c", "outside", domain="e"))
    passed(host, "a")
    passed(host, "b")
    passed(host, "c", "outside")
    for name in "ab":
        counts = stats(host, name)
        assert counts["sent"] >= 2000 and counts["received"] >= 2000
        assert counts["dropped"] == counts["forged"] == 0
        assert counts["no_such_peer"] == counts["malformed"] == 0
        assert counts["peers"] == 1 and counts["names"] == 1
    outside = stats(host, "c")
    assert outside["sent"] == outside["received"] == 0
    assert outside["no_such_peer"] >= 4095
    assert outside["peers"] == 0
    nodes = {row["name"]: row for row in host.json("vmsg node list")}
    assert nodes["a.rpmsg0"]["address"] == 1
    assert nodes["b.rpmsg0"]["address"] == 2
    assert nodes["c.rpmsg0"]["domain"] == "e"
    assert host.json("vmsg node names a.rpmsg0") == [
        {"name": "rpmsg-raw", "endpoint": "0x64"}]


def test_peer_gone(boot):
    """A peer that stops, restarts, or is detached: the other one is told, and
    they talk again."""
    host = boot(guest("a", "talk", address=7) | guest("b", "talk", address=9))
    passed(host, "a")
    # The console shows what came before, too.
    told = "there is 0x0*9(?s:.*?)"
    host.cmd("guest stop b")
    told += "gone is 0x0*9(?s:.*?)"
    said(host, "a", told)
    host.cmd("guest start b")
    told += "there is 0x0*9(?s:.*?)"
    said(host, "a", told)
    # Its first time, which the console shows again, and its second.
    said(host, "b", "PASS rpmsg talk(?s:.*?)PASS rpmsg talk")
    host.cmd("vmsg node detach b.rpmsg0")
    told += "gone is 0x0*9(?s:.*?)"
    said(host, "a", told)
    said(host, "b", r"gone is 0x0*7")
    host.cmd("vmsg node attach b.rpmsg0 d")
    told += "there is 0x0*9(?s:.*?)"
    said(host, "a", told)
    host.cmd("guest destroy b")
    told += "gone is 0x0*9"
    said(host, "a", told)
    assert [row["name"] for row in host.json("vmsg node list")] == ["a.rpmsg0"]
    assert stats(host, "a")["waiting_for_it"] == 0


def test_hostile(boot):
    """Forged sources, names of others, wrong lengths, a flood to one that never
    reads: two others talk on, and no message of theirs is wrong."""
    guests = (guest("a", "talk", address=1) | guest("b", "talk", address=2) |
              guest("h", "hostile", address=3) | guest("x", "deaf", address=4))
    host = boot(guests, script="".join(
        f"guest create /guests/{name}.dtb\n" for name in guests))
    host.cmd("guest start x")
    said(host, "x", "rpmsg: deaf")
    for name in "hab":
        host.cmd(f"guest start {name}")
    passed(host, "h", "hostile")
    said(host, "h", r"left to send")
    passed(host, "a")
    passed(host, "b")
    counts = stats(host, "h")
    assert counts["forged"] >= 20
    assert counts["malformed"] >= 15
    assert counts["names_refused"] >= 30 + 36
    # The guest's queue has 64 entries, and all of them wait.
    assert counts["had_to_wait"] == 64
    assert stats(host, "x")["waiting_for_it"] == 64
    assert stats(host, "a")["dropped"] == 0
    # The flood ends with the one that it is for; the two go on without.
    host.cmd("guest destroy x")
    host.cmd("guest destroy h")
    assert stats(host, "a")["peers"] == 1
    host.cmd("guest stop a")
    host.cmd("guest start a")
    passed(host, "a")


def test_monitor(boot):
    """Heads of messages, and errors of the command."""
    host = boot(guest("a", "talk") | guest("b", "talk"),
                script="guest create /guests/a.dtb\n"
                       "guest create /guests/b.dtb\n")
    host.send("vmsg domain monitor d count=20\r")
    host.expect("monitor")
    time.sleep(0.5)
    host.send("\x03")
    host.expect_prompt()
    host.cmd("guest start a")
    host.cmd("guest start b")
    host.send("vmsg domain monitor d count=5\r")
    line = host.expect(r"rpmsg (\d) to (\d): (\d+) bytes, endpoint 0x64 to "
                       r"0x64, (delivered|waits)")
    assert {line.group(1), line.group(2)} == {"1", "2"}
    host.expect_prompt()
    for line, why in (
            ("vmsg domain stats x", "there is no domain 'x'"),
            ("vmsg domain create d", "there is already a domain 'd'"),
            ("vmsg domain create a/b", "is not a name"),
            ("vmsg domain policy d no", "neither block nor drop"),
            ("vmsg node attach a.rpmsg0 d", "is in a domain already"),
            ("vmsg node stats a.rpmsg", "did you mean 'a.rpmsg0'"),
            ("vmsg domain monitor d count=x", "is not a number")):
        assert re.search(why, host.cmd(line, ok=False)), line
    host.cmd("vmsg domain create spare drop")
    host.cmd("vmsg domain policy spare block")
    host.cmd("vmsg domain destroy spare")
    assert host.json("vmsg domain stats d")["nodes"] == 2


def examples(kind):
    """The lines of the how-to's examples of this kind."""
    page = (TOP / "docs/howto/exchange-messages.md").read_text()
    return [line for block in re.findall(rf"```{kind}\n(.*?)```", page, re.S)
            for line in block.splitlines()]


def test_howto(boot):
    """docs/howto/exchange-messages.md: each line works."""
    nodes = "\n".join(examples("dts"))
    host = boot({name: description(
        name, memory=16, kernel="/images/rpmsg.bin", initrd=None,
        bootargs="rpmsg=talk", extra=nodes) for name in "ab"})
    passed(host, "a")
    # test_connected.py runs those for Linux.
    lines = examples("console")
    assert len(lines) == 19
    for line in lines:
        host.cmd(line)
    said(host, "b", r"there is(?s:.*)gone is(?s:.*)there is")


def test_by_hand(boot):
    """Nodes that an operator makes: a guest is told of one and sends to it until
    nothing more is kept, waits, and goes on when that is read; two of them
    exchange a text; what cannot be is refused, and says why."""
    host = boot(guest("a", "talk", address=5))
    host.cmd("vmsg node create me d address=9 announce=rpmsg-raw")
    got = []
    limit = time.monotonic() + 60
    while len(got) < 100 and time.monotonic() < limit:
        got += host.json("vmsg node read me")
    assert len(got) >= 100
    assert {(row["from"], row["endpoint"]) for row in got} == {(5, "0x64")}
    assert len({row["length"] for row in got}) > 10
    assert stats(host, "a")["had_to_wait"] > 0
    host.cmd("vmsg node create you d")
    you = next(row for row in host.json("vmsg node list")
               if row["name"] == "you")
    host.cmd(f"vmsg node send me {you['address']}:0x400 'hello there'")
    assert host.json("vmsg node read you") == [
        {"from": 9, "endpoint": "0x400", "length": 11, "text": "hello there"}]
    assert host.json("vmsg node read you") == []
    for line, why in (
            ("create me d", "there is already a node 'me'"),
            ("create x d address=9", "another node of d has address 9"),
            ("create x d address=4095", "a number of 1 to 4094"),
            ("create x nowhere", "there is no domain 'nowhere'"),
            ("create x/y d", "is not a name"),
            ("send me 77:1024 x", "no peer with address 77"),
            ("send me 9 x", "ADDRESS:ENDPOINT"),
            ("send a.rpmsg0 9:1 x", "it goes with its device"),
            ("destroy a.rpmsg0", "it goes with its device"),
            ("destroy yo", "did you mean 'you'")):
        assert why in host.cmd(f"vmsg node {line}", ok=False)
    host.cmd("vmsg node destroy me")
    host.cmd("vmsg node destroy you")
    said(host, "a", "gone is 0x0*9")
    assert [row["name"] for row in host.json("vmsg node list")] == ["a.rpmsg0"]
