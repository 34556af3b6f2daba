#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the example guest's initial root file system: busybox and a script."""

import argparse
import gzip
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import newc  # pylint: disable=wrong-import-position

INITTAB = """\
::ctrlaltdel:/sbin/reboot
::shutdown:/bin/umount -a -r
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--busybox", required=True, type=pathlib.Path)
    parser.add_argument("--module", action="append", default=[],
                        type=pathlib.Path, help="loaded in this order")
    parser.add_argument("--file", action="append", default=[],
                        metavar="NAME=PATH", help="one more file")
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path)
    args = parser.parse_args()

    root = newc.Archive()
    root.file("init", (HERE / "init").read_bytes(), executable=True)
    root.file("bin/busybox", args.busybox.read_bytes(), executable=True)
    root.file("etc/profile", (HERE / "profile").read_bytes())
    root.file("etc/inittab", INITTAB.encode())
    root.file("etc/passwd", b"root::0:0:root:/root:/bin/sh\n")
    root.file("etc/group", b"root:x:0:\n")
    # The kernel opens /dev/console before anything is mounted.
    root.character("dev/console", 5, 1)
    root.character("dev/null", 1, 3, mode=0o666)
    for index, module in enumerate(args.module):
        root.file(f"lib/modules/{index:02d}-{module.name}",
                  module.read_bytes())
    for extra in args.file:
        name, path = extra.split("=", 1)
        path = pathlib.Path(path)
        root.file(name, path.read_bytes(),
                  executable=bool(path.stat().st_mode & 0o100))
    args.output.write_bytes(gzip.compress(root.bytes(), mtime=0))


if __name__ == "__main__":
    main()
