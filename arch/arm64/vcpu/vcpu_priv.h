/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of vcpu/. */
#ifndef VCPU_PRIV_H
#define VCPU_PRIV_H

#include <libs/types.h>

struct vcpu;

/* reset.c: reset only the core, not timers and interrupts, in memory. The VCPU
 * is off, or is current and restores its context afterwards. */
void vcpu_reset_core(struct vcpu *v, uint64_t entry, uint64_t arg);

#endif
