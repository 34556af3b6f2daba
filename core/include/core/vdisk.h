/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual disks: a guest's block device is bound to one by name. Its backend, a
 * block device of the host, can be attached, detached and limited at run time.
 * docs/design/block.md.
 */
#ifndef CORE_VDISK_H
#define CORE_VDISK_H

#include <core/blockdev.h>
#include <core/queue_counts.h>
#include <core/vcpu.h>
#include <libs/types.h>

struct thread_attr;
struct vdisk;

#define VDISK_NAME_MAX 32 /* with its terminator */

/*
 * Most segments of each part of a request that the backend cannot take as one.
 */
#define VDISK_PART_SEGMENTS 16

/*
 * One request. The first part is filled in by its owner, who keeps it and the
 * segments until done().
 */
struct vdisk_request {
	enum block_op op;
	bool unmap;   /* BLOCK_WRITE_ZEROES: may also discard */
	bool durable; /* a write ends only when its data is durable */
	uint64_t sector, nsectors;
	const struct io_segment *segs; /* read, write: nsectors in all */
	unsigned int nsegs;
	/*
	 * As in struct block_request, but also called in a trap; called once.
	 */
	void (*done)(struct vdisk_request *rq);
	int result; /* as in struct block_request */

	/* The vdisk's: [L] its lock, [O] whoever works on the request, [A]. */
	struct vdisk *vd;
	struct list node; /* [L] */
	uint8_t where;    /* [L] enum vdisk_where */
	uint8_t state;    /* [A] enum part_state */
	bool cancelled;   /* [A] no further part */
	uint64_t since;   /* [L] waits for a limit: ticks */
	uint64_t left;    /* [O] sectors that are left, of a request in parts */
	unsigned int next_seg; /* [O] and the position in the segments */
	size_t next_off;
	struct block_request part; /* [O] */
	struct io_segment part_segs[VDISK_PART_SEGMENTS];
};

/* Limits, which can be set at run time. A rate of 0 means no limit; a burst of
 * 0 what a tenth of a second yields. */
struct vdisk_limits {
	uint64_t iops, iops_burst;
	uint64_t bytes, bytes_burst; /* a second, of reads and writes */
};

struct vdisk_stats {
	uint64_t requests[BLOCK_OPS], sectors[BLOCK_OPS], errors;
};

/*
 * How long an interrupt for requests that are done may be held back
 * (core/virtio_hold.h), in microseconds. 0: not at all.
 */
#define VDISK_HOLD_US 100
#define VDISK_HOLD_US_MAX 10000

/* A guest's device that uses a vdisk. */
struct vdisk_client {
	const char *name;    /* of the device, for listings */
	uint32_t block_size; /* told to the guest; no backend's may be larger */
	/* The guest's description: they hold instead of what was set for the
	 * vdisk, from vdisk_bind() to vdisk_unbind(), unless it is set again
	 * meanwhile. A rate of 0: it does not say. */
	struct vdisk_limits limits;
	bool has_hold;
	uint32_t hold_us;
	/* The size has changed. Thread context; may take spinlocks, but not
	 * call functions of this header. */
	void (*resized)(struct vdisk_client *c, uint64_t nsectors);
	/* How long interrupts may be held back; first called by vdisk_bind().
	 * As resized(). */
	void (*hold)(struct vdisk_client *c, uint32_t us);
	/* Add the device's counts to *sum. Any thread. */
	void (*stats)(struct vdisk_client *c, struct vdisk_stats *sum);
	/* The counts of queue n of the device; false if it has fewer. Thread
	 * context. */
	bool (*queue)(struct vdisk_client *c, unsigned int n,
		      struct queue_counts *out);
};

/* --- for people ----------------------------------------------------------- */

struct vdisk_worker {
	bool has_cpus, has_priority; /* otherwise those of the guest's VCPUs */
	struct cpumask cpus;
	uint8_t priority;
	/* Most bytes copied in the trap of the guest that asked for it: the
	 * backend's inline_bytes, or less. */
	uint32_t inline_bytes;
};

struct vdisk_info {
	char name[VDISK_NAME_MAX];
	char backend[BLOCKDEV_NAME_MAX]; /* or "" */
	char client[64];                 /* or "" */
	uint64_t nsectors;
	uint64_t size_set; /* sectors; 0: the backend's */
	bool read_only, gone;
	struct vdisk_limits limits;
	struct vdisk_worker worker;
	uint32_t hold_us;
	struct vdisk_stats stats;
	uint32_t in_flight, waiting;
	uint64_t delayed;    /* requests that a limit made wait */
	uint64_t delayed_ns; /* and for how long in all */
	uint64_t by_worker;  /* requests that its thread has submitted */
	uint64_t split;      /* requests that went to the backend in parts */
};

/*
 * All in thread context. create: without a backend; -ERR_EXIST, -ERR_INVAL for
 * a name that is empty, too long or has other characters than letters, digits
 * and "-_.", -ERR_NOMEM. destroy: -ERR_NOENT; -ERR_BUSY: a guest has it. By
 * name, or number n of the list; a counted reference, NULL where there is none.
 */
int __must_check vdisk_create(const char *name, bool read_only);
int __must_check vdisk_destroy(const char *name);
struct vdisk *vdisk_get(const char *name);
struct vdisk *vdisk_get_nth(unsigned int n);
void vdisk_put(struct vdisk *vd);
const char *vdisk_name(const struct vdisk *vd);
void vdisk_get_info(struct vdisk *vd, struct vdisk_info *out);
/* The counts of queue n of the device bound to it; false if there is no such
 * queue, or no device. */
bool vdisk_queue_counts(struct vdisk *vd, unsigned int n,
			struct queue_counts *out);

/*
 * attach: -ERR_BUSY: the vdisk has a backend that is not gone, or the backend
 * has a user; -ERR_NOENT: no such block device; -ERR_INVAL: its blocks are
 * larger than the guest was told. detach: requests that wait for a limit fail
 * with -ERR_IO, those that the backend has are waited for; -ERR_STATE: there is
 * no backend. Thread context.
 */
int __must_check vdisk_attach(struct vdisk *vd, const char *backend);
int __must_check vdisk_detach(struct vdisk *vd);
/* Set the number of sectors that the guest sees; 0: all of the backend's.
 * -ERR_RANGE: more than these. */
int __must_check vdisk_resize(struct vdisk *vd, uint64_t nsectors);
/* -ERR_BUSY: its backend is shared with other readers. */
int __must_check vdisk_set_read_only(struct vdisk *vd, bool read_only);
void vdisk_set_limits(struct vdisk *vd, const struct vdisk_limits *l);
/* At most VDISK_HOLD_US_MAX. */
void vdisk_set_hold(struct vdisk *vd, uint32_t us);
/* -ERR_INVAL: none of the CPUs is online, or the priority is out of range. */
int __must_check vdisk_set_worker(struct vdisk *vd,
				  const struct vdisk_worker *w);

/* --- for a guest's device ------------------------------------------------- */

/*
 * Bind a guest's device to a vdisk, with a worker thread of these attributes
 * unless vdisk_set_worker() has set others. -ERR_BUSY: another device has it;
 * -ERR_STATE: it was destroyed; -ERR_NOMEM. The caller keeps its reference.
 * unbind: no request may be left. Thread context.
 */
int __must_check vdisk_bind(struct vdisk *vd, struct vdisk_client *c,
			    const struct thread_attr *attr);
void vdisk_unbind(struct vdisk *vd, struct vdisk_client *c);

/* What the guest is told about the disk. Thread context, after binding. */
struct vdisk_geometry {
	uint64_t nsectors;
	uint32_t block_size, physical_size;
	uint32_t max_discard, max_write_zeroes; /* sectors; 0: cannot */
	bool read_only;
};
void vdisk_get_geometry(struct vdisk *vd, struct vdisk_geometry *g);

/*
 * Requests are submitted in batches: begin, submit any number, end. In a trap,
 * no more is copied than `inline_bytes`; the rest goes to the worker. Any
 * context, no lock held; between begin and end nothing may block.
 *
 * now: do it in this call, if that is a matter of copying so few bytes: true,
 * and rq->result is set; done() is not called. False: nothing has happened, and
 * it is to be submitted.
 */
struct vdisk_batch {
	struct vdisk *vd;
	struct blockdev *bd; /* NULL: no request takes the short path */
	uint32_t left;       /* bytes that may still be copied here */
	bool now;            /* bd can be called by blockdev_now() */
};
void vdisk_batch_begin(struct vdisk *vd, struct vdisk_batch *b);
bool __must_check vdisk_now(struct vdisk_batch *b, struct vdisk_request *rq);
void vdisk_submit(struct vdisk_batch *b, struct vdisk_request *rq);
void vdisk_batch_end(struct vdisk_batch *b);

/*
 * End a request soon, with -ERR_INTR, if it waits here or has not reached the
 * hardware; otherwise, or if it has ended, nothing happens. Its memory must
 * still exist. Any context, no lock held.
 */
void vdisk_cancel(struct vdisk *vd, struct vdisk_request *rq);

/* Hold requests from now on, and wait for those that the backend has; or
 * release them. Thread context. */
void vdisk_pause(struct vdisk *vd, bool paused);

#endif
