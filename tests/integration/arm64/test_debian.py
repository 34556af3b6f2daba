# SPDX-License-Identifier: GPL-2.0-or-later
"""`make run DEBIAN=1`: a full Debian system, from its disk to its shutdown.

The disk is made once (`make debian-disk DEBIAN=1`, run first by check-long);
the tests start copies of it.
"""

import pathlib
import shutil
import socket
import subprocess

import pytest

from person import PROMPT, Person
from socle import BUILD, SLOWNESS, clean

DISK = BUILD / "debian.img"
KEY = pathlib.Path(f"{DISK}.key")
SHELL = "root@debian:~# "
ROOT_START = 65 << 20			# bytes: the second partition
# Makes a package with a single file, and the index of an archive that has it.
PACKAGE = r"""
mkdir -p /srv/apt/tree/DEBIAN /srv/apt/tree/usr/share/socle-test
cd /srv/apt
printf 'Package: socle-test\nVersion: 1\nArchitecture: all\n' >control
printf 'Maintainer: nobody <root@debian>\nDescription: a test\n' >>control
cp control tree/DEBIAN/control
echo from a package >tree/usr/share/socle-test/file
dpkg-deb --root-owner-group -b tree socle-test.deb
(cat control; echo Filename: ./socle-test.deb
echo Size: $(stat -c %s socle-test.deb)
echo SHA256: $(sha256sum socle-test.deb | cut -d ' ' -f 1)) >Packages
echo 'deb [trusted=yes] file:/srv/apt ./' >/srv/sources.list
"""
APT = ("apt-get -q -y -o Dir::Etc::SourceList=/srv/sources.list "
       "-o Dir::Etc::SourceParts=- ")


def free_port():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


class Debian(Person):
    """A Debian guest, by its console and by ssh."""

    def __init__(self, disk):
        self.port = free_port()
        super().__init__("DEBIAN=1", f"DISK={disk}", f"SSH={self.port}")

    def attach(self):
        self.child.send("guest console debian\r")

    def log_in(self):
        """Logs in on the console once the system has started."""
        self.child.expect("debian login: ", timeout=900 * SLOWNESS)
        self.child.send("root\r")
        self.child.expect("Password: ")
        self.child.send("socle\r")
        self.child.expect_exact(SHELL)
        # No escape sequences from here on.
        self.sh("export TERM=dumb PAGER=cat SYSTEMD_COLORS=0; dmesg -n 1")

    def sh(self, command, timeout=120):
        """Runs a command of one line, which must succeed; returns what it
        printed."""
        self.child.send(f"{command}; echo end''=$?\r")
        self.child.expect(r"end=(\d+)\r*\n", timeout=timeout * SLOWNESS)
        said, status = self.child.before, self.child.match.group(1)
        self.child.expect_exact(SHELL)
        said = clean(said).partition("\n")[2].strip()
        assert status == "0", f"{command}: {status}\n{said}"
        return said

    def ssh(self, *command, **more):
        """The same over ssh, through the forwarded port."""
        return subprocess.run(
            ["ssh", "-i", str(KEY), "-p", str(self.port), "-o",
             "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "BatchMode=yes", "-o", f"ConnectTimeout={int(90 * SLOWNESS)}",
             "root@127.0.0.1", *command], check=True, timeout=240 * SLOWNESS,
            stdout=subprocess.PIPE, **more).stdout


@pytest.fixture(name="debian")
def fixture_debian(tmp_path):
    assert DISK.exists(), "make debian-disk DEBIAN=1 makes the disk"
    disk = tmp_path / "debian.img"
    subprocess.run(["cp", "--sparse=always", DISK, disk], check=True)
    guest = Debian(disk)
    yield guest, disk
    guest.close()
    disk.unlink()


@pytest.mark.long
def test_debian(debian, tmp_path):
    """UEFI, GRUB, the distribution's kernel, systemd, apt and ssh work; the
    file system is clean after the shutdown."""
    guest, disk = debian
    guest.attach()
    guest.log_in()
    # The state is `running` only if no unit has failed.
    guest.sh("systemctl is-system-running --wait || systemctl --failed "
             "--no-pager && systemctl is-system-running", timeout=600)
    assert guest.sh("systemctl --failed --no-legend --no-pager") == ""
    assert guest.sh("findmnt -n -o SOURCE,FSTYPE /").split() == \
        ["/dev/vda2", "ext4"]
    assert guest.sh("findmnt -n -o FSTYPE /boot/efi") == "vfat"
    assert guest.sh("cat /sys/firmware/efi/fw_platform_size") == "64"
    assert "BOOT_IMAGE=/vmlinuz" in guest.sh("cat /proc/cmdline")
    assert guest.sh("uname -r").endswith("-cloud-arm64")
    assert guest.sh("nproc") == "2"

    script = tmp_path / "package"
    script.write_text(PACKAGE, "ascii")
    guest.ssh("sh -e", stdin=script.open(encoding="ascii"))
    guest.sh(f"{APT} update && {APT} install socle-test", timeout=600)
    assert guest.sh("cat /usr/share/socle-test/file") == "from a package"
    assert "ii  socle-test" in guest.sh("dpkg -l socle-test")
    # GRUB's configuration can be generated again, as for a new kernel.
    guest.sh("update-grub", timeout=600)
    assert "root=/dev/vda2" in guest.sh("cat /boot/grub/grub.cfg")

    sent = bytes(i * 31 & 0xff for i in range(1 << 20))
    guest.ssh("cat >/root/sent", input=sent)
    assert guest.ssh("cat /root/sent") == sent

    # What was written is there after a restart with GRUB's new configuration.
    first = guest.sh("cat /proc/sys/kernel/random/boot_id")
    guest.child.send("systemctl reboot\r")
    guest.log_in()
    assert guest.sh("cat /proc/sys/kernel/random/boot_id") != first
    assert guest.ssh("cat /root/sent") == sent
    assert guest.sh("cat /usr/share/socle-test/file") == "from a package"

    guest.child.send("systemctl poweroff\r")
    guest.child.expect("guest debian: powered off", timeout=300 * SLOWNESS)
    guest.child.send("\x1d")
    guest.child.expect_exact(PROMPT)
    guest.leave()
    said = subprocess.run(
        [shutil.which("e2fsck", path="/usr/sbin:/sbin"), "-f", "-n",
         f"{disk}?offset={ROOT_START}"], check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert said.returncode == 0, said.stdout
