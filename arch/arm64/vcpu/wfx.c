/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WFI and WFE, with and without timeout. A wait may always end early, so
 * nothing here waits again.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/timer_host.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/vcpu.h>
#include <core/virtio_hold.h>

#include "wfx.h"

/* In line where it is hot, in trap_wfx(): what it asks before it waits is asked
 * of each WFI. */
static inline __attribute__((always_inline)) void wait_here(struct vcpu *v)
{
	if (vgic_has_pending(v)) {
		return;
	}
	if (unlikely(virtio_holds(v->guest))) {
		virtio_raise_held(v->guest);
		return; /* it has work now, or may wait in its next round */
	}
	if (v->arch.vtimer.more & VTIMER_REMIND) {
		timer_remind();
	}
	v->arch.waiting = true;
	sched_block();
	v->arch.waiting = false;
	if (READ_ONCE(v->stop_requested)) {
		/* It slept in place, and the sleep's end took the request to
		 * reschedule that came with this one. */
		this_cpu()->need_resched = 1;
	}
}

void wfx_wait(struct vcpu *v)
{
	wait_here(v);
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
static __noinline void wait_until(struct vcpu *v, uint64_t until)
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
		wait_here(v);
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
