/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start of the hypervisor: core/main.c and its parts. */
#ifndef CORE_BOOT_H
#define CORE_BOOT_H

#include <libs/types.h>

/* The architecture's entry calls this on the boot CPU: interrupts masked,
 * MMU on, image and device tree mapped, percpu set. */
void core_main(paddr_t fdt) __noreturn;

/* And this on each CPU started later. */
void cpu_secondary_main(void) __noreturn;

/* Memory of the host tree to the page allocator. */
int __must_check boot_memory_init(paddr_t fdt);

/* Act on the host tree's boot arguments; warns of what is not known. */
void bootargs_apply(void);

/* Stop all guests, then power off (or reset) the machine. Thread context. */
void host_shutdown(bool reset) __noreturn;

#endif
