# SPDX-License-Identifier: GPL-2.0-or-later
"""Budgets of traps: one that is exceeded fails the checks, none is raised."""

import importlib.machinery
import importlib.util
import sys

import pytest

from of_arm64 import TOP
import budget
import figures
import image as images
import qemu


def load_check():
    """tools/check, whose name ends in no suffix."""
    loader = importlib.machinery.SourceFileLoader("check",
                                                  str(TOP / "tools/check"))
    spec = importlib.util.spec_from_loader("check", loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules["check"] = module
    loader.exec_module(module)
    return module


def measured(budgets, more=0.0):
    """As if each figure cost what it may, and so much more."""
    return {variant: {"socle": {
        name: {"mean": values[column] + more}
        for name, values in budgets.items()}}
        for column, variant in enumerate(qemu.VARIANTS)}


@pytest.fixture(name="budgets")
def fixture_budgets():
    return budget.read(budget.BUDGET)[1]


def failures(budgets, found):
    return [text for good, text in budget.check(budgets, found) if not good]


def test_what_costs_its_budget_is_good(budgets):
    assert not failures(budgets, measured(budgets, budget.ROUNDING))


@pytest.mark.parametrize("column", range(len(qemu.VARIANTS)))
def test_a_budget_one_lower_fails(budgets, column):
    found = measured(budgets)
    for name in budgets:
        lowered = {**budgets, name: list(budgets[name])}
        lowered[name][column] -= 1
        bad, = failures(lowered, found)
        assert bad.startswith(f"{name}, {list(qemu.VARIANTS)[column]}: ")


@pytest.mark.parametrize("mean", [80.5, 81.0, 81.4, 81.5, 81.9])
def test_any_mean_gets_a_budget_that_can_fail(mean):
    value = budget.rounded("hypercall", mean)
    found = measured({"hypercall": [mean, mean]})
    assert not failures({"hypercall": [value, value]}, found)
    assert len(failures({"hypercall": [value - 1, value - 1]}, found)) == 2


def test_a_budget_of_nothing_takes_nothing():
    """A percentage of a budget, not of what was measured."""
    found = measured({"irq-end": [6, 6]}, 0.9)
    assert len(list(budget.check({"irq-end": [6, 6]}, found, 0.05))) == 2
    assert not all(good for good, _ in
                   budget.check({"irq-end": [6, 6]}, found, 0.05))


@pytest.mark.parametrize("compiler, allowed", [
    ("GCC 12.2.0", 0), ("GCC 12.2", 0), ("GCC 12.20.0", 0.05),
    ("GCC 14.2.0", 0.05), ("clang 19.1.7", 0.05),
    ("an unknown compiler", 0.05)])
def test_another_compiler_may_cost_more(compiler, allowed):
    reference = budget.Reference("GCC 12.2", 5)
    assert reference.allowance(compiler) == allowed
    found = measured({"uart-read": [100, 100]}, 5.4)
    bad = [text for good, text in budget.check(
        {"uart-read": [100, 100]}, found, reference.allowance(compiler))
        if not good]
    assert len(bad) == (0 if allowed else 2)


def test_the_file_names_its_compiler_and_keeps_that(tmp_path):
    reference = budget.read(budget.BUDGET)[2]
    assert reference.compiler.split()[0] == "GCC" and reference.percent > 0
    head, budgets, _ = budget.read(budget.BUDGET)
    budget.write(tmp_path / "budget", head, budgets)
    assert (tmp_path / "budget").read_text("utf-8") == \
        budget.BUDGET.read_text("utf-8")


@pytest.mark.parametrize("said, name", [
    (b"\0GNU C11 12.2.0 -mgeneral-regs-only\0", "GCC 12.2.0"),
    (b"\0GNU AS 2.44\0GNU C17 14.2.0 -O2\0", "GCC 14.2.0"),
    (b"\0Debian clang version 19.1.7 (3+b1)\0", "clang 19.1.7"),
    (b"\0clang version 14.0.6\0", "clang 14.0.6"),
    (b"\0", "an unknown compiler")])
def test_an_image_tells_its_compiler(tmp_path, said, name):
    (tmp_path / "vmm.elf").write_bytes(b"\x7fELF" + said)
    assert images.compiler(tmp_path / "vmm.elf") == name


def test_a_figure_not_measured_fails(budgets):
    found = measured(budgets)
    del found["GICv2"]["socle"]["uart-read"]
    assert failures(budgets, found) == ["uart-read, GICv2: not measured"]


def test_a_figure_without_a_budget_fails(budgets):
    found = measured(budgets)
    del budgets["uart-read"]
    assert failures(budgets, found) == ["uart-read: has no budget"]


def test_budgets_are_lowered_and_never_raised():
    budgets = {"hypercall": [80, 90], "uart-read": [100, 100]}
    found = measured({"hypercall": [85, 85], "uart-read": [70, 130]})
    budget.lower(budgets, found)
    assert budgets == {"hypercall": [80, 85], "uart-read": [70, 100]}


def test_budgets_are_of_figures_and_all_goals_have_one(budgets):
    names = [figure.name for figure in figures.FIGURES]
    assert not set(budgets) - set(names)
    # Socle has no WFI that is not trapped.
    assert {figure.name for figure in figures.FIGURES if figure.goal} - set(
        budgets) <= {"timer-wfi-untrapped"}


def test_what_is_over_is_a_failed_case_of_make_check():
    check = load_check()
    whole = check.Case("bench", False, output=(
        "ok   hypercall, GICv2: 81.0 of 81\n"
        "over hypercall, GICv3: 82.0 of 81\n"))
    cases = check.verdict_cases(whole)
    assert [case.name for case in cases if not case.passed] == [
        "hypercall, GICv3"]
    assert [case.name for case in cases if case.passed] == [
        "hypercall, GICv2"]


def test_a_bench_that_ends_early_is_a_failed_case():
    check = load_check()
    whole = check.Case("bench", False, output="bench: QEMU ended\n")
    assert check.verdict_cases(whole) == [whole]
    whole.output = "ok   hypercall, GICv2: 81.0 of 81\nTraceback ...\n"
    assert whole in check.verdict_cases(whole)


def test_bench_is_a_stage_of_make_check():
    assert "bench" in load_check().USUAL
