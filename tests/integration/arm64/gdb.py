# SPDX-License-Identifier: GPL-2.0-or-later
"""As much of gdb's remote protocol as the tests need to misdirect or stop
CPUs."""

import re
import socket
import subprocess
import time

from socle import BUILD, SLOWNESS

PC, CPSR = 32, 33  # gdb's register numbers
NOWHERE = 0xdead0000
IMAGE = 0xffffc0000000  # where the image runs: MMU_IMAGE_BASE


def symbol(name):
    """Address and size of a function, as it runs."""
    table = subprocess.run(["readelf", "-sW", str(BUILD / "vmm.elf")],
                           check=True, capture_output=True, text=True).stdout
    found = re.search(rf" ([0-9a-f]+) +(\d+) FUNC .* {name}$", table, re.M)
    return IMAGE + int(found.group(1), 16), int(found.group(2))


class Debugger:
    """A connection to QEMU's gdb stub, which stops the machine."""

    def __init__(self, path):
        self.seen = b""
        limit = time.monotonic() + 10 * SLOWNESS
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(10 * SLOWNESS)
            try:
                self.socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                # QEMU has not created it yet.
                self.socket.close()
                assert time.monotonic() < limit, f"no {path}"
                time.sleep(0.01)
        # Before this query, QEMU refuses to read or write single registers.
        self.ask("qXfer:features:read:target.xml:0,fff")

    @staticmethod
    def server(path):
        """QEMU's arguments."""
        return ["-gdb", f"unix:{path},server=on,wait=off"]

    def packet(self):
        while True:
            found = re.search(rb"\$([^#]*)#..", self.seen, re.DOTALL)
            if found:
                self.seen = self.seen[found.end():]
                return found.group(1).decode()
            more = self.socket.recv(4096)
            assert more, self.seen
            self.seen += more

    def send(self, text):
        # The previous answer is acknowledged only now: anything sent after the
        # last answer would stop the machine again.
        self.socket.sendall(
            f"+${text}#{sum(text.encode()) & 0xff:02x}".encode())

    def ask(self, text):
        """Sends a command and returns its answer; stop replies before it are
        skipped."""
        self.send(text)
        while True:
            answer = self.packet()
            if not answer.startswith("T"):
                return answer

    def place(self, cpu):
        """A CPU's exception level and program counter."""
        assert self.ask(f"Hg{cpu + 1}") == "OK"
        pc, cpsr = (int.from_bytes(bytes.fromhex(self.ask(f"p{n:x}")),
                                   "little") for n in (PC, CPSR))
        return cpsr >> 2 & 3, pc

    def derail(self, *cpus):
        """Makes these CPUs continue at an address that maps nothing."""
        for cpu in cpus:
            assert self.ask(f"Hg{cpu + 1}") == "OK"
            where = NOWHERE.to_bytes(8, "little").hex()
            assert self.ask(f"P{PC:x}={where}") == "OK"

    def go_on(self, cpus=None):
        """Lets all CPUs continue, or only these; the others execute
        nothing."""
        chosen = "".join(f";c:{cpu + 1}" for cpu in cpus) if cpus else ";c"
        self.send(f"vCont{chosen}")

    def stop(self):
        self.socket.sendall(b"\x03")
        assert self.packet().startswith("T")

    def detach(self):
        """Lets all CPUs continue without the debugger."""
        assert self.ask("D") == "OK"
        self.socket.close()

    def expect_at(self, cpus, level, start=0, end=1 << 64, timeout=30):
        """Lets all CPUs run until these are in the range; leaves the machine
        stopped."""
        limit = time.monotonic() + timeout * SLOWNESS
        while True:
            places = [self.place(cpu) for cpu in cpus]
            if all(el == level and start <= pc < end for el, pc in places):
                return
            assert time.monotonic() < limit, places
            self.go_on()
            time.sleep(0.05)
            self.stop()

    def expect_halted(self, cpus):
        """They are halted for good: arch_cpu_halt() runs with interrupts
        masked."""
        start, size = symbol("arch_cpu_halt")
        self.expect_at(cpus, 2, start, start + size)
