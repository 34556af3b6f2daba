/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's console over a serial port: rings between the port's interrupts
 * and the threads that write and read.
 *
 * Locks: [L] tx_lock, [A] atomic, [B] set while booting, before its users run.
 */
#include <core/hostcon.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <core/sync.h>
#include <drv/uart.h>
#include <libs/error.h>
#include <libs/ring.h>
#include <stdio.h>
#include <string.h>

/*
 * Received bytes wait here for the terminal. A paste that is faster than the
 * terminal for longer than this waits in the port, and in what sends to it.
 */
#define HOSTCON_RX_SIZE 16384
#define HOSTCON_TX_SIZE 16384
#define HOSTCON_CHUNK 1024       /* written at once, at most */
#define HOSTCON_PATIENCE_MS 3000 /* with input nobody reads */
#define HOSTCON_LOOK_MS 500
/* Tries to send one byte when polling: seconds, even at 300 baud. */
#define HOSTCON_SPINS 10000000U

static struct spinlock tx_lock = SPINLOCK_INIT(LOCK_UART);
static uint8_t tx_buf[HOSTCON_TX_SIZE], rx_buf[HOSTCON_RX_SIZE];
static struct ring tx = RING_INIT(tx_buf); /* [L] */
static struct ring rx = RING_INIT(rx_buf); /* producer: interrupt, or
						 * with rx_paused [L] */
static bool rx_paused;                     /* [L] read anywhere */
static bool rx_dropping;                   /* [A] nobody reads */
static ticks_t rx_stuck_at;                /* [A] last read while paused */
static struct waitqueue tx_wait = WAITQUEUE_INIT(tx_wait);
static struct waitqueue rx_wait = WAITQUEUE_INIT(rx_wait);
static struct uart *port;                  /* [B] */
static void (*early_putc)(uint8_t c);      /* [B] */
static bool started;                       /* [B] interrupts are on */
static bool interrupted, detached;         /* [A] keys typed */
static bool woken;                         /* [A] by hostcon_wake() */
static bool at_line_start = true;          /* [L] */
static uint8_t edit_buf[HOSTCON_EDIT_MAX]; /* [L] */
static size_t edit_len;                    /* [L] */
static uint32_t log_left_out;              /* [L] since last shown */
static struct hostcon_stats stats;         /* [L]; rx: interrupt only */

/* Send one byte, waiting for the port; one that is stuck is not waited for
 * again, so that a panic's report still ends. */
static void hostcon_poll_putc(uint8_t c)
{
	static bool stuck;
	unsigned int spins = stuck ? 1 : HOSTCON_SPINS;

	if (port == NULL) {
		if (early_putc != NULL) {
			early_putc(c);
		}
		return;
	}
	for (; spins > 0; spins--) {
		if (port->ops->putc(port, c)) {
			stuck = false;
			return;
		}
		arch_cpu_relax();
	}
	stuck = true;
}

/* Move what fits from the ring into the port. */
static void hostcon_drain(void)
{
	assert_held(&tx_lock);
	while (ring_used(&tx) > 0 && port->ops->putc(port, ring_at(&tx, 0))) {
		(void)ring_get(&tx);
	}
	port->ops->tx_irq(port, ring_used(&tx) > 0);
}

/* Queue one byte; when there is no room (no thread to wait), send polled. */
static void hostcon_put(uint8_t c)
{
	stats.tx_bytes++;
	at_line_start = c == '\n';
	if (!started) {
		hostcon_poll_putc(c);
		return;
	}
	if (!ring_put(&tx, c)) {
		hostcon_poll_putc((uint8_t)ring_get(&tx));
		(void)ring_put(&tx, c);
	}
}

static void hostcon_put_raw(const uint8_t *buf, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		hostcon_put(buf[i]);
	}
}

static void hostcon_put_text(const uint8_t *buf, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (buf[i] == '\n') {
			hostcon_put('\r');
		}
		hostcon_put(buf[i]);
	}
}

static void hostcon_puts(const char *s)
{
	hostcon_put_text((const uint8_t *)s, strlen(s));
}

static void hostcon_kick(void)
{
	if (started) {
		hostcon_drain();
	}
}

/* May the caller sleep until there is room? */
static bool hostcon_can_wait(void)
{
	struct percpu *cpu = this_cpu();

	return started && !arch_irq_disabled() && cpu->irq_depth == 0 &&
	       cpu->preempt_count == 0 && cpu->current != cpu->idle;
}

/*
 * Wait until `need` bytes fit, lock, and return the interrupt mask. From
 * where one cannot wait it returns at once, and hostcon_put() polls.
 */
static unsigned long hostcon_lock_room(size_t need)
{
	bool can_wait = hostcon_can_wait();

	for (;;) {
		unsigned long flags = spin_lock_irqsave(&tx_lock);

		if (!can_wait || ring_free(&tx) >= need) {
			return flags;
		}
		spin_unlock_irqrestore(&tx_lock, flags);
		wait_event(&tx_wait, ring_free(&tx) >= need);
	}
}

void hostcon_write(const uint8_t *buf, size_t n)
{
	while (n > 0) {
		size_t part = MIN(n, (size_t)HOSTCON_CHUNK);
		unsigned long flags = hostcon_lock_room(2 * part);

		hostcon_put_text(buf, part);
		hostcon_kick();
		spin_unlock_irqrestore(&tx_lock, flags);
		buf += part;
		n -= part;
	}
}

void hostcon_write_raw(const uint8_t *buf, size_t n)
{
	while (n > 0) {
		size_t part = MIN(n, (size_t)HOSTCON_CHUNK);
		unsigned long flags = hostcon_lock_room(part);

		hostcon_put_raw(buf, part);
		hostcon_kick();
		spin_unlock_irqrestore(&tx_lock, flags);
		buf += part;
		n -= part;
	}
}

void hostcon_edit(const uint8_t *out, size_t out_n, const uint8_t *redraw,
		  size_t n)
{
	unsigned long flags;

	/* More than fits at once goes first, with no line to be redrawn. */
	while (out_n > HOSTCON_CHUNK) {
		flags = hostcon_lock_room(HOSTCON_CHUNK);
		edit_len = 0;
		hostcon_put_raw(out, HOSTCON_CHUNK);
		hostcon_kick();
		spin_unlock_irqrestore(&tx_lock, flags);
		out += HOSTCON_CHUNK;
		out_n -= HOSTCON_CHUNK;
	}
	flags = hostcon_lock_room(out_n);
	hostcon_put_raw(out, out_n);
	edit_len = n <= sizeof(edit_buf) ? n : 0;
	memcpy(edit_buf, redraw, edit_len);
	hostcon_kick();
	spin_unlock_irqrestore(&tx_lock, flags);
}

static void hostcon_put_log(const char *s, size_t n)
{
	char note[64];

	if (edit_len > 0) {
		hostcon_puts("\r\033[K");
	} else if (!at_line_start) {
		hostcon_puts("\n");
	}
	if (log_left_out > 0) {
		(void)snprintf(note, sizeof(note),
			       "(%u log lines left out here; see dmesg)\n",
			       log_left_out);
		hostcon_puts(note);
		log_left_out = 0;
	}
	hostcon_put_text((const uint8_t *)s, n);
	hostcon_put_raw(edit_buf, edit_len);
}

/* The log's sink: any context, so that a full ring loses lines here. */
static void hostcon_log(const char *s, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&tx_lock);

	if (started && ring_free(&tx) < n + edit_len + 80) {
		log_left_out++;
		stats.log_dropped++;
	} else {
		hostcon_put_log(s, n);
	}
	hostcon_kick();
	spin_unlock_irqrestore(&tx_lock, flags);
}

void hostcon_set_early(void (*putc)(uint8_t c))
{
	early_putc = putc;
	log_set_sink(hostcon_log);
}

void hostcon_set_uart(struct uart *u)
{
	bool first = port == NULL && early_putc == NULL;

	port = u;
	if (first) {
		log_set_sink(hostcon_log);
	}
}

bool hostcon_present(void)
{
	return port != NULL;
}

int hostcon_start(void)
{
	int ret;

	if (port == NULL) {
		return -ERR_NOENT;
	}
	ret = port->ops->start(port);
	if (ret == 0) {
		unsigned long flags = spin_lock_irqsave(&tx_lock);

		started = true;
		spin_unlock_irqrestore(&tx_lock, flags);
	}
	return ret;
}

/* Count a byte, and see if it is a key that is known ahead of its turn. */
static void hostcon_rx_look(uint8_t c)
{
	stats.rx_bytes++;
	if (c == HOSTCON_INTERRUPT) {
		__atomic_store_n(&interrupted, true, __ATOMIC_RELEASE);
	} else if (c == HOSTCON_DETACH) {
		__atomic_store_n(&detached, true, __ATOMIC_RELEASE);
		hostcon_wake();
	}
}

static void hostcon_rx_put(uint8_t c)
{
	hostcon_rx_look(c);
	(void)ring_put(&rx, c);
}

bool hostcon_rx(uint8_t c)
{
	unsigned long flags;

	if (unlikely(ring_free(&rx) == 0)) {
		hostcon_rx_look(c);
		stats.rx_dropped++;
		return true;
	}
	hostcon_rx_put(c);
	/*
	 * Whether the ring was empty before says nothing: the reader may have
	 * taken the last byte meanwhile, and sleep.
	 */
	wait_wake_all(&rx_wait);
	if (likely(ring_free(&rx) > 0) || READ_ONCE(rx_dropping)) {
		return true;
	}
	flags = spin_lock_irqsave(&tx_lock);
	stats.rx_pauses++;
	WRITE_ONCE(rx_stuck_at, time_now());
	WRITE_ONCE(rx_paused, true);
	port->ops->rx_irq(port, false);
	spin_unlock_irqrestore(&tx_lock, flags);
	/* The reader may have emptied the ring before it could see that. */
	hostcon_wake();
	return false;
}

/*
 * The reader made room: take what waits in the port, for its interrupt may
 * have been used up, and let it go on. Until then the interrupt handler
 * leaves received bytes alone, so that nobody else fills the ring.
 */
static void hostcon_rx_resume(void)
{
	unsigned long flags;
	int c;

	WRITE_ONCE(rx_dropping, false);
	if (likely(!READ_ONCE(rx_paused))) {
		return;
	}
	WRITE_ONCE(rx_stuck_at, time_now());
	if (ring_free(&rx) < HOSTCON_RX_SIZE / 2) {
		return;
	}
	while (ring_free(&rx) > 1 && (c = port->ops->getc(port)) >= 0) {
		hostcon_rx_put((uint8_t)c);
	}
	flags = spin_lock_irqsave(&tx_lock);
	WRITE_ONCE(rx_paused, false);
	port->ops->rx_irq(port, true);
	spin_unlock_irqrestore(&tx_lock, flags);
}

/*
 * Reader: when nothing has been read for a while and the port waits, let it
 * go on: Ctrl-C and Ctrl-] would never come to their turn if what runs does
 * not read. Until it does, all else is dropped.
 */
static void hostcon_rx_look_ahead(void)
{
	unsigned long flags;
	int c;

	if (likely(!READ_ONCE(rx_paused)) ||
	    time_now() - READ_ONCE(rx_stuck_at) <
		    ms_to_ticks(HOSTCON_PATIENCE_MS)) {
		return;
	}
	for (unsigned int n = 0; n < HOSTCON_CHUNK; n++) {
		c = port->ops->getc(port);
		if (c < 0) {
			break;
		}
		hostcon_rx_look((uint8_t)c);
		stats.rx_dropped++;
	}
	flags = spin_lock_irqsave(&tx_lock);
	WRITE_ONCE(rx_dropping, true);
	WRITE_ONCE(rx_paused, false);
	port->ops->rx_irq(port, true);
	spin_unlock_irqrestore(&tx_lock, flags);
}

void hostcon_tx_ready(void)
{
	unsigned long flags = spin_lock_irqsave(&tx_lock);
	bool room;

	if (started) {
		hostcon_drain();
	}
	room = ring_free(&tx) >= HOSTCON_TX_SIZE / 2;
	spin_unlock_irqrestore(&tx_lock, flags);
	if (started && room) {
		wait_wake_all(&tx_wait);
	}
}

size_t hostcon_read(uint8_t *buf, size_t n)
{
	wait_event(&rx_wait, ring_used(&rx) > 0 || READ_ONCE(woken));
	/* Before looking at what it was for: a later wake is another one. */
	(void)__atomic_exchange_n(&woken, false, __ATOMIC_ACQ_REL);
	n = ring_read(&rx, buf, n);
	hostcon_rx_resume();
	return n;
}

void hostcon_wait(void)
{
	int ret;

	do {
		wait_event_until(&rx_wait, READ_ONCE(woken),
				 time_now() + ms_to_ticks(HOSTCON_LOOK_MS),
				 ret);
		hostcon_rx_look_ahead();
	} while (ret != 0);
	(void)__atomic_exchange_n(&woken, false, __ATOMIC_ACQ_REL);
}

void hostcon_discard(void)
{
	uint8_t part[64];

	while (ring_read(&rx, part, sizeof(part)) > 0) {
		hostcon_rx_resume();
	}
}

void hostcon_wake(void)
{
	if (!__atomic_exchange_n(&woken, true, __ATOMIC_ACQ_REL)) {
		wait_wake_all(&rx_wait);
	}
}

int hostcon_getc(void)
{
	uint8_t c;

	while (hostcon_read(&c, 1) == 0) {}
	return c;
}

bool hostcon_take_interrupt(void)
{
	hostcon_rx_look_ahead();
	return __atomic_exchange_n(&interrupted, false, __ATOMIC_ACQ_REL);
}

bool hostcon_take_detach(void)
{
	return __atomic_exchange_n(&detached, false, __ATOMIC_ACQ_REL);
}

void hostcon_panic_write(const uint8_t *buf, size_t n)
{
	/* What was queued comes first; nobody else will send it now. */
	for (int c = ring_get(&tx); c >= 0; c = ring_get(&tx)) {
		hostcon_poll_putc((uint8_t)c);
	}
	for (size_t i = 0; i < n; i++) {
		if (buf[i] == '\n') {
			hostcon_poll_putc('\r');
		}
		hostcon_poll_putc(buf[i]);
	}
}

void hostcon_get_stats(struct hostcon_stats *st)
{
	unsigned long flags = spin_lock_irqsave(&tx_lock);

	*st = stats;
	spin_unlock_irqrestore(&tx_lock, flags);
}
