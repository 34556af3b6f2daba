# SPDX-License-Identifier: GPL-2.0-or-later
"""CPUs that do not start as firmware reported."""

import pytest

from gdb import Debugger
from board import host_tree
from socle import description


def names(host):
    return [thread["name"] for thread in host.json("thread list")]


@pytest.mark.parametrize("icount", [None, "shift=0"])
def test_late_cpu(start, bundle, tmp_path, icount):
    """CPU_ON succeeds, but the CPU does not come up until it is too late."""
    gdb = tmp_path / "gdb"
    host = start(bundle({"linux0": description("linux0", vcpus=2)}), smp=4,
                 icount=icount, extra=[*Debugger.server(gdb), "-S"],
                 limit=600)
    debugger = Debugger(gdb)
    debugger.go_on([0, 1, 3])
    host.expect(r"CPU 2 \(hwid 0x2\) did not come up in 2000 ms")
    host.expect("smp: 3 of 4 CPUs online")
    host.boot(timeout=200)
    states = ["online", "online", "failed", "online"]
    assert [cpu["state"] for cpu in host.json("host cpus")] == states
    with host.linux("linux0", timeout=200) as shell:
        assert shell.sh("nproc") == "2"
    threads = names(host)
    debugger.stop()
    debugger.expect_halted([2])
    debugger.detach()
    with host.linux("linux0") as shell:
        assert shell.sh("echo alive") == "alive"
    assert names(host) == threads
    assert [cpu["state"] for cpu in host.json("host cpus")] == states
    assert host.shutdown() == 0


def test_no_redistributor(start, bundle, tmp_path):
    """A CPU starts, but has no redistributor."""
    tree = host_tree(tmp_path / "host.dtb", """
&{/intc@8000000} { reg = <0 0x8000000 0 0x10000  0 0x80a0000 0 0x40000>; };
""", smp=3)
    host = start(bundle({"linux0": description("linux0", vcpus=2)}), smp=3,
                 extra=["-dtb", str(tree)])
    host.expect("no redistributor for CPU 2")
    host.expect("smp: CPU 2: ")
    host.boot()
    assert [cpu["state"] for cpu in host.json("host cpus")] == \
        ["online", "online", "failed"]
    assert "idle/2" not in names(host)
    for line in ("irq list", "irq cpus", "timer", "vcpu list"):
        host.cmd(line)
    with host.linux("linux0") as shell:
        assert shell.sh("nproc") == "2"
