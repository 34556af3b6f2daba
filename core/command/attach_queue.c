/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What waits for an attached terminal, in order. */
#include "attach_queue_priv.h"

#include <string.h>

void attach_queue_init(struct attach_queue *q)
{
	spin_init(&q->lock, LOCK_TERMINAL);
	ring_init(&q->out, q->buf, sizeof(q->buf));
	q->busy = false;
	q->lost = 0;
	q->log_first = 0;
	q->log_n = 0;
}

void attach_queue_put(struct attach_queue *q, const uint8_t *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);

	if (n > 0) {
		q->lost += (uint32_t)(n - ring_write(&q->out, buf, n));
	}
	q->busy = true;
	spin_unlock_irqrestore(&q->lock, flags);
}

/*
 * A line is queued only after output that is still to be shown: then the reader
 * takes it without being woken, as code that logs cannot wake it.
 */
enum hostcon_diverted attach_queue_divert(void *queue, const char *s, size_t n)
{
	struct attach_queue *q = queue;
	unsigned long flags = spin_lock_irqsave(&q->lock);
	enum hostcon_diverted ret = HOSTCON_SHOW;

	if (q->busy && q->log_n == ATTACH_LOG_LINES) {
		ret = HOSTCON_FULL;
	} else if (q->busy) {
		struct attach_log *log =
			&q->log[(q->log_first + q->log_n++) % ATTACH_LOG_LINES];

		log->at = q->out.head;
		log->n = (uint32_t)MIN(n, sizeof(log->text));
		memcpy(log->text, s, log->n);
		log->text[log->n - 1] = '\n';
		ret = HOSTCON_LATER;
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return ret;
}

static enum attach_kind attach_queue_next(struct attach_queue *q, uint8_t *buf,
					  size_t size, size_t *n)
{
	const struct attach_log *log = &q->log[q->log_first];

	assert_held(&q->lock);
	if (q->log_n > 0) {
		if (log->at == q->out.tail) {
			*n = log->n;
			memcpy(buf, log->text, *n);
			q->log_first = (q->log_first + 1) % ATTACH_LOG_LINES;
			q->log_n--;
			return ATTACH_LOG;
		}
		size = MIN(size, (size_t)(log->at - q->out.tail));
	}
	*n = ring_read(&q->out, buf, size);
	if (*n > 0) {
		return ATTACH_OUTPUT;
	}
	if (q->lost > 0) {
		*n = q->lost;
		q->lost = 0;
		return ATTACH_LOST;
	}
	q->busy = false;
	return ATTACH_NOTHING;
}

enum attach_kind attach_queue_take(struct attach_queue *q, uint8_t *buf,
				   size_t size, size_t *n)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);
	enum attach_kind kind = attach_queue_next(q, buf, size, n);

	spin_unlock_irqrestore(&q->lock, flags);
	return kind;
}

void attach_queue_drop(struct attach_queue *q)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);

	q->out.tail = q->out.head;
	q->lost = 0;
	for (unsigned int i = 0; i < q->log_n; i++) {
		q->log[(q->log_first + i) % ATTACH_LOG_LINES].at = q->out.head;
	}
	spin_unlock_irqrestore(&q->lock, flags);
}
