/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host: a guest's interrupt lines interrupt nobody, and it has no time of its
 * own. Tests that look at more define these functions
 * themselves.
 */
#include <arch/guest.h>
#include <arch/stage2.h>
#include <core/emulator.h>
#include <core/guest.h>

void arch_guest_limits(struct config_limits *limits)
{
	*limits = (struct config_limits){
		.ipa_bits = stage2_max_ipa_bits(),
	};
}

int arch_guest_init(struct guest *g)
{
	(void)g;
	return 0;
}

void arch_guest_fini(struct guest *g)
{
	(void)g;
}

void arch_guest_reset(struct guest *g)
{
	(void)g;
}

unsigned int arch_guest_regions(struct guest *g, struct emu_region *out,
				unsigned int max)
{
	(void)g;
	(void)out;
	(void)max;
	return 0;
}

void arch_guest_irq(struct guest *g, unsigned int line, bool level)
{
	(void)g;
	(void)line;
	(void)level;
}

void arch_guest_time_pause(struct guest *g)
{
	(void)g;
}

void arch_guest_time_resume(struct guest *g)
{
	(void)g;
}
