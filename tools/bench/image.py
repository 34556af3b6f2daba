# SPDX-License-Identifier: GPL-2.0-or-later
"""The image by address: whose instructions are in QEMU's log."""

import bisect
import re
import subprocess

# Where QEMU's `virt` loads an image that wants no other place.
BASE = 0x40200000
FROM_GUEST = {0x400: "synchronous", 0x480: "IRQ"}	# A64 at a lower level
ENTRY = re.compile(rb"^Trace (\d+): [^[]*\[[0-9a-f]+/([0-9a-f]{16})/", re.M)


def log_lines(fifo):
    """QEMU's log as it comes, to its end: pieces of whole lines."""
    with open(fifo, "rb", buffering=0) as log:
        rest = b""
        while piece := log.read(1 << 20):
            piece = rest + piece
            end = piece.rfind(b"\n") + 1
            rest = piece[end:]
            yield piece[:end]


class Image:
    """Functions and instructions by address as linked."""

    def __init__(self, elf, cross):
        self.elf = elf
        self.cross = cross
        self.starts, self.names = [], []
        for line in self.tool("nm", "-n").splitlines():
            fields = line.split()
            if (len(fields) == 3 and fields[1] in "tT"
                    and not fields[2].startswith("$")):
                self.starts.append(int(fields[0], 16))
                self.names.append(fields[2])
        # The last of several names at one address is the function's.
        self.size = self.starts[-1] + 0x1000

    def filter(self):
        """For QEMU's -dfilter."""
        return f"{BASE:#x}+{self.size:#x}"

    def tool(self, name, *args):
        return subprocess.run([self.cross + name, *args, str(self.elf)],
                              check=True, stdout=subprocess.PIPE,
                              text=True).stdout

    def function(self, address):
        at = bisect.bisect_right(self.starts, address - BASE) - 1
        return self.names[at] if at >= 0 else "?"

    def vectors(self):
        """{address: kind} of the vectors for traps from guests."""
        start = self.starts[self.names.index("vectors")] + BASE
        return {start + offset: kind for offset, kind in FROM_GUEST.items()}

    def instructions(self):
        """{address: text} of the whole image."""
        found = {}
        for line in self.tool("objdump", "-d", "--no-show-raw-insn"
                              ).splitlines():
            address, colon, text = line.partition(":\t")
            if colon:
                found[int(address, 16) + BASE] = text.expandtabs()
        return found
