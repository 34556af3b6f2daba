/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's timers, virtual (CNTV) and physical (CNTP), are the hardware's own
 * while their VCPU is loaded: their interrupts are forwarded with a HW list
 * register, so the guest ends them without our help. While it is not loaded, a
 * host timer replaces each of them and drives its line in software. Arm ARM
 * D11.2.4.
 *
 * A VCPU gets CNTP at its first access, which traps: most guests never use it,
 * and then it is neither saved nor loaded. docs/design/time.md says what a
 * pause does to both.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <arch_impl/timer.h>
#include <arch_impl/timer_host.h>
#include <arch_impl/vgic.h>
#include <arch_impl/vtimer.h>
#include <core/guest.h>
#include <core/sched.h>
#include <core/vcpu.h>

#define CTL_ENABLE BIT(0)
#define CTL_IMASK BIT(1)
#define CTL_ISTATUS BIT(2)
#define CTL_MASK GENMASK(2, 0)
#define CTL_FIRES (CTL_ENABLE | CTL_ISTATUS)

/* ---- the two sets of registers; `kind` is a constant ---- */

static inline uint64_t read_ctl(enum vtimer_kind kind)
{
	return kind == VTIMER_VIRT ? read_sysreg(cntv_ctl_el0)
				   : read_sysreg(cntp_ctl_el0);
}

static inline void write_ctl(enum vtimer_kind kind, uint64_t val)
{
	if (kind == VTIMER_VIRT) {
		write_sysreg(val, cntv_ctl_el0);
	} else {
		write_sysreg(val, cntp_ctl_el0);
	}
}

static inline uint64_t read_cval(enum vtimer_kind kind)
{
	return kind == VTIMER_VIRT ? read_sysreg(cntv_cval_el0)
				   : read_sysreg(cntp_cval_el0);
}

static inline void write_cval(enum vtimer_kind kind, uint64_t val)
{
	if (kind == VTIMER_VIRT) {
		write_sysreg(val, cntv_cval_el0);
	} else {
		write_sysreg(val, cntp_cval_el0);
	}
}

/* The guest's counter is behind the host's by this. Only FEAT_ECV could offset
 * the physical one. */
static inline uint64_t offset_of(const struct vcpu *v, enum vtimer_kind kind)
{
	return kind == VTIMER_VIRT ? v->guest->arch.cntvoff : 0;
}

static inline unsigned int ppi_of(enum vtimer_kind kind)
{
	return kind == VTIMER_VIRT ? VTIMER_PPI_VIRT : VTIMER_PPI_PHYS;
}

/* ---- interrupts ---- */

/*
 * If a guest first ends a timer's interrupt and only then masks the timer or
 * sets its next deadline, the line is high for these few instructions. On a
 * real GIC the interrupt would no longer be pending when the guest unmasks its
 * interrupts; but in a list register it would stay pending, and the guest's
 * write to the timer does not trap. So an interrupt of the same deadline, in a
 * guest that masks interrupts, is held for a moment (the host's stays active)
 * and checked again, HOLD_TIMES at most, for as long as the guest masks them.
 */
#define HOLD_NS 10000
#define HOLD_TIMES 8

static __noinline void hold(struct vcpu *v, struct guest_timer *g)
{
	v->arch.vtimer.more |= VTIMER_HELD;
	g->held++;
	timer_set(&g->stand_in, time_now() + ns_to_ticks(HOLD_NS));
}

/* The hold has ended. The VCPU is loaded here. */
static void release(struct vcpu *v, enum vtimer_kind kind)
{
	struct guest_timer *g = &v->arch.vtimer.of[kind];

	if ((read_ctl(kind) & CTL_MASK) != CTL_FIRES) {
		g->held = 0;
		vgic_host.deactivate(timer_host_irq[kind]);
	} else if (g->held < HOLD_TIMES && (v->arch.regs->spsr & PSR_I)) {
		hold(v, g);
	} else {
		g->held = 0;
		vgic_inject_hw(v, ppi_of(kind), timer_host_irq[kind]);
	}
}

static inline void host_irq(unsigned int irq, enum vtimer_kind kind)
{
	struct vcpu *v = this_cpu()->arch.loaded;
	struct guest_timer *g;
	uint64_t cval;

	if (unlikely(!v)) {
		/* Fired between being pending and being switched off. */
		vgic_host.deactivate(irq);
		return;
	}
	g = &v->arch.vtimer.of[kind];
	cval = read_cval(kind);
	if (unlikely(cval == g->delivered) && (v->arch.regs->spsr & PSR_I)) {
		hold(v, g);
		return;
	}
	g->delivered = cval;
	vgic_inject_hw(v, ppi_of(kind), irq);
}

void vtimer_host_virt_irq(unsigned int irq, void *arg)
{
	(void)arg;
	host_irq(irq, VTIMER_VIRT);
}

void vtimer_host_phys_irq(unsigned int irq, void *arg)
{
	(void)arg;
	host_irq(irq, VTIMER_PHYS);
}

bool vtimer_fires(void)
{
	return (read_ctl(VTIMER_VIRT) & CTL_MASK) == CTL_FIRES ||
	       (read_ctl(VTIMER_PHYS) & CTL_MASK) == CTL_FIRES;
}

/* ---- standing in ---- */

static inline void expired(struct vcpu *v, enum vtimer_kind kind)
{
	struct guest_timer *g = &v->arch.vtimer.of[kind];

	if (unlikely(g->held)) {
		release(v, kind);
	} else {
		vgic_set_line(v, ppi_of(kind), true);
	}
}

static void virt_expired(struct timer *t)
{
	expired(container_of(t, struct vcpu,
			     arch.vtimer.of[VTIMER_VIRT].stand_in),
		VTIMER_VIRT);
}

static void phys_expired(struct timer *t)
{
	expired(container_of(t, struct vcpu,
			     arch.vtimer.of[VTIMER_PHYS].stand_in),
		VTIMER_PHYS);
}

/* CVAL may lie beyond the end of the host's counter: then it never fires. */
static inline void stand_in(struct vcpu *v, enum vtimer_kind kind)
{
	struct guest_timer *g = &v->arch.vtimer.of[kind];
	ticks_t deadline;

	if ((g->ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE &&
	    !__builtin_add_overflow(g->cval, offset_of(v, kind), &deadline)) {
		v->arch.vtimer.more |= VTIMER_STAND_IN;
		timer_set(&g->stand_in, deadline);
	}
}

/* Off, and read. */
static inline void save(struct vcpu *v, enum vtimer_kind kind)
{
	struct guest_timer *g = &v->arch.vtimer.of[kind];

	g->ctl = (uint32_t)read_ctl(kind);
	g->cval = read_cval(kind);
	write_ctl(kind, 0);
}

/* From here on the hardware signals: vgic_cpuif_restore() moves interrupts that
 * the stand-in has raised back to the hardware. */
static inline void restore(struct vcpu *v, enum vtimer_kind kind)
{
	const struct guest_timer *g = &v->arch.vtimer.of[kind];

	write_cval(kind, g->cval);
	write_ctl(kind, g->ctl & (CTL_ENABLE | CTL_IMASK));
}

/* ---- the VCPU's life ---- */

void vtimer_init(struct vcpu *v)
{
	timer_init(&v->arch.vtimer.of[VTIMER_VIRT].stand_in, virt_expired);
	timer_init(&v->arch.vtimer.of[VTIMER_PHYS].stand_in, phys_expired);
}

void vtimer_fini(struct vcpu *v)
{
	for (unsigned int i = 0; i < VTIMER_KINDS; i++) {
		timer_cancel(&v->arch.vtimer.of[i].stand_in);
	}
}

void vtimer_reset(struct vcpu *v)
{
	vtimer_fini(v);
	for (unsigned int i = 0; i < VTIMER_KINDS; i++) {
		v->arch.vtimer.of[i].ctl = 0;
		v->arch.vtimer.of[i].cval = 0;
		v->arch.vtimer.of[i].delivered = UINT64_MAX; /* none */
	}
	v->arch.vtimer.more = vgic_host.overlooks ? VTIMER_REMIND : 0;
}

static void drop_held(struct vcpu *v)
{
	for (unsigned int i = 0; i < VTIMER_KINDS; i++) {
		struct guest_timer *g = &v->arch.vtimer.of[i];

		if (g->held) {
			g->held = 0;
			timer_cancel(&g->stand_in);
			vgic_host.deactivate(timer_host_irq[i]);
		}
	}
	v->arch.vtimer.more &= ~(uint32_t)VTIMER_HELD;
}

/* Between two VCPUs CNTP is off, and traps. The virtual one is off by now. */
static __noinline void save_more(struct vcpu *v)
{
	uint32_t more = v->arch.vtimer.more;

	if (more & VTIMER_PHYS_USED) {
		save(v, VTIMER_PHYS);
		write_sysreg(CNTHCTL_EL1PCTEN, cnthctl_el2);
	}
	if (more & VTIMER_HELD) {
		drop_held(v);
	}
	if (more & VTIMER_PHYS_USED) {
		stand_in(v, VTIMER_PHYS);
	}
	stand_in(v, VTIMER_VIRT);
}

static void cancel_stand_ins(struct vcpu *v)
{
	for (unsigned int i = 0; i < VTIMER_KINDS; i++) {
		timer_cancel(&v->arch.vtimer.of[i].stand_in);
	}
	v->arch.vtimer.more &= ~(uint32_t)VTIMER_STAND_IN;
}

static void restore_more(struct vcpu *v, uint32_t more)
{
	if (more & VTIMER_PHYS_USED) {
		restore(v, VTIMER_PHYS);
		write_sysreg(CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN, cnthctl_el2);
	}
	if ((more & VTIMER_REMIND) && !this_cpu()->arch.reminding) {
		timer_remind_begin();
	}
}

void vtimer_save(struct vcpu *v)
{
	save(v, VTIMER_VIRT);
	if (unlikely(v->arch.vtimer.more & (VTIMER_PHYS_USED | VTIMER_HELD))) {
		save_more(v);
	} else {
		stand_in(v, VTIMER_VIRT);
	}
}

static inline void restore_virt(struct vcpu *v)
{
	write_sysreg(v->guest->arch.cntvoff, cntvoff_el2);
	restore(v, VTIMER_VIRT);
}

static __noinline void restore_all(struct vcpu *v, uint32_t more)
{
	/* Before the hardware has them again. */
	if (more & VTIMER_STAND_IN) {
		cancel_stand_ins(v);
	}
	restore_virt(v);
	restore_more(v, more);
}

void vtimer_restore(struct vcpu *v)
{
	uint32_t more = v->arch.vtimer.more;

	if (unlikely(more)) {
		restore_all(v, more);
	} else {
		restore_virt(v);
	}
}

bool vtimer_own_phys(struct vcpu *v)
{
	if (v->arch.vtimer.more & VTIMER_PHYS_USED) {
		return false;
	}
	v->arch.vtimer.more |= VTIMER_PHYS_USED;
	restore_more(v, VTIMER_PHYS_USED);
	return true;
}

void vtimer_pause(struct vcpu *v)
{
	timer_cancel(&v->arch.vtimer.of[VTIMER_VIRT].stand_in);
	/* CNTVOFF will change under what a CPU may still hold of it. */
	v->arch.loaded_cpu = VCPU_LOADED_NOWHERE;
}

/*
 * A deadline beyond the end of the host's counter is never reached, wherever
 * it lies there. The first of them is the one that keeps QEMU 7.2's sum of
 * CVAL and CNTVOFF within 64 bits: docs/design/cpu.md, "Faults of QEMU's".
 */
void vtimer_resume(struct vcpu *v)
{
	struct guest_timer *g = &v->arch.vtimer.of[VTIMER_VIRT];

	g->cval = MIN(g->cval, UINT64_MAX - v->guest->arch.cntvoff);
	stand_in(v, VTIMER_VIRT);
}
