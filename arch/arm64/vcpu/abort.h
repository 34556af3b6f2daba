/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between abort.c and abort_slow.c. */
#ifndef VCPU_ABORT_H
#define VCPU_ABORT_H

#include <libs/types.h>

struct emu_region;
struct guest_regs;
struct vcpu;

/* Holds nothing: v->arch.region before the first access. */
extern const struct emu_region abort_no_region;

/* Data accesses are big endian just now. */
bool abort_big_endian(const struct guest_regs *regs);

/* A data abort that is no plain access to a device. */
void abort_slow(struct vcpu *v, struct guest_regs *regs, uint64_t esr,
		uint64_t far, ipa_t ipa);

/* Is what the abort, at `ipa`, missed there by now? */
bool abort_is_stale(struct vcpu *v, uint64_t esr, ipa_t ipa);

/* External abort on a stage 1 table walk for `far`. */
void abort_table_walk(struct vcpu *v, bool insn, uint64_t esr, uint64_t far);

/* A rate-limited line: the guest is given an abort. */
void abort_note(struct vcpu *v, const char *what, uint64_t esr, uint64_t far,
		ipa_t ipa);

#endif
