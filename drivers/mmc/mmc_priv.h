/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host controller with its card: commands, identification, the block device.
 * docs/design/mmc.md.
 *
 * A command ends in the controller's interrupt. Requests to read and write run
 * in interrupts, one after the other. Whatever takes several commands or has to
 * wait (identification, erasing, flushing, recovery) is done by the host's own
 * thread, and no request runs meanwhile: mmc_host.turn says whose turn it is.
 */
#ifndef DRIVERS_MMC_PRIV_H
#define DRIVERS_MMC_PRIV_H

#include <core/blockdev.h>
#include <core/dma.h>
#include <core/spinlock.h>
#include <core/sync.h>
#include <core/work.h>

#include "mmc_regs_priv.h"

struct mmc_host;

/* Time limits. A block takes at most 100 ms to read and 500 ms to write (SD
 * 4.6.2), and a controller reports a block that takes longer. */
#define MMC_COMMAND_MS 1000
#define MMC_DATA_MS 5000
#define MMC_POWER_UP_MS 1000 /* SD 4.2.3, eMMC 6.4.2 */
#define MMC_ERASE_MS 30000

#define MMC_SEGMENTS 128 /* of one command */
#define MMC_SECTORS 2048 /* of one command */
#define MMC_SPARE_SECTORS \
	64 /* sectors of the buffer for data that cannot be used in place */

/* SD 4.9, eMMC 6.12. */
enum mmc_response {
	MMC_NONE,
	MMC_R1,
	MMC_R1B, /* R1, then busy on data line 0 */
	MMC_R2,  /* 136 bits */
	MMC_R3,  /* has neither CRC nor index */
	MMC_R6,  /* not a card status; stands for R7, too */
};

/* Data of a command, at addresses as the device sees them. */
struct mmc_part {
	uint64_t addr;
	uint32_t size;
};
struct mmc_data {
	bool read;
	bool stop; /* MMC_STOP_TRANSMISSION after the last block, by itself */
	uint32_t block_size, blocks;
	const struct mmc_part *parts;
	unsigned int nparts;
};

struct mmc_command {
	uint8_t index;
	enum mmc_response response;
	uint32_t arg;
	uint32_t limit_ms;
	const struct mmc_data *data; /* or NULL */
	uint32_t answer[4];   /* in [0]; R2: most significant word first */
	uint32_t stop_answer; /* R1 of data.stop */
	int error;            /* 0, -ERR_TIMEOUT: no answer, -ERR_IO */
};

/* The controller. T: the host's thread. */
struct mmc_host_ops {
	/* T. Power-cycle: one data line, 400 kHz. -ERR_IO. */
	int (*reset)(struct mmc_host *h);
	/* T. End the present command and transfer: the controller is then ready
	 * for a command. -ERR_IO: it does not stop. */
	int (*abort)(struct mmc_host *h);
	/* T. Set the clock to at most `hz`; -ERR_IO. */
	int (*clock)(struct mmc_host *h, uint32_t hz);
	/* T. Set the number of data lines, and high-speed timing. */
	void (*bus)(struct mmc_host *h, unsigned int width, bool high_speed);
	/* Start a command; mmc_host_done() follows. -ERR_IO: the controller is
	 * not ready. Any context, the host's lock held. */
	int (*start)(struct mmc_host *h, struct mmc_command *cmd);
	/* T. */
	bool (*present)(struct mmc_host *h);
	bool (*write_protected)(struct mmc_host *h);
	/* T. Report the next change of present() from now on by
	 * mmc_host_changed(). */
	void (*watch)(struct mmc_host *h);
	/* T. No interrupts, no clock, no power. */
	void (*off)(struct mmc_host *h);
};

enum mmc_turn {
	MMC_TURN_FREE,
	MMC_TURN_REQUEST, /* a request's command runs */
	MMC_TURN_THREAD,
};

/* The piece of a request that one command moves. */
struct mmc_piece {
	struct block_request *rq;
	uint64_t done;    /* sectors of the request before this piece */
	unsigned int seg; /* where its data begins */
	size_t seg_off;
	uint32_t sectors; /* of this piece */
	unsigned int nparts;
	bool spare; /* copied through the host's buffer */
	unsigned int tries;
	struct io_segment segs[MMC_SEGMENTS]; /* as mapped */
	struct mmc_part parts[MMC_SEGMENTS];
};

/* [I] immutable once added, [L] lock, [T] the host's thread. */
struct mmc_host {
	const struct mmc_host_ops *ops; /* [I] */
	struct device *dev;             /* [I] */
	uint32_t max_clock;             /* [I] Hz */
	uint32_t align;                 /* [I] of data, bytes: a power of two */
	bool width_4, width_8;          /* [I] lines that are wired */
	bool high_speed;                /* [I] */
	bool removable;                 /* [I] or presence is always polled */
	bool no_sd, no_mmc;             /* [I] kinds that cannot be there */

	struct spinlock lock;
	struct mmc_command *cmd; /* [L] the one that runs, or NULL */
	ticks_t deadline;        /* [L] its time limit */
	ticks_t timer_at;        /* [L] 0: not armed */
	struct timer timer;
	enum mmc_turn turn;     /* [L] */
	bool failed;            /* [L] the command of the request has failed */
	bool changed;           /* [L] a card came or went */
	bool leaving;           /* [L] the driver is being removed */
	struct list queue;      /* [L] requests */
	struct mmc_piece piece; /* [L], or whoever has the turn */
	struct mmc_command request; /* likewise: the piece's command */
	struct mmc_data request_data;
	struct dma_buffer spare; /* [I] */
	struct waitqueue wait;   /* the thread waits for its command */

	struct workqueue workqueue;
	struct work work;
	struct completion first; /* the first look for a card is over */
	struct completion left;  /* the thread has ended */
	bool looked;             /* [T] `first` is complete */
	struct mmc_card *card;   /* [L] written by T; NULL: none usable */
	uint32_t refs;           /* [L] the driver's, and one for each card */
};

/* The block device. It may outlive the card: then `gone`. */
struct mmc_card {
	struct blockdev bd;
	struct mmc_host *host;
	struct mmc_info info; /* [I] */
	unsigned int number;  /* [I] */
	bool gone;            /* [L] of the host */
};

/* --- host (mmc_host.c) --------------------------------------------------- */

/*
 * For a controller's probe(): initialise a host that was allocated from the
 * heap and zeroed. Its interrupt may come from now on. mmc_host_put() frees it.
 */
void mmc_host_init(struct mmc_host *h);
/* Add a host, whose ops, dev and [I] fields are filled in, and look for a card
 * before returning. -ERR_NOMEM. Thread context. */
int __must_check mmc_host_add(struct mmc_host *h);
/* For remove(): requests in flight end with -ERR_IO, and the controller is
 * switched off. Its interrupt may still come. */
void mmc_host_stop(struct mmc_host *h);
/* Drop a reference. Any context but interrupts. */
void mmc_host_put(struct mmc_host *h);

/* What is to be done after the host's lock is released. */
struct mmc_after {
	bool wake, work, timer;
	ticks_t timer_at;
	struct list ended; /* requests, with their result */
};
#define MMC_AFTER_INIT(name) \
	{ \
		.ended = LIST_INIT((name).ended) \
	}
/* Unlock, then do what was collected. */
void mmc_host_unlock(struct mmc_host *h, unsigned long flags,
		     struct mmc_after *after);

/* For the controller: the command has ended, its answers are filled in. Lock
 * held. */
void mmc_host_done(struct mmc_host *h, int error, struct mmc_after *after);
/* For the controller: a card may have been inserted or removed. Lock held. */
void mmc_host_changed(struct mmc_host *h, struct mmc_after *after);
/* Start a command. Lock held. */
void mmc_host_start(struct mmc_host *h, struct mmc_command *cmd,
		    struct mmc_after *after);

/*
 * Run a command to its end and return its error; the controller is then ready
 * again. -ERR_IO also for an error in the card's status (R1). T, with the turn.
 */
int __must_check mmc_run(struct mmc_host *h, struct mmc_command *cmd);
/* As mmc_run(), for a command without data that ends at once. `answer` may be
 * NULL. */
int __must_check mmc_run_simple(struct mmc_host *h, uint8_t index, uint32_t arg,
				enum mmc_response response, uint32_t *answer);

/* --- cards (mmc_card.c) --------------------------------------------------- */

/* Identify the card and bring it into the transfer state. -ERR_NOENT: there is
 * none; -ERR_NOSUPP, -ERR_FORMAT, -ERR_IO, -ERR_TIMEOUT. T. */
int __must_check mmc_identify(struct mmc_host *h, struct mmc_info *info);
/* Wait until the card accepts commands again: 0, -ERR_TIMEOUT, -ERR_IO.
 * *status: its R1, with errors of the command before. T. */
int __must_check mmc_wait_ready(struct mmc_host *h, const struct mmc_info *info,
				uint32_t limit_ms, uint32_t *status);
/* Set byte `index` of EXT_CSD to `value`. Errors of mmc_run(). T. */
int __must_check mmc_switch(struct mmc_host *h, const struct mmc_info *info,
			    uint8_t index, uint8_t value, uint32_t limit_ms);

/* --- blocks (mmc_block.c) ------------------------------------------------- */

/* Register the card as a block device. Errors of blockdev_add(). T. */
int __must_check mmc_block_add(struct mmc_host *h, const struct mmc_info *info);
/* Unregister it; its requests end with -ERR_IO. T, with the turn. */
void mmc_block_remove(struct mmc_host *h);
/* Start the next request, or leave it to the thread. Lock held, and no request
 * has the turn. */
void mmc_block_next(struct mmc_host *h, struct mmc_after *after);
/* The command of the request has ended. Lock held. */
void mmc_block_done(struct mmc_host *h, struct mmc_after *after);
/* Recover from errors and handle the requests that take several commands.
 * False: the card does not answer any more. T, with the turn. */
bool mmc_block_work(struct mmc_host *h);

#endif
