/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: between the files that make up the simulated memory. */
#ifndef ARCH_IMPL_HOST_RAM_H
#define ARCH_IMPL_HOST_RAM_H

#include <libs/types.h>

/* The file behind physical memory. */
extern int host_ram_fd;

/* mmap() of addresses that must be free; fd < 0: anonymous. */
void host_reserve(uint64_t base, uint64_t size, int prot, int fd);
void host_die(const char *what) __noreturn;

#endif
