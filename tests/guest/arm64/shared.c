/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests with a window on shared memory at 2 GiB. `shared=produce` and
 * `shared=consume` pass messages with checksums through the ring of
 * docs/howto/examples/shared-ring; `mib=N`: so many MiB; `sleeps`: whoever has
 * nothing to do sleeps until its doorbell rings. `shared=die`: a producer that
 * resets itself in the middle of each 64th message. `shared=probe`: what can be
 * accessed, for each key. `shared=echo`: rings back.
 */
#include <guest.h>
#include <probe.h>
#include <ring.h>

#include "docs/howto/examples/shared-ring/doorbell.h"

#define UART_FR (GUEST_UART + 0x18)
#define UART_FR_RXFE (1U << 4)

/* Wait for a key; the vectors that came meanwhile. */
static uint32_t wait_key(char *key)
{
	uint32_t vectors = 0;

	while (guest_read32(UART_FR) & UART_FR_RXFE) {
		vectors |= ring_take();
	}
	*key = guest_getc();
	return vectors | ring_take();
}

static void probe_once(uint64_t n)
{
	uint64_t v = 0;
	bool reads = probe_read(RING_WINDOW, 8, &v);
	uint64_t read_esr = probe.esr;
	bool writes = probe_write(RING_WINDOW + 0x100, 8, n);
	uint64_t write_esr = probe.esr;
	bool fetches = probe_fetch(RING_WINDOW + 0x200);

	ring_put("SEEN ", n);
	ring_put(" reads ", reads);
	ring_put(" value ", v);
	ring_put(" read-esr ", read_esr);
	ring_put(" writes ", writes);
	ring_put(" write-esr ", write_esr);
	ring_put(" fetches ", fetches);
	ring_put(" access ", doorbell_read(RING_DOORBELL, DOORBELL_ACCESS));
	ring_put(" pages ", doorbell_read(RING_DOORBELL, DOORBELL_SIZE));
	ring_put(" status ", doorbell_read(RING_DOORBELL, DOORBELL_STATUS));
	ring_put(" number ", doorbell_read(RING_DOORBELL, DOORBELL_NUMBER));
}

static void probes(void)
{
	char key;

	for (;;) {
		uint32_t vectors = wait_key(&key);

		probe_once((uint8_t)key);
		ring_put(" vectors ", vectors);
		ring_put("END ", (uint8_t)key);
		doorbell_write(RING_DOORBELL, DOORBELL_STATE, 1);
	}
}

static void echo(void)
{
	for (;;) {
		guest_wait();
		if (ring_take() & 1U << RING_VECTOR) {
			ring_peers();
		}
	}
}

void guest_main(const void *tree)
{
	const char *what = guest_argument(tree, "shared=");
	uint64_t messages =
		guest_number(tree, "mib=", 1) * ((1 << 20) / RING_MESSAGE);

	ring_sleeps = guest_argument(tree, "sleeps") != 0;
	ring_start();
	if (guest_begins(what, "produce")) {
		ring_produce(messages, false);
	} else if (guest_begins(what, "die")) {
		ring_produce(messages, true);
	} else if (guest_begins(what, "consume")) {
		ring_consume(messages);
	} else if (guest_begins(what, "probe")) {
		probes();
	} else {
		echo();
	}
	/* Up as long as it is asked: peers are not told that it went. */
	for (;;) {
		guest_wait();
		(void)ring_take();
	}
}
