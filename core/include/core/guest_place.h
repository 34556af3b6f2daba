/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Placing images in a guest's RAM: what is used, and what is free. The
 * architecture chooses among the free places. Pure.
 */
#ifndef CORE_GUEST_PLACE_H
#define CORE_GUEST_PLACE_H

#include <core/guest_config.h>
#include <core/guest_image.h>

/* Segments of the kernel, initial RAM disk, device tree. */
#define PLACE_MAX (IMAGE_MAX_SEGMENTS + 2)

struct place {
	const struct guest_config *cfg; /* memory; reservations, which are
					   avoided where there is a choice */
	struct config_range used[PLACE_MAX];
	unsigned int nused;
};

/* Mark [base, base+size) as used. -ERR_RANGE: not all RAM of one bank;
 * -ERR_EXIST: partly used already. */
int __must_check place_claim(struct place *p, uint64_t base, uint64_t size);

/* Whether [base, base+size) is RAM of one bank and nothing of it is taken or
 * reserved. */
bool place_is_free(const struct place *p, uint64_t base, uint64_t size);

/* The lowest multiple of `align`, a power of two, with `size` free bytes, from
 * `at` on in the first bank; or from the start of RAM in any. False: none. */
bool place_find(const struct place *p, uint64_t at, uint64_t size,
		uint64_t align, uint64_t *out);
bool place_find_anywhere(const struct place *p, uint64_t size, uint64_t align,
			 uint64_t *out);

#endif
