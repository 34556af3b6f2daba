/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: the linker script's symbols; every bound is page aligned. They are
 * physical addresses before the MMU is on, then at MMU_IMAGE_BASE. */
#ifndef ARCH_IMPL_SECTIONS_H
#define ARCH_IMPL_SECTIONS_H

#include <libs/types.h>

extern const char __image_start[];
extern const char __text_start[], __text_end[];
extern const char __rodata_start[], __rodata_end[];
extern const char __data_start[], __tables_start[], __boot_stack[];

/* Bytes of the image with .bss, from its header in start.S: code is compiled
 * for symbols that are less than 1 MiB away, and the image's end may not be. */
static inline uint64_t image_size(void)
{
	return *(const uint64_t *)(__image_start + 16);
}

#endif
