/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: host timer set-up, shared between timer/ and boot/. */
#ifndef ARCH_IMPL_TIMER_HOST_H
#define ARCH_IMPL_TIMER_HOST_H

#include <arch_impl/vtimer.h>
#include <libs/types.h>

extern unsigned int timer_host_irq[VTIMER_KINDS]; /* [I] INTIDs: CNTV, CNTP */

/* Boot, in this order; what is wrong is logged. The counter's frequency:
 * -ERR_FORMAT: neither CPU nor tree tells it. */
int __must_check timer_host_early(void);
/* The timers' interrupts. -ERR_NOENT: the host tree has no timer node;
 * -ERR_FORMAT: it lacks one of the interrupts. */
int __must_check timer_host_init(void);

/* vtimer.c: CNTV, CNTP fired on this CPU. */
void vtimer_host_virt_irq(unsigned int irq, void *arg);
void vtimer_host_phys_irq(unsigned int irq, void *arg);
/* Does CNTV or CNTP signal now? */
bool vtimer_fires(void);

/* remind.c: make a GIC that may have missed a timer check it, now; and from now
 * on periodically, while guests run on this CPU. Interrupts masked. */
void timer_remind(void);
void timer_remind_begin(void);

#endif
