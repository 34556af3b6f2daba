/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared memory: who may access a region, and its mapping in guests' windows,
 * which follows that. */
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <core/emulator.h>
#include <core/guest.h>
#include <core/percpu.h>
#include <libs/error.h>
#include <string.h>

#include "shared_priv.h"

/* --- list of access ------------------------------------------------------ */

struct shared_grant *shared_grant_find(struct shared_region *r,
				       const char *guest)
{
	for (unsigned int i = 0; i < SHARED_GRANTS_MAX; i++) {
		if (r->grants[i].access != SHARED_NONE &&
		    strcmp(r->grants[i].guest, guest) == 0) {
			return &r->grants[i];
		}
	}
	return NULL;
}

/* The guest's entry, or a new one; NULL: the list is full. */
static struct shared_grant *grant_entry(struct shared_region *r,
					const char *guest)
{
	struct shared_grant *g = shared_grant_find(r, guest);

	for (unsigned int i = 0; !g && i < SHARED_GRANTS_MAX; i++) {
		if (r->grants[i].access == SHARED_NONE) {
			g = &r->grants[i];
			*g = (struct shared_grant){ .described = false };
			memcpy(g->guest, guest,
			       MIN(strlen(guest), sizeof(g->guest) - 1));
		}
	}
	return g;
}

/* What the window may have: what is granted, and not more than it asks for. */
static enum shared_access access_of(struct shared_region *r,
				    const struct shared_window *w)
{
	const struct shared_grant *g =
		shared_grant_find(r, w->dev->guest->name);

	return g ? MIN(g->access, w->most) : SHARED_NONE;
}

/* --- mapping ------------------------------------------------------------- */

/* The number that the window's description gives, or the lowest free one. */
static int find_number(const struct shared_region *r,
		       const struct shared_window *w, uint32_t *out)
{
	if (w->wanted != SHARED_NUMBER_ANY) {
		*out = w->wanted;
		return r->peer[w->wanted] ? -ERR_EXIST : 0;
	}
	for (*out = 0; *out < SHARED_PEERS_MAX; (*out)++) {
		if (!r->peer[*out]) {
			return 0;
		}
	}
	return -ERR_NOSPC;
}

/* The hypervisor has all memory mapped. */
static int map(const struct shared_region *r, const struct shared_window *w,
	       enum shared_access access)
{
	if (w->host) {
		return 0;
	}
	return r->size > w->size ? -ERR_RANGE : shared_pages_map(r, w, access);
}

static int attach(struct shared_region *r, struct shared_window *w,
		  enum shared_access access)
{
	uint32_t number = 0;
	int err = find_number(r, w, &number);

	if (!err) {
		err = map(r, w, access);
	}
	if (err) {
		return err;
	}
	w->access = access;
	w->number = number;
	r->mapped++;
	__atomic_store_n(&r->peer[number], w, __ATOMIC_RELEASE);
	__atomic_store_n(&w->region, r, __ATOMIC_RELEASE);
	if (w->host) {
		unsigned long flags = arch_irq_save();

		shared_set_up(w, true);
		arch_irq_restore(flags);
	}
	/* Its driver may have looked before. */
	shared_raise(w, BIT(SHARED_VECTOR_STATUS));
	return 0;
}

static void detach(struct shared_window *w)
{
	struct shared_region *r = w->region;

	__atomic_store_n(&r->peer[w->number], NULL, __ATOMIC_RELAXED);
	__atomic_store_n(&w->region, NULL, __ATOMIC_RELAXED);
	if (!w->host) {
		shared_pages_unmap(r, w);
	}
	/* Nobody rings it any more, and it rings nobody. */
	cpu_quiesce();
	if (w->host) {
		w->host->gone(w);
	}
	w->access = SHARED_NONE;
	r->mapped--;
	(void)__atomic_fetch_and(&r->up, ~(uint32_t)BIT(w->number),
				 __ATOMIC_RELAXED);
	shared_tell(r, w);
	shared_raise(w, BIT(SHARED_VECTOR_STATUS));
}

/* Map the region there, or no longer, or with another access, as it is granted
 * now. */
static int follow(struct shared_region *r, struct shared_window *w)
{
	enum shared_access access = access_of(r, w);

	if (!w->region) {
		return access == SHARED_NONE ? 0 : attach(r, w, access);
	}
	if (access == SHARED_NONE) {
		detach(w);
	} else if (access != w->access) {
		if (!w->host) {
			shared_pages_protect(r, w, access);
		}
		WRITE_ONCE(w->access, access);
		shared_raise(w, BIT(SHARED_VECTOR_STATUS));
	}
	return 0;
}

/* All windows of a guest that name the region; the first error. */
static int follow_all(struct shared_region *r, const char *guest)
{
	struct shared_window *w;
	int err = 0;

	list_for_each(w, &shared_windows, node) {
		if (strcmp(w->name, r->name) == 0 &&
		    strcmp(w->dev->guest->name, guest) == 0) {
			int e = follow(r, w);

			err = err ? err : e;
		}
	}
	return err;
}

int shared_grant(const char *name, const char *guest, enum shared_access access)
{
	struct shared_region *r;
	struct shared_grant *g;
	int err;

	mutex_lock(&shared_mutex);
	r = shared_find(name);
	g = r ? grant_entry(r, guest) : NULL;
	if (g) {
		g->access = access;
		g->described = false;
		err = follow_all(r, guest);
	} else {
		err = r ? -ERR_NOSPC : -ERR_NOENT;
	}
	mutex_unlock(&shared_mutex);
	return err;
}

int shared_revoke(const char *name, const char *guest)
{
	struct shared_region *r;
	struct shared_grant *g;
	int err;

	mutex_lock(&shared_mutex);
	r = shared_find(name);
	g = r ? shared_grant_find(r, guest) : NULL;
	if (g) {
		g->access = SHARED_NONE;
		err = follow_all(r, guest);
	} else {
		err = r ? -ERR_STATE : -ERR_NOENT;
	}
	mutex_unlock(&shared_mutex);
	return err;
}

void *shared_host_at(struct shared_window *w, uint64_t *size)
{
	const struct shared_region *r =
		__atomic_load_n(&w->region, __ATOMIC_ACQUIRE);

	if (!r || r->noncacheable || READ_ONCE(w->access) != SHARED_WRITE) {
		return NULL;
	}
	*size = r->pieces[0].size;
	return arch_phys_to_virt(r->pieces[0].pa);
}

struct shared_window *shared_window_of(const struct guest *g, const char *name)
{
	struct shared_window *w, *found = NULL;

	mutex_lock(&shared_mutex);
	list_for_each(w, &shared_windows, node) {
		if (!found && !w->host && w->dev->guest == g &&
		    strcmp(w->name, name) == 0) {
			found = w;
		}
	}
	mutex_unlock(&shared_mutex);
	return found;
}

/* --- windows ------------------------------------------------------------- */

/* Is the region as the description says? What it leaves out is 0. */
static bool fits(const struct shared_region *r, const struct shared_make *make)
{
	return (!make->size || r->size == make->size) &&
	       (make->cache == SHARED_ANY ||
		r->noncacheable == (make->cache == SHARED_NONCACHEABLE)) &&
	       (!make->colours || r->colours.set == make->colours);
}

/* [S] The window's region and its entry in the list of access; *r is NULL: the
 * caller makes one. */
static int join(struct shared_window *w, const struct shared_make *make,
		struct shared_region **r)
{
	const char *guest = w->dev->guest->name;
	struct shared_grant *g;

	*r = shared_find(w->name);
	if (!*r) {
		return 0;
	}
	if (!fits(*r, make)) {
		return -ERR_STATE;
	}
	if ((*r)->described && !shared_grant_find(*r, guest)) {
		g = grant_entry(*r, guest);
		if (!g) {
			return -ERR_NOSPC;
		}
		g->access = w->most;
		g->described = true;
	}
	return follow(*r, w);
}

/* [S] Does a window name the region, of this guest or, if that is NULL, any? */
static bool is_named(const struct shared_region *r, const struct guest *g)
{
	struct shared_window *w;

	list_for_each(w, &shared_windows, node) {
		if (strcmp(w->name, r->name) == 0 &&
		    (!g || w->dev->guest == g)) {
			return true;
		}
	}
	return false;
}

/* [S] What descriptions have made goes with the last window. */
static void leave(struct shared_window *w)
{
	struct shared_region *r = shared_find(w->name);
	struct shared_grant *g;

	if (w->region) {
		detach(w);
	}
	list_remove(&w->node);
	if (!r) {
		return;
	}
	g = shared_grant_find(r, w->dev->guest->name);
	if (g && g->described && !is_named(r, w->dev->guest)) {
		g->access = SHARED_NONE;
	}
	if (r->described && !is_named(r, NULL)) {
		list_remove(&r->node);
		shared_region_free(r);
	}
}

/* [S] Enter a region that was made for the window; if there is one of that name
 * by now, free it. */
static int enter(struct shared_region *made)
{
	int err = shared_region_add(made);

	if (err) {
		shared_region_free(made);
	}
	return err == -ERR_EXIST ? 0 : err;
}

int shared_window_init(struct shared_window *w, const struct shared_make *make,
		       struct colour_refusal *why)
{
	struct shared_make new = *make;
	struct shared_region *r = NULL;
	int err;

	new.size = make->size ? make->size : w->size;
	mutex_lock(&shared_mutex);
	list_append(&shared_windows, &w->node);
	err = join(w, make, &r);
	if (!err && !r) {
		/* Its memory is cleared meanwhile, which takes a while. */
		mutex_unlock(&shared_mutex);
		err = shared_region_make(&r, &new, why);
		mutex_lock(&shared_mutex);
		if (!err) {
			r->described = true;
			err = enter(r);
		}
		if (!err) {
			err = join(w, make, &r);
		}
	}
	if (err) {
		leave(w);
	}
	mutex_unlock(&shared_mutex);
	return err;
}

void shared_window_fini(struct shared_window *w)
{
	mutex_lock(&shared_mutex);
	leave(w);
	mutex_unlock(&shared_mutex);
}

void shared_window_reset(struct shared_window *w)
{
	unsigned long flags;

	mutex_lock(&shared_mutex);
	flags = arch_irq_save();
	shared_set_up(w, false);
	__atomic_store_n(&w->enabled, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&w->pending, 0, __ATOMIC_RELAXED);
	arch_irq_restore(flags);
	mutex_unlock(&shared_mutex);
}
