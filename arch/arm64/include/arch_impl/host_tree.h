/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this architecture looks for in a host's tree, for tools/board-trees.c:
 * the same as its drivers and arch/arm64/timer/host.c. */
#ifndef ARCH_IMPL_HOST_TREE_H
#define ARCH_IMPL_HOST_TREE_H

#include <arch_impl/gic_compatible.h>

static const struct host_tree_intc {
	const char *name;
	const char *compatible[4]; /* up to NULL */
} host_tree_intcs[] = {
	{ "GICv3", { GICV3_COMPATIBLE } },
	{ "GICv2", { GICV2_COMPATIBLE } },
};

#define HOST_TREE_TIMER "arm,armv8-timer"
#define HOST_TREE_TIMER_IRQ "hyp-phys"
#define HOST_TREE_TIMER_INDEX 3 /* if the interrupts have no names */
#define HOST_TREE_CPU_METHOD "psci"

#endif
