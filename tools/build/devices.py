#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The disk and the network card of the machine that `make run` starts.

    devices.py --default PATH DISK=PATH|none NET=user|none|tap:NAME [SSH=PORT]

Prints QEMU's arguments for them. The default disk is created, with an empty ext4
file system, if it does not exist; any other disk must exist. SSH: this port of
this machine, for its own programs only, leads to port 22 in the guests' network.
Each mistake is printed on a line, and the exit status is 1.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

DISK_MIB = 256			# sparse
# Administration programs are not in every person's PATH.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Mistake(Exception):
    """Says what is wrong, and what would be right."""


def make_disk(path):
    """Create a file with an empty ext4 file system, completely or not at all."""
    mke2fs = shutil.which("mke2fs", path=PATH)
    if not mke2fs:
        raise Mistake("the program mke2fs is missing (the package e2fsprogs); "
                      "DISK=none goes without a disk")
    unfinished = path.with_name(path.name + ".new")
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    unfinished.unlink(missing_ok=True)
    subprocess.run([mke2fs, "-q", "-F", "-t", "ext4", "-L", "disk0",
                    str(unfinished), f"{DISK_MIB}M"], check=True,
                   stdout=subprocess.DEVNULL)
    unfinished.rename(path)


def disk_arguments(value, default):
    if value == "none":
        return []
    path = pathlib.Path(value)
    if not path.exists() and value == default:
        make_disk(path)
    if not path.is_file() and not path.is_block_device():
        raise Mistake(f"DISK={value}: there is no such file; an image of a "
                      "disk, or none")
    # QEMU reads a comma as the end of the name, and two as one.
    name = str(path).replace(",", ",,")
    return ["-drive", f"if=none,id=disk0,format=raw,file={name}",
            "-device", "virtio-blk-pci,drive=disk0,disable-legacy=on"]


def net_arguments(value, ssh):
    if value == "none":
        return []
    if value == "user":
        backend = "user,id=net0"
        if ssh:
            backend += f",hostfwd=tcp:127.0.0.1:{ssh}-:22"
    elif re.fullmatch(r"tap:[\w.-]+", value):
        backend = (f"tap,id=net0,ifname={value[4:]},script=no,"
                   "downscript=no")
    else:
        raise Mistake(f"NET={value}: must be user, none or tap:NAME")
    # Without its boot ROM, which is in a package of its own.
    return ["-netdev", backend, "-device",
            "virtio-net-pci,netdev=net0,disable-legacy=on,romfile="]


def arguments(given, default):
    ssh = given.get("SSH", "")
    if ssh and not (ssh.isdigit() and 0 < int(ssh) < 65536):
        raise Mistake(f"SSH={ssh}: must be a port's number")
    return disk_arguments(given["DISK"], default) + \
        net_arguments(given["NET"], ssh)


def main():
    default = sys.argv[2]
    given = dict(value.split("=", 1) for value in sys.argv[3:])
    try:
        print(shlex.join(arguments(given, default)))
    except Mistake as mistake:
        print(f"make run: {mistake}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as failed:
        print(f"make run: {shlex.join(failed.cmd)} failed", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
