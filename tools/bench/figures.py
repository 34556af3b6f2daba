# SPDX-License-Identifier: GPL-2.0-or-later
"""The measuring guest's figures, which tests/bench/<arch>/figures.py lists, and
reading them."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import arch  # noqa: E402  (tools is no package)

LINE = re.compile(r"bench ([a-z0-9-]+) (\d+) (\d+) (\d+)\s*$", re.M)
GAP = re.compile(r"gap (\d+) (\d+)\s*$", re.M)
# The architecture's: which there are, and which runs measure them.
OWN = arch.bench("figures")
FIGURES = OWN.FIGURES
BY_NAME = {figure.name: figure for figure in FIGURES}
STARTS = ("power-on", "power-on-256")		# not the cost of a trap
# The longest of all sections with interrupts masked, not a path of its own.
MASKED = "masked-longest"
COUNTED = [BY_NAME[name] for name in (*OWN.COUNTED, MASKED)]


def parse(text):
    """{figure: {min, mean, max}} of a run, in instructions."""
    return {name: dict(zip(("min", "mean", "max"),
                           (int(v) / 100 for v in values)))
            for name, *values in LINE.findall(text)}


def parse_switches(text):
    """From one guest leaving to the other running, with two guests that spin."""
    gaps = [(int(a), int(b)) for a, b in GAP.findall(text)]
    backs = sorted(back for _, back in gaps)
    took = []
    for left, back in gaps:
        after = min((b for b in backs if b > left), default=back)
        # Only its own figure: the other guest had not started yet, or was off.
        if after != back:
            took.append((after - left) / 100)
    if not took:
        return {}
    return {"switch": {"min": min(took), "max": max(took),
                       "mean": round(sum(took) / len(took), 2)}}
