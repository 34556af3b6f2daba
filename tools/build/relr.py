#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The image's relocations as a table of bits, as assembly; from a linked ELF.

    relr.py [ELF [TABLE]]

A relocation of the linker takes 24 bytes, and all of ours mean the same: add the
address of the image to a word. The word already holds its addend, so only its
place has to be stored, most often as one bit, in the encoding of the generic ELF
specification's SHT_RELR. Without ELF: an empty table. With TABLE, an earlier output,
it gets no shorter than that: what is missing is filled with entries of no bits.
"""

import struct
import sys

# By an ELF file's machine: its relocation that adds where the image is
# (R_X86_64_RELATIVE, R_AARCH64_RELATIVE, R_RISCV_RELATIVE).
RELATIVE = {62: 8, 183: 1027, 243: 3}
SHT_RELA = 4
WORD = 8
BITS = 63			# of an entry, for the words that follow
NO_BITS = 1


class Elf:
    """The parts that we need of a little-endian 64-bit ELF file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.machine, = struct.unpack_from("<H", self.data, 0x12)
        at, = struct.unpack_from("<Q", self.data, 0x28)
        size, count = struct.unpack_from("<HH", self.data, 0x3a)
        # Name, type, flags, address, offset, size.
        self.sections = [struct.unpack_from("<IIQQQQ", self.data,
                                            at + i * size)
                         for i in range(count)]

    def relocations(self):
        """(place, type and symbol, addend)"""
        for _, kind, flags, _, offset, size in self.sections:
            if kind == SHT_RELA and flags:
                yield from struct.iter_unpack(
                    "<QQq", self.data[offset:offset + size])

    def word(self, address):
        for _, _, flags, start, offset, size in self.sections:
            if flags and start <= address < start + size:
                return struct.unpack_from("<q", self.data,
                                          offset + address - start)[0]
        return None


def places(elf):
    """Where a word is to be relocated, in order."""
    found = []
    for place, info, addend in elf.relocations():
        if info == 0:
            continue		# room that the linker did not need
        if info != RELATIVE.get(elf.machine) or place % WORD:
            sys.exit(f"relr: relocation of type {info:#x} at {place:#x}")
        if elf.word(place) != addend:
            sys.exit(f"relr: the word at {place:#x} is not the addend; the "
                     "linker must apply dynamic relocations")
        found.append(place)
    return sorted(found)


def encode(found):
    """The table's entries."""
    entries, i = [], 0
    while i < len(found):
        entries.append(found[i])
        base = found[i] + WORD
        i += 1
        while True:
            bits = 0
            while i < len(found) and found[i] < base + BITS * WORD:
                bits |= 1 << (found[i] - base) // WORD
                i += 1
            if not bits:
                break
            entries.append(bits << 1 | 1)
            base += BITS * WORD
    return entries


def padded(entries, table):
    """The entries, as many as an earlier table has at least."""
    return entries + [NO_BITS] * (table.count(".8byte") - len(entries))


def main():
    entries = encode(places(Elf(sys.argv[1]))) if len(sys.argv) > 1 else []
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="ascii") as file:
            entries = padded(entries, file.read())
    print('\t.section .relr_table, "a"\n\t.balign 8')
    for entry in entries:
        print(f"\t.8byte {entry:#x}")
    print('\t.section .note.GNU-stack, "", %progbits')


if __name__ == "__main__":
    main()
