/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a firmware's ELF file, and, from an odd first byte on, as its
 * resource table alone: what is accepted lies within the table, and is what a
 * coprocessor's vrings may be.
 */
#include <stdlib.h>
#include <string.h>

#include <core/resource_table.h>
#include <libs/checked.h>
#include <libs/error.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *data;
	size_t size;
};

static void check(bool holds)
{
	if (!holds) {
		abort();
	}
}

static bool read_bytes(const void *arg, uint64_t off, void *buf, size_t n)
{
	const struct bytes *b = arg;

	check(n <= RESOURCE_TABLE_MAX);
	if (!range_within(off, n, b->size)) {
		return false;
	}
	memcpy(buf, b->data + off, n);
	return true;
}

static void check_table(const struct resource_table *t)
{
	check(t->size <= RESOURCE_TABLE_MAX);
	check(t->ignored < RESOURCE_ENTRIES_MAX);
	check(range_within(t->vdev, 24, t->size));
	for (unsigned int i = 0; i < RESOURCE_VRINGS; i++) {
		const struct resource_vring *v = &t->vring[i];

		check(range_within(v->at, 20, t->size));
		check(v->num > 0 && v->num <= RESOURCE_VRING_MAX);
		check((v->num & (v->num - 1)) == 0);
		check(v->align >= 4 && v->align <= RESOURCE_ALIGN_MAX);
		check((v->align & (v->align - 1)) == 0);
	}
}

/* A file with these bytes as its table, behind two sections. */
static struct bytes file_of(const uint8_t *data, size_t size)
{
	static uint8_t file[64 + 2 * 64 + 16 + RESOURCE_TABLE_MAX + 1];
	const size_t names = 64 + 2 * 64, table = names + 16;

	size = MIN(size, (size_t)RESOURCE_TABLE_MAX + 1);
	memset(file, 0, sizeof(file));
	memcpy(file, "\177ELF\2\1", 6);
	file[40] = 64; /* e_shoff */
	file[64] = 15; /* a name of no bytes */
	file[58] = 64; /* e_shentsize */
	file[60] = 2;  /* e_shnum */
	file[64 + 24] = (uint8_t)names;
	file[64 + 32] = 16;
	file[128 + 24] = (uint8_t)table;
	file[128 + 32] = (uint8_t)size;
	file[128 + 33] = (uint8_t)(size >> 8);
	memcpy(file + names, ".resource_table", 16);
	memcpy(file + table, data, size);
	return (struct bytes){ file, table + size };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct resource_table t;
	struct bytes b = { data, size };
	const struct resource_file f = { read_bytes, &b };
	const char *why = NULL;
	int err;

	if (size > 0 && (data[0] & 1) != 0) {
		b = file_of(data + 1, size - 1);
	}
	err = resource_table_read(&t, &f, &why);
	check(err == 0 || (err == -ERR_FORMAT && why != NULL));
	if (err == 0) {
		check_table(&t);
	}
	return 0;
}
