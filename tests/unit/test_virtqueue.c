/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's side of virtqueues with a driver's (virtio_driver.h): random
 * chains of any framing in both formats, with and without EVENT_IDX and
 * indirect tables, each byte checked; and malformed rings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <core/virtio.h>

#include "core/virtio/virtqueue_split.h"
#include "tests/unit/virtio_driver.h"

#define BASE FAKE_RAM_BASE
#define DATA (FAKE_RAM_BASE + 0x10000)
#define PARTS 32
#define CHAIN_MAX 6 /* buffers */
#define BUF_MAX 5000

static struct virtio_device vd;
static struct virtqueue vq;
static struct emu_device emu = { .name = "disk0" };
static struct drv drv;
static unsigned int interrupts, config_interrupts;

static void interrupt(struct virtio_device *dev, struct virtqueue *queue)
{
	assert_ptr_equal(dev, &vd);
	assert_ptr_equal(queue, &vq);
	interrupts++;
}

static void config_interrupt(struct virtio_device *dev)
{
	assert_ptr_equal(dev, &vd);
	config_interrupts++;
}

static const struct virtio_transport transport = { interrupt,
						   config_interrupt };

static uint32_t rnd_state;

static uint32_t rnd(uint32_t below)
{
	rnd_state = rnd_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(rnd_state >> 8) * below >> 24);
}

static void start(uint16_t size, uint64_t features)
{
	fake_config("none", 0x200);
	drv_init(&drv, BASE, size, features);
	memset(&vd, 0, sizeof(vd));
	memset(&vq, 0, sizeof(vq));
	vd.emu = &emu;
	vd.guest = &fake_guest;
	vd.transport = &transport;
	vd.status = VIRTIO_STATUS_DRIVER_OK;
	spin_init(&vq.lock, LOCK_VIRTQUEUE);
	vq.vd = &vd;
	vq.guest = &fake_guest;
	vq.size_max = 1024;
	vq.num = size;
	vq.desc_addr = IPA(DRV_DESC(&drv));
	vq.driver_addr = IPA(DRV_DRIVER(&drv));
	vq.device_addr = IPA(DRV_DEVICE(&drv));
	assert_int_equal(virtqueue_start(&vq, features), 0);
	if (fake_flat) {
		/* As an earlier buffer has left it. */
		struct io_segment s;

		assert_true(guest_segment_find(&fake_guest.memory, &vq.hint,
					       IPA(BASE), 1, false, &s));
	}
	vq.live = vq.open = true;
	interrupts = config_interrupts = 0;
}

static void stop(void)
{
	vq.live = vq.open = false;
	virtqueue_stop(&vq);
	assert_int_equal(fake_pins, 0);
}

/* --- everything right ---------------------------------------------------- */

/* A chain as the driver made it and as the device has it. */
struct flight {
	bool used;
	int id;
	struct drv_buf bufs[CHAIN_MAX];
	unsigned int n;
	uint32_t readable, writable;
	struct io_segment segs[PARTS];
	struct virtq_chain chain;
};

static struct flight *add_random(struct flight *flights, bool indirect)
{
	struct flight *f = flights;
	uint64_t at;

	while (f->used) {
		f++;
	}
	memset(f, 0, sizeof(*f));
	f->n = 1 + rnd(CHAIN_MAX);
	at = DATA + (uint64_t)(f - flights) * CHAIN_MAX * 0x1800;
	for (unsigned int i = 0; i < f->n; i++) {
		f->bufs[i].addr = at + i * 0x1800u + rnd(64);
		f->bufs[i].len = rnd(4) ? rnd(BUF_MAX) : rnd(3);
		f->bufs[i].write = i > 0 && f->bufs[i - 1].write ? true
								 : rnd(2);
		if (f->bufs[i].write) {
			f->writable += f->bufs[i].len;
		} else {
			f->readable += f->bufs[i].len;
		}
		memset(drv_at(f->bufs[i].addr, f->bufs[i].len), (int)(0x40 + i),
		       f->bufs[i].len);
	}
	f->id = drv_add(&drv, f->bufs, f->n, indirect && rnd(2));
	f->used = f->id >= 0;
	return f->used ? f : NULL;
}

static size_t list_size(const struct io_list *l)
{
	size_t size = 0;

	for (unsigned int i = 0; i < l->n; i++) {
		size += l->segs[i].size;
	}
	return size;
}

/* The device must read what the driver wrote, in order; then it writes data of
 * its own. */
static void check_chain(struct flight *f)
{
	static uint8_t got[CHAIN_MAX * BUF_MAX];
	size_t at = 0;

	assert_int_equal(f->chain.readable_size, f->readable);
	assert_int_equal(f->chain.writable_size, f->writable);
	assert_int_equal(list_size(&f->chain.readable), f->readable);
	assert_int_equal(list_size(&f->chain.writable), f->writable);
	assert_int_equal(io_list_pull(&f->chain.readable, got, sizeof(got)),
			 f->readable);
	for (unsigned int i = 0; i < f->n && !f->bufs[i].write; i++) {
		for (uint32_t k = 0; k < f->bufs[i].len; k++) {
			assert_int_equal(got[at++], 0x40 + i);
		}
	}
	memset(got, (int)(0x80 | (f->id & 0x3f)), sizeof(got));
	assert_int_equal(io_list_fill(&f->chain.writable, got, sizeof(got)),
			 f->writable);
}

static void check_written(const struct flight *f)
{
	for (unsigned int i = 0; i < f->n; i++) {
		const uint8_t *p = drv_at(f->bufs[i].addr, f->bufs[i].len);

		for (uint32_t k = 0; f->bufs[i].write && k < f->bufs[i].len;
		     k++) {
			assert_int_equal(p[k], 0x80 | (f->id & 0x3f));
		}
	}
}

static struct flight *find(struct flight *flights, int id, unsigned int max)
{
	for (unsigned int i = 0; i < max; i++) {
		if (flights[i].used && flights[i].id == id) {
			return &flights[i];
		}
	}
	fail();
	return NULL;
}

/* Is there a chain to be taken? */
static bool available(void)
{
	return vq.packed ? packed_pending(&vq) : split_pending(&vq);
}

#define FLIGHTS 4

/*
 * In each round the driver adds chains; if no kick is needed, the device must
 * be about to look; the device takes them, and returns some in any order; the
 * driver is interrupted if it has asked for that.
 */
static void random_traffic(uint16_t size, uint64_t features, uint32_t seed)
{
	static struct flight flights[FLIGHTS];
	static struct flight *taken[FLIGHTS];
	bool indirect = (features & VIRTIO_F_INDIRECT_DESC) != 0;
	unsigned int ntaken = 0, done = 0;
	uint32_t len;
	int id;

	memset(flights, 0, sizeof(flights));
	start(size, features);
	rnd_state = seed;
	while (done < 2000) {
		unsigned int busy = 0, before, want = rnd(3), gave = 0;
		uint16_t descs = drv.free_descs;
		unsigned int what;
		bool wanted;

		for (unsigned int i = 0; i < FLIGHTS; i++) {
			busy += flights[i].used;
		}
		for (unsigned int i = rnd(FLIGHTS + 1 - busy); i > 0; i--) {
			if (!add_random(flights, indirect)) {
				break;
			}
		}
		wanted = drv_kick_needed(
			&drv, (unsigned int)(descs - drv.free_descs));
		spin_lock(&vq.lock);
		/* If the device waits for kicks, nothing may be pending without
		 * one. */
		assert_true(wanted || !available());
		virtqueue_kicks_off(&vq);
		do {
			for (;;) {
				struct io_segment segs[PARTS];
				struct virtq_chain c = { .segs = segs,
							 .max = PARTS };
				struct flight *f;
				int got = virtqueue_pop(&vq, &c);

				assert_true(got == 0 || got == 1);
				if (!got) {
					break;
				}
				if (rnd(5) == 0) {
					virtqueue_unpop(&vq, &c);
					continue;
				}
				f = find(flights, c.id, FLIGHTS);
				memcpy(f->segs, segs, sizeof(segs));
				f->chain = c;
				f->chain.segs = f->segs;
				f->chain.readable.segs = f->segs;
				f->chain.writable.segs = f->segs + c.readable.n;
				check_chain(f);
				taken[ntaken++] = f;
			}
		} while (virtqueue_kicks_on(&vq));
		/* Return some. */
		drv_interrupts(&drv, want > 0, 0);
		before = interrupts;
		while (ntaken > 0 && rnd(3)) {
			unsigned int i = rnd(ntaken);

			virtqueue_push(&vq, &taken[i]->chain,
				       taken[i]->writable);
			taken[i] = taken[--ntaken];
			gave++;
		}
		/* Nothing was added in between. */
		what = rnd(2) ? virtqueue_finish(&vq)
			      : virtqueue_publish(&vq) * VIRTQUEUE_DUE;
		assert_false(what & VIRTQUEUE_MORE);
		if (what & VIRTQUEUE_DUE) {
			virtio_interrupt(&vq);
		}
		spin_unlock(&vq.lock);
		assert_int_equal(interrupts - before, want > 0 && gave > 0);
		while ((id = drv_used(&drv, &len)) >= 0) {
			struct flight *f = find(flights, id, FLIGHTS);

			assert_int_equal(len, f->writable);
			check_written(f);
			f->used = false;
			done++;
			gave--;
		}
		assert_int_equal(gave, 0);
	}
	while (ntaken > 0) {
		spin_lock(&vq.lock);
		virtqueue_push(&vq, &taken[--ntaken]->chain, 0);
		spin_unlock(&vq.lock);
	}
	assert_int_equal(vd.status & VIRTIO_STATUS_NEEDS_RESET, 0);
	assert_int_equal(vq.taken, 0);
	stop();
}

static void test_random(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		uint64_t features = (i & 1 ? VIRTIO_F_RING_PACKED : 0) |
				    (i & 2 ? VIRTIO_F_EVENT_IDX : 0) |
				    (i & 4 ? VIRTIO_F_INDIRECT_DESC : 0);

		random_traffic(8, features, i);
		random_traffic(64, features, 100 + i);
		if (features & VIRTIO_F_RING_PACKED) {
			random_traffic(7, features, 200 + i);
		}
	}
}

/* --- what is wrong ------------------------------------------------------- */

#define TABLE (BASE + DRV_TABLES)
#define NEXT VIRTQ_DESC_F_NEXT
#define WRITE VIRTQ_DESC_F_WRITE
#define INDIRECT VIRTQ_DESC_F_INDIRECT
#define RAM_END ((uint64_t)FAKE_RAM_BASE + FAKE_RAM_SIZE)

/* A chain in memory: entries of the ring and of a table. `link` is for the
 * split ring and tables. */
struct entry {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, link;
};

struct wrong {
	const char *what;
	uint64_t features; /* and those of the format */
	bool split, packed;
	uint16_t head; /* split */
	struct entry ring[4], table[4];
	bool right;     /* it is valid */
	bool scattered; /* only if memory is not contiguous */
	uint32_t readable, writable;
};

static const struct wrong wrongs[] = {
	{
		.what = "one buffer, empty",
		.split = true,
		.packed = true,
		.ring = { { DATA, 0, 0, 0 } },
		.right = true,
	},
	{
		.what = "empty buffers between others, in either order",
		.split = true,
		.packed = true,
		.ring = { { 0, 0, WRITE | NEXT, 1 },
			  { DATA, 5, NEXT, 2 },
			  { 0, 0, NEXT, 3 },
			  { DATA, 7, WRITE, 0 } },
		.right = true,
		.readable = 5,
		.writable = 7,
	},
	{
		/* 2.7.5.3.2 */
		.what = "buffers, then a table, whose WRITE says nothing",
		.features = VIRTIO_F_INDIRECT_DESC,
		.split = true,
		.ring = { { DATA, 5, NEXT, 1 },
			  { TABLE, 32, INDIRECT | WRITE, 9 } },
		.table = { { DATA, 6, NEXT, 1 }, { DATA, 7, WRITE, 9 } },
		.right = true,
		.readable = 11,
		.writable = 7,
	},
	{
		/* 2.8.7: consecutive entries. */
		.what = "a table without links",
		.features = VIRTIO_F_INDIRECT_DESC,
		.packed = true,
		.ring = { { TABLE, 48, INDIRECT, 0 } },
		.table = { { DATA, 6, INDIRECT, 7 },
			   { DATA, 7, NEXT, 9 },
			   { DATA, 8, WRITE | NEXT, 5 } },
		.right = true,
		.readable = 13,
		.writable = 8,
	},
	{
		.what = "a head that is too large",
		.split = true,
		.head = 8,
		.ring = { { DATA, 5, 0, 0 } },
	},
	{
		.what = "a head that is far too large, where a descriptor is",
		.split = true,
		.head = (TABLE - BASE) / 16,
		.table = { { DATA, 5, 0, 0 } },
	},
	{
		.what = "a link that is too large",
		.split = true,
		.ring = { { DATA, 5, NEXT, 8 } },
	},
	{
		.what = "a loop of one",
		.split = true,
		.ring = { { DATA, 5, NEXT, 0 } },
	},
	{
		.what = "a loop of two, empty",
		.split = true,
		.ring = { { DATA, 0, NEXT, 1 }, { DATA, 0, NEXT, 0 } },
	},
	{
		.what = "to be read behind to be written",
		.split = true,
		.packed = true,
		.ring = { { DATA, 5, WRITE | NEXT, 1 }, { DATA, 5, 0, 0 } },
	},
	{
		.what = "to be read behind to be written, in a table",
		.features = VIRTIO_F_INDIRECT_DESC,
		.split = true,
		.packed = true,
		.ring = { { TABLE, 32, INDIRECT, 0 } },
		.table = { { DATA, 5, WRITE | NEXT, 1 }, { DATA, 5, 0, 0 } },
	},
	{
		.what = "a buffer where nothing is",
		.split = true,
		.packed = true,
		.ring = { { 0, 1, 0, 0 } },
	},
	{
		.what = "a buffer in a device",
		.split = true,
		.packed = true,
		.ring = { { FAKE_BASE, 16, WRITE, 0 } },
	},
	{
		.what = "a buffer past the end",
		.split = true,
		.packed = true,
		.ring = { { RAM_END - 8, 9, 0, 0 } },
	},
	{
		.what = "a buffer to the end",
		.split = true,
		.packed = true,
		.ring = { { RAM_END - 8, 8, 0, 0 } },
		.right = true,
		.readable = 8,
	},
	{
		.what = "a buffer to the end of addresses",
		.split = true,
		.packed = true,
		.ring = { { UINT64_MAX, UINT32_MAX, WRITE, 0 } },
	},
	{
		.what = "2^32 bytes",
		.split = true,
		.packed = true,
		.ring = { { DATA, 16, WRITE | NEXT, 1 },
			  { DATA, UINT32_MAX - 15, WRITE, 0 } },
	},
	{
		.what = "more parts than the device takes",
		.scattered = true,
		.split = true,
		.packed = true,
		.ring = { { DATA, (PARTS + 1) * PAGE_SIZE, 0, 0 } },
	},
	{
		.what = "as many parts as the device takes",
		.split = true,
		.packed = true,
		.ring = { { DATA, PARTS *PAGE_SIZE, 0, 0 } },
		.right = true,
		.readable = PARTS * PAGE_SIZE,
	},
	{
		.what = "a table, not negotiated",
		.split = true,
		.packed = true,
		.ring = { { TABLE, 16, INDIRECT, 0 } },
		.table = { { DATA, 5, 0, 0 } },
	},
	{
		.what = "an empty table",
		.features = VIRTIO_F_INDIRECT_DESC,
		.split = true,
		.packed = true,
		.ring = { { TABLE, 0, INDIRECT, 0 } },
	},
	{
		.what = "a table of one entry and a half",
		.features = VIRTIO_F_INDIRECT_DESC,
		.split = true,
		.packed = true,
		.ring = { { TABLE, 24, INDIRECT, 0 } },
		.table = { { DATA, 5, 0, 0 } },
	},
	{
		.what = "a table that is too long",
		.features = VIRTIO_F_INDIRECT_DESC,
		.split = true,
		.packed = true,
		.ring = { { BASE, (VIRTQUEUE_SIZE_MAX + 1) * 16, INDIRECT, 0 } },
	},
	{
		.what = "a table where nothing is",
		.features = VIRTIO_F_INDIRECT_DESC,
		.split = true,
		.packed = true,
		.ring = { { 64, 16, INDIRECT, 0 } },
	},
	{
		.what = "a table whose second entry is past the end",
		.features = VIRTIO_F_INDIRECT_DESC,
		.packed = true,
		.ring = { { RAM_END - 16, 32, INDIRECT, 0 } },
	},
	{
		.what = "a table in a table",
		.features = VIRTIO_F_INDIRECT_DESC,
		.split = true,
		.ring = { { TABLE, 32, INDIRECT, 0 } },
		.table = { { TABLE + 16, 16, INDIRECT, 0 } },
	},
	{
		.what = "something behind a table",
		.features = VIRTIO_F_INDIRECT_DESC,
		.split = true,
		.packed = true,
		.ring = { { TABLE, 16, INDIRECT | NEXT, 1 },
			  { DATA, 5, 0, 0 } },
		.table = { { DATA, 5, 0, 0 } },
	},
	{
		.what = "a table behind something",
		.features = VIRTIO_F_INDIRECT_DESC,
		.packed = true,
		.ring = { { DATA, 5, NEXT, 0 }, { TABLE, 16, INDIRECT, 0 } },
		.table = { { DATA, 5, 0, 0 } },
	},
	{
		.what = "a link out of a table",
		.features = VIRTIO_F_INDIRECT_DESC,
		.split = true,
		.ring = { { TABLE, 32, INDIRECT, 0 } },
		.table = { { DATA, 5, NEXT, 2 } },
	},
	{
		.what = "a loop in a table",
		.features = VIRTIO_F_INDIRECT_DESC,
		.split = true,
		.ring = { { TABLE, 32, INDIRECT, 0 } },
		.table = { { DATA, 0, NEXT, 1 }, { DATA, 0, NEXT, 0 } },
	},
};

static void put(uint64_t at, const struct entry *e, bool packed, bool in_ring)
{
	const struct drv_buf buf = { e->addr, e->len, false };

	if (packed) {
		drv_desc(at, &buf, 4,
			 e->flags | (in_ring ? VIRTQ_PACKED_F_AVAIL : 0u));
	} else {
		drv_desc(at, &buf, e->flags, e->link);
	}
}

static int pop(struct virtq_chain *c)
{
	static struct io_segment segs[PARTS];
	int got;

	*c = (struct virtq_chain){ .segs = segs, .max = PARTS };
	spin_lock(&vq.lock);
	got = virtqueue_pop(&vq, c);
	spin_unlock(&vq.lock);
	return got;
}

static void expect_broken(const char *what, int got)
{
	struct virtq_chain c;

	if (got != -ERR_FORMAT || !vq.broken || vq.open ||
	    !(vd.status & VIRTIO_STATUS_NEEDS_RESET) ||
	    config_interrupts != 1 || pop(&c) != 0) {
		print_error("%s: %d\n", what, got);
		fail();
	}
}

static void check_wrong(const struct wrong *w, bool packed)
{
	struct virtq_chain c;
	int got;

	start(8, w->features | (packed ? VIRTIO_F_RING_PACKED : 0));
	for (unsigned int i = 0; i < 4; i++) {
		put(BASE + i * 16, &w->ring[i], packed, true);
		put(TABLE + i * 16, &w->table[i], packed, false);
	}
	drv_set16(DRV_DRIVER(&drv) + 4, w->head);
	if (!packed) {
		drv_set16(DRV_DRIVER(&drv) + 2, 1);
	}
	got = pop(&c);
	if (!w->right) {
		expect_broken(w->what, got);
	} else if (got != 1 || c.readable_size != w->readable ||
		   c.writable_size != w->writable || vd.status != 4) {
		print_error("%s: %d, %u, %u\n", w->what, got, c.readable_size,
			    c.writable_size);
		fail();
	}
	vq.taken = 0;
	stop();
}

static void test_wrong(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(wrongs); i++) {
		if (wrongs[i].scattered && fake_flat) {
			continue;
		}
		if (wrongs[i].split) {
			check_wrong(&wrongs[i], false);
		}
		if (wrongs[i].packed) {
			check_wrong(&wrongs[i], true);
		}
	}
}

/* A packed chain without an end is followed once round the ring. */
static void test_packed_loop(void **state)
{
	const struct entry e = { DATA, 0, NEXT, 0 };
	struct virtq_chain c;

	(void)state;
	start(8, VIRTIO_F_RING_PACKED);
	for (unsigned int i = 0; i < 8; i++) {
		put(BASE + i * 16, &e, true, true);
	}
	expect_broken("a packed loop", pop(&c));
	stop();
}

static void test_index_too_far(void **state)
{
	struct virtq_chain c;

	(void)state;
	start(8, 0);
	drv_set16(DRV_DRIVER(&drv) + 2, 9);
	expect_broken("nine available", pop(&c));
	stop();
	start(8, 0);
	drv_set16(DRV_DRIVER(&drv) + 2, 0xffff);
	expect_broken("backwards", pop(&c));
	stop();
}

/* Entries in flight must not be available again. */
static void test_too_many(void **state)
{
	const struct entry e = { DATA, 1, 0, 0 };
	struct virtq_chain c;

	(void)state;
	start(8, 0);
	for (unsigned int i = 1; i <= 9; i++) {
		put(BASE, &e, false, true);
		drv_set16(DRV_DRIVER(&drv) + 2, i);
		if (i <= 8) {
			assert_int_equal(pop(&c), 1);
		}
	}
	expect_broken("a ninth of eight", pop(&c));
	vq.taken = 0;
	stop();
	start(4, VIRTIO_F_RING_PACKED);
	for (unsigned int i = 0; i < 4; i++) {
		put(BASE + i * 16, &e, true, true);
		assert_int_equal(pop(&c), 1);
	}
	drv_set16(BASE + 14, VIRTQ_PACKED_F_USED);
	expect_broken("a fifth of four", pop(&c));
	vq.taken = 0;
	stop();
}

/* A usual chain is taken without a search for its extent; a read-only one is
 * searched for, and refused. */
static void test_usual(void **state)
{
	const struct entry table[2] = { { DATA, 5, NEXT, 1 },
					{ DATA + 8, 7, WRITE, 0 } };
	const struct entry ring[2] = { { TABLE, 32, INDIRECT, 0 },
				       { DATA, 7, WRITE, 0 } };
	struct virtq_chain c;

	(void)state;
	for (unsigned int way = 0; way < 3; way++) {
		bool packed = way == 1;

		start(8, VIRTIO_F_INDIRECT_DESC |
				 (packed ? VIRTIO_F_RING_PACKED : 0));
		for (unsigned int i = 0; i < 2; i++) {
			put(BASE + i * 16, &ring[i], packed, true);
			put(TABLE + i * 16, &table[i], packed, false);
			drv_set16(DRV_DRIVER(&drv) + 4 + 2 * i, i);
		}
		if (!packed) {
			drv_set16(DRV_DRIVER(&drv) + 2, 2);
		}
		fake_finds = 0;
		assert_int_equal(pop(&c), 1);
		assert_int_equal(fake_finds, 0);
		assert_int_equal(c.readable_size, 5);
		assert_int_equal(c.writable_size, 7);
		assert_ptr_equal(c.writable.segs[0].va, drv_at(DATA + 8, 7));
		fake_flat_writable = vq.hint.writable = false;
		vq.single = way == 2; /* by the short way first */
		expect_broken("a buffer that may not be written", pop(&c));
		fake_flat_writable = true;
		vq.taken = 0;
		stop();
	}
}

/* The largest number of parts, and one more. */
static void test_usual_parts(void **state)
{
	const struct entry ring[2] = { { DATA, 5, NEXT, 1 },
				       { DATA, 7, WRITE, 0 } };
	struct io_segment segs[2];
	struct virtq_chain c;

	(void)state;
	for (uint16_t room = 1; room <= 2; room++) {
		start(8, 0);
		put(BASE, &ring[0], false, true);
		put(BASE + 16, &ring[1], false, true);
		drv_set16(DRV_DRIVER(&drv) + 2, 1);
		c = (struct virtq_chain){ .segs = segs, .max = room };
		spin_lock(&vq.lock);
		assert_int_equal(virtqueue_pop(&vq, &c),
				 room == 2 ? 1 : -ERR_FORMAT);
		spin_unlock(&vq.lock);
		vq.taken = 0;
		stop();
	}
}

static int flat(void **state)
{
	(void)state;
	fake_flat = true;
	return 0;
}

static int scattered(void **state)
{
	(void)state;
	fake_flat = false;
	return 0;
}

/* With contiguous memory, and with separate pages: on the fast and on the
 * general path. */
#define BOTH(test) \
	cmocka_unit_test_setup(test, scattered), \
		cmocka_unit_test_setup(test, flat)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_random),
		BOTH(test_wrong),
		BOTH(test_packed_loop),
		BOTH(test_index_too_far),
		BOTH(test_too_many),
		cmocka_unit_test_setup(test_usual, flat),
		cmocka_unit_test_setup(test_usual_parts, flat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
