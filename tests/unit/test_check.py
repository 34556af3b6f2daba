# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/check itself: leftovers, its own failures, what it leaves running."""

import importlib.machinery
import importlib.util
import os
import pathlib
import signal
import subprocess
import sys
import time
import types

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(name="check", scope="module")
def fixture_check():
    """The program, whose name ends in no suffix, as a module."""
    loader = importlib.machinery.SourceFileLoader("check",
                                                  str(TOP / "tools/check"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("check", loader))
    sys.modules["check"] = module
    loader.exec_module(module)
    return module


def test_fresh_takes_away_what_was_left(check, tmp_path):
    for make in (lambda p: p.mkdir(), lambda p: p.write_text("a file"),
                 lambda p: p.symlink_to("nowhere")):
        folder = tmp_path / "work"
        if folder.is_dir():
            folder.rmdir()
        make(folder)
        check.fresh(folder)
        assert folder.is_dir() and not folder.is_symlink()
        assert os.listdir(folder) == [] and os.listdir(tmp_path) == ["work"]


def test_fresh_beside_one_who_still_writes(check, tmp_path):
    """A fuzzer of a run that was killed fills its folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    script = 'i=0; while :; do : >"$1/$i" || i=0; i=$((i + 1)); done'
    with subprocess.Popen(["sh", "-c", script, "sh", str(folder)],
                          stderr=subprocess.DEVNULL) as writer:
        try:
            # A descriptor of the folder would follow it; a path comes back.
            for _ in range(20):
                time.sleep(0.01)
                check.fresh(folder)
                assert folder.is_dir()
        finally:
            writer.kill()


def test_a_stage_that_raises_is_a_failed_case(check):
    class Broken:
        """Like a Checker."""

        @staticmethod
        def stage_fuzz():
            yield check.Case("before", True)
            raise FileExistsError("work")

    good, bad = check.cases_of(Broken, "fuzz")
    assert good.passed and not bad.passed
    assert bad.name == "fuzz, to its end" and "FileExistsError" in bad.output


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT,
                                    signal.SIGHUP])
def test_no_child_outlives_it(tmp_path, signum):
    """A fuzzer is in a group of its own; it ends with the check."""
    program = f"""
import importlib.machinery, importlib.util, signal, sys, types
loader = importlib.machinery.SourceFileLoader("check", {str(TOP / "tools/check")!r})
check = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("check", loader))
sys.modules["check"] = check
loader.exec_module(check)
for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(s, check.end_with_children)
checker = check.Checker(types.SimpleNamespace(build={str(tmp_path)!r},
                                             arch="arm64"))
checker.run("sleep", ["sh", "-c", "echo $$ >{tmp_path}/new; "
                      "mv {tmp_path}/new {tmp_path}/pid; exec sleep 60"], 50)
"""
    with subprocess.Popen([sys.executable, "-B", "-c", program]) as process:
        limit = time.monotonic() + 20
        while not (tmp_path / "pid").exists():
            assert time.monotonic() < limit
            time.sleep(0.02)
        child = int((tmp_path / "pid").read_text())
        process.send_signal(signum)
        assert process.wait(20) == 128 + signum
    while pathlib.Path(f"/proc/{child}").exists():
        state = pathlib.Path(f"/proc/{child}/stat").read_text()
        if state.rpartition(")")[2].split()[0] == "Z":
            break
        assert time.monotonic() < limit + 20
        time.sleep(0.02)


def test_a_rule_is_a_case_with_its_findings(check):
    whole = check.Case("lint", False, output=(
        "ok layers: no findings\nmarks: core/a.c:3: MARK is no plan\n"
        "over marks: 1 findings\n"))
    good, bad = check.verdict_cases(whole)
    assert (good.name, good.passed) == ("layers", True)
    assert (bad.name, bad.passed) == ("marks", False)
    assert "core/a.c:3: MARK" in bad.output


def test_an_analyser_that_is_not_there_has_failed(check, monkeypatch):
    class Made(check.Checker):
        def __init__(self):
            self.build = "build"

        def make(self, name, *goals, limit=900):
            return check.Case(name, False, output=" ".join(goals))

    monkeypatch.setattr(check.shutil, "which", lambda _: None)
    case = Made().analysed("cppcheck", "cppcheck")
    assert not case.skipped and not case.passed
    assert "make deps-check" in case.output
    monkeypatch.setattr(check.shutil, "which", lambda name: name)
    case = Made().analysed("cppcheck", "cppcheck")
    assert case.output == "O=build cppcheck"


def test_what_was_not_checked_is_said(check, capsys):
    whole = check.Case("format", True, output=(
        "make: hello\nNOT CHECKED: the layout\n"))
    case = check.skipped_if_not_checked(whole)
    assert case.skipped and case.output == "NOT CHECKED: the layout"
    check.show(case)
    assert capsys.readouterr().out == "NOT CHECKED: the layout\n"
    for other in (check.Case("format", True, output="all well\n"),
                  check.Case("format", False, output="NOT CHECKED: a\n")):
        assert check.skipped_if_not_checked(other) is other


def test_the_build_has_the_flags_of_make_run(check):
    """A test that says `make run O=build` builds nothing again."""
    class Told(check.Checker):
        def __init__(self):
            self.build = "build"
            self.args = types.SimpleNamespace(arch="arm64")

        def run(self, name, command, limit, **more):
            return command

    told = Told()
    assert not [word for word in told.make("image", "O=build", "image")
                if word.startswith("MATERIAL=")]
    assert "MATERIAL=build/material" in told.make("image", "O=build/check/a",
                                                  "image")


def test_lint_is_a_stage_of_make_check(check):
    assert "lint" in check.USUAL


@pytest.fixture(name="emulated")
def fixture_emulated(check, monkeypatch, tmp_path):
    """emulated(tests, long): cases of a folder of tests with a conftest.py."""
    folder = tmp_path / "tests/emulated"
    folder.mkdir(parents=True)
    (folder / "conftest.py").write_text("""
def pytest_addoption(parser):
    parser.addoption("--long", action="store_true")
""")
    monkeypatch.setattr(check, "TOP", tmp_path)

    def run(tests, long=False):
        (folder / "test_one.py").write_text(tests)
        checker = check.Checker(types.SimpleNamespace(
            build="build", arch="arm64", long=long, expression=None))
        logs = checker.out / "logs"
        logs.mkdir(exist_ok=True)
        (logs / "a.log").write_text("of the first run")
        return {case.name: case for case in checker.pytest(
            "emulated", "tests/emulated", limit=60)}

    return run


BUSY = """
import pathlib, pytest
@pytest.mark.parametrize("n", [1, 2])
def test_busy(n, tmp_path_factory):
    seen = pathlib.Path(f"seen{n}")
    assert seen.exists() or seen.touch(), "the clock stood still"
def test_bad():
    assert 1 == 2
def test_good():
    pass
"""


def test_what_passes_alone_is_unsteady(check, emulated, tmp_path, capsys):
    cases = emulated(BUSY)
    assert {name: (c.passed, c.unsteady) for name, c in cases.items()} == {
        "test_one: test_busy[1]": (True, True),
        "test_one: test_busy[2]": (True, True),
        "test_one: test_bad": (False, False),
        "test_one: test_good": (True, False)}
    check.show(cases["test_one: test_busy[1]"])
    told = capsys.readouterr().out
    assert told.startswith("\nUNSTEADY: test_one: test_busy[1]: "
                           "AssertionError: the clock stood still")
    check.show(cases["test_one: test_bad"])
    assert "FAILED: test_one: test_bad: assert 1 == 2" in \
        capsys.readouterr().out
    # What the first run wrote is kept beside the second's.
    kept = tmp_path / "build/check/logs.first/a.log"
    assert kept.read_text() == "of the first run"


def test_the_long_check_knows_no_second_time(emulated):
    cases = emulated(BUSY, long=True)
    assert [c.passed for c in cases.values()].count(False) == 3
    assert not any(c.unsteady for c in cases.values())


def test_many_failures_are_no_noise(check, emulated):
    cases = emulated(BUSY.replace("[1, 2]", str(list(range(
        check.MAX_AGAIN)))))
    assert not any(c.unsteady for c in cases.values())
