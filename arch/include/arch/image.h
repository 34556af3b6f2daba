/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: where the running image lies, and what identifies it. */
#ifndef ARCH_IMAGE_H
#define ARCH_IMAGE_H

#include <libs/types.h>

/* The first byte of the code. */
extern const char _start[];

/* Where a byte of the running image is, for arch_virt_to_phys(); any context.
 * Only where the image has other addresses than RAM. */
paddr_t arch_image_phys(const void *va);

/* Physical extent of the image with its .bss, as it was loaded. Any context. */
void arch_image_range(paddr_t *base, uint64_t *size);

/* The GNU build id's bytes; NULL and 0 where there is none. Any context. */
const uint8_t *arch_build_id(size_t *len);

#endif
