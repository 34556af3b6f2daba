/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the policy "prio" keeps for each group; its test uses it too. */
#ifndef CORE_SCHED_POLICY_PRIO_PRIV_H
#define CORE_SCHED_POLICY_PRIO_PRIV_H

#include <core/time.h>
#include <libs/list.h>

/* Of a group on one CPU at one priority: it has SCHED_LEVELS of these per
 * CPU. */
struct prio_share {
	struct list node;  /* [L] among the groups of its level */
	struct list ready; /* [L] VCPUs */
	ticks_t left;      /* [L] of its turn, while it waits */
	ticks_t came;      /* [L] when a VCPU of it came from another CPU */
};

#endif
