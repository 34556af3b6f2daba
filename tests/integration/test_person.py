# SPDX-License-Identifier: GPL-2.0-or-later
"""`make run` by a user other than the one who set the machine up.

The run of both commands on Debian 13 (tools/debian13) is similar, and does
more.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pexpect
import pytest

from socle import ARCH, BUILD, TOP

NOBODY = 65534
NAME = "a tree of mine"
KERNEL = re.search(r"^kernel-package := (\S+)$",
                   (TOP / "arch" / ARCH / "run.mk").read_text("utf-8"), re.M)[1]
# The part of the material that `make run` needs.
MATERIAL = ["images", "libfdt", "libfdt-dev", KERNEL, "busybox-static"]


@pytest.fixture(name="home")
def fixture_home():
    """A folder that belongs to `nobody`, which no other user may enter."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="socle-person."))
    yield home
    shutil.rmtree(home, ignore_errors=True)


def checkout(home):
    """Copies of the tree and of what was fetched, owned by `nobody`."""
    tree = home / NAME
    tree.mkdir()
    for entry in TOP.iterdir():
        if entry.name not in (".git", "build") and \
                entry.resolve() not in BUILD.resolve().parents and \
                entry.resolve() != BUILD.resolve():
            (shutil.copytree if entry.is_dir() else shutil.copy)(
                entry, tree / entry.name)
    for name in MATERIAL:
        shutil.copytree(BUILD / "material" / name,
                        tree / "build/material" / name, symlinks=True)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(home)],
                       check=True)
    subprocess.run(["chmod", "-R", "go-rwx", str(home)], check=True)
    return tree


def as_person(network):
    """The beginning of a command line: not as root, with or without a
    network."""
    if os.geteuid() == 0:
        person = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                  "--clear-groups", "--no-new-privs"]
        return [*([] if network else ["unshare", "--net"]), *person]
    return [] if network else ["unshare", "--map-root-user", "--net"]


def run(tree, rows, columns, network, *arguments):
    """Types `make run`, a command in the guest's shell, and `host
    shutdown`."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    env.update(HOME=str(tree.parent), ARCH="aarch64", CC="gcc",
               CCACHE_DISABLE="1")
    argv = [*as_person(network), "sh", "-c", 'umask 077; exec make "$@"',
            "make", "-j8", "run", *arguments]
    child = pexpect.spawn(argv[0], argv[1:], cwd=str(tree), env=env,
                          dimensions=(rows, columns), timeout=600,
                          encoding="utf-8", codec_errors="replace")
    try:
        child.expect_exact("socle> ")
        child.send("guest console linux0\r")
        child.expect("login shell on")
        child.expect_exact("linux0:/root# ")
        child.send("nproc\r")
        child.expect(r"\n2\r*\n")
        child.send("\x1d")
        child.expect_exact("socle> ")
        child.send("host shutdown\r")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0


@pytest.mark.long
def test_person(home):
    """Not root, umask 077, blanks in both paths, -j8, terminals of two sizes.

    What was fetched is there already, so the second run needs no network.
    """
    if subprocess.run([*as_person(False), "true"], check=False).returncode:
        pytest.skip("no network namespace can be made here")
    tree = checkout(home)
    material = f"MATERIAL={tree / 'build/material'}"
    run(tree, 24, 80, True, "O=out put", material)
    assert (tree / "out put/vmm.bin").read_bytes() == \
        (BUILD / "vmm.bin").read_bytes()
    # Other users have no access to any of it.
    for path in (tree / "out put").rglob("*"):
        assert path.is_symlink() or not path.stat().st_mode & 0o077, path
    run(tree, 60, 200, False, "O=out put", material)
