# SPDX-License-Identifier: GPL-2.0-or-later
"""README's transcript is what `make run` really prints."""

import os
import pathlib
import re

import pexpect

from socle import BUILD

TOP = pathlib.Path(__file__).resolve().parents[2]
ESCAPES = re.compile(r"\x1b\[[?0-9;]*[a-zA-Z]")


def transcript():
    text = (TOP / "README.md").read_text(encoding="utf-8")
    return re.search(r"```console\n(.*?)```", text, re.S).group(1).splitlines()


def shape(line):
    """A line without what varies: numbers and padding from run to run, the
    format of a kernel's release from one Debian to the next."""
    line = ESCAPES.sub("", line).replace("\r", "").strip()
    line = re.sub(r"\bLinux \d[\w.+~-]*", "Linux RELEASE", line)
    line = re.sub(r"\b(running|blocked|ready)\b", "STATE", line)
    # A wide table has no room for the whole name.
    line = re.sub(r"\b(linux\d)(/\d+|/?~)", r"\1/0", line)
    line = re.sub(r"\d+(\.\d+)*[KMG]?", "N", line)
    return re.sub(r"\s+", " ", line)


def test_transcript():
    lines = transcript()
    assert lines[0] == "$ make run" and lines[-1] == "$"
    child = pexpect.spawn("make", ["run", f"O={os.path.relpath(BUILD, TOP)}"],
                          cwd=TOP, timeout=240, encoding="utf-8",
                          codec_errors="replace", dimensions=(50, 100))
    seen = []
    try:
        for line in lines[1:-1]:
            step(child, line, seen)
        child.expect(pexpect.EOF, timeout=60)
    finally:
        seen.append(child.before or "")
        if child.isalive():
            child.close(force=True)
    child.close()
    assert child.exitstatus == 0


def step(child, line, seen):
    """Types what the line types, or waits for what it shows."""
    prompt = re.match(r"(socle> |linux0:/root# )(.+)$", line)
    if line == "..." or not line:
        return
    if prompt:
        child.expect_exact(prompt.group(1))
        if prompt.group(2) == "^]":
            child.send("\x1d")
        else:
            child.send(prompt.group(2) + "\r")
        return
    wanted = shape(line)
    while True:
        try:
            child.expect("\n", timeout=240)
        except pexpect.ExceptionPexpect as error:
            raise AssertionError(
                f"README's line {line!r} did not come as {wanted!r}; lines "
                "before:\n" + "\n".join(seen[-20:])) from error
        got = shape(child.before)
        seen.append(got)
        if wanted in got:
            return
