/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: the execution context of a VCPU. */
#ifndef ARCH_IMPL_VCPU_H
#define ARCH_IMPL_VCPU_H

#include <arch_impl/sysregs.h>
#include <arch_impl/vgic.h>
#include <arch_impl/vpmu.h>
#include <arch_impl/vtimer.h>
#include <libs/types.h>

struct emu_region;
struct vcpu;

/*
 * The trap frame. It lies at the very top of the VCPU's hypervisor stack;
 * while the guest runs SP_EL2 points at it, so that a trap stores registers
 * in place and has a stack below. Offsets are known to entry.S.
 */
struct guest_regs {
	uint64_t x[31];
	uint64_t elr;      /* ELR_EL2: guest PC */
	uint64_t spsr;     /* SPSR_EL2: guest PSTATE */
	struct vcpu *vcpu; /* [I] */
};

struct fp_state {
	__uint128_t q[32];
	uint32_t fpcr, fpsr;
};

#define VCPU_LOADED_NOWHERE UINT32_MAX

/* The last abort that was answered with guest_crash(): for the report. */
struct vcpu_fault {
	uint64_t esr, far, ipa;
	bool valid;
};

/* Counts of exits: one for each ESR_EL2.EC, and interrupts', which have none.
 * */
#define VCPU_EXIT_CLASSES 65
#define VCPU_EXIT_CLASS_IRQ 64

struct arch_vcpu {
	/* Hypervisor context while switched out: callee-saved registers are
	 * on the stack from `sp` on. Offset 0, which switch.c relies on. */
	uint64_t sp;
	struct guest_regs *regs; /* [I] NULL for a thread */

	/* Guest only from here. */
	uint64_t hcr;                           /* HCR_EL2, but for TWE, [C] */
	uint64_t vmpidr;                        /* [I] */
	uint32_t loaded_cpu;                    /* where `loaded` it last was */
	bool waiting;                           /* in WFI */
	bool starting;                          /* [A] claimed by a CPU_ON */
	uint8_t pmu;                            /* [C] PMU_*, arch_impl/pmu.h */
	const struct emu_region *region;        /* [C] last one accessed */
	const struct emu_region *region_before; /* [C] .. of the others */
	uint64_t exits[VCPU_EXIT_CLASSES];      /* [C] counted by entry.S */
	uint64_t data_faults; /* [C] of data aborts, those of no device */
	uint64_t flush_done;  /* set/way: bytes of RAM flushed */
	struct sysregs sys;   /* EL1/EL0 registers while not loaded */
	struct debug_regs debug;
	struct vcpu_fault fault;
	struct vtimer vtimer;
	struct vgic_cpu vgic;
	struct vpmu vpmu;
	struct pvtime_record *pvtime; /* its own; NULL: never asked for */

	/* Guests and threads alike; valid while in the registers of no CPU. */
	uint32_t fp_cpu; /* CPU + 1 that has a copy, 0: none */
	bool fp_written; /* `fp` may be other than zero */
	struct fp_state fp;
};

#endif
