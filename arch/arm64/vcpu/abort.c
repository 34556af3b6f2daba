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
#include <libs/error.h>

#include "abort.h"
#include "s1guest.h"

const struct emu_region abort_no_region;

/* The syndrome describes the access, at a place in HPFAR_EL2: ESR_ISV, and of
 * these bits that one. */
#define SIMPLE_MASK (ESR_FNV | ESR_CM | ESR_S1PTW | 0x3c)
#define SIMPLE FSC_KIND_TRANSLATION

static uint64_t extend(uint64_t esr, uint64_t val)
{
	if (unlikely(esr & ESR_SSE)) {
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

/* Any access that the syndrome describes. */
static __noinline bool emulate(struct vcpu *v, struct guest_regs *regs,
			       uint64_t esr, ipa_t ipa)
{
	const struct emu_region *r = emu_find(&v->guest->emu_map, ipa);
	unsigned int size = esr_access_size(esr);
	bool write = (esr & ESR_WNR) != 0;
	bool swap = abort_big_endian(regs);
	uint64_t val = 0;
	int err;

	if (!r) {
		return false;
	}
	v->arch.region = r;
	if (write) {
		val = trap_reg(regs, esr_srt(esr));
		val = swap ? swapped(val, size) : val;
	}
	err = emu_access_region(r, ipa, size, write, &val);
	if (err) {
		return err == -ERR_BUSY;	/* executed again */
	}
	if (!write) {
		val = swap ? swapped(val, size) : val;
		trap_set_reg(regs, esr_srt(esr), extend(esr, val));
	}
	trap_skip(regs, esr);
	return true;
}

static ipa_t fault_ipa(uint64_t far)
{
	return IPA(esr_fault_ipa(read_sysreg(hpfar_el2), far));
}

/*
 * An access that memory which a device shows (struct guest_rom) does not
 * allow. HPFAR_EL2 does not say where: the guest's tables do. If they do not
 * either, false.
 */
static bool rom_ipa(struct vcpu *v, uint64_t far, ipa_t *out)
{
	struct s1_regs regs;
	struct s1_result r;

	s1_regs_live(&regs);
	s1_guest_walk(v, &regs, far, &r);
	*out = IPA(r.ipa);
	return r.status == S1_OK;
}

/* `tried`: the device has refused it as the syndrome describes it. */
static __noinline void other_abort(struct vcpu *v, struct guest_regs *regs,
				   uint64_t esr, bool tried)
{
	uint64_t far = read_sysreg(far_el2);
	ipa_t ipa = fault_ipa(far);

	if (esr_denied(esr) && rom_ipa(v, far, &ipa)) {
		if (esr & ESR_CM) {
			trap_skip(regs, esr);	/* never dirty */
			return;
		}
		/* From here on as if nothing were there. */
		esr ^= FSC_KIND_PERMISSION ^ FSC_KIND_TRANSLATION;
	}
	if (tried || !(esr & ESR_ISV) || (esr & SIMPLE_MASK) != SIMPLE ||
	    !emulate(v, regs, esr, ipa)) {
		abort_slow(v, regs, esr, far, ipa);
	}
}

/* Little-endian A64 code, whether at EL1 or EL0. */
static bool plain_state(const struct guest_regs *regs)
{
	return !(regs->spsr & PSR_AA32) &&
	       !(read_sysreg(sctlr_el1) & (SCTLR_EE | SCTLR_E0E));
}

/* A word without sign, as nearly all registers are? */
static bool is_word(uint64_t esr)
{
	return (esr & (ESR_SAS | ESR_SSE)) == ESR_SAS_WORD;
}

static uint64_t truncated(uint64_t esr, uint64_t val)
{
	return is_word(esr) ? (uint32_t)val :
	       val & (~UINT64_C(0) >> (64 - 8 * esr_access_size(esr)));
}

static uint64_t loaded(uint64_t esr, uint64_t val)
{
	return is_word(esr) ? (uint32_t)val : extend(esr, truncated(esr, val));
}

/*
 * The way nearly all aborts go: an aligned access of a size the device
 * takes, to the device that was accessed last. docs/design/hot-paths.md.
 * FAR_EL2 and HPFAR_EL2 stay as they are, for access() takes no exception but
 * interrupts' and does not sleep: what can be read again is not kept.
 */
void trap_data_abort(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	const struct emu_region *r = v->arch.region;
	uint64_t off = fault_ipa(read_sysreg(far_el2)).v - r->base.v;
	struct emu_access a;
	int err;

	if (unlikely(!(esr & ESR_ISV) || !arch_index_below(&off, r->size) ||
		     (esr & SIMPLE_MASK) != SIMPLE ||
		     !emu_region_plain(r, off, FIELD(esr, 23, 22)) ||
		     !plain_state(regs))) {
		other_abort(v, regs, esr, false);
		return;
	}
	a.off = off;
	a.value = 0;
	a.size = (uint8_t)esr_access_size(esr);
	a.region = r->index;
	a.write = (esr & ESR_WNR) != 0;
	if (a.write) {
		a.value = truncated(esr, trap_reg(regs, esr_srt(esr)));
	}
	err = r->access(r->dev, &a);
	if (unlikely(err)) {
		if (err != -ERR_BUSY) {		/* executed again */
			other_abort(regs->vcpu, regs, esr, true);
		}
		return;
	}
	if (!(esr & ESR_WNR)) {
		trap_set_reg(regs, esr_srt(esr), loaded(esr, a.value));
	}
	trap_skip_a64(regs);
}

void trap_insn_abort(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	uint64_t far = read_sysreg(far_el2);
	ipa_t ipa = fault_ipa(far);

	(void)regs;
	if (abort_is_stale(v, esr, ipa)) {
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
