/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the virtual GIC. Everything but vgic.c and the lr_*.c is pure: no
 * system registers, no struct vcpu, so that the host's tests run the same
 * code over a model of the hardware.
 */
#ifndef VGIC_PRIV_H
#define VGIC_PRIV_H

#include <arch_impl/vgic.h>
#include <core/vcpu.h>
#include <emu/emulator.h>
#include <libs/types.h>

#include "lr.h"

/* Number of the lowest bit set; there is one. */
static inline unsigned int vgic_ctz(uint32_t bits)
{
	return (unsigned int)__builtin_ctz(bits);
}

#define VGIC_MAX_SPIS 988		/* INTIDs 32 to 1019 */
#define VGIC_SPI_BANKS DIV_ROUND_UP(VGIC_MAX_SPIS, 32)
#define VGIC_MAX_VCPUS 128
#define VGIC_NO_TARGET 0xff
#define VGIC_SYNC_MS 50	/* longer than interrupts are ever masked */

/*
 * One interrupt beyond its bits in a struct vgic_bank. Same locks as the
 * bank; `next`, `prev` and `where` of an SPI are also read and written with
 * only the lock of VCPU `where` held, while it is queued or resident there.
 */
struct virq {
	uint16_t next, prev;	/* INTIDs, in the queue */
	uint16_t hwintid;	/* last bound to; 0: never */
	uint8_t queue;		/* enum vgic_queue, if queued */
	uint8_t level;		/* priority level, if queued */
	uint8_t prio;
	uint8_t lr;		/* list register, if resident */
	uint8_t where;		/* VCPU: queued, resident or active there */
	uint8_t target;		/* VCPU to deliver to, or VGIC_NO_TARGET */
	uint8_t mask;		/* v2: ITARGETSR */
	uint8_t source;		/* v2 SGI: CPU of the instance in hand */
	bool any;		/* v3: IROUTER.Interrupt_Routing_Mode */
	bool acked;		/* active because the guest took it, as: */
	bool acked_group1;
	uint8_t acked_prio;
	uint32_t route;		/* v3: IROUTER affinity: Aff2..Aff0 */
};
_Static_assert(sizeof(struct virq) <= 24, "there are thousands");

struct vgic {
	uint32_t control[4];		/* [L] first registers, as they read */
	struct spinlock lock;		/* LOCK_VGIC */
	uint8_t model;			/* [I] 2 or 3 */
	uint32_t ncpus;			/* [I] */
	uint32_t nspis;			/* [I] multiple of 32 */
	uint32_t ctlr;			/* [L] EnableGrp0, EnableGrp1 */
	uint32_t next_any;		/* [L] 1-of-N: where to look first */
	uint32_t nr_stray;		/* [L] bits set in stray[] */
	uint32_t stray[VGIC_SPI_BANKS];	/* [L] SPIs to be delivered anew */
	struct vgic_bank spi[VGIC_SPI_BANKS]; /* [L] */
	struct virq *spis;		/* [I] */
	struct vgic_cpu **cpus;		/* [I] NULL until vgic_cpu_init() */
	struct guest *guest;		/* [I] */
	struct emu_device dev[2];	/* [I] GICD, then GICR or GICC */
};

#define VGIC_CTLR_GRP0 1U
#define VGIC_CTLR_GRP1 2U

/* An interrupt at hand: INTIDs below 32 are `vc`'s. */
struct virq_ref {
	struct vgic_bank *b;
	struct virq *q;
	uint32_t m;			/* its bit in the bank */
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
		.q = intid < VGIC_NR_PRIVATE ?
		     &vc->private_irqs[intid] :
		     &vg->spis[intid - VGIC_NR_PRIVATE],
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
 * of what is bound to a host interrupt is the hardware's; ours only says
 * that it was high when it fired.
 */
static inline uint32_t vgic_pending(const struct vgic_bank *b)
{
	uint32_t away = b->hw & (b->resident | b->active);

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

/*
 * What the surroundings supply: vgic.c on the target, the test on the host.
 */
extern const struct vgic_lr_ops *vgic_lr_ops;
/* VCPU has something to do: wake it, make it trap if it runs elsewhere. */
void vgic_port_wake(struct vgic_cpu *vc);
static inline void vgic_wake(struct vgic_cpu *vc)
{
	/* Whoever is in the hypervisor looks on its way out, unless it waits
	 * there (in place: core/sched/idle.c). */
	if (this_cpu()->current != vc->vcpu ||
	    READ_ONCE(vc->vcpu->state) == VCPU_BLOCKED) {
		vgic_port_wake(vc);
	}
}
/* Have vgic_cpuif_flush(vc) called where `vc` is loaded and wait for it, for
 * a bounded time. No locks held. */
void vgic_port_sync(struct vgic_cpu *vc);
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
 * virq.c: the state machine. All with [V] held, and the guest's lock if the
 * interrupt is an SPI; those that touch list registers need them in reach.
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
	return !READ_ONCE(vc->loaded_on) || vgic_loaded_here(vc);
}

static inline uint32_t vgic_free_lrs(const struct vgic_cpu *vc)
{
	return ((1U << vgic_host.nr_lrs) - 1) & ~vc->lr_used;
}

/* List registers, loaded or not. */
uint64_t vgic_lr_get(const struct vgic_cpu *vc, unsigned int n);
void vgic_lr_put(struct vgic_cpu *vc, unsigned int n, uint64_t val);
uint64_t vgic_vmcr(const struct vgic_cpu *vc);

/*
 * VCPU the SPI is for, or VGIC_NO_TARGET. One of 1-of-N keeps the VCPU it was
 * given first, unless that has gone to sleep and another is awake.
 */
unsigned int vgic_target(struct vgic *vg, const struct virq_ref *r);
/* A VCPU that is awake, each time another. */
uint8_t vgic_choose_any(struct vgic *vg);

/* May it be signalled to `vc`, were it pending? */
bool vgic_may_signal(const struct vgic_cpu *vc, const struct virq_ref *r);
/* Give up the host interrupt bound to it. On the CPU it is bound on. */
void vgic_unbind(const struct virq_ref *r);
/*
 * Queue an interrupt that is not resident, or take it out. An SPI whose
 * target is another VCPU becomes a stray: two VCPUs' locks are never held at
 * once, so it is delivered when this one's is released.
 */
void vgic_place(struct vgic_cpu *vc, const struct virq_ref *r);
void vgic_forget_stray(struct vgic *vg, const struct virq_ref *r);
/* Into list register n; it is not queued. */
void vgic_attach(struct vgic_cpu *vc, const struct virq_ref *r,
		 unsigned int n);
/* Read list register n back, bring software's view and it in agreement, and
 * give it up if the interrupt is at its end. */
void vgic_reconcile_lr(struct vgic_cpu *vc, unsigned int n);
/* Take a live interrupt out of list register n, back into a queue. */
void vgic_evict(struct vgic_cpu *vc, unsigned int n);

/* fill.c: move what comes first into list registers. As above, reachable. */
void vgic_fill(struct vgic_cpu *vc);

/*
 * update.c
 *
 * Lock `vc`, and the guest's lock before it if SPIs are on it; pass the
 * result to vgic_unlock(), which wakes and delivers what has moved.
 */
bool vgic_lock(struct vgic_cpu *vc);
void vgic_unlock(struct vgic_cpu *vc, bool shared);
/* Only the VCPU's own, the guest's being kept. */
void vgic_unlock_cpu(struct vgic_cpu *vc);
/* As vgic_lock(), but the guest's lock in any case: vgic_unlock(vc, true). */
void vgic_lock_shared(struct vgic_cpu *vc);

/*
 * State of the interrupt has changed: bring queue and list register in line.
 * Private: vgic_lock() held. SPI: only the guest's lock held. VCPUs that have
 * it in a list register out of reach are flagged, woken, and added to `set`.
 */
void vgic_update_private(struct vgic_cpu *vc, unsigned int intid,
			 struct vgic_cpuset *set);
void vgic_update_spi(struct vgic *vg, unsigned int intid,
		     struct vgic_cpuset *set);
/* Guest's lock held: ends a section that updated SPIs, which may have left
 * some on their way. */
void vgic_deliver_all(struct vgic *vg);
static inline void vgic_deliver_strays(struct vgic *vg)
{
	if (unlikely(vg->nr_stray)) {
		vgic_deliver_all(vg);
	}
}
/* Wait until each VCPU in `set` has looked. No lock held. */
void vgic_sync_set(struct vgic *vg, const struct vgic_cpuset *set);

/* Read back every list register, apply what is asked, and fill. Locked by
 * vgic_lock(), reachable. */
void vgic_reconcile(struct vgic_cpu *vc);
/* As above, or flag and wake it when out of reach. */
void vgic_kick(struct vgic_cpu *vc);
/* Count off what the guest ended outside list registers. Locked, loaded. */
void vgic_count_off_ends(struct vgic_cpu *vc);

/* The list register into which a private interrupt can go at once, by
 * vgic_attach() after making it pending, or -1: not that simple. [V] held. */
int vgic_direct_lr(struct vgic_cpu *vc, const struct virq_ref *r);

/*
 * Hot, and without a lock: an SGI or bound interrupt comes again, its list
 * register is empty, and nothing has changed since that was filled, so what
 * was written then is right again, and so is all that is recorded about it.
 * It is `armed` by vgic_attach() on the CPU where the VCPU is loaded, which
 * alone touches its list registers; whoever changes something, disarms. Others
 * may wait in a queue, but what had a list register comes before them.
 */
static inline bool vgic_repeat(struct vgic_cpu *vc, unsigned int intid)
{
	unsigned int n;

	if (!(READ_ONCE(vc->armed) >> intid & 1) || !vgic_loaded_here(vc)) {
		return false;
	}
	n = vc->private_irqs[intid].lr;
	if (!(vgic_lr_ops->empty() >> n & 1)) {
		return false;
	}
	vgic_lr_ops->write_lr(n, vc->lr[n]);
	return true;
}

/* cpuif.c: the pure halves of the functions in <arch_impl/vgic.h>. */
void vgic_cpuif_flush(struct vgic_cpu *vc);
void vgic_cpuif_maintenance(struct vgic_cpu *vc);
void vgic_cpuif_save(struct vgic_cpu *vc);
void vgic_cpuif_restore(struct vgic_cpu *vc);
bool vgic_cpuif_has_pending(struct vgic_cpu *vc);
void vgic_cpuif_inject_hw(struct vgic_cpu *vc, unsigned int intid,
			  unsigned int hwintid);
/* DIR, when it traps. */
void vgic_cpuif_dir(struct vgic_cpu *vc, unsigned int intid);

/* inject.c: where interrupts come from. `vc` for private ones. */
void vgic_line(struct vgic *vg, struct vgic_cpu *vc, unsigned int intid,
	       bool level);
/* SGI `intid` for `vc` from VCPU `source`. groups: bit 0, 1. */
void vgic_sgi(struct vgic_cpu *vc, unsigned int intid, unsigned int source,
	      unsigned int groups);
void vgic_sgi_others(struct vgic_cpu *self, unsigned int intid,
		     unsigned int groups);
/* Make what is in the inbox pending. vgic_lock() held. */
void vgic_empty_inbox(struct vgic_cpu *vc);
static inline bool vgic_has_mail(const struct vgic_cpu *vc)
{
	return (READ_ONCE(vc->inbox[0]) | READ_ONCE(vc->inbox[1])) != 0;
}

/* reset.c: no VCPU runs, or (one VCPU) it does not. */
void vgic_reset_state(struct vgic *vg);
void vgic_cpu_reset_state(struct vgic_cpu *vc);
/* The part with vgic_lock() held and list registers in reach. */
void vgic_cpu_reset_locked(struct vgic_cpu *vc);
/* Memory is zero but for what [I] fields say; joins VCPU `index` to `vg`. */
void vgic_cpu_join(struct vgic *vg, struct vgic_cpu *vc, unsigned int index);
bool vgic_info(struct vgic *vg, struct vgic_cpu *vc, unsigned int intid,
	       struct vgic_irq_info *out);

/* The model: known at compile time if the configuration has one alone. */
static inline bool vgic_v3(const struct vgic *vg)
{
	return !IS_ENABLED(CONFIG_DRV_GICV2) ||
	       (IS_ENABLED(CONFIG_DRV_GICV3) && vg->model == 3);
}

/* vgicv2.c, vgicv3.c: emulators' access functions; dev->state is struct vgic.
 * gicc: from its second page on. */
int vgicv2_access_dist(struct emu_device *dev, struct emu_access *a);
int vgicv2_access_gicc(struct emu_device *dev, struct emu_access *a);
int vgicv3_access_dist(struct emu_device *dev, struct emu_access *a);
int vgicv3_access_redist(struct emu_device *dev, struct emu_access *a);
/* reset.c: set ctlr; the models then say what control reads. */
void vgic_set_ctlr(struct vgic *vg, uint32_t val);
void vgicv2_set_control(struct vgic *vg);
void vgicv3_set_control(struct vgic *vg);
void vgicv3_sgir(struct vgic_cpu *self, enum vgic_sgi_reg which, uint64_t val);

#endif
