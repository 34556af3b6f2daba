/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree for a guest's OS: generated from its description, or read
 * from a file that the description names. It is made once, when the guest is
 * created, so that a start needs no memory for it and cannot fail because of
 * it. Values that differ from start to start have placeholders in /chosen.
 */
#include <arch/guest_platform.h>
#include <core/dt_blob.h>
#include <core/guest.h>
#include <core/guest_platform.h>
#include <core/heap.h>
#include <core/random.h>
#include <core/vfs.h>
#include <libfdt.h>
#include <libs/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest_priv.h"

#define TREE_GENERATED_MAX KIB(128)
/* What may be added to a file: a node, five properties and their names. */
#define TREE_GROWTH KIB(1)
#define RNG_SEED_LEN 64

static const uint8_t no_seed[RNG_SEED_LEN];

static int __printf(2, 3) complain(struct attempt *a, const char *fmt, ...)
{
	char text[ATTEMPT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	attempt_report(a, text);
	return -ERR_FORMAT;
}

/* --- from a file ---------------------------------------------------------- */

/* The whole contents, in a buffer with `growth` more bytes. */
static int read_file(const char *path, size_t growth, uint8_t **out,
		     size_t *size, struct attempt *a)
{
	struct vfs_stat st;
	int err = vfs_stat(path, &st);
	uint8_t *buf;
	int64_t n;

	if (err || st.type != VFS_FILE) {
		(void)complain(a, "%s: %s", path,
			       err ? "no such file" : "not a file");
		return err ? err : -ERR_INVAL;
	}
	if (st.size > arch_guest_platform.tree_max) {
		return complain(a,
				"%s: a device tree of %llu bytes; allowed %u "
				"KiB, the most that Linux takes",
				path, (unsigned long long)st.size,
				arch_guest_platform.tree_max / 1024);
	}
	buf = heap_alloc(st.size + growth);
	if (!buf) {
		return -ERR_NOMEM;
	}
	n = vfs_read(path, 0, buf, st.size);
	if (n < 0 || (uint64_t)n != st.size) {
		heap_free(buf);
		return n < 0 ? (int)n : -ERR_IO;
	}
	*out = buf;
	*size = st.size;
	return 0;
}

/* Set a property, or delete it if it is not wanted: the file may have it from
 * the start of another machine on which the tree was saved. */
static int put(void *fdt, int node, bool wanted, const char *name,
	       const void *value, int len)
{
	int err;

	if (wanted) {
		return fdt_setprop(fdt, node, name, value, len);
	}
	err = fdt_delprop(fdt, node, name);
	return err == -FDT_ERR_NOTFOUND ? 0 : err;
}

static int patch_chosen(const struct guest_config *cfg, void *fdt)
{
	const uint64_t zero = 0;
	bool seeds = random_seeded(), initrd = cfg->initrd != NULL;
	int node = fdt_path_offset(fdt, "/chosen"), err = 0;

	if (node == -FDT_ERR_NOTFOUND) {
		node = fdt_add_subnode(fdt, 0, "chosen");
	}
	if (node < 0) {
		return node;
	}
	if (cfg->bootargs) {
		err = fdt_setprop(fdt, node, "bootargs", cfg->bootargs,
				  (int)strlen(cfg->bootargs) + 1);
	}
	if (!err) {
		err = put(fdt, node, initrd, "linux,initrd-start", &zero, 8);
	}
	if (!err) {
		err = put(fdt, node, initrd, "linux,initrd-end", &zero, 8);
	}
	if (!err) {
		err = put(fdt, node, seeds, "rng-seed", no_seed, RNG_SEED_LEN);
	}
	if (!err) {
		err = put(fdt, node, seeds, "kaslr-seed", &zero, 8);
	}
	return err;
}

static int patch(const struct guest_config *cfg, void *fdt, size_t room)
{
	int err = fdt_open_into(fdt, fdt, (int)room);

	for (uint32_t i = 0; !err && i < cfg->nreserved; i++) {
		err = fdt_add_mem_rsv(fdt, cfg->reserved[i].base,
				      cfg->reserved[i].size);
	}
	if (!err) {
		err = patch_chosen(cfg, fdt);
	}
	return err ? err : fdt_pack(fdt);
}

static int make_given(const struct guest_config *cfg, uint8_t **out,
		      struct attempt *a)
{
	size_t growth = TREE_GROWTH, size = 0;
	uint8_t *fdt = NULL;
	const char *why;
	int err;

	growth += cfg->bootargs ? strlen(cfg->bootargs) : 0;
	growth += cfg->nreserved * sizeof(struct fdt_reserve_entry);
	err = read_file(cfg->dtb, growth, &fdt, &size, a);
	if (err) {
		return err;
	}
	why = dt_blob_check(fdt, size);
	if (why) {
		err = complain(a, "%s: not a device tree blob: %s", cfg->dtb,
			       why);
	} else {
		err = patch(cfg, fdt, size + growth);
		if (err) {
			err = complain(a, "%s: /chosen cannot be set: %s",
				       cfg->dtb, fdt_strerror(err));
		}
	}
	if (err) {
		heap_free(fdt);
		return err;
	}
	*out = fdt;
	return 0;
}

/* --- generated ------------------------------------------------------------ */

static int make_generated(const struct guest_config *cfg, uint8_t **out,
			  struct attempt *a)
{
	const struct fdtgen_info info = {
		/* Placeholders: any numbers but 0. Each start sets the right
		 * ones. */
		.initrd_start = cfg->initrd ? 1 : 0,
		.initrd_end = cfg->initrd ? 1 : 0,
		.rng_seed = random_seeded() ? no_seed : NULL,
		.rng_seed_len = RNG_SEED_LEN,
		.kaslr_seed = random_seeded() ? 1 : 0,
	};
	uint8_t *fdt = heap_alloc(TREE_GENERATED_MAX);
	int err;

	if (!fdt) {
		return -ERR_NOMEM;
	}
	err = fdtgen_build(cfg, &info, fdt, TREE_GENERATED_MAX);
	if (err) {
		heap_free(fdt);
		return complain(a, "its device tree: %s",
				err == -ERR_NOSPC ? "larger than 128 KiB"
						  : err_str(err));
	}
	*out = fdt;
	return 0;
}

/* --- use ------------------------------------------------------------------ */

/* Where the tree has a value that each start sets; NULL if it has none, or if
 * os-tree gives its own. */
static uint8_t *start_value(struct guest *g, const char *name, int wanted)
{
	int node = fdt_path_offset(g->tree, "/chosen"), len, own;
	void *value;

	if (IS_ENABLED(CONFIG_GUEST_OWN_TREE) && g->cfg->extra_node >= 0 &&
	    !g->cfg->dtb) {
		own = fdt_subnode_offset(g->cfg->blob, g->cfg->extra_node,
					 "chosen");
		if (own >= 0 && fdt_getprop(g->cfg->blob, own, name, NULL)) {
			return NULL;
		}
	}
	value = node < 0 ? NULL : fdt_getprop_w(g->tree, node, name, &len);
	return value && len == wanted ? value : NULL;
}

static void set_number(struct guest *g, const char *name, uint64_t v)
{
	uint8_t *at = start_value(g, name, sizeof(v));

	if (at) {
		fdt64_st(at, v);
	}
}

int guest_tree_init(struct guest *g, struct attempt *a)
{
	uint8_t *made = NULL;
	int err = IS_ENABLED(CONFIG_GUEST_OWN_TREE) && g->cfg->dtb
			  ? make_given(g->cfg, &made, a)
			  : make_generated(g->cfg, &made, a);

	if (err) {
		return err;
	}
	g->tree_size = fdt_totalsize(made);
	g->tree = heap_alloc(g->tree_size);
	if (g->tree) {
		memcpy(g->tree, made, g->tree_size);
		set_number(g, "linux,initrd-start", 0);
		set_number(g, "linux,initrd-end", 0);
		set_number(g, "kaslr-seed", 0);
	}
	heap_free(made);
	return g->tree ? 0 : -ERR_NOMEM;
}

/* Random bytes go only into the guest's copy. */
static int write_seed(struct guest *g, ipa_t at, const char *name, size_t len)
{
	const uint8_t *value = start_value(g, name, (int)len);
	uint8_t seed[RNG_SEED_LEN];
	int err;

	if (!value) {
		return 0;
	}
	random_bytes(seed, len);
	at.v += (uint64_t)(value - g->tree);
	err = guest_write(g, at, seed, len);
	memset(seed, 0, sizeof(seed));
	return err;
}

int guest_tree_write(struct guest *g, ipa_t at, uint64_t initrd_start,
		     uint64_t initrd_end)
{
	int err;

	set_number(g, "linux,initrd-start", initrd_start);
	set_number(g, "linux,initrd-end", initrd_end);
	err = guest_write(g, at, g->tree, g->tree_size);
	if (!err) {
		err = write_seed(g, at, "rng-seed", RNG_SEED_LEN);
	}
	if (!err) {
		err = write_seed(g, at, "kaslr-seed", sizeof(uint64_t));
	}
	return err;
}

void guest_tree_fini(struct guest *g)
{
	heap_free(g->tree);
	g->tree = NULL;
}
