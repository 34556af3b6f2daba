/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of guest descriptions: a heap whose leaks the sanitizer sees, and a
 * kind of device that is only a name, in addition to all real ones (linked
 * because tools/build/host.mk lists the test).
 */
#ifndef TESTS_UNIT_GUEST_FIXTURE_H
#define TESTS_UNIT_GUEST_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include <core/emulator.h>
#include <core/heap.h>
#include <core/schema.h>

/* Allocations that still succeed; negative: all. */
static int fixture_heap_budget = -1;

void *heap_alloc(size_t size)
{
	if (fixture_heap_budget == 0) {
		return NULL;
	}
	if (fixture_heap_budget > 0) {
		fixture_heap_budget--;
	}
	return calloc(1, size);
}

void *heap_alloc_array(size_t count, size_t size)
{
	return heap_alloc(count * size);
}

void heap_free(void *p)
{
	free(p);
}

static const struct schema_prop fixture_props[] = {
	{
		.name = "reg-shift",
		.type = SCHEMA_U32,
		.max = 3,
		.otherwise = "0",
		.doc = "Distance of registers.",
	},
	{
		.name = "socle,disk",
		.type = SCHEMA_NAME,
		.min = 1,
		.max = 31,
		.otherwise = "none",
		.doc = "What is behind it.",
	},
	{ .name = NULL },
};

static const char *const fixture_names[] = { "socle,other", NULL };
static const struct emulator fixture_other = {
	.name = "other",
	.compatible = fixture_names,
	.props = fixture_props,
};
EMULATOR(fixture_other);

/* A kind for the slots of the empty virtio-mmio devices. */
static const char *const fixture_plugged_names[] = { "socle,plugged", NULL };
static const char *const fixture_plugged_os[] = { "virtio,mmio", NULL };
static const struct emulator fixture_plugged = {
	.name = "plugged",
	.compatible = fixture_plugged_names,
	.os_compatible = fixture_plugged_os,
	.slot = "virtio,mmio",
	.nregs = 1,
	.nirqs = 1,
	.min_size = 0x200,
	.props = fixture_props,
};
EMULATOR(fixture_plugged);

/* A kind that may be at I/O ports: one register of 32 bits for each region,
 * with accesses of any size. */
static uint32_t fixture_ports_regs[2];

static int fixture_ports_access(struct emu_device *dev, struct emu_access *a)
{
	(void)dev;
	if (a->write) {
		fixture_ports_regs[a->region] = (uint32_t)a->value;
	} else {
		a->value = fixture_ports_regs[a->region] + a->off;
	}
	return 0;
}

static const char *const fixture_ports_names[] = { "socle,ports", NULL };
static const struct emulator fixture_ports = {
	.name = "ports",
	.compatible = fixture_ports_names,
	.access = fixture_ports_access,
	.max_access = 4,
	.nregs = 2,
	.ports = true,
};
EMULATOR(fixture_ports);

#endif
