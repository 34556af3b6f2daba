/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by abort.c and abort_slow.c. */
#ifndef VCPU_ABORT_H
#define VCPU_ABORT_H

#include <libs/types.h>

struct emu_region;
struct guest_regs;
struct s1_access;
struct vcpu;

/* A region without addresses: v->arch.region before the first access. */
extern const struct emu_region abort_no_region;

/* Data accesses are big endian just now. */
bool abort_big_endian(const struct guest_regs *regs);

/* A data abort that is not a simple access to a device. */
void abort_slow(struct vcpu *v, struct guest_regs *regs, uint64_t esr,
		uint64_t far, ipa_t ipa);

/* Would the access at `ipa` that caused the abort succeed by now? */
bool abort_is_stale(struct vcpu *v, uint64_t esr, ipa_t ipa);

/*
 * Translate `va` for an access of the guest that hardware has not translated,
 * or not recently. False: the guest was given the fault that its tables cause
 * for this access.
 */
bool abort_translate(struct vcpu *v, uint64_t va, const struct s1_access *a,
		     ipa_t *out);

/* Does an access that begins at `ipa` end in another page of the smallest
 * granule? Such pages may be mapped anywhere. */
static inline bool abort_crosses(ipa_t ipa, unsigned int bytes)
{
	return (ipa.v & PAGE_MASK) + bytes > PAGE_SIZE;
}

/* External abort on a stage 1 table walk for `far`. */
void abort_table_walk(struct vcpu *v, bool insn, uint64_t esr, uint64_t far);

/* Log a rate-limited line: the guest gets an abort. */
void abort_note(struct vcpu *v, const char *what, uint64_t esr, uint64_t far,
		ipa_t ipa);

#endif
