#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes compile_commands.json from lines "object compiler flags..."."""

import json
import os
import pathlib
import shlex
import sys


def main():
    entries = []
    for line in sys.stdin:
        if not line.strip():
            continue
        name, *command = shlex.split(line)
        source = pathlib.Path(name).with_suffix(".c")
        if not source.exists():
            source = source.with_suffix(".S")
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
