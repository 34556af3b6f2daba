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

/*
 * A blob as it is written: header, no reservations, structure, and the names
 * of properties in the last part of the buffer, from where they are moved up
 * against the structure at the end. No name is looked for among those that
 * are there already: that was most of the work, for a few hundred bytes.
 */
#define STRUCTURE_AT (sizeof(struct fdt_header) + sizeof(struct fdt_reserve_entry))
#define NAMES_SHARE 4		/* of the buffer: one part in ... */

/* Room for n bytes of structure, not 0, and for zeroes up to a multiple of 4. */
static uint8_t *fdtgen_room(struct fdtgen *g, size_t n)
{
	uint8_t *at = g->at;

	if (g->err || n > (size_t)(g->names - at)) {
		g->err = -FDT_ERR_NOSPACE;
		return NULL;
	}
	g->at += ALIGN_UP(n, sizeof(fdt32_t));
	fdt32_st(g->at - sizeof(fdt32_t), 0);
	return at;
}

static void fdtgen_tag(struct fdtgen *g, uint32_t tag)
{
	uint8_t *at = fdtgen_room(g, sizeof(tag));

	if (at) {
		fdt32_st(at, tag);
	}
}

/* A property up to its value, which the caller fills in. */
static uint8_t *fdtgen_prop(struct fdtgen *g, const char *name, size_t len)
{
	size_t n = strlen(name) + 1;
	uint8_t *at = NULL;

	if (n <= (size_t)(g->names_end - g->names_at)) {
		at = fdtgen_room(g, sizeof(struct fdt_property) + len);
	}
	if (!at) {
		g->err = -FDT_ERR_NOSPACE;
		return NULL;
	}
	fdt32_st(at, FDT_PROP);
	fdt32_st(at + 4, (uint32_t)len);
	fdt32_st(at + 8, (uint32_t)(g->names_at - g->names));
	memcpy(g->names_at, name, n);
	g->names_at += n;
	return at + sizeof(struct fdt_property);
}

static int fdtgen_start(struct fdtgen *g, void *buf, size_t size)
{
	size_t names = size / NAMES_SHARE & ~(sizeof(fdt32_t) - 1);

	if (names < sizeof(fdt32_t) || size < STRUCTURE_AT + names) {
		return -FDT_ERR_NOSPACE;
	}
	g->fdt = buf;
	g->at = (uint8_t *)buf + STRUCTURE_AT;
	g->names = (uint8_t *)buf + ((size - names) & ~(sizeof(fdt32_t) - 1));
	g->names_at = g->names;
	g->names_end = (uint8_t *)buf + size;
	memset(buf, 0, STRUCTURE_AT);	/* no reservations */
	return 0;
}

static void fdtgen_finish(struct fdtgen *g)
{
	size_t names = (size_t)(g->names_at - g->names);
	size_t strings;

	fdtgen_tag(g, FDT_END);
	if (g->err) {
		return;
	}
	strings = (size_t)(g->at - (uint8_t *)g->fdt);
	memmove(g->at, g->names, names);
	fdt_set_magic(g->fdt, FDT_MAGIC);
	fdt_set_totalsize(g->fdt, (uint32_t)(strings + names));
	fdt_set_off_dt_struct(g->fdt, STRUCTURE_AT);
	fdt_set_off_dt_strings(g->fdt, (uint32_t)strings);
	fdt_set_off_mem_rsvmap(g->fdt, sizeof(struct fdt_header));
	fdt_set_version(g->fdt, FDT_LAST_SUPPORTED_VERSION);
	fdt_set_last_comp_version(g->fdt, FDT_LAST_COMPATIBLE_VERSION);
	fdt_set_size_dt_strings(g->fdt, (uint32_t)names);
	fdt_set_size_dt_struct(g->fdt, (uint32_t)(strings - STRUCTURE_AT));
}

void fdtgen_begin(struct fdtgen *g, const char *name)
{
	size_t n = strlen(name) + 1;
	uint8_t *at = fdtgen_room(g, sizeof(uint32_t) + n);

	if (at) {
		fdt32_st(at, FDT_BEGIN_NODE);
		memcpy(at + sizeof(uint32_t), name, n);
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
	fdtgen_tag(g, FDT_END_NODE);
}

void fdtgen_bytes(struct fdtgen *g, const char *name, const void *val,
		  size_t len)
{
	uint8_t *at = fdtgen_prop(g, name, len);

	if (at && len) {
		memcpy(at, val, len);
	}
}

void fdtgen_str(struct fdtgen *g, const char *name, const char *s)
{
	fdtgen_bytes(g, name, s, strlen(s) + 1);
}

void fdtgen_u32(struct fdtgen *g, const char *name, uint32_t v)
{
	fdtgen_cells(g, name, &v, 1);
}

void fdtgen_u64(struct fdtgen *g, const char *name, uint64_t v)
{
	const uint32_t cells[] = { (uint32_t)(v >> 32), (uint32_t)v };

	fdtgen_cells(g, name, cells, ARRAY_SIZE(cells));
}

void fdtgen_cells(struct fdtgen *g, const char *name, const uint32_t *cells,
		  unsigned int n)
{
	uint8_t *at = fdtgen_prop(g, name, n * CONFIG_CELL);

	for (unsigned int i = 0; at && i < n; i++) {
		fdt32_st(at + i * CONFIG_CELL, cells[i]);
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
	struct fdtgen g = { .cfg = cfg };

	if (size > INT_MAX) {
		size = INT_MAX;
	}
	g.err = fdtgen_start(&g, buf, size);
	if (g.err == 0) {
		fdtgen_root(&g, info);
		fdtgen_finish(&g);
	}
	if (g.err != 0) {
		return fdtgen_error(g.err);
	}
	if (cfg->extra_node < 0) {
		return 0;
	}
	return fdtgen_error(fdtgen_merge(cfg, buf, (int)size));
}
