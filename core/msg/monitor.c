/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of messages as they are sent, for `vmsg domain monitor`: a ring that
 * keeps the newest, for all watchers, each of which has its own position.
 */
#include <core/heap.h>
#include <libs/error.h>
#include <string.h>

#include "msg_priv.h"

#define VMSG_RECORDS 256 /* a power of two */

struct vmsg_ring {
	uint64_t head; /* records ever added */
	struct vmsg_record record[VMSG_RECORDS];
};

/* [M] this lock. */
static struct spinlock vmsg_watch_lock = SPINLOCK_INIT(LOCK_VMSG_WATCH);
static struct vmsg_ring *vmsg_ring; /* [M] NULL: nobody watches */
uint32_t vmsg_watchers;             /* [A] written with M */

void vmsg_watch_add(const struct vmsg_node *from, uint32_t to,
		    const struct vmsg *m, int result)
{
	unsigned long flags = spin_lock_irqsave(&vmsg_watch_lock);
	struct vmsg_record *r;

	if (vmsg_ring != NULL) {
		r = &vmsg_ring->record[vmsg_ring->head++ % VMSG_RECORDS];
		r->when = time_now();
		memcpy(r->domain, from->domain->name, sizeof(r->domain));
		r->kind = from->kind;
		r->from = from->address;
		r->to = to;
		r->len = m->len;
		r->result = result;
		memcpy(r->head, m->head, sizeof(r->head));
	}
	spin_unlock_irqrestore(&vmsg_watch_lock, flags);
}

int vmsg_watch_begin(uint64_t *at)
{
	struct vmsg_ring *fresh = heap_alloc(sizeof(*fresh));
	unsigned long flags;

	if (fresh == NULL) {
		return -ERR_NOMEM;
	}
	flags = spin_lock_irqsave(&vmsg_watch_lock);
	if (vmsg_ring == NULL) {
		vmsg_ring = fresh;
		fresh = NULL;
	}
	*at = vmsg_ring->head;
	WRITE_ONCE(vmsg_watchers, vmsg_watchers + 1);
	spin_unlock_irqrestore(&vmsg_watch_lock, flags);
	heap_free(fresh);
	return 0;
}

void vmsg_watch_end(void)
{
	unsigned long flags = spin_lock_irqsave(&vmsg_watch_lock);
	struct vmsg_ring *old = NULL;

	WRITE_ONCE(vmsg_watchers, vmsg_watchers - 1);
	if (vmsg_watchers == 0) {
		old = vmsg_ring;
		vmsg_ring = NULL;
	}
	spin_unlock_irqrestore(&vmsg_watch_lock, flags);
	heap_free(old);
}

bool vmsg_watch_next(uint64_t *at, struct vmsg_record *out, uint64_t *lost)
{
	unsigned long flags = spin_lock_irqsave(&vmsg_watch_lock);
	bool found = false;

	*lost = 0;
	if (vmsg_ring != NULL && *at < vmsg_ring->head) {
		if (vmsg_ring->head - *at > VMSG_RECORDS) {
			*lost = vmsg_ring->head - *at - VMSG_RECORDS;
			*at += *lost;
		}
		*out = vmsg_ring->record[(*at)++ % VMSG_RECORDS];
		found = true;
	}
	spin_unlock_irqrestore(&vmsg_watch_lock, flags);
	return found;
}

const char *vmsg_result_name(int result)
{
	switch (result) {
	case VMSG_DELIVERED:
		return "delivered";
	case VMSG_PARKED:
		return "waits";
	case VMSG_DROPPED:
		return "dropped";
	case -ERR_NOENT:
		return "no such peer";
	default:
		return "blocked";
	}
}
