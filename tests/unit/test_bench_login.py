# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian to its login prompt: what is read from a run, and the goal."""

import argparse

import pytest

import of_arm64  # noqa: F401
import login
import qemu

CONSOLE = """\
Reached target
series login
work kernel 5000
work boot 6000

Debian GNU/Linux 12 debian ttyAMA0

debian login: [ 12.3] reboot: Power down
"""
COUNTED = "series=0 rounds=1 guest=100 instructions=5 excursions=2\n"


def test_a_run():
    assert login.row_of(CONSOLE, COUNTED) == {
        "guest": 100, "hypervisor": 5, "exits": 2, "time": 6000}


def test_a_system_without_a_prompt_was_not_measured():
    with pytest.raises(qemu.Failure, match="no login prompt"):
        login.row_of(CONSOLE.replace("login:", ""), COUNTED)


@pytest.mark.parametrize("hypervisor, said", [(5, "1.050"), (6, "1.060*")])
def test_what_is_above_the_goal_is_marked(hypervisor, said):
    rows = {name: {"guest": 100, "hypervisor": count, "exits": 1, "time": 1}
            for name, count in (("native", 0), ("socle", hypervisor))}
    assert login.cells("GICv3", rows)[-2:] == [said, "<= 1.05"]


def test_the_plugin_gets_what_all_plugins_want(tmp_path, monkeypatch):
    """Which is said in one place."""
    seen = []

    def native(host, *_):
        seen.append(host.extra)
        raise qemu.Failure("enough")

    monkeypatch.setitem(login.SYSTEMS, "native", native)
    monkeypatch.setattr(login, "measured_disk", lambda *_: None)
    monkeypatch.setattr(login.images.Image, "tool",
                        lambda *_: "0 t start\n")
    with pytest.raises(qemu.Failure, match="enough"):
        login.measure(argparse.Namespace(
            build=tmp_path, memory=tmp_path, limit=1,
            plugin=tmp_path / "count.so"), "native", "GICv3")
    option, value = seen[0]
    assert option == "-plugin"
    assert f",{login.images.PLACE},size=0x1000,out=" in value


def test_both_have_the_same_devices():
    """Each of the machine's is one of the guest's."""
    for transport in ("pci", "device"):
        kinds = {word.split("-")[1] for word in login.devices("x", transport)
                 if word.startswith("virtio-") and "," in word}
        assert kinds == {"blk", "net", "rng"}
    assert all(word in login.DESCRIPTION for word in (
        "virtio,block", "virtio,net", "virtio,entropy"))
