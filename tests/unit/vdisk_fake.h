/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual disk for tests of every emulated device: it checks requests, delays
 * some of them, and fails one now and then. */
#ifndef TESTS_UNIT_VDISK_FAKE_H
#define TESTS_UNIT_VDISK_FAKE_H

#include <core/vdisk.h>

#include "tests/unit/emu_fake.h"

#define FAKE_DISK "data"
#define FAKE_DISK_SECTORS 4096
#define FAKE_DISK_HELD 1024

static struct vdisk_request *fake_disk_held[FAKE_DISK_HELD];
static unsigned int fake_disk_nheld, fake_disk_count;
static int fake_disk_refs;

struct vdisk *vdisk_get(const char *name)
{
	fake_disk_refs += strcmp(name, FAKE_DISK) == 0;
	return strcmp(name, FAKE_DISK) == 0 ? (struct vdisk *)&fake_disk_refs
					    : NULL;
}

void vdisk_put(struct vdisk *vd)
{
	(void)vd;
	fake_disk_refs--;
}

const char *vdisk_name(const struct vdisk *vd)
{
	(void)vd;
	return FAKE_DISK;
}

int vdisk_bind(struct vdisk *vd, struct vdisk_client *c,
	       const struct thread_attr *attr)
{
	(void)vd;
	(void)attr;
	c->hold(c, VDISK_HOLD_US);
	return 0;
}

void vdisk_unbind(struct vdisk *vd, struct vdisk_client *c)
{
	(void)vd;
	(void)c;
	fake_check(fake_disk_nheld == 0);
}

void vdisk_get_geometry(struct vdisk *vd, struct vdisk_geometry *g)
{
	(void)vd;
	*g = (struct vdisk_geometry){
		.nsectors = FAKE_DISK_SECTORS,
		.block_size = 512,
		.physical_size = 4096,
		.max_discard = 64,
		.max_write_zeroes = 64,
	};
}

void vdisk_batch_begin(struct vdisk *vd, struct vdisk_batch *b)
{
	*b = (struct vdisk_batch){ .vd = vd };
}

void vdisk_batch_end(struct vdisk_batch *b)
{
	(void)b;
}

static inline void fake_disk_finish(unsigned int i, int result)
{
	struct vdisk_request *rq = fake_disk_held[i];

	fake_disk_held[i] = fake_disk_held[--fake_disk_nheld];
	rq->result = result;
	rq->done(rq);
	fake_check(!fake_held);
}

/* End the requests that it has kept. */
static inline void fake_disk_run(void)
{
	while (fake_disk_nheld) {
		fake_disk_finish(0, 0);
	}
}

/* All segments must be in the guest's RAM, and add up to the request's size. */
static inline void fake_disk_check(const struct vdisk_request *rq)
{
	uint64_t bytes = 0;

	fake_check(rq->op <= BLOCK_WRITE_ZEROES);
	if (rq->op != BLOCK_READ && rq->op != BLOCK_WRITE) {
		return;
	}
	for (unsigned int i = 0; i < rq->nsegs; i++) {
		uint8_t *at = rq->segs[i].va;

		fake_check(at >= fake_ram && rq->segs[i].size > 0 &&
			   at + rq->segs[i].size <= fake_ram + FAKE_RAM_SIZE);
		if (rq->op == BLOCK_READ) {
			memset(at, 0xd1, rq->segs[i].size);
		}
		bytes += rq->segs[i].size;
	}
	fake_check(bytes == rq->nsectors * BLOCK_SECTOR_SIZE);
}

bool vdisk_now(struct vdisk_batch *b, struct vdisk_request *rq)
{
	static unsigned int turn;

	(void)b;
	fake_check(!fake_held);
	if (rq->op > BLOCK_WRITE || ++turn % 4) {
		return false;
	}
	fake_disk_check(rq);
	rq->result = turn % 28 ? 0 : -ERR_IO;
	return true;
}

void vdisk_submit(struct vdisk_batch *b, struct vdisk_request *rq)
{
	(void)b;
	fake_check(!fake_held && fake_disk_nheld < FAKE_DISK_HELD);
	fake_disk_check(rq);
	fake_disk_held[fake_disk_nheld++] = rq;
	fake_disk_count++;
	if (fake_disk_count % 3) {
		fake_disk_finish(fake_disk_nheld - 1,
				 fake_disk_count % 7 ? 0 : -ERR_IO);
	}
}

void vdisk_cancel(struct vdisk *vd, struct vdisk_request *rq)
{
	(void)vd;
	for (unsigned int i = 0; i < fake_disk_nheld; i++) {
		if (fake_disk_held[i] == rq) {
			fake_disk_finish(i, -ERR_INTR);
			return;
		}
	}
}

void vdisk_pause(struct vdisk *vd, bool paused)
{
	(void)vd;
	if (paused) {
		fake_disk_run();
	}
}

#endif
