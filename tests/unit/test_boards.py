# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/boards/trees-*.md is what the hypervisor finds in Debian's trees."""

import os
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("SOCLE_BUILD", "build")
MATERIAL = pathlib.Path(os.environ.get("SOCLE_MATERIAL", BUILD / "material"))
SUMMARY = re.compile(r"^(\d+) trees, (\d+) with a console, (\d+) with nothing "
                     r"missing\.$", re.M)


@pytest.fixture(scope="module", name="tool")
def fixture_tool():
    subprocess.run(["make", f"O={os.path.relpath(BUILD, TOP)}", "tools"],
                   cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    return str(BUILD / "tools" / "board-trees")


def packages():
    """The packages that are at hand, by their kernel's series."""
    for name in ("linux-image-arm64", "newer/linux-image-arm64"):
        stamp = MATERIAL / name / "package"
        if stamp.exists():
            package = "_".join(stamp.read_text().strip().split("_")[:2])
            series = re.search(r"\d+\.\d+", package).group()
            yield series, package, MATERIAL / name / "root"


def test_page_is_up_to_date(tool):
    """The same if it is the page's package, or else as many or more."""
    seen = list(packages())
    if not seen:
        pytest.skip("Debian's kernel package was not fetched")
    for series, package, folder in seen:
        page = TOP / f"docs/boards/trees-{series}.md"
        made = subprocess.run([tool, package, folder], capture_output=True,
                              text=True, check=True)
        assert not made.stderr
        if not page.exists():
            continue
        if made.stdout.partition("\n")[0] in page.read_text():
            assert page.read_text() == made.stdout, (
                f"run: {tool} {package} {folder} >{page}")
        now, then = (list(map(int, SUMMARY.search(text).groups()))
                     for text in (made.stdout, page.read_text()))
        assert all(a >= b for a, b in zip(now, then)), (package, now, then)


def test_every_tree_has_a_row_and_a_reason():
    for page in (TOP / "docs/boards").glob("trees-*.md"):
        rows = [line.strip("| ").split(" | ") for line in
                page.read_text().splitlines() if line.startswith("| ")][1:]
        counts = list(map(int, SUMMARY.search(page.read_text()).groups()))
        assert len(rows) == counts[0]
        assert len({row[0] for row in rows}) == len(rows)
        without = [row for row in rows if row[4] == "-"]
        assert len(rows) - len(without) == counts[1]
        assert all("console: " in row[5] for row in without)
        assert all("interrupt controller: " in row[5] for row in rows
                   if row[3] == "-")


def test_enough_consoles():
    """Of Debian 13's 1,023 trees at least 900."""
    page = (TOP / "docs/boards/trees-6.12.md").read_text()
    counts = SUMMARY.search(page).groups()
    assert int(counts[0]) >= 1023 and int(counts[1]) >= 950


def test_use(tool, tmp_path):
    assert subprocess.run([tool], stderr=subprocess.PIPE,
                          check=False).returncode == 2
    (tmp_path / "bad.dtb").write_bytes(b"no tree")
    done = subprocess.run([tool, "none", tmp_path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 1
    assert "bad.dtb: " in done.stderr
