# SPDX-License-Identifier: GPL-2.0-or-later
"""What traps touch: what is read of the plugin, and its budgets."""

import pytest

import of_arm64  # noqa: F401
import budget
import lines
import qemu
import readme

REFERENCE = budget.Reference("GCC 12.2", 25, 10)
OURS, OTHER = "GCC 12.2.0", "GCC 14.2.0"


def row(number=20, **more):
    return {**dict.fromkeys(lines.COLUMNS, number), "instructions": 99,
            "rounds": 64, "usual": 64, **more}


def bad(budgets, found, compiler=OURS):
    return [text for good, text in
            lines.check(budgets, found, REFERENCE, compiler) if not good]


def budgets_of(found):
    return lines.lower({}, found)


def test_names_and_lines_have_one_order():
    said = "x\r\nseries hypercall\r\nseries switch\r\nseries switch\r\n"
    found = lines.parse(said, "series=0 rounds=64 usual=60 excursions=1\n"
                        "series=1 rounds=0\nseries=2 rounds=7 usual=4 "
                        "excursions=1\nseries=3 rounds=0\n")
    assert found["hypercall"]["usual"] == 60
    assert found["switch"]["rounds"] == 7


def test_a_series_without_rounds_is_none():
    assert not lines.parse("series a\n", "series=0 rounds=0\n")


@pytest.mark.parametrize("column", list(lines.COLUMNS))
def test_one_more_than_may_be_fails(column):
    found = {"GICv2": {"hypercall": row()}, "GICv3": {"hypercall": row()}}
    budgets = budgets_of(found)
    assert not bad(budgets, found)
    limit = 22 if column in lines.PLACED else 20
    found["GICv3"]["hypercall"][column] = limit
    assert not bad(budgets, found)
    found["GICv3"]["hypercall"][column] = limit + 1
    text, = bad(budgets, found)
    assert text == (f"touched by hypercall.GICv3: {column} {limit + 1} "
                    f"of {limit}")


@pytest.mark.parametrize("column", list(lines.COLUMNS))
def test_another_compiler_moves_lines_alone(column):
    found = {"GICv2": {}, "GICv3": {"hypercall": row()}}
    budgets = budgets_of(found)
    found["GICv3"]["hypercall"][column] = 27
    assert bool(bad(budgets, found, OTHER)) != (column in lines.PLACED)


def test_what_is_missing_fails():
    found = {"GICv2": {}, "GICv3": {"hypercall": row()}}
    assert bad({}, found) == ["touched by hypercall.GICv3: has no budget"]
    assert bad(budgets_of(found), {"GICv2": {}, "GICv3": {}}) == [
        "touched by hypercall.GICv3: not measured"]


def test_budgets_are_lowered_and_never_raised():
    found = {"GICv2": {}, "GICv3": {"hypercall": row(20, ilines=5)}}
    budgets = {"hypercall.GICv3": [10] * len(lines.COLUMNS)}
    after = dict(zip(lines.COLUMNS,
                     lines.lower(budgets, found)["hypercall.GICv3"]))
    assert after == {**dict.fromkeys(lines.COLUMNS, 10), "ilines": 5}


def test_the_file_is_kept_and_has_all_that_readme_shows(tmp_path):
    head, budgets, reference = budget.read(lines.BUDGET)
    assert reference.made(OURS) and reference.placement
    assert all(len(values) == len(lines.COLUMNS)
               for values in budgets.values())
    for variant in qemu.VARIANTS:
        assert not [name for name in readme.QUOTED.TOUCHED
                    if lines.key(name, variant) not in budgets]
    budget.write(tmp_path / "budget", head, budgets, 6)
    assert (tmp_path / "budget").read_text("utf-8") == \
        lines.BUDGET.read_text("utf-8")
