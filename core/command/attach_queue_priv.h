/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue of an attached terminal: a guest's output, and log lines that were
 * logged after it. A line about a guest ("powered off") must not overtake the
 * guest's last output, and the code that logs it cannot wait.
 */
#ifndef CORE_ATTACH_QUEUE_PRIV_H
#define CORE_ATTACH_QUEUE_PRIV_H

#include <core/hostcon.h>
#include <core/spinlock.h>
#include <core/vserial.h>
#include <libs/ring.h>

#define ATTACH_RING (2 * VSERIAL_OUT_SIZE) /* for a whole history, and more */
#define ATTACH_LOG_LINES 16
#define ATTACH_LOG_TEXT 256 /* of a line; longer ones are cut */

struct attach_log {
	uint32_t at; /* index in the ring where the output before it ends */
	uint32_t n;
	char text[ATTACH_LOG_TEXT];
};

/* All of it is protected by its lock. */
struct attach_queue {
	struct spinlock lock;
	struct ring out;
	/* The reader will look again before it sleeps. */
	bool busy;
	uint32_t lost; /* bytes for which there was no room */
	unsigned int log_first, log_n;
	struct attach_log log[ATTACH_LOG_LINES];
	uint8_t buf[ATTACH_RING];
};

enum attach_kind {
	ATTACH_NOTHING, /* the queue is empty, and no longer busy */
	ATTACH_OUTPUT,
	ATTACH_LOG,
	ATTACH_LOST, /* here *n bytes of output were lost */
};

void attach_queue_init(struct attach_queue *q);
/* Queue a guest's output, or 0 bytes to make the reader look. Any context. */
void attach_queue_put(struct attach_queue *q, const uint8_t *buf, size_t n);
/* A hostcon_divert_t, for hostcon_divert_log(). */
enum hostcon_diverted attach_queue_divert(void *queue, const char *s, size_t n);
/* Take the next piece: output or a log line, *n bytes into buf[size >=
 * ATTACH_LOG_TEXT]. Thread context. */
enum attach_kind attach_queue_take(struct attach_queue *q, uint8_t *buf,
				   size_t size, size_t *n);
/* Drop all output, and keep the log lines. */
void attach_queue_drop(struct attach_queue *q);

#endif
