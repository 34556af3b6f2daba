# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten guests, each with a disk and a network card, all busy at the same time:
every byte is checked end to end, nothing is lost or leaks, and the terminal
answers. Time is virtual: an instruction takes 8 ns."""

import re

import pytest

from socle import description

GUESTS = 10
# The longest that an operator may wait for an answer.
ANSWER_NS = 100_000_000


def load(number, seconds):
    """A guest with a disk, on the switch of all the guests."""
    devices = f"""devices {{
        disk0 {{ compatible = "virtio,block"; disk = "d{number}"; }};
        net0 {{ compatible = "virtio,net"; switch = "lan";
                mac = [02 00 00 00 00 {number:02x}]; check-source; }};
    }};"""
    return description(
        f"load{number}", memory=16, kernel="/images/load.bin", initrd=None,
        bootargs=f"me={number} of={GUESTS} seconds={seconds}", extra=devices)


def used(host):
    """What the hypervisor has allocated."""
    host.cmd("heap trim")
    return host.json("heap stats")["live_allocations"], host.json("memory")


def answer(host):
    """The time between the answers of two commands, in ns."""
    begin = len(host.text)
    host.count += 1
    host.send(f"timer clock\rtimer clock\recho @@{host.count}\r")
    host.expect(rf"\n@@{host.count}\r*\n", timeout=120)
    first, second = re.findall(r"Ns since boot: +(\d+)", host.text[begin:])
    return int(second) - int(first)


def told(host, name):
    """The counts that a guest prints at its end: {what: number}."""
    host.attach(name)
    host.expect("DONE")
    host.detach()
    said = host.text[host.text.rindex(f"guest console {name}"):]
    assert "WRONG" not in said, said
    return {what: int(value, 16) for what, value in
            re.findall(r"^([A-Z]+) 0x(\w+)\r*$", said, re.M)}


def create(host):
    for n in range(GUESTS):
        host.cmd(f"blockdev create ram r{n} 1M")
        host.cmd(f"vdisk create d{n} r{n}")
        host.cmd(f"guest create /guests/load{n}.dtb")


def destroy(host):
    for n in range(GUESTS):
        host.cmd(f"guest destroy load{n}")
        host.cmd(f"vdisk destroy d{n}")
        host.cmd(f"blockdev destroy r{n}")


def check(host, n, seconds):
    """A guest found no error; its disk holds what it wrote last."""
    counts = told(host, f"load{n}")
    print(counts)
    assert counts["TICKS"] >= seconds * 62_500_000
    for what in ("READS", "WRITES", "FLUSHES", "SENT", "RECEIVED"):
        assert counts[what] > 10 * seconds
    crc = host.cmd(f"blockdev crc32 r{n}", timeout=240).split()[-1]
    assert int(crc, 16) == counts["CRC"]
    stats = {row["count"]: row
             for row in host.json(f"net port stats load{n}.net0")}
    # The greetings at the start count, too.
    assert stats["packets"]["in"] > counts["SENT"]


def run(boot, seconds, gic):
    host = boot({f"load{n}": load(n, seconds) for n in range(GUESTS)},
                script="", smp=1, gic=gic, limit=3000,
                icount="shift=3,sleep=off")
    # What is allocated only once for so many guests is allocated first.
    host.cmd("net switch create lan")
    create(host)
    destroy(host)
    before = used(host)
    create(host)
    for n in range(GUESTS):
        host.cmd(f"guest start load{n}")
    host.attach("load0")
    host.expect("busy")
    host.detach()
    answers = []
    while any(guest["state"] == "running" for guest in host.guests().values()):
        answers.append(answer(host))
    print(f"{len(answers)} answers, the latest after {max(answers)} ns")
    for n in range(GUESTS):
        check(host, n, seconds)
    assert max(answers) < ANSWER_NS
    destroy(host)
    assert used(host) == before
    assert host.shutdown() == 0


def test_load(boot):
    run(boot, 1, gic=3)


@pytest.mark.long
@pytest.mark.parametrize("gic", [2, 3])
def test_two_minutes(boot, gic):
    run(boot, 120, gic)
