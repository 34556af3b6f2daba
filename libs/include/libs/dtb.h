/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading device tree blobs. dtb_check() looks at every bound once, so that
 * the rest looks at none: a tree is read hundreds of times for that. Nodes are
 * libfdt's offsets; where time does not matter, libfdt can be used beside.
 */
#ifndef LIBS_DTB_H
#define LIBS_DTB_H

#include <libs/types.h>

#define DTB_NONE (-1)		/* any negative number is no node */

/* NULL if the blob, at most `size` bytes at an address divisible by 8, is
 * whole and well formed (version 17); else why it is not. Linear. */
const char *dtb_check(const void *blob, size_t size);

/* The next node in the order of the tree, after DTB_NONE the root; *depth
 * (may be NULL) follows. With it, ends where it would become negative. */
int dtb_next(const void *blob, int node, int *depth);
int dtb_first_child(const void *blob, int node);
int dtb_next_child(const void *blob, int child);

#define dtb_for_each_child(child, blob, node)			\
	for ((child) = dtb_first_child((blob), (node)); (child) >= 0; \
	     (child) = dtb_next_child((blob), (child)))

int dtb_parent(const void *blob, int node);
int dtb_by_phandle(const void *blob, uint32_t phandle);
/* The first `len` bytes of an absolute path, or of one that begins with an
 * alias. Components may lack the unit address. */
int dtb_path(const void *blob, const char *path, size_t len);

const char *dtb_name(const void *blob, int node);	/* "" of none */

struct dtb_prop {
	const char *name;
	const uint8_t *data;
	int len;
	const uint8_t *next;	/* private */
};

bool dtb_first_prop(const void *blob, int node, struct dtb_prop *prop);
bool dtb_next_prop(const void *blob, struct dtb_prop *prop);

/* NULL if absent; then *len (may be NULL) is negative. */
const void *dtb_prop(const void *blob, int node, const char *name, int *len);
/* `phandle` or its old name; 0: none. */
uint32_t dtb_phandle(const void *blob, int node);
/* Is it among the strings of `compatible`? */
bool dtb_compatible(const void *blob, int node, const char *compatible);

/* Big-endian cells of 32 bits as one number, of which the last four matter;
 * the caller checked that they exist. */
unsigned __int128 dtb_cells(const uint8_t *p, unsigned int cells);

#endif
