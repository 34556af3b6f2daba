/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests with a window on shared memory at 2 GiB. `shared=produce` and
 * `shared=consume` pass messages with checksums through the ring of
 * docs/howto/examples/shared-ring; `mib=N`: so many MiB; `sleep`: whoever has
 * nothing to do sleeps until its doorbell rings. `shared=die`: a producer that
 * resets itself in the middle of each 64th message. `shared=probe`: what can be
 * accessed, for each key. `shared=echo`: rings back.
 */
#include <gic.h>
#include <guest.h>
#include <probe.h>

#include "docs/howto/examples/shared-ring/doorbell.h"
#include "docs/howto/examples/shared-ring/shared_ring.h"

#define WINDOW UINT64_C(0x80000000)
#define DOORBELL UINT64_C(0x0c200000)
#define INTID (32 + 112)
#define SLOTS 64
#define SIZE 4096
#define WORDS (SIZE / 8)
#define VECTOR 0
#define SYSTEM_RESET 0x84000009

struct message {
	uint64_t number;
	uint64_t sum; /* of the words */
	uint64_t words[WORDS - 2];
};

static bool sleeps;
static bool told; /* a peer came or went */

static void put(const char *what, uint64_t v)
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

	__asm__ volatile("at s1e1r, %0\n\tisb" : : "r"(WINDOW));
	par = guest_sysreg_read(par_el1);
	return par & 1 ? 0 : par >> 56;
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
	doorbell_write(DOORBELL, DOORBELL_ENABLE, UINT32_MAX);
	doorbell_write(DOORBELL, DOORBELL_STATE, 1);
}

/* Take the doorbell's interrupt, if there is one; the vectors. */
static uint32_t take(void)
{
	uint32_t iar = gic_take(), vectors = 0;

	if ((iar & 0x3ff) == INTID) {
		gic_end(iar);
		vectors = doorbell_read(DOORBELL, DOORBELL_ACK);
		told |= vectors >> DOORBELL_VECTOR_STATUS;
	}
	return vectors;
}

/* All other peers that are up. */
static void ring(void)
{
	uint32_t up = doorbell_read(DOORBELL, DOORBELL_STATUS);
	uint32_t self = doorbell_read(DOORBELL, DOORBELL_NUMBER);

	for (uint32_t n = 0; n < DOORBELL_VECTOR_STATUS; n++) {
		if (n != self && (up >> n & 1)) {
			doorbell_ring(DOORBELL, n, VECTOR);
		}
	}
}

static void idle(const struct sring *r)
{
	if (!sleeps) {
		__asm__ volatile("yield");
		return;
	}
	if (sring_wait(r)) {
		guest_wait();
		(void)take();
		sring_awake(r);
	}
}

static void attach(struct sring *r, bool producer)
{
	if (!sring_attach(r, (void *)WINDOW, SLOTS, SIZE, producer)) {
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

static void produce(uint64_t messages, bool dies)
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
			put("FAIL broken at ", n);
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
			ring();
		}
	}
	put("PRODUCED ", messages);
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

static void consume(uint64_t messages)
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
			put("FAIL message ", n);
			return;
		}
		n++;
		if (sring_release(&r)) {
			ring();
		}
	}
	put("CONSUMED ", messages);
	put("told ", told);
}

/* --- others --------------------------------------------------------------- */

#define UART_FR (GUEST_UART + 0x18)
#define UART_FR_RXFE (1U << 4)

/* Wait for a key; the vectors that came meanwhile. */
static uint32_t wait_key(char *key)
{
	uint32_t vectors = 0;

	while (guest_read32(UART_FR) & UART_FR_RXFE) {
		vectors |= take();
	}
	*key = guest_getc();
	return vectors | take();
}

static void probe_once(uint64_t n)
{
	uint64_t v = 0;
	bool reads = probe_read(WINDOW, 8, &v);
	uint64_t read_esr = probe.esr;
	bool writes = probe_write(WINDOW + 0x100, 8, n);
	uint64_t write_esr = probe.esr;
	bool fetches = probe_fetch(WINDOW + 0x200);

	put("SEEN ", n);
	put(" reads ", reads);
	put(" value ", v);
	put(" read-esr ", read_esr);
	put(" writes ", writes);
	put(" write-esr ", write_esr);
	put(" fetches ", fetches);
	put(" access ", doorbell_read(DOORBELL, DOORBELL_ACCESS));
	put(" pages ", doorbell_read(DOORBELL, DOORBELL_SIZE));
	put(" status ", doorbell_read(DOORBELL, DOORBELL_STATUS));
	put(" number ", doorbell_read(DOORBELL, DOORBELL_NUMBER));
}

static void probes(void)
{
	char key;

	for (;;) {
		uint32_t vectors = wait_key(&key);

		probe_once((uint8_t)key);
		put(" vectors ", vectors);
		put("END ", (uint8_t)key);
		doorbell_write(DOORBELL, DOORBELL_STATE, 1);
	}
}

static void echo(void)
{
	for (;;) {
		guest_wait();
		if (take() & 1U << VECTOR) {
			ring();
		}
	}
}

static uint64_t number(const void *tree, const char *name, uint64_t otherwise)
{
	const char *text = guest_argument(tree, name);
	uint64_t n = 0;

	for (; text && *text >= '0' && *text <= '9'; text++) {
		n = 10 * n + (uint64_t)(*text - '0');
	}
	return text ? n : otherwise;
}

void guest_main(const void *tree)
{
	const char *what = guest_argument(tree, "shared=");
	uint64_t messages = number(tree, "mib=", 1) * ((1 << 20) / SIZE);

	sleeps = guest_argument(tree, "sleeps") != 0;
	start();
	put("BEGIN type ", window_type());
	if (guest_begins(what, "produce")) {
		produce(messages, false);
	} else if (guest_begins(what, "die")) {
		produce(messages, true);
	} else if (guest_begins(what, "consume")) {
		consume(messages);
	} else if (guest_begins(what, "probe")) {
		probes();
	} else {
		echo();
	}
	/* Up as long as it is asked: peers are not told that it went. */
	for (;;) {
		guest_wait();
		(void)take();
	}
}
