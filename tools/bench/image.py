# SPDX-License-Identifier: GPL-2.0-or-later
"""The image by address: finding the functions in QEMU's log."""

import bisect
import pathlib
import re
import subprocess

import qemu

# Where the image runs with its MMU on, and before.
BASE = qemu.PLACES.IMAGE
LOADED = qemu.PLACES.LOADED
# Both, as the plugins (tests/plugins) are told.
PLACE = f"image={BASE:#x},loaded={LOADED:#x}"
# The functions by which the hypervisor copies data.
COPIES = ("copy_bytes", "copy_words", "copy_units", "memcpy", "memmove",
          "string_copy_up", "string_copy_down", "string_copy8", "string_copy4")
# How compilers name themselves in the debugging information.
PRODUCER = re.compile(rb"GNU C\d+ (\d+[\d.]*)|(?:[A-Z]\w+ )?clang version "
                      rb"(\d+[\d.]*)")
ENTRY = re.compile(rb"^Trace (\d+): [^[]*\[[0-9a-f]+/([0-9a-f]{16})/", re.M)


def compiler(elf):
    """The compiler of the image, as the image names it: "GCC 12.2.0"."""
    found = PRODUCER.search(pathlib.Path(elf).read_bytes())
    if not found:
        return "an unknown compiler"
    gcc, clang = found.groups()
    return f"GCC {gcc.decode()}" if gcc else f"clang {clang.decode()}"


def log_lines(fifo):
    """QEMU's log while it is written, to its end, in pieces of whole lines."""
    with open(fifo, "rb", buffering=0) as log:
        rest = b""
        while piece := log.read(1 << 20):
            piece = rest + piece
            end = piece.rfind(b"\n") + 1
            rest = piece[end:]
            yield piece[:end]


def watched(place, size, plugin, out, *more):
    """QEMU's arguments: a plugin of tests/plugins writes to `out` what the
    hypervisor of that place and size does."""
    return "-plugin", ",".join([str(plugin), place, f"size={size:#x}",
                                f"out={out}", *more])


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

    def watched_by(self, plugin, out, *more):
        """QEMU's arguments: a plugin of tests/plugins writes to `out`."""
        return watched(PLACE, self.size, plugin, out, *more)

    def tool(self, name, *args):
        return subprocess.run([self.cross + name, *args, str(self.elf)],
                              check=True, stdout=subprocess.PIPE,
                              text=True).stdout

    def function(self, address):
        at = bisect.bisect_right(self.starts, address - BASE) - 1
        return self.names[at] if at >= 0 else "?"

    def copies(self):
        """The functions of COPIES that were not inlined: (from, end)."""
        return [(start + BASE, end + BASE) for name, start, end in
                zip(self.names, self.starts, self.starts[1:])
                if name.partition(".")[0] in COPIES]

    def vectors(self):
        """{address: kind} of the vectors for traps from guests."""
        table = next(iter(qemu.PLACES.VECTORS.values()))
        start = self.starts[self.names.index(table)] + BASE
        return {start + offset: kind
                for offset, kind in qemu.PLACES.FROM_GUEST.items()}

    def instructions(self):
        """{address: text} of the whole image."""
        found = {}
        for line in self.tool("objdump", "-d", "--no-show-raw-insn"
                              ).splitlines():
            address, colon, text = line.partition(":\t")
            if colon:
                found[int(address, 16) + BASE] = text.expandtabs()
        return found
