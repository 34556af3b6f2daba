/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64's virtual GIC: the data of a VCPU and of a guest, and the functions for
 * the rest of the hypervisor. docs/design/vgic.md explains how it works.
 *
 * Locks: [I] immutable after init, [V] the VCPU's vgic lock, [A] atomic,
 * [O] the CPU that has the VCPU loaded, else [V].
 */
#ifndef ARCH_IMPL_VGIC_H
#define ARCH_IMPL_VGIC_H

#include <core/spinlock.h>
#include <libs/types.h>

struct guest;
struct percpu;
struct vcpu;
struct emu_region;
struct vgic;

#define VGIC_NR_PRIVATE 32
#define VGIC_MAX_LRS 16
#define VGIC_PRI_LEVELS 32 /* the five priority bits of every GICV/ICV */

/* What is not a bit in struct vgic_bank: priority, route, place. */
struct virq;

/*
 * 32 interrupts; bit n is INTID first + n. SGIs and PPIs have one bank per
 * VCPU [V], SPIs nspis / 32 banks per guest (the guest's vgic lock).
 */
struct vgic_bank {
	uint32_t enabled;
	uint32_t group;      /* 1: group 1 */
	uint32_t edge;       /* 0: level sensitive */
	uint32_t line;       /* the wire */
	uint32_t latch;      /* pending by an edge, an SGI or a write */
	uint32_t lr_latch;   /* as latch, but on its way in a list register */
	uint32_t lr_pending; /* pending in a list register, as last seen */
	uint32_t active;     /* as last seen, while in a list register */
	uint32_t in_lr;      /* in a list register of VCPU virq.where */
	uint32_t queued;     /* in a queue of VCPU virq.where */
	uint32_t hw;         /* bound to an active host interrupt */
	/* Changes to be made by the CPU that can reach the list register or the
	 * host interrupt. want_resample: deactivate the host interrupt, so that
	 * its line is sampled again. */
	uint32_t want_clear_pending, want_clear_active, want_set_active;
	uint32_t want_resample;
	uint32_t pad; /* 64 bytes: the index is a shift */
};

enum vgic_queue {
	VGIC_QUEUE_GRP0,
	VGIC_QUEUE_GRP1,
	VGIC_QUEUE_ACTIVE,
	VGIC_NR_QUEUES
};

struct vgic_cpu {
	struct spinlock lock;
	struct vgic *vgic;         /* [I] NULL until both are there */
	struct vcpu *vcpu;         /* [I] */
	struct virq *private_irqs; /* [I] SGIs 0-15, PPIs 16-31 */
	bool flush;                /* [A] stale, or something in an inbox */
	bool stale;                /* [V] list registers are out of date */
	bool wake;                 /* [V] wake and kick after unlocking */
	bool reset;                /* [V] reset when reachable */
	bool processor_sleep;      /* [V] GICR_WAKER.ProcessorSleep */
	bool maintenance_off;      /* [V] HCR's enables stay clear */
	uint8_t index;             /* [I] VCPU number */
	struct percpu *loaded_on;  /* [V] host CPU; NULL: not loaded */
	/* [A] SGIs from elsewhere: byte n of these two words, taken as one
	 * row of bytes, has SGI n's requesting CPUs (v3: bit 0). Drained by
	 * vgic_drain_sgi_inbox() alone. */
	uint64_t sgi_inbox[2];
	/* [O] See vgic_reuse_lr(): bits 31:0 by private INTID, bit 32 + n of
	 * the SPI in list register n. */
	uint64_t lr_reusable;
	/* [A] Edges from elsewhere: bit n is of the SPI in list register n,
	 * which stays there until the bit is taken out. Set with the guest's
	 * vgic lock held. */
	uint32_t spi_inbox;
	uint32_t spis;           /* [V] SPIs queued or in an LR here */
	struct vgic_bank priv;   /* [V] */
	uint8_t sgi_sources[16]; /* [V] v2: by requesting CPU */

	/* Circular lists of INTIDs; head[q][level] is valid if bit `level`
	 * of levels[q] is set. All [V]. */
	uint32_t levels[VGIC_NR_QUEUES];
	uint16_t head[VGIC_NR_QUEUES][VGIC_PRI_LEVELS];

	uint32_t lr_used;  /* [V] bit n: has an interrupt */
	uint32_t lr_reads; /* [A] times all LRs were reconciled */
	uint32_t hw_known; /* [V] were bound to a host interrupt */
	uint16_t lr_intid[VGIC_MAX_LRS]; /* [V] */
	uint64_t lr[VGIC_MAX_LRS];   /* [O] while not loaded, or if reusable */
	uint64_t vmcr;               /* [O] while not loaded */
	uint32_t apr[8];             /* [O] while not loaded: AP0Rn, AP1Rn */
	uint64_t hcr;                /* [V] as last written */
	uint64_t maintenance_digest; /* [O] of the interface after the last */
};

/*
 * Guest life cycle; thread context. vgic_cpu_init() may come before or after
 * vgic_init(). The resets may find VCPUs still loaded, not running. -ERR_NOMEM;
 * vgic_init() also -ERR_RANGE: more VCPUs than this version has CPU interfaces
 * for.
 */
int __must_check vgic_init(struct guest *g);
void vgic_fini(struct guest *g);
void vgic_reset(struct guest *g);
int __must_check vgic_cpu_init(struct vcpu *v);
void vgic_cpu_fini(struct vcpu *v);
/* Redistributor and CPU interface of one VCPU. Any context. */
void vgic_cpu_reset(struct vcpu *v);
unsigned int vgic_regions(struct guest *g, struct emu_region *out,
			  unsigned int max);

/* Drive the line of a private interrupt (of an SPI: arch_guest_irq()); any
 * context, any CPU. Wakes or kicks the VCPU as needed. */
void vgic_set_line(struct vcpu *v, unsigned int intid, bool level);
/* The host interrupt `hwintid`, which belongs to running VCPU `v` as private
 * `intid`, fired: make it pending with the HW bit, so that the guest's
 * deactivation deactivates it. Interrupt context on v's CPU, where `v` is
 * loaded. */
void vgic_inject_hw(struct vcpu *v, unsigned int intid, unsigned int hwintid);

/* Before entering the guest, if v->arch.vgic.flush: fill list registers. */
void vgic_flush(struct vcpu *v);
/*
 * Switched out / in. Interrupts masked. After vgic_cpuif_save() no host
 * interrupt is bound any more, and their lines count as low: the timer code
 * then sets them with vgic_set_line(). vgic_cpuif_restore() binds those whose
 * line is high if the host can make them active, else lets the hardware raise
 * them.
 */
void vgic_cpuif_save(struct vgic_cpu *vc);
void vgic_cpuif_restore(struct vgic_cpu *vc);
/* A deliverable interrupt is pending (WFI must not sleep). For the VCPU
 * itself, or one that is not loaded; else it may be out of date. */
bool vgic_has_pending(struct vcpu *v);

/* Host maintenance interrupt. */
void vgic_maintenance(void);

/* Guest's ICC_SGI{0,1}R_EL1/ASGI1R write; false: UNDEF (no GICv3). */
enum vgic_sgi_reg { VGIC_SGI0R, VGIC_SGI1R, VGIC_ASGI1R };
bool vgic_sgi1r(struct vcpu *v, unsigned int which, uint64_t val);
/* Guest's ICC_DIR_EL1 write, trapped by ICH_HCR_EL2.TDIR; false: UNDEF. */
bool vgic_dir(struct vcpu *v, uint64_t val);

/* Host side, filled by the GIC driver that probed. */
struct vgic_host {
	uint8_t version; /* 2 or 3 */
	uint8_t nr_lrs;
	uint8_t nr_apr; /* words of active priorities per group */
	uint8_t nr_pri_bits;
	bool has_tdir;                 /* v3: ICH_VTR_EL2.TDS */
	bool overlooks;                /* QEMU's v2: timer/remind.c */
	volatile uint32_t *gich;       /* v2: this CPU's view, banked */
	uint64_t gicv_base, gicv_size; /* v2: mapped into guests at GICC */
	unsigned int maintenance_irq;
	/* Deactivate a host interrupt of this CPU, after its priority drop. */
	void (*deactivate)(unsigned int hwintid);
	/* May be NULL: make a private host interrupt of this CPU active, so
	 * that it does not fire until it is deactivated. */
	void (*activate)(unsigned int hwintid);
};
extern struct vgic_host vgic_host;

#endif
