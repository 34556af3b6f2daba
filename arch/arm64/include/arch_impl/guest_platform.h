/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: definitions shared by the parts of the guest's machine. Pure. */
#ifndef ARCH_IMPL_GUEST_PLATFORM_H
#define ARCH_IMPL_GUEST_PLATFORM_H

/* guest_config.intc_model: the version of the GIC architecture. */
#define GUEST_GICV2 2
#define GUEST_GICV3 3

/* guest_config.intc_regs: the distributor, then the redistributors, all in one
 * (GICv3), or the CPU interface (GICv2). */
#define GUEST_GICD 0
#define GUEST_GICR 1
#define GUEST_GICC 1

/* SPIs that a guest has; a multiple of 32. */
#define GUEST_NR_SPIS 256

/* Lines are INTIDs: PPI n is 16 + n, SPI n is 32 + n (GICv3 IHI0069 2.2.1). */
#define GUEST_PPI(n) (16 + (n))
#define GUEST_SPI(n) (32 + (n))

#endif
