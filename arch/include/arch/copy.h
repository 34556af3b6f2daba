/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: copying large blocks through the widest registers of the CPU. */
#ifndef ARCH_COPY_H
#define ARCH_COPY_H

#include <libs/types.h>

/*
 * As copy_bytes() (libs/include/libs/copy.h), for disks' data: pages of it are
 * copied in fewer instructions. Any context. Interrupts may be masked while a
 * page is copied, not longer.
 */
void arch_copy(void *restrict dst, const void *restrict src, size_t n);

#endif
