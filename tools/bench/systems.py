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
CROSS = os.environ.get("CROSS", qemu.MACHINE.CROSS)
# Printed by a guest when it has finished, before it powers off.
DONE = "bench done\r*\n"
# Guest consoles are read when all measurements are done.
POWERED_OFF = "guest {name}: powered off"


def null_disk(*devices):
    """QEMU's arguments for a disk whose data it makes up, and its devices.

    There is no file, behind which virtual time would be noise.
    """
    return ("-blockdev", "driver=null-co,node-name=null,size=1073741824,"
            "read-zeroes=off",
            *(part for device in devices for part in ("-device", device)))


NULL_DISK = null_disk("virtio-blk-pci,drive=null,ioeventfd=off,"
                      "disable-legacy=on")
# The same seed for every native run. Without one, Linux collects entropy for every
# random number, even for each system call, which is slow.
SEED = "/ { chosen { rng-seed = [" + " ".join(
    f"{i:02x}" for i in range(64)) + "]; }; };"


@dataclasses.dataclass
class Guest:
    """A guest, the same under every system."""
    kernel: pathlib.Path
    name: str = "guest"
    initrd: pathlib.Path = None
    bootargs: str = ""
    memory: int = 64			# MiB
    ram: int = None			# its address in Socle's guest
    vcpus: int = 1
    affinity: list = None		# host CPU of each VCPU
    devices: str = ""			# under Socle: nodes of its description
    properties: str = ""		# likewise, properties of its root
    cpus: str = ""			# likewise, of the node of its VCPUs


@dataclasses.dataclass
class Host:
    """The machine, and where things are built."""
    build: pathlib.Path
    variant: str = qemu.USUAL
    smp: int = 1
    memory: str = "1G"
    limit: int = 300
    xen: pathlib.Path = None
    xen_args: str = ""
    extra: tuple = ()			# more arguments for QEMU
    commands: str = ""			# for Socle, before it starts the guests

    def machine(self, hypervisor, more=""):
        return qemu.machine(self.variant, hypervisor, more)

    def command(self, hypervisor, *more):
        return qemu.command(self.machine(hypervisor), self.smp,
                            self.memory, *more, *self.extra)


def host_tree(host, hypervisor, more, directory):
    """The machine's own tree with additions. Returns the path of the blob."""
    dump, tree = directory / "host.dtb", directory / "more.dtb"
    subprocess.run([qemu.QEMU, *host.machine(hypervisor, f",dumpdtb={dump}"),
                    "-smp", str(host.smp), "-m", host.memory, "-nodefaults",
                    "-display", "none"], check=True,
                   stderr=subprocess.DEVNULL)
    source = subprocess.run(["dtc", "-q", "-O", "dts", str(dump)], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", str(tree)], check=True,
                   input=source + more, text=True)
    return tree


def native(host, guests):
    """Run the guest without a hypervisor. Returns its output."""
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
    affinity = ""
    if guest.affinity:
        affinity = "affinity = <%s>;" % " ".join(map(str, guest.affinity))
    cpus = f" {guest.cpus}" if guest.cpus else ""
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
	model = "{guest.name}"; {guest.properties}
	{memory}
	cpus {{ count = <{guest.vcpus}>; {affinity}{cpus} }};
	boot {{
		kernel = "/images/{guest.name}"; {initrd}
		bootargs = "{guest.bootargs}";
	}};
	devices {{ {guest.devices} }};
}};
"""


def bundle(guests, directory, script=None):
    """Make a bundle that starts the guests, or runs script. Returns its path."""
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
    """Run the guests under Socle. Returns their consoles, read when all are off."""
    script = host.commands + "".join(
        f"guest create /guests/{guest.name}.dtb --start\n" for guest in guests)
    with tempfile.TemporaryDirectory() as scratch:
        arguments = host.command(
            True, "-kernel", str(host.build / "vmm.bin"),
            "-initrd", str(bundle(guests, scratch,
                                  script if host.commands else None)))
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


def xen_modules(guest, address):
    """The nodes of a domain's files, their loading, and the address behind."""
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
    return nodes, loads, address


def xen_domain(index, guest, address):
    """A domain's node, the loading of its files, and the address behind."""
    nodes, loads, address = xen_modules(guest, address)
    return f"""\
	domU{index} {{
		compatible = "xen,domain";
		#address-cells = <2>;
		#size-cells = <2>;
		cpus = <{guest.vcpus}>;
		memory = <0x0 {guest.memory << 10:#x}>;
		{qemu.PLACES.XEN_DOMAIN}
{''.join(nodes)}	}};
""", loads, address


def xen_chosen(host, domains):
    """The nodes that describe the domains to Xen."""
    return f"""
/ {{ chosen {{
	#address-cells = <2>;
	#size-cells = <2>;
	stdout-path = "{qemu.PLACES.XEN_CONSOLE}";
	xen,xen-bootargs = "{qemu.PLACES.XEN_BOOTARGS} {host.xen_args}";
{''.join(domains)}}}; }};
"""


def xen(host, guests):
    """Run the guests as domains that Xen starts itself. Returns the console."""
    address = qemu.PLACES.XEN_MODULES
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


def xen_dom0(host, guest):
    """Run the guest as Xen's dom0, which starts others. Returns its console."""
    nodes, loads, _ = xen_modules(guest, qemu.PLACES.XEN_MODULES)
    host = dataclasses.replace(
        host, xen_args=f"dom0_mem={guest.memory}M {host.xen_args}")
    with tempfile.TemporaryDirectory() as scratch:
        tree = host_tree(host, True, xen_chosen(host, nodes),
                         pathlib.Path(scratch))
        arguments = host.command(True, "-kernel", str(host.xen),
                                 "-dtb", str(tree), *loads)
        with qemu.Machine(arguments, host.limit) as machine:
            machine.expect(DONE)
            return machine.text()


SYSTEMS = {"native": native, "socle": socle, "xen": xen}
