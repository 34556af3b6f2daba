# SPDX-License-Identifier: GPL-2.0-or-later
"""Which shared libraries a program of another architecture needs."""

import os
import re
import subprocess

NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")
INTERPRETER = re.compile(r"Requesting program interpreter: (\S+)\]")


class Missing(Exception):
    """A library that no package has."""


def by_name(packages):
    """{file name: path} of the libraries in unpacked packages."""
    found = {}
    for package in packages:
        for path in sorted((package / "root").glob("**/*.so*")):
            if path.exists():
                found.setdefault(path.name, path)
    return found


def needed(program, packages):
    """{name in the root file system: path}: the libraries of a program, those
    of theirs, and what starts it."""
    known = by_name(packages)
    found, ask = {}, [program]
    while ask:
        # Of any architecture, so the person's own readelf will do.
        said = subprocess.run(
            ["readelf", "-W", "-d", "-l", str(ask.pop())], check=True,
            text=True, stdout=subprocess.PIPE,
            env=dict(os.environ, LC_ALL="C")).stdout
        loader = INTERPRETER.search(said)
        names = NEEDED.findall(said) + (
            [os.path.basename(loader.group(1))] if loader else [])
        for name in names:
            if name not in known:
                raise Missing(f"{program}: no package has {name}")
            # /lib is where the C library looks at last.
            if f"lib/{name}" not in found:
                found[f"lib/{name}"] = known[name]
                ask.append(known[name])
    return found
