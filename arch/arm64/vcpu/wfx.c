/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WFI and WFE, with and without timeout. A wait may always end early, so
 * nothing here insists.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/timer_host.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/irq_dispatch.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/vcpu.h>

#include "wfx.h"

bool arch_vcpu_has_work(struct vcpu *v)
{
	return vgic_has_pending(v);
}

#define CNTV_FIRES (BIT(0) | BIT(2))	/* enabled, condition met .. */
#define CNTV_MASK GENMASK(2, 0)		/* .. and not masked */

/*
 * QEMU's GICv2 (7.2: arm_gic.c, gic_complete_irq()) does not look for the
 * next interrupt when the end of a virtual one deactivates the physical one.
 * A virtual timer that has fired again meanwhile would be lost, and the
 * guest sleep for ever. Any write to the distributor makes it look.
 */
static void timer_remind(void)
{
	if (vgic_host.version == 2 &&
	    (read_sysreg(cntv_ctl_el0) & CNTV_MASK) == CNTV_FIRES) {
		irqchip->enable(timer_host_virt_irq);
	}
}

void wfx_wait(struct vcpu *v)
{
	if (arch_vcpu_has_work(v)) {
		return;
	}
	timer_remind();
	v->arch.waiting = true;
	sched_block();
	v->arch.waiting = false;
	if (READ_ONCE(v->stop_requested)) {
		/* It slept in place, and the sleep's end took the request to
		 * reschedule that came with this one. */
		this_cpu()->need_resched = 1;
	}
}

struct timeout {
	struct timer timer;
	struct vcpu *vcpu;
};

static void timeout_expired(struct timer *t)
{
	sched_wake(container_of(t, struct timeout, timer)->vcpu);
}

/* Until CNTVCT reaches `until` (Arm ARM, WFIT). */
static void wait_until(struct vcpu *v, uint64_t until)
{
	struct timeout t = { .vcpu = v };
	ticks_t deadline;

	if (read_sysreg(cntvct_el0) >= until) {
		return;
	}
	if (__builtin_add_overflow(until, v->guest->arch.cntvoff, &deadline)) {
		deadline = UINT64_MAX;
	}
	timer_init(&t.timer, timeout_expired);
	timer_set(&t.timer, deadline);
	wfx_wait(v);
	timer_cancel(&t.timer);
}

void trap_wfx(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	trap_skip(regs, esr);
	switch (esr_wfx_kind(esr)) {
	case WFX_WFI:
		wfx_wait(v);
		break;
	case WFX_WFIT:
		wait_until(v, trap_reg(regs, esr_wfx_reg(esr)));
		break;
	case WFX_WFE:
	case WFX_WFET:
		/* Only trapped while others are ready: context.c. */
		sched_relinquish();
		break;
	}
}
