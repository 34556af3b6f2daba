# SPDX-License-Identifier: GPL-2.0-or-later
"""Packages of one suite: from the archive that this machine uses."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] /
                       "tools/material"))
import apt  # noqa: E402  (tools/material is no package)

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@pytest.mark.parametrize("targets, line", [
    (f"http://x/debian-security/ {KEYRING}\nhttp://x/debian/ {KEYRING}\n",
     f"deb [signed-by={KEYRING}] http://x/debian/ trixie main\n"),
    # As apt says it of a source that names no key.
    ("file:/mirror/debian $(SIGNED_BY)\n",
     "deb file:/mirror/debian trixie main\n"),
    ("https://node.example/node_20.x \nhttp://x/debian \n",
     "deb http://x/debian trixie main\n")])
def test_the_suite_comes_from_the_machines_archive(targets, line):
    assert apt.suite_line(targets, "trixie") == line


def test_another_distribution_has_no_such_suite():
    with pytest.raises(RuntimeError, match="where is trixie"):
        apt.suite_line("http://x/ubuntu \n", "trixie")


@pytest.mark.parametrize("meta, real", [
    ("linux-image-arm64", "linux-image-6.1.0-56-arm64"),
    ("linux-image-cloud-arm64", "linux-image-6.1.0-56-cloud-arm64"),
    ("linux-image-rt-arm64", "linux-image-6.1.0-56-rt-arm64")])
def test_a_meta_package_stands_for_what_it_depends_on(meta, real, monkeypatch):
    monkeypatch.setattr(apt.Apt, "configure", lambda *_: None)
    monkeypatch.setattr(apt.Apt, "run",
                        lambda *_: f"{meta}\n  Depends: {real}\n")
    some = apt.Apt("here", "arm64", None)
    some.arch = "arm64"
    assert some.resolve(f"{meta}*") == real


@pytest.mark.parametrize("lists, failures, updates", [
    (False, 0, 1), (True, 0, 0), (True, 1, 1)])
def test_lists_are_updated_when_they_lack_something(tmp_path, monkeypatch, lists,
                                                    failures, updates):
    some = apt.Apt(tmp_path, "arm64", None)
    if lists:
        (tmp_path / "apt/lists/x_Packages.lz4").touch()
    said = []
    monkeypatch.setattr(some, "update", lambda: said.append(1) or "old")
    results = [RuntimeError("gone")] * failures + ["here"]

    def action():
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    assert some.attempt(action) == "here"
    assert len(said) == updates


def test_what_the_update_said_is_not_lost(tmp_path, monkeypatch):
    some = apt.Apt(tmp_path, "arm64", None)
    monkeypatch.setattr(some, "update", lambda: "no network")

    def action():
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="no network\ngone"):
        some.attempt(action)
