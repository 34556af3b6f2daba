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
 *   void arch_irq_window(void);             take interrupts that pend: unmask
 *                                           and mask again
 *   bool arch_irq_was_disabled(unsigned long);  of arch_irq_save()'s result
 *
 * With SCHED_LATENCY, all but arch_irq_window() tell core/latency.h where
 * interrupts are masked and unmasked, perhaps by way of latency_mask and
 * latency_unmask, routines of the architecture.
 *
 *   bool arch_irq_disabled(void);
 *   void arch_cpu_relax(void);              hint inside a spin loop
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
 *   void arch_mb(void), arch_rmb(void), arch_wmb(void);  for all CPUs
 *   void arch_dma_mb(void), arch_dma_rmb(void), arch_dma_wmb(void);
 *                                           the same for the host's devices:
 *                                           between memory shared with one
 *                                           and its registers
 */

/* Start CPU number `cpu` (index into the host tree's list); it calls
 * cpu_secondary_main(). -ERR_IO when firmware refuses. Thread context. */
int __must_check arch_cpu_start(unsigned int cpu);

/* Stop this CPU for ever with interrupts masked (after panic, shutdown). */
void arch_cpu_halt(void) __noreturn;

/* Tell trace_write() and core/latency.h of this CPU's exceptions from now on,
 * or no longer. Interrupts masked. */
void arch_watch_exceptions(bool on);

/* Ask firmware to power off or reset the machine. Returns only on failure. Any
 * context. */
void arch_system_off(void);
void arch_system_reset(void);

/* A true random number from the CPU; false if it has none, or none now. Any
 * context. */
bool arch_random64(uint64_t *out);
/* 192 true random bits from the host's firmware, which takes its time; false if
 * it has no generator. Once firmware can be called, in boot. */
bool arch_random_firmware(uint64_t out[3]);

/* Fill buf with one line on this CPU's model and features. Any context. */
void arch_cpu_describe(unsigned int cpu, char *buf, size_t size);

/* For a panic() of the caller at `pc`: this CPU's registers, by
 * panic_printf(). Any context. */
void arch_panic_registers(uintptr_t pc);

/* Call `emit` with each return address of the stack frames from `fp` on. Any
 * context. */
void arch_backtrace(uintptr_t fp, void (*emit)(uintptr_t pc));

#endif
