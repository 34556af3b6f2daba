# SPDX-License-Identifier: GPL-2.0-or-later
"""A person who types `make run`, and what they see."""

import os

import pexpect

from socle import BUILD, PROMPT, SLOWNESS, TOP

SHELL = ":/root# "


class Person:
    """Runs `make run` and types at its terminal."""

    def __init__(self, *variables):
        self.child = pexpect.spawn(
            "make", ["run", f"O={os.path.relpath(BUILD, TOP)}", *variables],
            cwd=TOP, timeout=120 * SLOWNESS, encoding="utf-8",
            codec_errors="replace", dimensions=(40, 100))
        self.child.expect_exact(PROMPT, timeout=300 * SLOWNESS)

    def close(self):
        """Ends `make`, whatever state it is in."""
        self.child.close(force=True)

    def guest(self, name, *commands):
        """Runs the commands in the guest's shell; what each of them
        printed."""
        self.child.send(f"guest console {name}\r")
        self.child.expect_exact("Ctrl-]")
        self.child.send("\r")
        self.child.expect_exact(f"{name}{SHELL}")
        said = []
        for number, command in enumerate(commands):
            self.child.send(f"{command}; echo end''{number}\r")
            self.child.expect(rf"end{number}\r")
            said.append(self.child.before)
            self.child.expect_exact(SHELL)
        self.child.send("\x1d")
        self.child.expect_exact(PROMPT)
        return said

    def leave(self):
        self.child.send("host shutdown\r")
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus == 0
