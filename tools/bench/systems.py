# SPDX-License-Identifier: GPL-2.0-or-later
"""The same guest on the bare machine, under Socle and under Xen."""

import dataclasses
import os
import pathlib
import subprocess
import sys
import tempfile

import qemu

TOP = pathlib.Path(__file__).resolve().parents[2]
CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")
# What a guest prints when it has measured all, before it powers off.
DONE = "bench done\r*\n"
# Guest consoles are read out when the measuring is over.
POWERED_OFF = "guest {name}: powered off"
XEN_MODULES = 0x50000000
# Natively always the same one. Without any, Linux makes every random number
# anew from what little it has, even for each system call: that is slow.
SEED = "/ { chosen { rng-seed = [" + " ".join(
    f"{i:02x}" for i in range(64)) + "]; }; };"


@dataclasses.dataclass
class Guest:
    """What runs, the same everywhere."""
    kernel: pathlib.Path
    name: str = "guest"
    initrd: pathlib.Path = None
    bootargs: str = ""
    memory: int = 64			# MiB
    ram: int = None			# where Socle's guest has it
    vcpus: int = 1
    affinity: list = None		# host CPU of each VCPU
    native_wfi: bool = False		# under Socle


@dataclasses.dataclass
class Host:
    """The machine, and where things are built."""
    build: pathlib.Path
    gic: int = 3
    smp: int = 1
    memory: str = "1G"
    limit: int = 300
    xen: pathlib.Path = None
    xen_args: str = ""
    extra: tuple = ()			# more arguments for QEMU

    def machine(self, virtualization):
        return "virt,gic-version=%d%s" % (
            self.gic, ",virtualization=on" if virtualization else "")

    def command(self, virtualization, *more):
        return qemu.command(self.machine(virtualization), self.smp,
                            self.memory, *more, *self.extra)


def host_tree(host, virtualization, more, directory):
    """The machine's own tree with more in it; the path of the blob."""
    dump, tree = directory / "host.dtb", directory / "more.dtb"
    machine = host.machine(virtualization) + \
        f",dtb-randomness=off,dumpdtb={dump}"
    subprocess.run([qemu.QEMU, "-M", machine, *qemu.CPU, "-smp",
                    str(host.smp), "-m", host.memory, "-nodefaults",
                    "-display", "none"], check=True,
                   stderr=subprocess.DEVNULL)
    source = subprocess.run(["dtc", "-q", "-O", "dts", str(dump)], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", str(tree)], check=True,
                   input=source + more, text=True)
    return tree


def native(host, guests):
    """The guest in place of a hypervisor, at EL1. Its output."""
    guest, = guests
    here = dataclasses.replace(host, memory=f"{guest.memory}M")
    with tempfile.TemporaryDirectory() as scratch:
        tree = host_tree(here, False, SEED, pathlib.Path(scratch))
        arguments = here.command(False, "-kernel", str(guest.kernel),
                                 "-append", guest.bootargs, "-dtb", str(tree))
        if guest.initrd:
            arguments += ["-initrd", str(guest.initrd)]
        with qemu.Machine(arguments, host.limit) as machine:
            machine.expect(DONE)
            return machine.text()


def description(guest):
    """The source of a guest's description."""
    initrd = f'initrd = "/images/{guest.name}.initrd";' if guest.initrd else ""
    wait = " native-wfi;" if guest.native_wfi else ""
    affinity = ""
    if guest.affinity:
        affinity = "affinity = <%s>;" % " ".join(map(str, guest.affinity))
    memory = f'memory = "{guest.memory}M";'
    if guest.ram is not None:
        memory = (f"memory@{guest.ram:x} "
                  f"{{ reg = <0 {guest.ram:#x} 0 {guest.memory << 20:#x}>; }};")
    return f"""\
/dts-v1/;
/ {{
	compatible = "socle,guest";
	#address-cells = <2>;
	#size-cells = <2>;
	model = "{guest.name}";
	{memory}
	cpus {{ count = <{guest.vcpus}>; {affinity}{wait} }};
	boot {{
		kernel = "/images/{guest.name}"; {initrd}
		bootargs = "{guest.bootargs}";
	}};
}};
"""


def bundle(guests, directory, script=None):
    """A bundle that starts the guests, or does what script says; its path."""
    directory = pathlib.Path(directory)
    root = directory / "bundle"
    (root / "guests").mkdir(parents=True)
    (root / "images").mkdir()
    for guest in guests:
        (root / "guests" / f"{guest.name}.dts").write_text(
            description(guest), "utf-8")
        kernel = pathlib.Path(guest.kernel).resolve()
        (root / "images" / guest.name).symlink_to(kernel)
        if guest.initrd:
            (root / "images" / f"{guest.name}.initrd").symlink_to(
                pathlib.Path(guest.initrd).resolve())
    if script is not None:
        (root / "boot.cmd").write_text(script, "utf-8")
    packed = directory / "bundle.cpio"
    subprocess.run([sys.executable, "-B", str(TOP / "tools/mkbundle"), "-o",
                    str(packed), str(root)], check=True)
    return packed


def socle(host, guests):
    """The guests under Socle. Their consoles, read when they are off."""
    with tempfile.TemporaryDirectory() as scratch:
        arguments = host.command(
            True, "-kernel", str(host.build / "vmm.bin"),
            "-initrd", str(bundle(guests, scratch)))
        with qemu.Machine(arguments, host.limit) as machine:
            for guest in guests:
                machine.seen = 0
                machine.expect(POWERED_OFF.format(name=guest.name))
            for guest in guests:
                machine.send(f"guest console {guest.name}\r")
                machine.expect(DONE)
                machine.send("\x1d")
                machine.expect("socle> ")
            return machine.text()


def xen_module(kind, address, path, bootargs=""):
    """A file in memory, and its node."""
    size = path.stat().st_size
    node = f"""\
		module@{address:x} {{
			compatible = "multiboot,{kind}", "multiboot,module";
			reg = <0x0 {address:#x} 0x0 {size:#x}>;
			bootargs = "{bootargs}";
		}};
"""
    return node, ["-device", f"loader,file={path},addr={address:#x},"
                  "force-raw=on"]


def xen_domain(index, guest, address):
    """A domain's node, the loading of its files, and the address behind."""
    files = [("kernel", guest.kernel, guest.bootargs)]
    if guest.initrd:
        files.append(("ramdisk", guest.initrd, ""))
    nodes, loads = [], []
    for kind, path, bootargs in files:
        path = pathlib.Path(path).resolve()
        node, load = xen_module(kind, address, path, bootargs)
        nodes.append(node)
        loads += load
        address += path.stat().st_size + (4 << 20) & ~((2 << 20) - 1)
    return f"""\
	domU{index} {{
		compatible = "xen,domain";
		#address-cells = <2>;
		#size-cells = <2>;
		cpus = <{guest.vcpus}>;
		memory = <0x0 {guest.memory << 10:#x}>;
		vpl011;
{''.join(nodes)}	}};
""", loads, address


def xen_chosen(host, domains):
    """What tells Xen of its domains."""
    return f"""
/ {{ chosen {{
	#address-cells = <2>;
	#size-cells = <2>;
	stdout-path = "/pl011@9000000";
	xen,xen-bootargs = "console=dtuart dtuart=/pl011@9000000 {host.xen_args}";
{''.join(domains)}}}; }};
"""


def xen(host, guests):
    """The guests as domains that Xen starts by itself. The console."""
    address = XEN_MODULES
    domains, loads = [], []
    for index, guest in enumerate(guests, 1):
        node, load, address = xen_domain(index, guest, address)
        domains.append(node)
        loads += load
    with tempfile.TemporaryDirectory() as scratch:
        tree = host_tree(host, True, xen_chosen(host, domains),
                         pathlib.Path(scratch))
        arguments = host.command(True, "-kernel", str(host.xen),
                                 "-dtb", str(tree), *loads)
        with qemu.Machine(arguments, host.limit) as machine:
            for _ in guests:
                machine.expect(DONE)
            return machine.text()


SYSTEMS = {"native": native, "socle": socle, "xen": xen}
