/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host: memory for the page allocator before main(), for tests in which core
 * does not boot. One in which it does defines host_memory_given itself: then
 * this object is not linked, and memory is what the host tree says.
 */
#include <arch/mmu.h>
#include <arch_impl/host_ram.h>
#include <core/page.h>

const int host_memory_given = 1;

__attribute__((constructor)) static void host_memory_init(void)
{
	if (page_add_ram(PADDR(HOST_RAM_BASE), HOST_RAM_SIZE) ||
	    page_init_done()) {
		host_die("page_init_done");
	}
}
