# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the rules of the house that a script can check.

    python3 tools/lint [-O build] [RULE...]

Each finding is a line `RULE: FILE:LINE: what is wrong`. Rules that look at
object files want `make image` before.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import calls  # noqa: E402
import documents  # noqa: E402
import heads  # noqa: E402
import sources  # noqa: E402
from tree import Tree  # noqa: E402

RULES = {**sources.RULES, **calls.RULES, **documents.RULES,
         **heads.RULES}


def main():
    parser = argparse.ArgumentParser(
        prog="lint", description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
        epilog="rules:\n" + "\n".join(
            f"  {name:<12} {rule.__doc__.splitlines()[0]}"
            for name, rule in RULES.items()))
    parser.add_argument("-O", dest="build", default="build")
    parser.add_argument("--top", default=None, help="another tree")
    parser.add_argument("rules", nargs="*", metavar="RULE")
    args = parser.parse_args()
    unknown = [name for name in args.rules if name not in RULES]
    if unknown:
        parser.error(f"no rule {unknown[0]}: there are {', '.join(RULES)}")
    tree = Tree(args.top, args.build)
    bad = 0
    for name in args.rules or RULES:
        findings = sorted(set(RULES[name](tree)))
        for where, what in findings:
            print(f"{name}: {where}: {what}")
        print(f"{'over' if findings else 'ok'} {name}: "
              f"{len(findings) or 'no'} findings")
        bad += len(findings)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
