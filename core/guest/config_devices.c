/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The default machine's devices, which a description may change and add to. */
#include <inttypes.h>
#include <libfdt.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include <core/heap.h>
#include <libs/error.h>

#include "config_priv.h"

#define DEVICES_KINDS (2 * CONFIG_TEXT) /* bytes of a list of all kinds */

static void devices_default(struct guest_config *cfg,
			    const struct platform_device *row, uint32_t index)
{
	struct config_device *dev = &cfg->devices[cfg->ndevices++];

	dev->node = -1;
	dev->emu = emulator_find(row->compatible);
	config_slot_fill(dev, row, index);
	memcpy(dev->name, dev->os_name, sizeof(dev->name));
}

/* Rows whose emulator is not in this build are left out. */
static void devices_defaults(struct guest_config *cfg)
{
	unsigned int i;
	uint32_t n;

	for (i = 0; i < arch_guest_platform.ndevices; i++) {
		const struct platform_device *row =
			&arch_guest_platform.devices[i];

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

/* Any string of the node's compatible may be the misspelt one. */
static void devices_candidate(const struct config_parser *p, int node,
			      const char *name, char *known, const char **best,
			      unsigned int *distance)
{
	int i, n = fdt_stringlist_count(p->fdt, node, "compatible");

	config_list(known, DEVICES_KINDS, name);
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
	char found[CONFIG_TEXT], known[DEVICES_KINDS] = "";
	const char *const *intc;
	unsigned int distance = UINT_MAX;
	const struct emulator *it;
	const char *best = NULL;
	const void *data;
	int len;

	if (!IS_ENABLED(CONFIG_GUEST_CONFIG_WHY)) {
		config_tell_place(p, node, "compatible");
		return;
	}
	data = fdt_getprop(p->fdt, node, "compatible", &len);
	config_show(data, MAX(len, 0), found, sizeof(found));
	registry_for_each(emulator, it) {
		devices_candidate(p, node, it->compatible[0], known, &best,
				  &distance);
	}
	for (unsigned int i = 0; i < arch_guest_platform.nintcs; i++) {
		intc = arch_guest_platform.intcs[i].compatible;
		for (; *intc; intc++) {
			devices_candidate(p, node, *intc, known, &best,
					  &distance);
		}
	}
	config_mistake(p, node, "compatible", "found %s; allowed %s%s%s%s",
		       found, known, best ? "; did you mean " : "",
		       best ? best : "", best ? "?" : "");
}

/* What is behind the '@' of a node's name. */
struct devices_unit {
	uint64_t address;
	uint8_t space;
};

/* False: the name has no unit address, or not a plain hexadecimal number. */
static bool devices_unit(const char *name, struct devices_unit *out)
{
	const char *at = strchr(name, '@');
	uint64_t value = 0;

	if (!at) {
		return false;
	}
	at++;
	out->space = EMU_MEMORY;
	if (*at == 'i' && arch_guest_platform.io_ports) {
		out->space = EMU_PORTS;
		at++;
	}
	if (*at == '\0' || strlen(at) > 16) {
		return false;
	}
	for (; *at != '\0'; at++) {
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
	out->address = value;
	return true;
}

static struct config_device *devices_at(struct guest_config *cfg, uint8_t space,
					uint64_t base)
{
	uint32_t i;

	for (i = 0; i < cfg->ndevices; i++) {
		struct config_device *dev = &cfg->devices[i];

		/* Only defaults: two nodes at one address are an overlap. */
		if (dev->node < 0 && dev->space == space &&
		    dev->regs[0].base == base) {
			return dev;
		}
	}
	return NULL;
}

static void devices_reg(struct config_parser *p, struct config_device *dev,
			uint64_t unit)
{
	uint64_t align = dev->space == EMU_PORTS ? 1 : CONFIG_REG_ALIGN;
	struct config_range regs[CONFIG_MAX_REGS];
	unsigned int n;

	if (!fdt_getprop(p->fdt, dev->node, "reg", NULL)) {
		if (dev->nregs == 0) {
			config_mistake(p, dev->node, "reg",
				       "missing; allowed "
				       "<address size> (no device of the "
				       "default machine is at 0x%" PRIx64 ")",
				       unit);
		}
		return;
	}
	n = config_reg(p, dev->node, p->devices_node, align, regs,
		       CONFIG_MAX_REGS);
	if (n == 0) {
		dev->nregs = 0;
		return;
	}
	memcpy(dev->regs, regs, sizeof(regs[0]) * n);
	dev->nregs = n;
	if (regs[0].base != unit) {
		config_mistake(p, dev->node, NULL,
			       "found @%s%" PRIx64
			       " in the name; allowed @%s%" PRIx64
			       ", the address in reg",
			       CONFIG_UNIT_SPACE(dev->space), unit,
			       CONFIG_UNIT_SPACE(dev->space), regs[0].base);
	}
}

/* False: a mistake was reported, here or by the check of the row. */
static bool devices_irqs(struct config_parser *p, struct config_device *dev)
{
	unsigned int step = arch_guest_platform.irq_cells * CONFIG_CELL;
	const uint8_t *data;
	unsigned int i, n;
	int len;

	data = fdt_getprop(p->fdt, dev->node, "interrupts", &len);
	if (!data) {
		return true;
	}
	dev->nirqs = 0;
	if ((unsigned int)len % step != 0) {
		return false;
	}
	n = (unsigned int)len / step;
	if (n > CONFIG_MAX_IRQS) {
		config_mistake(p, dev->node, "interrupts",
			       "found %u; allowed "
			       "%d",
			       n, CONFIG_MAX_IRQS);
		return false;
	}
	for (i = 0; i < n; i++, data += step) {
		if (!arch_guest_platform.irq_decode(data, &dev->irqs[i])) {
			return false;
		}
		dev->nirqs++;
	}
	return true;
}

/* Does the device have the registers and interrupts that its kind needs? */
static void devices_shape(struct config_parser *p,
			  const struct config_device *dev, bool irqs_ok)
{
	const struct emulator *emu = dev->emu;
	uint32_t i;

	if (dev->nregs == 0) {
		return; /* reported already */
	}
	if (dev->space == EMU_PORTS && !emu->ports) {
		config_mistake(p, dev->node, NULL,
			       "found I/O ports; allowed an address in memory");
	}
	if (emu->nregs && dev->nregs != emu->nregs) {
		config_mistake(p, dev->node, "reg",
			       "found %u entries; "
			       "allowed %u",
			       dev->nregs, emu->nregs);
	}
	if (irqs_ok && dev->nirqs < emu->nirqs) {
		config_mistake(p, dev->node, "interrupts",
			       "found %u; "
			       "allowed %u",
			       dev->nirqs, emu->nirqs);
	}
	for (i = 0; i < dev->nregs; i++) {
		if (dev->regs[i].size < emu->min_size) {
			config_mistake(p, dev->node, "reg",
				       "found size 0x%" PRIx64
				       "; allowed 0x%x and more",
				       dev->regs[i].size, emu->min_size);
		}
	}
}

static bool devices_name(struct config_parser *p, int node, const char *name,
			 struct devices_unit *unit)
{
	/* Devicetree Specification 0.4, table 2.1. */
	size_t n = parse_name(name, ",._+-");

	if (n == 0 || name[n] != '@' || !devices_unit(name, unit)) {
		config_mistake(p, node, NULL,
			       "found %.40s; allowed "
			       "NAME@ADDRESS, hexadecimal in small letters%s",
			       name,
			       arch_guest_platform.io_ports ? ", or NAME@iPORT"
							    : "");
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
	const void *status = fdt_getprop(p->fdt, node, "status", &len);

	return status && len == (int)sizeof(disabled) &&
	       memcmp(status, disabled, sizeof(disabled)) == 0;
}

/* The default device at that address, or a new entry. */
static struct config_device *devices_entry(struct config_parser *p,
					   const struct emulator *emu,
					   const struct devices_unit *unit)
{
	struct config_device *dev =
		devices_at(p->cfg, unit->space, unit->address);

	if (!emu || (dev && dev->emu == emu)) {
		return dev;
	}
	if (!dev) {
		dev = &p->cfg->devices[p->cfg->ndevices++];
	}
	/* Another kind of device: nothing of the default is kept, unless the
	 * default is a slot for this kind. */
	*dev = (struct config_device){ .emu = emu, .space = unit->space };
	(void)config_slot_at(emu, unit->space, unit->address, dev);
	return dev;
}

static void devices_node(struct config_parser *p, int node)
{
	const char *name = fdt_get_name(p->fdt, node, NULL);
	bool has = fdt_getprop(p->fdt, node, "compatible", NULL) != NULL;
	const struct emulator *emu = devices_emulator(p, node);
	struct config_device *dev;
	struct devices_unit unit;

	if (!devices_name(p, node, name, &unit)) {
		return;
	}
	if (has && !emu) {
		devices_unknown(p, node);
		return;
	}
	dev = devices_entry(p, emu, &unit);
	if (!dev) {
		config_mistake(p, node, "compatible",
			       "missing; allowed a kind "
			       "of device (no device of the default machine is "
			       "at 0x%" PRIx64 ")",
			       unit.address);
		return;
	}
	dev->node = node;
	memcpy(dev->name, name, strlen(name) + 1);
	memcpy(dev->os_name, name, strlen(name) + 1);
	config_node(p, node, "/devices/*", dev->emu->props);
	devices_reg(p, dev, unit.address);
	devices_shape(p, dev, devices_irqs(p, dev));
}

/* False, with a report: the device cannot do without an address. */
static bool devices_slot_ok(struct config_parser *p, int node, const char *name,
			    const struct emulator *emu)
{
	uint32_t i;

	if (!emu && fdt_getprop(p->fdt, node, "compatible", NULL)) {
		devices_unknown(p, node);
		return false;
	}
	if (!emu || !emu->slot) {
		struct devices_unit unit;

		return devices_name(p, node, name, &unit);
	}
	if (!config_name_ok(name)) {
		config_mistake(p, node, NULL,
			       "found %.40s; allowed %d characters at most, of "
			       "a-z A-Z 0-9 - _",
			       name, CONFIG_NAME_LEN - 1);
		return false;
	}
	if (fdt_getprop(p->fdt, node, "reg", NULL)) {
		config_mistake(
			p, node, "reg",
			"found with a name that has no address; allowed "
			"with NAME@ADDRESS, or the next free slot of the "
			"default machine without both");
		return false;
	}
	for (i = 0; i < p->cfg->ndevices; i++) {
		if (strcmp(p->cfg->devices[i].name, name) == 0) {
			config_mistake(p, node, NULL,
				       "found twice; allowed once");
			return false;
		}
	}
	return true;
}

/* Report that the machine has no such slots, or none left. */
static void devices_slot_none(struct config_parser *p, int node,
			      const struct emulator *emu)
{
	const struct platform_device *row = config_slots(emu);

	config_mistake(
		p, node, NULL,
		"found no address and, of the default machine's %u slots "
		"for it, none free; allowed NAME@ADDRESS with reg",
		row ? row->count : 0);
}

/* A device without an address. */
static void devices_slot_node(struct config_parser *p, int node)
{
	const char *name = fdt_get_name(p->fdt, node, NULL);
	const struct emulator *emu = devices_emulator(p, node);
	struct config_device slot = { .emu = emu, .node = node }, *dev;

	if (!devices_slot_ok(p, node, name, emu)) {
		return;
	}
	if (!config_slot_next(p->cfg, emu, &slot)) {
		devices_slot_none(p, node, emu);
		return;
	}
	memcpy(slot.name, name, strlen(name) + 1);
	dev = devices_at(p->cfg, slot.space, slot.regs[0].base);
	if (!dev) {
		dev = &p->cfg->devices[p->cfg->ndevices++];
	}
	*dev = slot;
	config_node(p, node, "/devices/*", emu->props);
	devices_shape(p, dev, devices_irqs(p, dev));
}

/* The interrupt controller that the node stands for, or NULL. It is not in the
 * list of devices. */
static const struct platform_intc *devices_intc(const struct config_parser *p,
						int node)
{
	for (unsigned int i = 0; i < arch_guest_platform.nintcs; i++) {
		const struct platform_intc *intc =
			&arch_guest_platform.intcs[i];
		const char *const *known;

		for (known = intc->compatible; *known; known++) {
			if (fdt_node_check_compatible(p->fdt, node, *known) ==
			    0) {
				return intc;
			}
		}
	}
	return NULL;
}

/* -1: the description leaves it out. */
static int devices_intc_node(struct config_parser *p)
{
	int node, found = -1;

	if (p->devices_node < 0) {
		return -1;
	}
	fdt_for_each_subnode(node, p->fdt, p->devices_node) {
		if (!devices_intc(p, node)) {
			continue;
		}
		if (found >= 0) {
			config_mistake(p, node, NULL,
				       "found a second "
				       "interrupt controller; allowed one");
			continue;
		}
		found = node;
		config_node(p, node, "/devices/intc", NULL);
	}
	return found;
}

/* Names of the models that this host can give to guests. */
static void devices_intcs_allowed(const struct config_parser *p, char *buf,
				  size_t size)
{
	buf[0] = '\0';
	for (unsigned int i = 0; i < arch_guest_platform.nintcs; i++) {
		const struct platform_intc *intc =
			&arch_guest_platform.intcs[i];

		if (p->limits->intc_models & BIT(intc->id)) {
			config_list(buf, size, intc->name);
		}
	}
}

/* The description's model, or this host's, or the architecture's first. */
static const struct platform_intc *
devices_intc_model(const struct config_parser *p)
{
	const struct platform_intc *intcs = arch_guest_platform.intcs;

	if (p->cfg->intc_node >= 0) {
		return devices_intc(p, p->cfg->intc_node);
	}
	for (unsigned int i = 0; i < arch_guest_platform.nintcs; i++) {
		if (p->limits->intc_models &&
		    intcs[i].id == p->limits->intc_default) {
			return &intcs[i];
		}
	}
	return &intcs[0];
}

static void devices_intc_reg(struct config_parser *p)
{
	struct config_range r[CONFIG_MAX_REGS];
	int node = p->cfg->intc_node;
	unsigned int n;

	if (node < 0 || !fdt_getprop(p->fdt, node, "reg", NULL)) {
		return;
	}
	n = config_reg(p, node, p->devices_node, CONFIG_REG_ALIGN, r,
		       CONFIG_MAX_REGS);
	if (n != 0) {
		arch_guest_platform.intc_reg(p, r, n);
	}
}

static void devices_interrupts(struct config_parser *p)
{
	struct guest_config *cfg = p->cfg;
	const struct platform_intc *intc;
	char allowed[CONFIG_TEXT];

	cfg->intc_node = devices_intc_node(p);
	intc = devices_intc_model(p);
	cfg->intc_model = intc->id;
	if (p->limits->intc_models &&
	    !(p->limits->intc_models & BIT(intc->id))) {
		devices_intcs_allowed(p, allowed, sizeof(allowed));
		config_mistake(p, cfg->intc_node, "compatible",
			       "found a %s; allowed a %s on this host",
			       intc->name, allowed);
	}
	arch_guest_platform.intc_default(cfg);
	if (cfg->vcpus > intc->max_vcpus) {
		config_mistake(p, p->cpus_node, "count",
			       "found %u; allowed 1..%u with a %s", cfg->vcpus,
			       intc->max_vcpus, intc->name);
	}
	devices_intc_reg(p);
}

static uint32_t devices_count(const struct config_parser *p, uint32_t *defaults)
{
	uint32_t n = 0;
	unsigned int i;
	int node;

	*defaults = 0;
	for (i = 0; i < arch_guest_platform.ndevices && !p->no_defaults; i++) {
		if (emulator_find(arch_guest_platform.devices[i].compatible)) {
			*defaults += arch_guest_platform.devices[i].count;
		}
	}
	if (p->devices_node >= 0) {
		fdt_for_each_subnode(node, p->fdt, p->devices_node) {
			n++;
		}
	}
	return n + *defaults;
}

static bool devices_has_unit(const struct config_parser *p, int node)
{
	return strchr(fdt_get_name(p->fdt, node, NULL), '@') != NULL;
}

/* Devices with an address first, so that the others avoid it. */
static void devices_nodes(struct config_parser *p)
{
	int node;

	fdt_for_each_subnode(node, p->fdt, p->devices_node) {
		if (!devices_intc(p, node) && devices_has_unit(p, node)) {
			devices_node(p, node);
		}
	}
	fdt_for_each_subnode(node, p->fdt, p->devices_node) {
		if (!devices_intc(p, node) && !devices_has_unit(p, node)) {
			devices_slot_node(p, node);
		}
	}
}

/* Disabled devices stay in the list until the others were checked against
 * them. */
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

	devices_interrupts(p);
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
		devices_nodes(p);
	}
	devices_drop_disabled(p);
	return 0;
}
