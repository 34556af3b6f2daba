/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: what a VCPU's execution context consists of. */
#ifndef ARCH_IMPL_VCPU_H
#define ARCH_IMPL_VCPU_H

#include <arch_impl/sysregs.h>
#include <arch_impl/vgic.h>
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
	uint64_t elr;		/* ELR_EL2: guest PC */
	uint64_t spsr;		/* SPSR_EL2: guest PSTATE */
	struct vcpu *vcpu;	/* [I] */
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

struct arch_vcpu {
	/* Hypervisor context while switched out: callee-saved registers are
	 * on the stack below `sp`. Offset 0, known to switch.S. */
	uint64_t sp;
	struct guest_regs *regs;	/* [I] NULL for an orphan */

	/* Guest only from here. */
	uint64_t hcr;			/* HCR_EL2, but for TWE, [C] */
	uint64_t vmpidr;		/* [I] */
	uint32_t loaded_cpu;		/* where `loaded` it last was */
	uint8_t ipa_bits;		/* [I] of the guest's stage 2 */
	bool waiting;			/* in WFI */
	bool starting;			/* [A] claimed by a CPU_ON */
	const struct emu_region *region;	/* [C] last one accessed */
	uint64_t flush_done;		/* set/way: bytes of RAM flushed */
	struct sysregs sys;		/* EL1/EL0 registers while not loaded */
	struct debug_regs debug;
	struct vcpu_fault fault;
	struct vtimer vtimer;
	struct vgic_cpu vgic;

	/* Guests and threads alike; valid while in no CPU's registers. */
	uint32_t fp_cpu;		/* CPU + 1 that has a copy, 0: none */
	struct fp_state fp;
};

#endif
