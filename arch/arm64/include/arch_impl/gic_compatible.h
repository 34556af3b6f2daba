/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compatibles of the GICs that have a driver (bindings arm,gic.yaml and
 * arm,gic-v3.yaml). */
#ifndef ARCH_IMPL_GIC_COMPATIBLE_H
#define ARCH_IMPL_GIC_COMPATIBLE_H

#define GICV2_COMPATIBLE \
	"arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic"
#define GICV3_COMPATIBLE "arm,gic-v3"

#endif
