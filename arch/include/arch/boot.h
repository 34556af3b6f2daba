/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: what core/boot/main.c needs from the architecture, in this order.
 * Boot context: the boot CPU, no other running. */
#ifndef ARCH_BOOT_H
#define ARCH_BOOT_H

#include <libs/types.h>

/*
 * Map the page of the early console's registers; NULL if that is not possible.
 */
volatile void *arch_boot_map_console(paddr_t pa);

/* First address beyond what the hypervisor can map one to one. */
uint64_t arch_boot_ram_limit(void);
/* Three steps: a piece of RAM from which page tables are allocated; then all
 * RAM; and from then on tables come from the page allocator. -ERR_NOMEM: no
 * page is left for a table. */
int __must_check arch_boot_map_arena(paddr_t base, uint64_t size);
/*
 * In place of the first step, with CONFIG_COLOURS: the image, and the tables
 * there are, move to those pages of [base, base + size) that have one of these
 * colours; then page tables are allocated from the others. The range is aligned
 * to 2 MiB. What the loader filled is free afterwards, except for its first
 * page. -ERR_NOMEM, and nothing has moved.
 */
int __must_check arch_boot_move_image(paddr_t base, uint64_t size,
				      colour_mask_t colours);
int __must_check arch_boot_map_ram(paddr_t base, uint64_t size);
void arch_boot_map_done(void);

/* Before RAM is known: counter frequency, firmware, CPU features. Errors are
 * logged by the callee. -ERR_FORMAT: the counter's frequency is not known. */
int __must_check arch_boot_early(void);
/* The interrupt controller works: set up timers and virtualization. Errors are
 * logged by the callee. -ERR_NOENT: the tree has no timer; -ERR_FORMAT: its
 * interrupts; and the errors of irq_request(). */
int __must_check arch_boot_late(void);

#endif
