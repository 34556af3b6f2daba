/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux's Image (Linux documentation, "Booting AArch64 Linux"). */
#include <core/guest_image.h>
#include <libs/error.h>
#include <string.h>

#include "platform_priv.h"

#define IMAGE_TEXT_OFFSET 8
#define IMAGE_SIZE 16
#define IMAGE_MAGIC 56
#define IMAGE_HEADER 64
#define IMAGE_ALIGN MIB(2)
/* QEMU's loader has its own code below this, and moves an image that wants to
 * be there up by 2 MiB. */
#define IMAGE_LOWEST KIB(4)

bool linux_is(const uint8_t *head, size_t size)
{
	return size >= IMAGE_HEADER &&
	       memcmp(head + IMAGE_MAGIC, "ARM\x64", 4) == 0;
}

int linux_plan(struct image_plan *plan, const struct image_where *w,
	       const uint8_t *head, uint64_t file_size, const char **why)
{
	uint64_t offset = image_get(head + IMAGE_TEXT_OFFSET, 8);
	uint64_t size = image_get(head + IMAGE_SIZE, 8);
	uint64_t base = ALIGN_UP(w->ram_base, IMAGE_ALIGN);

	if (size == 0) {
		/* Kernels before 3.17: text_offset is fixed, size unknown. */
		offset = RAW_OFFSET;
		size = file_size;
	}
	if (offset >= GIB(1) || size > GIB(64)) {
		*why = "the Image header's text_offset or image_size is "
		       "impossible (1 GiB, 64 GiB are the most)";
		return -ERR_FORMAT;
	}
	if (w->has_addr) {
		/* "Booting AArch64 Linux": it maps itself with blocks. */
		if (!IS_ALIGNED(w->addr - offset, IMAGE_ALIGN)) {
			*why = "kernel-address of a Linux Image is a multiple "
			       "of 0x200000 (2 MiB) plus its header's "
			       "text_offset";
			return -ERR_FORMAT;
		}
		image_one_segment(plan, w->addr, file_size, size);
		return 0;
	}
	if (offset < IMAGE_LOWEST) {
		base += IMAGE_ALIGN;
	}
	image_one_segment(plan, base + offset, file_size, size);
	return 0;
}
