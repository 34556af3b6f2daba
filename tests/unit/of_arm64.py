# SPDX-License-Identifier: GPL-2.0-or-later
"""The tools as they are for arm64, for tests that expect what it has, whatever
architecture is checked: to be imported before any module of tools/."""

import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tools"), str(TOP / "tools/bench")]

import arch  # noqa: E402  (tools is no package)

arch.ARCH = "arm64"
