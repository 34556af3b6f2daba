#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Formats C files with clang-format 14, or says which are not formatted.

    format.py [--check] [--clang-format PROGRAM] FILE...

Other versions format some lines differently, so with them nothing is changed, and
--check ends with a line NOT CHECKED and no error. Each file has a run of its own, so that a crash of clang-format affects
only one. Headers are passed to it as C, because it takes some with a bracket in a
certain place for Objective-C.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

VERSION = 14


def version_of(program):
    """The program's major version; None if it prints none."""
    said = subprocess.run([program, "--version"], text=True, check=False,
                          stdout=subprocess.PIPE).stdout
    found = re.search(r"version (\d+)", said)
    return int(found.group(1)) if found else None


def formatted(program, path):
    """The formatted file; a RuntimeError with the program's message on failure."""
    name = f"{path}.c" if path.suffix == ".h" else str(path)
    done = subprocess.run([program, f"--assume-filename={name}"],
                          input=path.read_bytes(), check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        said = done.stderr.decode(errors="replace").splitlines() or ["no word"]
        raise RuntimeError(f"{program} ended with {done.returncode}: {said[0]}")
    return done.stdout


def treat(program, path, check):
    """Format or check one file. Returns a message, or None."""
    try:
        wanted = formatted(program, path)
    except RuntimeError as error:
        return f"{path}: {error}"
    if wanted == path.read_bytes():
        return None
    if check:
        return f"{path}: not formatted (make format)"
    path.write_bytes(wanted)
    return None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--clang-format", default="clang-format")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    program = args.clang_format
    version = version_of(program) if shutil.which(program) else None
    if version != VERSION:
        found = f"{program} is of version {version}" if version else \
            f"there is no {program}"
        what = f"NOT CHECKED: the layout of {len(args.files)} C files" \
            if args.check else "nothing was done"
        print(f"{what}: {found}, and this tree is formatted by version "
              f"{VERSION} (Debian 12's)")
        return 0 if args.check else 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        said = list(filter(None, pool.map(
            lambda path: treat(program, path, args.check), args.files)))
    print("\n".join(said), end="\n" if said else "")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
