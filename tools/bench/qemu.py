# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU that counts: one instruction is one nanosecond of its time.

A run is ended by an event in its output, never by time passing; a time limit
only stops what has gone wrong.
"""

import os
import re
import select
import socket
import subprocess
import time

# One nanosecond an instruction; with nothing to do, time goes on to the next
# timer at once instead of being slept away.
COUNT = ["-icount", "shift=0,sleep=off"]
CPU = ["-cpu", "cortex-a57"]
QEMU = os.environ.get("QEMU", "qemu-system-aarch64")
PLAIN = ["-nodefaults", "-display", "none", "-monitor", "none",
         "-serial", "stdio"]
PANIC = re.compile(rb"\*\*\* PANIC|Kernel panic - not syncing|"
                   rb"Panic on CPU \d|CPU\d+: Unexpected Trap")
# On a slow machine, all time limits are stretched.
SLOWNESS = float(os.environ.get("SOCLE_SLOWNESS", "1"))


class Failure(Exception):
    """What did not happen, with the end of the output."""


def command(machine, smp, memory, *more):
    """The command line; machine is `virt` with its options."""
    return [QEMU, "-M", f"{machine},dtb-randomness=off", *CPU, "-smp", str(smp),
            "-m", memory, *COUNT, *PLAIN, *more]


class Machine:
    """A running machine and what its serial line has said."""

    def __init__(self, arguments, limit=120):
        self.arguments = arguments
        self.output = b""
        self.seen = 0
        self.deadline = time.monotonic() + limit * SLOWNESS
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, bufsize=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def monitor(self, path, *orders):
        """Gives QEMU's monitor, which listens at path, orders."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(max(self.deadline - time.monotonic(), 1))
            line.connect(path)
            for order in ("", *orders):
                if order:
                    line.sendall(order.encode() + b"\n")
                # What it echoes has no prompt in it but the next one's.
                text = b""
                while b"(qemu) " not in text[len(order):]:
                    piece = line.recv(4096)
                    if not piece:
                        raise Failure(f"QEMU's monitor left at {order!r}")
                    text += piece

    def send(self, text):
        self.process.stdin.write(text.encode())

    def expect(self, pattern):
        """Waits for a pattern after the one before; its match."""
        pattern = re.compile(pattern.encode())
        while True:
            found = pattern.search(self.output, self.seen)
            if found:
                self.seen = found.end()
                return found
            if PANIC.search(self.output):
                self.fail("a panic", pattern)
            self.read(pattern)

    def read(self, pattern):
        left = self.deadline - time.monotonic()
        ready, _, _ = select.select([self.process.stdout], [], [],
                                    max(left, 0))
        if not ready:
            self.fail("too long", pattern)
        piece = os.read(self.process.stdout.fileno(), 65536)
        if not piece:
            self.fail("QEMU ended", pattern)
        self.output += piece

    def fail(self, why, pattern):
        tail = "\n".join(self.text().split("\n")[-30:])
        raise Failure(f"{why} while waiting for {pattern.pattern.decode()!r} "
                      f"of\n{' '.join(self.arguments)}\n{tail}")

    def text(self):
        """All output so far, lines ended the same way."""
        return re.sub("\r+\n", "\n",
                      self.output.decode("utf-8", errors="replace"))
