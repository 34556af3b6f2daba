/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of what has passed the queues of devices, for several commands. */
#ifndef COMMANDS_QUEUES_H
#define COMMANDS_QUEUES_H

#include <core/command.h>
#include <core/queue_counts.h>

/* The columns of queue_row(). */
#define QUEUE_COLUMNS \
	{ "QUEUE", COL_STR }, { "ENTRIES", COL_U64 }, { "REQUESTS", COL_U64 }, \
		{ "BYTES", COL_U64 }, { "KICKS", COL_U64 }, \
	{ \
		"INTERRUPTS", COL_U64 \
	}

void queue_row(struct table *t, const struct queue_counts *c);

/* Print a table of the queues that `get` has, by number from 0 on until it
 * returns false. */
void queue_table(struct session *s, bool json,
		 bool (*get)(void *arg, unsigned int n,
			     struct queue_counts *out),
		 void *arg);

#endif
