/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A token bucket stored as the time `full` at which it will be full again.
 * Taking tokens advances that time, but never further ahead than an empty
 * bucket takes to fill. It is one word, so that several CPUs can take tokens
 * without a lock, and taking needs no division. <libs/token_bucket.h> serves
 * requests that wait under a lock: it says when tokens are there, goes into
 * debt, and loses no fraction of a tick; a packet has no time for that and is
 * dropped instead.
 */
#ifndef CORE_NET_RATE_PRIV_H
#define CORE_NET_RATE_PRIV_H

#include <core/time.h>
#include <libs/types.h>

/* Times here are in fractions of a tick; the price of a token has more
 * fractional bits. */
#define NET_RATE_TIME_SHIFT 8
#define NET_RATE_PRICE_SHIFT 20

struct net_rate {
	uint64_t full;  /* [A] ticks << NET_RATE_TIME_SHIFT */
	uint64_t price; /* [A] ticks << NET_RATE_PRICE_SHIFT; 0: no limit */
	uint64_t depth; /* [A] time to fill an empty bucket, unit of `full` */
};

/* Set a rate in tokens a second (0: no limit) and a burst; the bucket is then
 * full. Thread context. */
void net_rate_set(struct net_rate *r, uint64_t per_second, uint64_t burst);

/* Take n tokens; false, with nothing taken, if there are fewer. Any context. */
static inline bool net_rate_take(struct net_rate *r, ticks_t now, uint64_t n)
{
	uint64_t price = __atomic_load_n(&r->price, __ATOMIC_ACQUIRE);
	uint64_t full, then;

	if (likely(price == 0)) {
		return true;
	}
	now <<= NET_RATE_TIME_SHIFT;
	full = __atomic_load_n(&r->full, __ATOMIC_RELAXED);
	do {
		then = MAX(full, now) + ((n * price) >> (NET_RATE_PRICE_SHIFT -
							 NET_RATE_TIME_SHIFT));
		if (then - now > READ_ONCE(r->depth)) {
			return false;
		}
	} while (!__atomic_compare_exchange_n(&r->full, &full, then, true,
					      __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

#endif
