#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs clang-tidy over the C files of a compile_commands.json.

    tidy.py -p FOLDER [--program clang-tidy] [--checks=CHECKS] [--below PATH]

.clang-tidy at the top says which checks; --checks adds to its list. A finding is
told once, however many files include the header that it is in. --below leaves
all files out that are not below the path.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

# A finding's text may have several lines; the name of the check ends it.
FINDING = re.compile(r"^(\S+?:\d+:\d+: (?:error|warning): (?:.|\n)*?"
                     r"\[[\w.,-]+\]|error: .*)$", re.M)
# Files of one run: starting the program takes as long as a small file.
BATCH = 8


def sources(folder, below):
    """The C files of the compile_commands.json in `folder`, below a path."""
    text = (folder / "compile_commands.json").read_text("utf-8")
    return sorted(entry["file"] for entry in json.loads(text)
                  if entry["file"].endswith(".c") and
                  entry["file"].startswith(below))


def findings(command, files):
    """What one run finds, a line each with names relative to here."""
    done = subprocess.run([*command, *files], text=True, check=False,
                          errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    here = f"{os.getcwd()}/"
    found = {" ".join(text.replace(here, "").removeprefix("./").split())
             for text in FINDING.findall(done.stdout)}
    if done.returncode and not found:
        found = {f"{files[0]} and {len(files) - 1} more: {command[0]} ended "
                 f"with {done.returncode}: {done.stderr.strip()[-500:]}"}
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-p", dest="folder", type=pathlib.Path, required=True)
    parser.add_argument("--program", default="clang-tidy")
    parser.add_argument("--checks", default="")
    parser.add_argument("--below", default="")
    args = parser.parse_args()
    if not shutil.which(args.program):
        sys.exit(f"{args.program} is not installed: `make deps-check` installs "
                 f"what is missing")
    files = sources(args.folder, args.below)
    if not files:
        sys.exit(f"{args.folder}/compile_commands.json names no C file" +
                 (f" below {args.below}" if args.below else ""))
    command = [args.program, "-p", str(args.folder), "--quiet",
               f"--checks={args.checks}"]
    found = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        batches = [files[n:n + BATCH] for n in range(0, len(files), BATCH)]
        for some in pool.map(lambda batch: findings(command, batch), batches):
            found |= some
    print("".join(f"clang-tidy: {line}\n" for line in sorted(found)), end="")
    what = f"clang-tidy {args.below}".strip()
    print(f"{'over' if found else 'ok'} {what}: "
          f"{len(found) or 'no'} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
