/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of memory: each page has one owner, and one of this owner's
 * colours. */
#ifndef CORE_MEMORY_CHECK_H
#define CORE_MEMORY_CHECK_H

#include <libs/types.h>

/* The result for one owner's pages of one kind. */
struct memory_check_row {
	const char *owner; /* of a guest or region; "hypervisor", "host" */
	const char *what;
	uint64_t pages;
	uint64_t foreign; /* of a colour that the owner must not have */
	uint64_t twice;   /* mapped, or a table, elsewhere as well */
	uint64_t unowned; /* not allocated by the allocator */
	uint64_t moved;   /* not the page that the guest's RAM has there */
	paddr_t first;    /* first wrong page; 0: none */
};

/*
 * Walk the stage 2 of every guest, the hypervisor's tables and the allocator.
 * `row` is called for each owner and kind; `stop` now and then, and true ends
 * it. 0: all is right; -ERR_FORMAT: something is not; -ERR_INTR, -ERR_NOMEM;
 * -ERR_BUSY: the allocator was never at rest. Thread context; guests run.
 */
int __must_check memory_check(void (*row)(void *ctx,
					  const struct memory_check_row *r),
			      bool (*stop)(void *ctx), void *ctx);

#endif
