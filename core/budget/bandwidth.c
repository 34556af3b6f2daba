/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bandwidth of all CPUs together for an event: how much of it is promised,
 * who shares the rest, and what budgets that do not need theirs lend to others.
 */
#include "budget_priv.h"

#include <arch/pmu.h>
#include <libs/error.h>
#include <stdio.h>

#define US_PER_S UINT64_C(1000000)
#define SHARE_SHIFT 20 /* shares are exact to one in a million */

_Static_assert(BUDGET_BANDWIDTH_MAX <= UINT64_MAX >> SHARE_SHIFT,
	       "products of share_of()");

struct bandwidth {
	bool used;
	uint32_t event;
	uint64_t per_second; /* 0: not known */
	uint64_t promised;   /* events a second */
	uint64_t sharing;    /* of it, to budgets that share the rest */
	uint64_t spare;      /* lent and not borrowed */
};

static struct spinlock lock = SPINLOCK_INIT(LOCK_BANDWIDTH);
static struct bandwidth table[BUDGET_BANDWIDTHS];

/* The row of `event`; if there is none, with `make` a free one; or NULL. */
static struct bandwidth *find_locked(uint32_t event, bool make)
{
	struct bandwidth *free = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].used && table[i].event == event) {
			return &table[i];
		}
		if (!table[i].used && !free) {
			free = &table[i];
		}
	}
	if (make && free) {
		*free = (struct bandwidth){ .used = true, .event = event };
		return free;
	}
	return NULL;
}

static void drop_unused_locked(struct bandwidth *b)
{
	if (b && b->promised == 0 && b->per_second == 0) {
		b->used = false;
	}
}

/* The rate of a spec's kind, in events per second, rounded up. */
static uint64_t kind_rate(const struct budget_spec *spec, unsigned int kind)
{
	/* At most 2^36 * 10^6: less than 2^56. */
	return DIV_ROUND_UP(spec->events[kind] * US_PER_S, spec->period_us);
}

static uint64_t rate_of(const struct budget_spec *spec, uint32_t event)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; spec && i < BUDGET_KINDS; i++) {
		if (spec->events[i] > 0 && spec->event[i] == event) {
			sum += kind_rate(spec, i);
		}
	}
	return sum;
}

/* Does `spec` fit if `old` is taken back? *free: how much does. */
static bool fits_locked(struct bandwidth *b, const struct budget_spec *spec,
			const struct budget_spec *old, uint64_t *free)
{
	uint64_t others = b->promised - rate_of(old, b->event);

	*free = b->per_second - MIN(b->per_second, others);
	return b->per_second == 0 || rate_of(spec, b->event) <= *free;
}

static void add_locked(const struct budget_spec *spec, bool add)
{
	for (unsigned int i = 0; spec && i < BUDGET_KINDS; i++) {
		struct bandwidth *b;
		uint64_t rate;

		if (spec->events[i] == 0) {
			continue;
		}
		b = find_locked(spec->event[i], false);
		rate = kind_rate(spec, i);
		b->promised = add ? b->promised + rate : b->promised - rate;
		if (spec->share) {
			b->sharing = add ? b->sharing + rate
					 : b->sharing - rate;
		}
		drop_unused_locked(b);
	}
}

static int check_locked(const struct budget_spec *spec,
			const struct budget_spec *old, unsigned int kind,
			uint64_t *free)
{
	struct bandwidth *b = find_locked(spec->event[kind], true);

	*free = 0;
	if (!b) {
		return -ERR_NOMEM;
	}
	return fits_locked(b, spec, old, free) ? 0 : -ERR_BUSY;
}

static void tell(int err, const struct budget_spec *spec, unsigned int kind,
		 uint64_t free, budget_report_t report, void *ctx)
{
	uint64_t fits = free / US_PER_S * spec->period_us +
			free % US_PER_S * spec->period_us / US_PER_S;
	char text[192];

	if (err == -ERR_NOMEM) {
		report(ctx, "budgets of too many different events; "
			    "8 are possible");
		return;
	}
	snprintf(text, sizeof(text),
		 "%llu events a second are more than is left of the bandwidth: "
		 "%llu, which is %llu events in %llu us",
		 (unsigned long long)rate_of(spec, spec->event[kind]),
		 (unsigned long long)free, (unsigned long long)fits,
		 (unsigned long long)spec->period_us);
	report(ctx, text);
}

int bandwidth_promise(const struct budget_spec *spec,
		      const struct budget_spec *old, budget_report_t report,
		      void *ctx)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	unsigned int kind = 0;
	uint64_t free = 0;
	int err = 0;

	for (unsigned int i = 0; !err && i < BUDGET_KINDS; i++) {
		if (spec->events[i] > 0) {
			kind = i;
			err = check_locked(spec, old, i, &free);
		}
	}
	if (!err) {
		/* In this order, so that a row that both use is kept. */
		add_locked(spec, true);
		add_locked(old, false);
	} else {
		for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
			drop_unused_locked(find_locked(spec->event[i], false));
		}
	}
	spin_unlock_irqrestore(&lock, flags);
	if (err) {
		tell(err, spec, kind, free, report, ctx);
	}
	return err;
}

void bandwidth_release(const struct budget_spec *spec)
{
	unsigned long flags = spin_lock_irqsave(&lock);

	add_locked(spec, false);
	spin_unlock_irqrestore(&lock, flags);
}

/*
 * rest * own / sharing per second, for one period, rounded down so that the sum
 * does not exceed the rest. A rest exists only if the bandwidth is known, so
 * each factor is at most BUDGET_BANDWIDTH_MAX, and products fit in 64 bits.
 */
static uint64_t share_of(const struct bandwidth *b, uint64_t own,
			 uint64_t period_us)
{
	uint64_t rest = b->per_second - MIN(b->per_second, b->promised);
	uint64_t part, rate;

	if (rest == 0 || b->sharing == 0) {
		return 0;
	}
	part = (own << SHARE_SHIFT) / b->sharing;
	rate = (rest * part) >> SHARE_SHIFT;
	return rate / US_PER_S * period_us +
	       rate % US_PER_S * period_us / US_PER_S;
}

uint64_t bandwidth_extra(const struct budget_spec *spec, unsigned int kind)
{
	unsigned long flags;
	struct bandwidth *b;
	uint64_t extra = 0;

	if (!spec->share || spec->events[kind] == 0) {
		return 0;
	}
	flags = spin_lock_irqsave(&lock);
	b = find_locked(spec->event[kind], false);
	if (b) {
		extra = share_of(b, kind_rate(spec, kind), spec->period_us);
	}
	spin_unlock_irqrestore(&lock, flags);
	return extra;
}

void bandwidth_lend(uint32_t event, uint64_t give, uint64_t old)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	struct bandwidth *b = find_locked(event, false);

	if (b) {
		b->spare -= MIN(b->spare, old);
		b->spare += give;
	}
	spin_unlock_irqrestore(&lock, flags);
}

uint64_t bandwidth_borrow(uint32_t event, uint64_t want)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	struct bandwidth *b = find_locked(event, false);
	uint64_t got = b ? MIN(b->spare, want) : 0;

	if (b) {
		b->spare -= got;
	}
	spin_unlock_irqrestore(&lock, flags);
	return got;
}

int budget_set_bandwidth(uint32_t event, uint64_t per_second)
{
	unsigned long flags;
	struct bandwidth *b;
	int err = 0;

	if (per_second > BUDGET_BANDWIDTH_MAX) {
		return -ERR_RANGE;
	}
	flags = spin_lock_irqsave(&lock);
	b = find_locked(event, true);
	if (!b) {
		err = -ERR_NOMEM;
	} else if (per_second > 0 && per_second < b->promised) {
		err = -ERR_BUSY;
	} else {
		b->per_second = per_second;
	}
	drop_unused_locked(b);
	spin_unlock_irqrestore(&lock, flags);
	return err;
}

bool budget_bandwidth_nth(unsigned int n, struct budget_bandwidth *out)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	bool found = false;

	for (size_t i = 0; !found && i < ARRAY_SIZE(table); i++) {
		const struct bandwidth *b = &table[i];

		if (b->used && n-- == 0) {
			*out = (struct budget_bandwidth){
				.event = b->event,
				.per_second = b->per_second,
				.promised = b->promised,
				.spare = b->spare,
			};
			found = true;
		}
	}
	spin_unlock_irqrestore(&lock, flags);
	return found;
}
