/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting a guest's images into its RAM before each start: kernel, initrd
 * and the device tree for its OS.
 */
#include <arch/mmu.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/random.h>
#include <libfdt.h>
#include <libs/error.h>
#include <libs/vfs.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest_priv.h"
#include "image.h"

#define DTB_MAX KIB(128)
#define DTB_ALIGN MIB(2)	/* "Booting AArch64 Linux": within one 2 MiB */
#define INITRD_ALIGN MIB(2)
#define RNG_SEED_LEN 64
#define PIECE_MAX MIB(1)

/* What of RAM is taken: segments of the kernel, initrd. */
#define MAX_USED (IMAGE_MAX_SEGMENTS + 2)

struct loader {
	struct guest *g;
	config_report_t report;
	void *ctx;
	struct config_range used[MAX_USED];
	unsigned int nused;
};

static int __printf(2, 3) complain(struct loader *l, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	l->report(l->ctx, text);
	return -ERR_FORMAT;
}

static bool overlaps(const struct loader *l, uint64_t base, uint64_t size)
{
	for (unsigned int i = 0; i < l->nused; i++) {
		if (base < l->used[i].base + l->used[i].size &&
		    l->used[i].base < base + size) {
			return true;
		}
	}
	return false;
}

static bool fits_ram(const struct loader *l, uint64_t base, uint64_t size)
{
	const struct guest_config *cfg = l->g->cfg;

	for (uint32_t i = 0; i < cfg->nmemory; i++) {
		const struct config_range *r = &cfg->memory[i];

		if (base >= r->base && base - r->base <= r->size &&
		    size <= r->size - (base - r->base)) {
			return true;
		}
	}
	return false;
}

/* Claim [base, base+size) for `what`. */
static int claim(struct loader *l, const char *what, uint64_t base,
		 uint64_t size)
{
	if (!fits_ram(l, base, size)) {
		return complain(l, "%s: needs 0x%llx bytes at 0x%llx, which "
				"is not all RAM of the guest (give it more "
				"memory or another address)", what,
				(unsigned long long)size,
				(unsigned long long)base);
	}
	if (overlaps(l, base, size)) {
		return complain(l, "%s: 0x%llx bytes at 0x%llx overlap "
				"another image", what,
				(unsigned long long)size,
				(unsigned long long)base);
	}
	l->used[l->nused++] = (struct config_range){ base, size };
	return 0;
}

/* First free place for `size` bytes in RAM; at or after `from`. */
static bool find_place(const struct loader *l, uint64_t size, uint64_t align,
		       uint64_t *out)
{
	const struct guest_config *cfg = l->g->cfg;

	for (uint32_t i = 0; i < cfg->nmemory; i++) {
		uint64_t at = ALIGN_UP(cfg->memory[i].base, align);

		while (fits_ram(l, at, size)) {
			if (!overlaps(l, at, size)) {
				*out = at;
				return true;
			}
			at += align;
		}
	}
	return false;
}

/* Where `ipa` is, and how many of `size` bytes follow one another there. A
 * file's name is looked up with each piece that is read. */
static uint8_t *piece(struct guest *g, uint64_t ipa, uint64_t size,
		      uint64_t *len)
{
	uint8_t *p;

	*len = MIN(size, PAGE_SIZE - (ipa & PAGE_MASK));
	p = guest_ram_ptr(g, IPA(ipa), *len);
	while (p && *len < MIN(size, PIECE_MAX)) {
		uint64_t n = MIN(size - *len, PAGE_SIZE);

		if (guest_ram_ptr(g, IPA(ipa + *len), n) != p + *len) {
			break;
		}
		*len += n;
	}
	return p;
}

/* RAM that was written through guest_write(). */
static void clean(struct guest *g, uint64_t ipa, uint64_t size)
{
	uint64_t chunk;

	for (; size; ipa += chunk, size -= chunk) {
		void *p = piece(g, ipa, size, &chunk);

		assert(p);
		arch_cache_clean_inval(p, chunk);
	}
}

/* File bytes straight into guest RAM, cleaned to the point of coherency. */
static int copy_file(struct loader *l, const char *path, uint64_t off,
		     uint64_t ipa, uint64_t size)
{
	while (size) {
		uint64_t chunk;
		uint8_t *p = piece(l->g, ipa, size, &chunk);
		int64_t n;

		if (!p) {
			return -ERR_FAULT;
		}
		n = vfs_read(path, off, p, chunk);
		if (n < 0 || (uint64_t)n != chunk) {
			return complain(l, "%s: cannot be read: %s", path,
					err_str(n < 0 ? (int)n : -ERR_IO));
		}
		arch_cache_sync_icache(p, chunk);
		off += chunk;
		ipa += chunk;
		size -= chunk;
	}
	return 0;
}

static int zero(struct loader *l, uint64_t ipa, uint64_t size)
{
	while (size) {
		uint64_t chunk;
		uint8_t *p = piece(l->g, ipa, size, &chunk);

		if (!p) {
			return -ERR_FAULT;
		}
		memset(p, 0, chunk);
		arch_cache_clean_inval(p, chunk);
		ipa += chunk;
		size -= chunk;
	}
	return 0;
}

static int file_size(struct loader *l, const char *path, uint64_t *size)
{
	struct vfs_stat st;
	int err = vfs_stat(path, &st);

	if (err) {
		return complain(l, "%s: no such file", path);
	}
	if (st.type != VFS_FILE) {
		return complain(l, "%s: not a file", path);
	}
	*size = st.size;
	return 0;
}

static int plan_kernel(struct loader *l, struct image_plan *plan)
{
	const struct guest_config *cfg = l->g->cfg;
	const struct image_where where = {
		.ram_base = cfg->memory[0].base,
		.elf_machine = ARCH_ELF_MACHINE,
		.format = cfg->format,
		.has_addr = cfg->has_kernel_addr, .addr = cfg->kernel_addr,
		.has_entry = cfg->has_entry, .entry = cfg->entry,
	};
	const char *why = "";
	uint64_t size;
	uint8_t *head;
	int64_t n;
	int err = file_size(l, cfg->kernel, &size);

	if (err) {
		return err;
	}
	head = heap_alloc(IMAGE_HEAD_SIZE);
	if (!head) {
		return -ERR_NOMEM;
	}
	n = vfs_read(cfg->kernel, 0, head,
		     (size_t)MIN(size, (uint64_t)IMAGE_HEAD_SIZE));
	err = n < 0 ? (int)n : image_plan(plan, &where, head, (size_t)n, size,
					  &why);
	heap_free(head);
	if (err) {
		return complain(l, "%s: %s", cfg->kernel,
				n < 0 ? err_str(err) : why);
	}
	return 0;
}

static int load_kernel(struct loader *l, struct image_plan *plan)
{
	const char *path = l->g->cfg->kernel;
	int err = plan_kernel(l, plan);

	for (unsigned int i = 0; !err && i < plan->nsegs; i++) {
		err = claim(l, path, plan->seg[i].addr,
			    plan->seg[i].mem_size);
	}
	for (unsigned int i = 0; !err && i < plan->nsegs; i++) {
		const struct image_segment *s = &plan->seg[i];

		err = copy_file(l, path, s->file_off, s->addr, s->file_size);
		/* Image has its .bss cleared by itself; others expect it. */
		if (!err && plan->format == KERNEL_ELF) {
			err = zero(l, s->addr + s->file_size,
				   s->mem_size - s->file_size);
		}
	}
	return err;
}

/* Keep the first 2 MiB of RAM for the tree if they are free: that is where
 * firmware built for QEMU virt looks for it. */
static uint64_t tree_place(struct loader *l, uint64_t size)
{
	const struct guest_config *cfg = l->g->cfg;
	uint64_t at = cfg->memory[0].base;

	if (cfg->has_dtb_addr) {
		return cfg->dtb_addr;
	}
	if (fits_ram(l, at, size) && !overlaps(l, at, size)) {
		return at;
	}
	return find_place(l, size, DTB_ALIGN, &at) ? at : UINT64_MAX;
}

static int load_initrd(struct loader *l, struct fdtgen_info *info)
{
	const struct guest_config *cfg = l->g->cfg;
	uint64_t size, at;
	int err;

	if (!cfg->initrd) {
		return 0;
	}
	err = file_size(l, cfg->initrd, &size);
	if (err) {
		return err;
	}
	at = cfg->initrd_addr;
	if (!cfg->has_initrd_addr && !find_place(l, size, INITRD_ALIGN, &at)) {
		return complain(l, "%s: no room for 0x%llx bytes in the "
				"guest's RAM", cfg->initrd,
				(unsigned long long)size);
	}
	err = claim(l, cfg->initrd, at, size);
	if (!err) {
		err = copy_file(l, cfg->initrd, 0, at, size);
	}
	info->initrd_start = at;
	info->initrd_end = at + size;
	return err;
}

static int put_generated_tree(struct loader *l, struct fdtgen_info *info,
			      uint64_t at)
{
	uint8_t seed[RNG_SEED_LEN];
	void *buf = heap_alloc(DTB_MAX);
	uint32_t size = 0;
	int err;

	if (!buf) {
		return -ERR_NOMEM;
	}
	random_bytes(seed, sizeof(seed));
	random_bytes(&info->kaslr_seed, sizeof(info->kaslr_seed));
	info->rng_seed = seed;
	info->rng_seed_len = sizeof(seed);
	err = fdtgen_build(l->g->cfg, info, buf, DTB_MAX);
	if (err) {
		complain(l, "device tree for the guest: %s", err_str(err));
	} else {
		size = fdt_totalsize(buf);
		err = guest_write(l->g, IPA(at), buf, size);
	}
	memset(seed, 0, sizeof(seed));
	heap_free(buf);
	if (!err) {
		clean(l->g, at, size);
	}
	return err;
}

/* A file that is no tree, or only the beginning of one, would leave the guest
 * to find out. What is inside is between the person and the guest. */
static int check_tree(struct loader *l, const char *path, uint64_t size)
{
	struct fdt_header head;

	if (size < sizeof(head) ||
	    vfs_read(path, 0, &head, sizeof(head)) != sizeof(head) ||
	    fdt_magic(&head) != FDT_MAGIC) {
		return complain(l, "%s: not a device tree blob: does not begin "
				"with 0xd00dfeed", path);
	}
	if (fdt_totalsize(&head) > size) {
		return complain(l, "%s: cut short: 0x%llx of 0x%x bytes", path,
				(unsigned long long)size, fdt_totalsize(&head));
	}
	return 0;
}

/* Claims room for the tree before the initrd takes it. */
static int reserve_tree(struct loader *l, uint64_t *at)
{
	const struct guest_config *cfg = l->g->cfg;
	uint64_t size = DTB_MAX;
	int err;

	if (cfg->dtb) {
		err = file_size(l, cfg->dtb, &size);
		if (!err) {
			err = check_tree(l, cfg->dtb, size);
		}
		if (err) {
			return err;
		}
	}
	*at = tree_place(l, size);
	return claim(l, cfg->dtb ? cfg->dtb : "device tree", *at, size);
}

int guest_load(struct guest *g, struct guest_entry *entry,
	       config_report_t report, void *ctx)
{
	struct loader l = { .g = g, .report = report, .ctx = ctx };
	struct fdtgen_info info = { 0 };
	struct image_plan plan = { .entry = g->cfg->entry };
	uint64_t tree;
	int err = g->cfg->kernel ? load_kernel(&l, &plan) : 0;

	if (!err) {
		err = reserve_tree(&l, &tree);
	}
	if (!err) {
		err = load_initrd(&l, &info);
	}
	if (!err && g->cfg->dtb) {
		err = copy_file(&l, g->cfg->dtb, 0, tree, l.used[l.nused -
				(g->cfg->initrd ? 2u : 1u)].size);
	} else if (!err) {
		err = put_generated_tree(&l, &info, tree);
	}
	if (err) {
		return err;
	}
	*entry = (struct guest_entry){ .pc = plan.entry, .arg = tree };
	return 0;
}
