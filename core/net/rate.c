/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Setting a token bucket, with the divisions that taking from it avoids. */
#include "rate_priv.h"

#define NS_PER_SECOND UINT64_C(1000000000)

void net_rate_set(struct net_rate *r, uint64_t per_second, uint64_t burst)
{
	uint64_t price = 0;
	unsigned __int128 depth;

	if (per_second != 0) {
		price = (ns_to_ticks(NS_PER_SECOND) << NET_RATE_PRICE_SHIFT) /
			per_second;
		/* 0 would be no limit; such a rate is not limited exactly. */
		price = MAX(price, 1);
	}
	depth = ((unsigned __int128)burst * price) >>
		(NET_RATE_PRICE_SHIFT - NET_RATE_TIME_SHIFT);
	/* No limit while it changes, because `depth` belongs to the price. */
	__atomic_store_n(&r->price, 0, __ATOMIC_RELEASE);
	WRITE_ONCE(r->full, 0);
	WRITE_ONCE(r->depth, (uint64_t)MIN(depth, UINT64_MAX / 2));
	__atomic_store_n(&r->price, price, __ATOMIC_RELEASE);
}
