# SPDX-License-Identifier: GPL-2.0-or-later
"""The last count of .ci/run is that of all; what Debian 13 needs is told."""

import importlib.machinery
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
MAKE = """#!/bin/sh
case $1 in
check) cat check.out; exit $(cat check.status) ;;
check-debian13) cat debian13.out; exit $(cat debian13.status) ;;
esac
exit 99
"""


def load(name):
    """A program of tools, whose name ends in no suffix."""
    loader = importlib.machinery.SourceFileLoader(name, str(TOP / "tools" /
                                                            name))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture(name="debian13", scope="module")
def fixture_debian13():
    return load("debian13")


@pytest.mark.parametrize("check, debian13, last, status", [
    (("3 passed, 0 failed", 0), ("5 passed, 0 failed", 0),
     "8 passed, 0 failed", 0),
    (("3 passed, 1 failed", 2), ("5 passed, 0 failed", 0),
     "8 passed, 1 failed", 1),
    (("3 passed, 0 failed", 0), ("1 passed, 2 failed\n", 2),
     "4 passed, 2 failed", 1),
    # No count, or none that tells of a failure.
    (("3 passed, 0 failed", 0), ("it ended", 2), "3 passed, 1 failed", 1),
    (("it ended", 0), ("5 passed, 0 failed", 0), "5 passed, 1 failed", 1),
    (("3 passed, 0 failed", 2), ("5 passed, 0 failed", 0),
     "8 passed, 1 failed", 1),
    # Its own of a stage, or inside a line, are not the last.
    (("1 passed, 0 failed\nx 9 passed, 9 failed\n3 passed, 0 failed", 0),
     ("  | 7 passed, 1 failed\n5 passed, 0 failed", 0),
     "8 passed, 0 failed", 0)])
def test_the_last_count_is_of_both(tmp_path, check, debian13, last, status):
    done = ci_run(tmp_path, check, debian13)
    assert done.stdout.splitlines()[-1] == last
    assert done.returncode == status


def test_what_failed_is_told_again_at_the_end(tmp_path):
    done = ci_run(tmp_path, ("FAILED: a\n  text\n3 passed, 1 failed", 2),
                  ("  | UNSTEADY: b: c\n5 passed, 0 failed", 0))
    assert done.stdout.splitlines()[-5:] == [
        "", "  FAILED: a", "  UNSTEADY: b: c", "", "8 passed, 1 failed"]


def ci_run(tmp_path, check, debian13):
    """.ci/run with a make that says so: (text, status) of each goal."""
    for name, (said, code) in (("check", check), ("debian13", debian13)):
        (tmp_path / f"{name}.out").write_text(f"{said}\n")
        (tmp_path / f"{name}.status").write_text(str(code))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/make").write_text(MAKE)
    (tmp_path / "bin/make").chmod(0o755)
    (tmp_path / ".ci").mkdir()
    shutil.copy(TOP / ".ci/run", tmp_path / ".ci/run")
    return subprocess.run(
        [str(tmp_path / ".ci/run")], text=True, check=False,
        stdout=subprocess.PIPE,
        env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})


def test_what_is_missing_is_told(debian13, monkeypatch):
    monkeypatch.setattr(debian13.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(debian13.shutil, "which", lambda *_, **__: None)
    told = "\n".join(debian13.missing())
    assert "root: " in told and "debootstrap" in told and "unshare" in told


def test_without_root_it_is_a_failure():
    """Told by the program itself, as nobody."""
    command = [sys.executable, "-B", str(TOP / "tools/debian13")]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--clear-groups", *command]
    done = subprocess.run(command, text=True, check=False, cwd="/",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if "Permission denied" in done.stdout or "No such file" in done.stdout:
        pytest.skip("the tree is not readable for nobody")
    assert done.returncode == 1
    assert "root: chroot and mounts need it" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed"


@pytest.mark.parametrize("targets, mirror", [
    ("http://x/debian-security/ Debian\nhttp://x/debian/ Debian\n",
     "http://x/debian"),
    ("https://deb.nodesource.com/node Node Source\n",
     "http://deb.debian.org/debian"),
    ("file:/mirror/ Debian\n", "http://deb.debian.org/debian"), ("", None)])
def test_the_mirror_is_the_machines_own(debian13, targets, mirror):
    assert debian13.mirror_of(targets) == (mirror or debian13.MIRROR)
