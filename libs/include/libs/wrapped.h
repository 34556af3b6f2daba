/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recognises, by their first bytes, files that contain a kernel in a form that
 * we do not unpack. Each function returns what the file is and what to do about
 * it, or NULL. Pure.
 */
#ifndef LIBS_WRAPPED_H
#define LIBS_WRAPPED_H

#include <libs/types.h>

/* Why something is refused. An image without CONFIG_IMAGE_HINTS leaves the text
 * out. */
#define HINT(text) \
	(IS_ENABLED(CONFIG_IMAGE_HINTS) ? (text) : "damaged, or another format")

#ifdef CONFIG_IMAGE_HINTS
/* "it is gzip-compressed; uncompress it" */
const char *compressed_why(const uint8_t *head, size_t size);
/* "it is a U-Boot legacy image (uImage); ...": boot loaders' own formats. */
const char *container_why(const uint8_t *head, size_t size);
#else
static inline const char *compressed_why(const uint8_t *head, size_t size)
{
	(void)head;
	(void)size;
	return NULL;
}

static inline const char *container_why(const uint8_t *head, size_t size)
{
	(void)head;
	(void)size;
	return NULL;
}
#endif

#endif
