# SPDX-License-Identifier: GPL-2.0-or-later
"""The newc writer, read back field by field."""

import pathlib
import stat
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import newc  # pylint: disable=wrong-import-position


def read(data):
    """[(name, mode, content, (rmajor, rminor))] of an archive."""
    entries, at = [], 0
    while True:
        assert data[at:at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16)
                  for i in range(13)]
        name_end = at + 110 + fields[11]
        name = data[at + 110:name_end - 1].decode()
        assert data[name_end - 1] == 0
        begin = -(-name_end // 4) * 4
        content = data[begin:begin + fields[6]]
        if name == newc.TRAILER:
            return entries
        entries.append((name, fields[1], content, (fields[9], fields[10])))
        assert fields[2:4] == [0, 0] and fields[5] == 0
        at = -(-(begin + fields[6]) // 4) * 4


def sample(order):
    archive = newc.Archive()
    for name in order:
        archive.file(name, name.encode() * 3)
    archive.character("dev/null", 1, 3, 0o666)
    archive.symlink("bin/sh", "busybox")
    return archive


def test_contents():
    entries = read(sample(["init", "/bin/busybox"]).bytes())
    assert [e[0] for e in entries] == ["bin", "bin/busybox", "bin/sh", "dev",
                                       "dev/null", "init"]
    by_name = {e[0]: e for e in entries}
    assert stat.S_ISDIR(by_name["bin"][1])
    assert by_name["init"][2] == b"initinitinit"
    assert by_name["bin/sh"][2] == b"busybox"
    assert stat.S_ISLNK(by_name["bin/sh"][1])
    assert by_name["dev/null"][1] == stat.S_IFCHR | 0o666
    assert by_name["dev/null"][3] == (1, 3)


def test_order_does_not_matter():
    names = ["a/b", "a", "c", "a-b/c"]
    del names[1]
    assert sample(names).bytes() == sample(names[::-1]).bytes()


def test_parents_come_first():
    entries = [e[0] for e in read(sample(["x/y/z", "x-1", "x.d/f"]).bytes())]
    for name in entries:
        parent = name.rpartition("/")[0]
        assert not parent or entries.index(parent) < entries.index(name)
