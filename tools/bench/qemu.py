# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU that counts: one instruction is one nanosecond of its time.

A run ends with an event in its output, never after a time; a time limit only
stops a run that has gone wrong.
"""

import os
import pathlib
import re
import select
import socket
import subprocess
import sys
import time
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import arch  # noqa: E402  (tools is no package)

# One nanosecond an instruction; an idle machine skips to the next timer at once
# instead of sleeping.
COUNT = ["-icount", "shift=0,sleep=off"]
ARCH = arch.ARCH
MACHINE = arch.machine()
# Where things are that are watched.
PLACES = arch.bench("places")
# {name: choices} of the machines that are measured, and the one that is enough.
VARIANTS = MACHINE.VARIANTS
USUAL = list(VARIANTS)[-1]
QEMU = os.environ.get("QEMU", MACHINE.PROGRAM)
PLAIN = ["-nodefaults", "-display", "none", "-monitor", "none",
         "-serial", "stdio"]
PANIC = re.compile(rb"\*\*\* PANIC|Kernel panic - not syncing|"
                   rb"Panic on CPU \d|CPU\d+: Unexpected Trap")
# On a slow machine, all time limits are stretched.
SLOWNESS = float(os.environ.get("SOCLE_SLOWNESS", "1"))


class OneByOne(typing.NamedTuple):
    """How to make QEMU log each instruction, as a block of its own."""
    arguments: tuple			# from its start
    order: str			# or from when its monitor is told


def one_by_one():
    said = subprocess.run([QEMU, "--version"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    found = re.search(r"version (\d+)\.(\d+)", said)
    version = tuple(map(int, found.groups()))
    # Renamed in 8.1; the old name was removed in 9.0.
    if version < (8, 1):
        return OneByOne(("-singlestep",), "singlestep on")
    return OneByOne(("-accel", "tcg,one-insn-per-tb=on"), "one-insn-per-tb on")


class Failure(Exception):
    """An event that did not happen, with the end of the output."""


def machine(variant, hypervisor, more=""):
    """QEMU's arguments for the machine and its CPU, with or without a mode for a
    hypervisor; more are options of it, with a comma before."""
    choices = {name.lower(): value
               for name, value in VARIANTS[variant].items()}
    return MACHINE.arguments(MACHINE.CPU, MACHINE.REPEATABLE + more,
                             hypervisor=hypervisor, **choices)


def command(what, smp, memory, *more):
    """The command line; what: machine()."""
    return [QEMU, *what, "-smp", str(smp), "-m", memory, *COUNT, *PLAIN, *more]


class Machine:
    """A running machine and the output of its serial line."""

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
        """Gives orders to QEMU's monitor, which listens at path."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(max(self.deadline - time.monotonic(), 1))
            line.connect(path)
            for order in ("", *orders):
                if order:
                    line.sendall(order.encode() + b"\n")
                # The echo contains no prompt but the next one.
                text = b""
                while b"(qemu) " not in text[len(order):]:
                    piece = line.recv(4096)
                    if not piece:
                        raise Failure(f"QEMU's monitor left at {order!r}")
                    text += piece
                if b"unknown command" in text:
                    raise Failure(f"QEMU's monitor knows no {order!r}")

    def send(self, text):
        self.process.stdin.write(text.encode())

    def expect(self, pattern):
        """Waits for a pattern behind the last match. Returns the match."""
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
        """All output so far, with uniform line ends."""
        return re.sub("\r+\n", "\n",
                      self.output.decode("utf-8", errors="replace"))
