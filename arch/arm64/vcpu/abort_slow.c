/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The less frequent data aborts: accesses whose instruction has to be decoded,
 * cache maintenance, stage 1 walks that reach no memory, and accesses to
 * addresses where nothing is. The answer to the last is a synchronous external
 * abort, as from a bus without a device.
 */
#include <arch/stage2.h>
#include <arch_impl/cpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/trap.h>
#include <core/emulator.h>
#include <core/guest.h>
#include <core/log.h>
#include <core/vcpu.h>
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
			  "0x%llx, PC 0x%llx)",
			  v->name, what, (unsigned long long)ipa.v,
			  (unsigned long long)far, (unsigned long long)esr,
			  (unsigned long long)v->arch.regs->elr);
	}
}

/* Another CPU has just changed stage 2: the guest tries again. Permissions are
 * never removed temporarily. */
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
	s1_guest_walk(v, &regs, far, NULL, &r);
	inject_abort(v, insn,
		     (FSC_SEA_WALK + (r.level & 3)) |
			     (insn ? 0 : esr & ESR_WNR),
		     far);
}

bool abort_translate(struct vcpu *v, uint64_t va, const struct s1_access *a,
		     ipa_t *out)
{
	struct s1_regs regs;
	struct s1_result r;

	s1_regs_live(&regs);
	s1_guest_walk(v, &regs, va, a, &r);
	if (r.status != S1_OK) {
		inject_abort(v, a->exec, r.fsc | (a->write ? ESR_WNR : 0), va);
		return false;
	}
	*out = IPA(r.ipa);
	return true;
}

/* --- decoded instructions ----------------------------------------------- */

/* At most LDP of two Q registers, done in pieces that a device accepts. */
#define MAX_BYTES 32

struct transfer {
	struct decoded d;
	uint64_t address; /* virtual, of the first byte */
	ipa_t ipa, next;  /* of the first byte, and of the next page */
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
	return (regs->spsr & PSR_MODE) == PSR_EL1H ? read_sysreg(sp_el1)
						   : read_sysreg(sp_el0);
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

/* Copy between a register's value and its bytes in memory. */
static void copy(void *to, const void *from, unsigned int size, bool reverse)
{
	const uint8_t *in = from;
	uint8_t *out = to;

	for (unsigned int i = 0; i < size; i++) {
		out[i] = in[reverse ? size - 1 - i : i];
	}
}

/* Collect the bytes that a store writes. */
static void gather(struct vcpu *v, struct transfer *t, bool big)
{
	const struct decoded *d = &t->d;

	for (unsigned int i = 0; i < d->count; i++) {
		uint8_t *to = t->bytes + i * d->size;
		uint64_t val = trap_reg(v->arch.regs, d->reg[i]);
		const void *from =
			d->fp ? (void *)&fp_image_get(v)->q[d->reg[i]]
			      : (void *)&val;

		copy(to, from, d->size, big);
	}
}

/* Put the bytes that a load has read into registers. */
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

/* The size of one access to the device. */
static unsigned int piece_size(const struct transfer *t)
{
	return MIN(t->d.size, 8);
}

static bool is_el0(const struct guest_regs *regs)
{
	return (regs->spsr & PSR_EL) == 0;
}

static unsigned int total_size(const struct transfer *t)
{
	return t->d.size * t->d.count;
}

/* Bytes before the end of the first page. */
static unsigned int first_page(const struct transfer *t)
{
	return (unsigned int)(PAGE_SIZE - (t->ipa.v & PAGE_MASK));
}

/*
 * The stage 2 fault was for the page of the first byte. If the access ends in
 * another page, stage 1 has not been checked for that yet; do it with this
 * access's own rights (Arm ARM D8.4). False: the guest was given its fault.
 */
static bool find_next_page(struct vcpu *v, struct transfer *t)
{
	const struct guest_regs *regs = v->arch.regs;
	const struct s1_access a = {
		.user = is_el0(regs) || (t->d.user && !(regs->spsr & PSR_UAO)),
		.write = t->d.write,
		.pan = (regs->spsr & PSR_PAN) != 0,
	};

	return !abort_crosses(t->ipa, total_size(t)) ||
	       abort_translate(v, t->address + first_page(t), &a, &t->next);
}

static ipa_t byte_ipa(const struct transfer *t, unsigned int off)
{
	unsigned int first = first_page(t);

	return off < first ? IPA(t->ipa.v + off) : IPA(t->next.v + off - first);
}

/* One access to a device, from or to t->bytes + off; `split`: of several that
 * are one for the guest. */
static int access(struct vcpu *v, struct transfer *t, unsigned int off,
		  unsigned int size, bool split)
{
	ipa_t at = byte_ipa(t, off);
	const struct emu_region *r = emu_find(&v->guest->emu_map, at);
	uint64_t val = 0;
	int err;

	if (!r || (split && !r->dev->emu->unaligned)) {
		return -ERR_FAULT;
	}
	memcpy(&val, t->bytes + off, t->d.write ? size : 0);
	err = emu_access_region(r, at, size, t->d.write, &val);
	if (!err) {
		memcpy(t->bytes + off, &val, size);
	}
	return err;
}

/* A piece across two pages is accessed byte by byte: unaligned accesses have no
 * more atomicity than that (Arm ARM B2.2.1). */
static int access_piece(struct vcpu *v, struct transfer *t, unsigned int off)
{
	unsigned int size = piece_size(t);
	int err = 0;

	if (!abort_crosses(byte_ipa(t, off), size)) {
		return access(v, t, off, size, false);
	}
	for (unsigned int i = 0; i < size && !err; i++) {
		err = access(v, t, off + i, 1, true);
	}
	return err;
}

/* Access the device, low address first. If an access fails, the guest's state
 * is unchanged; after -ERR_BUSY all accesses are made again. */
static int perform(struct vcpu *v, struct transfer *t)
{
	int err = 0;

	for (unsigned int off = 0; off < total_size(t) && !err;
	     off += piece_size(t)) {
		err = access_piece(v, t, off);
	}
	return err;
}

/* Decode the guest's instruction and its address. */
static bool fetch(struct vcpu *v, ipa_t from, struct transfer *t)
{
	const struct guest_regs *regs = v->arch.regs;
	uint64_t index = 0;
	uint64_t base;
	uint32_t insn;

	if (guest_read(v->guest, from, &insn, sizeof(insn)) != 0) {
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
 * there before a sibling wrote this one. Addresses may carry tags.
 */
static bool matches(const struct transfer *t, uint64_t esr, uint64_t far)
{
	return ((t->address ^ far) & GENMASK(55, 0)) == 0 &&
	       t->d.write == ((esr & ESR_WNR) != 0);
}

static bool emulate(struct vcpu *v, struct guest_regs *regs, uint64_t esr,
		    uint64_t far, ipa_t ipa)
{
	const struct s1_access insn = { .user = is_el0(regs), .exec = true };
	struct transfer t = { .ipa = ipa };
	bool big = abort_big_endian(regs);
	ipa_t pc;
	int err;

	if ((regs->spsr & PSR_AA32) || !IS_ALIGNED(regs->elr, 4U)) {
		return false;
	}
	if (!abort_translate(v, regs->elr, &insn, &pc)) {
		return true;
	}
	if (!fetch(v, pc, &t) || !matches(&t, esr, far)) {
		return false;
	}
	if (!find_next_page(v, &t)) {
		return true;
	}
	if (t.d.write) {
		gather(v, &t, big);
	}
	err = perform(v, &t);
	if (err) {
		return err == -ERR_BUSY; /* executed again */
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

/* Is the syndrome not enough: no valid description, or an access across two
 * pages? */
static bool needs_decoding(uint64_t esr, ipa_t ipa)
{
	return !(esr & ESR_ISV) || abort_crosses(ipa, esr_access_size(esr));
}

static bool is_missing(uint64_t esr)
{
	unsigned int kind = esr_fsc_kind(esr);

	return kind == FSC_KIND_TRANSLATION || kind == FSC_KIND_ACCESS_FLAG;
}

/* Handle an abort that is not for a device. */
static void fault(struct vcpu *v, struct guest_regs *regs, uint64_t esr,
		  uint64_t far, ipa_t ipa)
{
	v->arch.data_faults++;
	if (esr & ESR_S1PTW) {
		abort_note(v, "table walk", esr, far, ipa);
		abort_table_walk(v, false, esr, far);
		return;
	}
	if (esr & ESR_CM) {
		/* Cache maintenance by address, where there are no cache lines:
		 * nothing to do. */
		trap_skip(regs, esr);
		return;
	}
	data_abort(v, esr, far, ipa);
}

void abort_slow(struct vcpu *v, struct guest_regs *regs, uint64_t esr,
		uint64_t far, ipa_t ipa)
{
	if (abort_is_stale(v, esr, ipa)) {
		v->arch.data_faults++;
		return;
	}
	if (!(esr & (ESR_S1PTW | ESR_CM)) && is_missing(esr) &&
	    needs_decoding(esr, ipa) && emulate(v, regs, esr, far, ipa)) {
		return;
	}
	fault(v, regs, esr, far, ipa);
}
