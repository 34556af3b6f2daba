# SPDX-License-Identifier: GPL-2.0-or-later
"""The tree as the rules see it: its files, their text, who is above whom."""

import functools
import pathlib
import re
import subprocess

# What a part of the tree may use, besides itself. `arch` is the contracts'
# implementation: it is called by core, and calls core back.
MAY_USE = {
    "libs": set(),
    "arch": {"libs", "core"},
    "core": {"libs", "arch"},
    "drivers": {"libs", "arch", "core"},
    "emulators": {"libs", "arch", "core"},
    "commands": {"libs", "arch", "core"},
    "daemons": {"libs", "arch", "core"},
}


class Tree:
    """A checkout; `build` is where its objects are."""

    def __init__(self, top=None, build="build"):
        here = pathlib.Path(__file__).resolve().parents[2]
        self.top = pathlib.Path(top) if top else here
        self.build = self.top / build

    @functools.cached_property
    def files(self):
        """Paths relative to the top, what git knows or would add."""
        if (self.top / ".git").exists():
            listed = subprocess.run(
                ["git", "ls-files", "-co", "--exclude-standard"],
                cwd=self.top, capture_output=True, text=True, check=True)
            names = listed.stdout.splitlines()
        else:
            names = [str(path.relative_to(self.top))
                     for path in self.top.rglob("*") if path.is_file()]
        return sorted(name for name in names
                      if (self.top / name).is_file() and
                      not name.startswith("build/"))

    def matching(self, *endings):
        return [name for name in self.files if name.endswith(endings)]

    @functools.lru_cache(maxsize=None)
    def text(self, name):
        return (self.top / name).read_text("utf-8", errors="replace")

    def lines(self, name):
        return self.text(name).split("\n")

    @functools.lru_cache(maxsize=None)
    def code(self, name):
        """A C file's text with comments and strings blanked out."""
        def blank(match):
            return re.sub(r"[^\n]", " ", match.group())

        return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", blank,
                      self.text(name), flags=re.S)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def part_of(name):
    """The part of the tree a file belongs to, or None."""
    first = name.split("/")[0]
    return first if first in MAY_USE else None
