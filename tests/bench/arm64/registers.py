# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices of arm64's default guest, and what their registers are called, for
tools/bench/accesses.py."""

# The default machine's devices, and the registers that Linux uses most. Guests of
# Socle do not have the others (PCIe).
DEVICES = [
    (0x00000000, 0x8000000, "flash"),
    (0x08000000, 0x10000, "GICD"),
    (0x080a0000, 0xf60000, "GICR"),
    (0x09000000, 0x1000, "PL011"),
    (0x09010000, 0x1000, "PL031"),
    (0x09020000, 0x18, "fw_cfg"),
    (0x09030000, 0x1000, "PL061"),
    (0x0a000000, 0x4000, "virtio-mmio"),
]
# Devices that guests access without a trap.
UNTRAPPED = [(0x08010000, 0x10000, "GICC")]
# Where a character is written to the console.
CONSOLE = ("PL011", 0)
REGISTERS = {
    "PL011": {0x00: "UARTDR", 0x18: "UARTFR", 0x24: "UARTIBRD",
              0x28: "UARTFBRD", 0x2c: "UARTLCR_H", 0x30: "UARTCR",
              0x34: "UARTIFLS", 0x38: "UARTIMSC", 0x3c: "UARTRIS",
              0x40: "UARTMIS", 0x44: "UARTICR", 0x48: "UARTDMACR"},
    "GICR": {0x14: "GICR_WAKER"},
}
ARRAYS = [(0x080, 0x100, "IGROUPR"), (0x100, 0x180, "ISENABLER"),
          (0x180, 0x200, "ICENABLER"), (0x200, 0x280, "ISPENDR"),
          (0x280, 0x300, "ICPENDR"), (0x300, 0x380, "ISACTIVER"),
          (0x380, 0x400, "ICACTIVER"), (0x400, 0x800, "IPRIORITYR"),
          (0x800, 0xc00, "ITARGETSR"), (0xc00, 0xd00, "ICFGR"),
          (0xf00, 0xf04, "SGIR"), (0x6000, 0x8000, "IROUTER")]


def register(name, offset):
    """The register's name in the manual, if it is listed here."""
    known = REGISTERS.get(name, {}).get(offset)
    if known:
        return known
    if name in ("GICD", "GICR"):
        if name == "GICR":
            frame, offset = offset % 0x20000 >> 16, offset % 0x10000
            if not frame:
                return f"GICR+{offset:#x}"
        for first, end, text in ARRAYS:
            if first <= offset < end:
                return f"{name}_{text}"
    return f"{name}+{offset:#x}"
