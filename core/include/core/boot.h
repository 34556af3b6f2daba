/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start of the hypervisor: core/boot/main.c and its parts. */
#ifndef CORE_BOOT_H
#define CORE_BOOT_H

#include <libs/registry.h>
#include <libs/types.h>

/* The architecture's entry calls this on the boot CPU: interrupts masked,
 * MMU on, image and device tree mapped, percpu set. */
void core_main(paddr_t fdt) __noreturn;

/* The architecture calls this on each CPU that is started later. Interrupts
 * masked. */
void cpu_secondary_main(void) __noreturn;

/* Give the memory of the host tree to the page allocator. Errors of
 * page_add_ram() and page_init_done(). Boot context. */
int __must_check boot_memory_init(paddr_t fdt);
/* Is the whole range mapped RAM, with no `no-map` region in it? Any context
 * after boot_memory_init(). */
bool boot_memory_is_ram(paddr_t base, uint64_t size);

/* A boot argument. */
struct bootarg {
	const char *name;  /* with its '=' */
	const char *usage; /* the whole argument, for messages */
	/* What is behind the '=', valid during the call; false: not allowed.
	 * Start-up, before there are threads; memory can be allocated. */
	bool (*take)(const char *value);
};
#define BOOTARG(ident) REGISTRY_ADD(bootarg, struct bootarg, ident)
REGISTRY_DECLARE(bootarg);

#define BOOTARG_SIZE 64 /* of a word; a longer one is cut */

/* Act on the host tree's boot arguments; warns about unknown ones. Start-up. */
void bootargs_apply(void);

/* Stop all guests, then power off (or reset) the machine. Thread context. */
void host_shutdown(bool reset) __noreturn;

#endif
