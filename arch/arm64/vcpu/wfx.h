/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for an interrupt: WFI, and PSCI's CPU_SUSPEND. */
#ifndef VCPU_WFX_H
#define VCPU_WFX_H

struct vcpu;

/* Block the calling VCPU until an interrupt is pending for it, or less long. */
void wfx_wait(struct vcpu *v);

#endif
