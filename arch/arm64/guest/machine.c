/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The default machine: QEMU's virt, with the same addresses and interrupts, so
 * that software for it starts unmodified. Devices without an emulator here
 * (PCIe, MSI frames) are left out.
 */
#include "platform_priv.h"

/* clang-format 14 crashes on the nested braces. */
/* clang-format off */
const struct platform_device virt_devices[VIRT_DEVICES] = {
	{
		.name = "flash",
		.compatible = "cfi-flash",
		.regs = { { 0, MIB(64) }, { MIB(64), MIB(64) } },
		.nregs = 2,
		.irq = -1,
		.count = 1,
	},
	{
		.name = "pl011",
		.compatible = "arm,pl011",
		.regs = { { 0x09000000, KIB(4) } },
		.nregs = 1,
		.irq = GUEST_SPI(1),
		.count = 1,
	},
	{
		.name = "pl031",
		.compatible = "arm,pl031",
		.regs = { { 0x09010000, KIB(4) } },
		.nregs = 1,
		.irq = GUEST_SPI(2),
		.count = 1,
	},
	{
		.name = "fw-cfg",
		.compatible = "qemu,fw-cfg-mmio",
		.regs = { { 0x09020000, 0x18 } },
		.nregs = 1,
		.irq = -1,
		.count = 1,
	},
	{
		.name = "pl061",
		.compatible = "arm,pl061",
		.regs = { { 0x09030000, KIB(4) } },
		.nregs = 1,
		.irq = GUEST_SPI(7),
		.count = 1,
	},
	{
		.name = "virtio_mmio",
		.compatible = "virtio,mmio",
		.regs = { { 0x0a000000, 0x200 } },
		.nregs = 1,
		.irq = GUEST_SPI(16),
		.edge = true,
		.count = 32,
		.step = 0x200,
	},
	/* Slots in the platform bus, which virt has for devices that are added.
	 * No emulator has this name: no guest has such devices by default. */
	{
		.name = "shared-memory",
		.compatible = "socle,shared-memory-slot",
		.regs = { { 0x0c000000, MIB(2) }, { 0x0c200000, KIB(4) } },
		.nregs = 2,
		.irq = GUEST_SPI(112),
		.edge = true,
		.count = 8,
		.step = MIB(4),
	},
};
/* clang-format on */
