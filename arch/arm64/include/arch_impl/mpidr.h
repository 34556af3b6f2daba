/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64: the MPIDR of each VCPU of a guest. Pure; the generator of the guest's
 * device tree uses the same functions.
 */
#ifndef ARCH_IMPL_MPIDR_H
#define ARCH_IMPL_MPIDR_H

#include <libs/types.h>

#define MPIDR_RES1 BIT(31)
#define MPIDR_AFFINITY (GENMASK(39, 32) | GENMASK(23, 0))

/* VCPUs per Aff0: a GICv3 SGI's target list has 16 bits, GICv2 has 8 CPUs. */
static inline unsigned int vcpu_mpidr_cluster(unsigned int gic_version)
{
	return gic_version == 3 ? 16 : 8;
}

/* Affinity as in the device tree's `reg`. */
static inline uint64_t vcpu_mpidr(unsigned int index, unsigned int gic_version)
{
	unsigned int n = vcpu_mpidr_cluster(gic_version);

	return (uint64_t)(index / n) << 8 | index % n;
}

/* The reverse; a number above all VCPUs' if there is none. */
static inline uint64_t vcpu_mpidr_index(uint64_t affinity,
					unsigned int gic_version)
{
	unsigned int n = vcpu_mpidr_cluster(gic_version);
	uint64_t aff0 = affinity & 0xff;

	if ((affinity & ~UINT64_C(0xffff)) != 0 || aff0 >= n) {
		return UINT64_MAX;
	}
	return (affinity >> 8) * n + aff0;
}

#endif
