/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RAM at the host addresses that a guest's description gives: taken first of
 * all, or refused with the reason and with what would be possible. */
#include <arch/image.h>
#include <arch/mmu.h>
#include <core/colour.h>
#include <core/dt.h>
#include <core/guest.h>
#include <core/heap.h>
#include <libs/error.h>
#include <stdio.h>

#include "guest_priv.h"

/* A range that is being taken. */
struct fixed {
	struct guest *g;
	struct attempt *a;
	uint64_t base, host, pages;
	/* PAGE_ANY_COLOUR: contiguous in the host. Otherwise the pages of these
	 * colours from `host` on. */
	colour_mask_t colours;
};

/* The pages of the host from `host` on that the range reaches over: to the end
 * of the last row, if it is in rows. */
static uint64_t host_pages(const struct fixed *f)
{
	uint64_t first = f->host % colour_row_bytes() / PAGE_SIZE, in_first;

	if (f->colours == PAGE_ANY_COLOUR) {
		return f->pages;
	}
	in_first = colour_count(f->colours & GENMASK(63, first));
	return page_colours() - first +
	       DIV_ROUND_UP(f->pages - MIN(f->pages, in_first),
			    colour_count(f->colours)) *
		       page_colours();
}

/* --- who has it ----------------------------------------------------------- */

static bool extent_has(const struct guest_extent *e, uint64_t pa)
{
	uint64_t row, rows;

	if (!IS_ENABLED(CONFIG_COLOURS) || e->colours == PAGE_ANY_COLOUR) {
		return pa - e->pa.v < e->size;
	}
	row = (pa - e->pa.v) / colour_row_bytes();
	rows = DIV_ROUND_UP(e->size / PAGE_SIZE, colour_count(e->colours));
	return row < rows &&
	       (e->colours & BIT(pa / PAGE_SIZE % page_colours()));
}

static bool extents_have(const struct guest_extents *t, uint64_t pa)
{
	for (uint32_t i = 0; t && i < t->count; i++) {
		if (extent_has(&t->e[i], pa)) {
			return true;
		}
	}
	return false;
}

static void tell_user(const struct fixed *f, uint64_t pa, char *buf,
		      size_t size)
{
	struct guest *g;

	snprintf(buf, size, "is used by the hypervisor");
	if (extents_have(f->g->memory.fixed, pa)) {
		snprintf(buf, size, "is used by another of its memory nodes");
	}
	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		if (extents_have(g->memory.extents, pa)) {
			snprintf(buf, size, "is used by guest %s", g->name);
		}
		guest_put(g);
	}
}

static void tell_reserved(uint64_t pa, char *buf, size_t size)
{
	struct dt_chosen chosen;
	uint64_t image_size;
	paddr_t image;

	arch_image_range(&image, &image_size);
	dt_get_chosen(&chosen);
	if (pa - image.v < image_size) {
		snprintf(buf, size, "is the hypervisor's image");
	} else if (pa - ALIGN_DOWN(chosen.initrd.v, PAGE_SIZE) <
		   chosen.initrd_size) {
		snprintf(buf, size, "is the bundle");
	} else {
		snprintf(buf, size, "is reserved");
	}
}

static void tell_taken(const struct fixed *f)
{
	uint64_t last = f->host + (host_pages(f) * PAGE_SIZE - 1);
	uint64_t align =
		f->colours == PAGE_ANY_COLOUR
			? MIN((f->host | f->base) & -(f->host | f->base),
			      MIB(2))
			: colour_row_bytes();
	paddr_t at = PADDR(f->host), better;
	char who[64], instead[64], line[320];

	switch (page_first_taken(&at, host_pages(f), f->colours)) {
	case PAGE_NO_RAM:
		snprintf(who, sizeof(who), "is no RAM");
		break;
	case PAGE_RESERVED:
		tell_reserved(at.v, who, sizeof(who));
		break;
	case PAGE_USED:
		tell_user(f, at.v, who, sizeof(who));
		break;
	case PAGE_FREE:
		snprintf(who, sizeof(who), "was used a moment ago");
		break;
	}
	snprintf(instead, sizeof(instead), "of which there is not so much");
	if (page_find_free(&better, host_pages(f), align, f->colours) == 0) {
		snprintf(instead, sizeof(instead), "such as at 0x%llx",
			 (unsigned long long)better.v);
	}
	snprintf(line, sizeof(line),
		 "/memory@%llx: host-address: found 0x%llx..0x%llx, of which "
		 "0x%llx %s; allowed free memory, %s",
		 (unsigned long long)f->base, (unsigned long long)f->host,
		 (unsigned long long)last, (unsigned long long)at.v, who,
		 instead);
	attempt_report(f->a, line);
}

/* --- colours -------------------------------------------------------------- */

static colour_mask_t range_colours(uint64_t host, uint64_t pages)
{
	colour_mask_t set = 0;

	if (pages >= page_colours()) {
		return colour_all();
	}
	for (uint64_t n = 0; n < pages; n++) {
		set |= BIT((host / PAGE_SIZE + n) % page_colours());
	}
	return set;
}

/* A contiguous range has colours that the guest must not have. */
static void tell_foreign(const struct fixed *f, colour_mask_t foreign)
{
	uint64_t last = f->host + (f->pages * PAGE_SIZE - 1);
	char text[COLOUR_TEXT], line[COLOUR_TEXT + 320];

	colour_text(foreign, text, sizeof(text));
	snprintf(line, sizeof(line),
		 f->g->colours.exclusive
			 ? "/memory@%llx: host-address: found 0x%llx..0x%llx, "
			   "1:1, with colours %s, which it does not have; "
			   "allowed a range of its own colours, or another "
			   "address in reg, for only the pages of these"
			 : "/memory@%llx: host-address: found 0x%llx..0x%llx, "
			   "with colours %s, which others have; allowed a "
			   "range without these, or colors, for only the pages "
			   "of its own",
		 (unsigned long long)f->base, (unsigned long long)f->host,
		 (unsigned long long)last, text);
	attempt_report(f->a, line);
}

/* --- taking --------------------------------------------------------------- */

static int fixed_contiguous(const struct fixed *f)
{
	struct guest_extent e = {
		.ipa = IPA(f->base),
		.pa = PADDR(f->host),
		.size = f->pages * PAGE_SIZE,
		.prot = STAGE2_RWX,
		.colours = PAGE_ANY_COLOUR,
	};
	int err = page_alloc_range(e.pa, f->pages, f->g->colours.set);

	if (!err) {
		err = guest_extents_append(&f->g->memory.fixed, &e);
		if (err) {
			guest_extent_free(&e);
		}
	}
	return err;
}

/* The lowest `n` colours of a set that has more. */
static colour_mask_t lowest_of(colour_mask_t set, uint64_t n)
{
	while (colour_count(set) > n) {
		set &= ~BIT(63 - __builtin_clzll(set));
	}
	return set;
}

/* Take the pages of the range's colours, as extents in *out. */
static int take_fixed(const struct fixed *f, struct guest_extents **out)
{
	struct guest_extent e = { .ipa = IPA(f->base), .prot = STAGE2_RWX };
	uint64_t row = ALIGN_DOWN(f->host, colour_row_bytes());
	unsigned int first = (unsigned int)((f->host - row) / PAGE_SIZE);
	uint64_t left = f->pages;

	while (left > 0) {
		int err;

		e.colours = lowest_of(f->colours & GENMASK(63, first), left);
		e.pa = PADDR(row);
		row += colour_row_bytes();
		first = 0;
		if (!e.colours) {
			continue; /* the first row's are below `host` */
		}
		e.size = colour_count(e.colours) * PAGE_SIZE;
		err = page_alloc_row_at(e.pa, e.colours);
		if (err) {
			return err;
		}
		err = guest_extents_append(out, &e);
		if (err) {
			guest_extent_free(&e);
			return err;
		}
		e.ipa.v += e.size;
		left -= e.size / PAGE_SIZE;
	}
	return 0;
}

static int fixed_rows(const struct fixed *f)
{
	struct guest_extents *taken = NULL;
	int err = take_fixed(f, &taken);

	for (uint32_t i = 0; taken && i < taken->count; i++) {
		if (!err) {
			err = guest_extents_append(&f->g->memory.fixed,
						   &taken->e[i]);
		}
		if (err) {
			guest_extent_free(&taken->e[i]);
		}
	}
	heap_free(taken);
	return err;
}

static int fixed_range(struct fixed *f)
{
	const struct colour_claim *c = &f->g->colours;
	colour_mask_t foreign = 0;
	int err;

	if (IS_ENABLED(CONFIG_COLOURS)) {
		foreign = range_colours(f->host, f->pages) & ~c->set;
	}
	if (foreign && c->exclusive && f->host != f->base) {
		f->colours = c->set & colour_all();
		err = fixed_rows(f);
	} else if (foreign) {
		tell_foreign(f, foreign);
		return -ERR_BUSY;
	} else {
		err = fixed_contiguous(f);
	}
	if (err && err != -ERR_NOMEM) {
		tell_taken(f);
		return -ERR_BUSY;
	}
	return err;
}

int guest_fixed_take(struct guest *g, struct attempt *a)
{
	const struct guest_config *cfg = g->cfg;
	int err = 0;

	for (uint32_t i = 0; i < cfg->nmemory && err != -ERR_NOMEM; i++) {
		struct fixed f = {
			.g = g,
			.a = a,
			.base = cfg->memory[i].base,
			.host = cfg->memory_host[i],
			.pages = cfg->memory[i].size / PAGE_SIZE,
			.colours = PAGE_ANY_COLOUR,
		};
		int one = f.host ? fixed_range(&f) : 0;

		err = one ? one : err;
	}
	return err;
}

/* --- use and end ---------------------------------------------------------- */

static int fixed_fill(struct guest *g, const struct guest_extent *e)
{
	int err;

	if (IS_ENABLED(CONFIG_COLOURS) && e->colours != PAGE_ANY_COLOUR) {
		return guest_rows_fill(g, e);
	}
	err = guest_memory_clear(g, e->pa, e->size);
	return err ? err
		   : stage2_map(&g->stage2, e->ipa, e->pa, e->size, e->prot);
}

int guest_fixed_init(struct guest *g, uint64_t end)
{
	struct guest_memory *m = &g->memory;

	/* Adjacent ranges may have become one extent. */
	while (m->fixed_used < m->fixed->count &&
	       m->fixed->e[m->fixed_used].ipa.v < end) {
		const struct guest_extent *e = &m->fixed->e[m->fixed_used];
		int err = fixed_fill(g, e);

		if (!err) {
			err = guest_extents_append(&m->extents, e);
		}
		if (err) {
			return err;
		}
		m->fixed_used++;
		page_account_guest((int64_t)(e->size / PAGE_SIZE));
	}
	return 0;
}

void guest_fixed_fini(struct guest *g)
{
	struct guest_memory *m = &g->memory;

	for (; m->fixed && m->fixed_used < m->fixed->count; m->fixed_used++) {
		guest_extent_free(&m->fixed->e[m->fixed_used]);
	}
	heap_free(m->fixed);
	m->fixed = NULL;
}
