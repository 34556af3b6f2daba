# SPDX-License-Identifier: GPL-2.0-or-later
"""Bundles made by hand: README's commands, and archives of other programs."""

import gzip
import os
import re
import shlex
import shutil
import subprocess

import pytest

from socle import BUILD, TOP, bare


def by_hand():
    """README's commands for a bundle without `make run`."""
    text = (TOP / "README.md").read_text(encoding="utf-8")
    block = re.search(r"By hand a bundle is packed and started with\n\n((?:    .*\n)+)", text).group(1)
    return [shlex.split(line) for line in
            block.replace("\\\n", " ").strip().splitlines()]


@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
    """The directory of a bundle: a description and its image, nothing else."""
    folder = tmp_path / "mybundle"
    (folder / "guests").mkdir(parents=True)
    (folder / "images").mkdir()
    (folder / "guests" / "first.dts").write_text(bare("hello", "hello"))
    shutil.copy(BUILD / "guest" / "hello.bin", folder / "images")
    return folder


def pack(folder, program, names=".", form="newc"):
    """What `find NAMES | PROGRAM -o -H FORM` writes in the folder."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    return subprocess.run(
        f"find {names} | {program} -o -H {form} 2>/dev/null",
        shell=True, cwd=folder, check=True, stdout=subprocess.PIPE).stdout


def complete(folder):
    """Adds what mkbundle would have added, and links of both kinds."""
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", "guests/first.dtb",
                    "guests/first.dts"], cwd=folder, check=True)
    (folder / "boot.cmd").write_text(
        "guest create /guests/first.dtb --start\n")
    (folder / "images" / "symbolic.bin").symlink_to("hello.bin")
    os.link(folder / "images" / "hello.bin", folder / "images" / "hard.bin")


def check(host, folder):
    """The guest runs; the complete file is found under each name."""
    size = (folder / "images" / "hello.bin").stat().st_size
    files = {row["name"]: row for row in host.json("ls /images")}
    assert files["hello.bin"]["bytes"] == files["hard.bin"]["bytes"] == size
    assert files["symbolic.bin"]["target"] == "hello.bin"
    head = host.cmd("hexdump /images/hello.bin 0 64")
    assert host.cmd("hexdump /images/hard.bin 0 64") == head
    assert host.cmd("hexdump /images/symbolic.bin 0 64") == head
    assert host.guests()["hello"]["state"] == "running"


def test_readme(qemu, folder):
    place = folder.parent
    (place / "tools").symlink_to(TOP / "tools")
    (place / "build").symlink_to(BUILD)
    pack_it, (program, *arguments) = by_hand()
    done = subprocess.run(pack_it, cwd=place, check=True, capture_output=True,
                          text=True)
    assert not done.stdout and not done.stderr
    # QEMU is started in another directory.
    names = {name: str(place / name) for name in
             ("build/vmm.bin", "bundle.cpio")}
    machine = qemu([names.get(word, word) for word in arguments],
                   program=program)
    machine.expect("hello: started")
    machine.expect("socle> ")
    machine.send("host shutdown\r")
    assert machine.wait_exit() == 0


@pytest.mark.parametrize("program", ["cpio", "bsdcpio"])
def test_writers(start, folder, program):
    complete(folder)
    packed = folder.parent / "bundle.cpio"
    packed.write_bytes(pack(folder, program))
    check(start(packed).boot(), folder)


def test_several(start, folder):
    """Concatenated archives, each with its trailer and padding."""
    complete(folder)
    packed = folder.parent / "bundle.cpio"
    packed.write_bytes(pack(folder, "cpio", "boot.cmd") + bytes(512) +
                       pack(folder, "cpio", "guests images -depth"))
    check(start(packed).boot(), folder)


@pytest.mark.parametrize("form, advice", [
    ("gzip", "it is gzip-compressed; uncompress it"),
    ("odc", "its format is odc; make it with -H newc")])
def test_refused(start, folder, form, advice):
    """There are no files; the reason is printed, and the prompt comes."""
    complete(folder)
    packed = folder.parent / "bundle.cpio"
    packed.write_bytes(gzip.compress(pack(folder, "cpio")) if form == "gzip"
                       else pack(folder, "cpio", form=form))
    host = start(packed)
    host.expect(re.escape(advice))
    host.boot()
    assert "error: " in host.cmd("ls /", ok=False)
