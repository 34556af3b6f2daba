/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block devices that the operator creates: RAM disks and image files. Removed
 * by blockdev_destroy(). docs/design/block.md. */
#ifndef CORE_BLOCK_BACKEND_H
#define CORE_BLOCK_BACKEND_H

#include <libs/types.h>

/* Called now and then with the progress of long work, in bytes; false cancels
 * it with -ERR_INTR. NULL: no reports. */
struct block_progress {
	bool (*step)(void *ctx, uint64_t done, uint64_t total);
	void *ctx;
};

/*
 * Create a RAM disk of `size` bytes, zeroed, with a file's contents at its
 * beginning if `path` is not NULL; size 0: as large as the file. -ERR_EXIST;
 * -ERR_INVAL: a bad name, no size, or not whole sectors; -ERR_NOSPC: the file
 * is larger; -ERR_NOMEM; errors of vfs_stat() and vfs_read(). Thread context.
 */
int __must_check ramdisk_create(const char *name, uint64_t size,
				const char *path,
				const struct block_progress *progress);

/*
 * Create a read-only disk from a file of the VFS, which is used in place if it
 * is in memory. The last sector is filled with zeroes behind the end of the
 * file. -ERR_EXIST; -ERR_INVAL: a bad name, an empty file, or not a file;
 * -ERR_NOMEM; errors of vfs_stat(). Thread context.
 */
int __must_check blockfile_create(const char *name, const char *path);

#endif
