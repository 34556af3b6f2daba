/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What core/guest has to know about arm64's guests. */
#include <arch/guest_platform.h>

#include "platform_priv.h"

#define ELF_MACHINE 183 /* EM_AARCH64 (ELF for the Arm 64-bit Architecture) */

const struct guest_platform arch_guest_platform = {
	.like = "QEMU's `virt`",
	.os_model = "linux,dummy-virt",
	.ram_base = 0x40000000,
	.devices = virt_devices,
	.ndevices = VIRT_DEVICES,
	.rows = guest_rows,
	.intcs = gic_models,
	.nintcs = GIC_MODELS,
	.irq_cells = GIC_CELLS,
	.irq_allowed = "<0 N FLAGS>, N 0..255, FLAGS 1 or 4",
	.irq_decode = gic_irq_decode,
	.irq_encode = gic_irq_encode,
	.irq_name = gic_irq_name,
	.intc_default = gic_default,
	.intc_reg = gic_reg,
	.intc_describe = gic_describe,
	/* The APB clock of QEMU's virt. */
	.clock_node = "apb-pclk",
	.clock_output = "clk24mhz",
	.clock_hz = 24000000,
	.tree_root = tree_root,
	.tree_nodes = tree_nodes,
	.elf_machine = ELF_MACHINE,
	.insn_align = 4,
	.raw_offset = RAW_OFFSET,
	.linux_is = linux_is,
	.linux_plan = linux_plan,
	.place_initrd = virt_place_initrd,
	.place_tree = virt_place_tree,
	.tree_is_first = virt_tree_is_first,
	.tree_max = MIB(2), /* "Booting AArch64 Linux" */
};

_Static_assert(GUEST_NR_SPIS == 256, "irq_allowed says so");
