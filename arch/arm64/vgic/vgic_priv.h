/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the virtual GIC. Everything but vgic.c and the lr_*.c is pure:
 * no system registers, no struct vcpu, so that the host's tests run the same
 * code over a model of the hardware.
 */
#ifndef VGIC_PRIV_H
#define VGIC_PRIV_H

#include <arch_impl/vgic.h>
#include <core/emulator.h>
#include <core/vcpu.h>
#include <libs/types.h>

#include "lr.h"

/* Number of the lowest bit set; there is one. */
static inline unsigned int vgic_ctz(uint32_t bits)
{
	return (unsigned int)__builtin_ctz(bits);
}

#define VGIC_MAX_SPIS 988 /* INTIDs 32 to 1019 */
#define VGIC_SPI_BANKS DIV_ROUND_UP(VGIC_MAX_SPIS, 32)
#define VGIC_MAX_VCPUS 128
#define VGIC_NO_TARGET 0xff
#define VGIC_SYNC_MS 50       /* longer than interrupts are ever masked */
#define VGIC_SGIS_PER_SLICE 4 /* VCPUs, by one register write */

/*
 * One interrupt beyond its bits in a struct vgic_bank. Same locks as the
 * bank; `next`, `prev` and `where` of an SPI are also read and written with
 * only the lock of VCPU `where` held, while it is queued or in a list register
 * there.
 */
struct virq {
	uint16_t next, prev; /* INTIDs, in the queue */
	uint16_t hwintid;    /* last bound to; 0: never */
	uint8_t queue;       /* enum vgic_queue, if queued */
	uint8_t level;       /* priority level, if queued */
	uint8_t prio;
	uint8_t lr;     /* number of the list register, if in one */
	uint8_t where;  /* VCPU: queued, in an LR or active there; if it is */
	uint8_t target; /* VCPU to deliver to, or VGIC_NO_TARGET */
	uint8_t mask;   /* v2: ITARGETSR */
	uint8_t source; /* v2 SGI: requesting CPU, in its LR */
	bool one_of_n;  /* v3: IROUTER.Interrupt_Routing_Mode */
	bool acked;     /* active by an acknowledge, with: */
	bool acked_group1;
	uint8_t acked_prio;
	uint32_t route; /* v3: IROUTER affinity: Aff2..Aff0 */
};
_Static_assert(sizeof(struct virq) <= 24, "there are thousands");

struct vgic {
	uint32_t control[4];    /* [L] first registers, as they read */
	struct spinlock lock;   /* LOCK_VIRQ */
	uint8_t model;          /* [I] 2 or 3 */
	uint32_t ncpus;         /* [I] */
	uint32_t nspis;         /* [I] multiple of 32 */
	uint32_t ctlr;          /* [L] EnableGrp0, EnableGrp1 */
	uint32_t next_1ofn;     /* [L] 1-of-N: VCPU to try first */
	uint32_t nr_retargeted; /* [L] bits set in retargeted[] */
	uint32_t retargeted[VGIC_SPI_BANKS]; /* [L] SPIs whose target is another
						VCPU by now */
	struct vgic_bank spi[VGIC_SPI_BANKS]; /* [L] */
	struct virq *spis;                    /* [I] */
	struct vgic_cpu **cpus;   /* [I] NULL until vgic_cpu_init() */
	struct guest *guest;      /* [I] */
	struct emu_device dev[2]; /* [I] GICD, then GICR or GICC */
};

#define VGIC_CTLR_GRP0 1U
#define VGIC_CTLR_GRP1 2U

/* An interrupt at hand: INTIDs below 32 are `vc`'s. */
struct virq_ref {
	struct vgic_bank *b;
	struct virq *q;
	uint32_t m; /* its bit in the bank */
	uint16_t intid;
};

static inline struct vgic_bank *vgic_bank(struct vgic *vg, struct vgic_cpu *vc,
					  unsigned int intid)
{
	return intid < VGIC_NR_PRIVATE ? &vc->priv : &vg->spi[intid / 32 - 1];
}

static inline struct virq_ref virq_ref(struct vgic *vg, struct vgic_cpu *vc,
				       unsigned int intid)
{
	return (struct virq_ref){
		.b = vgic_bank(vg, vc, intid),
		.q = intid < VGIC_NR_PRIVATE
			     ? &vc->private_irqs[intid]
			     : &vg->spis[intid - VGIC_NR_PRIVATE],
		.m = 1U << intid % 32,
		.intid = (uint16_t)intid,
	};
}

/* Pending as far as software knows: without what list registers hold. */
static inline uint32_t vgic_soft_pending(const struct vgic_bank *b)
{
	return b->latch | (b->line & ~b->edge);
}

/*
 * Pending as a guest sees it, list registers having been read back. The line
 * of an interrupt bound to a host interrupt is in the hardware; `line` only
 * says that it was high when the host interrupt fired.
 */
static inline uint32_t vgic_pending(const struct vgic_bank *b)
{
	uint32_t away = b->hw & (b->in_lr | b->active);

	return (vgic_soft_pending(b) & ~away) | b->lr_pending;
}

/* A set of VCPUs. */
struct vgic_cpuset {
	uint64_t bits[VGIC_MAX_VCPUS / 64];
};

static inline void vgic_cpuset_add(struct vgic_cpuset *s, unsigned int n)
{
	s->bits[n / 64] |= BIT(n % 64);
}

/* Supplied by vgic.c on the target, by the test on the host. */
extern const struct vgic_lr_ops *vgic_lr_ops;
/* Wake the VCPU, and make it trap if it runs on another CPU. */
void vgic_wake_vcpu(struct vgic_cpu *vc);
static inline void vgic_wake(struct vgic_cpu *vc)
{
	/* A VCPU in the hypervisor on this CPU tests its state before it
	 * returns to the guest, unless it waits (core/sched/idle.c). */
	if (this_cpu()->current != vc->vcpu ||
	    READ_ONCE(vc->vcpu->state) == VCPU_BLOCKED) {
		vgic_wake_vcpu(vc);
	}
}
/*
 * Have vgic_cpuif_flush(vc) called on the CPU where `vc` is loaded, and wait
 * for it, for a bounded time, with interrupts unmasked. No locks held, as in:
 */
void vgic_sync_vcpu(struct vgic_cpu *vc);
/*
 * Between slices of work whose amount a guest chooses: takes pending interrupts
 * and may switch to another VCPU. Called by the VCPU that traps or by a thread,
 * with interrupts masked and no lock held; may return on another CPU.
 */
void vgic_preempt_point(void);
/* Of the VCPU that makes the access under way. */
static inline struct vgic_cpu *vgic_self(const struct vgic *vg)
{
	return vg->cpus[this_cpu()->current->index];
}

/* queue.c: pending and overflowed active interrupts by priority. [V] held. */
void vgic_queue_add(struct vgic_cpu *vc, const struct virq_ref *r,
		    enum vgic_queue queue);
void vgic_queue_remove(struct vgic_cpu *vc, const struct virq_ref *r);
/* INTID first in `queue`, which is not empty. */
static inline unsigned int vgic_queue_first(const struct vgic_cpu *vc,
					    enum vgic_queue queue)
{
	unsigned int level = vgic_ctz(vc->levels[queue]);

	return vc->head[queue][level];
}

/*
 * state.c: the state of one interrupt. All with [V] held, and the guest's lock
 * if the interrupt is an SPI; those that touch list registers need them in
 * reach.
 */
static inline bool virq_is_shared(const struct virq_ref *r)
{
	return r->intid >= VGIC_NR_PRIVATE;
}

static inline bool vgic_loaded_here(const struct vgic_cpu *vc)
{
	return READ_ONCE(vc->loaded_on) == this_cpu();
}

static inline bool vgic_reachable(const struct vgic_cpu *vc)
{
	const struct percpu *on = READ_ONCE(vc->loaded_on);

	return !on || on == this_cpu();
}

static inline uint32_t vgic_free_lrs(const struct vgic_cpu *vc)
{
	return ((1U << vgic_host.nr_lrs) - 1) & ~vc->lr_used;
}

/* List registers, loaded or not. */
static inline uint64_t vgic_lr_get(const struct vgic_cpu *vc, unsigned int n)
{
	return vc->loaded_on ? vgic_lr_ops->read_lr(n) : vc->lr[n];
}
void vgic_lr_put(struct vgic_cpu *vc, unsigned int n, uint64_t val);
uint64_t vgic_vmcr(const struct vgic_cpu *vc);

/* The state in a list register's value: LR_PENDING | LR_ACTIVE. */
static inline unsigned int vgic_lr_state(uint64_t lr)
{
	return (unsigned int)(lr >> vgic_lr_ops->at.state) & 3;
}

/* A list register's value for an interrupt that is pending, is not bound to a
 * host interrupt, and needs no maintenance interrupt at its end. */
static inline uint64_t vgic_lr_pending(const struct virq_ref *r)
{
	return r->intid | (uint64_t)r->q->prio << vgic_lr_ops->at.prio |
	       (uint64_t)((r->b->group & r->m) != 0) << vgic_lr_ops->at.group1 |
	       (uint64_t)LR_PENDING << vgic_lr_ops->at.state;
}

/*
 * VCPU the SPI is for, or VGIC_NO_TARGET. One of 1-of-N keeps the VCPU it was
 * given first, unless that one sleeps (GICR_WAKER) and another does not.
 */
unsigned int vgic_target(struct vgic *vg, const struct virq_ref *r);
/* A VCPU whose redistributor is awake, in turn. */
uint8_t vgic_choose_1ofn(struct vgic *vg);

/* May it be signalled to `vc`, were it pending? */
static inline bool vgic_may_signal(const struct vgic_cpu *vc,
				   const struct virq_ref *r)
{
	uint32_t grp = (r->b->group & r->m) ? VGIC_CTLR_GRP1 : VGIC_CTLR_GRP0;

	return (r->b->enabled & r->m) && (READ_ONCE(vc->vgic->ctlr) & grp) &&
	       (!virq_is_shared(r) || r->q->target == vc->index);
}
/* Give up the host interrupt bound to it. On the CPU it is bound on. */
void vgic_unbind(const struct virq_ref *r);
/*
 * Queue an interrupt that is in no list register, or take it out of its queue,
 * as its state asks. An SPI whose target is another VCPU is noted in
 * vgic.retargeted: two VCPUs' locks are never held at once, so it is delivered
 * when this one's is released.
 */
void vgic_update_queue(struct vgic_cpu *vc, const struct virq_ref *r);
void vgic_clear_retargeted(struct vgic *vg, const struct virq_ref *r);
/* Into list register n; it is not queued. */
void vgic_attach(struct vgic_cpu *vc, const struct virq_ref *r, unsigned int n);
/* The same for an SGI of `source` (v3: 0) that is neither pending nor active:
 * it becomes pending there. */
void vgic_attach_sgi(struct vgic_cpu *vc, const struct virq_ref *r,
		     unsigned int n, unsigned int source);
/*
 * Read list register n back, bring software's state and the list register in
 * line, and free the list register if the interrupt is neither pending nor
 * active.
 */
void vgic_reconcile_lr(struct vgic_cpu *vc, unsigned int n);
/* The same, but an interrupt that is freed is left in no queue: true. */
bool vgic_free_lr(struct vgic_cpu *vc, unsigned int n);
/* Take a pending or active interrupt out of list register n, into a queue. */
void vgic_evict(struct vgic_cpu *vc, unsigned int n);

/* fill.c: move the highest priorities into list registers. As above, reachable.
 * */
void vgic_fill_queued(struct vgic_cpu *vc);
static inline void vgic_fill(struct vgic_cpu *vc)
{
	if ((vc->levels[VGIC_QUEUE_GRP0] | vc->levels[VGIC_QUEUE_GRP1] |
	     vc->levels[VGIC_QUEUE_ACTIVE]) ||
	    vc->hcr != HCR_EN) {
		vgic_fill_queued(vc);
	}
}

/*
 * deliver.c
 *
 * Lock `vc`, and the guest's lock before it if SPIs are on it; pass the
 * result to vgic_unlock(), which wakes and delivers what has moved.
 */
bool vgic_lock_spis(struct vgic_cpu *vc);
static inline bool vgic_lock(struct vgic_cpu *vc)
{
	if (likely(READ_ONCE(vc->spis) == 0)) {
		spin_lock(&vc->lock);
		if (likely(vc->spis == 0)) {
			return false;
		}
		/* That changed before the lock was taken. */
		spin_unlock(&vc->lock);
	}
	return vgic_lock_spis(vc);
}
/* Only the VCPU's own, the guest's being kept. */
static inline void vgic_unlock_cpu(struct vgic_cpu *vc)
{
	bool wake = vc->wake;

	vc->wake = false;
	spin_unlock(&vc->lock);
	if (wake) {
		vgic_wake(vc);
	}
}
void vgic_unlock_shared(struct vgic_cpu *vc);
static inline void vgic_unlock(struct vgic_cpu *vc, bool shared)
{
	if (shared) {
		vgic_unlock_shared(vc);
	} else {
		vgic_unlock_cpu(vc);
	}
}
/* As vgic_lock(), but the guest's lock in any case: vgic_unlock(vc, true). */
void vgic_lock_shared(struct vgic_cpu *vc);

/*
 * State of the interrupt has changed: bring queue and list register in line.
 * Private: vgic_lock() held. SPI: only the guest's lock held. VCPUs that have
 * it in a list register out of reach are marked stale, woken, and added to
 * `set`.
 */
void vgic_update_private(struct vgic_cpu *vc, unsigned int intid,
			 struct vgic_cpuset *set);
void vgic_update_spi(struct vgic *vg, unsigned int intid,
		     struct vgic_cpuset *set);
/* At the end of a section that updated SPIs, with the guest's lock held:
 * delivers those whose target has changed. */
void vgic_deliver_all_retargeted(struct vgic *vg);
static inline void vgic_deliver_retargeted(struct vgic *vg)
{
	if (unlikely(vg->nr_retargeted)) {
		vgic_deliver_all_retargeted(vg);
	}
}
/* Wait until each VCPU in `set` has reconciled. No lock held. */
void vgic_sync_set(struct vgic *vg, const struct vgic_cpuset *set);

/* Read back every list register, apply the want_* bits, and fill. Locked by
 * vgic_lock(), reachable. */
void vgic_reconcile(struct vgic_cpu *vc);
/* As above, or mark it stale and wake it when out of reach. */
void vgic_kick(struct vgic_cpu *vc);
/* Apply EOIcount: deactivations outside list registers. Locked. */
void vgic_take_eoicount(struct vgic_cpu *vc);
static inline void vgic_apply_eoicount(struct vgic_cpu *vc)
{
	if (unlikely(vc->hcr & HCR_LRENPIE) && vc->loaded_on) {
		vgic_take_eoicount(vc);
	}
}

/* The list register into which an interrupt can go at once, by vgic_attach()
 * after making it pending, or -1: go by the queue. An SPI: in none so far.
 * Locked as for state.c. */
int vgic_direct_lr(struct vgic_cpu *vc, const struct virq_ref *r);

/*
 * Hot, and without a lock: an SGI or bound interrupt becomes pending again, its
 * list register is empty, and nothing has changed since it was last written, so
 * the same value is right again, and so is all that is recorded about it.
 * vgic_attach() sets `lr_reusable` on the CPU where the VCPU is loaded, which
 * alone accesses its list registers; any change of the interrupt clears it.
 * Others may wait in a queue, but what had a list register comes before them.
 */
static inline bool vgic_reuse_loaded_lr(struct vgic_cpu *vc, unsigned int intid)
{
	unsigned int n;

	if (!(READ_ONCE(vc->lr_reusable) >> intid & 1)) {
		return false;
	}
	n = vc->private_irqs[intid].lr;
	if (!(vgic_lr_ops->read_elrsr() >> n & 1)) {
		return false;
	}
	vgic_lr_ops->write_lr(n, vc->lr[n]);
	return true;
}

/* The bit of `lr_reusable` for the SPI in list register n. */
static inline uint64_t vgic_spi_reusable(unsigned int n)
{
	return BIT(VGIC_NR_PRIVATE + n);
}

/* An image that is to be small does without this for SPIs. */
static inline bool vgic_reuses_spis(void)
{
	return !IS_ENABLED(CONFIG_OPTIMIZE_SIZE);
}

/*
 * May the value of an SPI's list register be used for its next edge? One of
 * 1-of-N may have to go to another VCPU.
 */
static inline bool vgic_may_reuse_spi(const struct virq_ref *r)
{
	return vgic_reuses_spis() && !r->q->one_of_n;
}

/* The same, if `vc` is loaded here. */
static inline bool vgic_reuse_lr(struct vgic_cpu *vc, unsigned int intid)
{
	return vgic_loaded_here(vc) && vgic_reuse_loaded_lr(vc, intid);
}

/* cpuif.c: the pure halves of the functions in <arch_impl/vgic.h>. */
void vgic_cpuif_flush(struct vgic_cpu *vc);
/* The maintenance interrupt: update the list registers. False if neither the
 * guest nor the hypervisor has changed the virtual interface since the last
 * one. */
bool vgic_cpuif_maintenance_irq(struct vgic_cpu *vc);
/* Clear all their enables for good. Loaded here. */
void vgic_cpuif_disable_maintenance(struct vgic_cpu *vc);
bool vgic_cpuif_has_pending(struct vgic_cpu *vc);
void vgic_cpuif_inject_hw(struct vgic_cpu *vc, unsigned int intid,
			  unsigned int hwintid);
/* DIR, when it traps. */
void vgic_cpuif_dir(struct vgic_cpu *vc, unsigned int intid);

/* line.c: the level of a device's line. An SPI may have any number. */
void vgic_line_private(struct vgic_cpu *vc, unsigned int intid, bool level);
void vgic_line_spi(struct vgic *vg, unsigned int intid, bool level);
/* SPIs of a bank that are to be pending no longer: out of the inboxes. The
 * guest's lock is held. */
void vgic_discard_posted(struct vgic *vg, const struct vgic_bank *b,
			 uint32_t bits);
static inline void vgic_discard_spis(struct vgic *vg, const struct vgic_bank *b,
				     uint32_t bits)
{
	if (vgic_reuses_spis()) {
		vgic_discard_posted(vg, b, bits);
	}
}
/* sgi.c: SGI `intid` for `vc` from VCPU `source`, if its group is among
 * `groups` (bit 0, bit 1). */
void vgic_sgi(struct vgic_cpu *vc, unsigned int intid, unsigned int source,
	      unsigned int groups);
void vgic_sgi_others(struct vgic_cpu *self, unsigned int intid,
		     unsigned int groups);
/*
 * The one place that makes pending what other CPUs have sent (vgic_cpu.
 * sgi_inbox). No lock held. `vc` may be loaded elsewhere.
 */
void vgic_drain_sgi_inbox(struct vgic_cpu *vc);
/* At reset: SGIs sent before are lost. */
static inline void vgic_discard_sgi_inbox(struct vgic_cpu *vc)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vc->sgi_inbox); i++) {
		__atomic_store_n(&vc->sgi_inbox[i], 0, __ATOMIC_RELAXED);
	}
}
static inline bool vgic_sgi_inbox_used(const struct vgic_cpu *vc)
{
	return (READ_ONCE(vc->sgi_inbox[0]) | READ_ONCE(vc->sgi_inbox[1])) != 0;
}

/* reset.c: no VCPU runs, or (one VCPU) it does not. */
void vgic_reset_state(struct vgic *vg);
void vgic_cpu_reset_state(struct vgic_cpu *vc);
/* The part with vgic_lock() held and list registers in reach. */
void vgic_cpu_reset_locked(struct vgic_cpu *vc);
/* Join VCPU `index` to `vg`; memory is zero except for the [I] fields. */
void vgic_cpu_join(struct vgic *vg, struct vgic_cpu *vc, unsigned int index);

/* The GIC version: known at compile time if the configuration has one alone.
 * The host's, of the unit tests, has neither option. */
static inline bool vgic_v3(const struct vgic *vg)
{
	if (IS_ENABLED(CONFIG_VGIC_V2) != IS_ENABLED(CONFIG_VGIC_V3)) {
		return IS_ENABLED(CONFIG_VGIC_V3);
	}
	return vg->model == 3;
}

/* gicd_v2.c, gicd_v3.c, gicr.c: emulators' access functions; dev->state is
 * struct vgic. gicc: from its second page on. */
int vgicv2_access_dist(struct emu_device *dev, struct emu_access *a);
int vgicv2_access_gicc(struct emu_device *dev, struct emu_access *a);
int vgicv3_access_dist(struct emu_device *dev, struct emu_access *a);
int vgicv3_access_redist(struct emu_device *dev, struct emu_access *a);
/* reset.c: set ctlr; the models then say what control reads. */
void vgic_set_ctlr(struct vgic *vg, uint32_t val);
void vgicv2_set_control(struct vgic *vg);
void vgicv3_set_control(struct vgic *vg);
/* sgi.c: ICC_SGI0R_EL1, ICC_SGI1R_EL1, ICC_ASGI1R_EL1. */
void vgicv3_sgir(struct vgic_cpu *self, enum vgic_sgi_reg which, uint64_t val);

#endif
