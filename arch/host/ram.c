/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: the file that is physical memory, and where it is mapped. */
#define _GNU_SOURCE
#include <arch/mmu.h>
#include <arch_impl/host_ram.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PHYS_BASE 0x510000000000

uint8_t *const host_phys = (uint8_t *)PHYS_BASE;
int host_ram_fd = -1;

void host_die(const char *what)
{
	perror(what);
	abort();
}

void host_reserve(uint64_t base, uint64_t size, int prot, int fd)
{
	int flags = MAP_FIXED_NOREPLACE | MAP_NORESERVE |
		    (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
	void *at = (void *)(uintptr_t)base;

	if (mmap(at, size, prot, flags, fd, 0) != at) {
		host_die("mmap");
	}
	(void)madvise(at, size, MADV_DONTDUMP);
}

/* Before mmu.c gives some of it to the page allocator. */
__attribute__((constructor(150))) static void host_ram_init(void)
{
	host_ram_fd = memfd_create("socle-ram", 0);
	if (host_ram_fd < 0 || ftruncate(host_ram_fd, HOST_PHYS_SIZE)) {
		host_die("memfd_create");
	}
	host_reserve(PHYS_BASE, HOST_PHYS_SIZE, PROT_READ | PROT_WRITE,
		     host_ram_fd);
}
