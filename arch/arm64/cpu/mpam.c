/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PARTIDs of the CPUs' accesses: how many there are, the hypervisor's, and
 * each guest's. */
#include <arch/partition.h>
#include <arch_impl/cpu.h>
#include <core/guest.h>
#include <core/percpu.h>
#include <core/spinlock.h>

#include "mpam.h"

/* [L] lock, [A] atomic */
static struct spinlock lock = SPINLOCK_INIT(LOCK_DRIVER);
static uint32_t partids;    /* [L] that each CPU can give to accesses */
static bool any_cpu;        /* [L] */
static bool not_enabled;    /* [L] by the firmware, on some CPU */
static uint32_t own_partid; /* [A] */

void mpam_cpu_join(uint64_t mpamidr, bool enabled)
{
	uint32_t n = mpamidr && enabled ? mpam_partids(mpamidr) : 0;
	unsigned long flags;

	flags = spin_lock_irqsave(&lock);
	partids = any_cpu ? MIN(partids, n) : n;
	not_enabled |= mpamidr && !enabled;
	any_cpu = true;
	spin_unlock_irqrestore(&lock, flags);
}

uint32_t mpam_own(void)
{
	return READ_ONCE(own_partid);
}

unsigned int arch_partition_ids(const char **why)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	unsigned int n = partids;

	*why = not_enabled ? "the firmware has not enabled MPAM "
			     "(MPAM3_EL3.MPAMEN)"
			   : "not all CPUs have MPAM (ID_AA64PFR0_EL1)";
	spin_unlock_irqrestore(&lock, flags);
	return n;
}

/* Runs on each CPU. */
static void set_own(void *arg)
{
	(void)arg;
	/* MPAMIDR_EL1, MPAM2_EL2 */
	write_sysreg(mpam2_el2(read_sysreg(s3_0_c10_c4_4), mpam_own()),
		     s3_4_c10_c5_0);
	isb();
}

void arch_partition_own(uint32_t id)
{
	WRITE_ONCE(own_partid, id);
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		/* One that is offline reads the PARTID when it starts. */
		int err = cpu_call(cpu, set_own, NULL, true);

		(void)err;
	}
}

void arch_partition_guest(struct guest *g, uint32_t id)
{
	g->arch.mpam = mpam_label(id);
}
