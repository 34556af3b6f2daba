# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `top`, and the counts of exits that it shows."""

import json
import re
import time

from socle import CTRL_C, SLOWNESS, bare, description


def total(row):
    return sum(row[k] for k in ("mmio", "call", "sysreg", "wait", "irq",
                                "memory", "fp", "other"))


def test_top(boot):
    """A busy guest is at the top; its exits are counted by reason."""
    host = boot({"busy": description("busy"),
                 "idle": bare("idle", "idle", memory=4)})
    with host.linux("busy") as shell:
        shell.sh("(while :; do cat /proc/uptime; done >/dev/null) &")
    top = host.json("top --once")
    assert [g["name"] for g in top["guests"]] == ["busy", "idle"]
    busy, idle = top["guests"]
    assert busy["state"] == "running"
    assert busy["cpu_percent"] > 50 > idle["cpu_percent"]
    assert busy["exits"] > 0
    vcpu = next(v for v in top["vcpus"] if v["name"] == "busy/0")
    # The timer interrupts of its ticks are the host's.
    assert vcpu["irq"] > 0
    assert abs(total(vcpu) - vcpu["exits"]) <= 8
    # Since its start, it has printed, waited, and read its ID registers.
    row = host.json("vcpu exits busy")[0]
    assert row["name"] == "busy/0"
    for reason in ("mmio", "call", "sysreg", "irq"):
        assert row[reason] > 0, reason
    assert row["total"] == total(row)
    # The next tick may take a while on a busy machine.
    limit = time.monotonic() + 60 * SLOWNESS
    while host.json("vcpu exits busy")[0]["irq"] == row["irq"]:
        assert time.monotonic() < limit
    assert "Exits:" in host.cmd("guest info busy")

    # The live view is drawn more than once, keys work, and the prompt returns.
    for leave in ("q", CTRL_C):
        host.send("top\r")
        host.expect(r"GUEST +STATE", timeout=60)
        host.expect(r"busy +running +\d+\.\d", timeout=60)
        host.send("v")
        host.expect(r"VCPU +STATE", timeout=60)
        host.expect(r"busy/0 +running", timeout=60)
        host.send(leave)
        host.expect(r"\x1b\[\?1049l", timeout=60)
        host.expect_prompt(60)
    assert host.guests()["busy"]["state"] == "running"
