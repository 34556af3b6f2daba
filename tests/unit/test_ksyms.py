# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbol table made from nm's output."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]

NM = """\
0000000000001000 T _start
0000000000001000 t $x
0000000000001010 t helper.part.0
0000000000001010 T helper
0000000000001040 t local
0000000000002000 R table
0000000000000800 t before
                 U undefined
"""


KSYMS = TOP / "tools/build/ksyms.py"
HEADER = (TOP / "core/include/core/ksym.h").read_text("utf-8")


def constant(name):
    return int(re.search(rf"#define {name} (\w+)", HEADER).group(1), 0)


def table(text):
    """[(address, name)] as core/console/ksym.c reads what is written."""
    done = subprocess.run([sys.executable, str(KSYMS)], input=text,
                          capture_output=True, text=True, check=True)
    at = {}
    label = ""
    for line in done.stdout.splitlines():
        line = line.strip()
        if re.match(r"\w+:$", line):
            label = line[:-1]
        elif line.startswith((".4byte", ".byte")):
            at.setdefault(label, []).extend(
                int(value, 0) for value in
                line.partition(" ")[2].partition("/*")[0].split(","))
    codes = at["ksyms_pairs"]
    assert len(codes) == 512

    def characters(code):
        first, second = codes[2 * code:2 * code + 2]
        return [code] if first == code else \
            characters(first) + characters(second)

    entries = iter(enumerate(at["ksyms_entries"]))
    found, address, place = [], 0, -1
    for n in range(at["ksyms_count"][0]):
        distance = shift = 0
        if n % constant("KSYM_BLOCK") == 0:
            address = at["ksyms_addresses"][n // constant("KSYM_BLOCK")]
            assert at["ksyms_at"][n // constant("KSYM_BLOCK")] == place + 1
        for place, byte in entries:
            distance |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                break
        address += distance << at["ksyms_shift"][0]
        name = []
        while name[-1:] != [0]:
            place, byte = next(entries)
            name += characters(byte)
        found.append((address, bytes(name[:-1]).decode("ascii")))
    assert next(entries, None) is None
    return found


def test_functions_only():
    assert table(NM) == [(0, "_start"), (0x10, "helper"), (0x40, "local")]


def test_first_link_has_one_entry():
    assert table("") == [(0, "_start")]


def test_many_names_come_back_from_a_third_of_their_bytes():
    names = [f"{part}_{verb}_{what}" for part in ("vgic", "guest", "netport")
             for verb in ("create", "destroy", "aaaa")
             for what in ("locked", "state", "aaa", "x", "lookup")]
    text = "0 T _start\n" + "".join(
        f"{0x100 + 0x10 * n:x} t {name}\n" for n, name in enumerate(names))
    found = table(text)
    assert found == [(0, "_start")] + [
        (0x100 + 0x10 * n, name) for n, name in enumerate(names)]
    done = subprocess.run([sys.executable, str(KSYMS)], input=text,
                          capture_output=True, text=True, check=True)
    packed = sum(line.count(",") + 1 for line in done.stdout.splitlines()
                 if line.endswith(" */") and line.startswith("\t.byte"))
    assert packed < sum(len(name) + 1 for name in names) / 3


@pytest.mark.parametrize("distance", (1, 0x7f, 0x80, 0x3fff, 0x4000, 0x123456))
def test_any_distance(distance):
    assert table(f"0 T _start\n{distance:x} T far\n") == [
        (0, "_start"), (distance, "far")]


def test_every_name_of_the_image_fits():
    elf = TOP / os.environ.get("SOCLE_BUILD", "build") / "vmm.elf"
    if not elf.exists():
        pytest.skip("no image")
    text = subprocess.run(["nm", str(elf)], capture_output=True, text=True,
                          check=True).stdout
    assert max(len(name) for _, name in table(text)) < \
        constant("KSYM_NAME_SIZE")
