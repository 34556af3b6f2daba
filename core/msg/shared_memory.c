/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared memory: regions, from creation to their end. */
#include <core/heap.h>
#include <core/log.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

#include "shared_priv.h"

struct mutex shared_mutex = MUTEX_INIT(shared_mutex);
struct list shared_regions = LIST_INIT(shared_regions);
struct list shared_windows = LIST_INIT(shared_windows);

struct shared_region *shared_find(const char *name)
{
	struct shared_region *r;

	mutex_assert_held(&shared_mutex);
	list_for_each(r, &shared_regions, node) {
		if (strcmp(r->name, name) == 0) {
			return r;
		}
	}
	return NULL;
}

static bool name_is_ok(const char *name)
{
	size_t n = parse_name(name, "-_");

	return n > 0 && n < SHARED_NAME_MAX && name[n] == '\0';
}

static int claim_colours(struct shared_region *r,
			 const struct shared_make *make,
			 struct colour_refusal *why)
{
	if (make->colours_shared) {
		memcpy(r->shared, make->colours_shared,
		       MIN(strlen(make->colours_shared),
			   sizeof(r->shared) - 1));
	}
	r->colours = (struct colour_claim){
		.owner = r->name,
		.shared = make->colours_shared ? r->shared : NULL,
		.set = make->colours ? make->colours : PAGE_ANY_COLOUR,
		.exclusive = make->colours != 0,
	};
	list_init(&r->colours.node);
	return IS_ENABLED(CONFIG_COLOURS) ? colour_claim(&r->colours, 0, why)
					  : 0;
}

int shared_region_make(struct shared_region **out,
		       const struct shared_make *make,
		       struct colour_refusal *why)
{
	struct shared_region *r;
	int err;

	if (!name_is_ok(make->name)) {
		return -ERR_INVAL;
	}
	if (make->size == 0 || make->size > SHARED_SIZE_MAX ||
	    !IS_ALIGNED(make->size, PAGE_SIZE)) {
		return -ERR_RANGE;
	}
	r = heap_alloc(sizeof(*r));
	if (!r) {
		return -ERR_NOMEM;
	}
	memcpy(r->name, make->name, strlen(make->name) + 1);
	r->size = make->size;
	r->noncacheable = make->cache == SHARED_NONCACHEABLE;
	err = claim_colours(r, make, why);
	if (!err) {
		err = shared_pages_alloc(r);
	}
	if (err) {
		shared_region_free(r);
		return err;
	}
	*out = r;
	return 0;
}

int shared_region_add(struct shared_region *r)
{
	unsigned int n = 0;
	struct list *at;

	if (shared_find(r->name)) {
		return -ERR_EXIST;
	}
	for (at = shared_regions.next; at != &shared_regions; at = at->next) {
		n++;
	}
	if (n >= SHARED_REGIONS_MAX) {
		return -ERR_NOSPC;
	}
	list_append(&shared_regions, &r->node);
	return 0;
}

void shared_region_free(struct shared_region *r)
{
	assert(r->mapped == 0);
	shared_pages_free(r);
	if (IS_ENABLED(CONFIG_COLOURS)) {
		colour_release(&r->colours);
	}
	heap_free(r);
}

int shared_create(const struct shared_make *make, struct colour_refusal *why)
{
	struct shared_region *r;
	int err;

	/* Before its memory is cleared, which takes a while. */
	mutex_lock(&shared_mutex);
	err = shared_find(make->name) ? -ERR_EXIST : 0;
	mutex_unlock(&shared_mutex);
	if (!err) {
		err = shared_region_make(&r, make, why);
	}
	if (err) {
		return err;
	}
	mutex_lock(&shared_mutex);
	err = shared_region_add(r);
	mutex_unlock(&shared_mutex);
	if (err) {
		shared_region_free(r);
	}
	return err;
}

int shared_destroy(const char *name)
{
	struct shared_region *r;
	int err = 0;

	mutex_lock(&shared_mutex);
	r = shared_find(name);
	if (!r) {
		err = -ERR_NOENT;
	} else if (r->mapped) {
		err = -ERR_BUSY;
	} else {
		list_remove(&r->node);
		shared_region_free(r);
	}
	mutex_unlock(&shared_mutex);
	return err;
}

void shared_lock(void)
{
	mutex_lock(&shared_mutex);
}

void shared_unlock(void)
{
	mutex_unlock(&shared_mutex);
}
