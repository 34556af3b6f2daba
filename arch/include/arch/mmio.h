/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses to device registers: one instruction each, in program order. */
#ifndef ARCH_MMIO_H
#define ARCH_MMIO_H

#include <libs/types.h>

#define MMIO_ACCESSORS(bits) \
	static inline uint##bits##_t mmio_read##bits(volatile void *reg) \
	{ \
		return *(volatile uint##bits##_t *)reg; \
	} \
	static inline void mmio_write##bits(volatile void *reg, \
					    uint##bits##_t val) \
	{ \
		*(volatile uint##bits##_t *)reg = val; \
	}

MMIO_ACCESSORS(8)
MMIO_ACCESSORS(16)
MMIO_ACCESSORS(32)
MMIO_ACCESSORS(64)

#endif
