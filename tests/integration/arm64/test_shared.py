# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that guests share, and their doorbells (tests/guest/arm64/shared.c)."""

import itertools
import re
import time

import pytest

from socle import SLOWNESS, TOP, description

WINDOW, SIZE, DOORBELL = 0x80000000, 4 << 20, 0x0c200000
EXTERNAL_ABORT = 0x10  # DFSC, Arm ARM D17.2.37
WRITE_BACK = 0xff  # MAIR, Arm ARM D17.2.97


def window(name="ring", access=None, size=SIZE, **properties):
    """The device: a window at 2 GiB, and the doorbell of the first slot."""
    text = "".join(f"{key.replace('__', ',').replace('_', '-')} = {value}; "
                   for key, value in properties.items())
    access = f'access = "{access}";' if access else ""
    return f"""
	shared@{WINDOW:x} {{
		compatible = "socle,shared-memory";
		reg = <0 {WINDOW:#x} 0 {size:#x}>, <0 {DOORBELL:#x} 0 0x1000>;
		interrupts = <0 112 1>;
		region = "{name}"; {access} {text}
	}};"""


def guest(name, what, devices=None, cpu=None, **more):
    devices = window() if devices is None else devices
    affinity = f"affinity = <{cpu}>;" if cpu is not None else ""
    source = description(name, memory=16, kernel="/images/shared.bin",
                         initrd=None, bootargs=f"shared={what}",
                         extra=f"devices {{ {devices} }};", **more)
    return source.replace("count = <1>;", f"count = <1>; {affinity}")


def output(host, name, pattern, timeout=120):
    host.attach(name)
    found = host.expect(pattern, timeout=timeout)
    host.detach()
    return found


KEYS = itertools.cycle("abcdefghijklmnopqrstuvwxyz")


def seen(host, name):
    """What a guest that probes can access now."""
    key = next(KEYS)
    host.attach(name)
    host.send(key)
    text = host.expect(rf"(?s)SEEN 0x0+{ord(key):x}\r*\n(.*?)END ",
                       timeout=30)[1]
    host.detach()
    return {key: int(value, 16) for key, value in
            re.findall(r"([\w-]+) 0x([0-9a-f]+)", text)}


def of(host, name, region="ring"):
    return {row["guest"]: row for row in
            host.json(f"shared guests {region}")}[name]


def until(check, what, limit=60):
    end = time.monotonic() + limit * SLOWNESS
    while not check():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def test_busy(boot):
    """Half a gigabyte goes from guest to guest with checksums, by memory that
    both have as write-back, and without an exit while both are busy."""
    host = boot({"from": guest("from", "produce mib=512", cpu=1),
                 "to": guest("to", "consume mib=512", cpu=2)}, smp=3)

    def exits():
        rows = host.json("vcpu exits")
        return {row["name"]: {key: count for key, count in row.items()
                              if key != "name"} for row in rows}

    until(lambda: all(row["up"] for row in host.json("shared guests ring")),
          "both are up")
    before = exits()
    time.sleep(1)
    after = exits()
    rows = {row["guest"]: row for row in host.json("shared guests ring")}
    assert "ONSUMED" not in host.text
    assert after == before
    assert rows["from"]["rung"] == rows["to"]["rung"] == 0
    assert host.json("shared info ring")["blocks_of_2m"] == 2
    for name in "from", "to":
        assert rows[name]["mapped"] == "read-write"
        # Stage 2, by a walk of its tables; stage 1, as the guest has it.
        assert rows[name]["cache"] == "write-back"
        type_ = output(host, name, r"BEGIN type 0x([0-9a-f]+)\r")[1]
        assert int(type_, 16) == WRITE_BACK
    host.cmd("memory check")
    output(host, "to", r"CONSUMED 0x0+20000\r*\n", timeout=240)
    assert "FAIL" not in host.text


@pytest.mark.parametrize("gic", [2, 3])
def test_sleep(boot, gic):
    """Whoever has nothing to do sleeps, and no doorbell is lost."""
    host = boot({"from": guest("from", "produce mib=16 sleeps"),
                 "to": guest("to", "consume mib=16 sleeps")}, gic=gic)
    output(host, "to", r"CONSUMED 0x0+1000\r*\n", timeout=240)
    assert "FAIL" not in host.text
    assert of(host, "to")["rung"] > 0 and of(host, "from")["rung"] > 0


def test_dies_in_the_middle(boot):
    """A producer that is reset in the middle of a message, again and again:
    its successor goes on, and nothing is lost or doubled."""
    host = boot({"to": guest("to", "consume mib=1 sleeps"),
                 "from": guest("from", "die mib=1 sleeps")})
    output(host, "to", r"CONSUMED 0x0+100\r*\n", timeout=240)
    told = output(host, "to", r"told 0x0*([0-9a-f]+)\r")[1]
    assert told == "1", "the consumer saw its peer go and come"
    assert "FAIL" not in host.text
    assert host.json("guest info from")["resets"] == 4


def test_destroyed(boot):
    """A peer that is destroyed in the middle: the other is told; the region
    stays until its last guest goes, and a new guest goes on with it."""
    free = lambda: host.json("memory")[1]["pages"]  # noqa: E731
    host = boot({"from": guest("from", "produce mib=4096 sleeps"),
                 "probe": guest("probe", "probe",
                                window(access="read-only"))}, script="")
    before = free()
    for name in "from", "probe":
        host.cmd(f"guest create /guests/{name}.dtb --start")
    until(lambda: seen(host, "probe")["status"] == 3, "both are up")
    host.cmd("guest destroy from")
    gone = seen(host, "probe")
    assert (gone["status"], gone["reads"]) == (2, 1)
    host.cmd("memory check")
    host.cmd("guest create /guests/from.dtb --start")
    until(lambda: seen(host, "probe")["status"] == 3, "it is back")
    for name in "from", "probe":
        host.cmd(f"guest destroy {name}")
    assert host.json("shared list") == []
    assert free() >= before - 16
    host.cmd("memory check")


def test_read_only(boot):
    """A write to a region that may only be read, and the execution of any, are
    external aborts."""
    host = boot({"reads": guest("reads", "probe", window(access="read-only")),
                 "writes": guest("writes", "probe")})
    reads, writes = seen(host, "reads"), seen(host, "writes")
    assert (reads["reads"], reads["writes"], reads["access"]) == (1, 0, 1)
    assert reads["write-esr"] & 0x3f == EXTERNAL_ABORT
    assert (writes["reads"], writes["writes"], writes["access"]) == (1, 1, 2)
    assert reads["fetches"] == writes["fetches"] == 0
    assert reads["pages"] == writes["pages"] == SIZE // 4096
    assert {reads["number"], writes["number"]} == {0, 1}
    assert of(host, "reads")["granted"] == "read-only"
    host.cmd("memory check")


def test_revoke_while_mapped(boot):
    """Access is taken away, restricted and given back while the guest runs."""
    host = boot({"one": guest("one", "probe"), "two": guest("two", "probe")})
    assert seen(host, "one")["writes"] == 1
    host.cmd("shared revoke ring one")
    one = seen(host, "one")
    assert (one["reads"], one["writes"], one["access"], one["pages"],
            one["status"]) == (0, 0, 0, 0, 0)
    assert one["read-esr"] & 0x3f == one["write-esr"] & 0x3f == EXTERNAL_ABORT
    assert of(host, "one")["mapped"] == "none"
    assert seen(host, "two")["writes"] == 1
    # A restart changes nothing.
    host.cmd("guest reset one")
    assert seen(host, "one")["reads"] == 0
    host.cmd("shared grant ring one read-only")
    one = seen(host, "one")
    assert (one["reads"], one["writes"], one["access"]) == (1, 0, 1)
    host.cmd("shared grant ring one")
    assert seen(host, "one")["writes"] == 1
    host.cmd("shared grant ring one read-only")
    assert seen(host, "one")["writes"] == 0
    host.cmd("memory check")


def test_command(boot):
    """A region made by command is mapped only where it is granted."""
    host = boot({"one": guest("one", "probe"),
                 "two": guest("two", "probe", window(access="read-only")),
                 "out": guest("out", "probe", "")},
                script="shared create ring 64K\n")
    for name in "one", "two", "out":
        host.cmd(f"guest create /guests/{name}.dtb --start")
    assert of(host, "one")["granted"] == "none"
    assert seen(host, "one")["reads"] == 0
    host.cmd("shared grant ring one")
    one = seen(host, "one")
    assert (one["reads"], one["writes"], one["pages"]) == (1, 1, 16)
    # No more than the description asks for.
    host.cmd("shared grant ring two read-write")
    assert seen(host, "two")["writes"] == 0
    # A guest without a window, whatever it is granted.
    host.cmd("shared grant ring out")
    assert "mapped by one, two" in host.cmd("shared destroy ring", ok=False)
    assert "no region 'rinj'; did you mean 'ring'" in host.cmd(
        "shared info rinj", ok=False)
    assert "already a region" in host.cmd("shared create ring 4K", ok=False)
    assert "multiple of 4K" in host.cmd("shared create odd 4097", ok=False)
    host.cmd("memory check")
    for name in "one", "two":
        host.cmd(f"shared revoke ring {name}")
    host.cmd("shared destroy ring")
    assert host.json("shared list") == []
    # A new one of that name has zeroes.
    host.cmd("shared create ring 64K")
    host.cmd("shared grant ring two")
    assert seen(host, "two")["value"] == 0


def test_howto(boot):
    """What the how-to page describes."""
    page = (TOP / "docs/howto/connect-two-guests.md").read_text("utf-8")
    sources = {re.search(r'model = "(\w+)"', text)[1]: text for text in
               re.findall(r"^```dts\n(.*?)^```", page, re.M | re.S)}
    host = boot({name: sources[name] for name in ("from", "to")})
    output(host, "to", r"CONSUMED 0x0+1000\r*\n")
    for line in re.findall(r"^socle> (shared .*|memory .*)$", page, re.M):
        host.cmd(line)
    assert of(host, "to")["granted"] == "read-write"
    # test_connected.py runs those for Linux.
    assert of(host, "to", "plans")["granted"] == "read-only"
