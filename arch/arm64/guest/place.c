/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where initial RAM disk and tree go: as QEMU's loader (hw/arm/boot.c) does. */
#include <core/guest_place.h>

#include "platform_priv.h"

/* What QEMU keeps free for a kernel to unpack itself, at most. */
#define INITRD_OFFSET_MAX MIB(128)
/* "Booting AArch64 Linux": early kernels map the 2 MiB that the tree is in. */
#define TREE_ALIGN MIB(2)

/* In the middle of the first bank, but 128 MiB from its start at most, and
 * above the kernel. */
static uint64_t initrd_base(const struct place *p, uint64_t image_end)
{
	const struct config_range *first = &p->cfg->memory[0];
	uint64_t offset = MIN(first->size / 2, (uint64_t)INITRD_OFFSET_MAX);

	return ALIGN_UP(MAX(first->base + offset, image_end), PAGE_SIZE);
}

bool virt_place_initrd(const struct place *p, uint64_t image_end, uint64_t size,
		       uint64_t *out)
{
	return place_find(p, initrd_base(p, image_end), size, PAGE_SIZE, out) ||
	       place_find_anywhere(p, size, PAGE_SIZE, out);
}

/*
 * For Linux's boot protocol: the first 2 MiB boundary above the initial RAM
 * disk, or above the place where one would begin. If that is not free, another
 * boundary, and in a guest that is too small for these, any page.
 */
static bool tree_above(const struct place *p, uint64_t image_end,
		       uint64_t initrd_end, uint64_t size, uint64_t *out)
{
	uint64_t base = initrd_base(p, image_end);
	uint64_t from = initrd_end ? initrd_end : base;

	return place_find(p, from, size, TREE_ALIGN, out) ||
	       place_find(p, base, size, TREE_ALIGN, out) ||
	       place_find_anywhere(p, size, TREE_ALIGN, out) ||
	       place_find_anywhere(p, size, PAGE_SIZE, out);
}

/* ELF files and firmware look for the tree at the start of RAM. */
bool virt_tree_is_first(enum kernel_format format)
{
	return format == KERNEL_ELF || format == KERNEL_AUTO;
}

bool virt_place_tree(const struct place *p, enum kernel_format format,
		     uint64_t image_end, uint64_t initrd_end, uint64_t size,
		     uint64_t *out)
{
	uint64_t start = p->cfg->memory[0].base;

	if (virt_tree_is_first(format) && place_is_free(p, start, size)) {
		*out = start;
		return true;
	}
	return tree_above(p, image_end, initrd_end, size, out);
}
