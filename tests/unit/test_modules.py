# SPDX-License-Identifier: GPL-2.0-or-later
"""Modules for Debian's kernel: what is taken from which package."""

import io
import pathlib
import sys
import tarfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] /
                       "tools/material"))
import modules  # noqa: E402  (tools/material is no package)


@pytest.mark.parametrize("package, release", [
    ("linux-image-6.1.0-56-cloud-arm64_6.1.192-2_arm64.deb\n",
     "6.1.0-56-cloud-arm64"),
    ("linux-image-6.12.118+deb13-cloud-arm64_6.12.118-1_arm64.deb\n",
     "6.12.118+deb13-cloud-arm64"),
    ("linux-image-6.1.0-56-arm64-unsigned_6.1.192-2_arm64.deb\n",
     "6.1.0-56-arm64")])
def test_the_release_is_in_the_packages_name(tmp_path, package, release):
    (tmp_path / "package").write_text(package)
    assert modules.release_of(tmp_path) == release


def test_another_package_has_no_modules(tmp_path):
    (tmp_path / "package").write_text("busybox-static_1.35_arm64.deb\n")
    with pytest.raises(RuntimeError, match="busybox-static is no package"):
        modules.release_of(tmp_path)


def test_kbuild_names_the_sources():
    names = modules.sources((modules.OWN / "Kbuild").read_text())
    assert "drivers/rpmsg/virtio_rpmsg_bus.c" in names
    assert "drivers/rpmsg/rpmsg_internal.h" in names
    assert modules.sources("# drivers/a/b.o\nobj-m := drivers/x/y.o\n"
                           "CFLAGS_drivers/x/y.o := -DZ\n") == \
        ["drivers/x/y.c"]


def archive(mode, **files):
    """An archive's bytes."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return made.getvalue()


SOURCE = archive("w:xz", **{"linux-source-6.1/drivers/a/one.c": b"one",
                            "linux-source-6.1/drivers/a/two.c": b"two",
                            "linux-source-6.1/drivers/b/three.c": b"three"})
PACKAGE = archive("w", **{"./usr/share/doc/copyright": b"GPL",
                          "./usr/src/linux-source-6.1.tar.xz": SOURCE})


def test_only_what_is_named_is_unpacked(tmp_path):
    modules.extract(io.BytesIO(PACKAGE),
                    ["drivers/a/two.c", "drivers/b/three.c"], tmp_path)
    found = {path.relative_to(tmp_path).as_posix(): path.read_bytes()
             for path in tmp_path.rglob("*.c")}
    assert found == {"drivers/a/two.c": b"two", "drivers/b/three.c": b"three"}


@pytest.mark.parametrize("package, names, said", [
    (PACKAGE, ["drivers/a/four.c"], "there is no drivers/a/four.c"),
    (archive("w", **{"./usr/share/doc/copyright": b"GPL"}), ["drivers/a/one.c"],
     "there is no .tar.xz")])
def test_what_is_missing_is_said(tmp_path, package, names, said):
    with pytest.raises(RuntimeError, match=said):
        modules.extract(io.BytesIO(package), names, tmp_path)


def test_nothing_of_our_make_reaches_kbuild():
    for name in "MAKEFLAGS", "MAKELEVEL", "CC", "ARCH", "O", "CFLAGS", "LLVM":
        assert modules.OURS.match(name), name
    for name in "PATH", "HOME", "CCACHE_DIR", "TMPDIR", "OLDPWD", "VISUAL":
        assert not modules.OURS.match(name), name
