/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells of a GIC's interrupt specifier (Linux binding arm,gic-v3). */
#ifndef DT_BINDINGS_ARM_GIC_H
#define DT_BINDINGS_ARM_GIC_H

#include <dt-bindings/interrupt-controller/irq.h>

/* First cell: the kind. */
#define GIC_SPI 0
#define GIC_PPI 1

/* Third cell, GICv2 only: the CPUs that a PPI is wired to. */
#define GIC_CPU_MASK_RAW(mask) ((mask) << 8)
#define GIC_CPU_MASK_SIMPLE(cpus) GIC_CPU_MASK_RAW((1 << (cpus)) - 1)

#endif
