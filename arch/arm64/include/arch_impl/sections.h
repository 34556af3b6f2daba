/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: the linker script's symbols; every bound is page aligned. */
#ifndef ARCH_IMPL_SECTIONS_H
#define ARCH_IMPL_SECTIONS_H

extern const char __text_start[], __text_end[];
extern const char __rodata_start[], __rodata_end[];
extern const char __data_start[], __image_end[];

#endif
