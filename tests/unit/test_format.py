# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/build/format.py: one version formats, and one bad file stops no other.
"""

import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
# Removes blanks, tells its version, crashes on "crash", and like clang-format
# refuses a header that it takes for Objective-C.
FAKE = """#!/bin/sh
case $1 in
--version) echo "Debian clang-format version {version}"; exit ;;
*.h) echo "does not support Objective-C" >&2; exit 1 ;;
esac
text=$(cat)
case $text in *crash*) echo "PLEASE submit a bug report" >&2; kill -SEGV $$ ;; esac
printf '%s\\n' "$text" | tr -d ' '
"""


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    def run(version, *arguments):
        fake = tmp_path / "clang-format"
        fake.write_text(FAKE.replace("{version}", version))
        fake.chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-B", str(TOP / "tools/build/format.py"),
             "--clang-format", str(fake), *map(str, arguments)], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout
    return run


@pytest.fixture(name="files")
def fixture_files(tmp_path):
    """One that crashes it between a source and a header to be formatted."""
    files = [tmp_path / name for name in ("a.c", "b.c", "c.h")]
    for path, text in zip(files, ("int a ;\n", "crash\n", "int c ;\n")):
        path.write_text(text)
    return files


def test_the_others_are_formatted(run, files):
    status, said = run("14.0.6", *files)
    assert status == 1
    assert said.count("\n") == 1 and "b.c: " in said and "bug report" in said
    assert files[0].read_text() == "inta;\n"
    assert files[1].read_text() == "crash\n"
    assert files[2].read_text() == "intc;\n"
    assert run("14.0.6", files[0], files[2]) == (0, "")


def test_check_only_looks(run, files):
    status, said = run("14.0.6", "--check", files[0], files[2])
    assert status == 1 and said.count("not formatted") == 2
    assert files[0].read_text() == "int a ;\n"


@pytest.mark.parametrize("version", ["19.1.7", "15.0.0", "140.0"])
def test_another_version_says_so_and_does_nothing(run, files, version):
    status, said = run(version, "--check", *files)
    assert status == 0 and said.count("\n") == 1
    assert said.startswith("NOT CHECKED: the layout of 3 C files: ")
    assert f"version {version.partition('.')[0]}" in said
    status, said = run(version, *files)
    assert status == 1 and "nothing was done" in said
    assert files[0].read_text() == "int a ;\n"
