/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The check of device tree blobs (Devicetree Specification 0.4, 5), and numbers
 * in them. */
#include <core/dt_blob.h>
#include <libfdt.h>
#include <libs/wrapped.h>

/* libfdt accepts older ones too, but their header does not have the size of the
 * structure block. */
#define DT_BLOB_VERSION 17
#define DT_BLOB_ALIGN 8U

static const char *blob_error(int err)
{
	switch (err) {
	case 0:
		return NULL;
	case -FDT_ERR_BADMAGIC:
		return HINT("does not begin with 0xd00dfeed");
	case -FDT_ERR_BADVERSION:
		return HINT("not of version 17 or compatible with it");
	case -FDT_ERR_TRUNCATED:
		return HINT("cut short, or parts of it are not inside of it");
	case -FDT_ERR_BADOFFSET:
		return HINT("a property's name is not inside of it");
	case -FDT_ERR_BADSTRUCTURE:
		return HINT("its structure is not one tree of nodes");
	default:
		return HINT(fdt_strerror(err));
	}
}

const char *dt_blob_check(const void *blob, size_t size)
{
	const char *why;

	if (!blob) {
		return HINT("there is none");
	}
	if (!IS_ALIGNED((uintptr_t)blob, DT_BLOB_ALIGN)) {
		return HINT("not aligned to 8 bytes");
	}
	if (size < sizeof(struct fdt_header)) {
		return HINT("shorter than a header");
	}
	if (fdt_magic(blob) == FDT_MAGIC &&
	    fdt_version(blob) < DT_BLOB_VERSION) {
		return blob_error(-FDT_ERR_BADVERSION);
	}
	why = blob_error(fdt_check_full(blob, size));
	/* The root must be at offset 0, where it is looked for, not after an
	 * FDT_NOP. */
	if (!why && !fdt_get_name(blob, 0, NULL)) {
		why = blob_error(-FDT_ERR_BADSTRUCTURE);
	}
	return why;
}

unsigned __int128 dt_cells(const uint8_t *p, unsigned int cells)
{
	unsigned __int128 value = 0;

	for (unsigned int i = 0; i < cells; i++, p += sizeof(fdt32_t)) {
		value = value << 32 | fdt32_ld((const fdt32_t *)p);
	}
	return value;
}
