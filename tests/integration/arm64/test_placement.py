# SPDX-License-Identifier: GPL-2.0-or-later
"""Images, initial RAM disk and device tree are placed where QEMU places them.

The same files are started by QEMU's virt machine directly and as guests; each
prints where it is (tests/guest/arm64/where.c).
"""

import re
import struct

import pytest

from socle import BUILD, description
from test_guests import linked_at

WHERE = r"where:((?: \w+=0x[0-9a-f]+)+) \."
RAM = 0x40000000


def image(text_offset, image_size):
    """An Image with these values in its header."""
    blob = bytearray((BUILD / "guest" / "where.bin").read_bytes())
    struct.pack_into("<QQ", blob, 8, text_offset, image_size)
    return bytes(blob)


def raw():
    """Without the magic number it is a raw binary."""
    blob = bytearray((BUILD / "guest" / "where.bin").read_bytes())
    blob[56:60] = bytes(4)
    return bytes(blob)


def elf(address):
    return linked_at((BUILD / "guest" / "where.elf").read_bytes(), address)


def virtual_elf(address):
    """An ELF file linked to high addresses and loaded at a low one, like a
    kernel."""
    blob = bytearray(elf(address))
    high = 0xffff800000000000
    headers, = struct.unpack_from("<Q", blob, 32)
    count, = struct.unpack_from("<H", blob, 56)
    for place in [24] + [headers + 56 * i + 16 for i in range(count)]:
        value, = struct.unpack_from("<Q", blob, place)
        struct.pack_into("<Q", blob, place, value + high)
    return bytes(blob)


# Name: image, MiB of RAM, bytes of initial RAM disk (None: without).
CASES = {
    "raw16": (raw, 16, None),
    "raw64": (raw, 64, 5000),
    "raw256": (raw, 256, None),
    "raw-initrd": (raw, 256, (3 << 20) + 5),
    "raw-exact": (raw, 256, 2 << 20),
    "image": (lambda: image(0, 0x20000), 64, None),
    "image-initrd": (lambda: image(0, 0x20000), 256, 5000),
    "image-low": (lambda: image(0x1000, 0x20000), 256, 100),
    "image-offset": (lambda: image(0x80000, 0x20000), 128, 5000),
    "image-old": (lambda: image(0, 0), 128, None),
    "image-large": (lambda: image(0, (160 << 20) + 1), 320, 5000),
    "elf": (lambda: elf(RAM + 0x200000), 64, None),
    "elf-high": (lambda: elf(RAM + 0x3000000), 64, None),
    "elf-virtual": (lambda: virtual_elf(RAM + 0x200000), 64, None),
}


def seen(machine):
    found = machine.expect(WHERE, timeout=30)
    return {name: int(value, 16) for name, value in
            (word.split("=") for word in found.group(1).split())}


def test_as_qemu_does(boot, qemu, tmp_path):
    images = {f"k/{name}": case[0]() for name, case in CASES.items()}
    files = dict(images)
    for name, (_, _, initrd) in CASES.items():
        if initrd:
            files[f"i/{name}"] = bytes(initrd)
    host = boot({name: description(
        name, memory=memory, kernel=f"/k/{name}", bootargs="",
        initrd=f"/i/{name}" if initrd else None)
        for name, (_, memory, initrd) in CASES.items()},
        script="", files=files)
    for name, (_, memory, initrd) in CASES.items():
        kernel = tmp_path / name
        kernel.write_bytes(images[f"k/{name}"])
        arguments = ["-M", "virt,gic-version=3", "-cpu", "cortex-a57",
                     "-m", str(memory), "-nodefaults", "-display", "none",
                     "-serial", "stdio", "-kernel", str(kernel)]
        if initrd:
            (tmp_path / "initrd").write_bytes(files[f"i/{name}"])
            arguments += ["-initrd", str(tmp_path / "initrd")]
        native = qemu(arguments)
        wanted = seen(native)
        native.close()
        host.cmd(f"guest create /guests/{name}.dtb --start")
        host.attach(name)
        found = seen(host)
        host.detach()
        host.cmd(f"guest destroy {name}")
        if name.startswith("elf"):
            # QEMU leaves x0 at zero; guests get the tree's address here, too.
            assert wanted["x0"] == 0 and wanted["first"] == 1
            assert found["x0"] == RAM
            wanted["x0"] = RAM
        assert found == wanted, name


@pytest.mark.parametrize("address", [RAM, RAM + 0x10000])
def test_elf_at_the_start(boot, address):
    """QEMU gives such an ELF file no device tree; here it is in x0."""
    host = boot({"elf": description("elf", memory=64, kernel="/elf",
                                    initrd=None, bootargs="")},
                files={"elf": elf(address)})
    host.attach("elf")
    found = seen(host)
    assert found["first"] == 0 and found["x0"] == RAM + (32 << 20)
    host.detach()


def test_earlycon(boot):
    """Linux finds its early console through the tree, or at its address on
    QEMU's virt machine."""
    host = boot({name: description(
        name, bootargs=f"{option} console=ttyAMA0 hostname={name}")
        for name, option in (("tree", "earlycon"),
                             ("told", "earlycon=pl011,0x9000000"))})
    for name in ("tree", "told"):
        with host.linux(name) as shell:
            assert "bootconsole [pl11] enabled" in shell.sh("dmesg")


def with_entry(blob, entry):
    blob = bytearray(blob)
    struct.pack_into("<Q", blob, 24, entry)
    return bytes(blob)


def test_entry_outside(boot):
    """An entry point where nothing was loaded, or that is not aligned, is
    refused."""
    base = RAM + 0x200000
    place = {
        "zero": (with_entry(elf(base), 0), "", 0),
        "before": (with_entry(elf(base), base - 4), "", base - 4),
        "stack": (with_entry(elf(base), base + 0x4ffc), "", base + 0x4ffc),
        "high": (with_entry(elf(base), 0xffff800000000000), "",
                 0xffff800000000000),
        "odd": (with_entry(elf(base), base + 2), "", base + 2),
        "given": (raw(), "entry = <0x40300000>;", 0x40300000),
    }
    guests = {name: description(name, memory=64, kernel=f"/k/{name}",
                                initrd=None, bootargs="", boot=boot_extra)
              for name, (_, boot_extra, _) in place.items()}
    firmware = """
/dts-v1/;
/ {{
	compatible = "socle,guest";
	model = "{}";
	memory = "16M";
	boot {{ entry = <{}>; }};
	devices {{ flash@0 {{ {} }}; }};
}};
"""
    guests["beyond"] = firmware.format("beyond", "0x100000",
                                       'image = "/k/zero";')
    guests["erased"] = firmware.format("erased", "0", "")
    host = boot(guests, script="",
                files={f"k/{name}": blob for name, (blob, _, _) in
                       place.items()})
    for name, (_, _, entry) in place.items():
        text = host.cmd(f"guest create /guests/{name}.dtb --start", ok=False)
        why = "no multiple of 4" if name == "odd" else "not within what is"
        assert re.search(rf"error: /k/{name}: entry {entry:#x} is {why}",
                         text), text
        assert host.guests()[name]["state"] != "running"
    text = host.cmd("guest create /guests/beyond.dtb --start", ok=False)
    assert "error: /k/zero: entry 0x100000 is behind its" in text
    text = host.cmd("guest create /guests/erased.dtb", ok=False)
    assert "entry: found 0x0 without kernel; allowed an address in flash" \
        in text.replace("\n", "")
    assert "erased" not in host.guests()
