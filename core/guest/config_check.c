/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to hold between parts of a description: addresses, interrupts. */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <core/heap.h>
#include <libs/checked.h>
#include <libs/error.h>

#include "config_priv.h"

#define CHECK_IPA_BITS 48 /* at most, on any host */

/* Something the guest sees at an address. */
struct check_region {
	struct config_range range;
	const char *what; /* name in the OS's tree */
	const char *prop; /* that says so */
	int node;         /* of the description; -1: a default */
};

struct check_map {
	struct check_region *regions;
	uint32_t count;
};

static void check_add(struct check_map *map, const struct config_range *range,
		      const char *what, int node)
{
	bool shortcut = node == 0; /* the root's `memory` */
	uint32_t i;

	if (range->size == 0) {
		return;
	}
	/* Kept sorted: mostly in order already. */
	for (i = map->count++; i > 0; i--) {
		if (map->regions[i - 1].range.base <= range->base) {
			break;
		}
		map->regions[i] = map->regions[i - 1];
	}
	map->regions[i] = (struct check_region){
		.range = *range,
		.what = what,
		.prop = shortcut ? "memory" : "reg",
		.node = node,
	};
}

static void check_collect(const struct config_parser *p, struct check_map *map)
{
	const struct guest_config *cfg = p->cfg;
	uint32_t i, n;

	for (i = 0; i < cfg->nmemory; i++) {
		check_add(map, &cfg->memory[i], "memory", p->memory_nodes[i]);
	}
	for (i = 0; i < cfg->ndevices; i++) {
		const struct config_device *dev = &cfg->devices[i];

		for (n = 0; n < dev->nregs; n++) {
			check_add(map, &dev->regs[n], dev->name, dev->node);
		}
	}
	check_add(map, &cfg->gicd, "interrupt controller", cfg->gic_node);
	check_add(map, &cfg->gicc, "interrupt controller", cfg->gic_node);
	check_add(map, &cfg->gicr, "interrupt controller", cfg->gic_node);
}

static uint64_t check_last(const struct check_region *r)
{
	return r->range.base + (r->range.size - 1);
}

/* Told at the part that the description wrote, not at a default. */
static void check_overlap(struct config_parser *p, const struct check_region *a,
			  const struct check_region *b)
{
	if (a->node < 0) {
		const struct check_region *swap = a;

		a = b;
		b = swap;
	}
	config_mistake(p, a->node, a->prop,
		       "found 0x%" PRIx64 "..0x%" PRIx64
		       ", which %s has too (0x%" PRIx64 "..0x%" PRIx64
		       "); allowed addresses of its own",
		       a->range.base, check_last(a), b->what, b->range.base,
		       check_last(b));
}

static void check_overlaps(struct config_parser *p, const struct check_map *map)
{
	const struct check_region *reach = NULL;
	uint32_t i;

	/* Sorted by base: whoever reaches furthest is whom the next meets. */
	for (i = 0; i < map->count; i++) {
		const struct check_region *r = &map->regions[i];

		if (reach && check_last(reach) >= r->range.base) {
			check_overlap(p, r, reach);
		}
		if (!reach || check_last(r) > check_last(reach)) {
			reach = r;
		}
	}
}

static void check_limits(struct config_parser *p, const struct check_map *map)
{
	uint32_t bits = p->limits->ipa_bits;
	uint32_t i;

	if (bits == 0 || bits > CHECK_IPA_BITS) {
		bits = CHECK_IPA_BITS;
	}
	for (i = 0; i < map->count; i++) {
		const struct check_region *r = &map->regions[i];

		if (check_last(r) >> bits) {
			config_mistake(p, r->node, r->prop,
				       "found %s at 0x%" PRIx64 "..0x%" PRIx64
				       "; allowed below "
				       "0x%" PRIx64 " (%u address bits)",
				       r->what, r->range.base, check_last(r),
				       BIT(bits), bits);
		}
	}
}

static int check_regions(struct config_parser *p)
{
	const struct guest_config *cfg = p->cfg;
	size_t room = cfg->nmemory + cfg->ndevices * CONFIG_MAX_REGS + 3;
	struct check_map map = { .count = 0 };

	map.regions = heap_alloc_array(room, sizeof(map.regions[0]));
	if (!map.regions) {
		return -ERR_NOMEM;
	}
	check_collect(p, &map);
	check_overlaps(p, &map);
	check_limits(p, &map);
	heap_free(map.regions);
	return 0;
}

static const struct config_device *
check_irq_owner(const struct guest_config *cfg, uint32_t before, uint32_t intid)
{
	uint32_t i, n;

	for (i = 0; i <= before; i++) {
		const struct config_device *dev = &cfg->devices[i];

		for (n = 0; n < dev->nirqs; n++) {
			if (dev->irqs[n].intid == intid) {
				return dev;
			}
		}
	}
	return NULL;
}

/*
 * Every line has one driver: two devices pulling one level line would need
 * it to be shared, which the emulators do not know of.
 */
static void check_device_irqs(struct config_parser *p, uint32_t index)
{
	const struct config_device *dev = &p->cfg->devices[index];
	uint32_t n, m;

	for (n = 0; n < dev->nirqs; n++) {
		uint32_t intid = dev->irqs[n].intid;
		const struct config_device *other = NULL;

		if (index > 0) {
			other = check_irq_owner(p->cfg, index - 1, intid);
		}
		for (m = 0; m < n; m++) {
			other = dev->irqs[m].intid == intid ? dev : other;
		}
		if (other) {
			int node = dev->node >= 0 ? dev->node : other->node;

			config_mistake(p, node, "interrupts",
				       "found %u, which "
				       "%s has too; allowed one device for "
				       "each",
				       intid - 32,
				       other == dev || dev->node >= 0
					       ? other->name
					       : dev->name);
		}
	}
}

static bool check_in_ram(const struct guest_config *cfg, uint64_t address)
{
	uint32_t i;

	for (i = 0; i < cfg->nmemory; i++) {
		if (range_within(address - cfg->memory[i].base, 1,
				 cfg->memory[i].size)) {
			return true;
		}
	}
	return false;
}

static void check_image(struct config_parser *p, const char *prop, bool given,
			uint64_t address)
{
	if (given && p->cfg->nmemory && !check_in_ram(p->cfg, address)) {
		config_mistake(p, p->boot_node, prop,
			       "found 0x%" PRIx64
			       "; allowed an address in the guest's memory "
			       "(0x%" PRIx64 "..0x%" PRIx64 "%s)",
			       address, p->cfg->memory[0].base,
			       p->cfg->memory[0].base +
				       (p->cfg->memory[0].size - 1),
			       p->cfg->nmemory > 1 ? ", ..." : "");
	}
}

/* Is there a device of this kind at the address? */
static bool check_in_device(const struct guest_config *cfg, uint64_t address,
			    const char *compatible)
{
	for (uint32_t i = 0; i < cfg->ndevices; i++) {
		const struct config_device *dev = &cfg->devices[i];

		for (uint32_t n = 0; n < dev->nregs; n++) {
			if (range_within(address - dev->regs[n].base, 1,
					 dev->regs[n].size)) {
				return strcmp(dev->compatible,
					      compatible) == 0;
			}
		}
	}
	return false;
}

/* Without a kernel the guest starts firmware that is in its flash. */
static void check_firmware(struct config_parser *p)
{
	const struct guest_config *cfg = p->cfg;

	if (!cfg->has_entry) {
		config_mistake(p, p->boot_node, "kernel",
			       "missing; allowed a path from /, or an entry "
			       "in flash");
	} else if (!check_in_device(cfg, cfg->entry, "cfi-flash")) {
		config_mistake(p, p->boot_node, "entry",
			       "found 0x%" PRIx64 " without kernel; allowed "
			       "an address in a cfi-flash", cfg->entry);
	}
}

static void check_boot(struct config_parser *p)
{
	const struct guest_config *cfg = p->cfg;

	check_image(p, "kernel-address", cfg->has_kernel_addr,
		    cfg->kernel_addr);
	if (cfg->kernel) {
		check_image(p, "entry", cfg->has_entry, cfg->entry);
	} else if (p->boot_node >= 0) {
		check_firmware(p);
	}
	check_image(p, "initrd-address", cfg->has_initrd_addr,
		    cfg->initrd_addr);
	check_image(p, "dtb-address", cfg->has_dtb_addr, cfg->dtb_addr);
	if (cfg->has_initrd_addr && !cfg->initrd) {
		config_mistake(p, p->boot_node, "initrd-address",
			       "found "
			       "without initrd; allowed with it");
	}
	if (cfg->dtb && cfg->extra_node >= 0) {
		config_mistake(p, cfg->extra_node, NULL,
			       "found with boot's "
			       "dtb, which replaces the tree; allowed one of "
			       "them");
	}
}

int config_check(struct config_parser *p)
{
	uint32_t i;
	int err;

	err = check_regions(p);
	if (err < 0) {
		return err;
	}
	for (i = 0; i < p->cfg->ndevices; i++) {
		check_device_irqs(p, i);
	}
	check_boot(p);
	return 0;
}
