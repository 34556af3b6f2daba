/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for an interrupt: WFI, and PSCI's CPU_SUSPEND. */
#ifndef VCPU_WFX_H
#define VCPU_WFX_H

struct vcpu;

/* Block the calling VCPU until an interrupt pends for it, or earlier. */
void wfx_wait(struct vcpu *v);

#endif
