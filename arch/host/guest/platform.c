/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host: the machine that a guest of the simulated host sees. It is small, and
 * unlike arm64's in all that an architecture may choose, so that core/guest is
 * seen to know of none.
 */
#include <arch/guest_platform.h>
#include <core/config_parser.h>
#include <core/dt_blob.h>
#include <core/emulator.h>
#include <core/fdtgen.h>
#include <core/guest_image.h>
#include <core/guest_place.h>
#include <core/guest_platform.h>
#include <core/schema.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#define LINES 64
#define PIC_ID 5
#define PIC_BASE 0x20000000
#define PIC_SIZE PAGE_SIZE
#define PIC_VCPUS 4
#define SMALL_PIC_ID 6
#define SMALL_PIC_VCPUS 2
#define SMALL_PIC_LEVEL 4
/* The format of its Linux: magic number, then the bytes behind the file that
 * the kernel finds its boot parameters in. */
#define LINUX_MAGIC "HOST"
#define LINUX_PARAMETERS 4
#define LINUX_HEADER 8

static const char *const pic_compatible[] = { "socle,host-pic", NULL };
static const char *const small_pic_compatible[] = { "socle,host-pic-small",
						    NULL };

/* Line 0 is none, as on PLICs. */
static bool pic_decode(const uint8_t *cells, struct config_irq *out)
{
	uint64_t line = dt_cells64(cells, 1);

	*out = (struct config_irq){ .line = (uint32_t)line };
	return line > 0 && line < LINES;
}

/* In the OS's tree the small PIC has a second cell: how a line is triggered. */
static unsigned int pic_encode(const struct guest_config *cfg,
			       const struct config_irq *irq, uint32_t *cells)
{
	cells[0] = irq->line;
	if (!cfg || cfg->intc_model == PIC_ID) {
		return 1;
	}
	cells[1] = SMALL_PIC_LEVEL;
	return 2;
}

static void pic_name(uint32_t line, char *buf, size_t size)
{
	snprintf(buf, size, "line %u", line);
}

static void pic_default(struct guest_config *cfg)
{
	cfg->intc_regs[0] = (struct config_range){ PIC_BASE, PIC_SIZE };
	cfg->intc_nregs = 1;
}

static void pic_reg(struct config_parser *p, const struct config_range *r,
		    unsigned int n)
{
	if (n != 1) {
		config_mistake(p, p->cfg->intc_node, "reg",
			       "found %u entries; allowed 1", n);
		return;
	}
	p->cfg->intc_regs[0] = r[0];
}

static void pic_describe(const struct guest_config *cfg, char *buf, size_t size)
{
	snprintf(buf, size, "%s, %u lines",
		 cfg->intc_model == PIC_ID ? "PIC" : "small PIC", LINES);
}

static void tree_root(struct fdtgen *g)
{
	fdtgen_u32(g, "interrupt-parent",
		   fdtgen_phandle(g, g->cfg->intc_node, FDTGEN_PHANDLE_INTC));
}

static void tree_cpus(struct fdtgen *g)
{
	fdtgen_begin(g, "cpus");
	fdtgen_u32(g, "#address-cells", 1);
	fdtgen_u32(g, "#size-cells", 0);
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		fdtgen_begin_at(g, "cpu", i);
		fdtgen_str(g, "device_type", "cpu");
		fdtgen_u32(g, "reg", i);
		fdtgen_end(g);
	}
	fdtgen_end(g);
}

static void tree_nodes(struct fdtgen *g)
{
	const struct guest_config *cfg = g->cfg;

	tree_cpus(g);
	fdtgen_begin_at(g, "pic", cfg->intc_regs[0].base);
	fdtgen_str(g, "compatible",
		   cfg->intc_model == PIC_ID ? pic_compatible[0]
					     : small_pic_compatible[0]);
	fdtgen_bytes(g, "interrupt-controller", NULL, 0);
	fdtgen_u32(g, "#interrupt-cells", cfg->intc_model == PIC_ID ? 1 : 2);
	fdtgen_reg(g, cfg->intc_regs, cfg->intc_nregs);
	fdtgen_u32(g, "phandle",
		   fdtgen_phandle(g, cfg->intc_node, FDTGEN_PHANDLE_INTC));
	fdtgen_end(g);
}

static bool linux_is(const uint8_t *head, size_t size)
{
	return size >= LINUX_HEADER &&
	       memcmp(head, LINUX_MAGIC, strlen(LINUX_MAGIC)) == 0;
}

static int linux_plan(struct image_plan *plan, const struct image_where *w,
		      const uint8_t *head, uint64_t file_size, const char **why)
{
	uint64_t at = w->has_addr ? w->addr : w->ram_base;
	uint64_t size = image_get(head + LINUX_PARAMETERS, 4);

	if (size == 0) {
		*why = "its header asks for no boot parameters";
		return -ERR_FORMAT;
	}
	image_one_segment(plan, at, file_size, file_size);
	plan->seg[plan->nsegs++] = (struct image_segment){
		.addr = ALIGN_UP(at + file_size, PAGE_SIZE),
		.mem_size = size,
	};
	return 0;
}

/* Right behind the kernel, and the tree at the end of the first bank. */
static bool place_initrd(const struct place *p, uint64_t image_end,
			 uint64_t size, uint64_t *out)
{
	return place_find(p, image_end, size, PAGE_SIZE, out);
}

static bool place_tree(const struct place *p, enum kernel_format format,
		       uint64_t image_end, uint64_t initrd_end, uint64_t size,
		       uint64_t *out)
{
	const struct config_range *bank = &p->cfg->memory[0];
	uint64_t end = bank->base + bank->size;

	(void)format;
	(void)image_end;
	(void)initrd_end;
	return size <= bank->size &&
	       place_find(p, ALIGN_DOWN(end - size, PAGE_SIZE), size, PAGE_SIZE,
			  out);
}

static bool tree_is_first(enum kernel_format format)
{
	(void)format;
	return true;
}

/* clang-format off */
static const struct platform_intc intcs[] = {
	{
		.id = PIC_ID,
		.name = "PIC",
		.compatible = pic_compatible,
		.max_vcpus = PIC_VCPUS,
	},
	{
		.id = SMALL_PIC_ID,
		.name = "small PIC",
		.compatible = small_pic_compatible,
		.max_vcpus = SMALL_PIC_VCPUS,
	},
};

static const struct platform_device devices[] = {
	{
		.name = "serial",
		.compatible = "ns16550a",
		.regs = { { 0x10000000, 0x100 } },
		.nregs = 1,
		.irq = 10,
		.count = 2,
		.step = 0x1000,
	},
	{
		.name = "serial",
		.compatible = "ns16550a",
		.regs = { { 0x3f8, 8 } },
		.nregs = 1,
		.space = EMU_PORTS,
		.irq = 4,
		.count = 1,
	},
	{
		.name = "virtio_mmio",
		.compatible = "virtio,mmio",
		.regs = { { 0x10010000, 0x200 } },
		.nregs = 1,
		.irq = 20,
		.count = 12,
		.step = 0x1000,
	},
	{
		.name = "shared-memory",
		.compatible = "socle,shared-memory-slot",
		.regs = { { 0x2a000000, MIB(1) }, { 0x2a100000, KIB(4) } },
		.nregs = 2,
		.irq = 40,
		.edge = true,
		.count = 2,
		.step = MIB(2),
	},
	{
		.name = "flash",
		.compatible = "cfi-flash",
		.regs = { { 0x60000000, 0x1000000 }, { 0x61000000, 0x1000000 } },
		.nregs = 2,
		.irq = -1,
		.count = 1,
	},
};

/* In the order of enum kernel_format. */
static const char *const format_choices[] = { "auto", "image", "elf", "raw",
					      NULL };

static const struct schema_prop rows[] = {
	{
		.node = "/devices/*",
		.name = "interrupts",
		.type = SCHEMA_IRQS,
		.otherwise = "none",
		.doc = "One cell.",
	},
	{
		.node = "/boot",
		.name = "entry",
		.type = SCHEMA_U64,
		.max = UINT64_MAX,
		CONFIG_STORE_HAS(entry),
		.otherwise = "as the file says; raw: where it is loaded",
		.doc = "Where VCPU 0 starts, a physical address within "
		       "what is loaded; without `kernel` in a flash bank "
		       "whose `image` is firmware.",
	},
	{
		.node = "/boot",
		.name = "format",
		.type = SCHEMA_CHOICE,
		.choices = format_choices,
		CONFIG_STORE(format),
		.otherwise = "auto",
		.doc = "How `kernel` is loaded.",
	},
	{
		.node = "/boot",
		.name = "initrd-address",
		.type = SCHEMA_U64,
		.max = UINT64_MAX,
		CONFIG_STORE_HAS(initrd_addr),
		.otherwise = "behind `kernel`",
		.doc = "Where `initrd` is loaded.",
	},
	{
		.node = "/boot",
		.name = "dtb-address",
		.type = SCHEMA_U64,
		.max = UINT64_MAX,
		.align = 8,
		CONFIG_STORE_HAS(dtb_addr),
		.otherwise = "the end of the first bank",
		.doc = "Where the OS's device tree is put.",
	},
	{
		.node = "/devices/intc",
		.name = "compatible",
		.type = SCHEMA_STRINGS,
		.required = true,
		.doc = "\"socle,host-pic\" or \"socle,host-pic-small\".",
	},
	{
		.node = "/devices/intc",
		.name = "reg",
		.type = SCHEMA_REG,
		.align = PAGE_SIZE,
		.otherwise = "0x20000000",
		.doc = "Its registers.",
	},
	{
		.node = "/devices/intc",
		.name = "interrupt-controller",
		.type = SCHEMA_FLAG,
		.otherwise = "implied",
		.doc = "Accepted because dtc asks for it; has no effect.",
	},
	{
		.node = "/devices/intc",
		.name = "#interrupt-cells",
		.type = SCHEMA_U32,
		.min = 1,
		.max = 1,
		.otherwise = "1",
		.doc = "Accepted because dtc asks for it; has no effect.",
	},
	{ .name = NULL },
};
/* clang-format on */

const struct guest_platform arch_guest_platform = {
	.like = "The machine of the tests",
	.os_model = "socle,host-virt",
	.io_ports = 0x10000,
	.ram_base = 0x80000000,
	.devices = devices,
	.ndevices = ARRAY_SIZE(devices),
	.rows = rows,
	.intcs = intcs,
	.nintcs = ARRAY_SIZE(intcs),
	.irq_cells = 1,
	.irq_allowed = "<N>, N 1..63",
	.irq_decode = pic_decode,
	.irq_encode = pic_encode,
	.irq_name = pic_name,
	.intc_default = pic_default,
	.intc_reg = pic_reg,
	.intc_describe = pic_describe,
	.tree_root = tree_root,
	.tree_nodes = tree_nodes,
	.elf_machine = 0, /* EM_NONE */
	.insn_align = 1,
	.raw_offset = 0,
	.linux_is = linux_is,
	.linux_plan = linux_plan,
	.place_initrd = place_initrd,
	.place_tree = place_tree,
	.tree_is_first = tree_is_first,
	.tree_max = MIB(1),
};
