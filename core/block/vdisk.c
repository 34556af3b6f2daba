/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual disks: the list of them, their backends, the guests' devices bound to
 * them, and settings.
 *
 * Mutexes, outermost first: a vdisk's config, those of block devices, a vdisk's
 * notify. list_mutex is held with none of them.
 */
#include <core/heap.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/thread.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include "vdisk_priv.h"

static struct mutex list_mutex = MUTEX_INIT(list_mutex);
static struct list vdisks = LIST_INIT(vdisks);

/* --- the list ------------------------------------------------------------- */

static struct vdisk *find_locked(const char *name)
{
	struct vdisk *vd;

	mutex_assert_held(&list_mutex);
	list_for_each(vd, &vdisks, node) {
		if (strcmp(vd->name, name) == 0) {
			return vd;
		}
	}
	return NULL;
}

struct vdisk *vdisk_get(const char *name)
{
	struct vdisk *vd;

	mutex_lock(&list_mutex);
	vd = find_locked(name);
	if (vd) {
		vd->refs++;
	}
	mutex_unlock(&list_mutex);
	return vd;
}

struct vdisk *vdisk_get_nth(unsigned int n)
{
	struct vdisk *vd, *found = NULL;

	mutex_lock(&list_mutex);
	list_for_each(vd, &vdisks, node) {
		if (n-- == 0) {
			vd->refs++;
			found = vd;
			break;
		}
	}
	mutex_unlock(&list_mutex);
	return found;
}

const char *vdisk_name(const struct vdisk *vd)
{
	return vd->name;
}

/* --- backends ------------------------------------------------------------- */

static void set_slow(struct vdisk *vd, uint32_t bits)
{
	unsigned long flags = spin_lock_irqsave(&vd->lock);

	/* Pairs with vdisk_batch_begin(), which counts first and then looks at
	 * `slow`. */
	__atomic_store_n(&vd->slow, vd->slow | bits, __ATOMIC_SEQ_CST);
	spin_unlock_irqrestore(&vd->lock, flags);
}

static void clear_slow(struct vdisk *vd, uint32_t bits)
{
	unsigned long flags = spin_lock_irqsave(&vd->lock);

	__atomic_store_n(&vd->slow, vd->slow & ~bits, __ATOMIC_SEQ_CST);
	spin_unlock_irqrestore(&vd->lock, flags);
}

/* Update the size that the guest sees, and tell it of a change. */
static void update_size(struct vdisk *vd, const struct blockdev *bd)
{
	uint64_t n = blockdev_nsectors(bd);

	mutex_assert_held(&vd->notify);
	if (vd->size_set) {
		n = MIN(n, vd->size_set);
	}
	if (n != vd->nsectors) {
		WRITE_ONCE(vd->nsectors, n);
		if (vd->client) {
			vd->client->resized(vd->client, n);
		}
	}
}

static void backend_changed(struct blockdev_user *u, struct blockdev *bd)
{
	struct vdisk *vd = container_of(u, struct vdisk, user);

	if (bd->gone) {
		log_warn("vdisk %s: its backend %s is gone", vd->name,
			 bd->name);
		return;
	}
	mutex_lock(&vd->notify);
	update_size(vd, bd);
	mutex_unlock(&vd->notify);
}

static int detach_locked(struct vdisk *vd)
{
	struct blockdev *bd = vd->bd;

	mutex_assert_held(&vd->config);
	if (!bd) {
		return -ERR_STATE;
	}
	set_slow(vd, VDISK_DETACHED);
	vdisk_fail_waiting(vd);
	vdisk_drain(vd, true);
	blockdev_unclaim(bd, &vd->user);
	vd->bd = NULL;
	blockdev_put(bd);
	return 0;
}

int vdisk_detach(struct vdisk *vd)
{
	int err;

	mutex_lock(&vd->config);
	err = detach_locked(vd);
	mutex_unlock(&vd->config);
	return err;
}

static int attach_locked(struct vdisk *vd, struct blockdev *bd)
{
	int err;

	mutex_assert_held(&vd->config);
	if (vd->bd && READ_ONCE(vd->bd->gone)) {
		err = detach_locked(vd);
		assert(!err);
	}
	if (vd->bd) {
		return -ERR_BUSY;
	}
	if (vd->dead) {
		return -ERR_STATE;
	}
	if (vd->client && bd->block_size > vd->client->block_size) {
		return -ERR_INVAL;
	}
	vd->user = (struct blockdev_user){
		.name = vd->name,
		.shared = vd->read_only || bd->read_only,
		.changed = backend_changed,
	};
	err = blockdev_claim(bd, &vd->user);
	if (err) {
		return err;
	}
	blockdev_ref(bd);
	mutex_lock(&vd->notify);
	update_size(vd, bd);
	mutex_unlock(&vd->notify);
	vd->bd = bd;
	clear_slow(vd, VDISK_DETACHED);
	return 0;
}

int vdisk_attach(struct vdisk *vd, const char *backend)
{
	struct blockdev *bd = blockdev_get(backend);
	int err;

	if (!bd) {
		return -ERR_NOENT;
	}
	mutex_lock(&vd->config);
	err = attach_locked(vd, bd);
	mutex_unlock(&vd->config);
	blockdev_put(bd);
	return err;
}

/* --- life ----------------------------------------------------------------- */

static bool name_good(const char *name)
{
	size_t n = parse_name(name, "-_.");

	return n > 0 && n < VDISK_NAME_MAX && name[n] == '\0';
}

int vdisk_create(const char *name, bool read_only)
{
	struct vdisk *vd;
	int err = 0;

	if (!name_good(name)) {
		return -ERR_INVAL;
	}
	vd = heap_alloc(sizeof(*vd));
	if (!vd) {
		return -ERR_NOMEM;
	}
	(void)snprintf(vd->name, sizeof(vd->name), "%s", name);
	vd->refs = 1;
	vd->slow = VDISK_DETACHED;
	vd->read_only = read_only;
	vd->inline_max = UINT32_MAX;
	vd->worker_set.inline_bytes = UINT32_MAX;
	vd->hold_us = VDISK_HOLD_US;
	vd->hold_set = VDISK_HOLD_US;
	mutex_init(&vd->config);
	mutex_init(&vd->notify);
	spin_init(&vd->lock, LOCK_VDISK);
	list_init(&vd->waiting);
	list_init(&vd->todo);
	wait_init(&vd->work);
	wait_init(&vd->idle);
	timer_init(&vd->timer, vdisk_timer);
	mutex_lock(&list_mutex);
	if (find_locked(name)) {
		err = -ERR_EXIST;
	} else {
		list_append(&vdisks, &vd->node);
	}
	mutex_unlock(&list_mutex);
	if (err) {
		heap_free(vd);
	}
	return err;
}

void vdisk_put(struct vdisk *vd)
{
	bool last;

	mutex_lock(&list_mutex);
	assert(vd->refs > 0);
	last = --vd->refs == 0;
	mutex_unlock(&list_mutex);
	if (last) {
		timer_cancel(&vd->timer);
		heap_free(vd);
	}
}

/* From now on no guest can be bound to it. */
static int retire(struct vdisk *vd)
{
	int err = 0;

	mutex_lock(&vd->config);
	if (vd->dead) {
		err = -ERR_NOENT;
	} else if (vd->client) {
		err = -ERR_BUSY;
	} else {
		vd->dead = true;
		(void)detach_locked(vd);
	}
	mutex_unlock(&vd->config);
	return err;
}

int vdisk_destroy(const char *name)
{
	struct vdisk *vd = vdisk_get(name);
	int err;

	if (!vd) {
		return -ERR_NOENT;
	}
	err = retire(vd);
	if (!err) {
		mutex_lock(&list_mutex);
		list_remove(&vd->node);
		mutex_unlock(&list_mutex);
		vdisk_put(vd); /* the list's */
	}
	vdisk_put(vd);
	return err;
}

/* --- settings ------------------------------------------------------------- */

int vdisk_resize(struct vdisk *vd, uint64_t nsectors)
{
	int err = 0;

	mutex_lock(&vd->config);
	mutex_lock(&vd->notify);
	if (vd->bd && nsectors > blockdev_nsectors(vd->bd)) {
		err = -ERR_RANGE;
	} else {
		vd->size_set = nsectors;
		if (vd->bd) {
			update_size(vd, vd->bd);
		}
	}
	mutex_unlock(&vd->notify);
	mutex_unlock(&vd->config);
	return err;
}

int vdisk_set_read_only(struct vdisk *vd, bool read_only)
{
	int err = 0;

	mutex_lock(&vd->config);
	if (!read_only && vd->bd && vd->user.shared && !vd->bd->read_only) {
		err = -ERR_BUSY;
	} else {
		WRITE_ONCE(vd->read_only, read_only);
	}
	mutex_unlock(&vd->config);
	return err;
}

static void apply_limits_locked(struct vdisk *vd, const struct vdisk_limits *l)
{
	uint64_t hz = ns_to_ticks(UINT64_C(1000000000));
	struct token_bucket iops, bytes;
	bool any = l->iops || l->bytes;
	unsigned long flags;

	token_bucket_init(&iops, l->iops, l->iops_burst, hz);
	mutex_assert_held(&vd->config);
	token_bucket_init(&bytes, l->bytes, l->bytes_burst, hz);
	vd->limits = *l;
	flags = spin_lock_irqsave(&vd->lock);
	vd->iops = iops;
	vd->bytes = bytes;
	__atomic_store_n(&vd->slow,
			 (vd->slow & ~(uint32_t)VDISK_LIMITED) |
				 (any ? VDISK_LIMITED : 0),
			 __ATOMIC_SEQ_CST);
	spin_unlock_irqrestore(&vd->lock, flags);
	/* Waiting requests are checked again. */
	wait_wake_one(&vd->work);
}

void vdisk_set_limits(struct vdisk *vd, const struct vdisk_limits *l)
{
	mutex_lock(&vd->config);
	vd->limits_set = *l;
	apply_limits_locked(vd, l);
	mutex_unlock(&vd->config);
}

/* The limits of the vdisk, and those that the client has instead. */
static void client_limits_locked(struct vdisk *vd, const struct vdisk_client *c)
{
	struct vdisk_limits l = vd->limits_set;

	if (c->limits.iops) {
		l.iops = c->limits.iops;
		l.iops_burst = c->limits.iops_burst;
	}
	if (c->limits.bytes) {
		l.bytes = c->limits.bytes;
		l.bytes_burst = c->limits.bytes_burst;
	}
	apply_limits_locked(vd, &l);
}

static void apply_hold_locked(struct vdisk *vd, uint32_t us)
{
	mutex_assert_held(&vd->notify);
	WRITE_ONCE(vd->hold_us, MIN(us, VDISK_HOLD_US_MAX));
	if (vd->client) {
		vd->client->hold(vd->client, vd->hold_us);
	}
}

void vdisk_set_hold(struct vdisk *vd, uint32_t us)
{
	mutex_lock(&vd->notify);
	vd->hold_set = us;
	apply_hold_locked(vd, us);
	mutex_unlock(&vd->notify);
}

static const struct cpumask *cpus_of(const struct vdisk *vd)
{
	return vd->worker_set.has_cpus ? &vd->worker_set.cpus
				       : &vd->client_cpus;
}

static uint8_t priority_of(const struct vdisk *vd)
{
	return vd->worker_set.has_priority ? vd->worker_set.priority
					   : vd->client_priority;
}

static int apply_worker_locked(struct vdisk *vd)
{
	int err = 0;

	mutex_assert_held(&vd->config);
	WRITE_ONCE(vd->inline_max, vd->worker_set.inline_bytes);
	if (vd->worker) {
		err = sched_set_priority(vd->worker, priority_of(vd));
	}
	if (vd->worker && !err) {
		err = sched_set_affinity(vd->worker, cpus_of(vd), NULL);
	}
	return err;
}

int vdisk_set_worker(struct vdisk *vd, const struct vdisk_worker *w)
{
	struct vdisk_worker before;
	int err;

	if (w->has_priority && w->priority > SCHED_PRIO_MAX) {
		return -ERR_INVAL;
	}
	mutex_lock(&vd->config);
	before = vd->worker_set;
	vd->worker_set = *w;
	err = apply_worker_locked(vd);
	if (err) {
		vd->worker_set = before;
		(void)apply_worker_locked(vd);
	}
	mutex_unlock(&vd->config);
	return err;
}

/* --- guests' devices ------------------------------------------------------ */

static int start_worker_locked(struct vdisk *vd, const struct thread_attr *attr)
{
	char name[VCPU_NAME_LEN];
	struct thread_attr a = *attr;

	mutex_assert_held(&vd->config);
	cpumask_set_all(&vd->client_cpus);
	if (attr->affinity) {
		vd->client_cpus = *attr->affinity;
	}
	vd->client_priority = attr->priority;
	(void)snprintf(name, sizeof(name), "disk/%.18s", vd->name);
	a.name = name;
	a.joinable = true;
	a.affinity = cpus_of(vd);
	a.priority = priority_of(vd);
	return thread_create(&vd->worker, &a, vdisk_worker_main, vd);
}

static void set_client_locked(struct vdisk *vd, struct vdisk_client *c)
{
	mutex_assert_held(&vd->config);
	mutex_lock(&vd->notify);
	vd->client = c;
	apply_hold_locked(vd, c && c->has_hold ? c->hold_us : vd->hold_set);
	mutex_unlock(&vd->notify);
}

int vdisk_bind(struct vdisk *vd, struct vdisk_client *c,
	       const struct thread_attr *attr)
{
	int err = -ERR_BUSY;

	mutex_lock(&vd->config);
	if (vd->dead) {
		err = -ERR_STATE;
	} else if (!vd->client) {
		err = start_worker_locked(vd, attr);
		if (!err) {
			client_limits_locked(vd, c);
			set_client_locked(vd, c);
		}
	}
	mutex_unlock(&vd->config);
	return err;
}

void vdisk_unbind(struct vdisk *vd, struct vdisk_client *c)
{
	mutex_lock(&vd->config);
	assert(vd->client == c);
	/* So that the end of the last request wakes us. */
	set_slow(vd, VDISK_PAUSED);
	vdisk_drain(vd, true);
	set_client_locked(vd, NULL);
	c->stats(c, &vd->past);
	thread_stop(vd->worker);
	thread_join(vd->worker);
	vd->worker = NULL;
	timer_cancel(&vd->timer);
	apply_limits_locked(vd, &vd->limits_set);
	clear_slow(vd, VDISK_PAUSED);
	mutex_unlock(&vd->config);
}

void vdisk_get_geometry(struct vdisk *vd, struct vdisk_geometry *g)
{
	mutex_lock(&vd->config);
	*g = (struct vdisk_geometry){
		.nsectors = vd->nsectors,
		.block_size = BLOCK_SECTOR_SIZE,
		.physical_size = BLOCK_SECTOR_SIZE,
		.read_only = vd->read_only,
	};
	if (vd->bd) {
		g->block_size = vd->bd->block_size;
		g->physical_size = vd->bd->physical_size;
		g->max_discard = vd->bd->max_discard;
		g->max_write_zeroes = vd->bd->max_write_zeroes;
		g->read_only |= vd->bd->read_only;
	}
	mutex_unlock(&vd->config);
}

void vdisk_pause(struct vdisk *vd, bool paused)
{
	if (paused) {
		set_slow(vd, VDISK_PAUSED);
		vdisk_drain(vd, false);
	} else {
		clear_slow(vd, VDISK_PAUSED);
		wait_wake_one(&vd->work);
	}
}

void vdisk_get_info(struct vdisk *vd, struct vdisk_info *out)
{
	unsigned long flags;
	uint64_t ticks;

	memset(out, 0, sizeof(*out));
	mutex_lock(&vd->config);
	(void)snprintf(out->name, sizeof(out->name), "%s", vd->name);
	if (vd->bd) {
		(void)snprintf(out->backend, sizeof(out->backend), "%s",
			       vd->bd->name);
		out->gone = READ_ONCE(vd->bd->gone);
	}
	out->read_only = vd->read_only || (vd->bd && vd->bd->read_only);
	out->stats = vd->past;
	if (vd->client) {
		(void)snprintf(out->client, sizeof(out->client), "%s",
			       vd->client->name);
		vd->client->stats(vd->client, &out->stats);
	}
	out->nsectors = READ_ONCE(vd->nsectors);
	out->size_set = vd->size_set;
	out->limits = vd->limits;
	out->worker = vd->worker_set;
	out->hold_us = READ_ONCE(vd->hold_us);
	out->in_flight = READ_ONCE(vd->in_flight);
	out->split = READ_ONCE(vd->split);
	flags = spin_lock_irqsave(&vd->lock);
	out->waiting = vd->nwaiting;
	out->delayed = vd->delayed;
	out->by_worker = vd->by_worker;
	ticks = vd->delayed_ticks;
	spin_unlock_irqrestore(&vd->lock, flags);
	out->delayed_ns = ticks_to_ns(ticks);
	mutex_unlock(&vd->config);
}

bool vdisk_queue_counts(struct vdisk *vd, unsigned int n,
			struct queue_counts *out)
{
	bool there;

	mutex_lock(&vd->config);
	there = vd->client && vd->client->queue(vd->client, n, out);
	mutex_unlock(&vd->config);
	return there;
}
