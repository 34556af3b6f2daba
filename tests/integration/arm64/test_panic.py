# SPDX-License-Identifier: GPL-2.0-or-later
"""A fault in the hypervisor itself: its report, and what follows."""

import re

import pytest

from gdb import Debugger, NOWHERE
from socle import CTRL_C, bare, description


@pytest.mark.parametrize("policy", ["halt", "reboot"])
def test_panic(boot, tmp_path, policy):
    """Registers, backtrace with names, build ID, log lines; then the
    policy."""
    gdb = tmp_path / "gdb"
    host = boot(append=f"panic={policy}", smp=1, extra=Debugger.server(gdb))
    build_id = host.json("version")["build_id"]
    debugger = Debugger(gdb)
    debugger.derail(0)
    debugger.detach()
    host.send("\r")  # wakes it
    report = host.expect(r"PANIC on CPU 0: unexpected exception.*"
                         rf"(halted|rebooting) \(panic={policy}\)",
                         panic=True).group(0)
    assert f"PC {NOWHERE:016x}" in report
    for register in ("PSTATE", "ESR", "FAR", "SP", "x0 ", "x30"):
        assert register in report
    assert re.search(rf"backtrace:\s+{NOWHERE:016x} \?\s.*[0-9a-f]{{16}} "
                     r"core_main\+0x", report, re.DOTALL)
    assert build_id in report
    assert re.search(r"last log lines:.*smp: 1 of 1 CPUs online", report,
                     re.DOTALL)
    if policy == "reboot":
        host.expect("socle> ")
        assert host.cmd("echo again") == "again"


@pytest.mark.parametrize("astray", [[0], [3], [1, 2]])
@pytest.mark.parametrize("policy", ["halt", "reboot"])
def test_panic_stops_all(boot, tmp_path, policy, astray):
    """There is one report, and every CPU stops, whatever it was doing."""
    others = [cpu for cpu in range(4) if cpu not in astray]
    spin = description(
        "spin", memory=16, vcpus=len(others), kernel="/images/storm.bin",
        initrd=None, bootargs="storm=spin").replace(
            "count", f"affinity = <{' '.join(map(str, others))}>; count")
    wake = bare("wake", "hello").replace(
        "count", f"affinity = <{astray[0]}>; count")
    gdb = tmp_path / "gdb"
    host = boot({"spin": spin, "wake": wake}, append=f"panic={policy}", smp=4,
                script="guest create /guests/spin.dtb --start\n"
                "guest create /guests/wake.dtb\n", extra=Debugger.server(gdb))
    debugger = Debugger(gdb)
    debugger.expect_at(others, 1)
    debugger.derail(*astray)
    debugger.go_on()
    host.send("guest start wake\r")
    report = host.expect(rf"PANIC on CPU ({'|'.join(map(str, astray))}): .*"
                         rf"(halted|rebooting) \(panic={policy}\)",
                         panic=True).group(0)
    assert report.count("PANIC") == 1
    if policy == "halt":
        debugger.stop()
        debugger.expect_halted(range(4))
    else:
        host.expect_prompt()
        host.send(CTRL_C)  # what was typed after the reboot
        host.boot()
        assert [cpu["state"] for cpu in host.json("host cpus")] == \
            ["online"] * 4
