/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: what core/main.c needs from the architecture, in this order. */
#ifndef ARCH_BOOT_H
#define ARCH_BOOT_H

#include <libs/types.h>

/* Registers of the early console; NULL when it cannot be mapped. */
volatile void *arch_boot_map_console(paddr_t pa);

/* First address beyond what the hypervisor can map one to one. */
uint64_t arch_boot_ram_limit(void);
/* A piece of RAM from which tables are taken; then all RAM; then tables come
 * from the page allocator. */
int __must_check arch_boot_map_arena(paddr_t base, uint64_t size);
int __must_check arch_boot_map_ram(paddr_t base, uint64_t size);
void arch_boot_map_done(void);

/* Before RAM is known: counter frequency, firmware, CPU features. Errors are
 * logged by the callee. */
int __must_check arch_boot_early(void);
/* Interrupt controller is up: timers, virtualization. */
int __must_check arch_boot_late(void);

#endif
