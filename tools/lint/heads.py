# SPDX-License-Identifier: GPL-2.0-or-later
"""What each file holds, by the comment at its head: docs/reference/files.md.

    python3 tools/lint/heads.py >docs/reference/files.md
"""

import posixpath
import re
import sys

from tree import Tree

PAGE = "docs/reference/files.md"
COMMAND = f"python3 tools/lint/heads.py >{PAGE}"
PARTS = ("libs", "arch", "core", "drivers", "emulators", "commands", "daemons")
INTRODUCTION = """\
# Files

What each file of the hypervisor holds, as the comment at its head says. Made
from these comments by `tools/lint/heads.py`; `make lint` checks that it is up
to date. Search this page for the words of what you look for. The pages of
[design](../README.md) tell how the files work together.
"""


def head(text):
    """The first sentence of the comment after the licence; None: none."""
    match = re.match(r"(?:#.*\n)?/\*[^\n]*SPDX[^\n]*\*/\n/\*(.*?)\*/", text, re.S)
    if not match:
        return None
    first = re.split(r"\n[ \t]*\*?[ \t]*\n", match.group(1).strip("* \t\n"))[0]
    words = re.sub(r"\s*\n\s*\*?\s*", " ", first).strip()
    end = re.search(r"(?<=[\w)\]\"'`])\.(?= [A-Z*\[]| docs/|$)", words)
    return words[:end.start()] if end else words.rstrip(".")


def sources(tree):
    """The files that have a row: code, and the contracts between the parts."""
    for name in tree.files:
        if not name.startswith(tuple(f"{part}/" for part in PARTS)):
            continue
        if name.endswith((".c", ".S")) or \
                name.endswith(".h") and "/include/" in name:
            yield name


def page(tree):
    text, folder = INTRODUCTION, None
    names = sorted(sources(tree), key=lambda name: (
        PARTS.index(name.split("/")[0]), posixpath.split(name)))
    for name in names:
        where, base = posixpath.split(name)
        if where != folder:
            folder = where
            text += f"\n## {folder}\n\n| file | holds |\n|---|---|\n"
        holds = (head(tree.text(name)) or "").replace("|", "\\|")
        text += f"| `{base}` | {holds} |\n"
    return text


def rule_heads(tree):
    """A comment at each file's head says what it holds; the page of them."""
    for name in sources(tree):
        if not head(tree.text(name)):
            yield f"{name}:2", "no comment here says what the file holds"
    if PAGE in tree.files and tree.text(PAGE) != page(tree):
        yield PAGE, f"not up to date: {COMMAND}"


RULES = {"heads": rule_heads}


if __name__ == "__main__":
    sys.stdout.write(page(Tree()))
