/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the image's own functions, for backtraces. */
#ifndef LIBS_KSYM_H
#define LIBS_KSYM_H

#include <libs/types.h>

/* The image's first byte, to which offsets are relative. */
extern const char _start[];

/*
 * The table is made by tools/build/ksyms.py from the link itself: offsets
 * ascend; a name's offset counts bytes into ksyms_names.
 */
extern const uint32_t ksyms_count;
extern const uint32_t ksyms_offsets[];
extern const uint32_t ksyms_names_off[];
extern const char ksyms_names[];

#ifdef CONFIG_KSYMS
/*
 * The function whose code holds address `addr` of the running image, and in
 * *off how far into it. NULL if `addr` lies before the first function or the
 * image has no table. An address behind the last function counts to the last,
 * so ask for text addresses only. Any context: takes no lock.
 */
const char *ksym_lookup(uint64_t addr, uint64_t *off);
#else
static inline const char *ksym_lookup(uint64_t addr, uint64_t *off)
{
	(void)addr;
	(void)off;
	return NULL;
}
#endif

#endif
