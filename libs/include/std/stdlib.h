/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the C library's stdlib.h that the image has. */
#ifndef STD_STDLIB_H
#define STD_STDLIB_H

#include <stddef.h>

/*
 * As in C, except for errno, which does not exist here: out of range gives the
 * greatest value and nothing else. Our own code uses <libs/parse.h>; these
 * are for linked libraries.
 */
unsigned long strtoul(const char *s, char **end, int base);
unsigned long long strtoull(const char *s, char **end, int base);

#endif
