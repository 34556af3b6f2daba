/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that make up guests share. */
#ifndef GUEST_PRIV_H
#define GUEST_PRIV_H

#include <core/guest.h>

/* Where a guest's first VCPU begins. */
struct guest_entry {
	uint64_t pc;
	uint64_t arg; /* first argument register: device tree */
};

/* attempt.c: telling why something could not be done */
#define ATTEMPT_TEXT 160

struct attempt {
	config_report_t report; /* for the operator; NULL: none asked for it */
	void *ctx;
	unsigned int mistakes;
	char first[ATTEMPT_TEXT];
};

/* A config_report_t whose ctx is a struct attempt. */
void attempt_report(void *ctx, const char *message);
/* Log what could not be done, with the first mistake or, if none was reported,
 * `err`. */
void attempt_failed(const struct attempt *a, int err, const char *fmt, ...)
	__printf(3, 4);

/* guest.c */
void guest_life_init(struct guest *g);        /* lock, list, what it asks for */
int __must_check guest_link(struct guest *g); /* -ERR_EXIST; sets id */
/* Take the guest's mutex. The guest's thread, if it holds it, gets the caller's
 * priority meanwhile: guest_hurry(). */
void guest_lock(struct guest *g, bool cancel);

/* devices.c: its devices and their regions. Call guest_devices_fini() after a
 * failure too. */
int __must_check guest_devices_init(struct guest *g);
void guest_devices_fini(struct guest *g);

/*
 * work.c: work for a guest, done by a thread of its own. guest_run() calls fn
 * in that thread and returns its error; `report` and `stop` are called in the
 * caller's thread. guest_work_start() comes first in a guest's life,
 * guest_work_stop() near the end, with nothing queued.
 */
struct guest_asker {
	config_report_t report; /* or NULL */
	void *report_ctx;
	bool (*stop)(void *ctx); /* true: give up; or NULL */
	void *stop_ctx;
};
int __must_check guest_work_start(struct guest *g);
void guest_work_stop(struct guest *g);
int __must_check guest_run(struct guest *g, const struct guest_asker *asker,
			   int (*fn)(struct guest *g, struct attempt *a));
/* The caller waits for the guest's work to end: its thread goes on with the
 * caller's priority, if that is higher. `cancel`: the work is to be given up.
 * guest_relax() ends this. */
void guest_hurry(struct guest *g, bool cancel);
void guest_relax(struct guest *g, bool cancel);
/* Is the work for the guest to be given up? */
bool guest_given_up(void *guest);
/* Is the caller the thread that works for it? */
bool guest_works(const struct guest *g);

/* crash.c: memory for the report, so that it is there when it is needed */
int __must_check crash_init(struct guest *g);
/* Log that the guest's crash_vcpu crashed, with registers if asked
 * for, and keep the report. Its mutex is held; no VCPU runs. */
void crash_record(struct guest *g, bool with_registers);

/* create.c: free everything; no references, no VCPU runs. */
void guest_free(struct guest *g);

/* load.c: memory that a start needs, allocated once */
int __must_check guest_load_init(struct guest *g);
void guest_load_fini(struct guest *g);
/* Put kernel, initrd and device tree into RAM. Mistakes are reported. The VCPUs
 * are off. -ERR_INTR: given up. */
int __must_check guest_load(struct guest *g, struct guest_entry *entry,
			    config_report_t report, void *ctx);

/* tree.c: make the device tree for its OS; mistakes are reported */
int __must_check guest_tree_init(struct guest *g, struct attempt *a);
void guest_tree_fini(struct guest *g);
/* Write it to `at`, with this start's initrd (0, 0: none) and seeds. The caller
 * cleans the caches. Its mutex is held, the VCPUs are off. */
int __must_check guest_tree_write(struct guest *g, ipa_t at,
				  uint64_t initrd_start, uint64_t initrd_end);

/* colours.c: claim the colours that its memory will have; a refusal is
 * reported. -ERR_BUSY. fini: may be called for a guest that has claimed
 * none. */
#ifdef CONFIG_COLOURS
int __must_check guest_colours_init(struct guest *g, struct attempt *a);
void guest_colours_fini(struct guest *g);
#else
static inline int guest_colours_init(struct guest *g, struct attempt *a)
{
	(void)a;
	g->colours.set = PAGE_ANY_COLOUR;
	return 0;
}
static inline void guest_colours_fini(struct guest *g)
{
	(void)g;
}
#endif

/* portions.c: claim the portions of caches that its lines will have; a refusal
 * is reported. -ERR_BUSY, -ERR_IO. prepare comes first; then fini may be called
 * for a guest that has claimed none. */
#ifdef CONFIG_CACHE_PORTIONS
void guest_portions_prepare(struct guest *g);
int __must_check guest_portions_init(struct guest *g, struct attempt *a);
void guest_portions_fini(struct guest *g);
#else
static inline void guest_portions_prepare(struct guest *g)
{
	(void)g;
}
static inline int guest_portions_init(struct guest *g, struct attempt *a)
{
	(void)g;
	(void)a;
	return 0;
}
static inline void guest_portions_fini(struct guest *g)
{
	(void)g;
}
#endif

/* memory.c: guest_memory_prepare() comes first. guest_memory_init() allocates,
 * clears and maps the RAM that the description asks for; -ERR_INTR: given up,
 * -ERR_NOMEM. guest_memory_fini() waits until nothing is pinned. Thread
 * context. */
void guest_memory_prepare(struct guest *g);
int __must_check guest_memory_init(struct guest *g);
void guest_memory_fini(struct guest *g);
/* Write zeroes to memory itself, not only to caches: the guest starts with its
 * caches off. -ERR_INTR: the work was given up. */
int __must_check guest_memory_clear(struct guest *g, paddr_t pa, uint64_t size);
/* Append `e`, which lies above all others, to a table, which is NULL at first.
 * Only while the guest is created, when nothing is looked up yet.
 * -ERR_NOMEM. */
int __must_check guest_extents_append(struct guest_extents **table,
				      const struct guest_extent *e);
/* Free an extent's pages. */
void guest_extent_free(const struct guest_extent *e);
/* memory_rows.c: RAM of the guest's colours from `ipa` to `end`; errors as
 * guest_memory_init(). */
int __must_check guest_rows_init(struct guest *g, uint64_t ipa, uint64_t end);
/* Clear and map an extent in rows. -ERR_INTR: given up; -ERR_NOMEM. */
int __must_check guest_rows_fill(struct guest *g, const struct guest_extent *e);
void guest_rows_free(const struct guest_extent *e);
/* The address of the row after an extent of whole rows; 0 if the last row is
 * not whole. */
uint64_t guest_rows_end(const struct guest_extent *e);
/*
 * memory_fixed.c: RAM at host addresses that the description gives.
 * guest_fixed_take() comes before any other allocation for the guest, and after
 * its colours are claimed; what cannot be taken is reported, and nothing is
 * taken then (-ERR_BUSY; -ERR_NOMEM). guest_fixed_init() clears and maps what
 * was taken below `end`; errors as guest_memory_init(). guest_fixed_fini()
 * frees what was taken and not mapped.
 */
#ifdef CONFIG_GUEST_FIXED_MEMORY
int __must_check guest_fixed_take(struct guest *g, struct attempt *a);
int __must_check guest_fixed_init(struct guest *g, uint64_t end);
void guest_fixed_fini(struct guest *g);
#else
static inline int guest_fixed_take(struct guest *g, struct attempt *a)
{
	(void)g;
	(void)a;
	return 0;
}
static inline int guest_fixed_init(struct guest *g, uint64_t end)
{
	(void)g;
	(void)end;
	return 0; /* not called: no description has a host address */
}
static inline void guest_fixed_fini(struct guest *g)
{
	(void)g;
}
#endif
/* Where [ipa, ipa+n) of the guest's RAM is, or NULL if it is not all RAM, or
 * not in one piece. Any context. */
void *guest_ram_ptr(struct guest *g, ipa_t ipa, size_t n);

#endif
