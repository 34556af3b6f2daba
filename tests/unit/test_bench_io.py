# SPDX-License-Identifier: GPL-2.0-or-later
"""What I/O costs: its budgets, and which functions are those that copy."""

import importlib.util
import sys

import pytest

from of_arm64 import TOP
import budget
import image
import qemu

# The library has a module of that name.
SPEC = importlib.util.spec_from_file_location("bench_io",
                                              TOP / "tools/bench/io.py")
bench_io = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = bench_io
SPEC.loader.exec_module(bench_io)

REFERENCE = budget.Reference("GCC 12.2", 25, 10)
OURS, OTHER = "GCC 12.2.0", "GCC 14.2.0"
ROW = {"instructions": 1000.4, "excursions": 0.125, "copied": 1.004}
BUDGET = [1000, 12, 100]


def bad(compiler=OURS, **more):
    found = {"GICv3": {"net-packet": ROW | more}}
    return [text for good, text in bench_io.check(
        {"net-packet.GICv3": BUDGET}, found, REFERENCE, compiler) if not good]


def test_what_the_budget_says_is_good():
    assert bench_io.values(ROW) == BUDGET
    assert not bad()


@pytest.mark.parametrize("more", [
    {"instructions": 1001}, {"excursions": 0.13}, {"copied": 1.01},
    {"copied": 2.0}])
def test_more_is_bad(more):
    text, = bad(**more)
    assert text.startswith("I/O net-packet.GICv3: ")


def test_another_compiler_executes_more_and_copies_no_more():
    assert not bad(OTHER, instructions=1250)
    assert bad(OTHER, instructions=1251)
    assert bad(OTHER, copied=1.01)


def test_every_budget_has_three_numbers_and_disks_copy_nothing():
    _, budgets, _ = budget.read(bench_io.BUDGET)
    assert {len(numbers) for numbers in budgets.values()} == {3}
    for variant in qemu.VARIANTS:
        for disk in ("", "-nvme", "-sdhci"):
            assert budgets[f"block-read-128k{disk}.{variant}"][2] == 0
        # Once, all but the head (tests/bench/arm64/budget-io).
        assert budgets[f"net-packet-batch.{variant}"][2] == 99


def test_copies_are_found_by_name(monkeypatch):
    monkeypatch.setattr(image.Image, "tool", lambda *_: (
        "0000000000001000 T before\n0000000000001100 T copy_bytes\n"
        "0000000000001200 t string_copy_up.isra.0\n"
        "0000000000001280 t copy_byte\n0000000000001300 T last\n"))
    base = image.BASE
    assert image.Image("vmm.elf", "").copies() == [
        (base + 0x1100, base + 0x1200), (base + 0x1200, base + 0x1280)]
