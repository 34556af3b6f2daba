/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMIDs by generations. */
#include "vmid.h"

#include <core/log.h>

void vmid_init(struct vmid_space *s, unsigned int bits, unsigned int nr_cpus,
	       void (*flush_all)(void))
{
	assert(nr_cpus <= CONFIG_MAX_CPUS && nr_cpus < BIT(bits) - 1);
	spin_init(&s->lock, LOCK_VMID);
	s->bits = bits;
	s->nr_cpus = nr_cpus;
	s->next = 1;
	s->taken[0] = 1; /* VMID 0 is not used */
	s->flush_all = flush_all;
	__atomic_store_n(&s->generation, VMID_GENERATION_1, __ATOMIC_RELEASE);
}

static bool test_and_take(struct vmid_space *s, uint64_t number)
{
	uint64_t bit = BIT(number % 64);
	bool was = (s->taken[number / 64] & bit) != 0;

	s->taken[number / 64] |= bit;
	return was;
}

/* First number free from `next` on; 0 if none. */
static uint64_t find_free(const struct vmid_space *s)
{
	uint64_t count = BIT(s->bits);

	for (uint64_t n = s->next; n < count; n++) {
		uint64_t word = s->taken[n / 64] >> (n % 64);

		if (word == ~UINT64_C(0) >> (n % 64)) {
			n |= 63; /* the whole word is taken */
		} else if ((word & 1) == 0) {
			return n;
		}
	}
	return 0;
}

/*
 * A new generation. A CPU may be using the VMID that it has loaded, so these
 * VMIDs stay allocated, and their guests keep them. A CPU whose `active` is 0
 * has not switched since an earlier rollover: it still runs with the VMID that
 * was reserved for it then.
 */
static void rollover(struct vmid_space *s)
{
	assert_held(&s->lock);
	__atomic_store_n(&s->generation, s->generation + VMID_GENERATION_1,
			 __ATOMIC_RELEASE);
	for (size_t i = 0; i < BIT(s->bits) / 64; i++) {
		s->taken[i] = 0;
	}
	s->taken[0] |= 1;
	for (unsigned int cpu = 0; cpu < s->nr_cpus; cpu++) {
		struct vmid_cpu *c = &s->cpus[cpu];
		uint64_t id =
			__atomic_exchange_n(&c->active, 0, __ATOMIC_ACQ_REL);

		if (id) {
			c->reserved = id;
		}
		if (c->reserved) {
			(void)test_and_take(s, vmid_number(c->reserved));
		}
	}
	s->next = 1;
	s->flush_all();
}

/* If a CPU ran this guest at the rollover, it keeps its number. */
static bool renew_reserved(struct vmid_space *s, uint64_t old, uint64_t new)
{
	bool hit = false;

	for (unsigned int cpu = 0; cpu < s->nr_cpus; cpu++) {
		if (s->cpus[cpu].reserved == old) {
			s->cpus[cpu].reserved = new;
			hit = true;
		}
	}
	return hit;
}

static uint64_t assign(struct vmid_space *s, uint64_t old)
{
	uint64_t n;

	assert_held(&s->lock);
	if (old) {
		uint64_t same = s->generation | vmid_number(old);

		if (renew_reserved(s, old, same) ||
		    !test_and_take(s, vmid_number(old))) {
			return same;
		}
	}
	n = find_free(s);
	if (!n) {
		rollover(s);
		/* More numbers than CPUs: there is one. */
		n = find_free(s);
	}
	(void)test_and_take(s, n);
	s->next = (unsigned int)n;
	return s->generation | n;
}

uint64_t vmid_get_locked(struct vmid_space *s, unsigned int cpu, uint64_t *id)
{
	uint64_t mine;

	spin_lock(&s->lock);
	mine = __atomic_load_n(id, __ATOMIC_RELAXED);
	if (!vmid_is_current(mine, s->generation)) {
		mine = assign(s, mine);
		__atomic_store_n(id, mine, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&s->cpus[cpu].active, mine, __ATOMIC_RELEASE);
	spin_unlock(&s->lock);
	return mine;
}
