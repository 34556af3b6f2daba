/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of a guest's PMU: vpmu.h. Pure. */
#include "vpmu.h"

#include <arch_impl/esr.h>

#include "host.h"

#define ALL_WRITABLE (PMCR_E | PMCR_D | PMCR_X | PMCR_DP | PMCR_LC)
#define FILTERS (PMU_TYPE_P | PMU_TYPE_U | PMU_TYPE_NSK | PMU_TYPE_NSU)
#define EVENT_V1 GENMASK(9, 0)
#define EVENT_V81 GENMASK(15, 0)
#define EVENT_SW_INCR 0
#define SELECTED GENMASK(4, 0)
#define USER_BITS (VPMU_USER_EN | VPMU_USER_SW | VPMU_USER_CR | VPMU_USER_ER)
#define VERSION_V81 4

#define R BIT(0)
#define W BIT(1)
#define EL1_ONLY BIT(2)
#define EL0_R BIT(3) /* EL0 may always read it */

static const uint8_t flags[VPMU_REGISTERS] = {
	[VPMU_PMCR] = R | W,
	[VPMU_PMCNTENSET] = R | W,
	[VPMU_PMCNTENCLR] = R | W,
	[VPMU_PMOVSCLR] = R | W,
	[VPMU_PMSWINC] = W,
	[VPMU_PMSELR] = R | W,
	[VPMU_PMCEID0] = R,
	[VPMU_PMCEID1] = R,
	[VPMU_PMCCNTR] = R | W,
	[VPMU_PMXEVTYPER] = R | W,
	[VPMU_PMXEVCNTR] = R | W,
	[VPMU_PMUSERENR] = R | W | EL1_ONLY | EL0_R,
	[VPMU_PMOVSSET] = R | W,
	[VPMU_PMINTENSET] = R | W | EL1_ONLY,
	[VPMU_PMINTENCLR] = R | W | EL1_ONLY,
	[VPMU_PMEVCNTR] = R | W,
	[VPMU_PMEVTYPER] = R | W,
};

/* --- which -------------------------------------------------------------- */

/* Op0 3, Op1 3, CRn 9, CRm 12 to 14, by Op2. */
static const uint8_t crn9[3][8] = {
	{ VPMU_PMCR, VPMU_PMCNTENSET, VPMU_PMCNTENCLR, VPMU_PMOVSCLR,
	  VPMU_PMSWINC, VPMU_PMSELR, VPMU_PMCEID0, VPMU_PMCEID1 },
	{ VPMU_PMCCNTR, VPMU_PMXEVTYPER, VPMU_PMXEVCNTR },
	{ VPMU_PMUSERENR, 0, 0, VPMU_PMOVSSET },
};

static struct vpmu_access decode_array(unsigned int crm, unsigned int op2)
{
	struct vpmu_access a = {
		.reg = crm < 12 ? VPMU_PMEVCNTR : VPMU_PMEVTYPER,
		.index = (crm & 3) * 8 + op2,
	};

	/* CRm 15, Op2 7 is PMCCFILTR_EL0; CRm 11, Op2 7 is nothing. */
	if (a.reg == VPMU_PMEVCNTR && a.index == PMU_CYCLE_COUNTER) {
		a.reg = VPMU_NONE;
	}
	return a;
}

struct vpmu_access vpmu_decode(uint64_t esr)
{
	unsigned int crm = (unsigned int)SYSREG_CRM(esr);
	unsigned int op2 = (unsigned int)SYSREG_OP2(esr);
	uint64_t space = esr & (ESR_SYS_NAME & ~SYSREG(0, 0, 0, 15, 7));
	struct vpmu_access a = { VPMU_NONE, 0 };

	if (space == SYSREG(3, 3, 9, 0, 0) && crm >= 12 && crm <= 14) {
		a.reg = (enum vpmu_register)crn9[crm - 12][op2];
	} else if (space == SYSREG(3, 0, 9, 0, 0) && crm == 14) {
		a.reg = op2 == 1   ? VPMU_PMINTENSET
			: op2 == 2 ? VPMU_PMINTENCLR
				   : VPMU_NONE;
	} else if (space == SYSREG(3, 3, 14, 0, 0) && crm >= 8) {
		a = decode_array(crm, op2);
	}
	return a;
}

static uint32_t implemented(const struct vpmu_host *host)
{
	return (uint32_t)(PMU_CYCLES | (BIT(host->counters) - 1));
}

static bool exists(const struct vpmu_host *host, unsigned int index)
{
	return implemented(host) >> index & 1;
}

/* D17.5.12: all of it, or what each of the other bits opens. */
static bool open_to_el0(const struct vpmu *p, enum vpmu_register reg,
			bool write)
{
	if ((p->user & VPMU_USER_EN) ||
	    (reg == VPMU_PMSWINC && (p->user & VPMU_USER_SW)) ||
	    (reg == VPMU_PMCCNTR && !write && (p->user & VPMU_USER_CR))) {
		return true;
	}
	if (!(p->user & VPMU_USER_ER)) {
		return false;
	}
	return reg == VPMU_PMSELR ||
	       (!write && (reg == VPMU_PMEVCNTR || reg == VPMU_PMXEVCNTR));
}

bool vpmu_allowed(const struct vpmu *p, const struct vpmu_host *host,
		  struct vpmu_access a, bool write, bool el0)
{
	uint8_t f = flags[a.reg];

	if (!(f & (write ? W : R))) {
		return false;
	}
	/* D17.5.7, .9: access to a counter that does not exist may be
	 * UNDEFINED. */
	if ((a.reg == VPMU_PMEVCNTR || a.reg == VPMU_PMEVTYPER) &&
	    !exists(host, a.index)) {
		return false;
	}
	if (!el0 || (!write && (f & EL0_R))) {
		return true;
	}
	return !(f & EL1_ONLY) && open_to_el0(p, a.reg, write);
}

/* --- what --------------------------------------------------------------- */

int vpmu_reads_counter(const struct vpmu *p, struct vpmu_access a)
{
	switch (a.reg) {
	case VPMU_PMCCNTR:
		return PMU_CYCLE_COUNTER;
	case VPMU_PMXEVCNTR:
		return p->selected;
	case VPMU_PMEVCNTR:
		return (int)a.index;
	default:
		return -1;
	}
}

uint64_t vpmu_read(const struct vpmu *p, const struct vpmu_host *host,
		   struct vpmu_access a)
{
	switch (a.reg) {
	case VPMU_PMCR:
		return (uint64_t)host->id << 16 |
		       (uint64_t)host->counters << 11 | p->control;
	case VPMU_PMCNTENSET:
	case VPMU_PMCNTENCLR:
		return p->enabled;
	case VPMU_PMINTENSET:
	case VPMU_PMINTENCLR:
		return p->interrupts;
	case VPMU_PMOVSSET:
	case VPMU_PMOVSCLR:
		return p->overflowed;
	case VPMU_PMSELR:
		return p->selected;
	case VPMU_PMCEID0:
	case VPMU_PMCEID1:
		return host->ceid[a.reg - VPMU_PMCEID0];
	case VPMU_PMUSERENR:
		return p->user;
	case VPMU_PMCCNTR:
		return p->counter[PMU_CYCLE_COUNTER];
	case VPMU_PMEVCNTR:
		return p->counter[a.index];
	case VPMU_PMEVTYPER:
		return p->type[a.index];
	case VPMU_PMXEVCNTR:
		/* With the cycle counter selected: CONSTRAINED UNPREDICTABLE.
		 * */
		return p->selected != PMU_CYCLE_COUNTER &&
				       exists(host, p->selected)
			       ? p->counter[p->selected]
			       : 0;
	case VPMU_PMXEVTYPER:
		return exists(host, p->selected) ? p->type[p->selected] : 0;
	default:
		return 0;
	}
}

static void write_pmcr(struct vpmu *p, const struct vpmu_host *host,
		       uint64_t val)
{
	p->control = (uint8_t)(val & ALL_WRITABLE);
	for (unsigned int i = 0; (val & PMCR_P) && i < host->counters; i++) {
		p->counter[i] = 0;
	}
	if (val & PMCR_C) {
		p->counter[PMU_CYCLE_COUNTER] = 0;
	}
}

static void write_counter(struct vpmu *p, const struct vpmu_host *host,
			  unsigned int i, uint64_t val)
{
	if (i == PMU_CYCLE_COUNTER) {
		p->counter[i] = val;
	} else if (exists(host, i)) {
		p->counter[i] = (uint32_t)val;
	}
}

static void write_type(struct vpmu *p, const struct vpmu_host *host,
		       unsigned int i, uint64_t val)
{
	uint64_t event = host->version >= VERSION_V81 ? EVENT_V81 : EVENT_V1;

	if (i == PMU_CYCLE_COUNTER) {
		p->type[i] = (uint32_t)(val & FILTERS);
	} else if (exists(host, i)) {
		p->type[i] = (uint32_t)(val & (FILTERS | event));
	}
}

/* D11.11.1: SW_INCR, which no hardware counts as long as all of this traps. */
static void increment(struct vpmu *p, uint32_t which, bool el0)
{
	which &= vpmu_counting(p);
	for (unsigned int i = 0; i < PMU_CYCLE_COUNTER; i++) {
		uint32_t type = p->type[i];
		/* Non-secure EL1: counted where NSK equals P; EL0 likewise. */
		bool off = el0 ? !(type & PMU_TYPE_U) != !(type & PMU_TYPE_NSU)
			       : !(type & PMU_TYPE_P) != !(type & PMU_TYPE_NSK);

		if (!(which >> i & 1) || off ||
		    (type & ~FILTERS) != EVENT_SW_INCR) {
			continue;
		}
		p->counter[i] = (uint32_t)(p->counter[i] + 1);
		if (p->counter[i] == 0) {
			p->overflowed |= (uint32_t)BIT(i);
		}
	}
}

void vpmu_write(struct vpmu *p, const struct vpmu_host *host,
		struct vpmu_access a, uint64_t val, bool el0)
{
	uint32_t bits = (uint32_t)val & implemented(host);

	switch (a.reg) {
	case VPMU_PMCR:
		write_pmcr(p, host, val);
		break;
	case VPMU_PMCNTENSET:
		p->enabled |= bits;
		break;
	case VPMU_PMCNTENCLR:
		p->enabled &= ~bits;
		break;
	case VPMU_PMINTENSET:
		p->interrupts |= bits;
		break;
	case VPMU_PMINTENCLR:
		p->interrupts &= ~bits;
		break;
	case VPMU_PMOVSSET:
		p->overflowed |= bits;
		break;
	case VPMU_PMOVSCLR:
		p->overflowed &= ~bits;
		break;
	case VPMU_PMSWINC:
		increment(p, bits, el0);
		break;
	case VPMU_PMSELR:
		p->selected = (uint8_t)(val & SELECTED);
		break;
	case VPMU_PMUSERENR:
		p->user = (uint8_t)(val & USER_BITS);
		break;
	case VPMU_PMCCNTR:
		write_counter(p, host, PMU_CYCLE_COUNTER, val);
		break;
	case VPMU_PMEVCNTR:
		write_counter(p, host, a.index, val);
		break;
	case VPMU_PMEVTYPER:
		write_type(p, host, a.index, val);
		break;
	case VPMU_PMXEVCNTR:
		if (p->selected != PMU_CYCLE_COUNTER) {
			write_counter(p, host, p->selected, val);
		}
		break;
	case VPMU_PMXEVTYPER:
		write_type(p, host, p->selected, val);
		break;
	default:
		break;
	}
}

bool vpmu_signals(const struct vpmu *p)
{
	return (p->control & PMCR_E) && (p->overflowed & p->interrupts);
}

uint32_t vpmu_counting(const struct vpmu *p)
{
	return p->control & PMCR_E ? p->enabled : 0;
}
