# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts of many shapes come up, and a Linux guest's shell answers on them."""

import shutil
import subprocess

import pytest

from socle import BUILD, IMAGES, TOP, description, host_tree, jump_image

CPUS = ["cortex-a53", "cortex-a57", "cortex-a72", "max"]


def check_linux(host, name, vcpus):
    """The guest is what its description says."""
    with host.linux(name) as shell:
        assert shell.sh("hostname") == name
        assert shell.sh("nproc") == str(vcpus)
        assert shell.sh("uname -m") == "aarch64"


@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("smp", [1, 4])
@pytest.mark.parametrize("gic", [2, 3])
def test_matrix(boot, gic, smp, cpu):
    host = boot({"linux0": description("linux0", vcpus=smp, memory=256)},
                gic=gic, smp=smp, cpu=cpu)
    check_linux(host, "linux0", smp)
    assert host.shutdown() == 0


@pytest.mark.parametrize("cpu", ["cortex-a35", "cortex-a76", "neoverse-n1",
                                 "a64fx"])
def test_later_cpus(boot, cpu):
    host = boot({"linux0": description("linux0")}, cpu=cpu)
    check_linux(host, "linux0", 1)


def test_full_kernel(boot):
    """Debian's kernel for any machine, with everything built in."""
    host = boot({"linux0": description("linux0", memory=512,
                                       kernel="/images/Image-full")})
    check_linux(host, "linux0", 1)


def test_icount(boot):
    """Several CPUs in lockstep: nothing depends on a delay."""
    host = boot({"linux0": description("linux0")}, smp=2, icount="shift=0",
                limit=600)
    with host.linux("linux0", timeout=300) as shell:
        assert shell.sh("nproc") == "1"


@pytest.mark.parametrize("smp", [1, 2, 4, 8])
@pytest.mark.parametrize("gic", [2, 3])
def test_all_cpus_come_up(boot, gic, smp):
    host = boot(gic=gic, smp=smp)
    cpus = host.json("host cpus")
    assert len(cpus) == smp
    assert all(cpu["state"] == "online" for cpu in cpus)


def test_other_tree(boot, tmp_path):
    """A CPU of the tree that does not come, and holes in RAM."""
    tree = host_tree(tmp_path / "host.dtb", """
/ { reserved-memory {
	#address-cells = <2>; #size-cells = <2>; ranges;
	hole@50000000 { reg = <0 0x50000000 0 0x8000000>; no-map; };
	kept@60001000 { reg = <0 0x60001000 0 0x10000000>; };
}; };
""", smp=3)
    host = boot({"linux0": description("linux0", memory=256)}, smp=2,
                extra=["-dtb", str(tree)])
    cpus = host.json("host cpus")
    assert [cpu["state"] for cpu in cpus] == ["online", "online", "failed"]
    assert "CPU 2" in host.cmd("dmesg")
    # 1 GiB, but for the hole; and but for what is kept and so on.
    memory = {row["use"]: row["size"] for row in host.json("memory")}
    assert memory["total"] == (1 << 30) - 0x8000000
    assert memory["reserved"] > 0x10000000
    check_linux(host, "linux0", 1)


@pytest.mark.parametrize("mem", ["128M", "3G", "64G"])
def test_memory_sizes(boot, mem):
    # A test machine need not have that much itself.
    host = boot(mem=mem, machine=",memory-backend=ram", extra=[
        "-object", f"memory-backend-ram,id=ram,size={mem},reserve=off"])
    memory = {row["use"]: row["size"] for row in host.json("memory")}
    unit = {"M": 20, "G": 30}[mem[-1]]
    assert memory["total"] == int(mem[:-1]) << unit
    assert 0 < memory["free"] < memory["total"]
    assert host.shutdown() == 0


def test_below_el2(qemu):
    """Without virtualization there is a message, and no silence."""
    machine = qemu(["-M", "virt", "-cpu", "cortex-a57", "-m", "256M",
                    "-nodefaults", "-display", "none", "-serial", "mon:stdio",
                    "-kernel", str(BUILD / "vmm.bin")], limit=60)
    machine.expect(r"EL2", timeout=30)


def test_damaged_tree(qemu, tmp_path):
    """A host tree that is not one is refused with a message all the same."""
    tree = tmp_path / "host.dtb"
    subprocess.run(
        ["qemu-system-aarch64", "-M", f"virt,virtualization=on,dumpdtb={tree}",
         "-cpu", "cortex-a57", "-nodefaults", "-display", "none"], check=True)
    blob = bytearray(tree.read_bytes())
    # In a node before the UART's: the length of a property.
    place = blob.index(b"gpio-keys\0", blob.index(b"gpio-keys\0") + 1)
    blob[place - 8:place - 4] = b"\xff" * 4
    tree.write_bytes(blob)
    jump = tmp_path / "jump.bin"
    jump.write_bytes(jump_image(0x42000000, tree=0x4a000000))
    machine = qemu([
        "-M", "virt,virtualization=on", "-cpu", "cortex-a57", "-m", "512M",
        "-nodefaults", "-display", "none", "-serial", "mon:stdio",
        "-kernel", str(jump), "-device",
        f"loader,file={BUILD / 'vmm.bin'},addr=0x42000000,force-raw=on",
        "-device", f"loader,file={tree},addr=0x4a000000,force-raw=on"],
        limit=60)
    machine.expect(r"host device tree at 0x4a000000: [^\n]*\n", timeout=30,
                   panic=True)
    machine.expect(r"PC [0-9a-f]{16} .*x30 .*backtrace:.*core_main\+0x",
                   panic=True)
    machine.expect("halted", panic=True)


@pytest.mark.parametrize("address", [0x42001000, 0x50003000, 0x7bfff000])
def test_any_page(start, bundle, tmp_path, address):
    """Started at an address that is a page's and no more."""
    jump = tmp_path / "jump.bin"
    jump.write_bytes(jump_image(address))
    host = start(bundle({"linux0": description("linux0")}), image=jump, extra=[
        "-device", f"loader,file={BUILD / 'vmm.bin'},addr={address:#x},"
        "force-raw=on"]).boot()
    check_linux(host, "linux0", 1)


def test_uboot_starts_us(qemu, tmp_path):
    """U-Boot's `booti`, over the network."""
    served = tmp_path / "tftp"
    served.mkdir()
    shutil.copy(BUILD / "vmm.bin", served / "vmm.bin")
    machine = qemu([
        "-M", "virt,virtualization=on,secure=off,gic-version=3",
        "-cpu", "cortex-a57", "-smp", "2", "-m", "1G", "-nodefaults",
        "-display", "none", "-serial", "mon:stdio",
        "-bios", str(IMAGES / "u-boot.bin"),
        "-netdev", f"user,id=n0,tftp={served}",
        "-device", "virtio-net-device,netdev=n0"], limit=120)
    machine.expect("Hit any key")
    machine.send("\r")
    machine.expect("=> ")
    for line in ("setenv autoload no", "dhcp",
                 "tftpboot $kernel_addr_r vmm.bin"):
        machine.send(f"{line}\r")
        machine.expect("=> ")
    machine.send("booti $kernel_addr_r - $fdtcontroladdr\r")
    machine.expect("socle> ")


def test_make_run(qemu):
    """What a newcomer types, and what the README says comes of it."""
    machine = qemu(["-C", str(TOP), f"O={BUILD.relative_to(TOP)}", "run"],
                   program="make")
    machine.expect(r"guest console linux0.*Ctrl-\]")
    machine.expect("socle> ")
    machine.send("guest console linux0\r")
    machine.expect(r"linux0: login shell on")
    machine.expect("# ")
    machine.send("\x1d")
    machine.expect("socle> ")
    machine.send("host shutdown\r")
    assert machine.wait_exit() == 0
