/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cache maintenance by set and way, replaced by maintenance by address. */
#ifndef VCPU_FLUSH_H
#define VCPU_FLUSH_H

#include <libs/types.h>

struct vcpu;

/* DC ISW, CSW, CISW: true when done, false to have it executed again. */
bool flush_set_way(struct vcpu *v);
/* A write to SCTLR_EL1 that was trapped because of the above; likewise. */
bool flush_write_sctlr(struct vcpu *v, uint64_t val);

#endif
