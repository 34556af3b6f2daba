/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's GICv2 (7.2 to 10: arm_gic.c, gic_complete_irq()) does not look for the
 * next interrupt when the end of a virtual one deactivates the physical one. A
 * timer that has fired again meanwhile, because the guest was late or ends the
 * interrupt first, is missed until something else happens at the GIC. For a
 * VCPU that sleeps, or is busy and alone on its CPU, that may be never. So the
 * GIC is made to check its inputs before a VCPU sleeps, and every REMIND_MS
 * while guests run. Any write to the distributor makes it check, and so does
 * the host timer's interrupt itself.
 */
#include <arch_impl/timer_host.h>
#include <core/irq_dispatch.h>
#include <core/time.h>
#include <core/vcpu.h>

#define REMIND_MS 7 /* not in step with slices */

void timer_remind(void)
{
	if (vtimer_fires()) {
		irqchip->enable(timer_host_irq[VTIMER_VIRT]);
	}
}

/* Stops when no guest is left; the next one that is loaded starts it again. */
static void remind(struct timer *t)
{
	struct percpu *cpu = this_cpu();

	if (!cpu->current->guest) {
		cpu->arch.reminding = false;
		return;
	}
	timer_remind();
	timer_set(t, time_now() + ms_to_ticks(REMIND_MS));
}

void timer_remind_begin(void)
{
	struct percpu *cpu = this_cpu();

	timer_init(&cpu->arch.remind, remind);
	cpu->arch.reminding = true;
	timer_set(&cpu->arch.remind, time_now() + ms_to_ticks(REMIND_MS));
}
