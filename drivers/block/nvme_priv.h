/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NVM Express controllers (NVM Express Base Specification 1.4, here "NVMe").
 * docs/design/nvme.md.
 *
 * Locks: nvme_queue.lock (LOCK_DRIVER) for a queue and its slots. Requests are
 * ended without the lock. Only the thread resets the controller.
 */
#ifndef DRIVERS_BLOCK_NVME_PRIV_H
#define DRIVERS_BLOCK_NVME_PRIV_H

#include <core/blockdev.h>
#include <core/dma.h>
#include <core/pci.h>
#include <core/spinlock.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/work.h>

struct nvme;

/* Entries of a queue. One stays free, so that a full queue differs from an
 * empty one. */
#define NVME_ENTRIES 64
#define NVME_SLOTS (NVME_ENTRIES - 1)
#define NVME_IO_QUEUES_MAX (PCI_VECTORS_MAX - 1)
#define NVME_NAMESPACES_MAX 16
/* Size of the list of one command, of pages or of segments. */
#define NVME_LIST_BYTES 1024
#define NVME_PRPS (NVME_LIST_BYTES / 8)
#define NVME_SGLS (NVME_LIST_BYTES / 16)
#define NVME_BYTES_MAX (NVME_PRPS * PAGE_SIZE)
#define NVME_DISCARD_MAX (GIB(1) / BLOCK_SECTOR_SIZE)

/* Time limits. */
#define NVME_ADMIN_MS 5000
#define NVME_IO_MS ((uint64_t)CONFIG_DRV_NVME_TIMEOUT * 1000)
#define NVME_WATCH_MS 500
#define NVME_SHUTDOWN_MS 5000
#define NVME_TRIES 3      /* attempts of a command */
#define NVME_RESETS_MAX 3 /* resets in a row without a completed command */

/* 4.2: a submission queue entry; 4.6: a completion queue entry. */
struct nvme_command {
	uint8_t opcode, flags;
	uint16_t id;
	uint32_t nsid;
	uint64_t reserved, metadata;
	uint64_t data[2]; /* PRP 1 and 2, or a segment descriptor */
	uint32_t dw10, dw11, dw12, dw13, dw14, dw15;
};
_Static_assert(sizeof(struct nvme_command) == 64, "NVMe 4.2");
#define NVME_FLAG_SGL 0x40

struct nvme_completion {
	uint32_t result, reserved;
	uint16_t sq_head, sq_id;
	uint16_t id;
	uint16_t status; /* bit 0: phase */
};
_Static_assert(sizeof(struct nvme_completion) == 16, "NVMe 4.6");

/* Status without the phase bit (4.6.1): the code, the type above it, and these
 * flags. */
#define NVME_STATUS(s) ((s) >> 1)
#define NVME_STATUS_CODE(s) ((s)&0x7ff)
#define NVME_INVALID_OPCODE 0x001
#define NVME_ABORTED_SQ_DELETED 0x008
#define NVME_WRITE_PROTECTED 0x020
#define NVME_LBA_RANGE 0x080
#define NVME_CAPACITY 0x081
#define NVME_DO_NOT_RETRY BIT(14)

/* 3.1.6: controller status. */
#define NVME_CSTS 0x1c
#define CSTS_READY BIT(0)
#define CSTS_FATAL BIT(1)

#define NVME_FLUSH 0x00
#define NVME_WRITE 0x01
#define NVME_READ 0x02
#define NVME_WRITE_ZEROES 0x08
#define NVME_DATASET 0x09

/* A command in flight, and the part of its request that it moves. */
struct nvme_slot {
	struct block_request *rq; /* NULL: free */
	ticks_t started;
	uint64_t done;    /* sectors of the request before this command */
	uint32_t sectors; /* of this command */
	unsigned int seg; /* where its data begins */
	size_t seg_off;
	unsigned int nparts; /* parts that are mapped */
	size_t last_size;    /* bytes of the last part */
	uint8_t tries;
	bool bounce;  /* copied through the slot's page */
	bool aborted; /* an abort was sent */
};

/* [I] immutable while it exists, [L] lock. */
struct nvme_queue {
	struct nvme *c;
	struct spinlock lock;
	unsigned int id, vector;                  /* [I] id 0: admin */
	unsigned int entries;                     /* [I] */
	struct dma_buffer sq, cq, lists, bounces; /* [I] */
	unsigned int sq_tail, sq_rung, cq_head;   /* [L] */
	bool phase;                               /* [L] of new entries */
	bool on;                 /* [L] the controller has created it */
	struct nvme_slot *slots; /* [L] */
	uint64_t *addrs; /* [L] addresses of parts, if they must be unmapped */
	uint64_t free_slots; /* [L] a bit each */
	struct list pending; /* [L] requests */
	unsigned int used;   /* [L] slots */
};

struct nvme_namespace {
	struct blockdev bd;
	struct nvme *c;
	uint32_t nsid;
	unsigned int shift; /* log2 of a block, in sectors */
};

/* [I] after probe, [T] the thread, or probe and remove. */
struct nvme {
	struct pci_device *p;
	struct device *dev;
	volatile uint8_t *regs;
	uint64_t cap;
	unsigned int number;      /* [I] in the names of its devices */
	unsigned int entries_max; /* [I] of a queue */
	uint32_t max_sectors;     /* [I] of a command */
	bool sgl;                 /* [I] segments need not be pages */
	bool has_flush, has_discard, has_zeroes, read_only; /* [I] */
	struct nvme_queue admin;
	struct nvme_queue *io; /* [I] nio of them */
	unsigned int nio;      /* [I] */
	unsigned int vectors;  /* [I] */

	struct nvme_completion answer; /* of the admin command */
	struct completion answered;
	uint16_t admin_id;

	struct nvme_namespace *spaces[NVME_NAMESPACES_MAX]; /* [T] */
	unsigned int nspaces;                               /* [T] */
	struct timer timer;
	bool watching; /* [A] the timer is armed, or will be */
	bool failed;   /* [A] the controller needs a reset */
	bool dead;     /* [A] every request fails */
	bool progress; /* [A] a command has completed since the last reset */
	unsigned int resets; /* [T] in a row, without progress */
	struct workqueue workqueue;
	struct work work;
	uint32_t refs; /* [A] the driver's, and one for each namespace */
};

/* --- data (nvme_data.c) --------------------------------------------------- */

/*
 * Map as much of the rest of the slot's request as one command can move, and
 * describe it in s->sectors, cmd->data and cmd->flags. At least one block is
 * always mapped: data that cannot be described is copied through the slot's
 * page. Lock held.
 */
void nvme_map(struct nvme_queue *q, unsigned int slot,
	      struct nvme_command *cmd);
/* Unmap the data: the controller no longer uses it. Lock held. */
void nvme_unmap(struct nvme_queue *q, unsigned int slot);
/* Count what the command moved as done; true if the request is complete. Lock
 * held. */
bool nvme_advance(struct nvme_slot *s);

/* --- queues (nvme_queue.c) ------------------------------------------------ */

/* Allocate the memory of a queue. -ERR_NOMEM; nvme_queue_free() also frees a
 * part of it. Thread context. */
int __must_check nvme_queue_alloc(struct nvme *c, struct nvme_queue *q,
				  unsigned int id);
void nvme_queue_free(struct nvme_queue *q);
/* Set a queue to its state after a reset: empty. `on`: the controller has
 * created it. Thread context. */
void nvme_queue_reset(struct nvme_queue *q, bool on);
/* Put an entry into the submission queue, which must have room. Lock held. */
void nvme_queue_put(struct nvme_queue *q, const struct nvme_command *cmd);
/* Ring the doorbell for the entries that were put. Lock held. */
void nvme_queue_ring(struct nvme_queue *q);
/* Take an entry from the completion queue; nvme_queue_taken() after the last.
 * Lock held. */
bool nvme_queue_take(struct nvme_queue *q, struct nvme_completion *out);
void nvme_queue_taken(struct nvme_queue *q);

/* --- requests (nvme_io.c) ------------------------------------------------- */

/* Operations of a namespace's block device. */
extern const struct blockdev_ops nvme_blockdev_ops;
/* End completed commands, start waiting requests. Interrupt context. */
void nvme_io_interrupt(struct nvme_queue *q);
/*
 * Requeue the commands that the controller had, or end them if they have been
 * tried too often. `gone`: end all. The controller must be stopped. Thread
 * context.
 */
void nvme_io_requeue(struct nvme *c, bool gone);
/* Start waiting requests. Thread context. */
void nvme_io_resume(struct nvme *c);
/* Find a command that has been in flight for too long; false if there is none.
 * Thread context. */
bool nvme_io_late(struct nvme *c, struct nvme_queue **q, unsigned int *slot);
/* Is any command in flight? *late: is one late? Any context. */
bool nvme_io_busy(struct nvme *c, bool *late);

/* --- the controller (nvme_admin.c): all in the thread, or in probe and remove
 * -- */

/* Run an admin command: 0, -ERR_TIMEOUT, or -ERR_IO if it was refused. `result`
 * may be NULL. */
int __must_check nvme_admin(struct nvme *c, struct nvme_command *cmd,
			    uint32_t *result);
/* Look for the completion of the admin command. Any context. */
void nvme_admin_interrupt(struct nvme *c);
/* Identify, with CNS `what`, into a page. Errors of nvme_admin(). */
int __must_check nvme_identify(struct nvme *c, uint32_t what, uint32_t nsid,
			       struct dma_buffer *out);
/* Ask for *n queues; *n becomes the number granted, at least one. -ERR_IO,
 * -ERR_TIMEOUT. */
int __must_check nvme_ask_queues(struct nvme *c, unsigned int *n);
int __must_check nvme_create_queue(struct nvme *c, struct nvme_queue *q);
/* Create all queues, after a reset. */
int __must_check nvme_create_queues(struct nvme *c);
/* Disable the controller, which ends all its commands. -ERR_TIMEOUT, -ERR_IO:
 * it may still be running. */
int __must_check nvme_disable(struct nvme *c);
int __must_check nvme_enable(struct nvme *c);
/* Shut the controller down: its caches are written back. */
void nvme_shut_down(struct nvme *c);

/* --- the controller (nvme.c) ---------------------------------------------- */

/* Watch for commands that do not end. Any context, no lock held. */
void nvme_watch(struct nvme *c);
/* Have the controller reset. Any context, no lock held. */
void nvme_fail(struct nvme *c);
/* Drop a reference. Thread context. */
void nvme_put(struct nvme *c);

#endif
