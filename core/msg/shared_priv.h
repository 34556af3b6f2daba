/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of shared memory share. Locks: [S] shared_mutex, [A] atomic,
 * [I] immutable.
 *
 * A guest that rings looks at `region` of its window and `peer` of the region
 * with interrupts masked and without a lock. Whoever takes one of them away
 * waits with cpu_quiesce() before it frees anything.
 */
#ifndef CORE_MSG_SHARED_PRIV_H
#define CORE_MSG_SHARED_PRIV_H

#include <core/shared_memory.h>
#include <core/sync.h>

struct shared_grant {
	char guest[SHARED_NAME_MAX];
	enum shared_access access; /* SHARED_NONE: the entry is free */
	bool described;            /* goes with the guest's last window */
};

struct shared_region {
	struct list node;             /* [S] */
	char name[SHARED_NAME_MAX];   /* [I] */
	uint64_t size;                /* [I] */
	bool noncacheable;            /* [I] */
	bool described;               /* [I] goes with its last window */
	char shared[SHARED_NAME_MAX]; /* [I] of the claim */
	struct colour_claim colours;  /* [I] */
	struct shared_piece *pieces;  /* [I] */
	uint32_t npieces, room;       /* [I] */
	unsigned int mapped;          /* [S] windows */
	struct shared_grant grants[SHARED_GRANTS_MAX]; /* [S] */
	struct shared_window *peer[SHARED_PEERS_MAX];  /* [A] */
	uint32_t up; /* [A] a bit for each peer */
};

extern struct mutex shared_mutex;
extern struct list shared_regions; /* [S] */
extern struct list shared_windows; /* [S] */

/* shared_memory.c */
struct shared_region *shared_find(const char *name); /* [S] */
/* A region that is in no list yet. Errors as shared_create(). */
int __must_check shared_region_make(struct shared_region **out,
				    const struct shared_make *make,
				    struct colour_refusal *why);
/* [S] -ERR_EXIST; -ERR_NOSPC. */
int __must_check shared_region_add(struct shared_region *r);
/* It is in no list, or [S]; nothing is mapped. */
void shared_region_free(struct shared_region *r);

/* shared_pages.c: a region's memory, and its mapping in a window. */
int __must_check shared_pages_alloc(struct shared_region *r);
void shared_pages_free(struct shared_region *r);
int __must_check shared_pages_map(const struct shared_region *r,
				  const struct shared_window *w,
				  enum shared_access access);
void shared_pages_protect(const struct shared_region *r,
			  const struct shared_window *w,
			  enum shared_access access);
void shared_pages_unmap(const struct shared_region *r,
			const struct shared_window *w);

/* shared_window.c, [S] */
struct shared_grant *shared_grant_find(struct shared_region *r,
				       const char *guest);

/* doorbell.c: make vectors pending at a window. Any context. */
void shared_raise(struct shared_window *w, uint32_t vectors);
/* Tell the peers of the region that are up, but for `but`, that one came or
 * went. Any context, interrupts masked or [S]. */
void shared_tell(struct shared_region *r, const struct shared_window *but);

#endif
