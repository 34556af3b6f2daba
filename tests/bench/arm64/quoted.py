# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of README.md's tables of costs: titles, and what others were measured to
cost on arm64, with the same kind of guest and machine."""

# Figures in instructions: the row's title, and Bao, Xvisor, KVM.
TRAPS = {
    "hypercall": ("hypercall PSCI_VERSION", "192", "400", "1446"),
    "hypercall-unknown": ("hypercall, unknown function", "1424", "UNDEF", ""),
    "sysreg-id": ("trapped ID register", "not trapped", "not trapped", ""),
    "uart-read": ("MMIO read, UART flag register", "passed through", "645",
                  "5449 (user space)"),
    "uart-write": ("MMIO write, UART interrupt clear", "", "", ""),
    "uart-read-half": ("MMIO read, UART, 16 bits (Linux)", "", "", ""),
    "uart-write-half": ("MMIO write, UART, 16 bits (Linux)", "", "", ""),
    "uart-send-half": ("MMIO write, UART, a character (Linux)", "", "", ""),
    "mmio-in-turn": ("MMIO read, two devices in turn", "", "", ""),
    "gicd-typer-read": ("MMIO read, GICD_TYPER", "227", "718", "2223"),
    "gicd-isenabler-read": ("MMIO read, GICD_ISENABLER", "1294", "1170", ""),
    "gicd-isenabler-write": ("MMIO write, GICD_ISENABLER", "3281", "2470",
                             ""),
    "isenabler0-write": ("MMIO write, a CPU's own ISENABLER0", "", "", ""),
    "sgi-self": ("self-SGI to handler", "789", "2459", ""),
    "sgi-rotation": ("... sixteen in rotation, each", "", "", ""),
    "irq-end": ("end of interrupt", "", "", ""),
    "sgi-other": ("SGI to a waiting VCPU, same CPU", "", "", ""),
    "sgi-other-cpu": ("SGI to a waiting VCPU, other CPU", "", "", "5413"),
    "sgi-other-cpu-spin": ("SGI to a running VCPU, other CPU", "", "", ""),
    "timer-spin": ("virtual timer to handler, spinning", "192", "3648",
                   "2665"),
    "timer-wfi": ("virtual timer to handler, from WFI", "", "4133", ""),
    "timer-wfi-untrapped": ("... from WFI that is not trapped", "192", "",
                            ""),
    "ptimer-spin": ("physical timer to handler, spinning", "", "", ""),
    "ptimer-wfi": ("physical timer to handler, from WFI", "", "", ""),
    "cpu-on": ("PSCI CPU_ON to first instruction, same CPU", "", "", ""),
    "cpu-on-cpu": ("PSCI CPU_ON, other CPU", "", "", ""),
    "first-touch": ("first write to a page", "", "", ""),
    "switch": ("switch of VCPUs at a slice's end", "", "", ""),
    "timer-el2": ("EL2's part of a timer interrupt", "188 (hardware)", "",
                  ""),
    "ipi-el2": ("EL2's part of an IPI, sender and target",
                "1110 (hardware)", "", ""),
    "masked-longest": ("interrupts masked for a trap at most, 128 VCPUs "
                       "(GICv2: 8)", "", "", ""),
    "power-on": ("power-on to first instruction, guest of 64 MiB, ms",
                 "0.32 (static)", "20.1", ""),
    "power-on-256": ("... guest of 256 MiB, ms", "", "", ""),
}
# What they touch, in rounds that the measuring guest marks.
TOUCHED = {
    "hypercall": "hypercall PSCI_VERSION",
    "sysreg-id": "trapped ID register",
    "uart-read": "MMIO read, UART flag register",
    "uart-write": "MMIO write, UART interrupt clear",
    "gicd-typer-read": "MMIO read, GICD_TYPER",
    "gicd-isenabler-write": "MMIO write, GICD_ISENABLER",
    "sgi-self-eoi": "self-SGI and its end",
    "sgi-round-trip": "SGI to a waiting VCPU and back, same CPU",
    "sgi-round-trip-cpu": "... other CPU",
    "ipi-el2": "SGI to a running VCPU, other CPU",
    "timer-spin": "virtual timer, spinning",
    "timer-wfi": "virtual timer, from WFI",
    "cpu-on": "PSCI CPU_ON, same CPU, until it waits",
    "switch": "switch of VCPUs at a slice's end",
}
# Linux to its shell, by Xvisor.
LINUX = "1.04 s"
# Of the hypervisor's size: Xen, Bao, Xvisor.
SIZES = {
    "1 GiB host, no guest": ("about 18 MiB", "", "30 MiB"),
    "vmm.bin": ("983 KB", "", "1932 KB"),
    "vmm.bin, minimal": ("", "94 KB (one static guest, no devices)", ""),
}
# Operations, with the figures of Xvisor and KVM with kvmtool, and the goal.
OPERATIONS = {
    "block-read-4k": ("block, 4 KiB read, interrupt",
                      "16,294 (3)", "44,251 (3)", "<= 3,000 (3)"),
    "block-read-4k-batch": ("... 32 in flight, batches of 8",
                            "12,116 (1.00)", "17,018 (1.11)",
                            "<= 1,200 (0.15)"),
    "block-read-128k": ("block, 128 KiB read, host virtio-blk below",
                        "61,830", "81,908", "<= 6,000"),
    "net-packet": ("packet of 1,514 bytes to another guest, singly",
                   "29,259 (7)", "vhost 46,327", "<= 4,500"),
    "net-packet-batch": ("... in batches of 32", "11,579 (0.22)",
                         "vhost 8,950 (0.22)", "<= 900 and a copy (0.1)"),
    "net-ping-pong": ("64 bytes to another guest and back",
                      "53,780 (12)", "vhost 70,370", "<= 6,000"),
    "console-1": ("console, 1 byte", "5,418", "", "<= 1,200"),
    "console-64": ("console, 64 bytes", "14,931", "", "<= 1,600"),
}
