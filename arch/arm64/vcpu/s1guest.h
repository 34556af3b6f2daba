/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VCPU's virtual addresses, by its own tables. */
#ifndef VCPU_S1GUEST_H
#define VCPU_S1GUEST_H

#include "s1walk.h"

struct vcpu;

/* Tables of the running VCPU (registers), or of one that is not (memory). */
void s1_regs_live(struct s1_regs *out);
void s1_regs_saved(const struct vcpu *v, struct s1_regs *out);

/* Translate `va` for an access; NULL: for any access. */
void s1_guest_walk(struct vcpu *v, const struct s1_regs *regs, uint64_t va,
		   const struct s1_access *access, struct s1_result *out);

/* n bytes of guest memory at a virtual address, not across a page. False
 * where there is no RAM. */
bool s1_guest_read(struct vcpu *v, const struct s1_regs *regs, uint64_t va,
		   void *buf, size_t n);

#endif
