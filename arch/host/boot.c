/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host: what core/boot/main.c needs. Physical memory is mapped from the start,
 * and no page tables are made.
 */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <arch_impl/host.h>
#include <core/boot.h>
#include <libs/error.h>

#include "host_priv.h"

/* Registers of a console are the test's memory: "physical" is its address. */
volatile void *arch_boot_map_console(paddr_t pa)
{
	return (volatile void *)(uintptr_t)pa.v;
}

uint64_t arch_boot_ram_limit(void)
{
	return HOST_PHYS_SIZE;
}

int arch_boot_map_arena(paddr_t base, uint64_t size)
{
	return base.v + size <= HOST_PHYS_SIZE ? 0 : -ERR_NOMEM;
}

/* A program cannot move. */
int arch_boot_move_image(paddr_t base, uint64_t size, colour_mask_t colours)
{
	(void)base;
	(void)size;
	(void)colours;
	return -ERR_NOMEM;
}

int arch_boot_map_ram(paddr_t base, uint64_t size)
{
	return base.v + size <= HOST_PHYS_SIZE ? 0 : -ERR_NOMEM;
}

void arch_boot_map_done(void)
{
}

int arch_boot_early(void)
{
	return 0;
}

int arch_boot_late(void)
{
	return 0;
}

int arch_cpu_start(unsigned int cpu)
{
	host_cpu_start(cpu, cpu_secondary_main);
	return 0;
}

static paddr_t tree;

static void boot_cpu_main(void)
{
	core_main(tree);
}

void host_boot_core(const void *fdt)
{
	tree = PADDR((uintptr_t)fdt);
	host_cpu_start(0, boot_cpu_main);
	(void)host_run(0);
}
