#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Find HASH_MUL for arch/arm64/vcpu/sysreg.c: no two of its registers share
a slot. Prints the first multiplier that works."""
import random
import re
import sys

SOURCE = "arch/arm64/vcpu/sysreg.c"
ROW = re.compile(r"REG\(\w+, (\d+), (\d+), (\d+), (\d+), (\d+),")


def names(text):
    for m in ROW.finditer(text):
        op0, op1, crn, crm, op2 = map(int, m.groups())
        yield op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | crm << 1


def main():
    with open(SOURCE, encoding="utf-8") as f:
        wanted = list(names(f.read()))
    rng = random.Random(1)
    for _ in range(10000000):
        mul = rng.getrandbits(32) | 1
        if len({n * mul % 2**32 >> 24 for n in wanted}) == len(wanted):
            print(f"0x{mul:08x}")
            return 0
    print("none found", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
