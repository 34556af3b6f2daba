/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: virtual GIC: what a VCPU and a guest have, and what others call. */
#ifndef ARCH_IMPL_VGIC_H
#define ARCH_IMPL_VGIC_H

#include <core/spinlock.h>
#include <libs/list.h>
#include <libs/types.h>

struct guest;
struct vcpu;
struct emu_region;

#define VGIC_NR_PRIVATE 32
#define VGIC_MAX_LRS 16

/* The state of one interrupt: architecture neutral between v2 and v3. The
 * vGIC's owner fixes the layout; small, for there are thousands. */
struct virq;

struct vgic_cpu {
	struct spinlock lock;
	struct virq *private_irqs;	/* [I] SGIs 0-15, PPIs 16-31 */
	bool flush;			/* [A] something to put into LRs */
	uint32_t lr_used;		/* [C] bit n: list register n holds an interrupt */
	uint64_t lr[VGIC_MAX_LRS];	/* [C] images while not loaded */
	uint16_t lr_intid[VGIC_MAX_LRS];
	uint64_t vmcr;			/* [C] while not loaded */
	uint32_t apr[8];		/* [C] ICH_AP0Rn, AP1Rn / GICH_APR */
	uint64_t hcr;			/* [C] */
};

struct vgic;

/* Guest life cycle; thread context. */
int __must_check vgic_init(struct guest *g);
void vgic_fini(struct guest *g);
void vgic_reset(struct guest *g);
int __must_check vgic_cpu_init(struct vcpu *v);
void vgic_cpu_fini(struct vcpu *v);
void vgic_cpu_reset(struct vcpu *v);
unsigned int vgic_regions(struct guest *g, struct emu_region *out,
			  unsigned int max);

/* Drive a line; any context, any CPU. `v` for private interrupts, else NULL.
 * Wakes or kicks the target VCPU as needed. */
void vgic_set_line(struct guest *g, struct vcpu *v, unsigned int intid,
		   bool level);
/* The host interrupt `hwintid`, which belongs to running VCPU `v` as private
 * `intid`, fired: make it pending with the HW bit, so that the guest's end
 * of interrupt deactivates it. Interrupt context on v's CPU. */
void vgic_inject_hw(struct vcpu *v, unsigned int intid, unsigned int hwintid);

/* Before entering the guest, if v->arch.vgic.flush: fill list registers. */
void vgic_flush(struct vcpu *v);
/* Switched out / in. Interrupts masked. */
void vgic_save(struct vcpu *v);
void vgic_restore(struct vcpu *v);
/* A deliverable interrupt is pending (WFI must not sleep). */
bool vgic_has_pending(struct vcpu *v);

/* Host maintenance interrupt. */
void vgic_maintenance(void);

/* Guest's ICC_SGI{0,1}R_EL1/ASGI1R write; false: UNDEF (no v3 model). */
bool vgic_sgi1r(struct vcpu *v, unsigned int which, uint64_t val);

/* Host side, filled by the GIC driver that probed. */
struct vgic_host {
	uint8_t version;		/* 2 or 3 */
	uint8_t nr_lrs;
	uint8_t nr_apr;			/* words of active priorities per group */
	uint8_t nr_pri_bits;
	volatile uint32_t *gich;	/* v2: this CPU's view, banked */
	uint64_t gicv_base, gicv_size;	/* v2: mapped into guests at GICC */
	unsigned int maintenance_irq;
	/* End a host interrupt of this CPU whose priority was dropped. */
	void (*deactivate)(unsigned int hwintid);
};
extern struct vgic_host vgic_host;

#endif
