# SPDX-License-Identifier: GPL-2.0-or-later
"""The reference page of the commands is what the commands say."""

import os
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("SOCLE_BUILD", "build")
PAGE = TOP / "docs/reference/commands.md"


@pytest.fixture(scope="module", name="tool")
def fixture_tool():
    subprocess.run(["make", f"O={os.path.relpath(BUILD, TOP)}", "tools"], cwd=TOP,
                   check=True, stdout=subprocess.DEVNULL)
    return str(BUILD / "tools" / "commands-md")


def run(tool, *lines):
    return subprocess.run([tool, *lines], capture_output=True, text=True,
                          check=False)


def commands(tool):
    return re.findall(r"^  (\w+) ", run(tool, "help").stdout, re.M)


def test_reference_is_up_to_date(tool):
    assert PAGE.read_text() == run(tool).stdout, (
        f"run: build/tools/commands-md >{PAGE}")


def test_every_command_has_help(tool):
    """Usage, and examples that name the command, all within 80 columns."""
    names = commands(tool)
    assert len(names) > 20
    for name in names:
        done = run(tool, f"help {name}")
        assert done.returncode == 0
        assert "Usage:" in done.stdout
        for line in done.stdout.splitlines():
            assert len(line) <= 80, line
        _, _, examples = done.stdout.partition("Examples:\n")
        for line in examples.splitlines():
            assert line.split()[0] == name, line


def test_listings_promise_json(tool):
    """Whatever is called list can be had as JSON."""
    found = 0
    for section in run(tool).stdout.split("\n## "):
        usage, _, _ = section.partition("For example:")
        for line in usage.splitlines():
            if re.match(r"    \w+ (list|ls|cpus|info)\b", line):
                assert "--json" in line, line
                found += 1
    assert found > 10
