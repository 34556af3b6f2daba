/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block devices of the host: disks behind drivers, their partitions, RAM disks
 * and image files, all used in the same way. docs/design/block.md.
 */
#ifndef CORE_BLOCKDEV_H
#define CORE_BLOCKDEV_H

#include <core/io_segment.h>
#include <libs/list.h>
#include <libs/types.h>

struct blockdev;
struct device;
struct spinlock;

#define BLOCK_SECTOR_SHIFT 9
#define BLOCK_SECTOR_SIZE 512 /* the unit of all addresses here */
#define BLOCKDEV_NAME_MAX 32  /* with its terminator */

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH, /* make writes that have ended durable */
	BLOCK_DISCARD,
	BLOCK_WRITE_ZEROES,
	BLOCK_OPS
};

/*
 * One request. Whoever submits it fills in the first part, and keeps the
 * request and its segments until done(). From blockdev_submit() to done() it
 * belongs to the device, which may change `sector`.
 */
struct block_request {
	enum block_op op;
	bool unmap;        /* BLOCK_WRITE_ZEROES: may also discard */
	uint64_t sector;   /* from the start of the device; not for flush */
	uint64_t nsectors; /* not for flush */
	/* Data, nsectors * BLOCK_SECTOR_SIZE bytes in all; read and write. */
	const struct io_segment *segs;
	unsigned int nsegs;
	/*
	 * Called once, with `result` set: from blockdev_submit(), an interrupt
	 * handler or a thread, no lock held. Bounded, does not block; may
	 * submit another request, but not wait for it.
	 */
	void (*done)(struct block_request *rq);
	int result; /* 0; -ERR_IO, -ERR_NOSUPP, -ERR_RANGE, -ERR_INVAL,
		       -ERR_PERM, -ERR_TIMEOUT, -ERR_INTR (cancelled) */

	struct blockdev *bd; /* the device it was submitted to */
	struct list node;    /* for whoever has the request */
	uint64_t driver[4];  /* for the driver that has it */
};

struct blockdev_ops {
	/*
	 * Start a request, which is within the device and its limits; it ends
	 * with blockdev_done(), which may be called before this returns. Any
	 * context; no allocation, no blocking. Requests for which the hardware
	 * has no room wait in a list of the driver's. May still be called just
	 * after blockdev_gone(), and must then fail the request.
	 */
	void (*submit)(struct blockdev *bd, struct block_request *rq);
	/* For devices with inline_bytes: do the request in this call, as submit
	 * would, but without blockdev_done(). Returns its result. NULL: only by
	 * submit. Any context. */
	int (*now)(struct blockdev *bd, struct block_request *rq);
	/* Called after the last of requests that are submitted together: notify
	 * the hardware. NULL: submit does that. Any context. */
	void (*kick)(struct blockdev *bd);
	/*
	 * If a request has not reached the hardware, end it with -ERR_INTR and
	 * return true. Otherwise return false: the driver looks for its address
	 * in its list, so that the request may have ended. NULL: requests
	 * cannot be cancelled. Any context.
	 */
	bool (*cancel)(struct blockdev *bd, struct block_request *rq);
	/* The last reference is gone: free it. Thread context, no lock of
	 * blockdev's held. */
	void (*release)(struct blockdev *bd);
};

/* [I] immutable once added, [L] the list's lock, [A] atomic. */
struct blockdev {
	char name[BLOCKDEV_NAME_MAX]; /* [I] "vda", "vda1", "ram0"... */
	const struct blockdev_ops *ops;
	const char *kind;          /* [I] "ram", "nvme"...: for listings */
	struct device *device;     /* [I] of the host, or NULL */
	struct blockdev *whole;    /* [I] of a partition; else NULL */
	uint64_t nsectors;         /* [A] see blockdev_resized() */
	uint32_t block_size;       /* [I] logical: 512 times a power of two */
	uint32_t physical_size;    /* [I] best unit of writing, bytes */
	uint32_t max_segments;     /* [I] of one request, at least 1 */
	uint32_t max_segment_size; /* [I] bytes, at least block_size */
	uint32_t max_sectors;      /* [I] of one read or write */
	uint32_t max_discard;      /* [I] sectors; 0: cannot */
	uint32_t max_write_zeroes; /* [I] sectors; 0: cannot */
	bool read_only;            /* [I] */
	bool flush;                /* [I] has a cache to be flushed */
	bool destroyable; /* [I] created by the operator, who may remove it */
	/*
	 * Not 0: requests are done by copying within submit(), and no more than
	 * this many bytes should be submitted in a trap. 0: submit() only
	 * starts them.
	 */
	uint32_t inline_bytes; /* [I] */

	/* The rest is core/block's; zero before blockdev_add(). */
	struct list node;  /* [L] */
	struct list users; /* [L] struct blockdev_user */
	uint32_t refs;     /* [L] */
	bool gone;         /* [A] all requests fail */
	bool scan;         /* [L] partitions are to be looked for */
	bool resized;      /* [A] users are to be notified */
	char device_name[BLOCKDEV_NAME_MAX]; /* [I] of `device`, or "" */
	struct blockdev_stats {
		uint64_t requests, sectors, errors;
	} stats[BLOCK_OPS]; /* [A] */
};

/*
 * For drivers: add a device to the list. The fields up to "The rest" are filled
 * in, the others zero. A thread soon looks for partitions. -ERR_EXIST: the name
 * is taken; -ERR_INVAL: a limit of 0 or the like; -ERR_NOMEM. Thread context.
 */
int __must_check blockdev_add(struct blockdev *bd);
/*
 * For drivers: the hardware is gone. The device and its partitions are removed
 * from the list, their users notified, and requests submitted from now on fail
 * with -ERR_IO; the driver ends the requests that it has. This drops the
 * driver's reference, so that the driver must not touch the device afterwards:
 * ops->release() frees it, in this call or when the last reference is dropped.
 * Thread context.
 */
void blockdev_gone(struct blockdev *bd);
/*
 * For the operator: remove a device that is `destroyable`. -ERR_BUSY: it or a
 * partition of it has a user; -ERR_NOENT: there is none of that name;
 * -ERR_PERM: not destroyable. Thread context.
 */
int __must_check blockdev_destroy(const char *name);
/* For drivers: the size of the device has changed; a thread soon notifies its
 * users. Any context. */
void blockdev_resized(struct blockdev *bd, uint64_t nsectors);
/*
 * For drivers: end a request that ops->submit() was given. Its owner may have
 * freed it, or submitted it again, when this returns. Any context, no lock
 * held.
 */
void blockdev_done(struct block_request *rq, int result);

/*
 * Find a device by name, or by number n in the list, with a counted reference;
 * NULL if there is none. If the name is not there while partitions are being
 * looked for, this waits for them. Thread context.
 */
struct blockdev *blockdev_get(const char *name);
struct blockdev *blockdev_get_nth(unsigned int n);
void blockdev_put(struct blockdev *bd);
/* Take another reference; the caller has one. Thread context. */
void blockdev_ref(struct blockdev *bd);
/* Wait until no partitions are being looked for. Thread context. */
void blockdev_settle(void);
/*
 * Look for partitions again. -ERR_BUSY: the device or one of its partitions has
 * a user; -ERR_INVAL: it is a partition; -ERR_IO: it is gone. Thread context.
 */
int __must_check blockdev_rescan(struct blockdev *bd);

/* A user of a device, from claiming to unclaiming it. */
struct blockdev_user {
	const char *name; /* for messages */
	bool shared;      /* only reads, and may share it with other readers */
	/*
	 * Called when the size has changed or the device is gone. Thread
	 * context; a mutex is held, so no function of this header may be
	 * called. NULL: nothing to do.
	 */
	void (*changed)(struct blockdev_user *u, struct blockdev *bd);
	struct list node; /* [L] */
};
/*
 * Claim a device. -ERR_BUSY: the device, a partition of it, or the whole that
 * it is part of has a user that it cannot be shared with; -ERR_IO: it is gone.
 * The caller must keep its reference as long as the claim. Unclaiming waits for
 * changed(). Thread context.
 */
int __must_check blockdev_claim(struct blockdev *bd, struct blockdev_user *u);
void blockdev_unclaim(struct blockdev *bd, struct blockdev_user *u);
/* Copy the name of a user of the device, of a partition of it, or of the whole
 * that it is part of; "" if there is none. Thread context. */
void blockdev_user_name(struct blockdev *bd, char *buf, size_t size);

/*
 * Check a request against the limits of the device and start it; done() gets
 * the result, also of the check. Any context; see blockdev_ops.submit and kick.
 */
void blockdev_submit(struct blockdev *bd, struct block_request *rq);
/* For a device with ops->now: do the request in this call, without done().
 * True: done, rq->result is set. False: it does not pass the check, and nothing
 * has happened. Any context. */
bool __must_check blockdev_now(struct blockdev *bd, struct block_request *rq);

/* Its size in sectors; it may change at any time. Any context. */
static inline uint64_t blockdev_nsectors(const struct blockdev *bd)
{
	return READ_ONCE(bd->nsectors);
}

/* Call after the last of requests submitted together. Any context. */
void blockdev_kick(struct blockdev *bd);
/* As blockdev_ops.cancel. */
bool blockdev_cancel(struct blockdev *bd, struct block_request *rq);
/*
 * For a driver's cancel(): take a request out of its list of those that wait,
 * with the list's lock held; false: it is not there. The other takes the lock
 * itself, and ends the request.
 */
bool __must_check blockdev_unqueue(struct list *waiting,
				   struct block_request *rq);
bool blockdev_cancel_queued(struct spinlock *lock, struct list *waiting,
			    struct block_request *rq);

/*
 * Read or write any number of sectors and wait, for threads of the hypervisor.
 * `buf` is in the heap or the image (not on a stack), aligned to 4 bytes.
 * Returns the first result that is not 0: errors of the requests (struct
 * block_request); -ERR_NOSUPP: a block of the device lies in more pieces of
 * memory than it takes in a request. Thread context.
 */
int __must_check blockdev_read(struct blockdev *bd, uint64_t sector, void *buf,
			       uint64_t nsectors);
int __must_check blockdev_write(struct blockdev *bd, uint64_t sector,
				const void *buf, uint64_t nsectors);
int __must_check blockdev_flush(struct blockdev *bd);

#endif
