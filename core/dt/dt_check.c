/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this a device tree blob that libfdt can be let loose on? For the host's
 * tree and for those that guests bring.
 */
#include <libfdt.h>

#include <core/dt.h>
#include <libs/error.h>

#define DT_ALIGN 8 /* Devicetree Specification 0.4, 5.6 */
#define DT_VERSION 17

/*
 * Header and bounds are looked at here first: fdt_check_full() of libfdt 1.6
 * reads through a null pointer in trees of versions before 16, and before it
 * knows the header to be there. Then it walks every tag and property name:
 * linear, about a millisecond for half a megabyte of tree.
 */
static const char *dt_check_reason(const void *fdt, size_t size)
{
	int err;

	if (!fdt) {
		return "there is none";
	}
	if (((uintptr_t)fdt & (DT_ALIGN - 1)) != 0) {
		return "not aligned to 8 bytes";
	}
	if (size < sizeof(struct fdt_header)) {
		return "shorter than a header";
	}
	if (fdt_magic(fdt) != FDT_MAGIC) {
		return "does not begin with 0xd00dfeed";
	}
	if (fdt_version(fdt) < DT_VERSION) {
		return "older than version 17";
	}
	if (fdt_totalsize(fdt) > size) {
		return "cut short: longer than the memory it is in";
	}
	err = fdt_check_full(fdt, size);
	return err == 0 ? NULL : fdt_strerror(err);
}

int dt_check(const void *fdt, size_t size, const char **why)
{
	const char *reason = dt_check_reason(fdt, size);

	*why = reason ? reason : "";
	return reason ? -ERR_FORMAT : 0;
}
