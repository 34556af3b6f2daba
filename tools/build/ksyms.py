#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the image's table of function names from `nm` (libs/include/libs/ksym.h).

Reads nm's lines on standard input and writes an assembler file. An empty input
gives a table with one entry, for the link that the real table is made from.
"""

import sys


def functions(lines):
    """(address, name) of the functions, one name per address."""
    found = {}
    for line in lines:
        parts = line.split()
        if len(parts) != 3:
            continue
        address, kind, name = int(parts[0], 16), parts[1], parts[2]
        if kind not in "tT" or name.startswith((".L", "$", "__func__.")):
            continue
        # Of several names the global one, then the shortest, says most.
        rank = (kind != "T", len(name), name)
        if address not in found or rank < found[address][0]:
            found[address] = (rank, name)
    return [(a, found[a][1]) for a in sorted(found)]


def table(name, values):
    print(f"\t.balign 4\n\t.globl {name}\n{name}:")
    for value in values:
        print(f"\t.4byte {value}")


def main():
    symbols = functions(sys.stdin)
    start = next((a for a, n in symbols if n == "_start"), 0)
    symbols = [(a - start, n) for a, n in symbols if a >= start]
    if not symbols:
        symbols = [(0, "_start")]

    offsets = []
    end = 0
    for _, name in symbols:
        offsets.append(end)
        end += len(name) + 1

    print("/* Made by tools/build/ksyms.py. */")
    print('\t.section .rodata.ksyms, "a", %progbits')
    table("ksyms_count", [len(symbols)])
    table("ksyms_offsets", [f"{offset:#x}" for offset, _ in symbols])
    table("ksyms_names_off", offsets)
    print("\t.globl ksyms_names\nksyms_names:")
    for _, name in symbols:
        print(f'\t.asciz "{name}"')
    print('\t.section .note.GNU-stack, "", %progbits')


if __name__ == "__main__":
    main()
