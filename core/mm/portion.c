/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The owners' claims to portions of caches. What a guest asks for is in
 * core/guest/portions.c. */
#include <core/sync.h>
#include <libs/bitmap.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "portion_priv.h"

static struct mutex claims_mutex = MUTEX_INIT(claims_mutex);
static struct list claims = LIST_INIT(claims); /* [P] claims_mutex */

static portion_mask_t all(void)
{
	const char *why;
	unsigned int n = portion_count(&why);

	return n ? GENMASK(n - 1, 0) : 0;
}

static unsigned int number_of(portion_mask_t set)
{
	unsigned int n = 0;

	for (; set; set &= set - 1) {
		n++;
	}
	return n;
}

const char *portion_text(portion_mask_t set, char *buf, size_t size)
{
	return bitmap_text(set, buf, size);
}

static bool together(const struct portion_claim *a,
		     const struct portion_claim *b)
{
	return a->shared && b->shared && strcmp(a->shared, b->shared) == 0;
}

/* What `c` may not have because others have it; NULL: what anybody has. */
static portion_mask_t others(const struct portion_claim *c)
{
	const struct portion_claim *o;
	portion_mask_t set = 0;

	list_for_each(o, &claims, node) {
		if (!c || !together(c, o)) {
			set |= o->set;
		}
	}
	return set;
}

static portion_mask_t rest(void)
{
	return all() & ~others(NULL);
}

static int refuse(const struct portion_claim *c, portion_mask_t wanted,
		  struct portion_refusal *why)
{
	const struct portion_claim *o;

	why->free = all() & ~others(c);
	why->taken = wanted & ~why->free;
	list_for_each(o, &claims, node) {
		if (!together(c, o) && (o->set & wanted)) {
			why->taken = o->set & wanted;
			snprintf(why->owner, sizeof(why->owner), "%s",
				 o->owner);
			break;
		}
	}
	return -ERR_BUSY;
}

/* The lowest `n` of those that are free; an empty set if there are fewer. */
static portion_mask_t choose(portion_mask_t free, unsigned int n)
{
	portion_mask_t set = 0;

	if (n > number_of(free)) {
		return 0;
	}
	while (n-- > 0) {
		portion_mask_t lowest = free & -free;

		set |= lowest;
		free &= ~lowest;
	}
	return set;
}

static int check(struct portion_claim *c, unsigned int n,
		 struct portion_refusal *why)
{
	portion_mask_t free = all() & ~others(c);

	*why = (struct portion_refusal){ .no_rest = false };
	if (n) {
		c->set = choose(free, n);
	}
	if (!c->set || (c->set & ~free)) {
		return refuse(c, n ? all() : c->set, why);
	}
	/* Who has none of his own must have some. */
	if ((rest() & ~c->set) == 0) {
		why->no_rest = true;
		return refuse(c, c->set, why);
	}
	return 0;
}

/* An ID that no claim has; 0: there is none. */
static uint32_t free_id(void)
{
	const struct portion_claim *o;

	for (uint32_t id = PORTION_OWN_ID + 1; id < portion_ids(); id++) {
		bool used = false;

		list_for_each(o, &claims, node) {
			used |= o->id == id;
		}
		if (!used) {
			return id;
		}
	}
	return 0;
}

/* The IDs of the hypervisor and of who has no claim get what is left. */
static int give_rest(void)
{
	const struct portion_claim *o;
	portion_mask_t own = rest();
	int err = portion_allow(PORTION_REST_ID, own);

	list_for_each(o, &claims, node) {
		if (o->id == PORTION_OWN_ID) {
			own = o->set;
		}
	}
	return err ? err : portion_allow(PORTION_OWN_ID, own);
}

/* First from others, then to it. */
static int enforce(struct portion_claim *c)
{
	int err;

	list_append(&claims, &c->node);
	err = give_rest();
	if (!err) {
		err = portion_allow(c->id, c->set);
	}
	if (err) {
		int again;

		list_remove(&c->node);
		again = give_rest();
		(void)again; /* it has failed and been reported before */
	}
	return err;
}

int portion_claim_as(struct portion_claim *c, uint32_t id,
		     struct portion_refusal *why)
{
	int err;

	mutex_lock(&claims_mutex);
	err = check(c, 0, why);
	if (!err) {
		c->id = id;
		err = enforce(c);
	}
	mutex_unlock(&claims_mutex);
	return err;
}

int portion_claim(struct portion_claim *c, unsigned int n,
		  struct portion_refusal *why)
{
	int err;

	mutex_lock(&claims_mutex);
	err = check(c, n, why);
	if (!err) {
		c->id = free_id();
		if (!c->id) {
			why->no_id = true;
			err = -ERR_BUSY;
		}
	}
	if (!err) {
		err = enforce(c);
	}
	mutex_unlock(&claims_mutex);
	return err;
}

void portion_release(struct portion_claim *c)
{
	mutex_lock(&claims_mutex);
	if (!list_empty(&c->node)) {
		int err;

		list_remove(&c->node);
		err = give_rest();
		(void)err; /* reported; nobody has more than is his */
	}
	mutex_unlock(&claims_mutex);
}

bool portion_nth(unsigned int n, struct portion_claim *out, char *owner,
		 char *shared, size_t size)
{
	const struct portion_claim *o;
	bool found = false;

	mutex_lock(&claims_mutex);
	list_for_each(o, &claims, node) {
		if (n-- == 0) {
			*out = (struct portion_claim){ .set = o->set,
						       .id = o->id };
			list_init(&out->node);
			snprintf(owner, size, "%s", o->owner);
			snprintf(shared, size, "%s",
				 o->shared ? o->shared : "");
			found = true;
			break;
		}
	}
	mutex_unlock(&claims_mutex);
	return found;
}

portion_mask_t portion_rest(void)
{
	portion_mask_t set;

	mutex_lock(&claims_mutex);
	set = rest();
	mutex_unlock(&claims_mutex);
	return set;
}
