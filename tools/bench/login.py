#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian from power-on to its login prompt, natively and under Socle.

The disk of `make run DEBIAN=1`, copied into memory: UEFI, GRUB, Debian's kernel
and systemd. A plugin in QEMU (tests/plugins/count.c) counts the instructions of
guest and hypervisor, from the machine's power-on until the terminal's getty is
started; the guest reads its counter then, which began with its power.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import image as images
import lines
import options
import qemu
import systems

MEMORY = 768			# MiB of a guest
HOST_MEMORY = "1G"
NAME = "debian"
# Most that Socle's may be of native's.
GOAL = 1.05
ROOT_START = 65 << 20		# bytes: the disk's second partition
# The copy's getty marks when it is started, which is when nothing else is to be
# started; the system ends a little later, when the prompt is there.
UNIT = f"serial-getty@{qemu.MACHINE.GUEST_CONSOLE}.service"
LOAD = "/usr/local/bin/load"
DROP_IN = f"""\
[Service]
ExecStartPre={LOAD} mark login
ExecStartPre={LOAD} boot
ExecStartPre=systemd-run --on-active=20 systemctl poweroff --force --force
"""
PROMPT = f"{NAME} login: "
WORK = re.compile(r"^work boot (\d+)\s*$", re.M)
# The same devices for both, at the same kind of transport. Random numbers are the
# same in each run, and the clock is the guests'.
OWN = qemu.arch.module("debian")
DEVICES = f"""
		{OWN.FIRMWARE}
		disk0 {{ compatible = "virtio,block"; disk = "disk0"; }};
		net0 {{ compatible = "virtio,net"; switch = "lan"; }};
		rng0 {{ compatible = "virtio,entropy"; }};
	"""
DESCRIPTION = f"""\
/dts-v1/;
/ {{
	compatible = "socle,guest";
	model = "{NAME}";
	memory = "{MEMORY}M";
	boot {{ entry = <{OWN.ENTRY}>; }};
	cpus {{ count = <1>; }};
	devices {{ {DEVICES} }};
}};
"""
SETUP = ("vdisk create disk0 vda", "net switch create lan",
         "net port attach eth0 lan")
OPTIONS = ("-global", "virtio-mmio.force-legacy=false",
           "-global", "virtio-mmio.ioeventfd=off",
           "-global", "virtio-pci.ioeventfd=off",
           "-seed", "1", "-object", "rng-builtin,id=random",
           "-rtc", "base=2026-01-01,clock=vm")


def devices(disk, transport):
    """QEMU's arguments for disk, network card and entropy."""
    kind = f"{transport},disable-legacy=on" if transport == "pci" else transport
    return ("-drive", f"if=none,id=disk,format=raw,file={disk}",
            "-device", f"virtio-blk-{kind},drive=disk",
            "-netdev", "user,id=net",
            "-device", f"virtio-net-{kind},netdev=net" +
            (",romfile=" if transport == "pci" else ""),
            "-device", f"virtio-rng-{kind},rng=random", *OPTIONS)


def measured_disk(args, scratch):
    """A copy, in memory, whose getty marks its start."""
    copy = scratch / "disk"
    subprocess.run(["cp", "--sparse=always", str(args.disk), str(copy)],
                   check=True)
    drop_in = scratch / "drop-in"
    drop_in.write_text(DROP_IN, "ascii")
    folder = f"/etc/systemd/system/{UNIT}.d"
    orders = "\n".join((
        f"mkdir {folder}", f"write {drop_in} {folder}/bench.conf",
        f"write {args.load} {LOAD}", f"sif {LOAD} mode 0100755", ""))
    debugfs = shutil.which("debugfs", path="/usr/sbin:/sbin")
    said = subprocess.run([debugfs, "-w", "-f", "-", f"{copy}?offset={ROOT_START}"],
                          input=orders, text=True, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if LOAD not in said.stdout or "error" in said.stdout.lower():
        sys.exit(f"bench-debian: debugfs: {said.stdout}")
    return copy


def native(host, args, disk):
    """As -bios, without ACPI: Socle's guest has a tree too."""
    arguments = qemu.command(
        host.machine(False, ",acpi=off"), host.smp, f"{MEMORY}M", *host.extra, "-bios", str(args.uefi),
        *devices(disk, "device"))
    with qemu.Machine(arguments, host.limit) as run:
        run.expect("reboot: Power down")
        return run.text()


def socle(host, args, disk):
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch) / "bundle"
        (root / "guests").mkdir(parents=True)
        (root / "guests" / f"{NAME}.dts").write_text(DESCRIPTION, "ascii")
        packed = pathlib.Path(scratch) / "bundle.cpio"
        subprocess.run(
            [sys.executable, "-B", str(systems.TOP / "tools/mkbundle"),
             *(word for line in SETUP for word in ("--setup", line)),
             "--offer", f"images/QEMU_EFI.fd={args.uefi}", "-o", str(packed),
             str(root)], check=True)
        arguments = host.command(
            True, "-kernel", str(host.build / "vmm.bin"), "-initrd",
            str(packed), *devices(disk, "pci"))
        with qemu.Machine(arguments, host.limit) as run:
            run.expect(systems.POWERED_OFF.format(name=NAME) + "|error: .*\n")
            run.send(f"guest console {NAME}\r")
            run.expect("reboot: Power down")
            return run.text()


SYSTEMS = {"native": native, "socle": socle}


def measure(args, name, variant):
    """What one run counted. Each has a new copy of the disk."""
    image = images.Image(args.build / "vmm.elf", systems.CROSS)
    with tempfile.TemporaryDirectory(dir=args.memory) as scratch:
        disk = measured_disk(args, pathlib.Path(scratch))
        out = pathlib.Path(scratch) / "counts"
        host = systems.Host(
            args.build, variant, memory=HOST_MEMORY, limit=args.limit,
            extra=image.watched_by(args.plugin.resolve(), out, "blocks=on"))
        text = SYSTEMS[name](host, args, disk)
        return row_of(text, out.read_text("ascii"))


def row_of(text, counted):
    """One run's figures, of its console and what the plugin wrote."""
    if PROMPT not in text:
        raise qemu.Failure(f"no login prompt:\n{text[-3000:]}")
    row = lines.parse(text, counted)["login"]
    return {"guest": row["guest"], "hypervisor": row["instructions"],
            "exits": row["excursions"], "time": int(WORK.search(text)[1])}


def total(row):
    return row["guest"] + row["hypervisor"]


def ratio(rows):
    return total(rows["socle"]) / total(rows["native"])


HEADS = ("", "native", "Socle", "hypervisor", "exits", "ratio", "goal")


def cells(variant, rows):
    here = rows["socle"]
    found = ratio(rows)
    return [variant, f"{total(rows['native']) / 1e6:.0f}",
            f"{total(here) / 1e6:.0f}", f"{here['hypervisor'] / 1e6:.0f}",
            str(here["exits"]), f"{found:.3f}{'*' if found > GOAL else ''}",
            f"<= {GOAL}"]


def show(found, markdown):
    print("Debian's disk to its login prompt, millions of instructions:\n")
    if markdown:
        print("| " + " | ".join(HEADS) + " |")
        print("| --- |" + " ---: |" * (len(HEADS) - 1))
    else:
        print("".join(f"{head:>12}" for head in HEADS))
    for variant, rows in found.items():
        if markdown:
            print("| " + " | ".join(cells(variant, rows)) + " |")
        else:
            print("".join(f"{cell:>12}" for cell in cells(variant, rows)))


def main():
    parser = options.parser(__doc__)
    options.add_variants(parser)
    parser.add_argument("--disk", type=pathlib.Path, required=True)
    parser.add_argument("--load", type=pathlib.Path, required=True)
    parser.add_argument("--uefi", type=pathlib.Path, required=True)
    parser.add_argument("--memory", default="/dev/shm", type=pathlib.Path,
                        help="a folder that is in memory")
    parser.add_argument("--limit", type=int, default=1800, help="seconds of a "
                        "run")
    parser.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    try:
        found = {variant: {name: measure(args, name, variant)
                           for name in SYSTEMS} for variant in args.variants}
    except qemu.Failure as failure:
        sys.exit(f"bench-debian: {failure}")
    options.save(args.json, found)
    show(found, args.markdown)


if __name__ == "__main__":
    main()
