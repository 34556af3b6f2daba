/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting exits: the core's reason for each exception class. */
#include <arch/vcpu.h>
#include <arch_impl/esr.h>
#include <core/vcpu.h>
#include <string.h>

static enum vcpu_exit reason(unsigned int class)
{
	switch (class) {
	case VCPU_EXIT_CLASS_IRQ:
		return VCPU_EXIT_IRQ;
	case EC_WFX:
		return VCPU_EXIT_WAIT;
	case EC_HVC64:
	case EC_SMC64:
		return VCPU_EXIT_HYPERCALL;
	case EC_CP15_32:
	case EC_CP15_64:
	case EC_CP14_32:
	case EC_CP14_LS:
	case EC_CP14_64:
	case EC_SYSREG:
		return VCPU_EXIT_SYSREG;
	case EC_FP:
	case EC_SVE:
		return VCPU_EXIT_FP;
	case EC_INSN_LOWER:
		return VCPU_EXIT_MEMORY;
	case EC_DATA_LOWER:
		return VCPU_EXIT_MMIO;
	default:
		return VCPU_EXIT_OTHER;
	}
}

void arch_vcpu_exits(const struct vcpu *v, uint64_t *counts)
{
	uint64_t faults;

	memset(counts, 0, VCPU_EXITS * sizeof(counts[0]));
	for (unsigned int i = 0; i < VCPU_EXIT_CLASSES; i++) {
		counts[reason(i)] += READ_ONCE(v->arch.exits[i]);
	}
	/* A data abort is counted as such before it is counted as a fault, but
	 * another CPU may see these in the other order. */
	faults = MIN(READ_ONCE(v->arch.data_faults), counts[VCPU_EXIT_MMIO]);
	counts[VCPU_EXIT_MMIO] -= faults;
	counts[VCPU_EXIT_MEMORY] += faults;
}
