/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: what a guest has beyond the portable part. */
#ifndef ARCH_IMPL_GUEST_H
#define ARCH_IMPL_GUEST_H

#include <arch_impl/features.h>
#include <libs/types.h>

struct vgic;

struct arch_guest {
	struct vgic *vgic; /* [I] */
	/* [I] what the guest reads of ID registers; slots of vcpu/idreg.h */
	uint64_t idregs[IDREG_COUNT];
	struct pvtime_record *pvtime; /* [I] of each VCPU; NULL: not offered */
	uint64_t cntvoff;   /* [M] CNTVOFF_EL2: virtual = physical - this */
	uint64_t paused_at; /* [M] counter when time was paused */
	/* [C] for each CPU: number + 1 of the VCPU that ran there last, whose
	 * TLB entries may be there under the guest's VMID. */
	uint16_t last_vcpu[CONFIG_MAX_CPUS];
#ifdef CONFIG_CACHE_PORTIONS
	uint64_t mpam; /* [I] MPAM1_EL1 and MPAM0_EL1 of its VCPUs */
#endif
};

#endif
