#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What Socle takes: bytes of the image, lines of source, memory at run time."""

import argparse
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

import qemu
import systems

TOP = systems.TOP
FOLDERS = ("arch/arm64", "arch/host", "arch/include", "core", "libs",
           "drivers", "emulators", "commands", "daemons", "tests", "tools")
SOURCES = {".c", ".h", ".S", ".py", ".sh", ".mk"}
SECTION = re.compile(r"^\s*\[\s*\d+\]\s+(\S+)\s+\S+\s+[0-9a-f]+\s+[0-9a-f]+\s+"
                     r"([0-9a-f]+)\s+\S+\s+(\w*)A")
PAGE = 4096
GUESTS = 10
VCPUS, MEMORY = 2, 256


def sections(elf):
    """{section: bytes} of what is in memory."""
    text = subprocess.run(
        [systems.CROSS + "readelf", "-SW",
         str(elf)], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = {}
    for line in text.splitlines():
        match = SECTION.match(line)
        if match and int(match.group(2), 16):
            found[match.group(1)] = int(match.group(2), 16)
    return found


def lines(folder):
    """Lines of source, and files, below a folder."""
    count = files = 0
    for path in (TOP / folder).rglob("*"):
        if path.is_file() and path.suffix in SOURCES:
            count += path.read_bytes().count(b"\n")
            files += 1
    return {"lines": count, "files": files}


class Terminal:
    """Socle at its prompt, with guests to start one by one."""

    def __init__(self, machine, bundle):
        self.machine = machine
        self.bundle_pages = math.ceil(bundle.stat().st_size / PAGE)

    def start(self, index):
        self.machine.send(f"guest create /guests/g{index}.dtb --start\r")
        self.machine.expect(f"g{index}: started")
        self.machine.expect("socle> ")

    def held(self):
        """Bytes that neither guests have nor are free, without the bundle."""
        self.machine.send("memory --json\r")
        self.machine.expect("memory --json\r*\n")
        rows = json.loads(self.machine.expect(
            r"(?s)\[.*?\n\]").group(0).decode())
        pages = {row["use"]: row["pages"] for row in rows}
        self.machine.expect("socle> ")
        return (pages["hypervisor"] + pages["reserved"]
                - self.bundle_pages) * PAGE


def memory(build, size, guests):
    """[bytes held with 0, 1, ... guests]"""
    host = systems.Host(build, memory=size)
    images = [systems.Guest(build / "guest" / "idle.bin", f"g{i}",
                            memory=MEMORY, vcpus=VCPUS)
              for i in range(guests)]
    with tempfile.TemporaryDirectory() as scratch:
        packed = systems.bundle(images, scratch, script="")
        arguments = host.command(True, "-kernel", str(build / "vmm.bin"),
                                 "-initrd", str(packed))
        with qemu.Machine(arguments, host.limit) as machine:
            terminal = Terminal(machine, packed)
            machine.expect("socle> ")
            held = [terminal.held()]
            for index in range(guests):
                terminal.start(index)
                held.append(terminal.held())
            return held


def measure(build, minimal):
    small, large = memory(build, "1G", 1), memory(build, "4G", GUESTS)
    return {
        "bytes": {
            "vmm.bin": (build / "vmm.bin").stat().st_size,
            "vmm.bin, minimal": (minimal / "vmm.bin").stat().st_size,
        },
        "sections": sections(build / "vmm.elf"),
        "lines": {folder: lines(folder) for folder in FOLDERS},
        "memory": {
            "1 GiB host, no guest": small[0],
            "1 GiB host, 1 guest": small[1],
            "4 GiB host, no guest": large[0],
            "4 GiB host, 1 guest": large[1],
            f"4 GiB host, {GUESTS} guests": large[GUESTS],
            "a further guest": (large[GUESTS] - large[1]) // (GUESTS - 1),
        },
    }


GOALS = {"vmm.bin": 384 << 10, "vmm.bin, minimal": 96 << 10,
         "1 GiB host, no guest": 3 << 20, "a further guest": 160 << 10}


def tables(found):
    """(title, unit, {name: (value, goal)})"""
    yield "image", "bytes", found["bytes"]
    yield "section", "bytes", found["sections"]
    yield "lines of source", "lines", {
        folder: row["lines"] for folder, row in found["lines"].items()}
    yield (f"held by the hypervisor; guests have {VCPUS} VCPUs, {MEMORY} MiB",
           "KiB", {name: value // 1024
                   for name, value in found["memory"].items()})


def goal(name, unit):
    value = GOALS.get(name, 0)
    return f"{value // 1024 if unit == 'KiB' else value}" if value else ""


def show(found, markdown):
    for title, unit, values in tables(found):
        if markdown:
            print(f"\n| {title} | {unit} | goal |\n|---|---:|---:|")
        else:
            print(f"\n{title}")
        for name, value in values.items():
            if markdown:
                print(f"| {name} | {value} | {goal(name, unit)} |")
            else:
                print(f"  {name:<24}{value:>10} {unit:<6}"
                      f"{goal(name, unit):>9}".rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    try:
        found = measure(args.build, args.build / "bench" / "minimal")
    except qemu.Failure as failure:
        sys.exit(f"bench-size: {failure}")
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    show(found, args.markdown)
    if not args.markdown:
        print("\nThe last column is the goal. Of memory, the root file system "
              "is left out.")


if __name__ == "__main__":
    main()
