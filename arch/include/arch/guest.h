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

/* What this host supports, for config_parse(). */
void arch_guest_limits(struct config_limits *limits);

/* struct arch_guest from <arch_impl/guest.h>, embedded in struct guest.
 * Called with RAM and devices in place, VCPUs allocated. */
int __must_check arch_guest_init(struct guest *g);
void arch_guest_fini(struct guest *g);
void arch_guest_reset(struct guest *g);		/* no VCPU runs */

/* How many emulated regions the interrupt controller adds, and which. */
unsigned int arch_guest_regions(struct guest *g, struct emu_region *out,
				unsigned int max);

/* Drive shared interrupt line `intid`. Any context. */
void arch_guest_irq(struct guest *g, unsigned int intid, bool level);

/* Pause/resume guest-visible time. */
void arch_guest_time_pause(struct guest *g);
void arch_guest_time_resume(struct guest *g);

#endif
