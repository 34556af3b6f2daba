/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMIDs for any number of guests. A guest's VMID is good for one generation;
 * when all are given out a new generation begins: the TLBs are emptied, and
 * only VMIDs that a CPU has loaded just then stay with their guests. Pure.
 *
 * What is stored is the generation above VMID_BITS_MAX bits of VMID. VMID 0 is
 * nobody's, so 0 means none.
 */
#ifndef ARM64_MMU_VMID_H
#define ARM64_MMU_VMID_H

#include <core/spinlock.h>
#include <libs/types.h>

#define VMID_BITS_MAX 16
#define VMID_GENERATION_1 BIT(VMID_BITS_MAX)

/* One cache line each: every switch to a guest writes its CPU's. */
struct vmid_cpu {
	uint64_t active;	/* [A] in use; 0 once a rollover has seen it */
	uint64_t reserved;	/* [L] in use at the last rollover */
} __aligned(64);

struct vmid_space {
	struct spinlock lock;	/* L */
	uint64_t generation;	/* [A] */
	unsigned int bits;	/* [I] */
	unsigned int nr_cpus;	/* [I] fewer than VMIDs */
	unsigned int next;	/* [L] where to look first */
	uint64_t taken[(1u << VMID_BITS_MAX) / 64];	/* [L] */
	struct vmid_cpu cpus[CONFIG_MAX_CPUS];
	/* Empty all TLBs of all CPUs of guests' translations. [I] */
	void (*flush_all)(void);
};

/* *s is zeroed. */
void vmid_init(struct vmid_space *s, unsigned int bits, unsigned int nr_cpus,
	       void (*flush_all)(void));

/* The guest with VMID *id goes onto `cpu`: returns the VMID to load. */
uint64_t vmid_get(struct vmid_space *s, unsigned int cpu, uint64_t *id);

static inline uint64_t vmid_number(uint64_t id)
{
	return id & (VMID_GENERATION_1 - 1);
}

#endif
