# SPDX-License-Identifier: GPL-2.0-or-later
"""Latencies: what the guest prints, and what is drawn of it."""

import argparse
import re

import pytest

import of_arm64  # noqa: F401
import qemu
import rt

SAID = """\
# Total: 000000007\r
# Min Latencies: 05024\r
# Avg Latencies: 05381\r
# Max Latencies: 417680\r
# Histogram Overflows: 00002\r
latency 5000 4\r
latency 17500 3\r
bench done\r
"""


def test_what_the_guest_prints():
    row = rt.parse(SAID)
    assert (row.low, row.mean, row.high) == (5024, 5381, 417680)
    assert row.bins == {5000: 4, 17500: 3} and row.beyond == 2


@pytest.mark.parametrize("old, new, why", [
    ("latency 5000 4\r\n", "", "missing"),
    ("# Max", "# Mix", "no latencies"),
    ("bench done", "bench failed: cyclictest", "no latencies")])
def test_what_is_not_whole_is_refused(old, new, why):
    with pytest.raises(qemu.Failure, match=why):
        rt.parse(SAID.replace(old, new))


def test_a_least_that_is_not_known_is_marked():
    row = rt.Result(1000000, 59399905, 59661920, {}, 17)
    assert list(rt.table({"lost": row})) == [
        ("neighbours, the same priority", ">= 1,000.0", "59,399.9",
         "59,661.9")]


def test_the_picture_has_every_wake_up():
    row = rt.Result(5024, 5381, 417680,
                    {0: 1, 1000: 1, 5000: 4, 17500: 3}, 2)
    counts = rt.classes(row)
    assert sum(counts) == 11
    # Below a microsecond; from 1; from 4.0 and 16 by half doublings; beyond.
    assert [counts[i] for i in (0, 1, 5, 9, -1)] == [1, 1, 4, 3, 2]
    drawn = rt.svg({"native": row, "lost": row})
    assert len(re.findall("<rect x=", drawn)) == 2 * 5
    assert drawn.count("largest 417.7 us") == 2


def test_only_the_guest_with_the_isolation_keeps_its_priority():
    bench = rt.Bench(argparse.Namespace())
    scripts = {s.name: bench.script(s) for s in rt.SETTINGS}
    assert "priority=3" not in scripts["kept"]
    assert scripts["lost"].endswith("vcpu set rt priority=3\n")
    assert scripts["kept"].count("--start") == len(rt.LINUX + rt.STORMS)
    assert scripts["alone"].count("--start") == 0
