/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: where the running image lies, and what identifies it. */
#ifndef ARCH_IMAGE_H
#define ARCH_IMAGE_H

#include <libs/types.h>

/* Physical extent of the image with its .bss. */
void arch_image_range(paddr_t *base, uint64_t *size);

struct image_sections { uint64_t text, rodata, data, bss; };	/* bytes */
void arch_image_sections(struct image_sections *out);

/* The GNU build id's bytes; NULL and 0 where there is none. */
const uint8_t *arch_build_id(size_t *len);

#endif
