/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The default machine's devices, changed and added to by the description. */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <core/heap.h>
#include <libs/dtb.h>
#include <libs/error.h>

#include "config_priv.h"

#define IRQ_CELLS 3 /* type, number, flags */
#define IRQ_EDGE 1

static void devices_default(struct guest_config *cfg,
			    const struct machine_device *row, uint32_t index)
{
	struct config_device *dev = &cfg->devices[cfg->ndevices++];
	uint32_t i;

	dev->node = -1;
	dev->compatible = emulator_find(row->compatible)->compatible[0];
	for (i = 0; i < row->nregs; i++) {
		dev->regs[i].base = row->regs[i].base + index * row->step;
		dev->regs[i].size = row->regs[i].size;
	}
	dev->nregs = row->nregs;
	snprintf(dev->name, sizeof(dev->name), "%s@%" PRIx64, row->name,
		 dev->regs[0].base);
	if (row->spi >= 0) {
		dev->irqs[0].intid = 32 + (uint32_t)row->spi + index;
		dev->irqs[0].edge = row->edge;
		dev->nirqs = 1;
	}
}

/* Rows without an emulator in this build are not there. */
static void devices_defaults(struct guest_config *cfg)
{
	unsigned int i;
	uint32_t n;

	for (i = 0; i < machine_device_count; i++) {
		const struct machine_device *row = &machine_devices[i];

		if (!emulator_find(row->compatible)) {
			continue;
		}
		for (n = 0; n < row->count; n++) {
			devices_default(cfg, row, n);
		}
	}
}

/* The first string of the node's compatible that has an emulator. */
static const struct emulator *devices_emulator(const struct config_parser *p,
					       int node)
{
	int i, n = fdt_stringlist_count(p->fdt, node, "compatible");

	for (i = 0; i < n; i++) {
		const char *s =
			fdt_stringlist_get(p->fdt, node, "compatible", i, NULL);
		const struct emulator *emu = s ? emulator_find(s) : NULL;

		if (emu) {
			return emu;
		}
	}
	return NULL;
}

/* Any of its strings may be the slip. */
static void devices_candidate(const struct config_parser *p, int node,
			      const char *name, char *known, const char **best,
			      unsigned int *distance)
{
	int i, n = fdt_stringlist_count(p->fdt, node, "compatible");

	config_list(known, CONFIG_TEXT, name);
	for (i = 0; i < n; i++) {
		const char *s =
			fdt_stringlist_get(p->fdt, node, "compatible", i, NULL);

		if (s && config_closer(s, name, distance)) {
			*best = name;
		}
	}
}

static void devices_unknown(struct config_parser *p, int node)
{
	char found[CONFIG_TEXT], known[CONFIG_TEXT] = "";
	const char *const *gic = machine_gic_compatible;
	unsigned int distance = UINT_MAX;
	const struct emulator *const *it;
	const char *best = NULL;
	const void *data;
	int len;

	data = dtb_prop(p->fdt, node, "compatible", &len);
	config_show(data, MAX(len, 0), found, sizeof(found));
	registry_for_each(emulator, it) {
		devices_candidate(p, node, (*it)->compatible[0], known, &best,
				  &distance);
	}
	for (; *gic; gic++) {
		devices_candidate(p, node, *gic, known, &best, &distance);
	}
	config_mistake(p, node, "compatible", "found %s; allowed %s%s%s%s",
		       found, known, best ? "; did you mean " : "",
		       best ? best : "", best ? "?" : "");
}

/* The number behind the '@' of a node's name; false: none that is plain. */
static bool devices_unit(const char *name, uint64_t *out)
{
	const char *at = strchr(name, '@');
	uint64_t value = 0;

	if (!at || at[1] == '\0' || strlen(at + 1) > 16) {
		return false;
	}
	for (at++; *at != '\0'; at++) {
		unsigned int digit;

		if (*at >= '0' && *at <= '9') {
			digit = (unsigned int)(*at - '0');
		} else if (*at >= 'a' && *at <= 'f') {
			digit = (unsigned int)(*at - 'a') + 10;
		} else {
			return false;
		}
		value = value << 4 | digit;
	}
	*out = value;
	return true;
}

static struct config_device *devices_at(struct guest_config *cfg, uint64_t base)
{
	uint32_t i;

	for (i = 0; i < cfg->ndevices; i++) {
		struct config_device *dev = &cfg->devices[i];

		/* Only a default: two nodes of one address overlap. */
		if (dev->node < 0 && dev->regs[0].base == base) {
			return dev;
		}
	}
	return NULL;
}

static void devices_reg(struct config_parser *p, struct config_device *dev,
			uint64_t unit)
{
	struct config_range regs[CONFIG_MAX_REGS];
	unsigned int n;

	if (!dtb_prop(p->fdt, dev->node, "reg", NULL)) {
		if (dev->nregs == 0) {
			config_mistake(p, dev->node, "reg",
				       "missing; allowed "
				       "<address size> (no device of the "
				       "default machine is at 0x%" PRIx64 ")",
				       unit);
		}
		return;
	}
	n = config_reg(p, dev->node, p->devices_node, regs, CONFIG_MAX_REGS);
	if (n == 0) {
		dev->nregs = 0;
		return;
	}
	memcpy(dev->regs, regs, sizeof(regs[0]) * n);
	dev->nregs = n;
	if (regs[0].base != unit) {
		config_mistake(p, dev->node, NULL,
			       "found @%" PRIx64
			       " in the name; allowed @%" PRIx64
			       ", the address in reg",
			       unit, regs[0].base);
	}
}

static void devices_irqs(struct config_parser *p, struct config_device *dev)
{
	const uint8_t *data;
	unsigned int i, n;
	int len;

	data = dtb_prop(p->fdt, dev->node, "interrupts", &len);
	if (!data) {
		return;
	}
	dev->nirqs = 0;
	if (len % (IRQ_CELLS * CONFIG_CELL) != 0) {
		return; /* told by the row */
	}
	n = (unsigned int)len / (IRQ_CELLS * CONFIG_CELL);
	if (n > CONFIG_MAX_IRQS) {
		config_mistake(p, dev->node, "interrupts",
			       "found %u; allowed "
			       "%d",
			       n, CONFIG_MAX_IRQS);
		return;
	}
	for (i = 0; i < n; i++, data += IRQ_CELLS * CONFIG_CELL) {
		uint64_t spi = dtb_cells(data + CONFIG_CELL, 1);

		if (spi >= MACHINE_NR_SPIS) {
			return; /* told by the row */
		}
		dev->irqs[i].intid = 32 + (uint32_t)spi;
		dev->irqs[i].edge = dtb_cells(data + 2 * CONFIG_CELL, 1) ==
				    IRQ_EDGE;
		dev->nirqs++;
	}
}

/* What this kind of device needs, if we know. */
static void devices_shape(struct config_parser *p,
			  const struct config_device *dev)
{
	const struct device_type *type = device_type_find(dev->compatible);
	uint32_t i;

	if (!type || dev->nregs == 0) {
		return;
	}
	if (type->nregs && dev->nregs != type->nregs) {
		config_mistake(p, dev->node, "reg",
			       "found %u entries; "
			       "allowed %u",
			       dev->nregs, type->nregs);
	}
	if (dev->nirqs < type->nirqs) {
		config_mistake(p, dev->node, "interrupts",
			       "found %u; "
			       "allowed %u",
			       dev->nirqs, type->nirqs);
	}
	for (i = 0; i < dev->nregs; i++) {
		if (dev->regs[i].size < type->min_size) {
			config_mistake(p, dev->node, "reg",
				       "found size 0x%" PRIx64
				       "; allowed 0x%x and more",
				       dev->regs[i].size, type->min_size);
		}
	}
}

static bool devices_name(struct config_parser *p, int node, const char *name,
			 uint64_t *unit)
{
	const char *at = strchr(name, '@');

	if (!at || at == name || !devices_unit(name, unit)) {
		config_mistake(p, node, NULL,
			       "found %.40s; allowed "
			       "NAME@ADDRESS, hexadecimal in small letters",
			       name);
		return false;
	}
	if (strlen(name) >= CONFIG_NAME_LEN) {
		config_mistake(p, node, NULL,
			       "found a name of %u characters; "
			       "allowed %d",
			       (unsigned int)strlen(name), CONFIG_NAME_LEN - 1);
		return false;
	}
	return true;
}

static bool devices_disabled(const struct config_parser *p, int node)
{
	static const char disabled[] = "disabled";
	int len;
	const void *status = dtb_prop(p->fdt, node, "status", &len);

	return status && len == (int)sizeof(disabled) &&
	       memcmp(status, disabled, sizeof(disabled)) == 0;
}

/* The entry of the default at that address, or a new one. */
static struct config_device *devices_entry(struct config_parser *p,
					   const struct emulator *emu,
					   uint64_t unit)
{
	struct config_device *dev = devices_at(p->cfg, unit);

	if (!dev && emu) {
		dev = &p->cfg->devices[p->cfg->ndevices++];
		*dev = (struct config_device){
			.compatible = emu->compatible[0],
		};
	} else if (emu && strcmp(dev->compatible, emu->compatible[0]) != 0) {
		/* Another kind of device: nothing of the default's holds. */
		*dev = (struct config_device){
			.compatible = emu->compatible[0],
		};
	}
	return dev;
}

static void devices_node(struct config_parser *p, int node)
{
	const char *name = dtb_name(p->fdt, node);
	bool has = dtb_prop(p->fdt, node, "compatible", NULL) != NULL;
	const struct emulator *emu = devices_emulator(p, node);
	struct config_device *dev;
	uint64_t unit;

	if (!devices_name(p, node, name, &unit)) {
		return;
	}
	if (has && !emu) {
		devices_unknown(p, node);
		return;
	}
	dev = devices_entry(p, emu, unit);
	if (!dev) {
		config_mistake(p, node, "compatible",
			       "missing; allowed a kind "
			       "of device (no device of the default machine is "
			       "at 0x%" PRIx64 ")",
			       unit);
		return;
	}
	dev->node = node;
	memcpy(dev->name, name, strlen(name) + 1);
	config_node(p, node, "/devices/*",
		    emulator_find(dev->compatible)->props);
	devices_reg(p, dev, unit);
	devices_irqs(p, dev);
	devices_shape(p, dev);
}

/* The interrupt controller is a part of the guest, not of this list. */
static bool devices_is_gic(const struct config_parser *p, int node)
{
	const char *const *known;

	for (known = machine_gic_compatible; *known; known++) {
		if (dtb_compatible(p->fdt, node, *known)) {
			return true;
		}
	}
	return false;
}

static void devices_gic(struct config_parser *p)
{
	int node;

	dtb_for_each_child(node, p->fdt, p->devices_node) {
		if (!devices_is_gic(p, node)) {
			continue;
		}
		if (p->cfg->gic_node >= 0) {
			config_mistake(p, node, NULL,
				       "found a second "
				       "interrupt controller; allowed one");
			continue;
		}
		p->cfg->gic_node = node;
		config_node(p, node, "/devices/intc", NULL);
	}
}

static uint32_t devices_count(const struct config_parser *p, uint32_t *defaults)
{
	uint32_t n = 0;
	unsigned int i;
	int node;

	*defaults = 0;
	for (i = 0; i < machine_device_count && !p->no_defaults; i++) {
		if (emulator_find(machine_devices[i].compatible)) {
			*defaults += machine_devices[i].count;
		}
	}
	if (p->devices_node >= 0) {
		dtb_for_each_child(node, p->fdt, p->devices_node) {
			n++;
		}
	}
	return n + *defaults;
}

/* Disabled ones were needed until now, for others to be checked against. */
static void devices_drop_disabled(struct config_parser *p)
{
	struct guest_config *cfg = p->cfg;
	uint32_t i, kept = 0;

	for (i = 0; i < cfg->ndevices; i++) {
		int node = cfg->devices[i].node;

		if (node < 0 || !devices_disabled(p, node)) {
			cfg->devices[kept++] = cfg->devices[i];
		}
	}
	cfg->ndevices = kept;
}

int config_devices(struct config_parser *p)
{
	struct guest_config *cfg = p->cfg;
	uint32_t defaults, n = devices_count(p, &defaults);
	int node;

	if (p->devices_node >= 0) {
		devices_gic(p);
	}
	machine_gic(p);
	if (n > CONFIG_MAX_DEVICES) {
		config_mistake(p, p->devices_node, NULL,
			       "found %u devices "
			       "with the default machine's %u; allowed %d",
			       n, defaults, CONFIG_MAX_DEVICES);
		return 0;
	}
	if (n == 0) {
		return 0;
	}
	cfg->devices = heap_alloc_array(n, sizeof(cfg->devices[0]));
	if (!cfg->devices) {
		return -ERR_NOMEM;
	}
	if (!p->no_defaults) {
		devices_defaults(cfg);
	}
	if (p->devices_node >= 0) {
		dtb_for_each_child(node, p->fdt, p->devices_node) {
			if (!devices_is_gic(p, node)) {
				devices_node(p, node);
			}
		}
	}
	devices_drop_disabled(p);
	return 0;
}
