/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data aborts that need thought: accesses whose instruction has to be
 * decoded, cache maintenance, stage 1 walks that end nowhere, and accesses to
 * nothing. The answer to the last is a synchronous external abort, as from a
 * bus without a device.
 */
#include <arch/stage2.h>
#include <arch_impl/cpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/log.h>
#include <core/vcpu.h>
#include <emu/emulator.h>
#include <libs/error.h>
#include <string.h>

#include "abort.h"
#include "decode.h"
#include "inject.h"
#include "s1guest.h"

void abort_note(struct vcpu *v, const char *what, uint64_t esr, uint64_t far,
		ipa_t ipa)
{
	static struct log_limit limit = LOG_LIMIT_INIT;

	if (log_get_console_level() >= LOG_DEBUG && log_allow(&limit)) {
		log_debug("%s: %s abort for IPA 0x%llx (VA 0x%llx, ESR "
			  "0x%llx, PC 0x%llx)", v->name, what,
			  (unsigned long long)ipa.v, (unsigned long long)far,
			  (unsigned long long)esr,
			  (unsigned long long)v->arch.regs->elr);
	}
}

/* Another CPU was changing stage 2, and has done so: the guest tries again. No
 * right is missing for a moment only. */
bool abort_is_stale(struct vcpu *v, uint64_t esr, ipa_t ipa)
{
	bool insn = esr_ec(esr) == EC_INSN_LOWER;
	bool write = !insn && (esr & ESR_WNR) != 0 &&
		     !(esr & (ESR_S1PTW | ESR_CM));

	return esr_hpfar_valid(esr) &&
	       esr_fsc_kind(esr) != FSC_KIND_PERMISSION &&
	       stage2_fault_is_stale(&v->guest->stage2, ipa, write,
				     insn && !(esr & ESR_S1PTW));
}

static void data_abort(struct vcpu *v, uint64_t esr, uint64_t far, ipa_t ipa)
{
	abort_note(v, "data", esr, far, ipa);
	inject_abort(v, false, FSC_SEA | (esr & ESR_WNR), far);
}

/* ESR_EL2 has stage 2's level; the guest's own is found by walking. */
void abort_table_walk(struct vcpu *v, bool insn, uint64_t esr, uint64_t far)
{
	struct s1_regs regs;
	struct s1_result r;

	s1_regs_live(&regs);
	s1_guest_walk(v, &regs, far, &r);
	inject_abort(v, insn, (FSC_SEA_WALK + (r.level & 3)) |
			      (insn ? 0 : esr & ESR_WNR), far);
}

/* --- decoded instructions ----------------------------------------------- */

/* At most LDP of two Q registers: in pieces a device understands. */
#define MAX_BYTES 32

struct transfer {
	struct decoded d;
	uint64_t address;	/* virtual, of the first byte */
	uint64_t new_base;
	uint8_t bytes[MAX_BYTES];
};

static uint64_t read_base(const struct guest_regs *regs, unsigned int n)
{
	if (n == DECODE_BASE_PC) {
		return regs->elr;
	}
	if (n != 31) {
		return regs->x[n];
	}
	return (regs->spsr & PSR_MODE) == PSR_EL1H ? read_sysreg(sp_el1) :
						      read_sysreg(sp_el0);
}

static void write_base(struct guest_regs *regs, unsigned int n, uint64_t val)
{
	if (n != 31) {
		regs->x[n] = val;
	} else if ((regs->spsr & PSR_MODE) == PSR_EL1H) {
		write_sysreg(val, sp_el1);
	} else {
		write_sysreg(val, sp_el0);
	}
}

/* Between a register's value and its bytes in memory. */
static void copy(void *to, const void *from, unsigned int size, bool reverse)
{
	const uint8_t *in = from;
	uint8_t *out = to;

	for (unsigned int i = 0; i < size; i++) {
		out[i] = in[reverse ? size - 1 - i : i];
	}
}

/* What a store writes. */
static void gather(struct vcpu *v, struct transfer *t, bool big)
{
	const struct decoded *d = &t->d;

	for (unsigned int i = 0; i < d->count; i++) {
		uint8_t *to = t->bytes + i * d->size;
		uint64_t val = trap_reg(v->arch.regs, d->reg[i]);
		const void *from = d->fp ?
				   (void *)&fp_image_get(v)->q[d->reg[i]] :
				   (void *)&val;

		copy(to, from, d->size, big);
	}
}

/* What a load has read. */
static void scatter(struct vcpu *v, const struct transfer *t, bool big)
{
	const struct decoded *d = &t->d;
	struct fp_state *fp = d->fp ? fp_image_get(v) : NULL;

	for (unsigned int i = 0; i < d->count; i++) {
		const uint8_t *from = t->bytes + i * d->size;
		uint64_t val = 0;

		if (fp) {
			fp->q[d->reg[i]] = 0;
			copy(&fp->q[d->reg[i]], from, d->size, big);
			continue;
		}
		copy(&val, from, d->size, big);
		trap_set_reg(v->arch.regs, d->reg[i], decode_extend(d, val));
	}
	if (fp) {
		fp_image_put(v);
	}
}

/* What a device is asked for at once. */
static unsigned int piece_size(const struct transfer *t)
{
	return MIN(t->d.size, 8);
}

/* Where the byte `off` of the access is; its first is at `ipa`. A pair may run
 * into the next page, which leads elsewhere. */
static ipa_t piece_ipa(struct vcpu *v, const struct transfer *t, ipa_t ipa,
		       unsigned int off)
{
	struct s1_regs regs;
	struct s1_result r;

	if ((ipa.v & PAGE_MASK) + off <= PAGE_MASK) {
		return IPA(ipa.v + off);
	}
	s1_regs_live(&regs);
	s1_guest_walk(v, &regs, t->address + off, &r);
	return IPA(r.status == S1_OK ? r.ipa : UINT64_MAX);
}

/* Perform the accesses on the device, low address first. Nothing of the
 * guest has changed if one fails; after -ERR_BUSY all are made again. */
static int perform(struct vcpu *v, struct transfer *t, ipa_t ipa)
{
	unsigned int total = t->d.size * t->d.count;
	unsigned int piece = piece_size(t);

	for (unsigned int off = 0; off < total; off += piece) {
		ipa_t at = piece_ipa(v, t, ipa, off);
		const struct emu_region *r;
		uint64_t val = 0;
		int err;

		r = emu_find(&v->guest->emu_map, at);
		memcpy(&val, t->bytes + off, t->d.write ? piece : 0);
		err = r ? emu_access_region(r, at, piece, t->d.write, &val) :
			  -ERR_FAULT;
		if (err) {
			return err;
		}
		memcpy(t->bytes + off, &val, piece);
	}
	return 0;
}

/* Fetch and decode what the guest was about to do. */
static bool fetch(struct vcpu *v, struct transfer *t)
{
	const struct guest_regs *regs = v->arch.regs;
	struct s1_regs s1;
	uint64_t index = 0;
	uint64_t base;
	uint32_t insn;

	s1_regs_live(&s1);
	if ((regs->spsr & PSR_AA32) || !IS_ALIGNED(regs->elr, 4u) ||
	    !s1_guest_read(v, &s1, regs->elr, &insn, sizeof(insn))) {
		return false;
	}
	decode(insn, &t->d);
	if (t->d.kind != DECODE_ACCESS) {
		return false;
	}
	base = read_base(regs, t->d.base);
	if (t->d.index != DECODE_NO_INDEX) {
		index = trap_reg(regs, t->d.index);
	}
	t->address = decode_address(&t->d, base, index);
	t->new_base = decode_new_base(&t->d, base);
	return true;
}

/*
 * The abort must be for the first byte the instruction accesses: not for a
 * later one (the first lay in RAM), nor for another instruction that was
 * there before a sibling wrote this one. Addresses may carry tags. Nor may
 * what a device is asked for at once lie in two pages.
 */
static bool matches(const struct transfer *t, uint64_t esr, uint64_t far)
{
	uint64_t last = (far & PAGE_MASK) + t->d.size * t->d.count - 1;

	return ((t->address ^ far) & GENMASK(55, 0)) == 0 &&
	       t->d.write == ((esr & ESR_WNR) != 0) &&
	       (last <= PAGE_MASK || far % piece_size(t) == 0);
}

static bool emulate(struct vcpu *v, struct guest_regs *regs, uint64_t esr,
		    uint64_t far, ipa_t ipa)
{
	struct transfer t = { 0 };
	bool big = abort_big_endian(regs);
	int err;

	if (!fetch(v, &t) || !matches(&t, esr, far)) {
		return false;
	}
	if (t.d.write) {
		gather(v, &t, big);
	}
	err = perform(v, &t, ipa);
	if (err) {
		return err == -ERR_BUSY;	/* executed again */
	}
	if (!t.d.write) {
		scatter(v, &t, big);
	}
	if (t.d.writeback) {
		write_base(regs, t.d.base, t.new_base);
	}
	trap_skip(regs, esr);
	return true;
}

static bool is_missing(uint64_t esr)
{
	unsigned int kind = esr_fsc_kind(esr);

	return kind == FSC_KIND_TRANSLATION || kind == FSC_KIND_ACCESS_FLAG;
}

void abort_slow(struct vcpu *v, struct guest_regs *regs, uint64_t esr,
		uint64_t far, ipa_t ipa)
{
	if (abort_is_stale(v, esr, ipa)) {
		return;
	}
	if (esr & ESR_S1PTW) {
		abort_note(v, "table walk", esr, far, ipa);
		abort_table_walk(v, false, esr, far);
		return;
	}
	if (esr & ESR_CM) {
		/* By address, for what has no cache lines: nothing to do. */
		trap_skip(regs, esr);
		return;
	}
	if (is_missing(esr) && !(esr & ESR_ISV) &&
	    emulate(v, regs, esr, far, ipa)) {
		return;
	}
	data_abort(v, esr, far, ipa);
}
