/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of block devices: their users, changes of devices, and the thread
 * that looks for partitions and notifies users.
 *
 * Locks, outermost first: claim_mutex (who uses what, and the users noted at
 * the host's devices), the mutex of the list of devices (device.c; a driver's
 * probe() and remove() hold it when they call here), list_mutex.
 */
#include <core/blockdev.h>
#include <core/device.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/sync.h>
#include <core/thread.h>
#include <core/work.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "block_priv.h"

static struct mutex claim_mutex = MUTEX_INIT(claim_mutex);
static struct mutex list_mutex = MUTEX_INIT(list_mutex);
static struct list devices = LIST_INIT(devices);

/*
 * Looking for partitions waits for the hardware, so it has a queue of its own.
 */
static struct workqueue events;
static struct work events_work;
static uint32_t scans; /* [A] devices with `scan` set */
static struct waitqueue settled = WAITQUEUE_INIT(settled);

static struct blockdev *find_locked(const char *name)
{
	struct blockdev *bd;

	mutex_assert_held(&list_mutex);
	list_for_each(bd, &devices, node) {
		if (strcmp(bd->name, name) == 0) {
			return bd;
		}
	}
	return NULL;
}

/* --- references ----------------------------------------------------------- */

void blockdev_ref(struct blockdev *bd)
{
	mutex_lock(&list_mutex);
	assert(bd->refs > 0);
	bd->refs++;
	mutex_unlock(&list_mutex);
}

void blockdev_put(struct blockdev *bd)
{
	bool last;

	mutex_lock(&list_mutex);
	assert(bd->refs > 0);
	last = --bd->refs == 0;
	mutex_unlock(&list_mutex);
	if (last) {
		bd->ops->release(bd);
	}
}

static struct blockdev *get_listed(const char *name)
{
	struct blockdev *bd;

	mutex_lock(&list_mutex);
	bd = find_locked(name);
	if (bd) {
		bd->refs++;
	}
	mutex_unlock(&list_mutex);
	return bd;
}

struct blockdev *blockdev_get(const char *name)
{
	struct blockdev *bd = get_listed(name);

	if (!bd) {
		blockdev_settle();
		bd = get_listed(name);
	}
	return bd;
}

struct blockdev *blockdev_get_nth(unsigned int n)
{
	struct blockdev *bd, *found = NULL;

	mutex_lock(&list_mutex);
	list_for_each(bd, &devices, node) {
		if (n-- == 0) {
			bd->refs++;
			found = bd;
			break;
		}
	}
	mutex_unlock(&list_mutex);
	return found;
}

/* --- users ---------------------------------------------------------------- */

static bool related(const struct blockdev *a, const struct blockdev *b)
{
	return a == b || a->whole == b || b->whole == a;
}

/* A user of `bd`, of a part of it, or of the disk that it is a part of; if
 * `exclusive`, only one that does not share. NULL: none. */
static struct blockdev_user *user_locked(const struct blockdev *bd,
					 bool exclusive)
{
	struct blockdev *it;
	struct blockdev_user *u;

	mutex_assert_held(&list_mutex);
	list_for_each(it, &devices, node) {
		if (!related(bd, it)) {
			continue;
		}
		list_for_each(u, &it->users, node) {
			if (!exclusive || !u->shared) {
				return u;
			}
		}
	}
	return NULL;
}

/* The host's device is looked up by name, because it may be gone, with its
 * driver. */
static void tell_device(const struct blockdev *bd)
{
	struct device *dev = NULL;
	struct blockdev_user *u = NULL;
	struct blockdev *it;

	mutex_assert_held(&claim_mutex);
	if (bd->device_name[0]) {
		dev = device_get(bd->device_name);
	}
	if (!dev) {
		return;
	}
	mutex_lock(&list_mutex);
	list_for_each(it, &devices, node) {
		if (!u && strcmp(it->device_name, bd->device_name) == 0) {
			u = user_locked(it, false);
		}
	}
	mutex_unlock(&list_mutex);
	device_set_user(dev, u ? u->name : NULL);
	device_put(dev);
}

int blockdev_claim(struct blockdev *bd, struct blockdev_user *u)
{
	int err = 0;

	mutex_lock(&claim_mutex);
	mutex_lock(&list_mutex);
	if (bd->gone) {
		err = -ERR_IO;
	} else if (user_locked(bd, u->shared)) {
		err = -ERR_BUSY;
	} else {
		list_append(&bd->users, &u->node);
	}
	mutex_unlock(&list_mutex);
	if (!err) {
		tell_device(bd);
	}
	mutex_unlock(&claim_mutex);
	return err;
}

void blockdev_unclaim(struct blockdev *bd, struct blockdev_user *u)
{
	mutex_lock(&claim_mutex);
	mutex_lock(&list_mutex);
	list_remove(&u->node);
	mutex_unlock(&list_mutex);
	tell_device(bd);
	mutex_unlock(&claim_mutex);
}

void blockdev_user_name(struct blockdev *bd, char *buf, size_t size)
{
	struct blockdev_user *u;

	mutex_lock(&list_mutex);
	u = user_locked(bd, false);
	(void)snprintf(buf, size, "%s", u ? u->name : "");
	mutex_unlock(&list_mutex);
}

static void tell_users_locked(struct blockdev *bd)
{
	struct blockdev_user *u;

	mutex_assert_held(&list_mutex);
	list_for_each(u, &bd->users, node) {
		if (u->changed) {
			u->changed(u, bd);
		}
	}
}

/* --- what happens to a device --------------------------------------------- */

static void scan_end_locked(struct blockdev *bd)
{
	mutex_assert_held(&list_mutex);
	if (bd->scan) {
		bd->scan = false;
		(void)__atomic_sub_fetch(&scans, 1, __ATOMIC_RELEASE);
		wait_wake_all(&settled);
	}
}

/* Take it off the list; the list's reference goes to `dead`. */
static void unlist_locked(struct blockdev *bd, struct list *dead)
{
	WRITE_ONCE(bd->gone, true);
	scan_end_locked(bd);
	tell_users_locked(bd);
	list_remove(&bd->node);
	list_append(dead, &bd->node);
}

static void unlist_partitions_locked(struct blockdev *whole, struct list *dead)
{
	struct blockdev *bd, *tmp;

	list_for_each_safe(bd, tmp, &devices, node) {
		if (bd->whole == whole) {
			unlist_locked(bd, dead);
		}
	}
}

static void put_all(struct list *dead)
{
	while (!list_empty(dead)) {
		struct blockdev *bd = list_first(dead, struct blockdev, node);

		list_remove(&bd->node);
		blockdev_put(bd);
	}
}

void blockdev_gone(struct blockdev *bd)
{
	struct list dead = LIST_INIT(dead);

	mutex_lock(&list_mutex);
	unlist_partitions_locked(bd, &dead);
	unlist_locked(bd, &dead);
	mutex_unlock(&list_mutex);
	put_all(&dead);
}

int blockdev_destroy(const char *name)
{
	struct list dead = LIST_INIT(dead);
	struct blockdev *bd;
	int err = 0;

	mutex_lock(&list_mutex);
	bd = find_locked(name);
	if (!bd) {
		err = -ERR_NOENT;
	} else if (!bd->destroyable) {
		err = -ERR_PERM;
	} else if (user_locked(bd, false)) {
		err = -ERR_BUSY;
	} else {
		unlist_partitions_locked(bd, &dead);
		unlist_locked(bd, &dead);
	}
	mutex_unlock(&list_mutex);
	put_all(&dead);
	return err;
}

void blockdev_resized(struct blockdev *bd, uint64_t nsectors)
{
	WRITE_ONCE(bd->nsectors, nsectors);
	__atomic_store_n(&bd->resized, true, __ATOMIC_RELEASE);
	work_queue(&events_work);
}

static void tell_resized(void)
{
	struct blockdev *bd;

	mutex_lock(&list_mutex);
	list_for_each(bd, &devices, node) {
		if (__atomic_exchange_n(&bd->resized, false,
					__ATOMIC_ACQUIRE)) {
			log_info("block: %s: size is %llu sectors now",
				 bd->name,
				 (unsigned long long)blockdev_nsectors(bd));
			tell_users_locked(bd);
		}
	}
	mutex_unlock(&list_mutex);
}

/* --- partitions ----------------------------------------------------------- */

static void list_locked(struct blockdev *bd)
{
	mutex_assert_held(&list_mutex);
	list_init(&bd->users);
	bd->refs = 1;
	bd->gone = false;
	bd->device_name[0] = '\0';
	if (bd->device) {
		(void)snprintf(bd->device_name, sizeof(bd->device_name), "%s",
			       bd->device->name);
	}
	list_append(&devices, &bd->node);
}

static void add_partition(struct blockdev *whole, const struct partition *p)
{
	struct blockdev *bd = partition_create(whole, p);
	int err = bd ? 0 : -ERR_NOMEM;

	if (bd) {
		mutex_lock(&list_mutex);
		if (whole->gone) {
			err = -ERR_IO;
		} else if (find_locked(bd->name)) {
			err = -ERR_EXIST;
		} else {
			list_locked(bd);
		}
		mutex_unlock(&list_mutex);
	}
	if (err) {
		log_warn("block: %s: partition %u: %s", whole->name, p->number,
			 err_str(err));
		if (bd) {
			bd->ops->release(bd);
		}
	}
}

static int read_sectors(void *ctx, uint64_t sector, void *buf, uint64_t n)
{
	return blockdev_read(ctx, sector, buf, n);
}

static void scan_device(struct blockdev *bd)
{
	struct partition_table *t = heap_alloc(sizeof(*t));
	int err = -ERR_NOMEM;

	if (t) {
		t->name = bd->name;
		t->nsectors = blockdev_nsectors(bd);
		t->block = bd->block_size >> BLOCK_SECTOR_SHIFT;
		t->read = read_sectors;
		t->ctx = bd;
		err = partition_table_read(t);
	}
	if (err) {
		log_warn("block: %s: no partitions: %s", bd->name,
			 err_str(err));
	}
	for (unsigned int i = 0; !err && i < t->count; i++) {
		add_partition(bd, &t->part[i]);
	}
	heap_free(t);
	mutex_lock(&list_mutex);
	scan_end_locked(bd);
	mutex_unlock(&list_mutex);
}

/* A device with `scan` set, with a reference; NULL if there is none. */
static struct blockdev *scan_next(void)
{
	struct blockdev *bd, *found = NULL;

	mutex_lock(&list_mutex);
	list_for_each(bd, &devices, node) {
		if (bd->scan) {
			bd->refs++;
			found = bd;
			break;
		}
	}
	mutex_unlock(&list_mutex);
	return found;
}

static void run_events(struct work *w)
{
	struct blockdev *bd;

	(void)w;
	tell_resized();
	while ((bd = scan_next()) != NULL) {
		scan_device(bd);
		blockdev_put(bd);
	}
}

static void scan_begin_locked(struct blockdev *bd)
{
	mutex_assert_held(&list_mutex);
	if (!bd->scan) {
		bd->scan = true;
		(void)__atomic_add_fetch(&scans, 1, __ATOMIC_RELAXED);
	}
	work_queue(&events_work);
}

void blockdev_settle(void)
{
	wait_event(&settled, __atomic_load_n(&scans, __ATOMIC_ACQUIRE) == 0);
}

/* Begin a rescan; -ERR_DEFER while one is running. */
static int rescan_begin(struct blockdev *bd)
{
	struct list dead = LIST_INIT(dead);
	int err = 0;

	mutex_lock(&list_mutex);
	if (bd->gone) {
		err = -ERR_IO;
	} else if (bd->scan) {
		err = -ERR_DEFER;
	} else if (user_locked(bd, false)) {
		err = -ERR_BUSY;
	} else {
		unlist_partitions_locked(bd, &dead);
		scan_begin_locked(bd);
	}
	mutex_unlock(&list_mutex);
	put_all(&dead);
	return err;
}

int blockdev_rescan(struct blockdev *bd)
{
	int err;

	if (bd->whole) {
		return -ERR_INVAL;
	}
	do {
		blockdev_settle();
		err = rescan_begin(bd);
	} while (err == -ERR_DEFER);
	if (!err) {
		blockdev_settle();
	}
	return err;
}

/* --- adding --------------------------------------------------------------- */

static bool sound(const struct blockdev *bd)
{
	uint32_t b = bd->block_size;

	return bd->name[0] && memchr(bd->name, '\0', sizeof(bd->name)) &&
	       bd->ops && bd->ops->submit && bd->ops->release &&
	       b >= BLOCK_SECTOR_SIZE && (b & (b - 1)) == 0 &&
	       bd->max_segments > 0 && bd->max_segment_size >= b &&
	       bd->max_sectors >= b >> BLOCK_SECTOR_SHIFT &&
	       (bd->inline_bytes == 0 || bd->inline_bytes >= b);
}

static int start_events_locked(void)
{
	static const struct thread_attr attr = {
		.name = "block",
		.priority = SCHED_PRIO_DEFAULT,
	};

	mutex_assert_held(&list_mutex);
	if (events.thread) {
		return 0;
	}
	work_init(&events_work, &events, run_events);
	return workqueue_start(&events, &attr);
}

int blockdev_add(struct blockdev *bd)
{
	int err;

	if (!sound(bd)) {
		return -ERR_INVAL;
	}
	mutex_lock(&list_mutex);
	err = start_events_locked();
	if (!err && find_locked(bd->name)) {
		err = -ERR_EXIST;
	}
	if (!err) {
		list_locked(bd);
		scan_begin_locked(bd);
	}
	mutex_unlock(&list_mutex);
	return err;
}
