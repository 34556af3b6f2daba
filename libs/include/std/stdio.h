/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the C library's stdio.h that the image has: into buffers. */
#ifndef STD_STDIO_H
#define STD_STDIO_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Conversions d i u o x X c s p %, flags - + space # 0, width and precision
 * (also *), lengths hh h l ll z j t. An unknown conversion is copied as it
 * stands. As in C, the result is the length the whole text has.
 */
int snprintf(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

#endif
