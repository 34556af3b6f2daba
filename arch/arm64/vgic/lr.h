/* SPDX-License-Identifier: GPL-2.0-or-later */
/* List registers, independent of their format. Pure. */
#ifndef VGIC_LR_H
#define VGIC_LR_H

#include <libs/types.h>

#define LR_PENDING 1
#define LR_ACTIVE 2

struct vlr {
	uint16_t intid;
	uint16_t hwintid; /* if hw */
	uint8_t prio;
	uint8_t state;  /* LR_PENDING | LR_ACTIVE */
	uint8_t source; /* v2 SGI: requesting CPU */
	bool group1;
	bool hw;  /* the guest's deactivation deactivates hwintid */
	bool eoi; /* maintenance interrupt on deactivation; !hw */
};

/*
 * GICH_HCR and ICH_HCR_EL2 agree in these bits (IHI0048 5.3.1, IHI0069
 * 12.4.6), GICH_VMCR and ICH_VMCR_EL2 in those (5.3.3, 12.4.9), where the
 * three low bits of the priority mask are zero in v2.
 */
#define HCR_EN BIT(0)
#define HCR_UIE BIT(1)
#define HCR_LRENPIE BIT(2)
#define HCR_NPIE BIT(3)
#define HCR_GRP0_EIE BIT(4)
#define HCR_GRP0_DIE BIT(5)
#define HCR_GRP1_EIE BIT(6)
#define HCR_GRP1_DIE BIT(7)
#define HCR_TDIR BIT(14) /* v3 */
#define HCR_EOICOUNT(hcr) ((unsigned int)FIELD(hcr, 31, 27))

#define VMCR_GRP0 BIT(0)
#define VMCR_GRP1 BIT(1)
#define VMCR_CBPR BIT(4)
#define VMCR_EOIM BIT(9)
#define VMCR_BPR1(vmcr) ((unsigned int)FIELD(vmcr, 20, 18))
#define VMCR_BPR0(vmcr) ((unsigned int)FIELD(vmcr, 23, 21))
#define VMCR_PMR(vmcr) ((unsigned int)FIELD(vmcr, 31, 24))

/* Where a list register has its fields: shifts. The priority's are those of its
 * eight bits, of which a GIC has five at least; INTID is at 0. */
struct vgic_lr_format {
	uint8_t state, prio, group1;
	uint8_t hw, hwintid; /* bound to a host interrupt */
	uint8_t eoi, source; /* if not bound */
};

struct vgic_cpu;

/* The hypervisor's side of the CPU interface of this CPU. */
struct vgic_lr_ops {
	struct vgic_lr_format at;
	uint64_t (*encode)(const struct vlr *lr);
	struct vlr (*decode)(uint64_t val);
	uint64_t (*read_lr)(unsigned int n);
	void (*write_lr)(unsigned int n, uint64_t val);
	/* ELRSR: bit n is set if n is neither pending nor active, and has no
	 * EOI maintenance interrupt to report. */
	uint32_t (*read_elrsr)(void);
	uint64_t (*read_vmcr)(void);
	void (*write_vmcr)(uint64_t val);
	uint64_t (*read_hcr)(void);
	void (*write_hcr)(uint64_t val);
	/* vgic_host.nr_apr words for group 0, then (v3) for group 1. */
	void (*read_apr)(uint32_t *apr);
	void (*write_apr)(const uint32_t *apr);
	/* All of it at a switch, VCPU's lock held: list registers `lr_used`,
	 * VMCR and APRs into `vc`; the list registers are empty and the
	 * interface is off afterwards. And back, with HCR. */
	void (*save)(struct vgic_cpu *vc);
	void (*load)(const struct vgic_cpu *vc);
};

#endif
