/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of a guest's PMU (Arm ARM D17.5): what accesses do to struct vpmu.
 * Pure: whoever calls has taken the counters out of the CPU before.
 */
#ifndef PMU_VPMU_H
#define PMU_VPMU_H

#include <arch_impl/vpmu.h>
#include <libs/types.h>

/* PMUSERENR_EL0 */
#define VPMU_USER_EN BIT(0)
#define VPMU_USER_SW BIT(1)
#define VPMU_USER_CR BIT(2)
#define VPMU_USER_ER BIT(3)

/* PPI of the overflow interrupt, as on QEMU's virt machine and by BSA 3.8.4. */
#define VPMU_PPI 23

enum vpmu_register {
	VPMU_NONE, /* no register of the PMU */
	VPMU_PMCR,
	VPMU_PMCNTENSET,
	VPMU_PMCNTENCLR,
	VPMU_PMOVSCLR,
	VPMU_PMSWINC,
	VPMU_PMSELR,
	VPMU_PMCEID0,
	VPMU_PMCEID1,
	VPMU_PMCCNTR,
	VPMU_PMXEVTYPER,
	VPMU_PMXEVCNTR,
	VPMU_PMUSERENR,
	VPMU_PMOVSSET,
	VPMU_PMINTENSET,
	VPMU_PMINTENCLR,
	VPMU_PMEVCNTR, /* index: which */
	VPMU_PMEVTYPER,
	VPMU_REGISTERS
};

struct vpmu_access {
	enum vpmu_register reg;
	unsigned int index;
};

/* What the CPUs have, so far as guests see it. */
struct vpmu_host {
	uint64_t ceid[2];
	uint8_t counters; /* event counters */
	uint8_t version;  /* PMUVer */
	uint16_t id;      /* PMCR_EL0.{IMP, IDCODE} */
};

/* Which register a trapped MSR or MRS names, by ESR_ELx.ISS. */
struct vpmu_access vpmu_decode(uint64_t esr);
/* Is the access allowed: by its kind, its index, and at EL0 by
 * PMUSERENR_EL0? */
bool vpmu_allowed(const struct vpmu *p, const struct vpmu_host *host,
		  struct vpmu_access a, bool write, bool el0);
/* Do the access. `el0`: it is from EL0, which matters for software
 * increments. */
uint64_t vpmu_read(const struct vpmu *p, const struct vpmu_host *host,
		   struct vpmu_access a);
void vpmu_write(struct vpmu *p, const struct vpmu_host *host,
		struct vpmu_access a, uint64_t val, bool el0);
/* Which counter's value an access reads: its number; -1: no counter's. */
int vpmu_reads_counter(const struct vpmu *p, struct vpmu_access a);

/* The interrupt that its registers ask for. */
bool vpmu_signals(const struct vpmu *p);
/* Counters that count. */
uint32_t vpmu_counting(const struct vpmu *p);

#endif
