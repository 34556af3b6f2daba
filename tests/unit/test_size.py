# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/bench/size.py: whose files the image's bytes are."""

from of_arm64 import TOP

import size

MAKEFILE = """\
nvme-objs := nvme.o nvme_io.o
obj-y += drivers/a.o
obj-$(CONFIG_DRV_NVME) += $(addprefix drivers/block/,$(nvme-objs))
obj-$(CONFIG_NET) += drivers/b.o \\
\tdrivers/c.o
obj-$(if $(CONFIG_NET),$(CONFIG_TERMINAL)) += drivers/d.o
obj-$(and $(CONFIG_TERMINAL),$(CONFIG_BLOCK)) += drivers/e.o
obj-$(CONFIG_TERMINAL) += drivers/f.o
card-objs-$(CONFIG_DRV_CARD) := drivers/g.o
"""


def test_files_belong_to_the_symbol_that_has_them_built(tmp_path):
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / "Makefile").write_text(MAKEFILE)
    assert size.symbols(tmp_path) == {
        "drivers/block/nvme": "DRV_NVME", "drivers/block/nvme_io": "DRV_NVME",
        "drivers/b": "NET", "drivers/c": "NET", "drivers/d": "NET",
        "drivers/e": "BLOCK", "drivers/f": "TERMINAL", "drivers/g": "DRV_CARD"}


def test_bytes_are_summed_and_the_rest_is_always_there():
    assert size.by_symbol({"a": 3, "b": 4, "c": 5, "ksyms": 9},
                          {"a": "NET", "b": "BLOCK", "c": "NET"}) == {
        "": 9, "NET": 8, "BLOCK": 4}


def test_every_symbol_of_a_driver_is_found():
    """A way of writing a Makefile that it does not read would be seen here."""
    found = set(size.symbols(TOP).values())
    for part in "drivers", "emulators":
        text = (TOP / part / "Makefile").read_text("utf-8")
        for word in text.replace("(", " ").replace(")", " ").split():
            name = word.removeprefix("obj-$").removeprefix("CONFIG_")
            if word.startswith("CONFIG_"):
                assert name in found, name
