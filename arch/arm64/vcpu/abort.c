/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stage 2 aborts. Nearly all are accesses to emulated devices whose syndrome
 * says what to do: that path is trap_data_abort() itself. The rest is in
 * abort_slow.c.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/vcpu.h>
#include <emu/emulator.h>

#include "abort.h"

/* The syndrome describes the access, at a place in HPFAR_EL2. */
#define SIMPLE_MASK (ESR_ISV | ESR_FNV | ESR_CM | ESR_S1PTW | 0x3c)
#define SIMPLE (ESR_ISV | FSC_KIND_TRANSLATION)

static uint64_t extend(uint64_t esr, uint64_t val)
{
	if (esr & ESR_SSE) {
		unsigned int unused = 64 - 8 * esr_access_size(esr);

		val = (uint64_t)((int64_t)(val << unused) >> unused);
	}
	return esr & ESR_SF ? val : (uint32_t)val;
}

static uint64_t swapped(uint64_t val, unsigned int size)
{
	return __builtin_bswap64(val) >> (64 - 8 * size);
}

bool abort_big_endian(const struct guest_regs *regs)
{
	uint64_t sctlr = read_sysreg(sctlr_el1);

	if (unlikely(regs->spsr & PSR_AA32)) {
		return (regs->spsr & PSR32_E) != 0;
	}
	return (sctlr & (regs->spsr & PSR_EL ? SCTLR_EE : SCTLR_E0E)) != 0;
}

static bool emulate(struct vcpu *v, struct guest_regs *regs, uint64_t esr,
		    ipa_t ipa)
{
	const struct emu_region *r = emu_find(&v->guest->emu_map, ipa,
					      &v->arch.region_cache);
	unsigned int size = esr_access_size(esr);
	bool write = (esr & ESR_WNR) != 0;
	bool swap = abort_big_endian(regs);
	uint64_t val = 0;

	if (unlikely(!r)) {
		return false;
	}
	if (write) {
		val = trap_reg(regs, esr_srt(esr));
		val = unlikely(swap) ? swapped(val, size) : val;
	}
	if (emu_access_region(r, ipa, size, write, &val)) {
		return false;
	}
	if (!write) {
		val = unlikely(swap) ? swapped(val, size) : val;
		trap_set_reg(regs, esr_srt(esr), extend(esr, val));
	}
	trap_skip(regs, esr);
	return true;
}

void trap_data_abort(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	uint64_t far = read_sysreg(far_el2);
	ipa_t ipa = IPA(esr_fault_ipa(read_sysreg(hpfar_el2), far));

	if (unlikely((esr & SIMPLE_MASK) != SIMPLE) ||
	    unlikely(!emulate(v, regs, esr, ipa))) {
		abort_slow(v, regs, esr, far, ipa);
	}
}

void trap_insn_abort(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	uint64_t far = read_sysreg(far_el2);
	ipa_t ipa = IPA(esr_fault_ipa(read_sysreg(hpfar_el2), far));

	(void)regs;
	if (esr_hpfar_valid(esr) &&
	    stage2_fault_is_stale(&v->guest->stage2, ipa, false, true)) {
		return;
	}
	abort_note(v, "instruction", esr, far, ipa);
	if (esr & ESR_S1PTW) {
		abort_table_walk(v, true, esr, far);
	} else {
		inject_insn_abort(v, far);
	}
}

void trap_skip_aa32(struct guest_regs *regs, uint64_t esr)
{
	uint64_t spsr = regs->spsr;
	/* IT[7:2] at 15:10, IT[1:0] at 26:25. */
	unsigned int it = (unsigned int)(FIELD(spsr, 15, 10) << 2 |
					 FIELD(spsr, 26, 25));

	regs->elr += esr_il(esr) ? 4 : 2;
	if (spsr & PSR32_T) {
		/* ITAdvance(), Arm ARM J1.2.4. */
		it = (it & 7) == 0 ? 0 : (it & 0xe0) | (it << 1 & 0x1f);
		spsr &= ~PSR32_IT;
		spsr |= (uint64_t)(it >> 2) << 10 | (uint64_t)(it & 3) << 25;
	}
	regs->spsr = spsr & ~PSR_SS;
}
