/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: a test program is no image, and has no sections worth telling. */
#include <arch/image.h>

paddr_t arch_image_phys(const void *va)
{
	return PADDR((uintptr_t)va);
}

void arch_image_range(paddr_t *base, uint64_t *size)
{
	*base = PADDR(0);
	*size = 0;
}

const uint8_t *arch_build_id(size_t *len)
{
	*len = 0;
	return NULL;
}
