# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks that fail, image files that cannot grow or are truncated, and false
partition tables: each causes an error there and nowhere else, and there is a
way to recover."""

import json
import struct
import zlib

import pytest

from manager import Watch, channel, soclectl
from socle import Monitor, bare, description
from test_block import PATTERN, gpt

DISK = 'devices { disk0 { compatible = "virtio,block"; disk = "data"; }; };'
CANNOT_WRITE, CANNOT_READ, CANNOT_FLUSH = 2048, 4096, 8192
RULES = f"""
[inject-error]
event = "none"
iotype = "write"
sector = "{CANNOT_WRITE}"
errno = "28"
once = "off"

[inject-error]
event = "none"
iotype = "read"
sector = "{CANNOT_READ}"
errno = "5"
once = "off"
"""
DEVICES = {"virtio": ("virtio-blk-pci,romfile=,rerror=report,werror=report",
                      "vda"),
           "nvme": ("nvme,serial=x", "nvme0n1")}


def write(sector):
    return ("dd if=/dev/zero of=/dev/vda bs=4k count=1 oflag=direct "
            f"seek={sector // 8} 2>/dev/null")


def read(sector):
    return ("dd if=/dev/vda of=/dev/null bs=4k count=1 iflag=direct "
            f"skip={sector // 8} 2>/dev/null")


@pytest.mark.parametrize("kind", DEVICES)
def test_errors(boot, tmp_path, kind):
    """A sector that cannot be read, and one whose write fails with ENOSPC: the
    guest's request fails, the next ones do not; a reset and another backend
    recover."""
    device, name = DEVICES[kind]
    rules, image = tmp_path / "rules", tmp_path / "image"
    rules.write_text(RULES)
    image.write_bytes(bytes(16 << 20))
    host = boot({"linux0": description("linux0", extra=DISK)}, script="",
                extra=["-drive", f"if=none,id=d,format=raw,"
                       f"file=blkdebug:{rules}:{image}",
                       "-device", f"{device},drive=d"])
    host.cmd(f"vdisk create data {name}")
    host.cmd("guest create /guests/linux0.dtb --start")
    for begin in ("", "guest reset linux0"):
        if begin:
            host.cmd(begin)
        with host.linux("linux0", timeout=180) as shell:
            shell.sh("dmesg -n 1")
            shell.sh(write(CANNOT_WRITE), status=1)
            shell.sh(read(CANNOT_READ), status=1)
            for good in (read(CANNOT_WRITE), write(CANNOT_READ), read(0),
                         write(8), "sync"):
                shell.sh(good)
    stats = host.json("vdisk stats")[0]
    assert stats["errors"] >= 4
    assert stats["reads"] > 0 and stats["writes"] > 0
    host.cmd("blockdev create ram ram0 16M")
    host.cmd("vdisk detach data")
    host.cmd("vdisk attach data ram0")
    with host.linux("linux0") as shell:
        shell.sh(f"{write(CANNOT_WRITE)} && {read(CANNOT_READ)}")
    assert host.shutdown() == 0


TWO = """devices {
	disk0 { compatible = "virtio,block"; disk = "data"; };
	disk1 { compatible = "virtio,block"; disk = "other"; };
};"""
# Every write succeeds, but no flush.
FLUSH_RULES = """
[inject-error]
event = "flush_to_disk"
iotype = "flush"
errno = "5"
once = "off"
"""


def two_disks(boot, name, extra):
    """Linux with two disks: vda on a disk of the host, vdb in memory."""
    host = boot({"linux0": description("linux0", extra=TWO)}, script="",
                extra=extra)
    host.cmd("blockdev create ram ram0 16M")
    host.cmd(f"vdisk create data {name}")
    host.cmd("vdisk create other ram0")
    host.cmd("guest create /guests/linux0.dtb --start")
    return host


def errors(host):
    return {row["name"]: row["errors"] for row in host.json("vdisk stats")}


@pytest.mark.parametrize("kind", DEVICES)
def test_flush_fails(boot, tmp_path, kind):
    """A flush that fails on the disk is an I/O error of the guest's request,
    not a success, and on that disk alone; writes are not affected, and another
    backend recovers."""
    device, name = DEVICES[kind]
    rules, image = tmp_path / "rules", tmp_path / "image"
    rules.write_text(FLUSH_RULES)
    image.write_bytes(bytes(16 << 20))
    host = two_disks(boot, name, ["-drive", f"if=none,id=d,format=raw,"
                                  f"file=blkdebug:{rules}:{image}",
                                  "-device", f"{device},drive=d"])
    # Status 0 if it fails with EIO.
    save = ("dd if=/dev/urandom of=/dev/%s bs=4k count=4 conv=fsync 2>&1 | "
            "grep -q 'Input/output error'")
    with host.linux("linux0", timeout=180) as shell:
        shell.sh("dmesg -n 1")
        shell.sh(save % "vdb", status=1)
        shell.sh(save % "vda", status=0)
        shell.sh(save % "vdb", status=1)
        shell.sh(f"{write(8)} && {read(8)}")
    assert errors(host)["data"] > 0 and errors(host)["other"] == 0
    stats = {row["name"]: row for row in host.json("vdisk stats")}
    assert stats["data"]["flushes"] == 0 and stats["other"]["flushes"] > 0
    host.cmd("blockdev create ram ram1 16M")
    host.cmd("vdisk detach data")
    host.cmd("vdisk attach data ram1")
    with host.linux("linux0") as shell:
        shell.sh(save % "vda", status=1)
    assert host.shutdown() == 0


def test_cut_off(boot, tmp_path):
    """A disk's file is truncated while a guest that ignores this goes on using
    it: requests beyond the new end fail with VIRTIO_BLK_S_IOERR, those before
    it do not, and the guest's other disk is not affected; a longer file and
    another backend recover. Managers are told."""
    image = tmp_path / "image"
    image.write_bytes(PATTERN * 4)
    management = channel(tmp_path / "management")
    host = boot({"disk": bare("disk", "disk", extra=TWO,
                              boot='bootargs = "disk=cut";')}, script="",
                append=management["append"], extra=[
                    *management["extra"],
                    "-drive", f"if=none,id=d,format=raw,file={image}",
                    "-device", "virtio-blk-pci,romfile=,rerror=report,"
                    "werror=report,drive=d",
                    *Monitor.option(tmp_path / "qmp")])
    monitor = Monitor(tmp_path / "qmp")
    host.cmd("blockdev create ram ram0 4M")
    host.cmd("vdisk create data vda")
    host.cmd("vdisk create other ram0")
    host.cmd("guest create /guests/disk.dtb --start")
    watch = Watch(host, tmp_path / "management", "disk", "disk")
    # The guest has read the last sectors, and waits for each of these steps.
    host.attach("disk")
    host.expect("CUT ME")
    monitor.run("block_resize", device="d", size=1 << 20)
    assert image.stat().st_size == 1 << 20
    host.expect("STRETCH ME")
    # The file was not extended, and nothing was written elsewhere in it.
    assert image.read_bytes() == bytes([0x5a]) * 4096 + PATTERN[4096:]
    monitor.run("block_resize", device="d", size=4 << 20)
    host.expect("DETACH ME")
    host.detach()
    host.cmd("vdisk detach data")
    host.attach("disk")
    host.expect("ATTACH ME")
    host.detach()
    host.cmd("blockdev create ram ram1 4M")
    host.cmd("vdisk attach data ram1")
    begin = len(host.text)
    host.attach("disk")
    host.expect(r"\nDONE\r*\n")
    host.detach()
    # The attached console replays everything from the beginning.
    said = host.text[begin:]
    assert "FAIL" not in said
    assert said.count("PASS cut-") == 12, said
    watch.expect("disk", "disk0: ")
    watch.end()
    assert errors(host)["other"] == 0
    assert host.shutdown() == 0


# Memory of a guest, in MiB: too much for two guests on a host with 1 GiB.
LARGE = 640


class Stalled:
    """A host with a disk that is throttled almost to a halt, with reads of a
    guest in flight; and a second terminal to use while the first one waits."""

    def __init__(self, boot, tmp_path, device, how):
        (tmp_path / "image").write_bytes(b"\xa5" * (16 << 20))
        self.where = str(tmp_path / "management")
        management = channel(self.where)
        self.host = boot(
            {name: bare(name, "disk", memory=LARGE, extra=DISK, boot=boot_with)
             for name, boot_with in (
                 ("first", f'bootargs = "disk={how}";'),
                 ("second", 'bootargs = "disk=flight";'))},
            script="", append=management["append"],
            extra=["-drive", f"if=none,id=d,format=raw,file={tmp_path}/image",
                   *management["extra"], "-device", f"{device},drive=d",
                   *Monitor.option(tmp_path / "qmp")])
        self.monitor = Monitor(tmp_path / "qmp")

    def throttle(self, bps):
        """Bytes a second; 0: no limit."""
        self.monitor.run("block_set_io_throttle", device="d", bps=bps, bps_rd=0,
                         bps_wr=0, iops=0, iops_rd=0, iops_wr=0)

    def ask(self, *line):
        return soclectl(self.where, *line)

    def in_flight(self):
        _, out, _ = self.ask("vdisk", "info", "data", "--json")
        return json.loads(out)["in_flight"]

    def not_given_away(self):
        """The disk still has reads, and their memory was given to no other
        guest."""
        assert self.in_flight() > 0
        status, out, err = self.ask("guest", "create", "/guests/second.dtb")
        assert status == 1
        assert "which this host has free" in out + err, out + err
        assert self.in_flight() > 0


@pytest.mark.parametrize("kind", DEVICES)
@pytest.mark.parametrize("what", ["crash", "destroy", "reset", "pause"])
def test_in_flight(boot, tmp_path, kind, what):
    """A guest crashes, is destroyed, reset or paused while a disk that does
    not answer has requests for its memory: it keeps this memory until the disk
    has finished, and can be used again afterwards."""
    device, name = DEVICES[kind]
    crash = what == "crash"
    stalled = Stalled(boot, tmp_path, device.split(",rerror")[0],
                      "flight-crash" if crash else "flight")
    host = stalled.host
    host.cmd(f"vdisk create data {name}")
    host.cmd("guest create /guests/first.dtb")
    stalled.throttle(1)
    host.send("guest start first\rguest console first\r")
    # The guest's line and the log's come from different threads, in any order.
    host.expect("VCPU 0 crashed: " if crash else "\nASKED\r*\n")
    host.detach()
    # The command finishes first, and only then the next one runs.
    host.send(f"guest {'destroy' if crash else what} first\recho over\r")
    stalled.not_given_away()
    assert not host.look("\nover\r*\n", timeout=1)
    stalled.throttle(0)
    host.expect("\nover\r*\n")
    if what == "pause":
        host.expect_state("first", "paused")
        assert stalled.in_flight() == 0
        host.cmd("guest resume first")
    if what in ("pause", "reset"):
        host.attach("first")
        host.expect("PASS disk-flight")
        host.detach()
        host.expect_state("first", "stopped")
        host.cmd("guest destroy first")
    assert host.guests() == {}
    host.cmd("guest create /guests/second.dtb --start")
    host.attach("second")
    host.expect("PASS disk-flight")
    host.detach()
    assert host.shutdown() == 0


def mbr(*parts):
    """An MBR with (type, first, sectors) in its table."""
    block = bytearray(512)
    for n, (kind, first, sectors) in enumerate(parts):
        block[446 + 16 * n + 4] = kind
        struct.pack_into("<II", block, 446 + 16 * n + 8, first, sectors)
    block[510:512] = b"\x55\xaa"
    return bytes(block)


def chain(sectors, *blocks):
    """A disk with these blocks, {sector: content}."""
    disk = bytearray(sectors * 512)
    for at, block in blocks:
        disk[at * 512:at * 512 + 512] = block
    return bytes(disk)


def cut(disk):
    return bytes(disk[:len(disk) // 2])


# The content of a disk, and which of its partitions are valid.
TABLES = {
    "good": (gpt(4096, {1: (64, 1087), 2: (2048, 4000)}), [1, 2]),
    "outside": (gpt(4096, {1: (64, 1087), 2: (2048, 9999)}), [1]),
    "far": (gpt(4096, {1: (64, 1087), 2: (2048, 2**63)}), [1]),
    "backward": (gpt(4096, {1: (64, 1087), 2: (4000, 2048)}), [1]),
    "overlap": (gpt(4096, {1: (64, 1087), 2: (1000, 2000)}), [1]),
    "on-table": (gpt(4096, {1: (64, 1087), 2: (2, 40)}), [1]),
    "on-backup": (gpt(4096, {1: (64, 1087), 2: (2048, 4095)}), [1]),
    # The second half with the backup table is missing: the table is not this
    # disk's.
    "cut": (cut(gpt(4096, {1: (64, 1087), 2: (2048, 4000)})), []),
    "mbr": (chain(4096, (0, mbr((0x83, 64, 1000), (0x83, 2048, 1000)))),
            [1, 2]),
    "mbr-outside": (chain(4096, (0, mbr((0x83, 64, 1000),
                                        (0x83, 2048, 9000)))), [1]),
    "mbr-overlap": (chain(4096, (0, mbr((0x83, 64, 1000),
                                        (0x83, 1000, 1000)))), [1]),
    # A chain of logical partitions in which the second points to itself.
    "mbr-loop": (chain(4096, (0, mbr((0x83, 64, 100), (5, 1024, 2048))),
                       (1024, mbr((0x83, 16, 100), (5, 512, 1024))),
                       (1536, mbr((0x83, 16, 100), (5, 512, 1024)))),
                 [1, 5, 6]),
}


def test_lying_tables(boot):
    """GPTs with right checksums and MBRs with impossible contents: what is
    wrong is refused with a line that says what it is; the rest is there."""
    host = boot({}, script="", files={f"images/{name}": bytes(disk)
                                      for name, (disk, _) in TABLES.items()})
    for name, (disk, parts) in TABLES.items():
        begin = len(host.text)
        host.cmd(f"blockdev create ram d {len(disk)} /images/{name}")
        have = {b["name"]: b for b in host.json("blockdev list")}
        assert set(have) == {"d", *(f"d{n}" for n in parts)} or \
            set(have) == {"d", *(f"dp{n}" for n in parts)}, name
        if name not in ("good", "mbr"):
            assert "warning: block: d: " in host.text[begin:], name
        assert sum(b["size"] for b in have.values()) <= 2 * len(disk)
        crc = host.cmd("blockdev crc32 d").split()[-1]
        assert int(crc, 16) == zlib.crc32(bytes(disk))
        host.cmd("blockdev destroy d")
