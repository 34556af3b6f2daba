/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the hypervisor accesses a guest's memory: by copying, and by pinning it
 * for a backend. */
#include <arch/mmu.h>
#include <core/colour.h>
#include <core/guest.h>
#include <core/log.h>
#include <libs/error.h>
#include <string.h>

#include "guest_priv.h"

/* The extent that contains `ipa`, or NULL; a binary search. */
static const struct guest_extent *extent_in(const struct guest_extents *t,
					    uint64_t ipa)
{
	uint32_t lo = 0, hi = t ? t->count : 0;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct guest_extent *e = &t->e[mid];

		if (ipa < e->ipa.v) {
			hi = mid;
		} else if (ipa - e->ipa.v >= e->size) {
			lo = mid + 1;
		} else {
			return e;
		}
	}
	return NULL;
}

const struct guest_extent *guest_extent_at(const struct guest_memory *m,
					   ipa_t ipa)
{
	return extent_in(__atomic_load_n(&m->extents, __ATOMIC_ACQUIRE), ipa.v);
}

static bool is_writable(const struct guest_extent *e)
{
	return e->prot == STAGE2_RWX || e->prot == STAGE2_RW;
}

/* The piece of an extent in rows that contains `off`: the pages of adjacent
 * colours in one row. */
static struct guest_piece piece_in_rows(const struct guest_extent *e,
					uint64_t off)
{
	unsigned int per_row = colour_count(e->colours);
	uint64_t page = off / PAGE_SIZE, row = page / per_row;
	unsigned int n = (unsigned int)(page % per_row);
	unsigned int colour = colour_nth(e->colours, n);
	struct guest_piece p = { .size = PAGE_SIZE };

	while (n > 0 && (e->colours & BIT(colour - 1))) {
		n--;
		colour--;
	}
	p.off = (row * per_row + n) * PAGE_SIZE;
	p.pa = PADDR(e->pa.v + (row * page_colours() + colour) * PAGE_SIZE);
	while (p.off + p.size < e->size && ++n < per_row &&
	       (e->colours & BIT(++colour))) {
		p.size += PAGE_SIZE;
	}
	return p;
}

struct guest_piece guest_extent_piece(const struct guest_extent *e,
				      uint64_t off)
{
	if (IS_ENABLED(CONFIG_COLOURS) && e->colours != PAGE_ANY_COLOUR) {
		return piece_in_rows(e, off);
	}
	return (struct guest_piece){ .size = e->size, .pa = e->pa };
}

uint64_t guest_memory_smallest(const struct guest_memory *m)
{
	const struct guest_extents *t = m->extents;
	uint64_t size = UINT64_MAX;

	for (uint32_t i = 0; t && i < t->count; i++) {
		/* The last row may have fewer pages. */
		size = MIN(size, t->e[i].colours == PAGE_ANY_COLOUR
					 ? t->e[i].size
					 : PAGE_SIZE);
	}
	return size;
}

/* The part of [ipa, ipa + size) in the piece that contains `ipa`; its size is 0
 * if none does, or it cannot be written. */
static struct io_segment segment_at(const struct guest *g, uint64_t ipa,
				    uint64_t size, bool write)
{
	const struct guest_extent *e = guest_extent_at(&g->memory, IPA(ipa));
	struct io_segment s = { NULL, PADDR(0), 0 };
	struct guest_piece p;

	if (!e || (write && !is_writable(e))) {
		return s;
	}
	p = guest_extent_piece(e, ipa - e->ipa.v);
	p.off = ipa - e->ipa.v - p.off;
	s.pa = PADDR(p.pa.v + p.off);
	s.va = arch_phys_to_virt(s.pa);
	s.size = MIN(size, p.size - p.off);
	return s;
}

bool guest_segment_find(const struct guest_memory *m,
			struct guest_memory_hint *hint, ipa_t ipa,
			uint64_t size, bool write, struct io_segment *out)
{
	const struct guest_extents *t =
		__atomic_load_n(&m->extents, __ATOMIC_ACQUIRE);
	const struct guest_extent *e = extent_in(t, ipa.v);
	struct guest_piece p;
	uint64_t off;

	if (!e || (write && !is_writable(e))) {
		return false;
	}
	p = guest_extent_piece(e, ipa.v - e->ipa.v);
	*hint = (struct guest_memory_hint){
		.table = t,
		.ipa = e->ipa.v + p.off,
		.size = p.size,
		.pa = p.pa.v,
		.va = arch_phys_to_virt(p.pa),
		.writable = is_writable(e),
	};
	off = ipa.v - hint->ipa;
	out->va = hint->va + off;
	out->pa = PADDR(hint->pa + off);
	out->size = MIN(size, hint->size - off);
	return true;
}

void *guest_ram_ptr(struct guest *g, ipa_t ipa, size_t n)
{
	struct io_segment s = segment_at(g, ipa.v, n, true);

	return s.size == n ? s.va : NULL;
}

/* As segment_at(), for what a device shows as memory. */
static struct io_segment rom_at(struct guest *g, uint64_t ipa, uint64_t size)
{
	struct io_segment s = { NULL, PADDR(0), 0 };
	enum stage2_prot prot;

	if (stage2_lookup(&g->stage2, IPA(ipa), &s.pa, &prot) == 0 &&
	    prot == STAGE2_RX) {
		s.va = arch_phys_to_virt(s.pa);
		s.size = MIN(size, PAGE_SIZE - (ipa & PAGE_MASK));
	}
	return s;
}

int guest_read(struct guest *g, ipa_t ipa, void *buf, size_t n)
{
	uint8_t *to = buf;

	while (n) {
		struct io_segment s = segment_at(g, ipa.v, n, false);

		if (s.size == 0) {
			s = rom_at(g, ipa.v, n);
		}
		if (s.size == 0) {
			return -ERR_FAULT;
		}
		memcpy(to, s.va, s.size);
		to += s.size;
		ipa.v += s.size;
		n -= s.size;
	}
	return 0;
}

int guest_write(struct guest *g, ipa_t ipa, const void *buf, size_t n)
{
	const uint8_t *from = buf;

	while (n) {
		struct io_segment s = segment_at(g, ipa.v, n, true);

		if (s.size == 0) {
			return -ERR_FAULT;
		}
		memcpy(s.va, from, s.size);
		from += s.size;
		ipa.v += s.size;
		n -= s.size;
	}
	return 0;
}

/* --- pinning ------------------------------------------------------------ */

static int pin_segments(struct guest *g, ipa_t ipa, uint64_t size, bool write,
			struct io_segment *out, unsigned int max)
{
	unsigned int n = 0;

	while (size > 0) {
		if (n == max) {
			return -ERR_NOSPC;
		}
		out[n] = segment_at(g, ipa.v, size, write);
		if (out[n].size == 0) {
			return -ERR_FAULT;
		}
		ipa.v += out[n].size;
		size -= out[n].size;
		n++;
	}
	return (int)n;
}

int guest_pin(struct guest *g, ipa_t ipa, uint64_t size, bool write,
	      struct io_segment *out, unsigned int max)
{
	struct guest_memory *m = &g->memory;
	int n = -ERR_INVAL;

	if (size == 0 || ipa.v + size < ipa.v) {
		return size ? -ERR_FAULT : n;
	}
	/* The count is raised first: guest_memory_fini() sets `closing`, then
	 * waits until the count is 0. */
	(void)__atomic_fetch_add(&m->pins, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&m->closing, __ATOMIC_SEQ_CST)) {
		n = -ERR_STATE;
	} else {
		n = pin_segments(g, ipa, size, write, out, max);
	}
	if (n < 0) {
		guest_unpin(g);
	}
	return n;
}

void guest_unpin(struct guest *g)
{
	uint32_t left =
		__atomic_sub_fetch(&g->memory.pins, 1, __ATOMIC_RELEASE);

	/* The guest may be gone now. */
	assert(left != UINT32_MAX);
}
