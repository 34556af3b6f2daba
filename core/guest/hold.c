/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory at host addresses that descriptions in the bundle name is held from
 * the start, so that no other guest and not the hypervisor gets it before the
 * guest is created. Only what can be read without the rest of a description is:
 * whether that makes sense is checked when the guest is created.
 */
#include <arch/mmu.h>
#include <core/boot.h>
#include <core/colour.h>
#include <core/cpio.h>
#include <core/dt.h>
#include <core/dt_blob.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <libfdt.h>
#include <libs/error.h>
#include <string.h>

#include "config_priv.h"

#define DESCRIPTION_MAX KIB(256)
#define CELL sizeof(fdt32_t)

struct description {
	const void *fdt;
	const char *path; /* for messages */
	unsigned int address_cells, size_cells;
};

/* Of how many pages in a row a guest with colours uses how many: it takes more
 * addresses than its size. */
static uint64_t span_of(const struct description *d, uint64_t size, bool moved)
{
	uint64_t n = 0;
	const void *data;
	int len;

	data = fdt_getprop(d->fdt, 0, "colors", &len);
	if (data && len > 0) {
		n = (uint64_t)len / CELL;
	}
	data = fdt_getprop(d->fdt, 0, "colors-count", &len);
	if (data && len == CELL) {
		n = dt_cells64(data, 1);
	}
	if (!IS_ENABLED(CONFIG_COLOURS) || !moved || n == 0 ||
	    n >= page_colours()) {
		return size;
	}
	return DIV_ROUND_UP(size / PAGE_SIZE, n) * page_colours() * PAGE_SIZE;
}

static void hold(const struct description *d, int node, uint64_t host,
		 uint64_t bytes)
{
	paddr_t at = PADDR(host);
	int err = page_hold(at, bytes / PAGE_SIZE);
	const char *is = "full";

	if (!err) {
		return;
	}
	if (err != -ERR_NOSPC) {
		enum page_use use = page_first_taken(&at, bytes / PAGE_SIZE,
						     PAGE_ANY_COLOUR);

		is = use == PAGE_NO_RAM     ? "no RAM"
		     : use == PAGE_RESERVED ? "reserved"
					    : "used by the hypervisor";
	}
	log_warn("%s: /%s: host-address: found 0x%llx, 0x%llx bytes; not all "
		 "of it is held for the guest, since %s 0x%llx is %s",
		 d->path, fdt_get_name(d->fdt, node, NULL),
		 (unsigned long long)host, (unsigned long long)bytes,
		 err == -ERR_NOSPC ? "the list of such ranges at" : "address",
		 (unsigned long long)at.v, is);
}

static void hold_node(const struct description *d, int node)
{
	unsigned int cells = d->address_cells + d->size_cells;
	const uint8_t *host, *reg;
	uint64_t at, base, size;
	int host_len, reg_len;

	host = fdt_getprop(d->fdt, node, "host-address", &host_len);
	reg = fdt_getprop(d->fdt, node, "reg", &reg_len);
	if (!host || (host_len != CELL && host_len != 2 * CELL) || !reg ||
	    reg_len != (int)(cells * CELL)) {
		return;
	}
	at = dt_cells64(host, (unsigned int)host_len / CELL);
	base = dt_cells64(reg, d->address_cells);
	size = dt_cells64(reg + d->address_cells * CELL, d->size_cells);
	if (at == 0 || !IS_ALIGNED(at | size, PAGE_SIZE) ||
	    at >= CONFIG_HOST_END || size == 0 || size > CONFIG_HOST_END - at) {
		return; /* a mistake, which creating the guest reports */
	}
	size = span_of(d, size, at != base);
	hold(d, node, at, MIN(size, (uint64_t)CONFIG_HOST_END - at));
}

static unsigned int cells_of(const void *fdt, const char *name)
{
	int len;
	const void *data = fdt_getprop(fdt, 0, name, &len);
	uint64_t n = data && len == CELL ? dt_cells64(data, 1) : 0;

	return n <= 2 ? (unsigned int)n : 0;
}

static void hold_description(const void *fdt, const char *path)
{
	struct description d = {
		.fdt = fdt,
		.path = path,
		.address_cells = cells_of(fdt, "#address-cells"),
		.size_cells = cells_of(fdt, "#size-cells"),
	};
	int node;

	if (fdt_node_check_compatible(fdt, 0, "socle,guest") != 0 ||
	    d.address_cells == 0 || d.size_cells == 0) {
		return;
	}
	fdt_for_each_subnode(node, fdt, 0) {
		const char *name = fdt_get_name(fdt, node, NULL);

		if (name && strncmp(name, "memory@", 7) == 0) {
			hold_node(&d, node);
		}
	}
}

/* Is the property's name anywhere in a tree? Most have none: it is not worth
 * while to copy and check them. */
static bool has_name(const uint8_t *data, size_t bytes)
{
	static const char name[] = "host-address";
	const uint8_t *end = data + bytes;

	while ((size_t)(end - data) >= sizeof(name)) {
		data = memchr(data, '-', (size_t)(end - data));
		if (!data) {
			return false;
		}
		if ((size_t)(end - data) >= sizeof(name) - 4 &&
		    memcmp(data - 4, name, sizeof(name)) == 0) {
			return true;
		}
		data++;
	}
	return false;
}

/* libfdt needs a tree at an aligned address. */
static void look_at(const char *path, size_t len, const void *data,
		    size_t bytes, void *arg)
{
	char name[64];
	size_t n = MIN(len, sizeof(name) - 1);
	void *copy;

	(void)arg;
	if (bytes < sizeof(struct fdt_header) || bytes > DESCRIPTION_MAX ||
	    memcmp(data, "\xd0\x0d\xfe\xed", 4) != 0 ||
	    !has_name(data, bytes)) {
		return;
	}
	copy = heap_alloc(bytes);
	if (!copy) {
		return;
	}
	memcpy(copy, data, bytes);
	memcpy(name, path, n);
	name[n] = '\0';
	if (fdt_check_full(copy, bytes) == 0) {
		hold_description(copy, name);
	}
	heap_free(copy);
}

void guest_hold_memory(void)
{
	struct dt_chosen chosen;
	int err;

	dt_get_chosen(&chosen);
	if (!chosen.initrd_size ||
	    !boot_memory_is_ram(chosen.initrd, chosen.initrd_size)) {
		return;
	}
	/* What is malformed is reported when it is mounted. */
	err = cpio_walk(arch_phys_to_virt(chosen.initrd), chosen.initrd_size,
			look_at, NULL);
	(void)err;
}
