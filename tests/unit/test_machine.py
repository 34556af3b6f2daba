# SPDX-License-Identifier: GPL-2.0-or-later
"""What `make run` refuses before it builds, and what it lets pass."""

import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
GOOD = {"QEMU": "qemu-system-aarch64", "GIC": "3", "SMP": "2", "MEM": "1G",
        "CPU": "cortex-a57"}


def check(**values):
    """The lines of complaint."""
    done = subprocess.run(
        [sys.executable, "-B", str(TOP / "tools/build/machine.py"),
         "arm64", *(f"{k}={v}" for k, v in {**GOOD, **values}.items())],
        capture_output=True, text=True, check=False)
    assert bool(done.returncode) == bool(done.stderr) == (not done.stdout)
    return done.stderr.splitlines()


@pytest.mark.parametrize("values", [
    {}, {"GIC": "2", "SMP": "8"}, {"SMP": "128"}, {"MEM": "128"},
    {"MEM": "1.5g"}, {"MEM": "131072k"}, {"CPU": "max,sve=off"},
    {"CPU": "cortex-a53"}])
def test_right(values):
    assert not check(**values)


@pytest.mark.parametrize("variable, value, advice", [
    ("GIC", "4", "2 or 3"), ("GIC", "", "2 or 3"),
    ("SMP", "0", "1 to 128"), ("SMP", "129", "1 to 128"),
    ("SMP", "two", "1 to 128"), ("SMP", "-1", "1 to 128"),
    ("MEM", "abc", "512M"), ("MEM", "1GB", "512M"), ("MEM", "", "512M"),
    ("MEM", "127M", "128M or more"),
    ("CPU", "cortex-a15", "cortex-a57"), ("CPU", "nonsense", "cortex-a57"),
    ("CPU", "", "cortex-a57"), ("QEMU", "no-such-qemu", "no such program")])
def test_wrong(variable, value, advice):
    lines = check(**{variable: value})
    assert len(lines) == 1
    assert lines[0].startswith(f"make run: {variable}={value}: ")
    assert advice in lines[0]


def test_gicv2_limit():
    assert "1 to 8 with GIC=2" in check(GIC="2", SMP="9")[0]


def test_all_at_once():
    assert len(check(GIC="4", SMP="0", MEM="abc", CPU="cortex-a9")) == 4


def test_make_run_stops_there(tmp_path):
    """Nothing is built or started."""
    done = subprocess.run(["make", "-C", str(TOP), f"O={tmp_path}", "run",
                           "CPU=cortex-a15"], capture_output=True, text=True,
                          check=False)
    assert done.returncode
    assert "CPU=cortex-a15: must be" in done.stderr
    assert not list(tmp_path.iterdir())


def test_files_given(tmp_path):
    """KERNEL= and the like have to be there, LIBFDT= with its headers."""
    (tmp_path / "libfdt.a").write_text("")
    for name, value, advice in (
            ("KERNEL", tmp_path / "none", "no such file"),
            ("INITRD", tmp_path, "a directory"),
            ("LIBFDT", tmp_path / "none", "no such file"),
            ("LIBFDT", tmp_path / "libfdt.a", "LIBFDT_INCLUDE=")):
        done = subprocess.run(["make", "-C", str(TOP), f"O={tmp_path}",
                               f"{name}={value}", "help"],
                              capture_output=True, text=True, check=False)
        assert done.returncode
        assert f"{name}={value}: " in done.stderr and advice in done.stderr
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "libfdt.h").write_text("")
    subprocess.run(["make", "-C", str(TOP), f"O={tmp_path}", "help",
                    f"LIBFDT={tmp_path}/libfdt.a"], check=True,
                   stdout=subprocess.DEVNULL)
