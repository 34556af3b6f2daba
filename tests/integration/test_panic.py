# SPDX-License-Identifier: GPL-2.0-or-later
"""A bug of the hypervisor's own: what it says, and what follows."""

import re
import socket

import pytest

PC = 32  # gdb's number of it
NOWHERE = 0xdead0000


class Debugger:
    """As much of gdb's remote protocol as it takes to send a CPU astray."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(str(path))

    def ask(self, text, answer=b"$OK#"):
        """Sends a command and waits for the answer; that it stopped is first."""
        # The answer before is acknowledged only now: whatever comes after the
        # last one would stop the machine again.
        self.socket.sendall(
            f"+${text}#{sum(text.encode()) & 0xff:02x}".encode())
        seen = b""
        while answer not in seen:
            more = self.socket.recv(4096)
            assert more, seen
            seen += more

    def derail(self):
        """The first CPU goes on where nothing is."""
        # Without it, QEMU takes no single registers.
        self.ask("qXfer:features:read:target.xml:0,fff", b"</target>#")
        self.ask("Hg1")
        self.ask(f"P{PC:x}={NOWHERE.to_bytes(8, 'little').hex()}")
        self.ask("D")
        self.socket.close()


@pytest.mark.parametrize("policy", ["halt", "reboot"])
def test_panic(boot, tmp_path, policy):
    """Registers, backtrace by name, build id, log lines; then the policy."""
    gdb = tmp_path / "gdb"
    host = boot(append=f"panic={policy}", smp=1,
                extra=["-gdb", f"unix:{gdb},server=on,wait=off"])
    build_id = host.json("version")["build_id"]
    Debugger(gdb).derail()
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
