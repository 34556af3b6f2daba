/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree for a guest's operating system, made from its checked
 * description: written front to back, then the description's os-tree merged
 * in. What depends on the architecture is in fdtgen_arm.c.
 */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <libs/dtb.h>
#include <libs/error.h>

#include "config_priv.h"

#define CLOCK_HZ 24000000 /* the APB clock of QEMU's virt */
#define KEY_POWER 116     /* Linux input-event-codes.h */
#define POWER_KEY_LINE 3  /* of the PL061, as on virt */

void fdtgen_begin(struct fdtgen *g, const char *name)
{
	if (g->err == 0) {
		g->err = fdt_begin_node(g->fdt, name);
	}
}

void fdtgen_begin_at(struct fdtgen *g, const char *name, uint64_t address)
{
	char full[CONFIG_NAME_LEN];

	snprintf(full, sizeof(full), "%s@%" PRIx64, name, address);
	fdtgen_begin(g, full);
}

void fdtgen_end(struct fdtgen *g)
{
	if (g->err == 0) {
		g->err = fdt_end_node(g->fdt);
	}
}

void fdtgen_bytes(struct fdtgen *g, const char *name, const void *val,
		  size_t len)
{
	if (g->err == 0) {
		g->err = fdt_property(g->fdt, name, val, (int)len);
	}
}

void fdtgen_str(struct fdtgen *g, const char *name, const char *s)
{
	fdtgen_bytes(g, name, s, strlen(s) + 1);
}

void fdtgen_u32(struct fdtgen *g, const char *name, uint32_t v)
{
	if (g->err == 0) {
		g->err = fdt_property_u32(g->fdt, name, v);
	}
}

void fdtgen_u64(struct fdtgen *g, const char *name, uint64_t v)
{
	if (g->err == 0) {
		g->err = fdt_property_u64(g->fdt, name, v);
	}
}

void fdtgen_cells(struct fdtgen *g, const char *name, const uint32_t *cells,
		  unsigned int n)
{
	void *out;
	unsigned int i;

	if (g->err == 0) {
		g->err = fdt_property_placeholder(g->fdt, name,
						  (int)(n * CONFIG_CELL), &out);
	}
	for (i = 0; i < n && g->err == 0; i++) {
		fdt32_st((uint8_t *)out + i * CONFIG_CELL, cells[i]);
	}
}

void fdtgen_reg(struct fdtgen *g, const struct config_range *regs,
		unsigned int n)
{
	uint32_t cells[CONFIG_MAX_REGS * 4];
	unsigned int i;

	for (i = 0; i < n; i++) {
		cells[i * 4] = (uint32_t)(regs[i].base >> 32);
		cells[i * 4 + 1] = (uint32_t)regs[i].base;
		cells[i * 4 + 2] = (uint32_t)(regs[i].size >> 32);
		cells[i * 4 + 3] = (uint32_t)regs[i].size;
	}
	fdtgen_cells(g, "reg", cells, n * 4);
}

uint32_t fdtgen_phandle(const struct fdtgen *g, int node, uint32_t otherwise)
{
	uint32_t given = 0;

	if (node >= 0) {
		given = dtb_phandle(g->cfg->blob, node);
	}
	return given ? given : otherwise;
}

static void fdtgen_clock(struct fdtgen *g)
{
	fdtgen_begin(g, "apb-pclk");
	fdtgen_str(g, "compatible", "fixed-clock");
	fdtgen_u32(g, "#clock-cells", 0);
	fdtgen_u32(g, "clock-frequency", CLOCK_HZ);
	fdtgen_str(g, "clock-output-names", "clk24mhz");
	fdtgen_u32(g, "phandle", FDTGEN_PHANDLE_CLOCK);
	fdtgen_end(g);
}

static void fdtgen_memory(struct fdtgen *g)
{
	uint32_t i;

	for (i = 0; i < g->cfg->nmemory; i++) {
		fdtgen_begin_at(g, "memory", g->cfg->memory[i].base);
		fdtgen_str(g, "device_type", "memory");
		fdtgen_reg(g, &g->cfg->memory[i], 1);
		fdtgen_end(g);
	}
}

/*
 * Numbers and flags among the emulator's own properties are the OS's business
 * too (reg-shift); strings name things of the hypervisor.
 */
static bool fdtgen_is_passed(const struct schema_prop *own)
{
	return (own->type == SCHEMA_U32 || own->type == SCHEMA_U64 ||
		own->type == SCHEMA_LIST || own->type == SCHEMA_FLAG) &&
	       strncmp(own->name, "socle,", strlen("socle,")) != 0;
}

static void fdtgen_passed(struct fdtgen *g, const struct config_device *dev)
{
	const struct emulator *emu = emulator_find(dev->compatible);
	const struct schema_prop *own = emu ? emu->props : NULL;

	for (; own && own->name; own++) {
		int len;
		const void *data =
			dtb_prop(g->cfg->blob, dev->node, own->name, &len);

		if (data && fdtgen_is_passed(own)) {
			fdtgen_bytes(g, own->name, data, (size_t)len);
		}
	}
}

static void fdtgen_type(struct fdtgen *g, const struct device_type *type,
			int node)
{
	uint32_t clocks[4];
	unsigned int i;

	fdtgen_bytes(g, "compatible", type->os_compatible,
		     type->os_compatible_len);
	if (type->dma_coherent) {
		fdtgen_bytes(g, "dma-coherent", NULL, 0);
	}
	for (i = 0; i < type->nclocks && i < ARRAY_SIZE(clocks); i++) {
		clocks[i] = FDTGEN_PHANDLE_CLOCK;
	}
	if (i > 0) {
		fdtgen_cells(g, "clocks", clocks, i);
		fdtgen_bytes(g, "clock-names", type->clock_names,
			     type->clock_names_len);
	}
	for (i = 0; i < ARRAY_SIZE(type->cells) && type->cells[i].name; i++) {
		const char *name = type->cells[i].name;
		int64_t value = type->cells[i].value;

		if (node >= 0 && dtb_prop(g->cfg->blob, node, name, NULL)) {
			continue; /* the description's comes with the rest */
		}
		if (value < 0) {
			fdtgen_bytes(g, name, NULL, 0);
		} else {
			fdtgen_u32(g, name, (uint32_t)value);
		}
	}
}

static void fdtgen_device(struct fdtgen *g, uint32_t index)
{
	const struct config_device *dev = &g->cfg->devices[index];
	const struct device_type *type = device_type_find(dev->compatible);

	fdtgen_begin(g, dev->name);
	if (type) {
		fdtgen_type(g, type, dev->node);
	} else {
		fdtgen_str(g, "compatible", dev->compatible);
	}
	fdtgen_reg(g, dev->regs, dev->nregs);
	if (dev->nirqs) {
		fdtgen_arch_irqs(g, dev->irqs, dev->nirqs);
	}
	if (dev->node >= 0) {
		fdtgen_passed(g, dev);
	}
	if (dev->node >= 0 || (type && type->power_key)) {
		fdtgen_u32(g, "phandle",
			   fdtgen_phandle(g, dev->node,
					  FDTGEN_PHANDLE_DEVICE + index));
	}
	fdtgen_end(g);
}

/* Linux finds the power key by this node; the first such device has it. */
static void fdtgen_power_key(struct fdtgen *g)
{
	uint32_t i;

	for (i = 0; i < g->cfg->ndevices; i++) {
		const struct config_device *dev = &g->cfg->devices[i];
		const struct device_type *type =
			device_type_find(dev->compatible);
		uint32_t gpios[] = { 0, POWER_KEY_LINE, 0 };

		if (!type || !type->power_key) {
			continue;
		}
		gpios[0] =
			fdtgen_phandle(g, dev->node, FDTGEN_PHANDLE_DEVICE + i);
		fdtgen_begin(g, "gpio-keys");
		fdtgen_str(g, "compatible", "gpio-keys");
		fdtgen_begin(g, "poweroff");
		fdtgen_str(g, "label", "GPIO Key Poweroff");
		fdtgen_u32(g, "linux,code", KEY_POWER);
		fdtgen_cells(g, "gpios", gpios, ARRAY_SIZE(gpios));
		fdtgen_end(g);
		fdtgen_end(g);
		return;
	}
}

static void fdtgen_stdout(struct fdtgen *g)
{
	char path[CONFIG_NAME_LEN + 1];
	uint32_t i;

	for (i = 0; i < g->cfg->ndevices; i++) {
		const struct config_device *dev = &g->cfg->devices[i];
		const struct device_type *type =
			device_type_find(dev->compatible);

		if (type && type->console) {
			snprintf(path, sizeof(path), "/%s", dev->name);
			fdtgen_str(g, "stdout-path", path);
			return;
		}
	}
}

static void fdtgen_chosen(struct fdtgen *g, const struct fdtgen_info *info)
{
	fdtgen_begin(g, "chosen");
	fdtgen_stdout(g);
	if (g->cfg->bootargs) {
		fdtgen_str(g, "bootargs", g->cfg->bootargs);
	}
	if (info->initrd_end) {
		fdtgen_u64(g, "linux,initrd-start", info->initrd_start);
		fdtgen_u64(g, "linux,initrd-end", info->initrd_end);
	}
	if (info->rng_seed) {
		fdtgen_bytes(g, "rng-seed", info->rng_seed, info->rng_seed_len);
	}
	if (info->kaslr_seed) {
		fdtgen_u64(g, "kaslr-seed", info->kaslr_seed);
	}
	fdtgen_end(g);
}

static void fdtgen_root(struct fdtgen *g, const struct fdtgen_info *info)
{
	uint32_t i;

	fdtgen_begin(g, "");
	fdtgen_str(g, "compatible", "linux,dummy-virt");
	fdtgen_str(g, "model", "linux,dummy-virt");
	fdtgen_u32(g, "#address-cells", 2);
	fdtgen_u32(g, "#size-cells", 2);
	fdtgen_arch_root(g);
	fdtgen_chosen(g, info);
	fdtgen_memory(g);
	fdtgen_arch_nodes(g);
	fdtgen_clock(g);
	for (i = 0; i < g->cfg->ndevices; i++) {
		fdtgen_device(g, i);
	}
	fdtgen_power_key(g);
	fdtgen_end(g);
}

static int fdtgen_error(int err)
{
	if (err == 0) {
		return 0;
	}
	return err == -FDT_ERR_NOSPACE ? -ERR_NOSPC : -ERR_FORMAT;
}

int fdtgen_build(const struct guest_config *cfg, const struct fdtgen_info *info,
		 void *buf, size_t size)
{
	struct fdtgen g = { .cfg = cfg, .fdt = buf };

	if (size > INT_MAX) {
		size = INT_MAX;
	}
	/* Looking for each name among those before is most of the work. */
	g.err = fdt_create_with_flags(buf, (int)size,
				      FDT_CREATE_FLAG_NO_NAME_DEDUP);
	if (g.err == 0) {
		g.err = fdt_finish_reservemap(buf);
	}
	fdtgen_root(&g, info);
	if (g.err == 0) {
		g.err = fdt_finish(buf);
	}
	if (g.err != 0) {
		return fdtgen_error(g.err);
	}
	if (cfg->extra_node < 0) {
		return 0;
	}
	return fdtgen_error(fdtgen_merge(cfg, buf, (int)size));
}
