/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: the file that is physical memory, and where it is mapped. */
#define _GNU_SOURCE
#include <arch/mmu.h>
#include <arch_impl/host_ram.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

uint8_t *host_phys;
int host_ram_fd = -1;

void host_die(const char *what)
{
	perror(what);
	abort();
}

void *host_reserve(uint64_t size)
{
	uint8_t *all = mmap(NULL, size + 2 * HOST_RESERVE_ALIGN, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (all == MAP_FAILED) {
		host_die("mmap");
	}
	/* At least a page is left at either end: mappings are of pages. */
	return (void *)ALIGN_UP((uintptr_t)all + 1, HOST_RESERVE_ALIGN);
}

/* Before mmu.c gives some of it to the page allocator. */
__attribute__((constructor(150))) static void host_ram_init(void)
{
	host_ram_fd = memfd_create("socle-ram", 0);
	if (host_ram_fd < 0 || ftruncate(host_ram_fd, HOST_PHYS_SIZE)) {
		host_die("memfd_create");
	}
	host_phys = mmap(host_reserve(HOST_PHYS_SIZE), HOST_PHYS_SIZE,
			 PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED | MAP_NORESERVE, host_ram_fd,
			 0);
	if (host_phys == MAP_FAILED) {
		host_die("mmap");
	}
	(void)madvise(host_phys, HOST_PHYS_SIZE, MADV_DONTDUMP);
}
