/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for data transfers, with addresses for the hypervisor and for devices
 * of the host. */
#ifndef CORE_IO_SEGMENT_H
#define CORE_IO_SEGMENT_H

#include <libs/types.h>

/* A piece of memory that is contiguous in the host. */
struct io_segment {
	void *va;
	paddr_t pa;
	size_t size; /* bytes */
};

/*
 * A list of n segments, and functions that work at its ends. If it has fewer
 * bytes than asked for, they handle all that it has; they return the number of
 * bytes. Any context.
 */
struct io_list {
	struct io_segment *segs;
	unsigned int n;
};

/* Copy the first `size` bytes out of the memory, or into it, and remove them
 * from the list. Any context. */
size_t io_list_pull(struct io_list *l, void *buf, size_t size);
size_t io_list_fill(struct io_list *l, const void *buf, size_t size);
/* Remove the first `size` bytes from the list without accessing them. Any
 * context. */
size_t io_list_skip(struct io_list *l, size_t size);

#endif
