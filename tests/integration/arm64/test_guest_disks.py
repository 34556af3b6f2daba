# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux guests on disks of the host, with the host's drivers: data go from the
controller to the guest's memory and back."""

import hashlib
import random

from board import zcu102
from socle import description

GUEST = description("linux0", extra="devices { disk0 { "
                    'compatible = "virtio,block"; disk = "data"; }; };')
PART = 16 << 20


def script(blockdev):
    return (f"vdisk create data {blockdev}\n"
            "guest create /guests/linux0.dtb\nguest start linux0\n")


def make_disk(path, seed):
    path.write_bytes(random.Random(seed).randbytes(4 * PART))
    return path


def check_guest(host, disk):
    """What the guest reads is what is on the disk, and what it writes is there
    afterwards."""
    digest = hashlib.sha256(disk.read_bytes()).hexdigest()
    with host.linux("linux0") as shell:
        assert digest in shell.sh("sha256sum /dev/vda", timeout=200)
        shell.sh("dd if=/dev/vda of=/dev/vda bs=1M count=16 seek=32 "
                 "conv=notrunc,fsync", timeout=200)
    assert host.shutdown() == 0
    after = disk.read_bytes()
    assert after[2 * PART:3 * PART] == after[:PART]
    assert hashlib.sha256(after).hexdigest() != digest


def test_nvme(boot, tmp_path):
    disk = make_disk(tmp_path / "disk.img", 1)
    host = boot({"linux0": GUEST}, script=script("nvme0n1"), extra=[
        "-drive", f"if=none,id=d,file={disk},format=raw",
        "-device", "nvme,serial=x,drive=d"])
    check_guest(host, disk)


def test_sd(boot, tmp_path):
    """The ZCU102's SD card; its controller is not coherent with the caches."""
    disk = make_disk(tmp_path / "disk.img", 2)
    host = boot({"linux0": GUEST}, script=script("mmc0"), **zcu102([
        "-drive", f"if=sd,index=1,file={disk},format=raw"]))
    check_guest(host, disk)
