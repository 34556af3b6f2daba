/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work queue: run a function soon, in thread context. */
#ifndef CORE_WORK_H
#define CORE_WORK_H

#include <libs/list.h>
#include <libs/types.h>

struct work {
	struct list node;
	void (*fn)(struct work *w);
	bool pending;
};

int __must_check work_start(void);	/* start the worker thread */
void work_init(struct work *w, void (*fn)(struct work *w));
/* Queue unless already queued. Any context, never blocks or allocates. */
void work_queue(struct work *w);
/* When it returns `w` is neither queued nor running. Thread context. */
void work_cancel(struct work *w);

#endif
