# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever guests do, a neighbour of equal priority gets its share."""

import struct

import pytest

from socle import BUILD, description

# A slow CPU with 15 million instructions a second, so that restarting a guest
# takes as much of the second between two starts as with slow memory.
SLOW = "shift=6"
BSS = 128 << 20
FLASH = 16 << 20


def elf(code, at, size):
    """An ELF file with one position-independent segment, and its .bss."""
    header = struct.pack("<16sHHIQQQIHHHHHH",
                         b"\x7fELF\2\1\1".ljust(16, b"\0"), 2, 183, 1, at,
                         64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 7, 0x1000, at, at, len(code), size,
                          0x1000)
    return (header + segment).ljust(0x1000, b"\0") + code


def guest(name, what, **more):
    return description(name, initrd=None, bootargs=what, **more)


def measuring(name):
    return guest(name, "share=measure", memory=16, kernel="/images/share.bin")


def storm(name, what):
    return guest(name, f"storm={what}", memory=16, vcpus=8,
                 kernel="/images/storm.bin")


def resetting(name):
    return guest(name, "share=reset", memory=160, kernel="/images/bss.elf")


def reflashing(name):
    return guest(name, "share=flash", memory=16, kernel="/images/share.bin",
                 extra='devices { flash@0 { image = "/images/flash"; }; };')


def crashing(name):
    source = guest(name, "storm=crash", memory=160, kernel="/images/bss2.elf")
    return source.replace("model =", 'on-crash = "restart";\n\tmodel =')


ALL = {
    "storms": [storm("one", "spin"), storm("two", "dma"),
               storm("three", "console"), storm("four", "devices")],
    "wakes": [storm("one", "sgi"), storm("two", "wfx"),
              storm("three", "psci"), storm("four", "timer")],
    "resets": [resetting("one"), resetting("two"), reflashing("three"),
               crashing("four")],
}


def measured(host, windows):
    """The share in thousandths (the mean of so many windows) and the time of a
    flash command in us (the minimum, since others may run in between)."""
    host.cmd("guest create /guests/neighbour.dtb --start", timeout=180)
    host.attach("neighbour")
    seen = []
    for _ in range(windows + 1):
        found = host.expect(r"share (\d+) flash (\d+)\r*\n", timeout=120)
        seen.append((int(found[1]), int(found[2])))
    host.detach()
    host.cmd("guest destroy neighbour", timeout=180)
    seen = seen[1:]
    return (sum(share for share, _ in seen) / len(seen),
            min(busy for _, busy in seen))


@pytest.mark.parametrize("kind", ALL)
def test_neighbour(boot, kind):
    code = {name: (BUILD / "guest" / f"{name}.bin").read_bytes()
            for name in ("share", "storm")}
    names = ["one", "two", "three", "four"]
    guests = {"neighbour": measuring("neighbour"),
              **dict(zip(names, ALL[kind]))}
    host = boot(guests, smp=1, icount=SLOW, limit=900, script="",
                files={"images/bss.elf": elf(code["share"], 0x40200000, BSS),
                       "images/bss2.elf": elf(code["storm"], 0x40200000, BSS),
                       "images/flash": bytes(FLASH)})
    alone, flash_alone = measured(host, 1)
    assert alone > 900
    for n, name in enumerate(names, 1):
        host.cmd(f"guest create /guests/{name}.dtb --start", timeout=180)
        share, busy = measured(host, 4)
        print(f"{kind}: {n}: {share:.0f} of 1000, flash {busy} us "
              f"(alone {flash_alone})")
        assert share >= 0.9 * 1000 / (n + 1)
        assert busy <= 5 * flash_alone
