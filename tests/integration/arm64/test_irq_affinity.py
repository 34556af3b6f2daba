# SPDX-License-Identifier: GPL-2.0-or-later
"""Interrupts of the host's devices go where `irq affinity` says, at run time and
under load, and none is lost."""

import hashlib
import os
import time

import pytest

import test_guest_disks as disks
from socle import SLOWNESS

MIB = 4
MOVES = 12


def lines(host):
    """Shared interrupts: rows of `irq list` by number."""
    return {row["irq"]: row for row in host.json("irq list")
            if row["kind"] == "shared"}


def counts(host, irq):
    """How often the line came on each of two CPUs."""
    found = {row["cpu"]: row["count"] for row in host.json("irq cpus")
             if row["irq"] == irq and row["kind"] == "shared"}
    return found.get(0, 0), found.get(1, 0)


def read_some(host):
    with host.linux("linux0", timeout=180) as shell:
        shell.sh("dd if=/dev/vda of=/dev/null bs=4k count=64 iflag=direct")


def disks_line(host):
    """The one that comes when the guest reads."""
    before = lines(host)
    read_some(host)
    return max(before, key=lambda irq: sum(counts(host, irq)) -
               before[irq]["count"])


@pytest.mark.parametrize("gic,device", [
    (2, "virtio-blk-device"), (3, "virtio-blk-device"),
    (2, "virtio-blk-pci"), (3, "virtio-blk-pci")])
def test_affinity(boot, tmp_path, gic, device):
    """A guest reads the host's disk while its interrupts move: wires, and
    messages to GICv2m and the ITS."""
    disk = tmp_path / "disk.img"
    content = os.urandom(MIB << 20)
    disk.write_bytes(content)
    host = boot({"linux0": disks.GUEST}, gic=gic, script=disks.script("vda"),
                extra=["-drive", f"if=none,id=d,file={disk},format=raw",
                       "-device", f"{device},drive=d"])
    read_some(host)
    irq = disks_line(host)
    at = lines(host)[irq]["cpu"]
    before = counts(host, irq)
    assert before[at] >= 8 and before[1 - at] == 0
    host.cmd(f"irq affinity {irq} {1 - at}")
    assert lines(host)[irq]["cpu"] == 1 - at
    # The guest may have read something before the line moved.
    before = counts(host, irq)
    read_some(host)
    after = counts(host, irq)
    # Nothing comes where it was.
    assert after[at] == before[at]
    assert after[1 - at] > before[1 - at]
    with host.linux("linux0") as shell:
        shell.sh("(until [ -e /tmp/stop ]; do dd if=/dev/vda bs=4k iflag=direct "
                 "2>/dev/null | sha256sum >>/tmp/sums; done; echo >/tmp/end) &")
    # Under load, until both CPUs have had some.
    limit, n = time.monotonic() + 120 * SLOWNESS, 0
    while n < MOVES or not all(now > was for now, was in
                               zip(counts(host, irq), after)):
        assert time.monotonic() < limit
        host.cmd(f"irq affinity {'all' if n % 3 == 0 else irq} {n % 2}")
        n += 1
    with host.linux("linux0") as shell:
        shell.sh("echo >/tmp/stop; until [ -e /tmp/end ]; do sleep 0.1; done",
                 timeout=180)
        said = shell.sh("cat /tmp/sums")
    assert {line.split()[0] for line in said.splitlines()} == {
        hashlib.sha256(content).hexdigest()}
    host.cmd("irq affinity all 1")
    assert {row["cpu"] for row in lines(host).values()} == {1}


def test_refused(boot):
    host = boot()
    before = host.json("irq list")
    irq = next(iter(lines(host)))
    for line, why in ((f"irq affinity {irq}", "an interrupt and a CPU"),
                      (f"irq affinity {irq} 2", "'2' is not an online CPU"),
                      (f"irq affinity {irq} x", "is not an online CPU"),
                      ("irq affinity 26 0", "not a shared interrupt in use"),
                      ("irq affinity 70 0", "not a shared interrupt in use"),
                      ("irq affinity some 0", "not a shared interrupt")):
        assert why in host.cmd(line, ok=False), line
    assert [(r["irq"], r["cpu"]) for r in host.json("irq list")] == \
        [(r["irq"], r["cpu"]) for r in before]
