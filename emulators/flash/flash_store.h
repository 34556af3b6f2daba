/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contents of emulated flash: an image, and the changes to it. */
#ifndef EMULATORS_FLASH_STORE_H
#define EMULATORS_FLASH_STORE_H

#include <core/guest_config.h>
#include <libs/bitmap.h>
#include <libs/types.h>

#define FLASH_MODIFIED_MAX MIB(1) /* bytes of changed pages */
#define FLASH_BANK_MAX MIB(64)
#define FLASH_BLOCK KIB(256) /* the unit of erasing */

#define FLASH_PAGES (FLASH_MODIFIED_MAX / PAGE_SIZE)
#define FLASH_BLOCKS (FLASH_BANK_MAX / FLASH_BLOCK)

/* A bit for each block of a bank. */
struct flash_blocks {
	uint64_t BITMAP(bits, FLASH_BLOCKS);
};

struct flash_page {
	uint32_t number; /* of the page, counted from bank 0 */
	uint8_t *data;
};

/* Owned by its device; all guarded by the device's lock, except [I]. */
struct flash_store {
	struct flash_page pages[FLASH_PAGES]; /* changed ones, ascending */
	uint32_t npages;
	struct flash_free *pool; /* memory for more of them */
	uint32_t npool;
	struct {
		const uint8_t *image;       /* [I] or NULL */
		uint64_t image_size;        /* [I] bytes */
		struct flash_blocks erased; /* blocks that read as ones */
	} banks[CONFIG_MAX_REGS];
};

/* Copy the n bytes at `off` of a bank, n at most PAGE_SIZE. Any context. */
void flash_store_get(const struct flash_store *s, unsigned int bank,
		     uint32_t off, uint8_t *buf, size_t n);

/*
 * Program n bytes at `off`, n at most PAGE_SIZE: bits are only cleared. All or
 * nothing, and without allocating. -ERR_NOMEM: try again with more memory in
 * the pool; -ERR_NOSPC: there are FLASH_PAGES changed pages already.
 */
int __must_check flash_store_program(struct flash_store *s, unsigned int bank,
				     uint32_t off, const uint8_t *data,
				     size_t n);
/* Set all bits of block number `block`; its pages go to the pool. */
void flash_store_erase(struct flash_store *s, unsigned int bank,
		       uint32_t block);

/*
 * Give a page of the heap to the pool; false, and not taken, if it has enough.
 */
bool flash_store_give(struct flash_store *s, void *page);
/* Take a page out of the store, to free it; NULL if none is left. */
void *flash_store_take_back(struct flash_store *s);

#endif
