# SPDX-License-Identifier: GPL-2.0-or-later
"""The arguments that programs with a plugin have in common, and the file that
they write."""

import argparse
import json
import pathlib

import qemu


def parser(text):
    """For a program that measures the image in the folder -O by a plugin."""
    made = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("-O", dest="build", type=pathlib.Path, default="build")
    made.add_argument("--plugin", type=pathlib.Path, required=True)
    return made


def variant(text):
    """Of the command line: a machine by its name, or by its choices as `make run`
    takes them, VARIABLE=VALUE, with blanks between several."""
    said = dict(word.split("=", 1) for word in text.split() if "=" in word)
    known = []
    for name, choices in qemu.VARIANTS.items():
        if text == name or said == choices and (said or not text):
            return name
        known.append(" ".join([name, *(f"{key}={value}" for key, value in
                                       choices.items())]))
    raise argparse.ArgumentTypeError(
        f"no machine {text!r}; there are {', '.join(known)}")


def variants(text):
    """Likewise: several, with commas in between."""
    return [variant(one) for one in text.split(",")]


def add_variants(to):
    """All machines or some, and a file for the figures."""
    to.add_argument("--variant", dest="variants", metavar="MACHINE,...",
                    type=variants, default=list(qemu.VARIANTS),
                    help=f"of {', '.join(qemu.VARIANTS)}")
    to.add_argument("--json", type=pathlib.Path, help="written there")


def add_variant(to):
    """One machine."""
    to.add_argument("--variant", metavar="MACHINE", type=variant,
                    default=qemu.USUAL,
                    help=f"of {', '.join(qemu.VARIANTS)}")


def save(path, found, **more):
    """{machine: figures} into the file, if there is to be one, and more."""
    if path:
        path.write_text(json.dumps({**more, **found}, indent=1) + "\n", "utf-8")
