# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that share a coprocessor, which a third one plays
(tests/guest/arm64/copro.c)."""

import re
import time

from socle import SLOWNESS, TOP, description
from test_rpmsg import guest, passed, said

NODE = "copro.link@c300000"
RATE, BURST = 500, 150


def copro(does="echo", **properties):
    """The guest that plays it, with more properties of its link."""
    values = {"rate": f"<{RATE}>", "burst": f"<{BURST}>",
              "region": '"copro"',
              "firmware": '"/images/copro.elf"'} | properties
    text = "".join(f"{key} = {value}; " for key, value in values.items()
                   if value)
    return {"copro": description(
        "copro", memory=16, kernel="/images/copro.bin", initrd=None,
        bootargs=f"copro={does}", extra=f"""
	devices {{
		memory@80000000 {{
			compatible = "socle,shared-memory"; region = "copro";
			reg = <0 0x80000000 0 0x200000>, <0 0x0c200000 0 0x1000>;
			interrupts = <0 112 1>;
		}};
		link@c300000 {{
			compatible = "socle,coprocessor"; domain = "d";
			reg = <0 0x0c300000 0 0x1000>; address = <9>; {text}
		}};
	}};""")}


def asks(name, count):
    return guest(name, f"ask count={count}")


def links(host):
    return {row["peer"].split(".")[0]: row
            for row in host.json("vmsg link list")}


def until(check, what, limit=60):
    end = time.monotonic() + limit * SLOWNESS
    while not check():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def test_shared(boot):
    """Two guests use it at once. Each gets its own answers, in order; the one
    that sends too much is held to its rate, the other is not."""
    host = boot(copro() | asks("a", 3000) | asks("b", 100))
    began = time.monotonic()
    passed(host, "b", "ask")
    early = links(host)["a"]["sent"]
    spent = time.monotonic() - began
    began = time.monotonic()
    passed(host, "a", "ask", timeout=120)
    spent = time.monotonic() - began
    of = links(host)
    assert of["a"]["sent"] == of["a"]["answers"] == 3000
    assert of["b"]["sent"] == of["b"]["answers"] == 100
    assert 3000 - early <= RATE * spent + BURST
    assert of["a"]["limited"] > 0 and of["b"]["limited"] == 0
    assert of["a"]["lost"] == of["b"]["lost"] == 0
    for row in of.values():
        assert 0 < row["latency_us"] <= row["worst_us"]
        assert 0 < row["exits"] <= 2 * row["sent"]
    stats = host.json(f"vmsg link stats {NODE}")
    assert stats["state"] == "up" and stats["starts"] == 1
    assert stats["sent"] == stats["answers"] == 3100
    assert stats["came_to_the_rate"] == of["a"]["limited"]
    assert host.json(f"vmsg node names {NODE}") == [
        {"name": "echo", "endpoint": "0x64"}]
    host.cmd("memory check")


def test_restart(boot):
    """It is reset in the middle, stopped, and its memory taken away: down and up
    for all, and what was on its way is over."""
    host = boot(copro(rate=None, burst=None) | asks("a", 200) |
                asks("b", 200) | guest("out", "ask count=1", domain="e"))
    told = "there is 0x0*9(?s:.*?)"
    done = "PASS rpmsg ask(?s:.*?)"
    for name in "ab":
        said(host, name, told + done)
    for begin, end in (("guest reset copro", None),
                       ("guest stop copro", "guest start copro"),
                       ("shared revoke copro copro",
                        "shared grant copro copro"),
                       (f"vmsg node detach {NODE}",
                        f"vmsg node attach {NODE} d")):
        told += f"{done}gone is 0x0*9(?s:.*?)there is 0x0*9(?s:.*?)"
        host.cmd(begin)
        if end:
            until(lambda: host.json("vmsg node stats a.rpmsg0")["peers"] == 1,
                  "it is gone")
            host.cmd(end)
        if "revoke" in begin:
            host.cmd("guest reset copro")
        for name in "ab":
            said(host, name, told + done)
    assert host.json("vmsg node stats out.rpmsg0")["peers"] == 0
    host.cmd("memory check")
    host.cmd("guest destroy copro")
    assert host.json("vmsg link list") == []
    said(host, "a", told + done + "gone is 0x0*9")
    assert "WRONG" not in host.text and "FAIL" not in host.text


def test_hostile(boot):
    """It breaks the rules of its vrings: it is down, its guests and those that
    talk to each other are not."""
    host = boot(copro("hostile", rate=None, burst=None) | asks("a", 200) |
                guest("t", "talk") | guest("u", "talk"))
    said(host, "copro", "copro: hostile")
    until(lambda: host.json(f"vmsg link stats {NODE}")["state"] == "broken",
          "it is broken")
    said(host, "a", "gone is 0x0*9")
    assert host.json(f"vmsg link stats {NODE}")["broken_vrings"] == 1
    passed(host, "t")
    passed(host, "u")
    host.cmd("guest reset copro")
    said(host, "a", "gone is 0x0*9(?s:.*?)there is 0x0*9")


def test_refused(boot):
    """A description that cannot be right: one line says why."""
    guests = (copro(firmware='"/images/rpmsg.bin"') |
              {"other": copro(region='"none"')["copro"]})
    host = boot(guests, script="")
    assert "it is not an ELF file" in host.cmd(
        "guest create /guests/copro.dtb", ok=False)
    assert "no device before this one shows" in host.cmd(
        "guest create /guests/other.dtb", ok=False)
    assert host.json("vmsg node list") == []
    assert "there is no coprocessor 'x'" in host.cmd("vmsg link stats x",
                                                     ok=False)


def test_howto(boot):
    """docs/howto/share-a-coprocessor.md: its guests, and each line."""
    page = (TOP / "docs/howto/share-a-coprocessor.md").read_text("utf-8")
    sources = {re.search(r'model = "(\w+)"', text)[1]: text for text in
               re.findall(r"^```dts\n(.*?)^```", page, re.M | re.S)}
    assert set(sources) == {"copro", "a", "b"}
    host = boot(sources)
    for name in "ab":
        passed(host, name, "ask")
    lines = re.findall(r"^socle> (.*)$", page, re.M)
    assert len(lines) == 5
    for line in lines:
        host.cmd(line)
    said(host, "a", r"there is(?s:.*)gone is(?s:.*)there is")
    assert len(host.json("vmsg link list")) == 2
