# SPDX-License-Identifier: GPL-2.0-or-later
"""How the disk of `make run DEBIAN=1` is begun, fails, and is gone on with."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from of_arm64 import TOP

sys.path.insert(0, str(TOP / "tools/material"))
import debian  # noqa: E402  (tools/material is no package)

MMDEBSTRAP = """\
#!/bin/sh
for last; do before=$target target=$last; done
echo "Unpacking libc6:arm64 (2.36) ..."
echo "Setting up libc6:arm64 (2.36) ..."
echo "INITRD=$INITRD"
echo "E: what went wrong"
echo half >"$before"
exit {status}
"""


@pytest.fixture(name="maker")
def fixture_maker(tmp_path, monkeypatch):
    """maker(status): whose mmdebstrap ends so."""
    def make(status):
        program = tmp_path / "mmdebstrap"
        program.write_text(MMDEBSTRAP.format(status=status), "ascii")
        program.chmod(0o755)
        monkeypatch.setattr(debian, "PATH", f"{tmp_path}:{debian.PATH}")
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        return debian.Maker(argparse.Namespace(
            suite="bookworm", mirror="http://x/debian", size=1,
            output=tmp_path / "disk"), work)
    return make


def test_what_was_installed_is_not_installed_again(maker, capsys):
    maker(0).install()
    assert maker(1).tar.read_text("ascii") == "half\n"
    capsys.readouterr()
    maker(1).install()
    assert "installed already" in capsys.readouterr().out


def test_half_an_installation_is_not_taken_for_one(maker, capsys):
    with pytest.raises(SystemExit, match="all it said is in .*mmdebstrap.log"):
        maker(25).install()
    assert not maker(25).tar.exists()
    assert "E: what went wrong" in capsys.readouterr().out
    maker(0).install()
    assert maker(0).tar.exists()


def test_a_kernel_that_starts_no_program_for_arm(tmp_path, monkeypatch):
    monkeypatch.setattr(debian, "BINFMT", tmp_path)
    monkeypatch.setattr(debian.shutil, "which", lambda *_, **__: None)
    with pytest.raises(SystemExit, match="qemu-user-static"):
        debian.enable_foreign()
    (tmp_path / "qemu-aarch64").write_text("disabled\n", "ascii")
    with pytest.raises(SystemExit):
        debian.enable_foreign()
    (tmp_path / "qemu-aarch64").write_text("enabled\ninterpreter /x\n",
                                           "ascii")
    debian.enable_foreign()


def test_progress_counts_packages(monkeypatch, capsys):
    monkeypatch.setattr(debian.Progress, "PAUSE", -1)
    progress = debian.Progress()
    for line in ("Unpacking a (1) ...", "Preparing to unpack b", "I: hooks",
                 "Unpacking b (1) ...", "Setting up a (1) ..."):
        progress.see(line)
    assert capsys.readouterr().out.splitlines()[-1] == \
        "  2 packages unpacked, 1 set up"


CHROOT = """\
#!/bin/sh
shift
[ "$*" != "linux-version list" ] || echo 6.1.0-9-x
echo "INITRD=$INITRD $*" >>"$said"
"""


@pytest.mark.parametrize("native", [True, False])
def test_one_initramfs_is_made_at_the_end(tmp_path, native):
    program = tmp_path / "chroot"
    program.write_text(CHROOT, "ascii")
    program.chmod(0o755)
    script = tmp_path / "root/usr/sbin/mkinitramfs"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\nexport PATH='/usr/bin'\nls\n", "ascii")
    folder = tmp_path / "root" / debian.NATIVE
    if native:
        folder.mkdir()
    said = tmp_path / "said"
    # As mmdebstrap runs a hook.
    subprocess.run(["sh", "-c", debian.INITRAMFS, "exec", tmp_path / "root"],
                   check=True, env=dict(
                       os.environ, said=str(said), INITRD="No",
                       PATH=f"{tmp_path}:{os.environ['PATH']}"))
    assert said.read_text("ascii").splitlines()[1:] == [
        "INITRD= update-initramfs -c -k 6.1.0-9-x",
        "INITRD= linux-update-symlinks install 6.1.0-9-x "
        "/boot/vmlinuz-6.1.0-9-x"]
    if native:
        # With the machine's own programs, which its PATH would leave out.
        made = folder / "mkinitramfs"
        assert made.read_text("ascii") == "#!/bin/sh\nls\n"
        assert made.stat().st_mode & 0o111
    assert folder.exists() == native


def test_the_machines_programs_go_when_the_initramfs_is_made(maker):
    made = maker(0)
    hooks = list(made.hooks())
    packed = [place for place, hook in enumerate(hooks)
              if debian.INITRAMFS in hook]
    removed = [place for place, hook in enumerate(hooks) if "rm -rf" in hook]
    assert len(packed) == 1
    assert not removed or removed[0] > packed[0]
    made.install()
    log = (made.work / "mmdebstrap.log").read_text("utf-8")
    assert "INITRD=No" in log


# Where ldd finds the loader and the C library on machines of other kinds.
MACHINES = {
    "x86_64": ("/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu"),
    "ppc64le": ("/lib64/ld64.so.2", "/lib/powerpc64le-linux-gnu"),
    "i686": ("/lib/ld-linux.so.2", "/lib/i386-linux-gnu"),
    "riscv64": ("/lib/ld-linux-riscv64-lp64d.so.1", "/lib/riscv64-linux-gnu"),
    "s390x": ("/usr/lib/ld64.so.1", "/usr/lib/s390x-linux-gnu"),
    "no multiarch": ("/lib64/ld-linux-x86-64.so.2", "/usr/lib"),
    "loader in /bin": ("/usr/bin/ld-linux.so.2", "/lib/x86_64-linux-gnu"),
    "Arm's libraries": ("/lib64/ld-x.so.1", "/lib/aarch64-linux-gnu"),
    "aarch64": ("/lib64/ld-x.so.1", "/lib/x86_64-linux-gnu"),
}
# Of the new system, where usr/lib and the like have the names that it uses.
ITS_OWN = ("usr/lib/aarch64-linux-gnu/libc.so.6", "usr/bin/sh", "etc/passwd",
           "usr/lib/ld-linux-aarch64.so.1", "usr/sbin/mkinitramfs")


def new_system(root):
    for name in ITS_OWN:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n", "ascii")
    for name in ("bin", "lib", "sbin"):
        (root / name).symlink_to(f"usr/{name}")


def found_in(root):
    return sorted(p.relative_to(root) for p in root.rglob("*")
                  if p.is_symlink() or p.is_file())


@pytest.mark.parametrize("machine", MACHINES)
def test_only_the_machines_own_files_are_removed(maker, monkeypatch, tmp_path,
                                                 machine):
    """The hooks run on a system that has what they put there."""
    loader, folder = MACHINES[machine]
    library = pathlib.Path(folder, "libx.so.6")
    monkeypatch.setattr(debian.platform, "machine", lambda: machine)
    monkeypatch.setattr(debian, "libraries", lambda _:
                        (pathlib.Path(loader), [library]))
    monkeypatch.setattr(debian.shutil, "copy", lambda _, place:
                        place.write_text("the machine's", "ascii"))
    root = tmp_path / "root"
    new_system(root)
    before = found_in(root)
    made = maker(0)
    hooks = list(made.hooks())
    native = made.work / "native"
    used = any(str(native) in hook for hook in hooks)
    assert used == (machine in ("x86_64", "ppc64le"))
    if used:
        shutil.copytree(native, root, symlinks=True, dirs_exist_ok=True)
        assert (root / "lib64" / pathlib.Path(loader).name).exists()
        assert (root / folder.lstrip("/") / library.name).exists()
    for hook in (hook.partition("=")[2] for hook in hooks if "rm -" in hook):
        subprocess.run(["sh", "-c", hook, "exec", root], check=True)
    assert found_in(root) == before
    for name in ITS_OWN:
        assert (root / name).read_text("ascii") == f"{name}\n"
