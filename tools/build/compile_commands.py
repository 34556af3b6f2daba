#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes compile_commands.json from lines "object compiler flags..."."""

import json
import os
import pathlib
import shlex
import sys


def source_of(name):
    """An object's source. Those of the tests' guests are below guest/."""
    for where in (name, pathlib.Path(*name.parts[1:])):
        for suffix in (".c", ".S"):
            if where.with_suffix(suffix).exists():
                return where.with_suffix(suffix)
    sys.exit(f"{name} has no source")


def main():
    entries = []
    for line in sys.stdin:
        if not line.strip():
            continue
        name, *command = shlex.split(line)
        source = source_of(pathlib.Path(name))
        entries.append({
            "directory": os.getcwd(),
            "file": str(source),
            "output": f"{sys.argv[1]}/{name}",
            "arguments": [*command, "-c", str(source), "-o",
                          f"{sys.argv[1]}/{name}"],
        })
    json.dump(entries, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
