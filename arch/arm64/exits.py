# SPDX-License-Identifier: GPL-2.0-or-later
"""The reasons of guests' exits, in words: syndromes in traces (tools/trace)."""

# ESR_ELx.EC, Arm ARM D19.2.37.
CLASSES = {0x00: "unknown", 0x01: "WFI/WFE", 0x03: "CP15", 0x04: "CP15",
           0x07: "FP", 0x16: "HVC", 0x17: "SMC", 0x18: "system register",
           0x19: "SVE", 0x20: "fetch", 0x24: "access"}
ABORTS = 0x20, 0x24
CALLS = 0x16, 0x17


def exit_text(syndrome, detail):
    """An exit by its syndrome and detail (arch/arm64/cpu/trace.c)."""
    kind = syndrome >> 26
    name = CLASSES.get(kind, f"class {kind:#x}")
    if kind in ABORTS:
        return f"{name} at {detail:#x}"
    if kind in CALLS:
        return f"{name} {detail:#x}"
    return name
