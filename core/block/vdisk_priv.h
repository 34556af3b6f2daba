/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of a virtual disk. */
#ifndef CORE_VDISK_PRIV_H
#define CORE_VDISK_PRIV_H

#include <core/spinlock.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/vdisk.h>
#include <libs/token_bucket.h>

/* Why requests do not take the short path. */
#define VDISK_DETACHED 0x1 /* no backend, or it is being detached */
#define VDISK_LIMITED 0x2
#define VDISK_PAUSED 0x4

/* Which list a request is in. */
enum vdisk_where { VDISK_NOWHERE, VDISK_WAITING, VDISK_TODO };

/* [C] config's mutex, [N] notify's, [L] lock, [A] atomic, [I] immutable, [V]
 * the list's mutex. */
struct vdisk {
	struct list node;          /* [V] */
	uint32_t refs;             /* [V] */
	char name[VDISK_NAME_MAX]; /* [I] */
	struct mutex config;       /* serialises changes */
	struct mutex notify;       /* guards the client that is notified */

	/* Read by each request. */
	uint32_t slow;       /* [A] VDISK_*; set and cleared with [L] */
	uint32_t in_flight;  /* [A] requests and batches that have not ended */
	struct blockdev *bd; /* [L] stays as long as in_flight is not 0 */
	uint64_t nsectors;   /* [A] as the guest sees it */
	uint32_t inline_max; /* [A] vdisk_worker.inline_bytes */
	bool read_only;      /* [A] */

	struct spinlock lock;
	struct list waiting;             /* [L] for a limit, or paused */
	struct list todo;                /* [L] for the worker */
	uint32_t nwaiting;               /* [L] */
	struct token_bucket iops, bytes; /* [L] */
	struct timer timer;              /* the first waiting request may go */
	struct waitqueue work;           /* the worker waits there */
	struct waitqueue idle; /* of those that wait for requests to end */
	uint64_t delayed, delayed_ticks, by_worker; /* [L] */
	uint64_t split;                             /* [A] */

	struct blockdev_user user;      /* of bd */
	uint64_t size_set;              /* [N] sectors, 0: bd's */
	uint32_t hold_us;               /* [N] in force */
	uint32_t hold_set;              /* [N] for clients that do not say */
	bool dead;                      /* [C] destroyed */
	struct vdisk_client *client;    /* [C], [N] */
	struct vdisk_limits limits;     /* [C] in force */
	struct vdisk_limits limits_set; /* [C] for clients that do not say */
	struct vdisk_worker worker_set; /* [C] */
	struct vcpu *worker;            /* [C] NULL: no client */
	struct cpumask client_cpus;     /* [C] as its client asked for */
	uint8_t client_priority;        /* [C] */
	struct vdisk_stats past;        /* [C] of former clients */
};

/* Main function of the worker's thread; `arg` is the vdisk. */
void vdisk_worker_main(void *arg);
/* Handler of vd->timer. */
void vdisk_timer(struct timer *t);
/* Fail all waiting requests, after VDISK_DETACHED is set. Any context. */
void vdisk_fail_waiting(struct vdisk *vd);
/* Wait until all requests in flight have ended; if `all`, also those that wait
 * in the vdisk. Thread context. */
void vdisk_drain(struct vdisk *vd, bool all);

#endif
