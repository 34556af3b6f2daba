/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Coprocessors in messaging domains: life. A coprocessor is down as soon as the
 * mailbox says so, in whatever context; then a thread takes back what it has
 * sent, and when it runs again, gives it empty vrings and tells its peers. Its
 * firmware waits for DRIVER_OK, which goes first, so it never works with old
 * ones.
 */
#include <core/heap.h>
#include <core/percpu.h>
#include <libs/error.h>
#include <string.h>

#include "rproc_priv.h"

struct mutex rproc_mutex = MUTEX_INIT(rproc_mutex);
struct list rproc_all = LIST_INIT(rproc_all);

/* --- down ----------------------------------------------------------------- */

/* [L] */
static void rproc_down_locked(struct rproc *rp, enum rproc_state state)
{
	if (rp->state == RPROC_OFF) {
		return;
	}
	rp->state = state;
	*rp->status = state == RPROC_OFF ? 0 : VIRTIO_STATUS_FAILED;
	rproc_forget(rp);
	/* With the lock held: it comes before vmsg_up(). */
	vmsg_down(rp->node);
}

void rproc_changed(struct rproc *rp)
{
	unsigned long flags = spin_lock_irqsave(&rp->lock);

	if (!rp->ops->running(rp->arg)) {
		rproc_down_locked(rp, RPROC_OFF);
	}
	spin_unlock_irqrestore(&rp->lock, flags);
	work_queue(&rp->work);
}

void rproc_rung(struct rproc *rp)
{
	work_queue(&rp->work);
}

void rproc_break(struct rproc *rp, const char *why)
{
	unsigned long flags = spin_lock_irqsave(&rp->lock);

	rp->breaks++;
	rproc_down_locked(rp, RPROC_BROKEN);
	spin_unlock_irqrestore(&rp->lock, flags);
	log_warn("coprocessor %s: %s: it is down until it is reset",
		 vmsg_node_name(rp->node), why);
}

/* Take back what waits with its peers. True: all of it is back. */
static bool rproc_take_back(struct rproc *rp)
{
	for (unsigned int i = 0;
	     i < RPROC_CANCEL_ROUNDS && vmsg_cancel(rp->node); i++) {}
	return READ_ONCE(rp->held) == 0;
}

void rproc_quiesce(struct rproc *rp)
{
	unsigned long flags = spin_lock_irqsave(&rp->lock);

	rproc_down_locked(rp, RPROC_OFF);
	rp->status = NULL;
	spin_unlock_irqrestore(&rp->lock, flags);
	work_cancel(&rp->work);
	while (!rproc_take_back(rp)) {
		/* What is being delivered at this moment. */
		cpu_quiesce();
	}
}

/* --- up ------------------------------------------------------------------- */

static void put32(struct resource_table *t, uint32_t at, uint64_t v)
{
	uint32_t value = (uint32_t)v;

	memcpy(t->bytes + at, &value, sizeof(value));
}

/* The coprocessor's copy of the table, with what we have decided. */
static void rproc_write_table(struct rproc *rp, uint64_t address, uint8_t *base,
			      const struct rproc_layout *at)
{
	struct resource_table *t = &rp->table;

	t->bytes[t->vdev + RESOURCE_VDEV_STATUS] = 0;
	put32(t, t->vdev + RESOURCE_VDEV_FEATURES,
	      t->features & VIRTIO_RPMSG_F_NS);
	for (uint32_t i = 0; i < RESOURCE_VRINGS; i++) {
		put32(t, t->vring[i].at + RESOURCE_VRING_ADDRESS,
		      address + at->ring[i]);
		put32(t, t->vring[i].at + RESOURCE_VRING_NOTIFYID, i);
	}
	memcpy(base + at->table, t->bytes, t->size);
}

static void rproc_rings(struct rproc *rp, uint64_t address, uint8_t *base,
			const struct rproc_layout *at)
{
	struct rproc_ring *rings[RESOURCE_VRINGS] = { &rp->from, &rp->to };

	for (unsigned int i = 0; i < RESOURCE_VRINGS; i++) {
		const struct resource_vring *v = &rp->table.vring[i];

		rproc_ring_init(rings[i], base + at->ring[i], v->num, v->align,
				base + at->buffers[i],
				address + at->buffers[i]);
	}
	rproc_ring_notify(&rp->to, false);
	for (uint16_t i = 0; i < rp->from.num; i++) {
		rproc_ring_add(&rp->from, i, RPMSG_BUFFER, true);
	}
	rp->nfree = rp->to.num;
	for (uint16_t i = 0; i < rp->to.num; i++) {
		rp->free[i] = (uint16_t)(rp->to.num - 1 - i);
	}
}

/* [L] The table has all but the status. */
static void rproc_up_locked(struct rproc *rp, uint8_t *base,
			    const struct rproc_layout *at)
{
	if (!rp->ops->running(rp->arg)) {
		return;
	}
	rp->status = base + at->table + rp->table.vdev + RESOURCE_VDEV_STATUS;
	/* The vrings before the status, which the firmware waits for. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	*rp->status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
		      VIRTIO_STATUS_DRIVER_OK;
	rp->state = RPROC_UP;
	rp->starts++;
	vmsg_up(rp->node);
	(void)rproc_ring_due(&rp->from);
	rp->ops->kick(rp->arg, RPROC_NOTIFY_FROM);
}

static void rproc_start(struct rproc *rp)
{
	struct rproc_layout at;
	uint64_t address, size;
	unsigned long flags;
	void *base;
	int err;

	if (!rp->ops->running(rp->arg) ||
	    !rp->ops->memory(rp->arg, &address, &base, &size)) {
		return;
	}
	err = rproc_place(&at, &rp->table, address, size);
	if (err != 0) {
		log_err("coprocessor %s: its resource table and vrings do not "
			"fit in the %llu bytes of memory at 0x%llx",
			vmsg_node_name(rp->node), (unsigned long long)size,
			(unsigned long long)address);
		return;
	}
	rproc_write_table(rp, address, base, &at);
	rproc_rings(rp, address, base, &at);
	flags = spin_lock_irqsave(&rp->lock);
	rproc_up_locked(rp, base, &at);
	spin_unlock_irqrestore(&rp->lock, flags);
}

/* --- work ----------------------------------------------------------------- */

static void rproc_work(struct work *w)
{
	struct rproc *rp = container_of(w, struct rproc, work);
	enum rproc_state state = READ_ONCE(rp->state);
	bool more = false;

	if (state != RPROC_UP && !rproc_take_back(rp)) {
		work_queue(w);
		return;
	}
	if (state == RPROC_OFF) {
		rproc_start(rp);
	}
	if (READ_ONCE(rp->state) == RPROC_UP) {
		more = rproc_receive(rp);
		if (__atomic_exchange_n(&rp->resume, false, __ATOMIC_ACQ_REL)) {
			more |= vmsg_resume(rp->node);
		} else {
			more |= vmsg_ready(rp->node);
		}
		if (vmsg_has_notice(rp->node)) {
			rproc_notice(rp->node);
		}
	}
	if (more) {
		work_queue(w);
	}
}

/* A peer's next message may be sent. */
static void rproc_timer(struct timer *t)
{
	struct rproc *rp = container_of(t, struct rproc, timer);
	unsigned long flags = spin_lock_irqsave(&rp->lock);

	rp->next = 0;
	spin_unlock_irqrestore(&rp->lock, flags);
	__atomic_store_n(&rp->resume, true, __ATOMIC_RELEASE);
	work_queue(&rp->work);
}

/* --- life ----------------------------------------------------------------- */

/* What found no room was lost: rproc_receive.c says why. */
static void rproc_room(struct vmsg_node *n)
{
	(void)n;
}

static const struct vmsg_ops rproc_vmsg_ops = {
	.deliver = rproc_deliver,
	.flush = rproc_flush,
	.room = rproc_room,
	.peer = rproc_peer,
	.notice = rproc_notice,
};

int rproc_create(struct rproc **out, const struct rproc_attr *attr)
{
	struct rproc *rp = heap_alloc(sizeof(*rp));
	struct vmsg_node_attr node = {
		.name = attr->name,
		.kind = &rpmsg_node_kind,
		.ops = &rproc_vmsg_ops,
		.arg = rp,
		.address = attr->address,
	};
	int err;

	if (rp == NULL) {
		return -ERR_NOMEM;
	}
	rp->ops = attr->ops;
	rp->arg = attr->arg;
	rp->rate = attr->rate;
	rp->burst = attr->burst;
	rp->table = *attr->table;
	rp->limit = (struct log_limit)LOG_LIMIT_INIT;
	spin_init(&rp->lock, LOCK_RPROC);
	work_init(&rp->work, attr->workqueue, rproc_work);
	timer_init(&rp->timer, rproc_timer);
	for (unsigned int i = 0; i < RESOURCE_VRING_MAX; i++) {
		rp->slots[i].m.done = rproc_done;
	}
	err = vmsg_node_create(&rp->node, &node);
	if (err != 0) {
		heap_free(rp);
		return err;
	}
	mutex_lock(&rproc_mutex);
	list_append(&rproc_all, &rp->list);
	mutex_unlock(&rproc_mutex);
	*out = rp;
	return 0;
}

void rproc_destroy(struct rproc *rp)
{
	mutex_lock(&rproc_mutex);
	list_remove(&rp->list);
	mutex_unlock(&rproc_mutex);
	rproc_quiesce(rp);
	timer_cancel(&rp->timer);
	work_cancel(&rp->work);
	vmsg_node_destroy(rp->node);
	heap_free(rp);
}

struct vmsg_node *rproc_node(struct rproc *rp)
{
	return rp->node;
}

int rproc_get_info(const char *name, struct rproc_info *out)
{
	static const char *const states[] = {
		[RPROC_OFF] = "off",
		[RPROC_UP] = "up",
		[RPROC_BROKEN] = "broken",
	};
	int err = -ERR_NOENT;
	struct rproc *rp;

	mutex_lock(&rproc_mutex);
	list_for_each(rp, &rproc_all, list) {
		if (strcmp(vmsg_node_name(rp->node), name) == 0) {
			*out = (struct rproc_info){
				.state = states[READ_ONCE(rp->state)],
				.rate = rp->rate,
				.burst = rp->burst,
				.starts = READ_ONCE(rp->starts),
				.breaks = READ_ONCE(rp->breaks),
			};
			memcpy(out->name, name, strlen(name) + 1);
			err = 0;
		}
	}
	mutex_unlock(&rproc_mutex);
	return err;
}
