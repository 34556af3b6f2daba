/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's timers. The virtual timer is the hardware's own while its VCPU
 * is loaded: CNTV's interrupt is forwarded with a HW list register, so the
 * guest ends it without our help. While not loaded a host timer stands in
 * and drives the line in software. The physical timer is emulated over a
 * host timer. Arm ARM D11.2.4.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/timer.h>
#include <arch_impl/timer_host.h>
#include <arch_impl/vtimer.h>
#include <arch_impl/vgic.h>
#include <core/guest.h>
#include <core/sched.h>
#include <core/vcpu.h>

#define CTL_ENABLE BIT(0)
#define CTL_IMASK BIT(1)
#define CTL_ISTATUS BIT(2)

static struct vcpu *vcpu_of_virt(struct timer *t)
{
	return container_of(t, struct vcpu, arch.vtimer.virt);
}

static struct vcpu *vcpu_of_phys(struct timer *t)
{
	return container_of(t, struct vcpu, arch.vtimer.phys);
}

/* Would a timer with `ctl` signal its interrupt once its time has come? */
static bool armed(uint64_t ctl)
{
	return (ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE;
}

/* The stand-in for CNTV fired: the VCPU is not loaded. */
static void virt_expired(struct timer *t)
{
	struct vcpu *v = vcpu_of_virt(t);

	vgic_set_line(v->guest, v, VTIMER_PPI_VIRT, true);
}

static void phys_expired(struct timer *t)
{
	struct vcpu *v = vcpu_of_phys(t);

	vgic_set_line(v->guest, v, VTIMER_PPI_PHYS, true);
}

void vtimer_init(struct vcpu *v)
{
	timer_init(&v->arch.vtimer.virt, virt_expired);
	timer_init(&v->arch.vtimer.phys, phys_expired);
}

void vtimer_fini(struct vcpu *v)
{
	timer_cancel(&v->arch.vtimer.virt);
	timer_cancel(&v->arch.vtimer.phys);
}

void vtimer_reset(struct vcpu *v)
{
	struct vtimer *t = &v->arch.vtimer;

	vtimer_fini(v);
	t->cntp_ctl = 0;
	t->cntp_cval = 0;
	t->cntv_ctl = 0;
	t->cntv_cval = 0;
}

/* CVAL may lie beyond the end of the host's counter: then it never fires. */
static inline void stand_in(struct vcpu *v)
{
	struct vtimer *t = &v->arch.vtimer;
	ticks_t deadline;

	if (armed(t->cntv_ctl) &&
	    !__builtin_add_overflow(t->cntv_cval, v->guest->arch.cntvoff,
				    &deadline)) {
		timer_set(&t->virt, deadline);
	}
}

void vtimer_save(struct vcpu *v)
{
	struct vtimer *t = &v->arch.vtimer;

	t->cntv_ctl = (uint32_t)read_sysreg(cntv_ctl_el0);
	t->cntv_cval = read_sysreg(cntv_cval_el0);
	write_sysreg(0, cntv_ctl_el0);
	stand_in(v);
}

void vtimer_restore(struct vcpu *v)
{
	struct vtimer *t = &v->arch.vtimer;

	/* From here on the hardware signals: vgic_restore() makes what the
	 * stand-in raised the hardware's again. */
	timer_cancel(&t->virt);
	write_sysreg(v->guest->arch.cntvoff, cntvoff_el2);
	write_sysreg(t->cntv_cval, cntv_cval_el0);
	write_sysreg(t->cntv_ctl & (CTL_ENABLE | CTL_IMASK), cntv_ctl_el0);
}

void vtimer_pause(struct vcpu *v)
{
	timer_cancel(&v->arch.vtimer.virt);
	/* CNTVOFF will change under what a CPU may still hold of it. */
	v->arch.loaded_cpu = VCPU_LOADED_NOWHERE;
}

void vtimer_resume(struct vcpu *v)
{
	stand_in(v);
}

void vtimer_host_irq(unsigned int irq, void *arg)
{
	struct vcpu *v = this_cpu()->arch.loaded;

	(void)arg;
	if (unlikely(!v)) {
		/* Fired between being pending and being switched off. */
		vgic_host.deactivate(irq);
		return;
	}
	vgic_inject_hw(v, VTIMER_PPI_VIRT, irq);
}

/* Bring host timer and interrupt line in agreement with the registers. */
static void phys_update(struct vcpu *v)
{
	struct vtimer *t = &v->arch.vtimer;
	bool due = armed(t->cntp_ctl) && arch_timer_now() >= t->cntp_cval;

	timer_cancel(&t->phys);
	vgic_set_line(v->guest, v, VTIMER_PPI_PHYS, due);
	if (armed(t->cntp_ctl) && !due) {
		timer_set(&t->phys, t->cntp_cval);
	}
}

uint64_t vtimer_read_cntp_ctl(struct vcpu *v)
{
	const struct vtimer *t = &v->arch.vtimer;
	bool met = (t->cntp_ctl & CTL_ENABLE) &&
		   arch_timer_now() >= t->cntp_cval;

	return t->cntp_ctl | (met ? CTL_ISTATUS : 0);
}

void vtimer_write_cntp_ctl(struct vcpu *v, uint64_t val)
{
	v->arch.vtimer.cntp_ctl = (uint32_t)(val & (CTL_ENABLE | CTL_IMASK));
	phys_update(v);
}

uint64_t vtimer_read_cntp_cval(struct vcpu *v)
{
	return v->arch.vtimer.cntp_cval;
}

void vtimer_write_cntp_cval(struct vcpu *v, uint64_t val)
{
	v->arch.vtimer.cntp_cval = val;
	phys_update(v);
}

uint64_t vtimer_read_cntp_tval(struct vcpu *v)
{
	return (uint32_t)(v->arch.vtimer.cntp_cval - arch_timer_now());
}

void vtimer_write_cntp_tval(struct vcpu *v, uint64_t val)
{
	vtimer_write_cntp_cval(v, arch_timer_now() +
				  (uint64_t)(int64_t)(int32_t)(uint32_t)val);
}
