/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of guest descriptions: a heap whose leaks the sanitizer sees, and
 * emulators that are only names.
 */
#ifndef TESTS_UNIT_GUEST_FIXTURE_H
#define TESTS_UNIT_GUEST_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include <core/heap.h>
#include <core/schema.h>
#include <emu/emulator.h>

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

#define FIXTURE_EMULATOR(ident, own, ...) \
	static const char *const ident##_names[] = { __VA_ARGS__, NULL }; \
	static const struct emulator ident = { \
		.name = #ident, \
		.compatible = ident##_names, \
		.props = own, \
	}

FIXTURE_EMULATOR(fake_pl011, NULL, "arm,pl011");
FIXTURE_EMULATOR(fake_pl031, NULL, "arm,pl031");
FIXTURE_EMULATOR(fake_pl061, NULL, "arm,pl061");
FIXTURE_EMULATOR(fake_sp805, NULL, "arm,sp805");
FIXTURE_EMULATOR(fake_ns16550, fixture_props, "ns16550a", "ns16550");
FIXTURE_EMULATOR(fake_flash, NULL, "cfi-flash");
FIXTURE_EMULATOR(fake_fw_cfg, NULL, "qemu,fw-cfg-mmio");
FIXTURE_EMULATOR(fake_virtio, fixture_props, "virtio,mmio");
FIXTURE_EMULATOR(fake_other, NULL, "socle,other");

EMULATOR(fake_pl011);
EMULATOR(fake_pl031);
EMULATOR(fake_pl061);
EMULATOR(fake_sp805);
EMULATOR(fake_ns16550);
EMULATOR(fake_flash);
EMULATOR(fake_fw_cfg);
EMULATOR(fake_virtio);
EMULATOR(fake_other);

const struct emulator *emulator_find(const char *compatible)
{
	const struct emulator *const *it;
	const char *const *c;

	registry_for_each(emulator, it) {
		for (c = (*it)->compatible; *c; c++) {
			if (strcmp(*c, compatible) == 0) {
				return *it;
			}
		}
	}
	return NULL;
}

#endif
