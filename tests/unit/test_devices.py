# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/build/devices.py: the disk and the network card of `make run`."""

import pathlib
import shlex
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]


def devices(default, **given):
    values = {"DISK": str(default), "NET": "user", "SSH": ""} | given
    return subprocess.run(
        [sys.executable, "-B", TOP / "tools/build/devices.py", "--default",
         str(default), *(f"{name}={value}" for name, value in values.items())],
        text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_default_disk_is_made_and_kept(tmp_path):
    disk = tmp_path / "build here" / "disk0,.img"
    said = devices(disk)
    assert said.returncode == 0, said.stderr
    # The magic number of ext2, 3 and 4, in the superblock.
    assert disk.read_bytes()[1024 + 56:1024 + 58] == b"\x53\xef"
    assert said.stdout.count("\n") == 1
    arguments = shlex.split(said.stdout)
    name = str(disk).replace(",", ",,")
    assert f"if=none,id=disk0,format=raw,file={name}" in arguments
    disk.write_bytes(b"the person's own")
    assert devices(disk).returncode == 0
    assert disk.read_bytes() == b"the person's own"


def test_none(tmp_path):
    said = devices(tmp_path / "disk", DISK="none", NET="none")
    assert said.returncode == 0
    assert said.stdout.strip() == ""
    assert not (tmp_path / "disk").exists()


def test_net(tmp_path):
    said = devices(tmp_path / "d", DISK="none", SSH="2222")
    assert "hostfwd=tcp:127.0.0.1:2222-:22" in said.stdout
    said = devices(tmp_path / "d", DISK="none", NET="tap:tap0")
    assert "tap,id=net0,ifname=tap0,script=no" in said.stdout


def test_mistakes(tmp_path):
    for given, right in (({"DISK": str(tmp_path / "not there")}, "none"),
                         ({"DISK": str(tmp_path)}, "an image of a disk"),
                         ({"DISK": "none", "NET": "bridge"}, "tap:NAME"),
                         ({"DISK": "none", "NET": "tap:"}, "tap:NAME"),
                         ({"DISK": "none", "SSH": "ssh"}, "a port's number")):
        said = devices(tmp_path / "default", **given)
        assert said.returncode == 1
        assert said.stdout == ""
        assert right in said.stderr
        assert said.stderr.count("\n") == 1
