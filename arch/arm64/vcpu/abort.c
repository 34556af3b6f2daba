/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stage 2 aborts. Nearly all are accesses to emulated devices whose syndrome
 * says what to do: that path is trap_data_abort() itself. The rest is in
 * abort_slow.c.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/trap.h>
#include <core/emulator.h>
#include <core/guest.h>
#include <core/vcpu.h>
#include <libs/error.h>

#include "abort.h"
#include "s1walk.h"

const struct emu_region abort_no_region;

/* Is the address of the access in HPFAR_EL2? */
static bool has_place(uint64_t esr)
{
	return (esr & (ESR_FNV | ESR_CM | ESR_S1PTW | 0x3c)) ==
	       FSC_KIND_TRANSLATION;
}

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

/*
 * Find a region other than that of the last access: guests use two in turn, or
 * poll one and seldom access others. Returns one without addresses if there is
 * none.
 */
static __noinline const struct emu_region *find_region(struct vcpu *v,
						       ipa_t ipa)
{
	const struct emu_region *r = v->arch.region_before;

	if (!emu_region_holds(r, ipa)) {
		r = emu_find(&v->guest->emu_map, ipa);
		if (!r) {
			return &abort_no_region;
		}
	}
	v->arch.region_before = v->arch.region;
	v->arch.region = r;
	return r;
}

/* Any access that the syndrome describes. */
static __noinline bool emulate(struct vcpu *v, struct guest_regs *regs,
			       uint64_t esr, ipa_t ipa)
{
	const struct emu_region *r = v->arch.region;
	unsigned int size = esr_access_size(esr);
	bool write = (esr & ESR_WNR) != 0;
	bool swap = abort_big_endian(regs);
	uint64_t val = 0;
	int err;

	if (!emu_region_holds(r, ipa)) {
		r = find_region(v, ipa);
	}
	if (!emu_region_holds(r, ipa) || abort_crosses(ipa, size)) {
		return false;
	}
	if (write) {
		val = trap_reg(regs, esr_srt(esr));
		val = swap ? swapped(val, size) : val;
	}
	err = emu_access_region(r, ipa, size, write, &val);
	if (err) {
		return err == -ERR_BUSY; /* executed again */
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
 * An access that is not allowed to memory which a device shows (struct
 * guest_rom). HPFAR_EL2 does not have the address; the guest's tables do,
 * unless another of its VCPUs has changed them meanwhile. From EL1, an access
 * that may be an LDTR or a load is checked with the rights of both, which
 * differ if EL0 has access.
 */
static bool rom_ipa(struct vcpu *v, const struct guest_regs *regs, uint64_t esr,
		    uint64_t far, ipa_t *out)
{
	const struct s1_access a = {
		.user = (regs->spsr & PSR_EL) == 0,
		.write = (esr & ESR_WNR) != 0,
	};

	return abort_translate(v, far, &a, out);
}

/* `tried`: the device has refused it as the syndrome describes it. */
static __noinline void other_abort(struct vcpu *v, struct guest_regs *regs,
				   uint64_t esr, bool tried)
{
	uint64_t far = read_sysreg(far_el2);
	ipa_t ipa = fault_ipa(far);

	if (esr_denied(esr)) {
		if (esr & ESR_CM) {
			trap_skip(regs, esr); /* never dirty */
			return;
		}
		if (!rom_ipa(v, regs, esr, far, &ipa)) {
			return;
		}
		/* From here on as if nothing were mapped there. */
		esr ^= FSC_KIND_PERMISSION ^ FSC_KIND_TRANSLATION;
	}
	if (tried || !(esr & ESR_ISV) || !has_place(esr) ||
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

/* The part of a register that an access of this size uses. No branches on the
 * size, which guests vary. */
static uint64_t truncated(uint64_t esr, uint64_t val)
{
	/* 64 less the bits of it, which are 8 to 64. */
	unsigned int unused = -(8U << FIELD(esr, 23, 22)) & 63;

	return val << unused >> unused;
}

/* The new value of a register. Without sign extension its width does not
 * matter. */
static uint64_t loaded(uint64_t esr, uint64_t val)
{
	val = truncated(esr, val);
	return likely(!(esr & ESR_SSE)) ? val : extend(esr, val);
}

/*
 * The path of nearly all aborts: an access that begins at a register, of a size
 * that the device accepts, mostly to the device that was accessed last.
 * docs/design/hot-paths.md. access() takes no exception except interrupts and
 * does not sleep, so FAR_EL2 and HPFAR_EL2 keep their values and need not be
 * saved.
 */
void trap_data_abort(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	const struct emu_region *r = v->arch.region;
	ipa_t ipa = fault_ipa(read_sysreg(far_el2));
	uint64_t off = ipa.v - r->base.v;
	uint64_t log2 = FIELD(esr, 23, 22);
	struct emu_access a;
	int err;

	if (unlikely(!(esr & ESR_ISV) || !plain_state(regs) ||
		     !has_place(esr))) {
		other_abort(regs->vcpu, regs, esr, false);
		return;
	}
	if (unlikely(!arch_index_below(&off, r->size))) {
		r = find_region(regs->vcpu, ipa);
		off = ipa.v - r->base.v;
		if (!arch_index_below(&off, r->size)) {
			other_abort(regs->vcpu, regs, esr, false);
			return;
		}
	}
	if (unlikely(!emu_region_plain(r, off, log2))) {
		other_abort(regs->vcpu, regs, esr, false);
		return;
	}
	a.off = off;
	a.value = 0;
	a.size = r->plain_size[log2];
	a.region = r->index;
	a.write = (esr & ESR_WNR) != 0;
	if (a.write) {
		a.value = truncated(esr, trap_reg(regs, esr_srt(esr)));
	}
	err = r->access(r->dev, &a);
	if (unlikely(err)) {
		if (err != -ERR_BUSY) { /* executed again */
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
	unsigned int it =
		(unsigned int)(FIELD(spsr, 15, 10) << 2 | FIELD(spsr, 26, 25));

	regs->elr += esr_il(esr) ? 4 : 2;
	if (spsr & PSR32_T) {
		/* ITAdvance(), Arm ARM J1.2.4. */
		it = (it & 7) == 0 ? 0 : (it & 0xe0) | (it << 1 & 0x1f);
		spsr &= ~PSR32_IT;
		spsr |= (uint64_t)(it >> 2) << 10 | (uint64_t)(it & 3) << 25;
	}
	regs->spsr = spsr & ~PSR_SS;
}
