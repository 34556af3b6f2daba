/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contract: partition IDs, by which the memory system tells whose an access is.
 * Only where a CPU has them; ID 0 is that of whoever has not been given one.
 */
#ifndef ARCH_PARTITION_H
#define ARCH_PARTITION_H

#include <libs/types.h>

struct guest;

/*
 * How many IDs, from 0 on, each CPU that has started can give its accesses;
 * 0: none, and *why says why, as "the CPUs have no X". Thread context; final
 * once all CPUs have started.
 */
unsigned int arch_partition_ids(const char **why);

/* The hypervisor's own accesses have this ID from now on, on every CPU, those
 * that start later too. Interrupts enabled. Thread context. */
void arch_partition_own(uint32_t id);

/* The guest's accesses have this ID whenever one of its VCPUs runs. No VCPU of
 * it has run. Thread context. */
void arch_partition_guest(struct guest *g, uint32_t id);

#endif
