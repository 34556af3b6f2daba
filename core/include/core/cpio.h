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

#endif
