#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the example guest's initial root file system: busybox and a script."""

import argparse
import gzip
import itertools
import lzma
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import libraries  # pylint: disable=wrong-import-position
import newc  # pylint: disable=wrong-import-position

INITTAB = """\
::ctrlaltdel:/sbin/reboot
::shutdown:/bin/umount -a -r
"""


DECOMPRESS = {".xz": lzma.decompress, ".gz": gzip.decompress}


def module_of(path):
    """A kernel module's name and bytes: Debian 13 compresses them."""
    if path.suffix == ".ko":
        return path.name, path.read_bytes()
    if ".ko" not in path.suffixes or path.suffix not in DECOMPRESS:
        sys.exit(f"initramfs: {path}: no kernel module, nor one compressed as "
                 f"{', '.join(DECOMPRESS)}")
    return path.stem, DECOMPRESS[path.suffix](path.read_bytes())


def on_demand(packages, names):
    """(path, bytes) of the modules: they are of one release of the kernel."""
    # Debian 13 has them below /usr.
    for package, name, folder in itertools.product(packages, names,
                                                   ("lib", "usr/lib")):
        base = package / folder / "modules"
        if base.is_dir():
            for path in sorted(base.glob(f"*/**/{name}.ko*")):
                release = path.relative_to(base).parts[0]
                file, content = module_of(path)
                yield f"lib/modules/{release}/{file}", content


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--busybox", required=True, type=pathlib.Path)
    parser.add_argument("--module", action="append", default=[],
                        type=pathlib.Path, help="loaded in this order")
    parser.add_argument("--kernel", action="append", default=[],
                        type=pathlib.Path, metavar="FOLDER",
                        help="a kernel's package, unpacked, or further modules "
                        "for it")
    parser.add_argument("--on-demand", nargs="*", action="extend", default=[],
                        metavar="NAME", help="modules of that kernel, where it "
                        "has them, for the init to load")
    parser.add_argument("--init", type=pathlib.Path, default=HERE / "init",
                        help="the first program")
    parser.add_argument("--file", action="append", default=[],
                        metavar="NAME=PATH", help="one more file")
    parser.add_argument("--program", action="append", default=[],
                        metavar="NAME=PATH", help="a program with the "
                        "libraries that it needs")
    parser.add_argument("--libraries", nargs="*", default=[],
                        type=pathlib.Path, metavar="FOLDER",
                        help="unpacked packages that have them")
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path)
    args = parser.parse_args()

    root = newc.Archive()
    root.file("init", args.init.read_bytes(), executable=True)
    root.file("bin/busybox", args.busybox.read_bytes(), executable=True)
    root.file("etc/profile", (HERE / "profile").read_bytes())
    root.file("bin/network", (HERE / "network").read_bytes(), executable=True)
    root.file("etc/inittab", INITTAB.encode())
    root.file("etc/passwd", b"root::0:0:root:/root:/bin/sh\n")
    root.file("etc/group", b"root:x:0:\n")
    # The kernel opens /dev/console before anything is mounted.
    root.character("dev/console", 5, 1)
    root.character("dev/null", 1, 3, mode=0o666)
    for index, module in enumerate(args.module):
        name, content = module_of(module)
        root.file(f"lib/modules/{index:02d}-{name}", content)
    for name, module in on_demand(args.kernel, args.on_demand):
        root.file(name, module)
    for extra in args.file:
        name, path = extra.split("=", 1)
        path = pathlib.Path(path)
        root.file(name, path.read_bytes(),
                  executable=bool(path.stat().st_mode & 0o100))
    for program in args.program:
        name, path = program.split("=", 1)
        try:
            files = libraries.needed(pathlib.Path(path), args.libraries)
        except libraries.Missing as missing:
            sys.exit(f"initramfs: {missing}")
        for where, file in {name: pathlib.Path(path), **files}.items():
            root.file(where, file.read_bytes(), executable=True)
    # Large ones are quicker to unpack than to decompress.
    if args.output.suffix == ".cpio":
        args.output.write_bytes(root.bytes())
        return
    args.output.write_bytes(gzip.compress(root.bytes(), mtime=0))


if __name__ == "__main__":
    main()
