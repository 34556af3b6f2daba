/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the headers of boot images: Linux Image (Linux documentation,
 * "Booting AArch64 Linux"; RISC-V has the same layout), ELF64 executables,
 * and raw binaries. Files are not trusted.
 */
#include <libs/compressed.h>
#include <libs/error.h>
#include <string.h>

#include "image.h"

/* Linux Image header */
#define IMAGE_TEXT_OFFSET 8
#define IMAGE_SIZE 16
#define IMAGE_MAGIC 56
#define IMAGE_HEADER 64
#define IMAGE_ALIGN MIB(2)

/* Linux on x86, its boot protocol's header */
#define X86_MAGIC 0x202

/* ELF64 (System V ABI, ELF-64 object file format) */
#define ELF_TYPE 16
#define ELF_MACHINE 18
#define ELF_ENTRY 24
#define ELF_PHOFF 32
#define ELF_PHENTSIZE 54
#define ELF_PHNUM 56
#define ELF_HEADER 64
#define ET_EXEC 2
#define ET_DYN 3
#define PT_LOAD 1
#define PH_SIZE 56

/* Where QEMU's virt machine puts a raw -kernel. */
#define RAW_OFFSET 0x80000

static uint64_t get(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes--) {
		v = v << 8 | p[bytes];
	}
	return v;
}

static bool is_elf(const uint8_t *head, size_t size)
{
	return size >= 4 && memcmp(head, "\177ELF", 4) == 0;
}

static bool is_image(const uint8_t *head, size_t size)
{
	return size >= IMAGE_HEADER &&
	       (memcmp(head + IMAGE_MAGIC, "ARM\x64", 4) == 0 ||
		memcmp(head + IMAGE_MAGIC, "RSC\x05", 4) == 0);
}

/* What is often meant for a kernel and would crash if started as raw. */
static const char *foreign(const uint8_t *head, size_t size)
{
	if (size >= X86_MAGIC + 4 &&
	    memcmp(head + X86_MAGIC, "HdrS", 4) == 0) {
		return "it is a kernel for x86";
	}
	return compressed_why(head, size);
}

static void one_segment(struct image_plan *plan, uint64_t addr,
			uint64_t file_size, uint64_t mem_size)
{
	plan->nsegs = 1;
	plan->seg[0] = (struct image_segment){
		.file_size = file_size, .addr = addr,
		.mem_size = MAX(file_size, mem_size),
	};
	plan->entry = addr;
}

static int plan_image(struct image_plan *plan, const struct image_where *w,
		      const uint8_t *head, uint64_t file_size,
		      const char **why)
{
	uint64_t offset = get(head + IMAGE_TEXT_OFFSET, 8);
	uint64_t size = get(head + IMAGE_SIZE, 8);
	uint64_t base = ALIGN_UP(w->ram_base, IMAGE_ALIGN);

	if (size == 0) {
		/* Kernels before 3.17: text_offset is fixed, size unknown. */
		offset = RAW_OFFSET;
		size = file_size;
	}
	if (offset >= GIB(1) || size > GIB(64)) {
		*why = "the Image header's text_offset or image_size is "
		       "impossible (1 GiB, 64 GiB are the most)";
		return -ERR_FORMAT;
	}
	if (w->has_addr) {
		one_segment(plan, w->addr, file_size, size);
		return 0;
	}
	/* The device tree lies at the start of RAM. */
	if (offset < IMAGE_ALIGN) {
		base += IMAGE_ALIGN;
	}
	one_segment(plan, base + offset, file_size, size);
	return 0;
}

static int add_load(struct image_plan *plan, const uint8_t *ph,
		    uint64_t file_size, const char **why)
{
	struct image_segment s = {
		.file_off = get(ph + 8, 8), .addr = get(ph + 24, 8),
		.file_size = get(ph + 32, 8), .mem_size = get(ph + 40, 8),
	};

	if (s.mem_size == 0) {
		return 0;
	}
	if (plan->nsegs == IMAGE_MAX_SEGMENTS) {
		*why = "ELF file with more than 16 loadable segments";
		return -ERR_FORMAT;
	}
	if (s.file_size > s.mem_size || s.file_off > file_size ||
	    s.file_size > file_size - s.file_off ||
	    s.addr + s.mem_size < s.addr) {
		*why = "ELF segment reaches beyond the file's end";
		return -ERR_FORMAT;
	}
	plan->seg[plan->nsegs++] = s;
	return 0;
}

static int check_elf(const struct image_where *w, const uint8_t *head,
		     size_t size, const char **why)
{
	*why = NULL;
	if (size < ELF_HEADER) {
		*why = "truncated ELF header";
	} else if (head[4] != 2 || head[5] != 1) {
		*why = "ELF file is not 64-bit little-endian";
	} else if (get(head + ELF_MACHINE, 2) != w->elf_machine) {
		*why = "ELF file is for another machine";
	} else if (get(head + ELF_TYPE, 2) != ET_EXEC &&
		   get(head + ELF_TYPE, 2) != ET_DYN) {
		*why = "ELF file is no executable (type EXEC or DYN)";
	} else if (get(head + ELF_PHENTSIZE, 2) != PH_SIZE) {
		*why = "ELF program headers of an unknown size";
	}
	return *why ? -ERR_FORMAT : 0;
}

static int plan_elf(struct image_plan *plan, const struct image_where *w,
		    const uint8_t *head, size_t size, uint64_t file_size,
		    const char **why)
{
	uint64_t phoff, phnum;
	int err = check_elf(w, head, size, why);

	if (err) {
		return err;
	}
	phoff = get(head + ELF_PHOFF, 8);
	phnum = get(head + ELF_PHNUM, 2);
	if (phoff > size || phnum * PH_SIZE > size - phoff) {
		*why = "ELF program headers are not in the first 4 KiB";
		return -ERR_FORMAT;
	}
	for (uint64_t i = 0; !err && i < phnum; i++) {
		const uint8_t *ph = head + phoff + i * PH_SIZE;

		if (get(ph, 4) == PT_LOAD) {
			err = add_load(plan, ph, file_size, why);
		}
	}
	if (!err && plan->nsegs == 0) {
		*why = "ELF file has nothing to load";
		err = -ERR_FORMAT;
	}
	plan->entry = get(head + ELF_ENTRY, 8);
	return err;
}

/* A position independent ELF file linked low is moved into RAM whole. */
static void move_elf(struct image_plan *plan, const struct image_where *w)
{
	uint64_t low = UINT64_MAX, delta;

	for (unsigned int i = 0; i < plan->nsegs; i++) {
		low = MIN(low, plan->seg[i].addr);
	}
	delta = w->addr - low;
	for (unsigned int i = 0; i < plan->nsegs; i++) {
		plan->seg[i].addr += delta;
	}
	plan->entry += delta;
}

int image_plan(struct image_plan *plan, const struct image_where *w,
	       const uint8_t *head, size_t head_size, uint64_t file_size,
	       const char **why)
{
	bool elf = is_elf(head, head_size), image = is_image(head, head_size);
	int err = 0;

	*plan = (struct image_plan){ .format = w->format };
	if (file_size == 0) {
		*why = "the file is empty";
		return -ERR_FORMAT;
	}
	if (w->format == KERNEL_AUTO) {
		plan->format = elf ? KERNEL_ELF
				   : image ? KERNEL_IMAGE : KERNEL_RAW;
		*why = plan->format == KERNEL_RAW ? foreign(head, head_size)
						  : NULL;
		if (*why) {
			return -ERR_FORMAT;
		}
	}
	if (plan->format == KERNEL_ELF && !elf) {
		*why = "no ELF file, though format = \"elf\"";
		return -ERR_FORMAT;
	}
	if (plan->format == KERNEL_IMAGE && !image) {
		*why = "no Linux Image header (64 bytes, magic at 56), though "
		       "format = \"image\"; a compressed kernel is not taken";
		return -ERR_FORMAT;
	}
	switch (plan->format) {
	case KERNEL_ELF:
		err = plan_elf(plan, w, head, head_size, file_size, why);
		if (!err && w->has_addr) {
			move_elf(plan, w);
		}
		break;
	case KERNEL_IMAGE:
		err = plan_image(plan, w, head, file_size, why);
		break;
	default:
		one_segment(plan, w->has_addr ? w->addr
					      : w->ram_base + RAW_OFFSET,
			    file_size, file_size);
		break;
	}
	if (w->has_entry) {
		plan->entry = w->entry;
	}
	return err;
}
