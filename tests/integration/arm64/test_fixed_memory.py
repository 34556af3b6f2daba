# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests' memory at host addresses that their descriptions give."""

import re

import pytest

from socle import bare, description

MIB = 1 << 20
# QEMU's machine has its RAM here, 1 GiB in these tests.
HOST_RAM, HOST_END = 0x40000000, 0x80000000


def fixed(source, host, base=0x40000000, colours=None):
    """Gives the memory node a host address, and moves it to `base`."""
    head, _, rest = source.partition("memory@40000000 { reg = <0x0 0x40000000")
    assert rest
    text = (f"{head}memory@{base:x} {{ host-address = <{host >> 32:#x} "
            f"{host & 0xffffffff:#x}>; "
            f"reg = <{base >> 32:#x} {base & 0xffffffff:#x}{rest}")
    if colours:
        text = text.replace("model =", f"colors = <{colours}>; model =")
    return text


def hello(name, host, memory=16, **more):
    return fixed(bare(name, "hello", memory=memory), host, **more)


def extents(host, name):
    """Where a guest's memory is, as numbers."""
    return [{key: int(value, 0) if key in ("address", "host", "last")
             else value for key, value in row.items()}
            for row in host.json(f"guest memory {name}")]


def check(host):
    assert "no page is of a foreign colour" in host.cmd("memory check")


def free_pages(host):
    return host.json("memory")[1]["pages"]


@pytest.mark.parametrize("gic", [2, 3])
def test_linux_one_to_one(boot, gic):
    at = 0x60000000
    host = boot({"linux0": fixed(description("linux0"), at, base=at)}, gic=gic)

    def placed():
        rows = extents(host, "linux0")
        assert [(row["address"], row["host"], row["place"], row["size"])
                for row in rows] == [(at, at, "1:1", 128 * MIB)]
        # Larger blocks than pages, as everywhere.
        assert "64 x 2M" in host.cmd("guest memory linux0")
        assert host.json("guest info linux0")["fixed_memory"] == 128 * MIB
        check(host)

    placed()
    with host.linux("linux0") as console:
        assert "60000000-67ffffff : System RAM" in console.sh(
            "cat /proc/iomem")
    host.cmd("guest reset linux0")
    with host.linux("linux0") as console:
        console.sh("cat /proc/meminfo")
    placed()
    # The same place again, each time.
    for _ in range(3):
        host.cmd("guest destroy linux0")
        check(host)
        host.cmd("guest create /guests/linux0.dtb")
        placed()
    host.cmd("guest start linux0")
    with host.linux("linux0") as console:
        assert "Linux" in console.sh("uname -a")


def test_several_banks(boot):
    """Fixed and other banks in one guest, the fixed ones in any order."""
    source = hello("banks", 0x70000000).replace(
        "boot {", """memory@80000000 { reg = <0 0x80000000 0 0x100000>; };
	memory@81000000 { reg = <0 0x81000000 0 0x3000>;
		host-address = <0x6fffd000>; };
	boot {""", 1)
    host = boot({"banks": source})
    rows = extents(host, "banks")
    assert [(row["address"], row["place"]) for row in rows
            if row["place"] != "any"] == [
                (0x40000000, "fixed"), (0x81000000, "fixed")]
    check(host)


REFUSED = {
    "image": (0x40200000, "is the hypervisor's image"),
    "bundle": (0x48000000, "is the bundle"),
    "below": (HOST_RAM - 8 * MIB, f"{HOST_RAM - 8 * MIB:#x} is no RAM"),
    "beyond": (HOST_END - 8 * MIB, f"of which {HOST_END:#x} is no RAM"),
    "far": (1 << 44, f"of which {1 << 44:#x} is no RAM"),
    "within": (0x60400000, "of which 0x60400000 is used by guest there"),
    "into": (0x5f400000, "of which 0x60000000 is used by guest there"),
    "last": (0x60fff000, "of which 0x60fff000 is used by guest there"),
}
MISTAKES = {
    "odd": (0x60000800, "found <0x0 0x60000800>; allowed one or two cells "
            "from 4096 on, a multiple of 4096"),
    "none": (0, "found <0x0 0x0>; allowed one or two cells from 4096 on"),
    "wraps": ((1 << 48) - 0x1000, "found 0x1000000 bytes at 0xfffffffff000; "
              "allowed below 0x1000000000000"),
}


def test_refused(boot):
    guests = {name: hello(name, at)
              for name, (at, _) in {**REFUSED, **MISTAKES}.items()}
    guests["there"] = hello("there", 0x60000000)
    guests["large"] = hello("large", 0x50000000, memory=2048)
    guests["after"] = hello("after", 0x61000000)
    guests["before"] = hello("before", 0x5f000000)
    host = boot(guests, script="")
    host.cmd("guest create /guests/there.dtb")
    free = free_pages(host)
    for name, (at, why) in REFUSED.items():
        said = host.cmd(f"guest create /guests/{name}.dtb", ok=False)
        assert f"/memory@40000000: host-address: found {at:#x}.." in said
        assert why in said and "allowed free memory, such as at 0x" in said
        assert list(host.guests()) == ["there"]
    for name, (_, why) in MISTAKES.items():
        said = host.cmd(f"guest create /guests/{name}.dtb", ok=False)
        assert f"/memory@40000000: host-address: {why}" in said
    said = host.cmd("guest create /guests/large.dtb", ok=False)
    assert "allowed free memory, of which there is not so much" in said
    # The heap may keep a few pages in reserve.
    assert free_pages(host) >= free - 16
    check(host)
    # The ranges beside it are free.
    for name in ("after", "before"):
        host.cmd(f"guest create /guests/{name}.dtb")
    check(host)


def test_held(boot):
    """What descriptions in the bundle name is kept for their guests, whatever
    is created before; what cannot be is told."""
    at = 0x58000000
    guests = {
        # What is beside the range is not enough for more than one of them.
        "first": bare("first", "hello", memory=384),
        "second": bare("second", "hello", memory=384),
        "fixed": hello("fixed", at, memory=384),
        "again": hello("again", at + 64 * MIB, memory=16, colours="3 4"),
        "none": hello("none", HOST_END - 8 * MIB),
        "over": hello("over", 0x40000000)}
    host = boot(guests, cpu="cortex-a57", script="")
    assert re.search(r"none\.dtb: /memory@40000000: host-address: found "
                     r"0x7f800000, 0x1000000 bytes; not all of it is held for "
                     r"the guest, since address 0x80000000 is no RAM",
                     host.text)
    assert re.search(r"over\.dtb: .*; not all of it is held", host.text)
    rows = {row["use"]: row["size"] for row in host.json("memory")}
    assert rows["reserved"] >= 384 * MIB
    host.cmd("guest create /guests/first.dtb")
    assert "which this host has free" in host.cmd(
        "guest create /guests/second.dtb", ok=False)
    for _ in range(2):
        host.cmd("guest create /guests/fixed.dtb")
        assert [row["host"] for row in extents(host, "fixed")] == [at]
        check(host)
        said = host.cmd("guest create /guests/again.dtb", ok=False)
        assert "colours" in said or "used by guest fixed" in said
        host.cmd("guest destroy fixed")
        check(host)
        now = {row["use"]: row["size"] for row in host.json("memory")}
        assert now["reserved"] == rows["reserved"]
    host.cmd("guest destroy first")
    host.cmd("guest create /guests/again.dtb")
    check(host)
    host.cmd("guest create /guests/fixed.dtb", ok=False)
    host.cmd("guest destroy again")
    host.cmd("guest create /guests/fixed.dtb")
    check(host)


def test_colours(boot):
    """Two guests have the pages of one range, each those of its colours; what
    touches them is refused."""
    at = 0x60000000
    guests = {
        "red": hello("red", at, colours="0 1 2 3 4 5 6 7"),
        "blue": hello("blue", at, colours="8 9 10 11"),
        "same": hello("same", at, colours="12 13", base=at),
        "plain": hello("plain", 0x70000000),
        "page": fixed(bare("page", "hello", memory=1), 0x70000000,
                      colours="14").replace(
            "boot {", "memory@50000000 { reg = <0 0x50000000 0 0x1000>; "
            "host-address = <0x7100e000>; }; boot {")}
    host = boot(guests, cpu="cortex-a53", script="")
    host.cmd("guest create /guests/red.dtb")
    host.cmd("guest create /guests/blue.dtb")
    red, = extents(host, "red")
    blue, = extents(host, "blue")
    assert (red["host"], red["last"], red["place"], red["colours"]) == (
        at, at + 32 * MIB - 8 * 4096 - 1, "fixed", "0-7")
    assert (blue["host"], blue["place"]) == (at, "fixed")
    assert blue["pieces"] == 4 * 4096
    said = host.cmd("guest create /guests/same.dtb", ok=False)
    assert ("1:1, with colours 0-11, 14-15, which it does not have; allowed a "
            "range of its own colours") in said
    said = host.cmd("guest create /guests/plain.dtb", ok=False)
    assert ("with colours 0-11, which others have; allowed a range without "
            "these, or colors, for only the pages of its own") in said
    host.cmd("guest create /guests/page.dtb")
    assert [row["host"] for row in extents(host, "page")
            if row["address"] == 0x50000000] == [0x7100e000]
    check(host)
    for name in ("red", "blue"):
        host.cmd(f"guest start {name}")
        host.attach(name)
        host.expect("hello")
        host.detach()
    host.cmd("guest destroy red")
    host.cmd("guest create /guests/red.dtb")
    assert extents(host, "red")[0]["host"] == at
    check(host)
