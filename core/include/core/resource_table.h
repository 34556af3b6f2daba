/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The resource table of a coprocessor's firmware: what it needs from the host,
 * as Linux's remoteproc and OpenAMP have it (include/linux/remoteproc.h names
 * the structures). It is the section .resource_table of the firmware's ELF
 * file, and at that section's address in the coprocessor's memory. Of it we
 * need the one VirtIO device for RPMSG. Nothing in the file is trusted.
 */
#ifndef CORE_RESOURCE_TABLE_H
#define CORE_RESOURCE_TABLE_H

#include <libs/types.h>

#define RESOURCE_TABLE_MAX 1024 /* bytes of a table */
#define RESOURCE_ENTRIES_MAX 64
#define RESOURCE_SECTIONS_MAX 512 /* of the ELF file */
#define RESOURCE_VRINGS 2        /* of RPMSG: from the coprocessor, and to it */
#define RESOURCE_VRING_MAX 256   /* entries, a power of two */
#define RESOURCE_ALIGN_MAX 65536 /* bytes, a power of two */

/* struct resource_table's version, and types of entries. */
#define RESOURCE_VERSION 1
#define RESOURCE_VDEV 3

/* An address that the host is to choose (FW_RSC_ADDR_ANY). */
#define RESOURCE_ADDRESS_ANY UINT32_MAX

struct resource_vring {
	uint32_t at;      /* offset of its struct fw_rsc_vdev_vring */
	uint32_t address; /* the coprocessor's; or RESOURCE_ADDRESS_ANY */
	uint32_t align;   /* of the used ring (VirtIO 1.2, 2.7.2, legacy) */
	uint32_t num;     /* entries */
};

struct resource_table {
	uint64_t address; /* the coprocessor's, of the table itself */
	uint32_t size;
	uint32_t vdev;     /* offset of the RPMSG device's struct fw_rsc_vdev */
	uint32_t features; /* that the device offers */
	struct resource_vring vring[RESOURCE_VRINGS];
	unsigned int ignored; /* entries that are not the RPMSG device */
	uint8_t bytes[RESOURCE_TABLE_MAX];
};

/* Offsets in struct fw_rsc_vdev and fw_rsc_vdev_vring, of what we write. */
#define RESOURCE_VDEV_FEATURES 12 /* gfeatures: agreed on */
#define RESOURCE_VDEV_STATUS 20   /* a byte: VirtIO 1.2, 2.1 */
#define RESOURCE_VRING_ADDRESS 0
#define RESOURCE_VRING_NOTIFYID 12

/* A file of which parts can be read. */
struct resource_file {
	/* Copy n bytes from `off` on; false: it has not so many. */
	bool (*read)(const void *arg, uint64_t off, void *buf, size_t n);
	const void *arg;
};

/*
 * Read the table of an ELF file (32 or 64 bits, little-endian). -ERR_FORMAT,
 * with the reason in *why: a string that outlives the call. Thread context.
 */
int __must_check resource_table_read(struct resource_table *t,
				     const struct resource_file *file,
				     const char **why);

#endif
