/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed files, which nothing here unpacks, by their first bytes. */
#ifndef LIBS_COMPRESSED_H
#define LIBS_COMPRESSED_H

#include <libs/types.h>

/* "it is gzip-compressed; uncompress it", or NULL. */
const char *compressed_why(const uint8_t *head, size_t size);

#endif
