# SPDX-License-Identifier: GPL-2.0-or-later
"""The libraries of a program that goes into an initial root file system."""

import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] /
                       "tools/material"))
import apt  # noqa: E402  (tools/material is no package)
import libraries  # noqa: E402


def compiled(path, *arguments):
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-nostdlib", "-o", str(path), "-x", "c", "-",
                    "-x", "none", *map(str, arguments)], input=b"int _start;", check=True)
    return path


@pytest.fixture(name="packages")
def fixture_packages(tmp_path):
    """A program that needs libone, which needs libtwo; each in a package."""
    two = compiled(tmp_path / "two/root/usr/lib/libtwo.so.2", "-shared",
                   "-Wl,-soname,libtwo.so.2")
    one = compiled(tmp_path / "one/root/lib/libone.so.1", "-shared",
                   "-Wl,-soname,libone.so.1", "-Wl,--no-as-needed", two)
    compiled(tmp_path / "program", "-no-pie", "-Wl,--no-as-needed", one,
             "-Wl,--allow-shlib-undefined", "-Wl,--dynamic-linker=/lib/ld.so.1",
             f"-Wl,-rpath-link,{two.parent}")
    loader = tmp_path / "libc6/root/lib/ld.so.1"
    loader.parent.mkdir(parents=True)
    shutil.copy(two, loader)
    return tmp_path


def test_libraries_of_libraries_come_too(packages):
    names = ("one", "two", "libc6")
    found = libraries.needed(packages / "program",
                             [packages / name for name in names])
    assert sorted(found) == ["lib/ld.so.1", "lib/libone.so.1",
                             "lib/libtwo.so.2"]
    assert found["lib/libtwo.so.2"] == \
        packages / "two/root/usr/lib/libtwo.so.2"


def test_one_that_no_package_has_is_named(packages):
    with pytest.raises(libraries.Missing, match="libtwo.so.2"):
        libraries.needed(packages / "program",
                         [packages / "one", packages / "libc6"])


def test_packages_of_libraries_are_those_that_others_depend_on(monkeypatch):
    says = {"fio": "fio\n  Depends: libaio1\n  Depends: python3\n"
                   "  Depends: <libvirtual>\n  Depends: zlib1g\n",
            "libaio1": "libaio1\n  Depends: libc6\n",
            "libc6": "libc6\n  Depends: libaio1\n  PreDepends: libgcc-s1\n"
                     "  Suggests: libnss-nis\n"}
    monkeypatch.setattr(apt.Apt, "run", lambda _self, *command:
                        says.get(command[-1], ""))
    assert apt.Apt.libraries(object.__new__(apt.Apt), "fio") == [
        "libaio1", "libc6", "libgcc-s1", "zlib1g"]
