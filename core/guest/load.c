/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts a guest's images into its RAM before each start: kernel, initrd and the
 * device tree for its OS.
 */
#include <arch/mmu.h>
#include <core/guest.h>
#include <core/guest_image.h>
#include <core/guest_place.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/vfs.h>
#include <libs/checked.h>
#include <libs/error.h>
#include <libs/wrapped.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config_priv.h"
#include "guest_priv.h"

#define DTB_ROOM KIB(128) /* firmware adds to it in place */
#define PIECE_MAX MIB(1)

struct loader {
	struct guest *g;
	config_report_t report;
	void *ctx;
	struct place place;
	/* What is put where, by the files and the description. */
	struct image_plan kernel;
	uint64_t tree;
	uint64_t initrd, initrd_size; /* 0, 0: there is none */
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

/* Claim [base, base+size) for `what`. */
static int claim(struct loader *l, const char *what, uint64_t base,
		 uint64_t size)
{
	int err = place_claim(&l->place, base, size);

	if (err == -ERR_RANGE) {
		return complain(l,
				"%s: needs 0x%llx bytes at 0x%llx, which "
				"is not all RAM of the guest (give it more "
				"memory or another address)",
				what, (unsigned long long)size,
				(unsigned long long)base);
	}
	if (err) {
		return complain(l,
				"%s: 0x%llx bytes at 0x%llx overlap "
				"another image",
				what, (unsigned long long)size,
				(unsigned long long)base);
	}
	return 0;
}

/* The host address of `ipa`, and how many of `size` bytes are contiguous there.
 * Pieces are as large as possible, because each read of a file looks up its
 * name. */
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

/* Clean the caches for RAM that was written by guest_write(). */
static void clean(struct guest *g, uint64_t ipa, uint64_t size)
{
	uint64_t chunk;

	for (; size; ipa += chunk, size -= chunk) {
		void *p = piece(g, ipa, size, &chunk);

		assert(p);
		arch_cache_clean_inval(p, chunk);
	}
}

/* Read a part of a file directly into guest RAM, and write it back to memory
 * from the caches. */
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
		if (guest_given_up(l->g)) {
			return -ERR_INTR;
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
		if (guest_given_up(l->g)) {
			return -ERR_INTR;
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

static int plan_kernel(struct loader *l)
{
	const struct guest_config *cfg = l->g->cfg;
	const struct image_where where = {
		.ram_base = cfg->memory[0].base,
		.format = cfg->format,
		.has_addr = cfg->has_kernel_addr,
		.addr = cfg->kernel_addr,
		.has_entry = cfg->has_entry,
		.entry = cfg->entry,
	};
	uint8_t *head = l->g->image_head;
	const char *why = "";
	uint64_t size;
	int64_t n;
	int err = file_size(l, cfg->kernel, &size);

	if (err) {
		return err;
	}
	n = vfs_read(cfg->kernel, 0, head,
		     (size_t)MIN(size, (uint64_t)IMAGE_HEAD_SIZE));
	err = n < 0 ? (int)n
		    : image_plan(&l->kernel, &where, head, (size_t)n, size,
				 &why);
	if (err) {
		return complain(l, "%s: %s", cfg->kernel,
				n < 0 ? err_str(err) : why);
	}
	return 0;
}

static int claim_kernel(struct loader *l)
{
	const char *path = l->g->cfg->kernel;
	int err = plan_kernel(l);

	for (unsigned int i = 0; !err && i < l->kernel.nsegs; i++) {
		err = claim(l, path, l->kernel.seg[i].addr,
			    l->kernel.seg[i].mem_size);
	}
	return err;
}

/* Beyond its image, flash is erased and has nothing to execute. */
static int check_firmware(struct loader *l)
{
	uint64_t entry = l->g->cfg->entry, off, size;
	const char *path = config_rom_file(l->g->cfg, entry, &off);
	int err;

	if (!path) {
		return -ERR_NOENT; /* cannot be: the description was checked */
	}
	err = file_size(l, path, &size);
	if (!err && off >= size) {
		err = complain(l, "%s: entry 0x%llx is behind its 0x%llx bytes",
			       path, (unsigned long long)entry,
			       (unsigned long long)size);
	}
	return err;
}

/* Is something loaded at the entry, and is it aligned? */
static int check_entry(struct loader *l)
{
	uint64_t entry = l->kernel.entry;

	if (entry % arch_guest_platform.insn_align) {
		return complain(l, "%s: entry 0x%llx is no multiple of %u",
				l->g->cfg->kernel, (unsigned long long)entry,
				arch_guest_platform.insn_align);
	}
	if (!image_is_loaded(&l->kernel, entry) &&
	    !range_within(entry - l->initrd, 1, l->initrd_size)) {
		return complain(l,
				"%s: entry 0x%llx is not within what is loaded "
				"(its bytes go to 0x%llx..0x%llx)",
				l->g->cfg->kernel, (unsigned long long)entry,
				(unsigned long long)l->kernel.seg[0].addr,
				(unsigned long long)image_end(&l->kernel) - 1);
	}
	return 0;
}

static int copy_kernel(struct loader *l)
{
	const struct image_plan *plan = &l->kernel;
	const char *path = l->g->cfg->kernel;
	int err = 0;

	for (unsigned int i = 0; !err && i < plan->nsegs; i++) {
		const struct image_segment *s = &plan->seg[i];

		err = copy_file(l, path, s->file_off, s->addr, s->file_size);
		/* Linux clears its own .bss; an ELF file expects it clear. */
		if (!err && plan->format == KERNEL_ELF) {
			err = zero(l, s->addr + s->file_size,
				   s->mem_size - s->file_size);
		}
	}
	return err;
}

static int no_room(struct loader *l, const char *what, uint64_t size)
{
	return complain(l, "%s: no room for 0x%llx bytes in the guest's RAM",
			what, (unsigned long long)size);
}

/* Refuse an initrd that Linux could not use. Another kernel may use any
 * file. */
static int check_initrd(struct loader *l, uint64_t size)
{
	const char *path = l->g->cfg->initrd, *why = NULL;
	uint8_t head[16];
	int64_t n;

	if (size == 0) {
		return complain(l, "%s: the file is empty", path);
	}
	n = vfs_read(path, 0, head, (size_t)MIN(size, sizeof(head)));
	if (n < 0) {
		return complain(l, "%s: cannot be read: %s", path,
				err_str((int)n));
	}
	if (l->kernel.format == KERNEL_LINUX) {
		why = container_why(head, (size_t)n);
	}
	return why ? complain(l, "%s: %s", path, why) : 0;
}

static int claim_initrd(struct loader *l)
{
	const struct guest_config *cfg = l->g->cfg;
	uint64_t size;
	int err = file_size(l, cfg->initrd, &size);

	if (!err) {
		err = check_initrd(l, size);
	}
	if (err) {
		return err;
	}
	l->initrd = cfg->initrd_addr;
	l->initrd_size = size;
	if (!cfg->has_initrd_addr &&
	    !arch_guest_platform.place_initrd(&l->place, image_end(&l->kernel),
					      size, &l->initrd)) {
		return no_room(l, cfg->initrd, size);
	}
	return claim(l, cfg->initrd, l->initrd, size);
}

static int put_tree(struct loader *l)
{
	int err = guest_tree_write(l->g, IPA(l->tree), l->initrd,
				   l->initrd + l->initrd_size);

	if (!err) {
		clean(l->g, l->tree, l->g->tree_size);
	}
	return err;
}

static int claim_tree(struct loader *l)
{
	const struct guest_config *cfg = l->g->cfg;
	const char *what = cfg->dtb ? cfg->dtb : "device tree";
	uint64_t size = l->g->tree_size;

	if (!cfg->dtb) {
		size = MAX(size, DTB_ROOM);
	}
	l->tree = cfg->dtb_addr;
	if (!cfg->has_dtb_addr &&
	    !arch_guest_platform.place_tree(
		    &l->place, l->kernel.format, image_end(&l->kernel),
		    l->initrd + l->initrd_size, size, &l->tree)) {
		return no_room(l, what, size);
	}
	return claim(l, what, l->tree, size);
}

/*
 * All images are placed before any is copied: first those with a given address,
 * then those for which a place has to be found.
 */
static int claim_all(struct loader *l)
{
	const struct guest_config *cfg = l->g->cfg;
	bool tree_first = cfg->has_dtb_addr;
	int err = 0;

	if (cfg->kernel) {
		err = claim_kernel(l);
		if (err) {
			return err;
		}
	}
	tree_first = tree_first ||
		     arch_guest_platform.tree_is_first(l->kernel.format);
	if (cfg->initrd && cfg->has_initrd_addr) {
		err = claim_initrd(l);
	}
	if (!err && tree_first) {
		err = claim_tree(l);
	}
	if (!err && cfg->initrd && !cfg->has_initrd_addr) {
		err = claim_initrd(l);
	}
	if (!err && !tree_first) {
		err = claim_tree(l);
	}
	return err;
}

static int copy_all(struct loader *l)
{
	const struct guest_config *cfg = l->g->cfg;
	int err = cfg->kernel ? check_entry(l) : check_firmware(l);

	if (!err && cfg->kernel) {
		err = copy_kernel(l);
	}
	if (!err && cfg->initrd) {
		err = copy_file(l, cfg->initrd, 0, l->initrd, l->initrd_size);
	}
	if (err) {
		return err;
	}
	return put_tree(l);
}

int guest_load_init(struct guest *g)
{
	g->image_head = heap_alloc(IMAGE_HEAD_SIZE);
	return g->image_head ? 0 : -ERR_NOMEM;
}

void guest_load_fini(struct guest *g)
{
	heap_free(g->image_head);
	g->image_head = NULL;
}

int guest_load(struct guest *g, struct guest_entry *entry,
	       config_report_t report, void *ctx)
{
	struct loader l = {
		.g = g,
		.report = report,
		.ctx = ctx,
		.place.cfg = g->cfg,
		.kernel.entry = g->cfg->entry,
	};
	int err = claim_all(&l);

	if (!err) {
		err = copy_all(&l);
	}
	if (err) {
		return err;
	}
	*entry = (struct guest_entry){ .pc = l.kernel.entry, .arg = l.tree };
	return 0;
}
