/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks all translation tables, and checks that owners have only pages that
 * they may have. */
#include <arch/mmu.h>
#include <arch/mmu_path.h>
#include <core/colour.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/memory_check.h>
#include <core/shared_memory.h>
#include <libs/bitmap.h>
#include <libs/error.h>
#include <string.h>

#define STOP_EACH 4096 /* entries */

struct check {
	uint64_t *seen; /* a bit for each page of RAM that was found */
	void (*row)(void *ctx, const struct memory_check_row *r);
	bool (*stop)(void *ctx);
	void *ctx;
	unsigned int entries;
	bool wrong, stopped;
};

/* One owner's address space while it is walked. */
struct space {
	struct check *c;
	const struct guest *g; /* NULL: the hypervisor's */
	colour_mask_t foreign; /* colours that its pages must not have */
	bool direct_map;       /* identity-mapped pages are not counted */
	bool loaded;           /* may have pages never allocated: the image */
	struct memory_check_row mapped, tables;
	paddr_t path[MMU_PATH_TABLES]; /* the tables of the last entry */
};

static void note(struct memory_check_row *r, uint64_t *count, uint64_t pa)
{
	(*count)++;
	if (!r->first.v) {
		r->first = PADDR(pa);
	}
}

/* `used`: the allocator must have given it out; otherwise it may be reserved
 * too. */
static void take_page(struct space *s, struct memory_check_row *r, uint64_t pa,
		      bool used)
{
	struct page_info page;

	page_inspect(PADDR(pa), &page);
	r->pages++;
	if ((used || page.use == PAGE_USED) &&
	    (s->foreign & BIT(pa / PAGE_SIZE % page_colours()))) {
		note(r, &r->foreign, pa);
	}
	if (page.use != PAGE_USED && (used || page.use != PAGE_RESERVED)) {
		note(r, &r->unowned, pa);
	}
	if (page.use == PAGE_NO_RAM) {
		return;
	}
	if (bitmap_test(s->c->seen, page.number)) {
		note(r, &r->twice, pa);
	}
	bitmap_set(s->c->seen, page.number);
}

/* Count the tables of an entry that the last entry did not have. */
static void take_tables(struct space *s, const struct mmu_path *t, bool used)
{
	for (unsigned int i = 0; i < t->ntables; i++) {
		unsigned int pages = i == 0 ? MAX(t->root_pages, 1U) : 1;

		if (s->path[i].v == t->tables[i].v) {
			continue;
		}
		s->path[i] = t->tables[i];
		for (unsigned int n = 0; n < pages; n++) {
			take_page(s, &s->tables, t->tables[i].v + n * PAGE_SIZE,
				  used);
		}
	}
}

/* Does the guest have the page at `pa` at the address `ipa` of its RAM? What is
 * no RAM (a device's memory) can be anywhere. */
static bool is_in_place(const struct guest *g, uint64_t ipa, uint64_t pa)
{
	const struct guest_config *cfg = g->cfg;
	const struct guest_extent *e = guest_extent_at(&g->memory, IPA(ipa));
	struct guest_piece p;

	if (!e) {
		return true;
	}
	for (uint32_t i = 0; i < cfg->nmemory; i++) {
		uint64_t off = ipa - cfg->memory[i].base;

		if (off < cfg->memory[i].size && cfg->memory_host[i] &&
		    e->colours == PAGE_ANY_COLOUR) {
			return pa == cfg->memory_host[i] + off;
		}
	}
	p = guest_extent_piece(e, ipa - e->ipa.v);
	return pa == p.pa.v + (ipa - e->ipa.v - p.off);
}

static bool go_on(struct check *c)
{
	if (++c->entries % STOP_EACH == 0 && c->stop(c->ctx)) {
		c->stopped = true;
	}
	return !c->stopped;
}

/* Is it shared memory? Its pages are the region's, and others may have them
 * mapped too. */
static bool take_shared(struct space *s, const struct mmu_path *t)
{
	int found;

	if (!IS_ENABLED(CONFIG_SHARED_MEMORY) || !s->g) {
		return false;
	}
	found = shared_check(s->g, IPA(t->base), t->size, t->pa);
	if (found < 0) {
		note(&s->mapped, &s->mapped.moved, t->pa.v);
	}
	s->mapped.pages += found > 0 ? t->size / PAGE_SIZE : 0;
	return found > 0;
}

static void take_entry(struct space *s, const struct mmu_path *t)
{
	take_tables(s, t, !s->direct_map);
	if (!t->mapped || !t->ram || (s->direct_map && t->pa.v == t->base)) {
		return;
	}
	if (t->bad) {
		note(&s->mapped, &s->mapped.moved, t->pa.v);
	}
	if (take_shared(s, t)) {
		return;
	}
	for (uint64_t off = 0; off < t->size; off += PAGE_SIZE) {
		take_page(s, &s->mapped, t->pa.v + off, !s->loaded);
		if (s->g && !is_in_place(s->g, t->base + off, t->pa.v + off)) {
			note(&s->mapped, &s->mapped.moved, t->pa.v + off);
		}
	}
}

static void tell(struct check *c, const struct memory_check_row *r)
{
	c->wrong |= r->foreign || r->twice || r->unowned || r->moved;
	c->row(c->ctx, r);
}

static struct space space_of(struct check *c, const char *owner)
{
	return (struct space){
		.c = c,
		.mapped = { .owner = owner, .what = "mapped" },
		.tables = { .owner = owner, .what = "tables" },
	};
}

static void check_guest(struct check *c, struct guest *g)
{
	struct space s = space_of(c, g->name);
	struct mmu_path t;

	s.g = g;
	if (g->colours.set != PAGE_ANY_COLOUR) {
		s.foreign = ~g->colours.set;
	}
	if (IS_ENABLED(CONFIG_COLOURS)) {
		s.foreign |= colour_foreign(&g->colours);
	}
	for (uint64_t at = 0; stage2_path(&g->stage2, IPA(at), &t) && go_on(c);
	     at = t.base + t.size) {
		take_entry(&s, &t);
	}
	tell(c, &s.mapped);
	tell(c, &s.tables);
}

/* A region has its own pages and colours, whoever has it mapped. */
static void check_region(struct check *c, unsigned int n,
			 const struct colour_claim *claim)
{
	struct space s = space_of(c, claim->owner);
	struct shared_piece p;

	s.mapped.what = "shared";
	if (claim->set != PAGE_ANY_COLOUR) {
		s.foreign = ~claim->set;
	}
	if (IS_ENABLED(CONFIG_COLOURS)) {
		s.foreign |= colour_foreign(claim);
	}
	for (unsigned int i = 0; shared_piece_nth(n, i, &p) && go_on(c); i++) {
		for (uint64_t off = 0; off < p.size; off += PAGE_SIZE) {
			take_page(&s, &s.mapped, p.pa.v + off, true);
		}
	}
	tell(c, &s.mapped);
}

static void check_regions(struct check *c)
{
	const struct colour_claim *claim;

	for (unsigned int n = 0; (claim = shared_claim_nth(n)) != NULL; n++) {
		check_region(c, n, claim);
	}
}

static void check_hypervisor(struct check *c)
{
	struct space s = space_of(c, "hypervisor");
	struct mmu_path t;

	s.direct_map = true;
	s.foreign = ~page_own();
	/* With colours of its own it is in pages that were allocated. */
	s.loaded = page_own() == PAGE_ANY_COLOUR;
	for (uint64_t at = 0; arch_mmu_path(VADDR(at), &t) && go_on(c);
	     at = t.base + t.size) {
		take_entry(&s, &t);
	}
	tell(c, &s.mapped);
	tell(c, &s.tables);
}

/* Pages of no other owner are the hypervisor's. Blocks too large for its
 * colours (buffers of devices, tables of an interrupt controller) may have any
 * colour. */
static void check_own(struct check *c)
{
	struct memory_check_row own = { .owner = "hypervisor",
					.what = "pages" };
	struct memory_check_row large = { .owner = "hypervisor",
					  .what = "large" };
	int order = page_max_order(page_own());
	struct page_info page;
	paddr_t at = PADDR(0);

	while (page_next_used(&at, &page) && go_on(c)) {
		uint64_t pages = BIT(page.order);

		if (bitmap_test(c->seen, page.number)) {
			/* A guest's, or found mapped. */
			pages = 0;
		}
		if (pages && (int)page.order > order) {
			large.pages += pages;
		} else if (pages) {
			uint64_t colour = at.v / PAGE_SIZE % page_colours();

			own.pages += pages;
			if ((page_own() & BIT(colour)) == 0) {
				note(&own, &own.foreign, at.v);
			}
		}
		at.v += PAGE_SIZE << page.order;
	}
	tell(c, &own);
	tell(c, &large);
}

static int check_allocator(struct check *c)
{
	struct memory_check_row r = { .owner = "host", .what = "allocator" };
	struct page_stats st;
	int64_t bad = page_check();

	page_get_stats(&st);
	r.pages = st.total;
	r.unowned = bad > 0 ? (uint64_t)bad : 0;
	tell(c, &r);
	return bad < 0 ? (int)bad : 0;
}

int memory_check(void (*row)(void *ctx, const struct memory_check_row *r),
		 bool (*stop)(void *ctx), void *ctx)
{
	struct check c = {
		.row = row,
		.stop = stop,
		.ctx = ctx,
	};
	struct page_stats st;
	struct guest *g;
	int err;

	page_get_stats(&st);
	c.seen = heap_alloc(BITMAP_WORDS(st.total) * sizeof(*c.seen));
	if (!c.seen) {
		return -ERR_NOMEM;
	}
	if (IS_ENABLED(CONFIG_SHARED_MEMORY)) {
		shared_lock();
	}
	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		check_guest(&c, g);
		guest_put(g);
	}
	if (IS_ENABLED(CONFIG_SHARED_MEMORY)) {
		check_regions(&c);
		shared_unlock();
	}
	check_hypervisor(&c);
	check_own(&c);
	err = check_allocator(&c);
	heap_free(c.seen);
	if (c.stopped) {
		return -ERR_INTR;
	}
	return c.wrong ? -ERR_FORMAT : err;
}
