/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: a test program is no image, and has no sections worth telling. */
#include <arch/image.h>

void arch_image_range(paddr_t *base, uint64_t *size)
{
	*base = PADDR(0);
	*size = 0;
}

void arch_image_sections(struct image_sections *out)
{
	*out = (struct image_sections){ .text = 0 };
}

const uint8_t *arch_build_id(size_t *len)
{
	*len = 0;
	return NULL;
}
