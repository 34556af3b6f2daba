/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's self-hosted debug: breakpoints, watchpoints, stepping. */
#ifndef VCPU_DEBUG_H
#define VCPU_DEBUG_H

#include <libs/types.h>

struct vcpu;

void debug_reset(struct vcpu *v);

/* Bring the hardware in line with v->arch.debug. Interrupts masked; `v` is
 * current or about to be. */
void debug_load(struct vcpu *v);

/* Emulated registers, from the system-register trap. */
enum debug_bank { DEBUG_BVR, DEBUG_BCR, DEBUG_WVR, DEBUG_WCR };
/* False: there is no register `n`. */
bool debug_bank_access(struct vcpu *v, enum debug_bank bank, unsigned int n,
		       bool write, uint64_t *val);
void debug_write_mdscr(struct vcpu *v, uint64_t val);
void debug_write_oslar(struct vcpu *v, uint64_t val);

#endif
