/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contradictions between parts of a description: addresses that overlap,
 * interrupts with two owners, images outside RAM. config_property.c checks each
 * property by itself. */
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
	uint8_t space;
	const char *what; /* name in the OS's tree */
	const char *prop; /* the property it comes from */
	int node;         /* of the description; -1: a default */
};

struct check_map {
	struct check_region *regions;
	uint32_t count;
};

static bool check_after(const struct check_region *r, uint8_t space,
			uint64_t base)
{
	return r->space != space ? r->space > space : r->range.base > base;
}

static void check_add(struct check_map *map, uint8_t space,
		      const struct config_range *range, const char *what,
		      int node)
{
	bool shortcut = node == 0; /* the root's `memory` */
	uint32_t i;

	if (range->size == 0) {
		return;
	}
	/* Insertion sort, as they come nearly in order. */
	for (i = map->count++; i > 0; i--) {
		if (!check_after(&map->regions[i - 1], space, range->base)) {
			break;
		}
		map->regions[i] = map->regions[i - 1];
	}
	map->regions[i] = (struct check_region){
		.range = *range,
		.space = space,
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
		check_add(map, EMU_MEMORY, &cfg->memory[i], "memory",
			  p->memory_nodes[i]);
	}
	for (i = 0; i < cfg->ndevices; i++) {
		const struct config_device *dev = &cfg->devices[i];

		for (n = 0; n < dev->nregs; n++) {
			check_add(map, dev->space, &dev->regs[n], dev->name,
				  dev->node);
		}
	}
	for (i = 0; i < cfg->intc_nregs; i++) {
		check_add(map, EMU_MEMORY, &cfg->intc_regs[i],
			  "interrupt controller", cfg->intc_node);
	}
}

static uint64_t check_last(const struct check_region *r)
{
	return r->range.base + (r->range.size - 1);
}

/* Reported at the part that is in the description, not at a default. */
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

	/* Sorted by space and base: if the next overlaps any, it overlaps the
	 * one that reaches furthest. */
	for (i = 0; i < map->count; i++) {
		const struct check_region *r = &map->regions[i];

		if (reach && reach->space != r->space) {
			reach = NULL;
		}
		if (reach && check_last(reach) >= r->range.base) {
			check_overlap(p, r, reach);
		}
		if (!reach || check_last(r) > check_last(reach)) {
			reach = r;
		}
	}
}

static void check_port(struct config_parser *p, const struct check_region *r)
{
	uint32_t ports = arch_guest_platform.io_ports;

	if (check_last(r) >= ports) {
		config_mistake(p, r->node, r->prop,
			       "found %s at ports 0x%" PRIx64 "..0x%" PRIx64
			       "; allowed below 0x%x",
			       r->what, r->range.base, check_last(r), ports);
	}
}

/* RAM and devices alike must lie in the guest's address space. */
static void check_limits(struct config_parser *p, const struct check_map *map)
{
	uint32_t bits = p->limits->ipa_bits;
	uint64_t last = 0;
	uint32_t i;

	if (bits == 0 || bits > CHECK_IPA_BITS) {
		bits = CHECK_IPA_BITS;
	}
	for (i = 0; i < map->count; i++) {
		const struct check_region *r = &map->regions[i];

		if (r->space == EMU_PORTS) {
			check_port(p, r);
			continue;
		}
		last = MAX(last, check_last(r));
		if (check_last(r) >> bits) {
			config_mistake(p, r->node, r->prop,
				       "found %s at 0x%" PRIx64 "..0x%" PRIx64
				       "; allowed below "
				       "0x%" PRIx64 " (%u address bits)",
				       r->what, r->range.base, check_last(r),
				       BIT(bits), bits);
		}
	}
	p->cfg->address_end = last + 1;
}

static int check_regions(struct config_parser *p)
{
	const struct guest_config *cfg = p->cfg;
	size_t room = cfg->nmemory + (cfg->ndevices + 1) * CONFIG_MAX_REGS;
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
check_irq_owner(const struct guest_config *cfg, uint32_t before, uint32_t line)
{
	uint32_t i, n;

	for (i = 0; i <= before; i++) {
		const struct config_device *dev = &cfg->devices[i];

		for (n = 0; n < dev->nirqs; n++) {
			if (dev->irqs[n].line == line) {
				return dev;
			}
		}
	}
	return NULL;
}

/*
 * Each interrupt line belongs to one device: emulators set the level of a line,
 * and do not combine it with another device's.
 */
static void check_device_irqs(struct config_parser *p, uint32_t index)
{
	const struct config_device *dev = &p->cfg->devices[index];
	uint32_t n, m;

	for (n = 0; n < dev->nirqs; n++) {
		uint32_t line = dev->irqs[n].line;
		const struct config_device *other = NULL;

		if (index > 0) {
			other = check_irq_owner(p->cfg, index - 1, line);
		}
		for (m = 0; m < n; m++) {
			other = dev->irqs[m].line == line ? dev : other;
		}
		if (other) {
			int node = dev->node >= 0 ? dev->node : other->node;
			char name[CONFIG_NAME_LEN];

			arch_guest_platform.irq_name(line, name, sizeof(name));
			config_mistake(p, node, "interrupts",
				       "found %s, which "
				       "%s has too; allowed one device for "
				       "each",
				       name,
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

const char *config_rom_file(const struct guest_config *cfg, uint64_t address,
			    uint64_t *off)
{
	for (uint32_t i = 0; i < cfg->ndevices; i++) {
		const struct config_device *dev = &cfg->devices[i];

		if (dev->node < 0 || dev->space != EMU_MEMORY ||
		    !dev->emu->rom_files) {
			continue;
		}
		for (uint32_t n = 0; n < dev->nregs; n++) {
			*off = address - dev->regs[n].base;
			if (range_within(*off, 1, dev->regs[n].size)) {
				return fdt_stringlist_get(cfg->blob, dev->node,
							  dev->emu->rom_files,
							  (int)n, NULL);
			}
		}
	}
	return NULL;
}

/* Without a kernel the guest starts firmware in its flash. */
static void check_firmware(struct config_parser *p)
{
	const struct guest_config *cfg = p->cfg;
	uint64_t off;

	if (!cfg->has_entry) {
		config_mistake(p, p->boot_node, "kernel",
			       "missing; allowed a path from /, or an entry "
			       "in flash");
	} else if (!config_rom_file(cfg, cfg->entry, &off)) {
		config_mistake(p, p->boot_node, "entry",
			       "found 0x%" PRIx64 " without kernel; allowed "
			       "an address in flash whose bank has an image",
			       cfg->entry);
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

int config_conflicts(struct config_parser *p)
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
