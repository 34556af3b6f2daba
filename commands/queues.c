/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of what has passed the queues of devices. */
#include "queues.h"

void queue_row(struct table *t, const struct queue_counts *c)
{
	table_str(t, c->name);
	table_u64(t, c->entries);
	table_u64(t, c->requests);
	if (c->bytes_counted) {
		table_u64(t, c->bytes);
	} else {
		table_none(t);
	}
	table_u64(t, c->kicks);
	table_u64(t, c->interrupts);
}

void queue_table(struct session *s, bool json,
		 bool (*get)(void *arg, unsigned int n,
			     struct queue_counts *out),
		 void *arg)
{
	static const struct column cols[] = { QUEUE_COLUMNS };
	struct table *t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	struct queue_counts c;

	for (unsigned int n = 0; get(arg, n, &c); n++) {
		queue_row(t, &c);
	}
	table_end(t);
}
