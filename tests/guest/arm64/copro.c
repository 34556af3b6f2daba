/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays a coprocessor of the chip: firmware as for Linux's remoteproc, with a
 * resource table, and the device's side of two vrings in shared memory at 2
 * GiB, whose doorbell is the mailbox. It announces an endpoint "echo", and
 * sends back what comes to it. `copro=hostile`: it breaks the rules of vrings
 * after 100 messages.
 */
#include <gic.h>
#include <guest.h>
#include <probe.h>

#include "docs/howto/examples/shared-ring/doorbell.h"

#define DOORBELL UINT64_C(0x0c200000)
#define INTID (32 + 112)
#define COPROCESSOR UINT64_C(0x0c300000) /* its register: the host's number */

#define ANY 0xffffffffU
#define NUM 64
#define ALIGN 4096
#define VDEV 3
#define RPMSG 7
#define DRIVER_OK 4
#define FROM 0 /* vrings, and vectors */
#define TO 1

#define NS 53
#define ECHO 100
#define HOSTILE_AFTER 100

struct vring {
	uint32_t da, align, num, notifyid, pa;
};

static const struct table {
	uint32_t ver, num, reserved[2], offset[1];
	uint32_t type, id, notifyid, dfeatures, gfeatures, config_len;
	uint8_t status, num_of_vrings, more[2];
	struct vring vring[2];
} table __attribute__((section(".resource_table"), used)) = {
	.ver = 1,
	.num = 1,
	.offset = { 20 },
	.type = VDEV,
	.id = RPMSG,
	.dfeatures = 1, /* VIRTIO_RPMSG_F_NS */
	.num_of_vrings = 2,
	.vring = { { ANY, ALIGN, NUM, 0, 0 }, { ANY, ALIGN, NUM, 0, 0 } },
};

/* Where the section is linked to, and the host has put it. */
static volatile struct table *const loaded =
	(volatile struct table *)UINT64_C(0x80000000);

struct head {
	uint32_t src, dst, reserved;
	uint16_t len, flags;
};

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct avail {
	uint16_t flags, idx, ring[NUM];
};

struct used {
	uint16_t flags, idx;
	struct {
		uint32_t id, len;
	} ring[NUM];
};

/* The device's side of a vring. */
static struct ring {
	volatile struct desc *desc;
	volatile struct avail *avail;
	volatile struct used *used;
	uint16_t seen, done;
} from, to;

static uint32_t host;

static void ring_init(struct ring *r, unsigned int n)
{
	uint64_t at = loaded->vring[n].da;

	r->desc = (volatile struct desc *)at;
	r->avail = (volatile struct avail *)(at + 16 * NUM);
	r->used = (volatile struct used *)(at + ALIGN);
}

/* The next buffer that the host has made available; 0: there is none. */
static volatile struct desc *ring_take(struct ring *r, uint16_t *id)
{
	if (__atomic_load_n(&r->avail->idx, __ATOMIC_ACQUIRE) == r->seen) {
		return 0;
	}
	*id = r->avail->ring[r->seen++ % NUM];
	return &r->desc[*id % NUM];
}

static void ring_use(struct ring *r, uint16_t id, uint32_t len)
{
	r->used->ring[r->done % NUM].id = id;
	r->used->ring[r->done % NUM].len = len;
	r->done++;
	__atomic_store_n(&r->used->idx, r->done, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void ring_tell(const struct ring *r, uint32_t vector)
{
	if ((r->avail->flags & 1) == 0) {
		doorbell_ring(DOORBELL, host, vector);
	}
}

static void copy(volatile uint8_t *dst, const volatile uint8_t *src, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		dst[i] = src[i];
	}
}

/* --- what it does --------------------------------------------------------- */

/* Send from the endpoint; false: there is no buffer. */
static bool send(uint32_t dst, const volatile uint8_t *data, uint16_t len)
{
	volatile struct desc *d;
	volatile struct head *h;
	uint16_t id;

	d = ring_take(&from, &id);
	if (d == 0) {
		return false;
	}
	h = (volatile struct head *)d->addr;
	h->src = ECHO;
	h->dst = dst;
	h->reserved = 0;
	h->len = len;
	h->flags = 0;
	copy((volatile uint8_t *)(h + 1), data, len);
	ring_use(&from, id, (uint32_t)sizeof(*h) + len);
	return true;
}

static void announce(void)
{
	static struct {
		char name[32];
		uint32_t address, flags;
	} ns = { "echo", ECHO, 0 };

	while (!send(NS, (const volatile uint8_t *)&ns, sizeof(ns))) {}
	ring_tell(&from, FROM);
}

static void be_hostile(void)
{
	guest_puts("copro: hostile\n");
	from.used->ring[from.done % NUM].id = NUM;
	from.used->idx = (uint16_t)(from.done + 1);
	doorbell_ring(DOORBELL, host, FROM);
	for (;;) {
		guest_wait();
	}
}

/* Send back what has come, as far as there are buffers. */
static void serve(bool hostile)
{
	static volatile struct desc *d; /* one that could not be answered */
	static uint16_t id;
	static unsigned int served;
	bool any = false;

	while (d != 0 || (d = ring_take(&to, &id)) != 0) {
		volatile struct head *h = (volatile struct head *)d->addr;

		if (h->dst == ECHO &&
		    !send(h->src, (volatile uint8_t *)(h + 1), h->len)) {
			break;
		}
		if (hostile && ++served == HOSTILE_AFTER) {
			be_hostile();
		}
		ring_use(&to, id, 0);
		d = 0;
		any = true;
	}
	if (any) {
		ring_tell(&from, FROM);
		ring_tell(&to, TO);
	}
}

static void start(void)
{
	probe_mmu_on();
	probe_map(0, PROBE_BLOCK_DEVICE);
	/* Caches on: I, C. */
	guest_sysreg_write(sctlr_el1,
			   guest_sysreg_read(sctlr_el1) | UINT64_C(0x1004));
	__asm__ volatile("isb" : : : "memory");
	gic_init();
	gic_enable(INTID);
	host = doorbell_read(COPROCESSOR, 0);
	doorbell_write(DOORBELL, DOORBELL_ENABLE, UINT32_MAX);
	doorbell_write(DOORBELL, DOORBELL_STATE, 1);
}

/* Sleep until the mailbox rings. */
static void wait(void)
{
	uint32_t iar;

	guest_wait();
	iar = gic_take();
	if ((iar & 0x3ff) == INTID) {
		gic_end(iar);
		(void)doorbell_read(DOORBELL, DOORBELL_ACK);
	}
}

void guest_main(const void *tree)
{
	const char *what = guest_argument(tree, "copro=");
	bool hostile = what != 0 && guest_begins(what, "hostile");

	start();
	while ((loaded->status & DRIVER_OK) == 0) {
		wait();
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	ring_init(&from, FROM);
	ring_init(&to, TO);
	announce();
	guest_puts("copro: up\n");
	for (;;) {
		serve(hostile);
		wait();
	}
}
