# SPDX-License-Identifier: GPL-2.0-or-later
"""The symbol table made from nm's output."""

import pathlib
import subprocess
import sys

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


def table(text):
    done = subprocess.run([sys.executable, str(TOP / "tools/build/ksyms.py")],
                          input=text, capture_output=True, text=True,
                          check=True)
    lines = [line.strip() for line in done.stdout.splitlines()]
    names = [l.split('"')[1] for l in lines if l.startswith(".asciz")]
    numbers = [int(l.split()[1], 0) for l in lines if l.startswith(".4byte")]
    count = numbers[0]
    return names, numbers[1:1 + count], numbers[1 + count:]


def test_functions_only():
    names, offsets, name_offsets = table(NM)
    assert names == ["_start", "helper", "local"]
    assert offsets == [0, 0x10, 0x40]
    assert name_offsets == [0, 7, 14]


def test_first_link_has_one_entry():
    assert table("") == (["_start"], [0], [0])
