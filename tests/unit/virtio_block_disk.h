/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual disk below the block device in its test: memory, or requests that
 * are held until the test ends them. */
#ifndef TESTS_UNIT_VIRTIO_BLOCK_DISK_H
#define TESTS_UNIT_VIRTIO_BLOCK_DISK_H

#include <core/vdisk.h>

#include "tests/unit/emu_fake.h"

#define DISK_SECTORS 256

struct vdisk {
	char name[VDISK_NAME_MAX];
};

static struct vdisk disk = { "data" };
static struct vdisk_geometry geometry;
static struct vdisk_client *client;
static uint8_t bytes[DISK_SECTORS * 512];
static struct vdisk_request *held[256];
static unsigned int nheld, batches, ended, refs, cancels;
static bool hold, in_batch, paused_now;
static int bind_error, result;

struct vdisk *vdisk_get(const char *name)
{
	if (strcmp(name, disk.name) != 0) {
		return NULL;
	}
	refs++;
	return &disk;
}

void vdisk_put(struct vdisk *vd)
{
	assert_ptr_equal(vd, &disk);
	refs--;
}

const char *vdisk_name(const struct vdisk *vd)
{
	return vd->name;
}

int vdisk_bind(struct vdisk *vd, struct vdisk_client *c,
	       const struct thread_attr *attr)
{
	(void)vd;
	assert_int_equal(attr->priority, fake_cfg.priority);
	assert_ptr_equal(attr->group, &fake_guest.group);
	if (!bind_error) {
		client = c;
		c->hold(c, c->has_hold ? c->hold_us : VDISK_HOLD_US);
	}
	return bind_error;
}

void vdisk_unbind(struct vdisk *vd, struct vdisk_client *c)
{
	(void)vd;
	assert_ptr_equal(c, client);
	client = NULL;
}

void vdisk_get_geometry(struct vdisk *vd, struct vdisk_geometry *g)
{
	(void)vd;
	*g = geometry;
}

void vdisk_pause(struct vdisk *vd, bool paused)
{
	(void)vd;
	paused_now = paused;
}

void vdisk_batch_begin(struct vdisk *vd, struct vdisk_batch *b)
{
	b->vd = vd;
	b->left = 0;
	batches++;
	in_batch = true;
}

void vdisk_batch_end(struct vdisk_batch *b)
{
	assert_ptr_equal(b->vd, &disk);
	in_batch = false;
}

static int run(const struct vdisk_request *rq)
{
	uint8_t *at = bytes + rq->sector * 512;
	uint64_t left = rq->nsectors * 512;

	if (result) {
		return result;
	}
	if (rq->sector > DISK_SECTORS ||
	    rq->nsectors > DISK_SECTORS - rq->sector) {
		return -ERR_RANGE;
	}
	if (rq->op > BLOCK_WRITE) {
		return 0;
	}
	for (unsigned int i = 0; i < rq->nsegs; i++) {
		assert_true(rq->segs[i].size <= left);
		if (rq->op == BLOCK_READ) {
			memcpy(rq->segs[i].va, at, rq->segs[i].size);
		} else {
			memcpy(at, rq->segs[i].va, rq->segs[i].size);
		}
		at += rq->segs[i].size;
		left -= rq->segs[i].size;
	}
	assert_int_equal(left, 0);
	return 0;
}

static void finish(struct vdisk_request *rq, int err)
{
	rq->result = err;
	ended++;
	rq->done(rq);
}

/* In every other batch, but not its first request: both ways, and mixed. */
bool vdisk_now(struct vdisk_batch *b, struct vdisk_request *rq)
{
	assert_ptr_equal(b->vd, &disk);
	assert_true(in_batch && !fake_held);
	if (hold || rq->op > BLOCK_WRITE || b->left == 0) {
		b->left = batches % 2;
		return false;
	}
	rq->result = run(rq);
	ended++;
	return true;
}

void vdisk_submit(struct vdisk_batch *b, struct vdisk_request *rq)
{
	assert_ptr_equal(b->vd, &disk);
	assert_true(in_batch && !fake_held);
	if (hold) {
		held[nheld++] = rq;
	} else {
		finish(rq, run(rq));
	}
}

static void end_held(unsigned int i)
{
	struct vdisk_request *rq = held[i];

	memmove(held + i, held + i + 1, (--nheld - i) * sizeof(held[0]));
	finish(rq, run(rq));
}

/* The first one cannot be cancelled, because the hardware has it. */
void vdisk_cancel(struct vdisk *vd, struct vdisk_request *rq)
{
	(void)vd;
	for (unsigned int i = 1; i < nheld; i++) {
		if (held[i] == rq) {
			memmove(held + i, held + i + 1,
				(--nheld - i) * sizeof(held[0]));
			cancels++;
			finish(rq, -ERR_INTR);
			return;
		}
	}
}

#endif
