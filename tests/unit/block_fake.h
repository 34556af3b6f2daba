/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of block devices: a simulated CPU on whose threads the test's code
 * runs, a driver whose requests end when the test says so, and files.
 */
#ifndef TESTS_BLOCK_FAKE_H
#define TESTS_BLOCK_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arch_impl/host.h>
#include <core/block_backend.h>
#include <core/blockdev.h>
#include <core/heap.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/vfs.h>
#include <core/work.h>
#include <libs/error.h>

/* --- the test's code, in a thread ----------------------------------------- */

#define SETTLE_ROUNDS 100000

static bool body_done;

struct body {
	void (*fn)(void);
};

static void body_main(void *arg)
{
	((struct body *)arg)->fn();
	body_done = true;
}

/* Start it. Returns when all threads wait or have ended. */
static void start_body(struct body *b)
{
	static const struct thread_attr attr = { .name = "test",
						 .priority = 3 };

	body_done = false;
	host_irq_begin(0);
	assert_int_equal(thread_create(NULL, &attr, body_main, b), 0);
	host_irq_end();
	assert_true(host_settle(SETTLE_ROUNDS));
}

static __unused void run_body(void (*fn)(void))
{
	struct body b = { fn };

	start_body(&b);
	assert_true(body_done);
}

static int setup(void **state)
{
	static bool once;

	(void)state;
	if (!once) {
		host_boot(1);
		host_irq_begin(0);
		assert_int_equal(work_start(), 0);
		host_irq_end();
		once = true;
	}
	assert_true(host_settle(SETTLE_ROUNDS));
	return 0;
}

#define T(name) cmocka_unit_test_setup(name, setup)

/* --- files ---------------------------------------------------------------- */

static struct {
	const char *path;
	const uint8_t *data;
	uint64_t size;
	bool in_memory; /* st.data is set */
	bool broken;    /* shorter than its stated size */
} file;

int vfs_stat(const char *path, struct vfs_stat *st)
{
	if (!file.path || strcmp(path, file.path) != 0) {
		return -ERR_NOENT;
	}
	*st = (struct vfs_stat){ .type = VFS_FILE, .size = file.size };
	st->data = file.in_memory ? file.data : NULL;
	return 0;
}

int64_t vfs_read(const char *path, uint64_t off, void *buf, size_t n)
{
	uint64_t size = file.broken ? file.size / 2 : file.size;

	if (!file.path || strcmp(path, file.path) != 0) {
		return -ERR_NOENT;
	}
	if (off >= size) {
		return 0;
	}
	/* In pieces, as a file system may read. */
	n = MIN(MIN(n, size - off), 5000);
	memcpy(buf, file.data + off, n);
	return (int64_t)n;
}

/* --- a driver ------------------------------------------------------------- */

#define FAKE_MAX 64

static struct {
	struct blockdev bd;
	struct block_request *taken[FAKE_MAX]; /* that have not ended */
	unsigned int ntaken, kicks, released;
	unsigned int requests; /* number of all requests */
	bool hold;             /* requests wait for fake_end() */
	int result;
	uint8_t disk[KIB(256)];
} fake;

static void fake_run(struct block_request *rq)
{
	uint8_t *at = fake.disk + rq->sector * BLOCK_SECTOR_SIZE;

	for (unsigned int i = 0; fake.result == 0 && i < rq->nsegs; i++) {
		if (rq->op == BLOCK_READ) {
			memcpy(rq->segs[i].va, at, rq->segs[i].size);
		} else if (rq->op == BLOCK_WRITE) {
			memcpy(at, rq->segs[i].va, rq->segs[i].size);
		}
		at += rq->segs[i].size;
	}
	blockdev_done(rq, fake.result);
}

static void fake_submit(struct blockdev *bd, struct block_request *rq)
{
	(void)bd;
	fake.requests++;
	if (!fake.hold) {
		fake_run(rq);
		return;
	}
	assert_true(fake.ntaken < FAKE_MAX);
	fake.taken[fake.ntaken++] = rq;
}

static void fake_kick(struct blockdev *bd)
{
	(void)bd;
	fake.kicks++;
}

/* End the oldest request, as the hardware's interrupt would. */
static __unused void fake_end(void)
{
	struct block_request *rq = fake.taken[0];

	assert_true(fake.ntaken > 0);
	memmove(fake.taken, fake.taken + 1,
		--fake.ntaken * sizeof(fake.taken[0]));
	fake_run(rq);
}

static bool fake_cancel(struct blockdev *bd, struct block_request *rq)
{
	(void)bd;
	/* The hardware has the first one. */
	for (unsigned int i = 1; i < fake.ntaken; i++) {
		if (fake.taken[i] == rq) {
			memmove(fake.taken + i, fake.taken + i + 1,
				(--fake.ntaken - i) * sizeof(fake.taken[0]));
			blockdev_done(rq, -ERR_INTR);
			return true;
		}
	}
	return false;
}

static void fake_release(struct blockdev *bd)
{
	(void)bd;
	fake.released++;
}

static const struct blockdev_ops fake_ops = {
	.submit = fake_submit,
	.kick = fake_kick,
	.cancel = fake_cancel,
	.release = fake_release,
};

/* "fake", empty; the test may change it before blockdev_add(). */
static __unused struct blockdev *fake_init(void)
{
	memset(&fake, 0, sizeof(fake));
	(void)snprintf(fake.bd.name, sizeof(fake.bd.name), "fake");
	fake.bd.ops = &fake_ops;
	fake.bd.kind = "fake";
	fake.bd.nsectors = sizeof(fake.disk) / BLOCK_SECTOR_SIZE;
	fake.bd.block_size = 512;
	fake.bd.physical_size = 512;
	fake.bd.max_segments = 4;
	fake.bd.max_segment_size = 4096;
	fake.bd.max_sectors = 16;
	return &fake.bd;
}

#endif
