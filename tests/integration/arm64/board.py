# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines of arm64 for tests: changed device trees, a boot loader, boards."""

import re
import struct
import subprocess

from socle import BUILD, MACHINE


def jump_image(address, tree=None, writes=()):
    """An arm64 Image that branches to the address with unchanged registers.

    tree: the value for x0 instead. writes: words to store first, (address,
    value).
    """
    moves = []  # literal loads are PC-relative; the values follow the code
    values = []

    def load(register, value):
        moves.append((register, len(values)))
        values.append(value)

    for where, value in writes:
        load(10, where)
        load(11, value)
        moves.append(0xb900014b)  # str w11, [x10]
    if tree is not None:
        load(0, tree)
    load(9, address)
    moves += [0xd61f0120]  # br x9
    if len(moves) % 2:
        moves.append(0xd503201f)  # nop, to align the values
    code = b""
    for place, move in enumerate(moves):
        if isinstance(move, tuple):  # ldr xN, value
            register, index = move
            words = len(moves) - place + 2 * index
            move = 0x58000000 | words << 5 | register
        code += struct.pack("<I", move)
    header = struct.pack("<IIQQQ3Q4sI", 0x14000010, 0, 0, 4096, 0xa, 0, 0, 0,
                         b"ARM\x64", 0)  # b .+64
    return header + code + struct.pack(f"<{len(values)}Q", *values)


def host_tree(path, edits, machine="virt,virtualization=on,gic-version=3",
              cpu=MACHINE.CPU, smp=2):
    """Writes QEMU's device tree, with source appended, as a blob to the
    path."""
    blob = f"{path}.qemu"
    subprocess.run(
        [MACHINE.PROGRAM, "-M", f"{machine},dumpdtb={blob}", "-cpu", cpu,
         "-smp", str(smp), "-nodefaults", "-display", "none"], check=True)
    source = subprocess.run(["dtc", "-q", "-O", "dts", blob], check=True,
                            capture_output=True, text=True).stdout
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", str(path)], check=True,
                   input=source + edits, text=True)
    return path


def zcu102(extra=()):
    """Options for QEMU's ZCU102, with the device tree from Debian's full
    kernel."""
    trees = sorted((BUILD / "material").glob(
        "linux-image-arm64/root/usr/lib/*/xilinx/zynqmp-zcu102-rev1.0.dtb"))
    text = subprocess.run([MACHINE.PROGRAM, "--version"], check=True,
                          capture_output=True, text=True).stdout
    # Otherwise QEMU looks for sound hardware; the option depends on its
    # version.
    major = int(re.search(r"version (\d+)", text).group(1))
    audio = ["-audio", "none"] if major >= 9 else ["-audiodev", "none,id=none"]
    return {"board": "xlnx-zcu102,virtualization=on", "smp": 4, "mem": "2G",
            "extra": ["-dtb", str(trees[-1]), *audio, *extra]}
