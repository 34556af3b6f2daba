# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests' disks: what Linux reads and writes, and commands at run time."""

import re
import struct
import zlib

import pytest

from socle import CTRL_C, MACHINES, bare, description

DISK = 'devices { disk0 { compatible = "virtio,block"; disk = "data"; %s }; };'

PATTERN = bytes((i * 7 + i // 251) & 0xff for i in range(1 << 20))


def disks(size="16M", more=""):
    return (f"blockdev create ram ram0 {size}\nvdisk create data ram0\n{more}"
            "guest create /guests/linux0.dtb\nguest start linux0\n")


def linux(boot, props="", script=None, files=None, **more):
    return boot({"linux0": description("linux0", extra=DISK % props)},
                script=script or disks(), files=files, **more)


def vdisk(host, name="data"):
    return host.json(f"vdisk info {name} --json")


def crc_of(host, name):
    """The disk's checksum, which is printed after the reports of progress."""
    return host.cmd(f"blockdev crc32 {name}", timeout=240).split()[-1]


@pytest.mark.parametrize("kind,props,vcpus", [
    (MACHINES[0], "", 1),
    (MACHINES[-1], 'ring = "packed"; queues = <2>;', 2),
    (MACHINES[-1], 'transport = "legacy";', 1),
], ids=["split", "packed", "legacy"])
def test_linux(boot, kind, props, vcpus):
    """Linux reads the image that the disk was created with, then writes random
    bytes, which the hypervisor and, in requests of several sizes, Linux read
    back."""
    host = boot({"linux0": description("linux0", vcpus=vcpus,
                                       extra=DISK % props)},
                script="blockdev create ram ram0 16M /images/pattern\n"
                       "vdisk create data ram0\n"
                       "guest create /guests/linux0.dtb\n"
                       "guest start linux0\n",
                files={"images/pattern": PATTERN}, **kind)
    with host.linux("linux0") as shell:
        assert shell.sh("cat /sys/block/vda/size") == str(16 * 2048)
        crc = shell.sh("dd if=/dev/vda bs=64k count=16 2>/dev/null | crc32")
        assert int(crc, 16) == zlib.crc32(PATTERN)
        assert shell.sh("cat /sys/block/vda/serial") == "data"
        assert len(shell.sh("ls /sys/block/vda/mq").split()) == vcpus
        shell.sh("dd if=/dev/urandom of=/tmp/random bs=1M count=16 2>/dev/null")
        # From both halves at once.
        for skip in (0, 8):
            shell.sh(f"dd if=/tmp/random of=/dev/vda bs=64k oflag=direct "
                     f"count=128 skip={16 * skip} seek={16 * skip} "
                     "2>/dev/null &")
        shell.sh("wait; sync", timeout=120)
        crc = shell.sh("crc32 </tmp/random").split()[0]
    assert crc_of(host, "ram0") == crc
    with host.linux("linux0") as shell:
        for size in ("4k", "32k", "128k", "1M"):
            got = shell.sh(f"dd if=/dev/vda bs={size} iflag=direct 2>/dev/null "
                           "| crc32", timeout=240)
            # On a slow machine, messages of the kernel may come before it.
            assert got.split()[-1] == crc, size
        shell.sh("dd if=/dev/zero of=/dev/vda bs=1M count=16 2>/dev/null; sync")
    assert crc_of(host, "ram0") == f"{zlib.crc32(bytes(16 << 20)):08x}"
    stats = host.json("vdisk stats --json")[0]
    assert stats["errors"] == 0 and stats["reads"] > 0 and stats["writes"] > 0
    info = vdisk(host)
    assert info["in_flight"] == 0 and info["by_the_worker"] > 0
    # The counts of each queue are the same from both sides.
    queues = host.json("vdisk stats data")
    assert [row["queue"] for row in queues] == [
        f"requests {n}" for n in range(vcpus)]
    assert sum(row["bytes"] for row in queues) == stats["read"] + \
        stats["written"]
    for row in queues:
        assert 0 < row["interrupts"] <= row["requests"] and row["kicks"] > 0
    assert host.json("guest queues linux0") == [
        {"device": "disk0", **row} for row in queues]
    assert host.shutdown() == 0


def test_at_run_time(boot):
    """Size, backend, limits and the read-only flag change while the guest
    runs."""
    host = linux(boot)
    read = "dd if=/dev/vda of=/dev/null bs=4k count=16 iflag=direct 2>/dev/null"
    write = "dd if=/dev/zero of=/dev/vda bs=4k count=1 oflag=direct 2>/dev/null"
    with host.linux("linux0") as shell:
        shell.sh(read)
    host.cmd("vdisk resize data 4M")
    with host.linux("linux0") as shell:
        shell.sh("for i in $(seq 50); do grep -qx 8192 /sys/block/vda/size "
                 "&& break; sleep 0.1; done; grep -qx 8192 /sys/block/vda/size")
        shell.sh(f"{read} && {write}")
        shell.sh(read.replace("vda", "vda skip=1020"), status=None)
    host.cmd("vdisk resize data all")

    # Without a backend there are I/O errors; with a new one, none.
    host.cmd("vdisk detach data")
    with host.linux("linux0") as shell:
        shell.sh(read, status=1)
        shell.sh(write, status=1)
    assert host.json("vdisk list --json")[0]["state"] == "detached"
    host.cmd("blockdev create ram ram1 8M")
    host.cmd("vdisk attach data ram1")
    with host.linux("linux0") as shell:
        shell.sh(f"{read} && {write}")
        shell.sh("for i in $(seq 50); do grep -qx 16384 /sys/block/vda/size "
                 "&& break; sleep 0.1; done; grep -qx 16384 /sys/block/vda/size")

    host.cmd("vdisk read-only data on")
    with host.linux("linux0") as shell:
        shell.sh(write, status=1)
        shell.sh(read)
    host.cmd("vdisk read-only data off")

    # 16 requests at 10 a second and a burst of one take a second and a half.
    host.cmd("vdisk limit data iops=10:1")
    with host.linux("linux0") as shell:
        took = shell.sh(f"a=$(cut -d' ' -f1 /proc/uptime); {read}; "
                        "b=$(cut -d' ' -f1 /proc/uptime); echo $a $b",
                        timeout=120).split()
        assert float(took[1]) - float(took[0]) >= 1.4
    assert vdisk(host)["had_to_wait"] >= 15
    # Waiting requests can be taken back, by a pause or a detach.
    host.cmd("vdisk limit data iops=1:1")
    with host.linux("linux0") as shell:
        shell.sh(f"{read} &")
    host.cmd("guest pause linux0")
    host.cmd("guest resume linux0")
    host.cmd("vdisk limit data none")
    with host.linux("linux0") as shell:
        shell.sh("wait; " + read)
    host.cmd("vdisk limit data iops=1:1")
    with host.linux("linux0") as shell:
        shell.sh(f"{read} &")
    host.cmd("guest destroy linux0")
    assert vdisk(host)["guest"] is None
    host.cmd("vdisk destroy data")
    host.cmd("blockdev destroy ram1")
    assert host.shutdown() == 0


def test_no_disk(boot):
    """A guest whose disk does not exist, or is another guest's, is refused,
    with the disk's name and what to do."""
    host = linux(boot, script="echo hello\n")
    begin = len(host.text)
    host.cmd("guest create /guests/linux0.dtb", ok=False)
    said = host.text[begin:]
    assert "there is no virtual disk 'data'" in said
    assert "vdisk create data BLOCKDEV" in said
    assert not host.guests()
    host.cmd("vdisk create data")
    host.cmd("guest create /guests/linux0.dtb")
    host.cmd("vdisk destroy data", ok=False)
    assert host.json("vdisk list --json")[0]["guest"] == "disk0 of linux0"
    host.cmd("guest destroy linux0")
    host.cmd("vdisk destroy data")


def gpt(sectors, parts):
    """A disk with these partitions, {number: (first, last)}."""
    disk = bytearray(sectors * 512)
    disk[446 + 4] = 0xee
    disk[446 + 8:446 + 16] = struct.pack("<II", 1, sectors - 1)
    disk[510:512] = b"\x55\xaa"
    array = bytearray(128 * 128)
    for number, (first, last) in parts.items():
        struct.pack_into("<16s16sQQ", array, (number - 1) * 128, b"\xab" * 16,
                         bytes([number]) * 16, first, last)
    for lba, other, entries in ((1, sectors - 1, 2),
                                (sectors - 1, 1, sectors - 33)):
        disk[entries * 512:(entries + 32) * 512] = array
        header = bytearray(struct.pack(
            "<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, lba, other,
            34, sectors - 34, b"g" * 16, entries, 128, 128,
            zlib.crc32(bytes(array))))
        struct.pack_into("<I", header, 16, zlib.crc32(bytes(header)))
        disk[lba * 512:lba * 512 + 92] = header
    return disk


def test_commands(boot):
    """Disks, partitions, images and copies, from the terminal."""
    disk = gpt(4096, {1: (64, 1087), 3: (2048, 4000)})
    disk[64 * 512:1088 * 512] = PATTERN[:512 << 10]
    host = boot({}, script="", files={"images/disk": bytes(disk),
                                      "images/part": PATTERN[:512 << 10]})
    host.cmd("blockdev create ram ram0 2M /images/disk")
    host.cmd("blockdev create file img /images/part")
    have = {b["name"]: b for b in host.json("blockdev list --json")}
    assert set(have) == {"ram0", "ram0p1", "ram0p3", "img"}
    assert have["ram0p1"]["size"] == 512 << 10
    assert have["ram0p1"]["part_of"] == "ram0"
    assert have["img"]["read_only"] is True
    crc = f"{zlib.crc32(PATTERN[:512 << 10]):08x}"
    assert crc_of(host, "ram0p1") == crc
    assert crc_of(host, "img") == crc
    host.cmd("blockdev copy img ram0p3", ok=True)
    host.cmd("blockdev create ram ram1 512K")
    host.cmd("blockdev copy ram0p1 ram1")
    assert crc_of(host, "ram1") == crc
    host.cmd("blockdev copy ram0 ram1", ok=False)  # smaller
    host.cmd("blockdev copy ram1 img", ok=False)   # read-only
    host.cmd("blockdev copy ram0 ram0p1", ok=False)  # its own partition
    host.cmd("vdisk create data ram0p1")
    assert "ram0" in host.cmd("blockdev destroy ram0", ok=False)
    host.cmd("vdisk create more ram0", ok=False)
    host.cmd("vdisk detach data")
    # The table is overwritten with zeroes: the partitions disappear.
    host.cmd("blockdev create ram zero 2M")
    host.cmd("blockdev copy zero ram0")
    host.cmd("blockdev rescan ram0")
    assert [b["name"] for b in host.json("blockdev list --json")] == \
        ["ram0", "img", "ram1", "zero"]
    host.cmd("blockdev destroy zero")
    for wrong in ("blockdev create ram ram0 1M", "blockdev create ram x 1000",
                  "blockdev create ram x 1M /none", "blockdev create disk x",
                  "blockdev info none", "blockdev destroy none",
                  "blockdev create ram x 64T", "vdisk create da/ta",
                  "vdisk attach data none", "vdisk resize data 77",
                  "vdisk limit data iops=x", "vdisk worker data cpus=99",
                  "vdisk worker data priority=99", "vdisk read-only data maybe",
                  "vdisk interrupts data", "vdisk interrupts data hold=11ms",
                  "vdisk interrupts data hold=soon",
                  "vdisk info none"):
        assert re.search(r"^error: ", host.cmd(wrong, ok=False), re.M), wrong
    host.cmd("vdisk limit data iops=100:200 bytes=1M")
    host.cmd("vdisk worker data cpus=1 priority=2 inline=4K")
    info = vdisk(host)
    assert (info["iops_limit"], info["iops_burst"]) == (100, 200)
    assert info["bytes_limit"] == 1 << 20
    assert info["worker_priority"] == 2 and info["worker_cpus"] == "1"
    host.cmd("vdisk limit data none")
    assert vdisk(host)["iops_limit"] == 0
    for setting, us in ("off", 0), ("2ms", 2000), ("default", 100):
        host.cmd(f"vdisk interrupts data hold={setting}")
        assert vdisk(host)["interrupt_hold_us"] == us


def test_long_work_stops(boot):
    """Reads and copies of a disk that is throttled to nothing show how far they
    are, and end at Ctrl-C; the disk can be used afterwards."""
    host = boot(extra=[
        "-drive", "if=none,id=d0,driver=null-co,size=67108864,read-zeroes=on,"
        "throttling.bps-total=4194304",
        "-device", "virtio-blk-pci,drive=d0"])
    host.cmd("blockdev create ram ram0 64M")
    for line in ("blockdev crc32 vda", "blockdev copy vda ram0"):
        host.send(f"{line}\r")
        host.expect("10% ", timeout=120)
        host.send(CTRL_C)
        host.expect("error: .*interrupted", timeout=120)
        host.expect_prompt()
    assert host.json("blockdev list")[0]["user"] is None
    host.cmd("blockdev create ram ram1 1M")
    assert crc_of(host, "ram1") == f"{zlib.crc32(bytes(1 << 20)):08x}"


def test_interrupts_held(boot):
    """Four that read at once keep the VCPU busy: one interrupt serves several
    requests, unless the disk is told not to hold them back."""
    host = linux(boot, props="interrupt-hold-us = <0>;")

    def interrupts():
        """For 100 requests."""
        before = host.json("vdisk stats data")[0]
        with host.linux("linux0") as shell:
            shell.sh("for i in 1 2 3 4; do dd if=/dev/vda of=/dev/null bs=4k "
                     "count=500 iflag=direct 2>/dev/null & done; wait")
        after = host.json("vdisk stats data")[0]
        done = after["requests"] - before["requests"]
        assert done >= 1900
        return 100 * (after["interrupts"] - before["interrupts"]) / done

    assert vdisk(host)["interrupt_hold_us"] == 0
    assert interrupts() == 100
    host.cmd("vdisk interrupts data hold=10ms")
    assert interrupts() < 70
    host.cmd("vdisk interrupts data hold=off")
    assert interrupts() == 100
    assert host.shutdown() == 0


# Some of the cases that the guest must have reached.
PARTS = ("disk-there", "disk-past-end", "disk-wraps", "disk-unknown",
         "disk-huge", "disk-data-on-ring", "disk-not-ram", "disk-after-resets")


@pytest.mark.parametrize("kind", MACHINES, ids=str)
def test_hostile(boot, kind):
    """Malformed requests of every kind do no harm, not even to the disk; the
    other guest's disk is not affected."""
    host = boot({"disk": bare("disk", "disk", extra=DISK % "")},
                script="blockdev create ram before 1M\n"
                       "blockdev create ram ram0 1M\n"
                       "blockdev create ram behind 1M\n"
                       "vdisk create data ram0\n"
                       "guest create /guests/disk.dtb\n", **kind)
    begin = len(host.text)
    host.cmd("guest start disk")
    host.attach("disk")
    host.expect(r"\nDONE\r*\n", timeout=240)
    host.detach()
    said = host.text[begin:]
    assert re.findall(r"^FAIL .*", said, re.MULTILINE) == []
    for part in PARTS:
        assert re.search(rf"^PASS {part}\b", said, re.MULTILINE), part
    zeroes = f"{zlib.crc32(bytes(1 << 20)):08x}"
    assert crc_of(host, "before") == zeroes
    assert crc_of(host, "behind") == zeroes
    host.expect_state("disk", "stopped")
    assert vdisk(host)["in_flight"] == 0
    host.cmd("guest destroy disk")
    host.cmd("vdisk destroy data")


# Instructions of the hypervisor for a request on a RAM disk, including the
# copy (4 KiB: 640), as measured, plus 5 % for other compilers. Issue 10's
# goals are 3000 for a request of 4 KiB with its interrupt, and 1200 for each
# in a batch of eight.
COSTS = {"read-4k": 3660, "read-512": 3120, "batch-4k": 1580, "batch-512": 990,
         "read-64k": 13800}


def measure(boot, what, script, **more):
    """Instructions of the hypervisor for each kind of request."""
    host = boot({"disk": bare("disk", "disk", extra=DISK % "",
                              boot=f'bootargs = "disk={what}";')},
                script=script + "guest create /guests/disk.dtb\n",
                smp=1, icount="shift=0,sleep=off", **more)
    host.send("guest start disk\nguest console disk\n")
    host.expect(r"\nDONE\r*\n", timeout=240)
    found = re.findall(r"^COST (\S+) (?:0x)?([0-9a-f]+) (?:0x)?([0-9a-f]+)",
                       host.text, re.MULTILINE)
    costs = {name: int(ticks, 16) * 16 / int(n, 16)
             for name, ticks, n in found}
    print(costs)
    return costs


def within(costs, most):
    assert set(costs) == set(most)
    for name, cost in costs.items():
        assert 0 < cost <= most[name], costs


@pytest.mark.parametrize("kind", MACHINES, ids=str)
def test_cost(boot, kind):
    within(measure(boot, "cost", "blockdev create ram ram0 4M\n"
                                 "vdisk create data ram0\n", **kind), COSTS)


# The same by the vdisk's thread instead of in the trap, on one CPU: waking the
# thread and switching to it and back are added.
WORKER_COSTS = {"read-4k": 5580, "read-64k": 15700}


def test_cost_worker(boot):
    within(measure(boot, "cost-worker", "blockdev create ram ram0 4M\n"
                   "vdisk create data ram0\nvdisk worker data inline=0\n"),
           WORKER_COSTS)


# The same on a disk of the host that does nothing; the hypervisor copies no
# data. When QEMU's own thread completes a request is not determined by virtual
# time, so the goal of issue 10 (6000 for 128 KiB) has to be reached in one of
# three runs.
HOST_COSTS = {"read-4k": 6000, "read-128k": 6000}


def test_cost_host(boot):
    for attempt in range(3):
        costs = measure(boot, "cost-host", "vdisk create data vda\n",
                        extra=["-blockdev", "driver=null-co,node-name=n0,"
                               "size=67108864,read-zeroes=off",
                               "-device", "virtio-blk-pci,drive=n0,"
                               "ioeventfd=off,disable-legacy=on"])
        if attempt == 2 or all(costs[k] <= HOST_COSTS[k] for k in costs):
            break
    within(costs, HOST_COSTS)


@pytest.mark.parametrize("ring,queues", [
    (",num-queues=1", 1), (",packed=on,num-queues=1", 1),
    (",num-queues=4", 2),
    (",packed=on,num-queues=4", 2)], ids=["split", "packed", "split-4",
                                          "packed-4"])
def test_host_disk(boot, tmp_path, ring, queues):
    """What Linux writes to a partition of the host's disk is in the disk's
    file, in that partition and nowhere else."""
    image = tmp_path / "disk.img"
    disk = gpt(65536, {1: (2048, 34815), 2: (34816, 65000)})
    disk[34816 * 512:34816 * 512 + len(PATTERN)] = PATTERN
    image.write_bytes(disk)
    host = boot({"linux0": description("linux0", vcpus=2, extra=DISK % "")},
                script="vdisk create data vda1\n"
                       "guest create /guests/linux0.dtb\n"
                       "guest start linux0\n",
                extra=["-drive", f"file={image},if=none,id=d0,format=raw",
                       "-device", f"virtio-blk-pci,drive=d0{ring}"])
    with host.linux("linux0") as shell:
        assert shell.sh("cat /sys/block/vda/size") == "32768"
        shell.sh("dd if=/dev/urandom of=/tmp/random bs=1M count=16 2>/dev/null")
        # From both halves at once.
        for skip in (0, 8):
            shell.sh(f"dd if=/tmp/random of=/dev/vda bs=64k oflag=direct "
                     f"count=128 skip={16 * skip} seek={16 * skip} "
                     "2>/dev/null &")
        shell.sh("wait; sync", timeout=120)
        crc = shell.sh("crc32 </tmp/random").split()[-1]
        shell.sh("echo 3 >/proc/sys/vm/drop_caches")
        assert shell.sh("crc32 </dev/vda").split()[-1] == crc
        # Beyond the partition's end is another partition.
        shell.sh("dd if=/tmp/random of=/dev/vda bs=512 seek=32768 count=1 "
                 "2>/dev/null", status=1)
    info = host.json("device info virtio0")
    used = [key for key in info if re.fullmatch(r"queue_\d+", key) and
            not re.search(r" 0 buffers", info[key])]
    assert len(used) == queues, info
    host.cmd("vdisk destroy data", ok=False)
    host.cmd("guest stop linux0")
    assert host.shutdown() == 0
    after = image.read_bytes()
    assert zlib.crc32(after[2048 * 512:34816 * 512]) == int(crc, 16)
    disk[2048 * 512:34816 * 512] = after[2048 * 512:34816 * 512]
    assert after == bytes(disk)


def test_slow_host_disk(boot, tmp_path):
    """A disk that does one request a second: detach and destroy wait for the
    requests it has been given, take back the others, and the terminal
    answers."""
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(16 << 20))
    host = boot({"linux0": description("linux0", extra=DISK % "")},
                script="", smp=2,
                extra=["-drive", f"file={image},if=none,id=d0,format=raw,"
                       "throttling.iops-total=2,throttling.iops-total-max=20",
                       "-device", "virtio-blk-pci,drive=d0"])
    host.cmd("vdisk create data vda")
    host.cmd("guest create /guests/linux0.dtb")
    host.cmd("guest start linux0")
    with host.linux("linux0", timeout=200) as shell:
        shell.sh("dd if=/dev/vda of=/dev/null bs=4k count=200 iflag=direct "
                 "2>/dev/null &")
        shell.sh("dd if=/dev/zero of=/dev/vda bs=64k count=100 oflag=direct "
                 "2>/dev/null &")
    host.cmd("vdisk stats")
    host.cmd("vdisk detach data", timeout=120)
    host.cmd("vdisk attach data vda", timeout=60)
    with host.linux("linux0") as shell:
        shell.sh("dd if=/dev/vda of=/dev/null bs=4k count=200 iflag=direct "
                 "2>/dev/null &")
    host.cmd("guest pause linux0", timeout=120)
    host.cmd("guest resume linux0")
    host.cmd("guest reset linux0", timeout=120)
    host.cmd("guest destroy linux0", timeout=120)
    host.cmd("vdisk destroy data")
    assert host.json("blockdev list --json")[0]["user"] is None
    assert host.shutdown() == 0
