#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The size of Socle: bytes of the image, lines of source, memory at run time."""

import argparse
import collections
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import qemu
import systems

TOP = systems.TOP
FOLDERS = (f"arch/{qemu.ARCH}", "arch/host", "arch/include", "core", "libs",
           "drivers", "emulators", "commands", "daemons", "tests", "tools")
SOURCES = {".c", ".h", ".S", ".py", ".sh", ".mk"}
SECTION = re.compile(r"^\s*\[\s*\d+\]\s+(\S+)\s+\S+\s+[0-9a-f]+\s+[0-9a-f]+\s+"
                     r"([0-9a-f]+)\s+\S+\s+(\w*)A")
# A linker map's input section: name, address, size, file. A long name has a
# line of its own.
PART = re.compile(r"^ (\S+)?\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+\.o\)?)$")
NAME = re.compile(r"^ ([.\w]\S+)$")
LOADED = (".text", ".head", ".rodata", ".data", ".got", ".relr",
          "registry_")
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
        # Relocations are in the ELF file alone; the image has .relr.
        if match and int(match.group(2), 16) and match.group(1) != ".rela.dyn":
            found[match.group(1)] = int(match.group(2), 16)
    return found


def parts(build):
    """{file as the tree has it: bytes in vmm.bin}, of a GNU linker's map."""
    found = collections.Counter()
    section = ""
    text = (build / "vmm.elf.map").read_text("utf-8")
    # Discarded sections are listed first.
    for line in text.partition("\nLinker script and memory map")[2].splitlines():
        name, part = NAME.match(line), PART.match(line)
        if name:
            section = name.group(1)
        elif part:
            section = part.group(1) or section
            if section.startswith(LOADED):
                found[source(part.group(3), build)] += int(part.group(2), 16)
    return dict(found.most_common())


def source(path, build):
    """The source of an object; an archive counts as one."""
    archive = re.match(r"(.*/)?(\w+)\.a\(", path)
    if archive:
        return f"{archive.group(2)}.a"
    path = os.path.relpath(path, os.path.relpath(build))
    return path[:-len(".o")]


def by_folder(files):
    """{folder, as FOLDERS has it: bytes}"""
    found = collections.Counter()
    for name, size in files.items():
        folder = next((f for f in FOLDERS if name.startswith(f + "/")), name)
        found[folder] += size
    return dict(found.most_common())


# obj-$(CONFIG_A) += FILES, in a Makefile of the image; the value may name a list
# NAME-objs and put a folder before each of its files.
OBJECTS = re.compile(r"^(?:card-)?obj\w*-(\$\(.*\))\s*[:+]=\s*(.*)$", re.M)
LIST = re.compile(r"^(\w+-objs)\s*:=\s*(.*)$", re.M)
PREFIXED = re.compile(r"\$\(addprefix ([\w/]+),\$\(([\w-]+)\)\)")


def symbols(top):
    """{file without .o: Kconfig symbol by which it is built}"""
    found = {}
    for makefile in sorted(top.glob("*/Makefile")) + sorted(
            top.glob("arch/*/Makefile")):
        text = makefile.read_text("utf-8").replace("\\\n", " ")
        lists = dict(LIST.findall(text))

        def expand(match, lists=lists):
            return " ".join(match[1] + name for name in
                            lists.get(match[2], "").split())

        for condition, value in OBJECTS.findall(text):
            names = re.findall(r"CONFIG_(\w+)", condition + value)
            if not names:
                continue
            # For a command, the symbol of its subject, not the terminal's.
            symbol = next((n for n in names if n != "TERMINAL"), names[0])
            for name in re.findall(r"([\w/]+)\.o\b",
                                   PREFIXED.sub(expand, value)):
                found.setdefault(name, symbol)
    return found


def by_symbol(files, owner):
    """{Kconfig symbol: bytes}; "" is for what every image has."""
    found = collections.Counter()
    for name, size in files.items():
        found[owner.get(name, "")] += size
    return dict(found.most_common())


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
        """Bytes neither free nor given to guests, without the bundle."""
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
            "vmm.bin.gz, minimal": (minimal / "vmm.bin.gz").stat().st_size,
        },
        "sections": sections(build / "vmm.elf"),
        "files": parts(build),
        "files, minimal": parts(minimal),
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
         "vmm.bin.gz, minimal": 96 << 10,
         "1 GiB host, no guest": 3 << 20, "a further guest": 160 << 10}


def tables(found):
    """(title, unit, {name: value})"""
    yield "image", "bytes", found["bytes"]
    yield "section", "bytes", found["sections"]
    yield "folder", "bytes", by_folder(found["files"])
    yield "folder, minimal", "bytes", by_folder(found["files, minimal"])
    yield "lines of source", "lines", {
        folder: row["lines"] for folder, row in found["lines"].items()}
    yield (f"held by the hypervisor; guests have {VCPUS} VCPUs, {MEMORY} MiB",
           "KiB", {name: value // 1024
                   for name, value in found["memory"].items()})


def goal(name, value, unit):
    """(the goal as text, a mark if the value is above it)"""
    if name not in GOALS:
        return "", ""
    most = GOALS[name] // (1024 if unit == "KiB" else 1)
    return str(most), "*" if value > most else ""


def show(found, markdown):
    for title, unit, values in tables(found):
        if markdown:
            print(f"\n| {title} | {unit} | goal |\n|---|---:|---:|")
        else:
            print(f"\n{title}")
        for name, value in values.items():
            most, mark = goal(name, value, unit)
            if markdown:
                print(f"| {name} | {value}{mark} | {most} |")
            else:
                print(f"  {name:<24}{value:>10}{mark:<1} {unit:<6}"
                      f"{most:>9}".rstrip())


def show_files(found, count):
    for title in ("files", "files, minimal"):
        print(f"\n{title}")
        for name, size in list(found[title].items())[:count]:
            print(f"  {name:<34}{size:>8} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-O", dest="build", type=pathlib.Path,
                        default="build")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--files", type=int, metavar="N", default=0,
                        help="the N largest files of each image, too")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--symbols", action="store_true",
                        help="only the bytes of the files that each Kconfig "
                             "symbol adds to the image; needs no QEMU")
    args = parser.parse_args()
    if args.symbols:
        found = by_symbol(parts(args.build), symbols(TOP))
        for name, size in found.items():
            print(f"{size:>8}  {name or '(always)'}")
        return
    try:
        found = measure(args.build, args.build / "bench" / "minimal")
    except qemu.Failure as failure:
        sys.exit(f"bench-size: {failure}")
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    show(found, args.markdown)
    if not args.markdown:
        if args.files:
            show_files(found, args.files)
        print("\nThe last column is the goal; *: above it. Of memory, the "
              "root file system is left out.")


if __name__ == "__main__":
    main()
