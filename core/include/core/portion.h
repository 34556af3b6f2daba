/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Portions of a cache: where the memory system tells accesses apart by
 * partition ID (arch/partition.h), lines can be kept to some portions of the
 * last-level cache for some IDs. Which guest has which, and the units that
 * drivers find. docs/design/isolation.md. Thread context, unless it says
 * otherwise.
 */
#ifndef CORE_PORTION_H
#define CORE_PORTION_H

#include <libs/list.h>
#include <libs/types.h>

/* Bit n is portion n. */
typedef uint64_t portion_mask_t;
#define PORTION_MAX 64
#define PORTION_TEXT 192 /* of 64 portions, none adjacent */
/* What is tried of more partition IDs; the hypervisor has ID 1, and who has no
 * portions of his own ID 0. */
#define PORTION_IDS_MAX 128

/* --- units: for drivers --------------------------------------------------- */

/* Something that treats accesses by partition ID: a cache, a slice of one, a
 * memory controller. The driver sets all but `node`, and keeps it for good. */
struct portion_unit {
	struct list node;
	const char *name;   /* of its device */
	unsigned int level; /* the cache's; with no portions, any */
	uint32_t width;     /* portions that it has; 0: none */
	uint32_t ids;       /* partition IDs that it tells apart, from 0 on */
	/* Lines of `id` are put only where portions of `set` are, of `count`
	 * that all units of the level have in common (portion_word()).
	 * -ERR_IO. One call at a time. */
	int (*allow)(struct portion_unit *u, uint32_t id, portion_mask_t set,
		     unsigned int count);
};

/* Boot, in the context of probe(): enter a unit, in which every ID has all
 * that there is; or say that there is one which cannot be used: then none is,
 * for it would treat accesses of other IDs in a way that nobody knows. */
void portion_unit_add(struct portion_unit *u);
void portion_unit_failed(const char *name);

/* 32 bits of the bitmap of a unit with `width` portions, from 32 * n on, for
 * `set` of `count` <= width: each of them is an equal run of the unit's, give
 * or take one. Pure. */
uint32_t portion_word(portion_mask_t set, unsigned int count, uint32_t width,
		      unsigned int n);

/* --- the host ------------------------------------------------------------- */

/* Boot: all CPUs have started, all units are entered; logs what it found. */
#ifdef CONFIG_CACHE_PORTIONS
void portion_init(void);
/* Portions that there are; 0: none, and why. Any context after boot. */
unsigned int portion_count(const char **why);
#else
static inline void portion_init(void)
{
}
static inline unsigned int portion_count(const char **why)
{
	*why = "this hypervisor was made without CONFIG_CACHE_PORTIONS";
	return 0;
}
#endif
/* The level of the caches that have them, and the partition IDs. Any context
 * after boot. */
unsigned int portion_level(void);
unsigned int portion_ids(void);
/* "0-3, 8"; "none". Truncated to the size. */
const char *portion_text(portion_mask_t set, char *buf, size_t size);

/* --- owners --------------------------------------------------------------- */

/* [P] the portions' mutex */
struct portion_claim {
	struct list node;
	const char *owner;  /* [I] */
	const char *shared; /* [I] with claims of the same name; or NULL */
	portion_mask_t set; /* [P] 0: what no claim has */
	uint32_t id;        /* [P] partition ID */
};

struct portion_refusal {
	portion_mask_t taken; /* of the requested ones */
	portion_mask_t free;
	char owner[32]; /* of one of them */
	bool no_rest;   /* none would be left to who has none of his own */
	bool no_id;     /* every partition ID is in use */
};

/*
 * Enter a claim to the portions in c->set, or to `n` of those that are free,
 * and put it in force: no other ID's lines get there from now on, except for
 * claims with the same `shared`. Lines that are there already stay until they
 * are replaced. -ERR_BUSY: refused, see *why; -ERR_IO: a unit does not do it.
 * Nothing has changed then.
 */
int __must_check portion_claim(struct portion_claim *c, unsigned int n,
			       struct portion_refusal *why);
void portion_release(struct portion_claim *c);

/* Claim number n, in the order of the list, with its node empty; false past
 * the last. Its owner and shared are copied, truncated to `size`. */
bool portion_nth(unsigned int n, struct portion_claim *out, char *owner,
		 char *shared, size_t size);
/* What no claim has: the portions of ID 0. */
portion_mask_t portion_rest(void);

#endif
