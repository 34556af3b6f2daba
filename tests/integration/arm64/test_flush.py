# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest was told is flushed really is on the disk.

Killing QEMU would prove nothing, since the page cache survives. QEMU's driver
blklogwrites records all writes and flushes in order (in the format of Linux's
dm-log-writes). After a loss of power, only what precedes the last flush is
certain: each prefix of the record that ends at a flush is checked against what
the guest had been told by then, which it wrote to the disk itself
(tests/guest/arm64/flush.c)."""

import dataclasses
import struct

import pytest

from socle import description

SECTOR = 512
LOG_MAGIC = 0x6a736677736872
LOG_FLUSH, LOG_FUA = 1, 2
MARK_MAGIC = 0x6b72616d
EPOCHS, SLOTS, SLOT_SECTOR = 120, 64, 64


@dataclasses.dataclass
class Entry:
    """One write or flush."""
    flags: int
    sector: int
    data: bytes


def entries(path):
    """The record's entries, in order."""
    log = path.read_bytes()
    magic, version, count, size = struct.unpack_from("<QQQI", log)
    assert (magic, version, size) == (LOG_MAGIC, 1, SECTOR)
    at = SECTOR
    for _ in range(count):
        sector, sectors, flags, _ = struct.unpack_from("<QQQQ", log, at)
        at += SECTOR
        yield Entry(flags, sector, log[at:at + sectors * SECTOR])
        at += sectors * SECTOR


def epoch_of(disk, slot):
    """The epoch of a slot's content, which must be complete."""
    data = disk.get(SLOT_SECTOR + slot)
    if data is None:
        return 0
    words = struct.unpack("<64Q", data)
    assert words[1] == slot
    assert list(words[2:]) == [(words[0] << 32 | slot << 16) + i
                               for i in range(2, 64)]
    return words[0]


def check(path):
    """Checks that no mark claims more than the prefix up to the last flush
    before it has. Returns the numbers of prefixes, of marks, and of flushes
    with data at risk."""
    disk, kept = {}, {}
    prefixes = marks = at_risk = 0
    for entry in entries(path):
        for i in range(0, len(entry.data), SECTOR):
            disk[entry.sector + i // SECTOR] = entry.data[i:i + SECTOR]
            if entry.flags & LOG_FUA:
                kept[entry.sector + i // SECTOR] = entry.data[i:i + SECTOR]
        if entry.flags & LOG_FLUSH:
            prefixes += 1
            at_risk += disk != kept
            kept = dict(disk)
        elif entry.data and entry.sector == 0:
            epoch, magic = struct.unpack_from("<II", entry.data)
            assert magic == MARK_MAGIC
            told = struct.unpack_from(f"<{SLOTS}I", entry.data, 8)
            marks += 1
            assert max(told) == epoch == marks
            for slot in range(SLOTS):
                assert epoch_of(kept, slot) >= told[slot], \
                    f"slot {slot} of mark {epoch} after flush {prefixes}"
    return prefixes, marks, at_risk


DISKS = {"virtio": ("virtio-blk-pci,romfile=", "vda"),
         "nvme": ("nvme,serial=x", "nvme0n1")}


@pytest.mark.parametrize("kind,how,more", [
    ("virtio", "told", ""),
    ("virtio", "durable", ""),
    ("nvme", "told", ""),
    pytest.param("virtio", "told", "vdisk limit data iops=500:4",
                 marks=pytest.mark.long),
    pytest.param("nvme", "durable", "", marks=pytest.mark.long),
], ids=["virtio", "virtio-durable", "nvme", "virtio-limited", "nvme-durable"])
def test_flush(boot, tmp_path, kind, how, more):
    device, name = DISKS[kind]
    image, log = tmp_path / "disk", tmp_path / "log"
    image.write_bytes(bytes(1 << 20))
    log.write_bytes(b"")
    guest = description(
        "flush", memory=16, kernel="/images/flush.bin", initrd=None,
        bootargs=f"flush={how}", extra="devices { disk0 { "
        'compatible = "virtio,block"; disk = "data"; }; };')
    host = boot({"flush": guest}, script="", extra=[
        "-blockdev", f"driver=file,node-name=f,filename={image}",
        "-blockdev", "driver=raw,node-name=r,file=f",
        "-blockdev", f"driver=file,node-name=l,filename={log}",
        "-blockdev", "driver=blklogwrites,node-name=d,file=r,log=l,"
        "log-super-update-interval=1",
        "-device", f"{device},drive=d"])
    host.cmd(f"vdisk create data {name}")
    if more:
        host.cmd(more)
    host.cmd("guest create /guests/flush.dtb")
    host.send("guest start flush\rguest console flush\r")
    host.expect(r"DONE\r*\n", timeout=200)
    assert "WRONG" not in host.text
    host.detach()
    host.expect_state("flush", "stopped")
    assert host.shutdown() == 0
    prefixes, marks, at_risk = check(log)
    print(prefixes, marks, at_risk)
    assert marks == EPOCHS
    assert prefixes >= EPOCHS and at_risk >= EPOCHS
