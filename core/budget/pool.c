/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic of a budget: see pool_priv.h. */
#include "pool_priv.h"

#include <string.h>

/* Not donated: an eighth more than is expected, and at least an eighth of the
 * budget. */
#define RESERVE_SHIFT 3

void budget_pool_begin(struct budget_pool *p,
		       const uint64_t limit[BUDGET_KINDS], ticks_t period,
		       ticks_t now)
{
	memset(p, 0, sizeof(*p));
	p->period = period;
	p->next = now + period;
	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		p->part[i].limit = limit[i];
		p->part[i].left = limit[i];
		p->part[i].expected = limit[i];
	}
}

/* `n` periods have ended. Grants that are out count in the new period; a debt
 * is paid by each of the periods that passed, and then by the new one. */
static void roll_part(struct budget_part *part, uint64_t n)
{
	uint64_t used = part->used - part->used_before;
	uint64_t full = part->limit + part->extra;
	uint64_t idle, free, pay;

	if (part->limit == 0) {
		return;
	}
	/* Whoever used all that was not lent may need all of it now. */
	part->expected = used / n >= full - MIN(full, part->donated)
				 ? part->limit
				 : (part->expected + used / n + 1) / 2;
	part->used_before = part->used;
	part->donated = 0;
	if (__builtin_mul_overflow(full, n - 1, &idle)) {
		idle = UINT64_MAX;
	}
	part->debt -= MIN(part->debt, idle);
	free = full - MIN(full, part->out);
	pay = MIN(part->debt, free);
	part->debt -= pay;
	part->left = free - pay;
}

uint64_t budget_pool_roll(struct budget_pool *p, ticks_t now)
{
	uint64_t n;

	if (p->period == 0 || now < p->next) {
		return 0;
	}
	n = (now - p->next) / p->period + 1;
	p->next += n * p->period;
	p->dry = false;
	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		roll_part(&p->part[i], n);
	}
	return n;
}

uint64_t budget_pool_take(struct budget_part *part, uint64_t want)
{
	uint64_t got = MIN(want, part->left);

	part->left -= got;
	part->out += got;
	return got;
}

void budget_pool_settle(struct budget_part *part, uint64_t granted,
			uint64_t counted)
{
	uint64_t over, pay;

	part->out -= granted;
	part->used += counted;
	if (counted <= granted) {
		part->left += granted - counted;
		return;
	}
	over = counted - granted;
	pay = MIN(part->left, over);
	part->left -= pay;
	part->debt += over - pay;
	part->overrun = MAX(part->overrun, part->debt);
}

bool budget_pool_has_left(const struct budget_pool *p)
{
	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		if (p->part[i].limit > 0 && p->part[i].left == 0) {
			return false;
		}
	}
	return true;
}

void budget_pool_note_dry(struct budget_pool *p)
{
	p->throttles += !p->dry;
	p->dry = true;
}

uint64_t budget_pool_donate(struct budget_part *part)
{
	uint64_t keep = part->expected + (part->expected >> RESERVE_SHIFT);
	uint64_t give;

	keep = MAX(keep, part->limit >> RESERVE_SHIFT);
	give = part->limit - MIN(part->limit, keep);
	give = MIN(give, part->left);
	part->left -= give;
	part->donated = give;
	return give;
}

void budget_pool_borrow(struct budget_part *part, uint64_t events)
{
	part->left += events;
}
