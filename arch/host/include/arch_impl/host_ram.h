/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: between the files that make up the simulated memory. */
#ifndef ARCH_IMPL_HOST_RAM_H
#define ARCH_IMPL_HOST_RAM_H

#include <libs/types.h>

/* The file behind physical memory. */
extern int host_ram_fd;

/* memory_given.c */
extern const int host_memory_given;

/* What host_reserve() gives is aligned to this, so to every slot's size. */
#define HOST_RESERVE_ALIGN GIB(1)

/*
 * Address space that nothing else has, and some before and behind it; every
 * access faults until the caller maps something there (MAP_FIXED). For ever.
 */
void *host_reserve(uint64_t size);
void host_die(const char *what) __noreturn;

#endif
