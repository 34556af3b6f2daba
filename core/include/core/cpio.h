/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The newc cpio archive as a file system. */
#ifndef CORE_CPIO_H
#define CORE_CPIO_H

#include <core/vfs.h>

/*
 * The image is used in place and must outlive the mount. Refused with a
 * reason: compressed archives, other cpio formats, whatever is malformed.
 */
extern const struct filesystem cpio_filesystem;

/* Call fn for each file in an image, mounted or not; `path` has no terminating
 * 0, `data` need not be aligned. Nothing is allocated. -ERR_FORMAT: what
 * follows is malformed. Boot or thread context. */
int __must_check cpio_walk(const void *image, size_t size,
			   void (*fn)(const char *path, size_t len,
				      const void *data, size_t bytes,
				      void *arg),
			   void *arg);

#endif
