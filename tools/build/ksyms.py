#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the image's table of function names from `nm` (core/include/core/ksym.h).

Reads nm's lines on standard input and writes an assembler file. An empty input
gives a table with one entry, for the link that the real table is made from.
"""

import collections
import sys

BLOCK = 64           # KSYM_BLOCK in core/include/core/ksym.h
END = 0              # the code after a name


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


def replace(word, pair, code):
    """`word` with `code` in place of each `pair`, from left to right."""
    out = []
    for byte in word:
        # Of aaa the first two are the pair: what was replaced is no longer a.
        if out and (out[-1], byte) == pair:
            out[-1] = code
        else:
            out.append(byte)
    return out


def compress(names):
    """(pairs, encoded names): byte-pair encoding.

    A name is its characters and END. The most frequent pair of codes is
    replaced by a code that no name uses; this is repeated with the result.
    pairs[code] are the two codes that it stands for; for a character, itself
    twice.
    """
    words = [list(name.encode("ascii")) + [END] for name in names]
    count = collections.Counter()
    where = collections.defaultdict(set)
    for index, word in enumerate(words):
        for pair in zip(word, word[1:]):
            count[pair] += 1
            where[pair].add(index)
    pairs = {code: (code, code) for code in range(256)}
    for code in sorted(set(range(256)) - {c for word in words for c in word}):
        pair = max(count, key=lambda p: (count[p], p), default=None)
        if pair is None or count[pair] < 2:
            break
        pairs[code] = pair
        for index in sorted(where[pair]):
            for old in zip(words[index], words[index][1:]):
                count[old] -= 1
            words[index] = replace(words[index], pair, code)
            for new in zip(words[index], words[index][1:]):
                count[new] += 1
                where[new].add(index)
    return [pairs[code] for code in sorted(pairs)], [bytes(w) for w in words]


def number(value):
    """Encodes in groups of 7 bits, the lowest first; all but the last have bit
    7 set."""
    out = []
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out + [value])


def starts(items):
    """Where each of `items` begins if they follow each other."""
    offset = 0
    for item in items:
        yield offset
        offset += len(item)


WIDTH = {1: "byte", 4: "4byte"}


def table(name, values, size):
    print(f"\t.balign {size}\n\t.globl {name}\n{name}:")
    for value in values:
        print(f"\t.{WIDTH[size]} {value}")


def main():
    symbols = functions(sys.stdin)
    start = next((a for a, n in symbols if n == "_start"), 0)
    symbols = [(a - start, n) for a, n in symbols if a >= start]
    if not symbols:
        symbols = [(0, "_start")]

    addresses = [address for address, _ in symbols]
    shift = 0
    while shift < 4 and not any(address >> shift & 1 for address in addresses):
        shift += 1
    pairs, names = compress([name for _, name in symbols])
    entries = [number(0 if index % BLOCK == 0 else
                      address - addresses[index - 1] >> shift) + name
               for index, (address, name) in enumerate(zip(addresses, names))]

    print("/* Made by tools/build/ksyms.py. */")
    print('\t.section .rodata.ksyms, "a", %progbits')
    table("ksyms_count", [len(symbols)], 4)
    table("ksyms_shift", [shift], 4)
    table("ksyms_addresses", addresses[::BLOCK], 4)
    table("ksyms_at", list(starts(entries))[::BLOCK], 4)
    table("ksyms_pairs", [code for pair in pairs for code in pair], 1)
    print("\t.globl ksyms_entries\nksyms_entries:")
    for (_, name), entry in zip(symbols, entries):
        print(f"\t.byte {', '.join(map(str, entry))} /* {name} */")
    print('\t.section .note.GNU-stack, "", %progbits')


if __name__ == "__main__":
    main()
