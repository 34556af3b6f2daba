/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work queue: run a function soon, in thread context. One thread does it all,
 * in order; what is long or waits for other work has a thread of its own.
 */
#ifndef CORE_WORK_H
#define CORE_WORK_H

#include <libs/list.h>
#include <libs/types.h>

/* [W] the work lock. */
struct work {
	struct list node;		/* [W] */
	void (*fn)(struct work *w);	/* [I] may free `w`, or queue it again */
	bool pending;			/* [W] queued, not begun */
};

/* Start the worker thread; what was queued before then runs. -ERR_NOMEM. */
int __must_check work_start(void);
void work_init(struct work *w, void (*fn)(struct work *w));
/* Queue unless already queued. Any context, never blocks or allocates. */
void work_queue(struct work *w);
/* When it returns `w` is neither queued nor running (but for a caller that is
 * w->fn itself). Thread context. */
void work_cancel(struct work *w);

#endif
