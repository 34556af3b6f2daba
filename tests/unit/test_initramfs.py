# SPDX-License-Identifier: GPL-2.0-or-later
"""The initial root file system's kernel modules, as distributions ship them."""

import gzip
import lzma
import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
MODULE = b"\x7fELF a kernel module"


def make(folder, *modules):
    """The archive's bytes with the modules, or what was said against it."""
    (folder / "busybox").write_bytes(b"#!")
    output = folder / "initrd.cpio.gz"
    arguments = [f"--module={module}" for module in modules]
    done = subprocess.run(
        [sys.executable, "-B", str(TOP / "tools/material/initramfs.py"),
         "--busybox", str(folder / "busybox"), *arguments, "-o", str(output)],
        stderr=subprocess.PIPE, text=True, check=False)
    return gzip.decompress(output.read_bytes()) if done.returncode == 0 \
        else done.stderr


@pytest.mark.parametrize("suffix, packed", [
    ("", bytes), (".xz", lzma.compress), (".gz", gzip.compress)])
def test_a_module_is_unpacked(tmp_path, suffix, packed):
    path = tmp_path / f"evdev.ko{suffix}"
    path.write_bytes(packed(MODULE))
    made = make(tmp_path, path)
    assert b"lib/modules/00-evdev.ko\0" in made and MODULE in made


@pytest.mark.parametrize("name", ["evdev.ko.zst", "evdev.xz", "evdev"])
def test_what_is_no_module_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(MODULE)
    assert f"{name}: no kernel module" in make(tmp_path, tmp_path / name)


@pytest.mark.parametrize("base", ["lib", "usr/lib"])
def test_modules_for_the_init_to_load(tmp_path, base):
    """Those that this kernel has, by its release; the others are built in.
    Debian 13's are below /usr."""
    drivers = (tmp_path / "package" / base /
               "modules/6.1.0-9-arm64/kernel/drivers")
    drivers.mkdir(parents=True)
    (drivers / "virtio.ko.xz").write_bytes(lzma.compress(MODULE))
    (drivers / "virtio_blk.ko").write_bytes(b"\x7fELF another")
    own = tmp_path / "own" / base / "modules/6.1.0-9-arm64"
    own.mkdir(parents=True)
    (own / "rpmsg_core.ko").write_bytes(b"\x7fELF our own")
    (tmp_path / "busybox").write_bytes(b"#!")
    output = tmp_path / "initrd.cpio.gz"
    subprocess.run(
        [sys.executable, "-B", str(TOP / "tools/material/initramfs.py"),
         "--busybox", str(tmp_path / "busybox"), "-o", str(output),
         "--kernel", str(tmp_path / "package"),
         "--on-demand", "virtio", "rng-core",
         "--kernel", str(tmp_path / "own"), "--on-demand", "rpmsg_core"],
        check=True)
    made = gzip.decompress(output.read_bytes())
    assert b"lib/modules/6.1.0-9-arm64/virtio.ko\0" in made
    assert MODULE in made
    assert b"lib/modules/6.1.0-9-arm64/rpmsg_core.ko\0" in made
    assert b"rng-core.ko" not in made and b"virtio_blk.ko" not in made
