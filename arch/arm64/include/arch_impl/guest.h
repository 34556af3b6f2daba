/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: what a guest has beyond the portable part. */
#ifndef ARCH_IMPL_GUEST_H
#define ARCH_IMPL_GUEST_H

#include <libs/types.h>

struct vgic;

struct arch_guest {
	struct vgic *vgic;	/* [I] */
	uint64_t cntvoff;	/* [M] CNTVOFF_EL2: virtual = physical - this */
	uint64_t vttbr_base;	/* [I] */
};

#endif
