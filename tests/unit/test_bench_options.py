# SPDX-License-Identifier: GPL-2.0-or-later
"""The machines that the benches measure: as they are named, as they are started."""

import argparse

import pytest

import of_arm64  # noqa: F401
import options
import qemu


@pytest.mark.parametrize("text, names", [
    ("GICv2", ["GICv2"]), ("GIC=3", ["GICv3"]),
    ("GIC=3,GICv2", ["GICv3", "GICv2"])])
def test_a_machine_has_a_name_and_choices(text, names):
    assert options.variants(text) == names


@pytest.mark.parametrize("text", ["GIC=4", "GIC=3 X=1", "2", "", "GIC"])
def test_others_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError,
                       match="there are GICv2 GIC=2, GICv3 GIC=3"):
        options.variants(text)


def test_choices_in_any_order_and_none(monkeypatch):
    monkeypatch.setattr(qemu, "VARIANTS", {
        "both": {"A": "1", "B": "x"}, "plain": {}})
    assert options.variant("B=x A=1") == "both"
    # What tools/build/bench.mk gives where nothing is to be chosen.
    assert options.variant("") == "plain"


def test_both_begin_with_the_same_machine():
    """Native's lacks only the mode for a hypervisor."""
    with_mode, without = (qemu.machine("GICv2", mode, ",acpi=off")
                          for mode in (True, False))
    assert with_mode[1].replace(",virtualization=on", "") == without[1]
    assert "gic-version=2" in without[1] and "acpi=off" in without[1]
    assert with_mode[2:] == without[2:] == ["-cpu", "cortex-a57"]
