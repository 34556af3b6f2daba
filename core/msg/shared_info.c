/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared memory: what listings and the check of memory ask. */
#include <core/emulator.h>
#include <core/guest.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "shared_priv.h"

static struct shared_region *region_nth(unsigned int n)
{
	struct shared_region *r;

	list_for_each(r, &shared_regions, node) {
		if (n-- == 0) {
			return r;
		}
	}
	return NULL;
}

static void read_info(const struct shared_region *r, struct shared_info *out)
{
	*out = (struct shared_info){
		.size = r->size,
		.noncacheable = r->noncacheable,
		.described = r->described,
		.colours = r->colours.set,
		.mapped = r->mapped,
	};
	memcpy(out->name, r->name, sizeof(out->name));
	for (uint32_t i = 0; i < r->npieces; i++) {
		uint64_t base = r->pieces[i].pa.v;
		uint64_t end = base + r->pieces[i].size;
		uint64_t first = ALIGN_UP(base, MIB(2));
		uint64_t last = ALIGN_DOWN(end, MIB(2));
		uint64_t blocks = last > first ? (last - first) / MIB(2) : 0;

		out->blocks += blocks;
		out->pages += (end - base - blocks * MIB(2)) / PAGE_SIZE;
	}
}

bool shared_get_nth(unsigned int n, struct shared_info *out)
{
	const struct shared_region *r;

	mutex_lock(&shared_mutex);
	r = region_nth(n);
	if (r) {
		read_info(r, out);
	}
	mutex_unlock(&shared_mutex);
	return r != NULL;
}

int shared_get_info(const char *name, struct shared_info *out)
{
	const struct shared_region *r;

	mutex_lock(&shared_mutex);
	r = shared_find(name);
	if (r) {
		read_info(r, out);
	}
	mutex_unlock(&shared_mutex);
	return r ? 0 : -ERR_NOENT;
}

/* Walk the guest's tables. */
static void read_tables(const struct shared_region *r,
			const struct shared_window *w,
			struct shared_peer_info *out)
{
	struct stage2 *s2 = &w->dev->guest->stage2;
	enum stage2_prot prot = STAGE2_NONE;
	paddr_t pa;

	out->writeback = true;
	out->noncacheable = true;
	for (uint64_t off = 0; off < r->size; off += PAGE_SIZE) {
		int err = stage2_lookup(s2, IPA(w->base.v + off), &pa, &prot);
		bool nc = prot == STAGE2_RO_NC || prot == STAGE2_RW_NC;

		out->writeback &= !err &&
				  (prot == STAGE2_RO || prot == STAGE2_RW);
		out->noncacheable &= !err && nc;
	}
}

static void read_window(struct shared_region *r, const struct shared_window *w,
			struct shared_peer_info *out)
{
	const struct shared_grant *g =
		shared_grant_find(r, w->dev->guest->name);

	*out = (struct shared_peer_info){
		.granted = g ? g->access : SHARED_NONE,
		.mapped = w->region ? w->access : SHARED_NONE,
		.has_window = true,
		.base = w->base,
		.number = w->number,
		.up = w->region && (r->up & BIT(w->number)),
		.rung = READ_ONCE(w->rung),
	};
	snprintf(out->guest, sizeof(out->guest), "%s", w->dev->guest->name);
	snprintf(out->device, sizeof(out->device), "%s", w->dev->name);
	if (w->host) {
		out->writeback = true; /* as all memory, for the hypervisor */
	} else if (w->region) {
		read_tables(r, w, out);
	}
}

static bool has_window(const struct shared_region *r, const char *guest)
{
	struct shared_window *w;

	list_for_each(w, &shared_windows, node) {
		if (strcmp(w->name, r->name) == 0 &&
		    strcmp(w->dev->guest->name, guest) == 0) {
			return true;
		}
	}
	return false;
}

/* [S] The windows first, then guests without one. */
static bool peer_nth(struct shared_region *r, unsigned int n,
		     struct shared_peer_info *out)
{
	struct shared_window *w;

	list_for_each(w, &shared_windows, node) {
		if (strcmp(w->name, r->name) == 0 && n-- == 0) {
			read_window(r, w, out);
			return true;
		}
	}
	for (unsigned int i = 0; i < SHARED_GRANTS_MAX; i++) {
		const struct shared_grant *g = &r->grants[i];

		if (g->access == SHARED_NONE || has_window(r, g->guest) ||
		    n-- != 0) {
			continue;
		}
		*out = (struct shared_peer_info){ .granted = g->access };
		memcpy(out->guest, g->guest, sizeof(out->guest));
		return true;
	}
	return false;
}

bool shared_get_peer(const char *name, unsigned int n,
		     struct shared_peer_info *out)
{
	struct shared_region *r;
	bool found;

	mutex_lock(&shared_mutex);
	r = shared_find(name);
	found = r && peer_nth(r, n, out);
	mutex_unlock(&shared_mutex);
	return found;
}

/* --- the check of memory -------------------------------------------------- */

/* Is [pa, pa + size) what the region has from its byte `off` on? */
static bool is_at(const struct shared_region *r, uint64_t off, uint64_t size,
		  uint64_t pa)
{
	for (uint32_t i = 0; i < r->npieces; i++) {
		const struct shared_piece *p = &r->pieces[i];

		if (off < p->size) {
			return pa == p->pa.v + off && size <= p->size - off;
		}
		off -= p->size;
	}
	return false;
}

static bool may_write(struct guest *g, ipa_t ipa)
{
	enum stage2_prot prot;
	paddr_t pa;

	return stage2_lookup(&g->stage2, ipa, &pa, &prot) == 0 &&
	       prot != STAGE2_RO && prot != STAGE2_RO_NC;
}

int shared_check(const struct guest *g, ipa_t ipa, uint64_t size, paddr_t pa)
{
	struct shared_window *w;

	mutex_assert_held(&shared_mutex);
	list_for_each(w, &shared_windows, node) {
		uint64_t off = ipa.v - w->base.v;
		struct shared_grant *grant;

		if (w->dev->guest != g || off >= w->size) {
			continue;
		}
		if (!w->region || !is_at(w->region, off, size, pa.v)) {
			return -1;
		}
		grant = shared_grant_find(w->region, g->name);
		return grant && (grant->access == SHARED_WRITE ||
				 !may_write(w->dev->guest, ipa))
			       ? 1
			       : -1;
	}
	return 0;
}

const struct colour_claim *shared_claim_nth(unsigned int n)
{
	const struct shared_region *r = region_nth(n);

	mutex_assert_held(&shared_mutex);
	return r ? &r->colours : NULL;
}

bool shared_piece_nth(unsigned int n, unsigned int i, struct shared_piece *out)
{
	const struct shared_region *r = region_nth(n);

	mutex_assert_held(&shared_mutex);
	if (!r || i >= r->npieces) {
		return false;
	}
	*out = r->pieces[i];
	return true;
}

const struct shared_window *shared_window_nth(const struct guest *g,
					      unsigned int n)
{
	struct shared_window *w;

	mutex_assert_held(&shared_mutex);
	list_for_each(w, &shared_windows, node) {
		if (w->dev->guest == g && w->region && !w->host && n-- == 0) {
			return w;
		}
	}
	return NULL;
}

bool shared_window_piece(const struct shared_window *w, unsigned int i,
			 struct shared_piece *out)
{
	mutex_assert_held(&shared_mutex);
	if (i >= w->region->npieces) {
		return false;
	}
	*out = w->region->pieces[i];
	return true;
}
