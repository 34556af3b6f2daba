/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: what a guest has beyond VCPUs and memory: interrupt controller,
 * firmware interface, and the architecture's part of its device tree. */
#ifndef ARCH_GUEST_H
#define ARCH_GUEST_H

#include <arch_impl/guest.h>
#include <libs/types.h>

struct guest;
struct emu_region;
struct guest_config;
struct config_limits;

/* What this host supports, for config_parse(). Any context. */
void arch_guest_limits(struct config_limits *limits);

/*
 * struct arch_guest from <arch_impl/guest.h>, embedded in struct guest. A guest
 * is made in this order: its configuration is read, stage 2 and RAM, this, its
 * VCPUs (arch_vcpu_init()), its devices; it is taken down in the reverse order.
 * So g->cfg, g->stage2 and g->vcpus[] are there, the VCPUs themselves are not.
 * Thread context. -ERR_NOMEM and what the interrupt controller reports.
 */
int __must_check arch_guest_init(struct guest *g);
/* Also of a guest whose arch_guest_init() failed or was not called: all of
 * struct arch_guest is zero then. Thread context. */
void arch_guest_fini(struct guest *g);
/* The state after power-on. No VCPU runs. Thread context. */
void arch_guest_reset(struct guest *g);

/* How many emulated regions the interrupt controller adds, and which, in memory
 * or at I/O ports; 0 if it has no registers there. Thread context. */
unsigned int arch_guest_regions(struct guest *g, struct emu_region *out,
				unsigned int max);

/* Drive the shared interrupt line of this number (config_irq.line). Any
 * context. */
void arch_guest_irq(struct guest *g, unsigned int line, bool level);

/* Stop the time that the guest sees, and let it go on. No VCPU runs. Thread
 * context; the guest's lock is held. */
void arch_guest_time_pause(struct guest *g);
void arch_guest_time_resume(struct guest *g);

#endif
