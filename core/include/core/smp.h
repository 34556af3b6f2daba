/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Communication between CPUs. cpu_call() is in core/percpu.h,
 * vcpu_notify() in core/sched.h; this header is for the architecture and for
 * start-up.
 */
#ifndef CORE_SMP_H
#define CORE_SMP_H

#include <arch/ipi.h>
#include <core/percpu.h>
#include <libs/types.h>

/* An interrupt sent by arch_ipi_send() arrived: interrupt context. */
void smp_ipi(enum ipi kind);

/* Make every other online CPU halt; returns without waiting. Any context. */
void smp_stop_others(void);

/*
 * The block of the boot CPU, before there is a heap: static storage, zeroed.
 * The architecture points its CPU register at it first of all, so that locks
 * and this_cpu() work; percpu_boot_set() gives it its number once the host
 * tree is read. Boot context.
 */
struct percpu *percpu_boot(void);
void percpu_boot_set(unsigned int cpu, uint64_t hwid);

/*
 * Allocate the block of CPU `cpu`, CPU_PRESENT. -ERR_NOMEM, -ERR_EXIST,
 * -ERR_RANGE. Boot or thread context.
 */
int __must_check percpu_create(unsigned int cpu, uint64_t hwid);

/* This CPU is ready for work: calls and VCPUs may be sent to it. */
void percpu_set_online(void);

#endif
