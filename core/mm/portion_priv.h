/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files on portions of caches share. */
#ifndef PORTION_PRIV_H
#define PORTION_PRIV_H

#include <core/portion.h>

#define PORTION_REST_ID 0
#define PORTION_OWN_ID 1

/* portion_unit.c: in every cache of the level, lines of `id` are put only where
 * the portions of `set` are. -ERR_IO: some may have it, some not. One caller at
 * a time. */
int __must_check portion_allow(uint32_t id, portion_mask_t set);

/* portion.c: a claim whose id is set by the caller, and held by nobody else.
 * Errors as portion_claim(). */
int __must_check portion_claim_as(struct portion_claim *c, uint32_t id,
				  struct portion_refusal *why);

/* own_portions.c: the boot argument hyp-portions=LIST. Boot. */
void portion_own_init(void);

#endif
