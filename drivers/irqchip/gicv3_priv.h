/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the drivers of the GICv3, its LPIs and its ITS. As host interrupt
 * numbers, LPIs follow the lines: the first of them is INTID 8192.
 */
#ifndef GICV3_PRIV_H
#define GICV3_PRIV_H

#include <core/irq.h>
#include <libs/types.h>

#define GICV3_LPIS 128 /* LPIs that are used */
#define GICV3_FIRST_LPI 8192

/* --- gicv3.c --- */

/* The redistributor of a CPU that is online, and its physical address. */
volatile uint8_t *gicv3_redistributor(unsigned int cpu, uint64_t *pa);
/* The host interrupt number of LPI 0; 0 if the host has no LPIs. */
unsigned int gicv3_first_lpi(void);

/* --- gicv3_lpi.c: `lpi` counts from 0 --- */

/* Make the tables of all CPUs that are online, once. -ERR_NOSUPP, -ERR_NOMEM.
 * Thread context. */
int __must_check gicv3_lpi_init(void);
/* Write the configuration of an LPI; the caller then tells the ITS. Any
 * context. */
void gicv3_lpi_configure(unsigned int lpi, bool enabled);

/* --- gicv3_its.c: for the interrupt controller. Any context --- */

void gicv3_its_enable(unsigned int lpi, bool enabled);
void gicv3_its_set_affinity(unsigned int lpi, unsigned int cpu);

#endif
