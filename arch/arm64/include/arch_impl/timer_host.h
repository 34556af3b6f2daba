/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: host timer set-up, shared between timer/ and boot/. */
#ifndef ARCH_IMPL_TIMER_HOST_H
#define ARCH_IMPL_TIMER_HOST_H

#include <libs/types.h>

extern unsigned int timer_host_virt_irq;	/* [I] INTID of CNTV */

int __must_check timer_host_early(void);	/* frequency */
int __must_check timer_host_init(void);		/* interrupts */

/* vtimer.c: CNTV fired on this CPU. */
void vtimer_host_irq(unsigned int irq, void *arg);

#endif
