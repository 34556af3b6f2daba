/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMIDs for any number of guests. A guest's VMID is valid for one generation.
 * When all are used, a new generation begins: the TLBs are invalidated, and
 * only VMIDs that a CPU has loaded at that moment stay with their guests. Pure.
 *
 * Stored values have the generation above VMID_BITS_MAX bits of VMID. VMID 0 is
 * not used, so 0 means none.
 */
#ifndef ARM64_MMU_VMID_H
#define ARM64_MMU_VMID_H

#include <core/spinlock.h>
#include <libs/types.h>

#define VMID_BITS_MAX 16
#define VMID_GENERATION_1 BIT(VMID_BITS_MAX)

/* One cache line each: every switch to a guest writes its CPU's. */
struct vmid_cpu {
	uint64_t active;   /* [A] in use; 0 once a rollover has seen it */
	uint64_t reserved; /* [L] in use at the last rollover */
} __aligned(64);

struct vmid_space {
	struct spinlock lock; /* L */
	uint64_t generation;  /* [A] */
	unsigned int bits;    /* [I] */
	unsigned int nr_cpus; /* [I] fewer than VMIDs */
	unsigned int next;    /* [L] where to look first */
	uint64_t taken[(1U << VMID_BITS_MAX) / 64]; /* [L] */
	struct vmid_cpu cpus[CONFIG_MAX_CPUS];
	/* Empty all TLBs of all CPUs of guests' translations. [I] */
	void (*flush_all)(void);
};

/* *s is zeroed. */
void vmid_init(struct vmid_space *s, unsigned int bits, unsigned int nr_cpus,
	       void (*flush_all)(void));

static inline uint64_t vmid_number(uint64_t id)
{
	return id & (VMID_GENERATION_1 - 1);
}

static inline bool vmid_is_current(uint64_t id, uint64_t generation)
{
	return (id ^ generation) >> VMID_BITS_MAX == 0;
}

/* The guest with VMID *id goes onto `cpu`: returns the VMID to load. */
uint64_t vmid_get_locked(struct vmid_space *s, unsigned int cpu, uint64_t *id);

/*
 * The same, if that is a matter of this CPU's line: 0 if the VMID is of an
 * older generation or a rollover is at work, for vmid_get_locked().
 *
 * The exchange fails if a rollover took our `active` away in between, and
 * orders ours against its: either it sees the VMID we are about to load, or
 * we see that we must ask under the lock. If it is the VMID that this CPU had
 * last, a rollover reserves it for us whether we are seen before or after.
 */
static inline uint64_t vmid_get_current(struct vmid_space *s, unsigned int cpu,
					const uint64_t *id)
{
	uint64_t *active = &s->cpus[cpu].active;
	uint64_t was = __atomic_load_n(active, __ATOMIC_RELAXED);
	uint64_t mine = __atomic_load_n(id, __ATOMIC_RELAXED);

	if (was == 0 ||
	    !vmid_is_current(mine, __atomic_load_n(&s->generation,
						   __ATOMIC_ACQUIRE)) ||
	    (was != mine && !__atomic_compare_exchange_n(
				    active, &was, mine, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_RELAXED))) {
		return 0;
	}
	return mine;
}

static inline uint64_t vmid_get(struct vmid_space *s, unsigned int cpu,
				uint64_t *id)
{
	uint64_t mine = vmid_get_current(s, cpu, id);

	return mine ? mine : vmid_get_locked(s, cpu, id);
}

#endif
