/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the command `top`: measuring, drawing, and listing. */
#ifndef COMMANDS_TOP_H
#define COMMANDS_TOP_H

#include <core/command.h>
#include <core/guest_config.h>
#include <core/vcpu.h>

#define TOP_COLUMNS 80
#define TOP_LINES 24

/* What is counted. In struct top_row, `rate` is how much of it there is in a
 * second. */
enum top_count {
	TOP_EXITS,  /* for all reasons */
	TOP_REASON, /* the first of VCPU_EXITS, one for each reason */
	TOP_DISK_IOS = TOP_REASON + VCPU_EXITS, /* requests of any kind */
	TOP_DISK_READ,                          /* bytes */
	TOP_DISK_WRITTEN,                       /* bytes */
	TOP_NET_RX,       /* packets that the guest was given */
	TOP_NET_RX_BYTES, /* and their bytes */
	TOP_NET_TX,       /* packets that it has sent */
	TOP_NET_TX_BYTES,
	TOP_COUNTS
};

/* A guest or a VCPU. */
struct top_row {
	char name[MAX(CONFIG_NAME_LEN, VCPU_NAME_LEN)];
	const char *state;
	const void *owner; /* only compared: the guest's scheduling group */
	uint32_t id;
	uint32_t cpu; /* of a VCPU */
	uint64_t count[TOP_COUNTS];
	ticks_t running;           /* in all */
	ticks_t throttled;         /* waited for a budget, in all */
	uint64_t rate[TOP_COUNTS]; /* a second */
	unsigned int permille;     /* of one CPU */
	unsigned int waits;        /* permille of the time, for a budget */
};

struct top_rows {
	struct top_row *items;
	size_t count, size; /* used and allocated */
};

struct top_sample {
	ticks_t at;
	uint64_t up_ms;
	struct top_rows guests, vcpus; /* in the order of their ids */
	ticks_t running;               /* of all but the idle threads */
	unsigned int permille;         /* of one CPU: the host's load */
	unsigned int cpus;             /* online */
	uint64_t memory, memory_free;  /* bytes */
};

/* top_sample.c */
/* Take the present counts. The caller frees `out` even after an error:
 * -ERR_NOMEM. Thread context, as for all functions here. */
int __must_check top_take(struct top_sample *out);
/* Compute the rates since `before`. Rows that were not in it get rates of 0. */
void top_rates(struct top_sample *now, const struct top_sample *before);
void top_free(struct top_sample *sample);

/* top_view.c */
enum top_sort { TOP_BY_CPU, TOP_BY_EXITS, TOP_BY_DISK, TOP_BY_NET };

struct top_view {
	enum top_sort sort;
	bool vcpus;   /* else guests */
	size_t first; /* row that is shown first */
};
/* Sort the rows, largest first; equal rows keep their order. */
void top_sort(struct top_rows *rows, enum top_sort by);
/* Draw the whole screen over what it shows: at most TOP_SCREEN bytes. Sorts the
 * rows, and limits view->first to them. */
#define TOP_SCREEN (TOP_LINES * (TOP_COLUMNS + 16) + 16)
size_t top_draw(char *buf, size_t size, struct top_sample *sample,
		struct top_view *view);
/* Handle a key that changes the view; false if it does not. */
bool top_view_key(struct top_view *view, uint8_t key);

#endif
