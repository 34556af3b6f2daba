/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Token buckets: a rate in tokens a second, and a burst that may be taken at
 * once. A bucket is stored as the time at which it will be full again, so that
 * taking tokens needs no division and an idle bucket needs no work. Pure; the
 * caller holds its own lock.
 */
#ifndef LIBS_TOKEN_BUCKET_H
#define LIBS_TOKEN_BUCKET_H

#include <libs/types.h>

struct token_bucket {
	uint64_t rate;  /* tokens a second; 0: no limit */
	uint64_t burst; /* tokens at once */
	/*
	 * Times are in ticks of the caller's clock. The price of a token has
	 * TOKEN_PRICE_SHIFT fractional bits; `rest` is the fraction of a tick
	 * not charged yet.
	 */
	uint64_t price, depth; /* of one token; of the whole burst, in ticks */
	uint64_t full;         /* when it is full */
	uint64_t rest;
};
#define TOKEN_PRICE_SHIFT 24

/* Initialise to a full bucket, for a clock of `hz` ticks a second. A burst of 0
 * stands for what a tenth of a second yields, at least one token. */
void token_bucket_init(struct token_bucket *b, uint64_t rate, uint64_t burst,
		       uint64_t hz);

/*
 * The time from which n tokens can be taken, which may have passed. A request
 * larger than the burst needs a full bucket, which then owes the rest: such a
 * request waits longer, but not for ever.
 */
uint64_t token_bucket_ready(const struct token_bucket *b, uint64_t n);
/* Take n tokens at time `now`, even if there are fewer. */
void token_bucket_take(struct token_bucket *b, uint64_t now, uint64_t n);

#endif
