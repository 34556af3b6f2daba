/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: interrupts from CPU to CPU. */
#ifndef ARCH_IPI_H
#define ARCH_IPI_H

#include <libs/types.h>

enum ipi {
	IPI_RESCHED, /* leave the guest, look at need_resched */
	IPI_CALL,    /* run what cpu_call() queued */
	IPI_STOP,    /* halt for good: panic, shutdown */
	IPI_COUNT,
};

/*
 * Interrupt CPU `cpu` (index, online; may be the caller's own, which takes
 * it once interrupts are unmasked). What the caller wrote before is visible
 * to smp_ipi(kind) there. Any context. Sending again before it was taken
 * may deliver one interrupt for both.
 */
void arch_ipi_send(unsigned int cpu, enum ipi kind);

#endif
