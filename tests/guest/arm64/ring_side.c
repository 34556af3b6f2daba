/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One side of the ring of docs/howto/examples/shared-ring, for guests (ring.h).
 */
#include <gic.h>
#include <guest.h>
#include <probe.h>
#include <ring.h>

#include "docs/howto/examples/shared-ring/doorbell.h"
#include "docs/howto/examples/shared-ring/shared_ring.h"

#define INTID (32 + 112)
#define SLOTS 64
#define SIZE RING_MESSAGE
#define WORDS (SIZE / 8)
#define SYSTEM_RESET 0x84000009

struct message {
	uint64_t number;
	uint64_t sum; /* of the words */
	uint64_t words[WORDS - 2];
};

bool ring_sleeps;
static bool told; /* a peer came or went */

void ring_put(const char *what, uint64_t v)
{
	guest_puts(what);
	guest_puthex(v);
	guest_puts("\n");
}

/* The attributes of the window in stage 1: PAR_EL1 has MAIR's byte in its
 * highest. */
static uint64_t window_type(void)
{
	uint64_t par;

	__asm__ volatile("at s1e1r, %0\n\tisb" : : "r"(RING_WINDOW));
	par = guest_sysreg_read(par_el1);
	return par & 1 ? 0 : par >> 56;
}

void ring_start(void)
{
	probe_mmu_on();
	probe_map(0, PROBE_BLOCK_DEVICE);
	/* Caches on: I, C. */
	guest_sysreg_write(sctlr_el1,
			   guest_sysreg_read(sctlr_el1) | UINT64_C(0x1004));
	__asm__ volatile("isb" : : : "memory");
	gic_init();
	gic_enable(INTID);
	doorbell_write(RING_DOORBELL, DOORBELL_ENABLE, UINT32_MAX);
	doorbell_write(RING_DOORBELL, DOORBELL_STATE, 1);
	ring_put("BEGIN type ", window_type());
}

uint32_t ring_take(void)
{
	uint32_t iar = gic_take(), vectors = 0;

	if ((iar & 0x3ff) == INTID) {
		gic_end(iar);
		vectors = doorbell_read(RING_DOORBELL, DOORBELL_ACK);
		told |= vectors >> DOORBELL_VECTOR_STATUS;
	}
	return vectors;
}

void ring_peers(void)
{
	uint32_t up = doorbell_read(RING_DOORBELL, DOORBELL_STATUS);
	uint32_t self = doorbell_read(RING_DOORBELL, DOORBELL_NUMBER);

	for (uint32_t n = 0; n < DOORBELL_VECTOR_STATUS; n++) {
		if (n != self && (up >> n & 1)) {
			doorbell_ring(RING_DOORBELL, n, RING_VECTOR);
		}
	}
}

static void idle(const struct sring *r)
{
	if (!ring_sleeps) {
		__asm__ volatile("yield");
		return;
	}
	if (sring_wait(r)) {
		guest_wait();
		(void)ring_take();
		sring_awake(r);
	}
}

static void attach(struct sring *r, bool producer)
{
	if (!sring_attach(r, (void *)RING_WINDOW, SLOTS, SIZE, producer)) {
		guest_puts("FAIL attach\n");
		guest_poweroff();
	}
}

/* --- the producer --------------------------------------------------------- */

static void fill(struct message *m, uint64_t number, unsigned int words)
{
	uint64_t x = number * UINT64_C(0x9e3779b97f4a7c15) + 1, sum = 0;

	m->number = number;
	for (unsigned int i = 0; i < words; i++) {
		x = (x << 7 | x >> 57) + UINT64_C(0x632be59bd9b4e019);
		m->words[i] = x;
		sum += x;
	}
	m->sum = sum;
}

void ring_produce(uint64_t messages, bool dies)
{
	struct sring r;
	void *m;

	attach(&r, true);
	/* A ring that was left in the middle goes on with the same number. */
	for (uint64_t n = r.index; n < messages;) {
		enum sring_result result = sring_reserve(&r, &m);

		if (result == SRING_AGAIN) {
			idle(&r);
			continue;
		}
		if (result == SRING_BROKEN) {
			ring_put("FAIL broken at ", n);
			return;
		}
		if (dies && n % 64 == 63 &&
		    ((struct message *)m)->number != n) {
			fill(m, n, WORDS / 2);
			guest_hvc(SYSTEM_RESET, 0, 0, 0);
		}
		fill(m, n, WORDS - 2);
		n++;
		if (sring_commit(&r, SIZE)) {
			ring_peers();
		}
	}
	ring_put("PRODUCED ", messages);
}

/* --- the consumer --------------------------------------------------------- */

static bool right(const struct message *m, uint64_t number, uint32_t length)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < WORDS - 2; i++) {
		sum += m->words[i];
	}
	return length == SIZE && m->number == number && m->sum == sum;
}

void ring_consume(uint64_t messages)
{
	const void *m;
	uint32_t length;
	struct sring r;

	attach(&r, false);
	for (uint64_t n = r.index; n < messages;) {
		enum sring_result result = sring_peek(&r, &m, &length);

		if (result == SRING_AGAIN) {
			idle(&r);
			continue;
		}
		if (result == SRING_BROKEN || !right(m, n, length)) {
			ring_put("FAIL message ", n);
			return;
		}
		n++;
		if (sring_release(&r)) {
			ring_peers();
		}
	}
	ring_put("CONSUMED ", messages);
	ring_put("told ", told);
}
