/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generates the device tree for a guest's operating system from its checked
 * description: it is written sequentially, then the description's os-tree is
 * merged in. The architecture adds nodes (core/guest_platform.h).
 */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <libs/error.h>
#include <libs/parse.h>

#include "config_priv.h"

#define KEY_POWER 116 /* Linux input-event-codes.h */
#define DEVICE_CLOCKS_MAX 4
/* The bus of devices at I/O ports; Linux knows it by this name. */
#define FDTGEN_ISA "isa"

/* Begin a property; the caller fills in the value at the pointer returned. */
static uint8_t *fdtgen_prop(struct fdtgen *g, const char *name, size_t len)
{
	void *at = NULL;

	if (!g->err) {
		g->err = len > INT_MAX
				 ? -FDT_ERR_NOSPACE
				 : fdt_property_placeholder(g->fdt, name,
							    (int)len, &at);
	}
	return g->err ? NULL : at;
}

/*
 * Without sharing of equal property names: the search for them would be most of
 * the work, and saves only a few hundred bytes.
 */
static void fdtgen_start(struct fdtgen *g, void *buf, size_t size)
{
	g->fdt = buf;
	g->err = fdt_create_with_flags(buf, (int)MIN(size, (size_t)INT_MAX),
				       FDT_CREATE_FLAG_NO_NAME_DEDUP);
	for (uint32_t i = 0; !g->err && i < g->cfg->nreserved; i++) {
		g->err = fdt_add_reservemap_entry(buf, g->cfg->reserved[i].base,
						  g->cfg->reserved[i].size);
	}
	if (!g->err) {
		g->err = fdt_finish_reservemap(buf);
	}
}

void fdtgen_begin(struct fdtgen *g, const char *name)
{
	if (!g->err) {
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
	if (!g->err) {
		g->err = fdt_end_node(g->fdt);
	}
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

/* A list of strings, NULL-terminated. */
static void put_strings(struct fdtgen *g, const char *name,
			const char *const *strings)
{
	size_t len = 0;
	uint8_t *at;

	for (unsigned int i = 0; strings[i]; i++) {
		len += strlen(strings[i]) + 1;
	}
	at = fdtgen_prop(g, name, len);
	for (unsigned int i = 0; at && strings[i]; i++) {
		len = strlen(strings[i]) + 1;
		memcpy(at, strings[i], len);
		at += len;
	}
}

void fdtgen_u32(struct fdtgen *g, const char *name, uint32_t v)
{
	fdtgen_cells(g, name, &v, 1);
}

static void put_u64(struct fdtgen *g, const char *name, uint64_t v)
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
		given = fdt_get_phandle(g->cfg->blob, node);
	}
	return given ? given : otherwise;
}

static void fdtgen_clock(struct fdtgen *g)
{
	const struct guest_platform *p = &arch_guest_platform;

	if (!p->clock_hz) {
		return;
	}
	fdtgen_begin(g, p->clock_node);
	fdtgen_str(g, "compatible", "fixed-clock");
	fdtgen_u32(g, "#clock-cells", 0);
	fdtgen_u32(g, "clock-frequency", p->clock_hz);
	fdtgen_str(g, "clock-output-names", p->clock_output);
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
 * Numbers and flags among the emulator's own properties are passed on to the OS
 * (such as reg-shift). Strings name things inside the hypervisor.
 */
static bool fdtgen_is_passed(const struct schema_prop *own)
{
	return (own->type == SCHEMA_U32 || own->type == SCHEMA_U64 ||
		own->type == SCHEMA_LIST || own->type == SCHEMA_FLAG) &&
	       strncmp(own->name, "socle,", strlen("socle,")) != 0;
}

static void fdtgen_passed(struct fdtgen *g, const struct config_device *dev)
{
	const struct schema_prop *own = dev->emu->props;

	/* A virtio driver learns all about its device from the device. */
	for (; !dev->emu->virtio && own && own->name; own++) {
		int len;
		const void *data =
			fdt_getprop(g->cfg->blob, dev->node, own->name, &len);

		if (data && fdtgen_is_passed(own)) {
			fdtgen_bytes(g, own->name, data, (size_t)len);
		}
	}
}

/* Each clock of a device is the platform's. */
static void fdtgen_clocks(struct fdtgen *g, const char *const *names)
{
	uint32_t clocks[DEVICE_CLOCKS_MAX];
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(clocks) && names[n]; n++) {
		clocks[n] = FDTGEN_PHANDLE_CLOCK;
	}
	fdtgen_cells(g, "clocks", clocks, n);
	put_strings(g, "clock-names", names);
}

static void fdtgen_os_props(struct fdtgen *g, const struct config_device *dev)
{
	const struct emu_os_prop *prop = dev->emu->os_props;

	for (; prop && prop->name; prop++) {
		if (dev->node >= 0 &&
		    fdt_getprop(g->cfg->blob, dev->node, prop->name, NULL)) {
			continue; /* fdtgen_passed() adds the description's */
		}
		if (prop->flag) {
			fdtgen_bytes(g, prop->name, NULL, 0);
		} else {
			fdtgen_u32(g, prop->name, prop->cell);
		}
	}
}

static void fdtgen_irqs(struct fdtgen *g, const struct config_device *dev)
{
	uint32_t cells[CONFIG_MAX_IRQS * CONFIG_MAX_IRQ_CELLS];
	unsigned int n = 0;

	for (unsigned int i = 0; i < dev->nirqs; i++) {
		n += arch_guest_platform.irq_encode(g->cfg, &dev->irqs[i],
						    cells + n);
	}
	fdtgen_cells(g, "interrupts", cells, n);
}

static uint32_t fdtgen_device_phandle(const struct fdtgen *g, uint32_t index)
{
	return fdtgen_phandle(g, g->cfg->devices[index].node,
			      FDTGEN_PHANDLE_DEVICE + index);
}

/* IEEE 1275's binding of the ISA bus: 1 (I/O space), port, size. */
static void fdtgen_ports(struct fdtgen *g, const struct config_device *dev)
{
	uint32_t cells[CONFIG_MAX_REGS * 3];
	unsigned int i;

	for (i = 0; i < dev->nregs; i++) {
		cells[i * 3] = 1;
		cells[i * 3 + 1] = (uint32_t)dev->regs[i].base;
		cells[i * 3 + 2] = (uint32_t)dev->regs[i].size;
	}
	fdtgen_cells(g, "reg", cells, i * 3);
}

static void fdtgen_device(struct fdtgen *g, uint32_t index)
{
	const struct config_device *dev = &g->cfg->devices[index];
	const struct emulator *emu = dev->emu;

	fdtgen_begin(g, dev->os_name);
	if (emu->os_compatible) {
		put_strings(g, "compatible", emu->os_compatible);
	} else {
		fdtgen_str(g, "compatible", emu->compatible[0]);
	}
	if (dev->space == EMU_PORTS) {
		fdtgen_ports(g, dev);
	} else {
		fdtgen_reg(g, dev->regs, dev->nregs);
	}
	if (dev->nirqs) {
		fdtgen_irqs(g, dev);
	}
	if (emu->os_clocks && arch_guest_platform.clock_hz) {
		fdtgen_clocks(g, emu->os_clocks);
	}
	fdtgen_os_props(g, dev);
	if (dev->node >= 0) {
		fdtgen_passed(g, dev);
	}
	if (dev->node >= 0 || emu->power_key) {
		fdtgen_u32(g, "phandle", fdtgen_device_phandle(g, index));
	}
	fdtgen_end(g);
}

/* Count the devices of one space, and, if `write`, write their nodes. */
static uint32_t fdtgen_space(struct fdtgen *g, uint8_t space, bool write)
{
	uint32_t i, n = 0;

	for (i = 0; i < g->cfg->ndevices; i++) {
		if (g->cfg->devices[i].space == space) {
			n++;
			if (write) {
				fdtgen_device(g, i);
			}
		}
	}
	return n;
}

static void fdtgen_devices(struct fdtgen *g)
{
	(void)fdtgen_space(g, EMU_MEMORY, true);
	if (fdtgen_space(g, EMU_PORTS, false) > 0) {
		fdtgen_begin(g, FDTGEN_ISA);
		fdtgen_str(g, "compatible", FDTGEN_ISA);
		fdtgen_u32(g, "#address-cells", 2);
		fdtgen_u32(g, "#size-cells", 1);
		(void)fdtgen_space(g, EMU_PORTS, true);
		fdtgen_end(g);
	}
}

/* Linux finds the power key by this node. It is that of the first device that
 * has one. */
static void fdtgen_power_key(struct fdtgen *g)
{
	uint32_t i = 0;

	while (i < g->cfg->ndevices && !g->cfg->devices[i].emu->power_key) {
		i++;
	}
	if (i < g->cfg->ndevices) {
		const uint32_t *gpio = g->cfg->devices[i].emu->power_key->gpio;
		const uint32_t gpios[] = { fdtgen_device_phandle(g, i), gpio[0],
					   gpio[1] };

		fdtgen_begin(g, "gpio-keys");
		fdtgen_str(g, "compatible", "gpio-keys");
		fdtgen_begin(g, "poweroff");
		fdtgen_str(g, "label", "GPIO Key Poweroff");
		fdtgen_u32(g, "linux,code", KEY_POWER);
		fdtgen_cells(g, "gpios", gpios, ARRAY_SIZE(gpios));
		fdtgen_end(g);
		fdtgen_end(g);
	}
}

static void fdtgen_stdout(struct fdtgen *g)
{
	char path[CONFIG_NAME_LEN + sizeof("/" FDTGEN_ISA "/")];
	uint32_t i;

	for (i = 0; i < g->cfg->ndevices; i++) {
		const struct config_device *dev = &g->cfg->devices[i];

		if (dev->emu->console) {
			snprintf(path, sizeof(path), "/%s%s",
				 dev->space == EMU_PORTS ? FDTGEN_ISA "/" : "",
				 dev->os_name);
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
		put_u64(g, "linux,initrd-start", info->initrd_start);
		put_u64(g, "linux,initrd-end", info->initrd_end);
	}
	if (info->rng_seed) {
		fdtgen_bytes(g, "rng-seed", info->rng_seed, info->rng_seed_len);
	}
	if (info->kaslr_seed) {
		put_u64(g, "kaslr-seed", info->kaslr_seed);
	}
	fdtgen_end(g);
}

/* The part of a window that the region has, by its `size`, if it is there. */
static struct config_range shared_range(const struct fdtgen *g,
					const struct config_device *dev)
{
	struct config_range r = dev->regs[0];
	const char *text = fdt_getprop(g->cfg->blob, dev->node, "size", NULL);
	uint64_t size;

	if (text && parse_size(text, &size) == 0) {
		r.size = MIN(r.size, size);
	}
	return r;
}

/*
 * Linux's binding reserved-memory/xen,shared-memory-v1: how Xen's tools tell of
 * shared memory. It is not among the guest's RAM, so its OS must not take it
 * for such (no-map).
 */
static void fdtgen_shared(struct fdtgen *g)
{
	bool begun = false;

	for (uint32_t i = 0; i < g->cfg->ndevices; i++) {
		const struct config_device *dev = &g->cfg->devices[i];
		const char *prop = dev->emu->shared_region, *id;
		struct config_range r;

		id = prop && dev->node >= 0
			     ? fdt_getprop(g->cfg->blob, dev->node, prop, NULL)
			     : NULL;
		if (!id) {
			continue;
		}
		if (!begun) {
			fdtgen_begin(g, "reserved-memory");
			fdtgen_u32(g, "#address-cells", 2);
			fdtgen_u32(g, "#size-cells", 2);
			fdtgen_bytes(g, "ranges", NULL, 0);
			begun = true;
		}
		r = shared_range(g, dev);
		fdtgen_begin_at(g, "xen-shmem", r.base);
		fdtgen_str(g, "compatible", "xen,shared-memory-v1");
		fdtgen_reg(g, &r, 1);
		fdtgen_str(g, "xen,id", id);
		fdtgen_bytes(g, "no-map", NULL, 0);
		fdtgen_end(g);
	}
	if (begun) {
		fdtgen_end(g);
	}
}

static void fdtgen_root(struct fdtgen *g, const struct fdtgen_info *info)
{
	fdtgen_begin(g, "");
	fdtgen_str(g, "compatible", arch_guest_platform.os_model);
	fdtgen_str(g, "model", arch_guest_platform.os_model);
	fdtgen_u32(g, "#address-cells", 2);
	fdtgen_u32(g, "#size-cells", 2);
	arch_guest_platform.tree_root(g);
	fdtgen_chosen(g, info);
	fdtgen_memory(g);
	if (IS_ENABLED(CONFIG_SHARED_MEMORY)) {
		fdtgen_shared(g);
	}
	arch_guest_platform.tree_nodes(g);
	fdtgen_clock(g);
	fdtgen_devices(g);
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

	fdtgen_start(&g, buf, size);
	fdtgen_root(&g, info);
	if (!g.err) {
		g.err = fdt_finish(buf);
	}
	if (!g.err && IS_ENABLED(CONFIG_GUEST_OWN_TREE) &&
	    cfg->extra_node >= 0) {
		g.err = fdtgen_merge(cfg, buf, (int)MIN(size, (size_t)INT_MAX));
	}
	return fdtgen_error(g.err);
}
