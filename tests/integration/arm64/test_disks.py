# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's disks with their drivers: what is read, what is on the disk
afterwards, and what happens when a disk fails or is removed.

The image's white-box test `disk:` uses every disk that has the mark.
"""

import re
import struct

import pytest

from board import zcu102
from socle import BUILD, Monitor

pytestmark = pytest.mark.wbox
IMAGE = BUILD / "check" / "debug" / "vmm.bin"
SECTOR = 512
READ_END, INVERT_END, DISCARD_END, ZERO_END = 4096, 8192, 8704, 9216
SIZE = 64 << 20  # QEMU requires a power of two for SD cards


def sector(number, invert=False):
    words = [number << 16 | i for i in range(64)]
    if invert:
        words = [~word & (1 << 64) - 1 for word in words]
    return struct.pack("<64Q", *words)


def make_disk(path, size=SIZE):
    with open(path, "wb") as disk:
        for number in range(ZERO_END + 64):
            disk.write(sector(number))
        disk.truncate(size)
        disk.seek(0)
        disk.write(b"SOCLE TEST DISK".ljust(SECTOR, b"\0"))
    return path


def check_disk(path, zeroes=False):
    """The disk has what the white-box test wrote, and no other changes."""
    with open(path, "rb") as disk:
        assert disk.read(16) == b"SOCLE TEST DISK\0"
        disk.seek(SECTOR)
        for number in range(1, ZERO_END + 64):
            found = disk.read(SECTOR)
            if INVERT_END <= number < DISCARD_END:
                continue
            want = sector(number, READ_END <= number < INVERT_END)
            if zeroes and DISCARD_END <= number < ZERO_END:
                want = bytes(SECTOR)
            assert found == want, f"sector {number}"
        assert not disk.read(1 << 20).strip(b"\0")


def check_untouched(path):
    with open(path, "rb") as disk:
        disk.seek(SECTOR)
        for number in range(1, ZERO_END + 64):
            assert disk.read(SECTOR) == sector(number)


def run_test(host):
    text = host.cmd("test disk:", timeout=200, ok=False)
    assert "1 passed, 0 failed" in text, text


@pytest.fixture
def boot_sd(boot):
    """boot_sd(drive, ...): the ZCU102 with an SD card; None: without one."""

    def run(drive, *, extra=(), **options):
        if drive:
            extra = ["-drive", f"if=sd,index=1,{drive}", *extra]
        return boot(image=IMAGE, **zcu102(extra), **options)

    return run


def test_sd(boot_sd, tmp_path):
    disk = make_disk(tmp_path / "disk.img")
    host = boot_sd(f"file={disk},format=raw")
    assert re.search(r'mmc0: SD card "QEMU!", 64 MiB$', host.cmd("dmesg"), re.M)
    run_test(host)
    # Unbound and bound again, it is the same.
    host.cmd("device unbind mmc@ff170000")
    assert "mmc0 is gone" in host.cmd("dmesg")
    host.cmd("device bind mmc@ff170000")
    assert host.shutdown() == 0
    check_disk(disk)


def test_sd_large(boot_sd, tmp_path):
    """SDXC: more than 32 GiB, addressed by sectors."""
    disk = make_disk(tmp_path / "disk.img", 64 << 30)
    host = boot_sd(f"file={disk},format=raw")
    assert "65536 MiB" in host.cmd("dmesg")
    run_test(host)
    assert host.shutdown() == 0


def test_sd_removed(boot_sd, tmp_path):
    """The card is removed and another inserted at run time."""
    disk = make_disk(tmp_path / "disk.img")
    other = make_disk(tmp_path / "other.img", 128 << 20)
    socket_path = tmp_path / "qmp"
    host = boot_sd(f"id=card,file={disk},format=raw",
                   extra=Monitor.option(socket_path))
    monitor = Monitor(socket_path)
    monitor.run("eject", device="card", force=True)
    host.expect("mmc0 is gone")
    monitor.run("blockdev-change-medium", device="card", filename=str(other),
                format="raw")
    host.expect(r'mmc0: SD card "QEMU!", 128 MiB')
    run_test(host)
    assert host.shutdown() == 0
    check_disk(other)


def test_sd_absent(boot_sd):
    host = boot_sd(None)
    states = {device["name"]: device["state"]
              for device in host.json("device list")}
    assert states["mmc@ff170000"] == "bound"
    assert host.shutdown() == 0


def test_sdhci_pci(boot, tmp_path):
    disk = make_disk(tmp_path / "disk.img")
    host = boot(image=IMAGE, extra=[
        "-drive", f"if=none,id=d,file={disk},format=raw",
        "-device", "sdhci-pci", "-device", "sd-card,drive=d"])
    assert "mmc0: SD card" in host.cmd("dmesg")
    run_test(host)
    host.cmd("device unbind 0000:00:01.0")
    host.cmd("device bind 0000:00:01.0")
    assert host.shutdown() == 0
    check_disk(disk)


@pytest.fixture
def boot_nvme(boot):
    """boot_nvme(drive, ...): QEMU's virt with an NVMe controller."""

    def run(drive, **options):
        return boot(image=IMAGE, extra=[
            "-drive", f"if=none,id=d,{drive}",
            "-device", "nvme,serial=x,drive=d"], **options)

    return run


@pytest.mark.parametrize("gic", [2, 3])
def test_nvme(boot_nvme, tmp_path, gic):
    """With MSI-X, through GICv2m or the ITS, and a queue for each CPU."""
    disk = make_disk(tmp_path / "disk.img")
    host = boot_nvme(f"file={disk},format=raw", gic=gic, smp=4)
    assert re.search(r'nvme0: "QEMU NVMe Ctrl", \d queues', host.cmd("dmesg"))
    run_test(host)
    host.cmd("device unbind 0000:00:01.0")
    host.cmd("device bind 0000:00:01.0")
    assert host.cmd("dmesg").count("nvme0n1: 64 MiB") == 2
    assert host.shutdown() == 0
    check_disk(disk, zeroes=True)


def faulty(tmp_path, disk, *, once):
    """A drive that fails to read sector 1000, once or always."""
    rules = tmp_path / "blkdebug"
    rules.write_text(f"""[inject-error]
event = "none"
iotype = "read"
errno = "5"
sector = "1000"
once = "{'on' if once else 'off'}"
""")
    return f"file=blkdebug:{rules}:{disk},format=raw"


def test_nvme_error_once(boot_nvme, tmp_path):
    """A request that fails once is repeated, and its user sees no error."""
    disk = make_disk(tmp_path / "disk.img")
    host = boot_nvme(faulty(tmp_path, disk, once=True))
    run_test(host)
    assert host.shutdown() == 0
    check_disk(disk, zeroes=True)


def test_nvme_error(boot_nvme, tmp_path):
    """A request for a sector that cannot be read fails; the disk still
    works."""
    disk = make_disk(tmp_path / "disk.img")
    host = boot_nvme(faulty(tmp_path, disk, once=False))
    text = host.cmd("test disk:", timeout=200, ok=False)
    assert "nvme0n1: reading fails" in text
    assert re.search(r"nvme0n1: request 0 at sector \d+ fails: status 0x281",
                     host.cmd("dmesg"))
    assert "resetting" not in host.cmd("dmesg")
    assert host.shutdown() == 0
    check_untouched(disk)


@pytest.mark.long
def test_nvme_never_answers(boot_nvme, tmp_path):
    """A disk throttled almost to a halt: its commands are aborted, the
    controller is reset, and finally given up."""
    disk = make_disk(tmp_path / "disk.img")
    # At first the throttle lets requests pass: the boot's look at the disk.
    host = boot_nvme(f"file={disk},format=raw,throttling.bps-total=1")
    host.send("blockdev rescan nvme0n1\r")
    for _ in range(3):
        host.expect("does not end: aborting it", timeout=60)
        host.expect("resetting the controller")
    host.expect("no partitions: timed out")
    host.expect_prompt()
    host.send("blockdev rescan nvme0n1\r")
    host.expect("given up: timed out", timeout=60)
    host.expect_prompt()
    assert host.json("blockdev list") == []
    states = {device["name"]: device["state"]
              for device in host.json("device list")}
    assert states["0000:00:01.0"] == "bound"
    assert host.shutdown() == 0
