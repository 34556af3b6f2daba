# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes cpio archives in the newc format that Linux and Socle read.

The same entries give the same bytes: names are sorted, every time, owner and
inode number is fixed. Nodes and owners need no privilege, because they never
exist as files here.
"""

import os
import stat

DIRECTORY = stat.S_IFDIR | 0o755
TRAILER = "TRAILER!!!"


class Archive:
    """Entries by name, without a leading slash; written out at the end."""

    def __init__(self):
        self.entries = {}

    def _add(self, name, mode, data=b"", device=(0, 0)):
        name = name.strip("/")
        parent = os.path.dirname(name)
        if parent:
            self.directory(parent)
        self.entries[name] = (mode, data, device)

    def directory(self, name):
        if name.strip("/") not in self.entries:
            self._add(name, DIRECTORY)

    def file(self, name, data, executable=False):
        self._add(name, stat.S_IFREG | (0o755 if executable else 0o644), data)

    def symlink(self, name, target):
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def character(self, name, major, minor, mode=0o600):
        self._add(name, stat.S_IFCHR | mode, device=(major, minor))

    def bytes(self):
        # A parent is a prefix of its children, so sorting puts it first.
        parts = [member(inode, name, *self.entries[name])
                 for inode, name in enumerate(sorted(self.entries), 1)]
        parts.append(member(0, TRAILER, 0))
        whole = b"".join(parts)
        return pad(whole, 512)


def pad(data, size):
    return data + bytes(-len(data) % size)


def member(inode, name, mode, data=b"", device=(0, 0)):
    """One header, name and content. Unused fields are 0."""
    encoded = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, 0, len(data), 0, 0, *device,
              len(encoded), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return pad(header + encoded, 4) + pad(data, 4)
