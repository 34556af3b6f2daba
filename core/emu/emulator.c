/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated devices: finding emulators, creation and end of a device, a guest's
 * table of regions, and how an access gets to its device.
 * docs/design/emulators.md.
 */
#include <arch/cpu.h>
#include <core/emulator.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <libfdt.h>
#include <libs/error.h>
#include <string.h>

REGISTRY_DEFINE(emulator);

static bool serves(const struct emulator *emu, const char *compatible)
{
	const char *const *c;

	for (c = emu->compatible; *c; c++) {
		if (strcmp(*c, compatible) == 0) {
			return true;
		}
	}
	return false;
}

__cold const struct emulator *emulator_find(const char *compatible)
{
	const struct emulator *it;

	registry_for_each(emulator, it) {
		if (serves(it, compatible)) {
			return it;
		}
	}
	return NULL;
}

__cold int emulator_check(void)
{
	const struct emulator *it;
	const char *const *c;

	registry_for_each(emulator, it) {
		for (c = it->compatible; *c; c++) {
			if (emulator_find(*c) != it) {
				log_err("two emulators for \"%s\": %s and %s",
					*c, emulator_find(*c)->name, it->name);
				return -ERR_EXIST;
			}
		}
	}
	return 0;
}

__cold int emu_device_init(struct emu_device *dev, struct guest *g,
			   const struct config_device *cfg)
{
	const struct emulator *emu = cfg->emu;
	int err;

	*dev = (struct emu_device){
		.emu = emu,
		.guest = g,
		.cfg = cfg,
		.name = cfg->name,
	};
	spin_init(&dev->lock, LOCK_DEVICE);
	if (emu->state_size) {
		dev->state = heap_alloc(emu->state_size);
		if (!dev->state) {
			return -ERR_NOMEM;
		}
	}
	err = emu->init ? emu->init(dev) : 0;
	if (err) {
		heap_free(dev->state);
		dev->state = NULL;
	}
	return err;
}

void emu_device_fini(struct emu_device *dev)
{
	if (dev->emu->fini) {
		dev->emu->fini(dev);
	}
	heap_free(dev->state);
	dev->state = NULL;
}

void emu_device_reset(struct emu_device *dev)
{
	if (dev->emu->reset) {
		dev->emu->reset(dev);
	}
}

void emu_device_pause(struct emu_device *dev, bool paused)
{
	if (dev->emu->pause) {
		dev->emu->pause(dev, paused);
	}
}

void emu_device_stopped(struct emu_device *dev)
{
	if (dev->emu->stopped) {
		dev->emu->stopped(dev);
	}
}

int emu_power_key(struct emu_device *devs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (devs[i].emu->power_key) {
			return devs[i].emu->power_key->press(&devs[i]);
		}
	}
	return -ERR_NOSUPP;
}

const void *emu_prop(const struct emu_device *dev, const char *name, int *len)
{
	if (dev->cfg->node < 0) {
		return NULL;
	}
	return fdt_getprop(dev->guest->cfg->blob, dev->cfg->node, name, len);
}

__cold uint32_t emu_prop_u32(const struct emu_device *dev, const char *name,
			     uint32_t otherwise)
{
	const void *prop;
	fdt32_t cell;
	int len;

	prop = emu_prop(dev, name, &len);
	if (!prop || len != (int)sizeof(cell)) {
		return otherwise;
	}
	memcpy(&cell, prop, sizeof(cell));
	return fdt32_to_cpu(cell);
}

const char *emu_prop_str(const struct emu_device *dev, const char *name, int n)
{
	if (dev->cfg->node < 0) {
		return NULL;
	}
	return fdt_stringlist_get(dev->guest->cfg->blob, dev->cfg->node, name,
				  n, NULL);
}

void emu_irq(struct emu_device *dev, unsigned int n, bool level)
{
	if (n < dev->cfg->nirqs) {
		arch_guest_irq(dev->guest, dev->cfg->irqs[n].line, level);
	}
}

static bool sorts_after(const struct emu_region *a, const struct emu_region *b)
{
	return a->space != b->space ? a->space > b->space
				    : a->base.v > b->base.v;
}

/* Insertion sort: there are about a hundred regions, mostly in order. */
static void sort_regions(struct emu_region *r, uint32_t n)
{
	struct emu_region moved;
	uint32_t i, j;

	for (i = 1; i < n; i++) {
		moved = r[i];
		for (j = i; j > 0 && sorts_after(&r[j - 1], &moved); j--) {
			r[j] = r[j - 1];
		}
		r[j] = moved;
	}
}

static bool size_allowed(const struct emulator *emu, unsigned int size)
{
	unsigned int max = emu->max_access;

	if (max == 0) {
		max = emu->word_registers ? 4 : 8;
	}
	return size >= 1 && size >= emu->min_access && size <= max;
}

/*
 * A plain access is one that the device accepts and that is aligned: then it
 * cannot cross the end of a region of whole words. With word registers it must
 * begin at a word; a narrower access has its value in the lowest byte lanes.
 */
static void find_plain(struct emu_region *r)
{
	const struct emulator *emu = r->dev->emu;

	r->access = emu->access;
	for (unsigned int log2 = 0; log2 < 4; log2++) {
		unsigned int size = 1U << log2;
		unsigned int unit = emu->word_registers ? 4 : size;
		bool plain = size_allowed(emu, size) &&
			     IS_ALIGNED(r->size, unit);

		r->plain_mask[log2] =
			(uint8_t)(plain ? unit - 1 : EMU_NOT_PLAIN);
		r->plain_size[log2] = (uint8_t)unit;
	}
}

__cold int emu_map_build(struct emu_map *map, struct emu_region *regions,
			 uint32_t n)
{
	uint64_t end;
	uint32_t i;

	sort_regions(regions, n);
	for (i = 0; i < n; i++) {
		if (regions[i].size == 0) {
			return -ERR_INVAL;
		}
		if (__builtin_add_overflow(regions[i].base.v,
					   regions[i].size - 1, &end)) {
			return -ERR_RANGE;
		}
		if (i + 1 < n && regions[i + 1].space == regions[i].space &&
		    regions[i + 1].base.v <= end) {
			return -ERR_EXIST;
		}
	}
	*map = (struct emu_map){ .regions = regions };
	for (i = 0; i < n; i++) {
		find_plain(&regions[i]);
		if (regions[i].space == EMU_MEMORY) {
			map->count++;
		} else {
			map->ports++;
		}
	}
	return 0;
}

static const struct emu_region *find(const struct emu_region *regions,
				     uint32_t n, ipa_t ipa)
{
	uint32_t low = 0, high = n, mid;

	/* Regions before index `low` begin at or below ipa, and those from
	 * index `high` on above it. */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (regions[mid].base.v <= ipa.v) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	if (low == 0 || !emu_region_holds(&regions[low - 1], ipa)) {
		return NULL;
	}
	return &regions[low - 1];
}

const struct emu_region *emu_find(const struct emu_map *map, ipa_t ipa)
{
	return find(map->regions, map->count, ipa);
}

const struct emu_region *emu_find_port(const struct emu_map *map, uint16_t port)
{
	/* An empty map has no array to point into. */
	return map->ports == 0
		       ? NULL
		       : find(map->regions + map->count, map->ports, IPA(port));
}

int emu_access_region(const struct emu_region *r, ipa_t ipa, unsigned int size,
		      bool write, uint64_t *value)
{
	const struct emulator *emu = r->dev->emu;
	struct emu_access a = {
		.off = ipa.v - r->base.v,
		.size = (uint8_t)size,
		.write = write,
		.region = r->index,
	};
	unsigned int lane = 0;
	uint64_t mask;
	int err;

	if (unlikely(!size_allowed(emu, size) || r->size < size ||
		     !arch_index_below(&a.off, r->size - size + 1))) {
		return -ERR_FAULT;
	}
	if (unlikely((a.off & (size - 1)) && !emu->unaligned)) {
		return -ERR_FAULT;
	}
	mask = ~UINT64_C(0) >> (64 - 8 * size);
	if (emu->word_registers) {
		lane = 8 * (a.off & 3);
		a.off &= ~UINT64_C(3);
		a.size = 4;
	}
	if (write) {
		a.value = (*value & mask) << lane;
	}
	err = emu->access(r->dev, &a);
	if (!err && !write) {
		*value = (a.value >> lane) & mask;
	}
	return err;
}
