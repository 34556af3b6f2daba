# SPDX-License-Identifier: GPL-2.0-or-later
"""Many kinds of host boot, and the shell of a Linux guest answers on them."""

import os
import shutil
import subprocess

import pytest

from board import host_tree, jump_image
from socle import BUILD, IMAGES, TOP, description

CPUS = ["cortex-a53", "cortex-a57", "cortex-a72", "max"]


def check_linux(host, name, vcpus):
    """The guest has what its description says."""
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
    """Debian's kernel for all machines, which is the largest."""
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
    """A CPU in the tree that does not start, and holes in RAM."""
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
    # 1 GiB without the hole; less what is reserved and in use.
    memory = {row["use"]: row["size"] for row in host.json("memory")}
    assert memory["total"] == (1 << 30) - 0x8000000
    assert memory["reserved"] > 0x10000000
    check_linux(host, "linux0", 1)


def many_regions(count):
    """Reserved regions, every other one with no-map."""
    return "".join(
        f"r{i}@{0x60000000 + i * 0x100000:x} {{ "
        f"reg = <0 0x{0x60000000 + i * 0x100000:x} 0 0x1000>; "
        f"{'no-map;' if i % 2 else ''} }};\n" for i in range(count))


def test_odd_tree(boot, tmp_path):
    """More reserved regions than there is room for; a GICv2 without an
    `interrupts` property; a timer with named interrupts in another order; a
    UART behind an interrupt nexus; a CPU that is not started by PSCI."""
    tree = host_tree(tmp_path / "host.dtb", """
/ {
	reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;
	""" + many_regions(200) + """
	};
	nexus: nexus {
		#address-cells = <0>; #interrupt-cells = <1>;
		interrupt-map = <4 &{/intc@8000000} 0 0 0 9 4>,
				<5 &{/intc@8000000} 0 0 0 1 4>;
	};
};
&{/intc@8000000} { /delete-property/ interrupts; };
&{/timer} {
	interrupts = <1 10 4>, <1 11 4>, <1 14 4>, <1 13 4>;
	interrupt-names = "hyp-phys", "virt", "phys", "sec-phys";
};
&{/pl011@9000000} { interrupt-parent = <&nexus>; interrupts = <5>; };
&{/cpus/cpu@1} { enable-method = "spin-table"; };
""", machine="virt,virtualization=on,gic-version=2")
    host = boot({"linux0": description("linux0")}, gic=2,
                extra=["-dtb", str(tree)])
    said = host.cmd("dmesg")
    assert "are left alone" in said
    assert "GICv2 node has no usable interrupts" in said
    assert 'enable-method is "spin-table", not "psci"' in said
    cpus = host.json("host cpus")
    assert [cpu["state"] for cpu in cpus] == ["online", "failed"]
    check_linux(host, "linux0", 1)


def test_initrd_that_is_not_to_be_mapped(start, bundle, tmp_path):
    """It is refused with a message, and not read."""
    tree = host_tree(tmp_path / "host.dtb", """
/ { reserved-memory {
	#address-cells = <2>; #size-cells = <2>; ranges;
	hole@48000000 { reg = <0 0x48000000 0 0x1000>; no-map; };
}; };
""")
    host = start(bundle({}, script="echo no\n"), extra=["-dtb", str(tree)])
    host.expect("error: vfs: the initrd, .* is not all in RAM")
    host.boot()
    assert host.cmd("echo alive") == "alive"


@pytest.mark.parametrize("start,end", [
    (0x90000000, 0x90001000),            # behind RAM
    (0x9000000, 0x9001000),              # a device's registers
    (0x7ffff000, 0x80001000),            # over RAM's end
    (0x48000000, 0xffffffffffffffff)])
def test_initrd_outside_ram(qemu, tmp_path, start, end):
    """The same for addresses of a tree that nobody has loaded anything at."""
    tree = host_tree(tmp_path / "host.dtb", f"""
/ {{ chosen {{
	linux,initrd-start = <{start >> 32:#x} {start & 0xffffffff:#x}>;
	linux,initrd-end = <{end >> 32:#x} {end & 0xffffffff:#x}>;
}}; }};
""")
    host = qemu(["-M", "virt,virtualization=on,gic-version=3", "-cpu",
                 "cortex-a57", "-smp", "2", "-m", "1G", "-nodefaults",
                 "-display", "none", "-serial", "stdio", "-kernel",
                 str(BUILD / "vmm.bin"), "-dtb", str(tree)], limit=60)
    host.expect(f"error: vfs: the initrd, {end - start:#x} bytes at {start:#x} "
                "by /chosen, is not all in RAM")
    host.expect("socle> ")


@pytest.mark.parametrize("mem", ["128M", "3G", "64G"])
def test_memory_sizes(boot, mem):
    # The machine that runs the test need not have that much memory.
    host = boot(mem=mem, machine=",memory-backend=ram", extra=[
        "-object", f"memory-backend-ram,id=ram,size={mem},reserve=off"])
    memory = {row["use"]: row["size"] for row in host.json("memory")}
    unit = {"M": 20, "G": 30}[mem[-1]]
    assert memory["total"] == int(mem[:-1]) << unit
    assert 0 < memory["free"] < memory["total"]
    assert host.shutdown() == 0


def test_below_el2(qemu):
    """Without virtualization there is a message instead of silence."""
    machine = qemu(["-M", "virt", "-cpu", "cortex-a57", "-m", "256M",
                    "-nodefaults", "-display", "none", "-serial", "mon:stdio",
                    "-kernel", str(BUILD / "vmm.bin")], limit=60)
    machine.expect(r"EL2", timeout=30)


def test_damaged_tree(qemu, tmp_path):
    """A damaged host tree is refused, and the message still appears."""
    tree = tmp_path / "host.dtb"
    subprocess.run(
        ["qemu-system-aarch64", "-M", f"virt,virtualization=on,dumpdtb={tree}",
         "-cpu", "cortex-a57", "-nodefaults", "-display", "none"], check=True)
    blob = bytearray(tree.read_bytes())
    # Damages the length of a property in a node before the UART's.
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
    """The image is started at an address aligned to a page only."""
    jump = tmp_path / "jump.bin"
    jump.write_bytes(jump_image(address))
    host = start(bundle({"linux0": description("linux0")}), image=jump, extra=[
        "-device", f"loader,file={BUILD / 'vmm.bin'},addr={address:#x},"
        "force-raw=on"]).boot()
    check_linux(host, "linux0", 1)


def test_uboot_starts_us(qemu, tmp_path):
    """Started by U-Boot's `booti`, loaded over the network."""
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
    """What a new user types, with the result that README shows."""
    machine = qemu(["-C", str(TOP), f"O={os.path.relpath(BUILD, TOP)}", "run"],
                   program="make")
    # `make` may have to compile first.
    machine.expect(r"guest console linux0.*Ctrl-\]", timeout=300)
    machine.expect("socle> ")
    machine.send("guest console linux0\r")
    machine.expect(r"linux0: login shell on")
    machine.expect("# ")
    machine.send("\x1d")
    machine.expect("socle> ")
    machine.send("host shutdown\r")
    assert machine.wait_exit() == 0
