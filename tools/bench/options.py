# SPDX-License-Identifier: GPL-2.0-or-later
"""The arguments that programs with a plugin have in common, and the file that
they write."""

import argparse
import json
import pathlib

import budget


def parser(text):
    """For a program that measures the image in the folder -O by a plugin."""
    made = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("-O", dest="build", type=pathlib.Path, default="build")
    made.add_argument("--plugin", type=pathlib.Path, required=True)
    return made


def add_gics(to):
    """Both interrupt controllers or one, and a file for the figures."""
    to.add_argument("--gic", dest="gics", metavar="GIC,...",
                    type=lambda value: [int(gic) for gic in value.split(",")],
                    default=list(budget.GICS))
    to.add_argument("--json", type=pathlib.Path, help="written there")


def save(path, found):
    """{interrupt controller: figures} into the file, if there is to be one."""
    if path:
        path.write_text(json.dumps(
            {f"gicv{gic}": rows for gic, rows in found.items()},
            indent=1) + "\n", "utf-8")
