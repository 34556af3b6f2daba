# SPDX-License-Identifier: GPL-2.0-or-later
"""What make does with a person's paths and environment; nothing is built."""

import os
import pathlib
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]


def make(tree, *arguments, **environment):
    """make's status and all it said."""
    env = {k: v for k, v in os.environ.items() if k not in
           ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "ARCH", "O")}
    done = subprocess.run(["make", "-C", str(tree), *arguments], text=True,
                          env={**env, **environment}, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


@pytest.fixture(name="tree")
def fixture_tree(tmp_path):
    """The build's own files and no source, in a place with blanks."""
    tree = tmp_path / "a tree of  mine"
    for entry in ("tools/build", "arch/arm64/configs", "arch/host/configs"):
        shutil.copytree(TOP / entry, tree / entry)
    for path in ["Makefile", "arch/arm64/build.mk", "arch/arm64/run.mk", *(p.relative_to(TOP) for folder in (
            "arch", "core", "drivers", "emulators", "commands", "daemons",
            "libs", "tests") for p in (TOP / folder).rglob("Makefile"))]:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / path, tree / path)
    for path in (p.relative_to(TOP) for p in TOP.glob("*/**/Kconfig")
                 if "build" not in p.relative_to(TOP).parts):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / path, tree / path)
    shutil.copy(TOP / "Kconfig", tree / "Kconfig")
    return tree


def variable(tree, name, *arguments, **environment):
    """What make takes for a variable."""
    status, said = make(tree, f"--eval=shown: ; @echo '[$({name})]'", "shown",
                        "MATERIAL=material", *arguments, **environment)
    assert status == 0, said
    return said.rpartition("[")[2].partition("]")[0]


@pytest.mark.parametrize("environment", [
    {"ARCH": "aarch64"}, {"ARCH": "x86_64"}, {"ARCH": "host"},
    {"CC": "gcc"}, {"CC": "clang", "LD": "ld"}])
def test_the_environment_is_not_asked(tree, environment):
    assert variable(tree, "ARCH", **environment) == "arm64"
    assert variable(tree, "CC", **environment) == "aarch64-linux-gnu-gcc"
    assert variable(tree, "LD", **environment) == "aarch64-linux-gnu-ld"


def test_what_is_given_to_make_is(tree):
    assert variable(tree, "ARCH", "ARCH=aarch64") == "arm64"
    assert variable(tree, "CC", "CC=clang") == "clang"
    assert variable(tree, "LD", "LLVM=1") == "ld.lld"
    status, said = make(tree, "ARCH=x86_64", "image")
    assert status and "ARCH=x86_64: there are" in said and "arm64" in said


@pytest.mark.parametrize("name", ["out put", "deep er/out", "two  blanks/a b"])
@pytest.mark.parametrize("absolute", [False, True])
def test_an_output_directory_with_blanks(tree, name, absolute):
    given = str(tree / name) if absolute else name
    status, said = make(tree, f"O={given}", "defconfig")
    assert status == 0, said
    assert (tree / name / ".config").exists()
    assert " " not in variable(tree, "O", f"O={given}")
    status, said = make(tree, f"O={given}", "distclean")
    assert status == 0, said
    assert not (tree / name).exists()


def test_a_kernel_whose_path_has_blanks(tree):
    kernel = tree / "my kernels" / "Image"
    status, said = make(tree, "-n", "material", f"KERNEL={kernel}",
                        "INITRD=Makefile", "UBOOT=Makefile")
    assert status and f"KERNEL={kernel}: there is no such file" in said
    assert not kernel.parent.exists()
    kernel.parent.mkdir()
    kernel.write_bytes(b"MZ")
    link = pathlib.Path(variable(tree, "image-Image", f"KERNEL={kernel}"))
    assert (tree / link).read_bytes() == b"MZ"


@pytest.mark.parametrize("goal", ["clean", "distclean", "defconfig"])
@pytest.mark.parametrize("name", [".", "..", "{tree}", "{tree}/core/..", "/",
                                  "link"])
def test_nothing_is_built_or_removed_around_the_sources(tree, name, goal):
    (tree / "link").symlink_to(tree.parent)
    # Would be found, but not run.
    status, said = make(tree, "-n", goal, f"O={name.format(tree=tree)}")
    assert status and "the sources are in it" in said
    assert "find" not in said and "rm -rf" not in said


def test_no_output_directory_at_all(tree):
    status, said = make(tree, "-n", "clean", "O=")
    assert status and "names no folder" in said


def test_an_output_directory_that_only_begins_like_the_tree(tree):
    beside = tree.parent / tree.name[:-1]
    beside.mkdir()
    (beside / "image").write_text("", "ascii")
    (tree / "core/image").write_text("", "ascii")
    for name, kept in ((beside, beside), ("core/out", tree / "core")):
        (tree / "core/out").mkdir(exist_ok=True)
        status, said = make(tree, "clean", f"O={name}")
        assert status == 0, said
        assert (kept / "image").exists() == (kept != beside)
