/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: the CPU this code runs on, its interrupt mask, and its peers. */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <arch_impl/cpu.h>
#include <libs/types.h>

/*
 * Supplied as inlines by <arch_impl/cpu.h>:
 *
 *   struct percpu *arch_percpu(void);       this CPU's data block
 *   unsigned long arch_irq_save(void);      mask interrupts, return old mask
 *   void arch_irq_restore(unsigned long);   undo arch_irq_save()
 *   void arch_irq_enable(void);
 *   void arch_irq_disable(void);
 *   bool arch_irq_disabled(void);
 *   void arch_cpu_relax(void);              hint inside a spin loop
 *   void arch_wait_event(void);             sleep until arch_send_event()
 *   void arch_send_event(void);
 *   void arch_wait_change(const uint16_t *p, uint16_t old);
 *                                           sleep until *p may differ from
 *                                           old; any store to *p wakes
 *   void arch_idle(void);                   sleep until an interrupt pends;
 *                                           called with interrupts masked
 *   bool arch_index_below(uint64_t *i, uint64_t n);
 *                                           *i < n; if not, *i becomes 0 also
 *                                           for what the CPU executes ahead of
 *                                           the answer: for indices and offsets
 *                                           that a guest chooses
 *   void arch_mb(void), arch_rmb(void), arch_wmb(void);  inner shareable
 */

/* Start CPU number `cpu` (index into the host tree's list); it calls
 * cpu_secondary_main(). -ERR_IO when firmware refuses. Thread context. */
int __must_check arch_cpu_start(unsigned int cpu);

/* Stop this CPU for ever with interrupts masked (after panic, shutdown). */
void arch_cpu_halt(void) __noreturn;

/* Ask firmware to power off or reset the machine. Returns only on failure. */
void arch_system_off(void);
void arch_system_reset(void);

/* A true random number from the CPU; false if it has none, or none now. Any
 * context. */
bool arch_random64(uint64_t *out);

/* Fill buf with one line on this CPU's model and features. */
void arch_cpu_describe(unsigned int cpu, char *buf, size_t size);

/* For a panic() of the caller at `pc`: this CPU's registers, by
 * panic_printf(). */
void arch_panic_registers(uintptr_t pc);

/* Print a backtrace from the caller's frame (or `fp`) through `put`. */
void arch_backtrace(uintptr_t fp, void (*emit)(uintptr_t pc));

#endif
