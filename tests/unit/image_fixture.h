/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of boot images: the beginning of a file, which tests write, and
 * where it is to go. The test defines RAM, the address of the guest's memory.
 */
#ifndef TESTS_UNIT_IMAGE_FIXTURE_H
#define TESTS_UNIT_IMAGE_FIXTURE_H

#include <stdint.h>
#include <string.h>

#include <core/guest_image.h>

static uint8_t head[IMAGE_HEAD_SIZE];
static struct image_plan plan;
static const char *why;
static struct image_where where;

static void put(unsigned int at, uint64_t v, unsigned int bytes)
{
	while (bytes--) {
		head[at++] = (uint8_t)v;
		v >>= 8;
	}
}

static int setup(void **state)
{
	(void)state;
	memset(head, 0, sizeof(head));
	where = (struct image_where){
		.ram_base = RAM,
	};
	why = NULL;
	return 0;
}

static int run(uint64_t file_size)
{
	size_t n = file_size < sizeof(head) ? (size_t)file_size : sizeof(head);

	return image_plan(&plan, &where, head, n, file_size, &why);
}

#endif
