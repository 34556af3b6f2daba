# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's drivers: PCI, VirtIO disks, cards and consoles, on all
transports."""

import hashlib
import os
import re
import socket
import subprocess
import time
import zlib

import pytest

import socle as harness

MIB = 1 << 20


def image(path, size=3 * MIB):
    """A file of random bytes for a disk; its path and checksum."""
    content = os.urandom(size)
    path.write_bytes(content)
    return path, f"{zlib.crc32(content):08x}"


def disk(path, name, device, options=""):
    return ("-drive", f"if=none,id={name},format=raw,file={path}{options}",
            "-device", f"{device},drive={name}")


TRANSPORTS = {
    "mmio": "virtio-blk-device",
    "pci": "virtio-blk-pci,romfile=",
    "pci-legacy": "virtio-blk-pci,disable-modern=on,disable-legacy=off,romfile=",
    "pci-intx": "virtio-blk-pci,vectors=0,romfile=",
    "pci-packed": "virtio-blk-pci,packed=on,num-queues=4,romfile=",
}


def devices(machine):
    """{name: row} of `device list`."""
    return {row["name"]: row for row in machine.json("device list")}


def disk_of(machine, device):
    """The block device that is on a device."""
    for row in machine.json("blockdev list"):
        if row["device"] == device:
            return row["name"]
    return None


@pytest.mark.parametrize("kind", harness.MACHINES, ids=str)
@pytest.mark.parametrize("legacy", [True, False], ids=["mmio1", "mmio2"])
def test_disks(boot, tmp_path, kind, legacy):
    """A disk on each transport: its content is the file's, also after unbind
    and bind."""
    extra = ["-global", f"virtio-mmio.force-legacy={str(legacy).lower()}"]
    sums = {}
    for number, (name, device) in enumerate(TRANSPORTS.items()):
        size = (number + 1) * MIB + number * 512
        path, crc = image(tmp_path / name, size)
        sums[size] = crc
        extra += disk(path, name, device)
    machine = boot(**kind, extra=extra)
    rows = machine.json("blockdev list")
    assert {row["size"] for row in rows} == set(sums)
    for row in rows:
        assert machine.cmd(f"blockdev crc32 {row['name']}") == sums[row["size"]]
    packed = [row["size"] for row in rows if "packed" in
              machine.json(f"device info {row['device']}")["queue_0"]]
    assert packed == [len(TRANSPORTS) * MIB + (len(TRANSPORTS) - 1) * 512]
    for row in rows:
        machine.cmd(f"device unbind {row['device']}")
    assert machine.json("blockdev list") == []
    for row in rows:
        machine.cmd(f"device bind {row['device']}")
        name = disk_of(machine, row["device"])
        assert machine.cmd(f"blockdev crc32 {name}") == sums[row["size"]]
    # The host bridge with everything behind it is unbound and bound, too.
    bridge = next(name for name in devices(machine) if name.startswith("pcie"))
    machine.cmd(f"device unbind {bridge}")
    assert len(machine.json("blockdev list")) == 1
    machine.cmd(f"device bind {bridge}")
    assert {machine.cmd(f"blockdev crc32 {row['name']}")
            for row in machine.json("blockdev list")} == set(sums.values())


@pytest.mark.parametrize("kind", harness.MACHINES, ids=str)
def test_pci(boot, kind):
    """Functions behind bridges have addresses and the kind of interrupt
    available."""
    machine = boot(**kind, extra=[
        "-device", "pcie-root-port,id=rp0,chassis=1",
        "-device", "virtio-rng-pci,bus=rp0",
        "-device", "pcie-pci-bridge,id=br0",
        "-device", "virtio-rng-pci,bus=br0,addr=3",
        "-device", "edu"])
    found = devices(machine)
    behind_port = machine.json("device info 0000:01:00.0")
    assert found["0000:01:00.0"]["driver"] == "virtio-pci"
    assert behind_port["interrupts"] == "MSI-X"
    assert "no place" not in str(behind_port)
    # Conventional PCI has no MSIs here: its INTx line goes through the bridge.
    behind_bridge = machine.json("device info 0000:02:03.0")
    assert behind_bridge["state"] == "bound"
    assert "no place" not in str(behind_bridge)
    counts = {row["name"]: row["count"] for row in machine.json("irq list")}
    assert counts.get("0000:01:00.0", 0) + counts.get("pci-intx", 0) > 0
    rngs = [name for name, row in found.items()
            if row["driver"] == "virtio-rng"]
    assert len(rngs) == 2
    for name in rngs:
        # Every request was answered: none is left in the device's queue.
        assert "0 in use" in machine.json(f"device info {name}")["queue_0"]


def test_writing(boot, tmp_path):
    """What is copied to a disk is in its file."""
    target, _ = image(tmp_path / "target", MIB)
    content = os.urandom(MIB)
    machine = boot(files={"data": content},
                   extra=disk(target, "target", TRANSPORTS["pci"]))
    machine.cmd("blockdev create ram scratch 1M /data")
    machine.cmd("blockdev copy scratch vda")
    assert target.read_bytes() == content


def test_errors(boot, tmp_path):
    """A disk that fails to read: an error, and the other disks still work."""
    rules = tmp_path / "rules"
    rules.write_text('[inject-error]\nevent = "read_aio"\nsector = "2048"\n'
                     'errno = "5"\nonce = "off"\n')
    bad, _ = image(tmp_path / "bad")
    good, crc = image(tmp_path / "good", MIB)
    machine = boot(extra=[
        *disk(f"blkdebug:{rules}:{bad}", "bad", TRANSPORTS["pci"],
              ",rerror=report"),
        *disk(good, "good", TRANSPORTS["mmio"])])
    rows = {row["size"]: row["name"] for row in machine.json("blockdev list")}
    text = machine.cmd(f"blockdev crc32 {rows[3 * MIB]}", ok=False)
    assert text.startswith("error: ")
    stats = {row["name"]: row for row in machine.json("blockdev stats")}
    assert stats[rows[3 * MIB]]["errors"] > 0
    assert machine.cmd(f"blockdev crc32 {rows[MIB]}") == crc


@pytest.mark.long
def test_no_answer(boot, tmp_path):
    """A disk that does not answer: its users get an error after two resets."""
    path, _ = image(tmp_path / "disk")
    machine = boot(extra=disk(path, "slow", TRANSPORTS["pci"],
                              ",throttling.iops-total=1,"
                              "throttling.iops-size=512"))
    text = machine.cmd("blockdev crc32 vda", timeout=200, ok=False)
    assert text.count("does not answer: reset") >= 2
    assert "error: " in text
    assert devices(machine)["virtio0"]["state"] == "bound"


def test_resize(boot, tmp_path):
    """A disk that grows while it is in use."""
    path, _ = image(tmp_path / "disk", MIB)
    machine = boot(extra=disk(path, "grows", TRANSPORTS["pci"]))
    machine.send("\x01c")
    machine.expect(r"\(qemu\) ")
    machine.send("block_resize grows 2M\r")
    machine.expect(r"\(qemu\) ")
    machine.send("\x01c")
    limit = time.monotonic() + 30 * harness.SLOWNESS
    while machine.json("blockdev list")[0]["size"] != 2 * MIB:
        assert time.monotonic() < limit
        time.sleep(0.2)


@pytest.mark.parametrize("device", ["virtio-net-device",
                                    "virtio-net-pci,romfile="])
def test_card(boot, device):
    """A card is a port, with the card's address and the state of its link."""
    machine = boot(extra=["-netdev", "user,id=net",
                          "-device", f"{device},netdev=net,id=card,"
                          "mac=52:54:00:0a:0b:0c"])
    port = machine.json("net port list")[0]
    assert port["name"] == "eth0"
    assert port["address"] == "52:54:00:0a:0b:0c"
    name = next(name for name, row in devices(machine).items()
                if row["driver"] == "virtio-net")
    machine.cmd(f"device unbind {name}")
    assert machine.json("net port list") == []
    machine.cmd(f"device bind {name}")
    assert machine.json("net port list")[0]["name"] == "eth0"


@pytest.mark.parametrize("device", ["virtio-net-device",
                                    "virtio-net-pci,romfile=",
                                    "virtio-net-pci,packed=on,romfile="])
def test_uplink(boot, tmp_path, device):
    """A guest reaches the machine beyond the card; every byte arrives."""
    content = os.urandom(300 * 1024)
    (tmp_path / "tftp").mkdir()
    (tmp_path / "tftp" / "data").write_bytes(content)
    guest = harness.description("linux0", extra="""devices {
        net0 { compatible = "virtio,net"; switch = "lan"; }; };""")
    machine = boot({"linux0": guest}, extra=[
        "-netdev", f"user,id=net,tftp={tmp_path / 'tftp'}",
        "-device", f"{device},netdev=net"])
    machine.cmd("net port attach eth0 lan")
    with machine.linux("linux0") as shell:
        shell.sh("ip link set eth0 up; "
                 "ip addr replace 10.0.2.15/24 dev eth0")
        shell.sh("ping -c 2 -W 5 -s 1400 10.0.2.2")
        shell.sh("tftp -g -r data -l /tmp/data 10.0.2.2", timeout=120)
        assert (hashlib.md5(content).hexdigest() in
                shell.sh("md5sum /tmp/data"))


# QEMU in network and user namespaces of its own, in which it needs no privilege for
# the one backend of its that has several queues.
TAP = """#!/bin/sh
exec unshare -rn sh -c 'ip tuntap add tap0 mode tap multi_queue &&
	ip link set tap0 up && ip addr add 10.0.9.1/24 dev tap0 &&
	exec "$@"' sh %s "$@"
"""


def queue_buffers(machine, name):
    """{queue: buffers it was given} of a VirtIO device."""
    return {int(queue): int(buffers) for queue, buffers in re.findall(
        r"Queue (\d+):\s.* (\d+) buffers", machine.cmd(f"device info {name}"))}


def test_pairs_of_queues(boot, tmp_path):
    """Each CPU sends in a queue of its own, and the answers arrive."""
    qemu = tmp_path / "qemu"
    qemu.write_text(TAP % os.environ.get("QEMU", harness.MACHINE.PROGRAM))
    qemu.chmod(0o755)
    if subprocess.run([qemu, "--version"], check=False,
                      stdout=subprocess.DEVNULL).returncode:
        pytest.skip("no user namespaces with a tap device here")
    guest = harness.description("linux0", vcpus=2, extra="""devices {
        net0 { compatible = "virtio,net"; switch = "lan"; }; };""").replace(
            "count = <2>;", "count = <2>; affinity = <0 1>;")
    machine = boot({"linux0": guest}, program=str(qemu), extra=[
        "-netdev", "tap,id=net,ifname=tap0,queues=2,script=no,downscript=no",
        "-device", "virtio-net-pci,netdev=net,mq=on,romfile="])
    machine.cmd("net port attach eth0 lan")
    name = next(device["name"] for device in machine.json("device list")
                if device["driver"] == "virtio-net")
    assert re.search(r"Queue pairs:\s+2 of 2\n",
                     machine.cmd(f"device info {name}"))
    before = queue_buffers(machine, name)
    assert set(before) == {0, 1, 2, 3, 4}
    with machine.linux("linux0") as shell:
        shell.sh("ip link set eth0 up; ip addr replace 10.0.9.2/24 dev eth0")
        for cpu in (1, 2):
            shell.sh(f"taskset {cpu} ping -c 20 -i 0.1 -W 5 -s 1400 10.0.9.1")
    after = queue_buffers(machine, name)
    assert after[1] - before[1] >= 10 and after[3] - before[3] >= 10
    # Its driver can be taken away and comes back with both.
    machine.cmd("net port detach eth0")
    machine.cmd(f"device unbind {name}")
    machine.cmd(f"device bind {name}")
    assert "2 of 2" in machine.cmd(f"device info {name}")


def test_one_queue_of_several(boot):
    """A backend with one queue, on a card that could have more."""
    machine = boot(extra=["-netdev", "user,id=net", "-device",
                          "virtio-net-pci,netdev=net,mq=on,romfile="])
    name = next(device["name"] for device in machine.json("device list")
                if device["driver"] == "virtio-net")
    assert re.search(r"Queue pairs:\s+1 of 1\n",
                     machine.cmd(f"device info {name}"))


@pytest.mark.parametrize("ring", ["", ",packed=on"], ids=["split", "packed"])
def test_console(boot, tmp_path, ring):
    """A second operator on a virtio-console port."""
    path = tmp_path / "console"
    machine = boot(append="terminals=virtio0", extra=[
        "-chardev", f"socket,id=con,path={path},server=on,wait=off",
        "-device", f"virtio-serial-pci,max_ports=1{ring}",
        "-device", "virtconsole,chardev=con"])
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(str(path))
        other.settimeout(60 * harness.SLOWNESS)
        for line, answer in (("", "socle> "), ("echo second", "second"),
                             ("irq list", "resched")):
            other.sendall(f"{line}\r".encode())
            seen = ""
            while seen.count(answer) < (2 if answer in line else 1):
                part = other.recv(4096).decode("utf-8", "replace")
                assert part, seen
                seen += part
    assert devices(machine)["virtio0"]["user"] == "terminal"
    assert "in use" in machine.cmd("device unbind virtio0", ok=False)


def test_registers_and_owner(boot):
    """Without its driver a device has no registers mapped, and nobody owns it;
    they come back with the driver."""
    machine = boot()
    name = next(name for name, row in devices(machine).items()
                if row["class"] == "rtc")
    for _ in range(2):
        info = machine.cmd(f"device info {name}")
        there = re.search(r"Registers 0:\s+(0x.*)\n", info).group(1)
        assert re.search(r"Mapped 0:\s+(0x.*)\n", info).group(1) == there
        assert devices(machine)[name]["owner"] == "hypervisor"
        machine.cmd(f"device unbind {name}")
        info = machine.cmd(f"device info {name}")
        assert "Mapped" not in info
        assert re.search(r"Owner:\s+nobody\n", info)
        assert devices(machine)[name]["owner"] == "nobody"
        machine.cmd(f"device bind {name}")


def test_nothing_there(boot):
    """Empty slots are not listed and take no interrupt."""
    machine = boot()
    assert not [name for name in devices(machine) if "virtio" in name]
    assert not [row for row in machine.json("irq list")
                if "virtio" in row["name"]]
