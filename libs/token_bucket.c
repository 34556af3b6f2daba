/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Token buckets: see the header. */
#include <libs/token_bucket.h>

/* Later than any clock reads, with room left for additions. */
#define TOKEN_TIME_MAX (UINT64_MAX / 4)

/* The price of n tokens in ticks, and in *rest the fraction of a tick. */
static uint64_t token_cost(const struct token_bucket *b, uint64_t n,
			   uint64_t *rest)
{
	unsigned __int128 cost = (unsigned __int128)n * b->price + *rest;

	*rest = (uint64_t)cost & (BIT(TOKEN_PRICE_SHIFT) - 1);
	cost >>= TOKEN_PRICE_SHIFT;
	return cost > TOKEN_TIME_MAX ? TOKEN_TIME_MAX : (uint64_t)cost;
}

void token_bucket_init(struct token_bucket *b, uint64_t rate, uint64_t burst,
		       uint64_t hz)
{
	uint64_t rest = 0;

	*b = (struct token_bucket){ .rate = rate };
	if (rate == 0) {
		return;
	}
	b->burst = burst ? burst : MAX(rate / 10, 1);
	/* Rounded up: no rate is exceeded. hz is far below 2^40. */
	b->price = DIV_ROUND_UP(hz << TOKEN_PRICE_SHIFT, rate);
	b->depth = token_cost(b, b->burst, &rest);
}

uint64_t token_bucket_ready(const struct token_bucket *b, uint64_t n)
{
	uint64_t rest = b->rest, cost;

	if (b->rate == 0) {
		return 0;
	}
	cost = token_cost(b, n, &rest);
	cost = MIN(cost, b->depth);
	/* Until then no more than the burst may be missing. */
	return b->full + cost > b->depth ? b->full + cost - b->depth : 0;
}

void token_bucket_take(struct token_bucket *b, uint64_t now, uint64_t n)
{
	if (b->rate == 0) {
		return;
	}
	if (b->full < now) {
		b->full = now;
		b->rest = 0;
	}
	b->full += token_cost(b, n, &b->rest);
	b->full = MIN(b->full, TOKEN_TIME_MAX);
}
