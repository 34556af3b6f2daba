/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: what a guest has beyond the portable part. */
#ifndef ARCH_IMPL_GUEST_H
#define ARCH_IMPL_GUEST_H

#include <libs/types.h>

struct vgic;

#define ARCH_ELF_MACHINE 183	/* EM_AARCH64 */

struct arch_guest {
	struct vgic *vgic;	/* [I] */
	uint64_t cntvoff;	/* [M] CNTVOFF_EL2: virtual = physical - this */
	uint64_t paused_at;	/* [M] counter when time was paused */
	/* [C] by CPU: VCPU + 1 that ran there last, whose TLB entries there
	 * are under the guest's VMID. */
	uint16_t last_vcpu[CONFIG_MAX_CPUS];
};

#endif
