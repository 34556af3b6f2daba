# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of relocations, and what start.S makes of it."""

import pathlib
import random
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools/build"))

import relr  # noqa: E402  (tools/build is no package)


def decode(entries):
    """As start.S does."""
    found, at = [], 0
    for entry in entries:
        if entry % 2 == 0:
            found.append(entry)
            at = entry + 8
            continue
        found += [at + 8 * i for i in range(63) if entry >> (i + 1) & 1]
        at += 63 * 8
    return found


@pytest.mark.parametrize("places", [
    [], [0], [8], [0, 8], [0, 63 * 8], [0, 64 * 8], [0, 65 * 8],
    list(range(0, 8 * 200, 8)), [0, 8 * 63, 8 * 126, 8 * 127, 8 * 5000],
], ids=str)
def test_it_tells_all_places(places):
    assert decode(relr.encode(places)) == places


def test_any_places():
    rng = random.Random(3)
    for density in (2, 10, 100, 1000):
        places = sorted(8 * i for i in rng.sample(range(300 * density), 300))
        entries = relr.encode(places)
        assert decode(entries) == places
        assert all(entry < 1 << 64 for entry in entries)


def test_it_is_small():
    assert len(relr.encode(list(range(0, 8 * 64, 8)))) == 2


def test_it_does_not_shrink():
    """The next link's table has the length of the last one's."""
    places = list(range(0, 8 * 200, 8))
    entries = relr.encode(places)
    for more in (-2, 0, 1, 5):
        table = "\t.8byte 0x10\n" * (len(entries) + more)
        kept = relr.padded(entries, table)
        assert len(kept) == len(entries) + max(more, 0)
        assert decode(kept) == places


def test_first_link_has_an_empty_table():
    done = subprocess.run([sys.executable, "-B", TOP / "tools/build/relr.py"],
                          capture_output=True, text=True, check=True)
    assert ".relr_table" in done.stdout and ".8byte" not in done.stdout


class FakeElf:
    machine = 183		# EM_AARCH64

    def __init__(self, relocations, words):
        self.found, self.words = relocations, words

    def relocations(self):
        return self.found

    def word(self, address):
        return self.words.get(address)


def test_what_is_no_plain_relocation_fails():
    good = FakeElf([(16, 1027, 4), (8, 1027, 12), (0, 0, 0)], {8: 12, 16: 4})
    assert relr.places(good) == [8, 16]
    for bad in (FakeElf([(8, 1 << 32 | 257, 0)], {8: 0}),
                FakeElf([(12, 1027, 0)], {12: 0}),
                FakeElf([(8, 1027, 5)], {8: 0})):
        with pytest.raises(SystemExit):
            relr.places(bad)
