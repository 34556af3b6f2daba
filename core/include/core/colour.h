/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of cache colours, and which guest has which. A row is as many pages as
 * there are colours, aligned to its size: it has one page of each colour.
 * docs/design/isolation.md. Any context, unless it says otherwise.
 */
#ifndef CORE_COLOUR_H
#define CORE_COLOUR_H

#include <core/page.h>
#include <libs/list.h>
#include <libs/types.h>

#define COLOUR_TEXT 192 /* of 64 colours, none adjacent */

/* How many of the host's colours a set has. */
unsigned int colour_count(colour_mask_t set);
/* Every colour of the host. */
colour_mask_t colour_all(void);
/* The size of a row. */
static inline uint64_t colour_row_bytes(void)
{
	return page_colours() * PAGE_SIZE;
}
/* The n-th colour of the set, from 0; n is less than their number. */
unsigned int colour_nth(colour_mask_t set, unsigned int n);
/* The largest naturally aligned block of colours that begins at the set's first
 * one: log2 of their number; the set is not empty. */
unsigned int colour_block(colour_mask_t set);
/* The bits of a block of 2^order colours from `first` on. */
colour_mask_t colour_bits(unsigned int first, unsigned int order);
/* "0-3, 8"; "none". Truncated to the size. */
const char *colour_text(colour_mask_t set, char *buf, size_t size);

/* What a guest, or the hypervisor, has. */
struct colour_claim {
	struct list node;
	const char *owner;
	const char *shared; /* with claims of the same name; NULL: not shared */
	colour_mask_t set;  /* PAGE_ANY_COLOUR: all, and not exclusively */
	bool exclusive;
};

/* Why a claim is refused. */
struct colour_refusal {
	colour_mask_t taken; /* of the requested ones */
	colour_mask_t free;
	char owner[32]; /* of one of them */
	bool plain;     /* it has not asked for colours, so it uses all */
};

/*
 * Enter a claim: for the colours in c->set, if it is exclusive; otherwise for
 * `n` colours, if n is not 0; otherwise for all colours that no other claim has
 * exclusively, which are all if there are no claims. c->owner and c->shared are
 * set by the caller, and stay valid. -ERR_BUSY: others have some of the colours
 * (*why), and nothing has changed. Thread context.
 */
int __must_check colour_claim(struct colour_claim *c, unsigned int n,
			      struct colour_refusal *why);
void colour_release(struct colour_claim *c);

/* Apply the boot argument, or log why not. Boot: after cache_init(), before
 * page_init_done(). */
#ifdef CONFIG_COLOURS
void colour_own_init(void);
#else
static inline void colour_own_init(void)
{
}
#endif

/* Colours that this owner must not use: those of others' exclusive claims. */
colour_mask_t colour_foreign(const struct colour_claim *c);

#endif
