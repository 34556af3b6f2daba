/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the headers of boot images: ELF64 executables, raw binaries, and the
 * format of the architecture's Linux kernel (core/guest_platform.h). Files are
 * not trusted.
 */
#include <arch/guest_platform.h>
#include <core/guest_image.h>
#include <core/guest_platform.h>
#include <libs/checked.h>
#include <libs/error.h>
#include <libs/wrapped.h>
#include <string.h>

/* How to recognise Linux kernels for other architectures. */
static const struct {
	uint32_t at, header; /* bytes */
	const char *magic;
	const char *why;
} linux_magics[] = {
	{ 56, 64, "ARM\x64", "it is a Linux Image for another architecture" },
	{ 56, 64, "RSC\x05", "it is a Linux Image for another architecture" },
	{ 0x202, 0x206, "HdrS", "it is a kernel for x86" },
	{ 0x24, 0x28, "\x18\x28\x6f\x01",
	  "it is a kernel for 32-bit Arm (zImage)" },
};

/* UEFI 2.10, 2.1.1: where a PE/COFF image has the offset of its PE header */
#define PE_OFFSET 0x3c

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
#define PH_FLAGS 4
#define PH_OFFSET 8
#define PH_VADDR 16
#define PH_PADDR 24
#define PH_FILESZ 32
#define PH_MEMSZ 40
#define PF_X 1

uint64_t image_get(const uint8_t *p, unsigned int bytes)
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

static bool has(const uint8_t *head, size_t size, uint64_t at,
		const char *magic)
{
	size_t n = strlen(magic);

	return at <= size && n <= size - at && memcmp(head + at, magic, n) == 0;
}

static bool is_efi(const uint8_t *head, size_t size)
{
	return has(head, size, 0, "MZ") && size >= PE_OFFSET + 4 &&
	       has(head, size, image_get(head + PE_OFFSET, 4), "PE");
}

/* Files that are often taken for a kernel, and would crash if started as
 * raw. */
static const char *foreign(const uint8_t *head, size_t size)
{
	const char *why = compressed_why(head, size);

	if (!IS_ENABLED(CONFIG_IMAGE_HINTS)) {
		return NULL;
	}
	if (!why) {
		why = container_why(head, size);
	}
	if (why) {
		return why;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(linux_magics); i++) {
		if (size >= linux_magics[i].header &&
		    has(head, size, linux_magics[i].at,
			linux_magics[i].magic)) {
			return linux_magics[i].why;
		}
	}
	if (has(head, size, 0, "070701") || has(head, size, 0, "070702")) {
		return "it is a cpio archive, as initrds are";
	}
	if (is_efi(head, size)) {
		return "it is an EFI program, which needs firmware in flash";
	}
	return NULL;
}

void image_one_segment(struct image_plan *plan, uint64_t addr,
		       uint64_t file_size, uint64_t mem_size)
{
	plan->nsegs = 1;
	plan->seg[0] = (struct image_segment){
		.file_size = file_size,
		.addr = addr,
		.mem_size = MAX(file_size, mem_size),
	};
	plan->entry = addr;
}

static int add_load(struct image_plan *plan, const uint8_t *ph,
		    uint64_t file_size, const char **why)
{
	struct image_segment s = {
		.file_off = image_get(ph + PH_OFFSET, 8),
		.addr = image_get(ph + PH_PADDR, 8),
		.file_size = image_get(ph + PH_FILESZ, 8),
		.mem_size = image_get(ph + PH_MEMSZ, 8),
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

/*
 * The header's entry is a virtual address, and the guest starts with its MMU
 * off. If the load address differs from the link address, it starts at the
 * physical address of the same byte.
 */
static void take_entry(struct image_plan *plan, const uint8_t *ph,
		       uint64_t entry)
{
	uint64_t off = entry - image_get(ph + PH_VADDR, 8);

	if ((image_get(ph + PH_FLAGS, 4) & PF_X) &&
	    off < image_get(ph + PH_FILESZ, 8)) {
		plan->entry = image_get(ph + PH_PADDR, 8) + off;
	}
}

static int check_elf(const uint8_t *head, size_t size, const char **why)
{
	*why = NULL;
	if (size < ELF_HEADER) {
		*why = "truncated ELF header";
	} else if (head[4] != 2 || head[5] != 1) {
		*why = "ELF file is not 64-bit little-endian";
	} else if (image_get(head + ELF_MACHINE, 2) !=
		   arch_guest_platform.elf_machine) {
		*why = "ELF file is for another machine";
	} else if (image_get(head + ELF_TYPE, 2) != ET_EXEC &&
		   image_get(head + ELF_TYPE, 2) != ET_DYN) {
		*why = "ELF file is no executable (type EXEC or DYN)";
	} else if (image_get(head + ELF_PHENTSIZE, 2) != PH_SIZE) {
		*why = "ELF program headers of an unknown size";
	}
	return *why ? -ERR_FORMAT : 0;
}

static int plan_elf(struct image_plan *plan, const uint8_t *head, size_t size,
		    uint64_t file_size, const char **why)
{
	uint64_t phoff, phnum;
	int err = check_elf(head, size, why);

	if (err) {
		return err;
	}
	phoff = image_get(head + ELF_PHOFF, 8);
	phnum = image_get(head + ELF_PHNUM, 2);
	if (phoff > size || phnum * PH_SIZE > size - phoff) {
		*why = "ELF program headers are not in the first 4 KiB";
		return -ERR_FORMAT;
	}
	plan->entry = image_get(head + ELF_ENTRY, 8);
	for (uint64_t i = 0; !err && i < phnum; i++) {
		const uint8_t *ph = head + phoff + i * PH_SIZE;

		if (image_get(ph, 4) == PT_LOAD) {
			err = add_load(plan, ph, file_size, why);
			take_entry(plan, ph, image_get(head + ELF_ENTRY, 8));
		}
	}
	if (!err && plan->nsegs == 0) {
		*why = "ELF file has nothing to load";
		err = -ERR_FORMAT;
	}
	return err;
}

/* Move all segments so that the lowest is at w->addr: an ELF file linked at a
 * low address, position independent. */
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
	bool elf = is_elf(head, head_size),
	     image = arch_guest_platform.linux_is(head, head_size);
	int err = 0;

	*plan = (struct image_plan){ .format = w->format };
	if (file_size == 0) {
		*why = "the file is empty";
		return -ERR_FORMAT;
	}
	if (elf && !IS_ENABLED(CONFIG_GUEST_ELF)) {
		*why = "ELF file, which this hypervisor is built without";
		return -ERR_NOSUPP;
	}
	if (w->format == KERNEL_AUTO) {
		plan->format = elf     ? KERNEL_ELF
			       : image ? KERNEL_LINUX
				       : KERNEL_RAW;
		*why = plan->format == KERNEL_RAW ? foreign(head, head_size)
						  : NULL;
		if (*why) {
			return -ERR_FORMAT;
		}
	}
	if ((plan->format == KERNEL_ELF && !elf) ||
	    (plan->format == KERNEL_LINUX && !image)) {
		*why = foreign(head, head_size);
		if (!*why) {
			*why = plan->format == KERNEL_ELF
				       ? "no ELF file, though format = \"elf\""
				       : "no Linux Image header (64 bytes, magic "
					 "at 56), though format = \"image\"";
		}
		return -ERR_FORMAT;
	}
	switch (plan->format) {
	case KERNEL_ELF:
		if (!IS_ENABLED(CONFIG_GUEST_ELF)) {
			break; /* refused above */
		}
		err = plan_elf(plan, head, head_size, file_size, why);
		if (!err && w->has_addr) {
			move_elf(plan, w);
		}
		break;
	case KERNEL_LINUX:
		err = arch_guest_platform.linux_plan(plan, w, head, file_size,
						     why);
		break;
	default:
		image_one_segment(
			plan,
			w->has_addr
				? w->addr
				: w->ram_base + arch_guest_platform.raw_offset,
			file_size, file_size);
		break;
	}
	if (w->has_entry) {
		plan->entry = w->entry;
	}
	return err;
}

bool image_is_loaded(const struct image_plan *plan, uint64_t address)
{
	for (unsigned int i = 0; i < plan->nsegs; i++) {
		if (range_within(address - plan->seg[i].addr, 1,
				 plan->seg[i].file_size)) {
			return true;
		}
	}
	return false;
}

uint64_t image_end(const struct image_plan *plan)
{
	uint64_t end = 0;

	for (unsigned int i = 0; i < plan->nsegs; i++) {
		end = MAX(end, plan->seg[i].addr + plan->seg[i].mem_size);
	}
	return end;
}
