/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot images: what a file is, where it wants to be, where it begins. Pure. */
#ifndef CORE_GUEST_IMAGE_H
#define CORE_GUEST_IMAGE_H

#include <core/guest_config.h>
#include <libs/types.h>

#define IMAGE_MAX_SEGMENTS 16
/* Enough of a file to decide: ELF header with its program headers. */
#define IMAGE_HEAD_SIZE 4096

struct image_segment {
	uint64_t file_off, file_size;
	uint64_t addr, mem_size; /* IPA; mem_size >= file_size */
};

struct image_plan {
	enum kernel_format format; /* never KERNEL_AUTO */
	struct image_segment seg[IMAGE_MAX_SEGMENTS];
	unsigned int nsegs;
	uint64_t entry;
};

struct image_where {
	uint64_t ram_base;         /* first range of RAM */
	enum kernel_format format; /* KERNEL_AUTO: find out */
	bool has_addr, has_entry;  /* given by the description */
	uint64_t addr, entry;
};

/*
 * Decide from the first `head_size` bytes of a file of `file_size` bytes.
 * -ERR_FORMAT with the reason in *why. Pure.
 */
int __must_check image_plan(struct image_plan *plan,
			    const struct image_where *where,
			    const uint8_t *head, size_t head_size,
			    uint64_t file_size, const char **why);

/* For an architecture's own format: a little-endian number of a header, and an
 * image of one piece whose entry is its first byte. */
uint64_t image_get(const uint8_t *p, unsigned int bytes);
void image_one_segment(struct image_plan *plan, uint64_t addr,
		       uint64_t file_size, uint64_t mem_size);

/* Is a byte of the file loaded at the address? Zeroes behind a segment's bytes
 * do not count, since execution cannot start there. */
bool image_is_loaded(const struct image_plan *plan, uint64_t address);

/* The first address after all that the image needs; 0 if it needs none. */
uint64_t image_end(const struct image_plan *plan);

#endif
