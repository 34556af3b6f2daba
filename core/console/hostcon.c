/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's console over a serial port: rings between the port's interrupts
 * and the threads that write and read.
 *
 * Locks: [L] tx_lock, [A] atomic, [B] set while booting, before its users run.
 */
#include <core/earlycon.h>
#include <core/heap.h>
#include <core/hostcon.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <core/sync.h>
#include <core/uart.h>
#include <libs/error.h>
#include <libs/ring.h>
#include <stdio.h>
#include <string.h>

/*
 * Received bytes wait in this ring for the terminal. If a paste fills it, the
 * rest waits in the port and at the sender.
 */
#define HOSTCON_RX_SIZE 16384
#define HOSTCON_TX_SIZE 16384
/* With interrupts masked: the most that is written to the ring at once, and
 * moved from it into the port. */
#define HOSTCON_CHUNK 256
#define HOSTCON_BATCH 128
#define HOSTCON_NOTE 96 /* for the note on lines left out, and escapes */
#define HOSTCON_PATIENCE_MS 3000 /* until input that is not read is dropped */
#define HOSTCON_LOOK_MS 500
/* Attempts to take what waits in the port and then let it receive again. */
#define HOSTCON_TRIES 8
/* Attempts to send one byte by polling: seconds, enough even at 300 baud. */
#define HOSTCON_SPINS 10000000U

struct hostcon {
	struct spinlock tx_lock;
	struct ring tx;      /* [L] */
	struct ring rx;      /* producer: interrupt, or with rx_paused [L] */
	bool rx_paused;      /* [L] read without it too */
	bool rx_dropping;    /* [A] nobody reads */
	ticks_t rx_stuck_at; /* [A] last read while paused */
	struct waitqueue tx_wait, rx_wait;
	struct uart *port;           /* [B] */
	bool started;                /* [B] interrupts are on */
	bool interrupted, detached;  /* [A] keys typed */
	bool woken;                  /* [A] by hostcon_wake() */
	bool stuck;                  /* polling has given up on the port */
	bool at_line_start;          /* [L] */
	size_t edit_len;             /* [L] */
	enum hostcon_row edit_kind;  /* [L] */
	uint32_t log_left_out;       /* [L] since last shown */
	hostcon_divert_t log_divert; /* [L] */
	void *log_divert_ctx;        /* [L] */
	struct hostcon_stats stats;  /* [L]; rx: interrupt only */
	uint8_t edit_buf[HOSTCON_EDIT_MAX]; /* [L] */
};

/* A console that is created later, with its rings' memory. */
struct hostcon_made {
	struct hostcon h;
	uint8_t tx_buf[HOSTCON_TX_SIZE], rx_buf[HOSTCON_RX_SIZE];
};

/* The console for log lines and panics, in static memory: it is used before
 * there is an allocator. */
static uint8_t main_tx_buf[HOSTCON_TX_SIZE], main_rx_buf[HOSTCON_RX_SIZE];
static struct hostcon main_console = {
	.tx_lock = SPINLOCK_INIT(LOCK_UART),
	.tx = RING_INIT(main_tx_buf),
	.rx = RING_INIT(main_rx_buf),
	.tx_wait = WAITQUEUE_INIT(main_console.tx_wait),
	.rx_wait = WAITQUEUE_INIT(main_console.rx_wait),
	.at_line_start = true,
};
static void (*early_putc)(uint8_t c); /* [B] of main_console */

/* Send one byte, waiting for the port. A port that is stuck is not waited for
 * again, so that a panic report comes to its end. */
static void hostcon_poll_putc(struct hostcon *h, uint8_t c)
{
	unsigned int spins = h->stuck ? 1 : HOSTCON_SPINS;

	if (h->port == NULL) {
		if (early_putc != NULL) {
			early_putc(c);
		}
		return;
	}
	for (; spins > 0; spins--) {
		if (h->port->ops->putc(h->port, c)) {
			h->stuck = false;
			return;
		}
		arch_cpu_relax();
	}
	h->stuck = true;
}

/* Move as much as fits from the ring into the port, `most` bytes at most. True:
 * these were moved, and there may be room for the rest. */
static bool hostcon_drain(struct hostcon *h, size_t most)
{
	assert_held(&h->tx_lock);
	while (ring_used(&h->tx) > 0 && most > 0 &&
	       h->port->ops->putc(h->port, ring_at(&h->tx, 0))) {
		(void)ring_get(&h->tx);
		most--;
	}
	h->port->ops->tx_irq(h->port, ring_used(&h->tx) > 0);
	return ring_used(&h->tx) > 0 && most == 0;
}

/* Queue one byte. If there is no room (the caller could not wait), send the
 * oldest one by polling. */
static void hostcon_put(struct hostcon *h, uint8_t c)
{
	h->stats.tx_bytes++;
	h->at_line_start = c == '\n' || (h->at_line_start && c == '\r');
	if (!h->started) {
		hostcon_poll_putc(h, c);
		return;
	}
	if (!ring_put(&h->tx, c)) {
		hostcon_poll_putc(h, (uint8_t)ring_get(&h->tx));
		(void)ring_put(&h->tx, c);
	}
}

/* Queue as many bytes as fit, at once; returns how many. */
static size_t hostcon_put_some(struct hostcon *h, const uint8_t *buf, size_t n)
{
	size_t end = n = h->started ? ring_write(&h->tx, buf, n) : 0;

	h->stats.tx_bytes += n;
	while (end > 0 && buf[end - 1] == '\r') {
		end--;
	}
	if (end > 0) {
		h->at_line_start = buf[end - 1] == '\n';
	}
	return n;
}

static void hostcon_put_raw(struct hostcon *h, const uint8_t *buf, size_t n)
{
	for (size_t i = hostcon_put_some(h, buf, n); i < n; i++) {
		hostcon_put(h, buf[i]);
	}
}

static void hostcon_put_text(struct hostcon *h, const uint8_t *buf, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		if (buf[i] == '\n') {
			hostcon_put_raw(h, buf + from, i - from);
			hostcon_put(h, '\r');
			from = i;
		}
	}
	hostcon_put_raw(h, buf + from, n - from);
}

static void hostcon_puts(struct hostcon *h, const char *s)
{
	hostcon_put_text(h, (const uint8_t *)s, strlen(s));
}

/*
 * Start sending, and unlock. A port that takes all at once (an emulated one) is
 * not given all of it with interrupts masked. One that does not is full when
 * this returns: its interrupt goes on.
 */
static void hostcon_unlock(struct hostcon *h, unsigned long flags)
{
	while (h->started && hostcon_drain(h, HOSTCON_BATCH)) {
		spin_unlock_irqrestore(&h->tx_lock, flags);
		flags = spin_lock_irqsave(&h->tx_lock);
	}
	spin_unlock_irqrestore(&h->tx_lock, flags);
}

/* May the caller sleep until there is room? */
static bool hostcon_can_wait(struct hostcon *h)
{
	struct percpu *cpu = this_cpu();

	return h->started && !arch_irq_disabled() && cpu->irq_depth == 0 &&
	       cpu->preempt_count == 0 && cpu->current != cpu->idle;
}

/*
 * Wait until `need` bytes fit, lock, and return the interrupt mask. In a
 * context that cannot wait it returns at once, and hostcon_put() polls.
 */
static unsigned long hostcon_lock_room(struct hostcon *h, size_t need)
{
	bool can_wait = hostcon_can_wait(h);

	for (;;) {
		unsigned long flags = spin_lock_irqsave(&h->tx_lock);

		if (!can_wait || ring_free(&h->tx) >= need) {
			return flags;
		}
		spin_unlock_irqrestore(&h->tx_lock, flags);
		wait_event(&h->tx_wait, ring_free(&h->tx) >= need);
	}
}

static void hostcon_write_as(struct hostcon *h, const uint8_t *buf, size_t n,
			     void (*put)(struct hostcon *h, const uint8_t *buf,
					 size_t n))
{
	while (n > 0) {
		size_t part = MIN(n, (size_t)HOSTCON_CHUNK);
		unsigned long flags = hostcon_lock_room(h, 2 * part);

		put(h, buf, part);
		hostcon_unlock(h, flags);
		buf += part;
		n -= part;
	}
}

void hostcon_write(struct hostcon *h, const uint8_t *buf, size_t n)
{
	hostcon_write_as(h, buf, n, hostcon_put_text);
}

void hostcon_write_raw(struct hostcon *h, const uint8_t *buf, size_t n)
{
	hostcon_write_as(h, buf, n, hostcon_put_raw);
}

static void hostcon_put_log(struct hostcon *h, const char *s, size_t n)
{
	bool new_row = h->at_line_start;
	char note[64];

	/* A guest may have left the terminal in colours or with line drawing
	 * characters. */
	if (h->edit_kind != HOSTCON_OWN) {
		hostcon_puts(h, "\033[m\033(B\017");
	}
	if (h->edit_len > 0) {
		hostcon_puts(h, "\r\033[K");
	} else if (!new_row) {
		hostcon_puts(h, "\n");
	}
	if (h->log_left_out > 0) {
		(void)snprintf(note, sizeof(note),
			       "(%u log lines left out here; see dmesg)\n",
			       h->log_left_out);
		hostcon_puts(h, note);
		h->log_left_out = 0;
	}
	hostcon_put_text(h, (const uint8_t *)s, n);
	hostcon_put_raw(h, h->edit_buf, h->edit_len);
}

void hostcon_edit(struct hostcon *h, enum hostcon_row kind, const uint8_t *out,
		  size_t out_n, const uint8_t *redraw, size_t n)
{
	unsigned long flags;
	bool again;

	/* Parts that do not fit at once go first, without a line to redraw. */
	while (out_n > HOSTCON_CHUNK) {
		flags = hostcon_lock_room(h, HOSTCON_CHUNK);
		h->edit_len = 0;
		h->edit_kind = kind;
		hostcon_put_raw(h, out, HOSTCON_CHUNK);
		hostcon_unlock(h, flags);
		out += HOSTCON_CHUNK;
		out_n -= HOSTCON_CHUNK;
	}
	flags = hostcon_lock_room(h, out_n + HOSTCON_NOTE + HOSTCON_EDIT_MAX);
	again = h->edit_kind == HOSTCON_FULLSCREEN &&
		kind != HOSTCON_FULLSCREEN;
	hostcon_put_raw(h, out, out_n);
	h->edit_kind = kind;
	h->edit_len = n <= sizeof(h->edit_buf) ? n : 0;
	memcpy(h->edit_buf, redraw, h->edit_len);
	if (again && h->log_left_out > 0) {
		hostcon_put_log(h, "", 0);
	}
	hostcon_unlock(h, flags);
}

void hostcon_divert_log(struct hostcon *h, hostcon_divert_t divert, void *ctx)
{
	unsigned long flags = spin_lock_irqsave(&h->tx_lock);

	h->log_divert = divert;
	h->log_divert_ctx = ctx;
	spin_unlock_irqrestore(&h->tx_lock, flags);
}

void hostcon_write_log(struct hostcon *h, const char *s, size_t n)
{
	unsigned long flags =
		hostcon_lock_room(h, 2 * n + HOSTCON_NOTE + HOSTCON_EDIT_MAX);

	if (h->edit_kind == HOSTCON_FULLSCREEN) {
		h->log_left_out++;
	} else {
		hostcon_put_log(h, s, n);
	}
	hostcon_unlock(h, flags);
}

/* May the line be shown now? If not, it has been diverted or counted. */
static bool hostcon_log_now(struct hostcon *h, const char *s, size_t n)
{
	enum hostcon_diverted d = HOSTCON_SHOW;

	if (h->log_divert != NULL) {
		d = h->log_divert(h->log_divert_ctx, s, n);
	}
	if (d == HOSTCON_LATER) {
		return false;
	}
	if (d == HOSTCON_FULL ||
	    (h->started &&
	     ring_free(&h->tx) < n + h->edit_len + HOSTCON_NOTE)) {
		h->log_left_out++;
		h->stats.log_dropped++;
		return false;
	}
	if (h->edit_kind == HOSTCON_FULLSCREEN) {
		h->log_left_out++;
		return false;
	}
	return true;
}

/* The log's sink. It is called in any context and cannot wait: if the ring is
 * full, the line is left out here. */
static void hostcon_log(const char *s, size_t n)
{
	struct hostcon *h = &main_console;
	unsigned long flags = spin_lock_irqsave(&h->tx_lock);

	if (hostcon_log_now(h, s, n)) {
		hostcon_put_log(h, s, n);
	}
	hostcon_unlock(h, flags);
}

void hostcon_set_early(void (*putc)(uint8_t c))
{
	early_putc = putc;
	log_set_sink(hostcon_log);
}

static const struct uart_client hostcon_client;

struct hostcon *hostcon_main(void)
{
	return &main_console;
}

/* The port of the console's node. Without a node: none, or the first port where
 * no node was looked for. */
static struct uart *main_port(void)
{
	dt_node_t node = console_node();

	if (IS_ENABLED(CONFIG_CONSOLE_SEARCH) && node < 0) {
		return NULL;
	}
	return uart_nth(0, node);
}

void hostcon_init(void)
{
	struct hostcon *h = &main_console;
	bool first = early_putc == NULL;
	struct uart *u = main_port();

	if (u == NULL) {
		return;
	}
	if (uart_open(u, "console", &hostcon_client, h) == 0) {
		h->port = u;
	}
	uart_put(u);
	if (h->port != NULL && first) {
		log_set_sink(hostcon_log);
	}
}

int hostcon_create(struct hostcon **out, struct uart *u)
{
	struct hostcon_made *made = heap_alloc(sizeof(*made));
	struct hostcon *h;
	int err;

	if (made == NULL) {
		return -ERR_NOMEM;
	}
	h = &made->h;
	spin_init(&h->tx_lock, LOCK_UART);
	ring_init(&h->tx, made->tx_buf, sizeof(made->tx_buf));
	ring_init(&h->rx, made->rx_buf, sizeof(made->rx_buf));
	wait_init(&h->tx_wait);
	wait_init(&h->rx_wait);
	h->at_line_start = true;
	h->port = u;
	err = uart_open(u, "terminal", &hostcon_client, h);
	if (err == 0) {
		err = hostcon_start(h);
		if (err != 0) {
			uart_close(u);
		}
	}
	if (err != 0) {
		heap_free(made);
		return err;
	}
	*out = h;
	return 0;
}

void hostcon_destroy(struct hostcon *h)
{
	uart_close(h->port);
	heap_free(container_of(h, struct hostcon_made, h));
}

bool hostcon_present(const struct hostcon *h)
{
	return h->port != NULL;
}

int hostcon_start(struct hostcon *h)
{
	int ret;

	if (h->port == NULL) {
		return -ERR_NOENT;
	}
	ret = h->port->ops->start(h->port);
	if (ret == 0) {
		unsigned long flags = spin_lock_irqsave(&h->tx_lock);

		h->started = true;
		spin_unlock_irqrestore(&h->tx_lock, flags);
	}
	return ret;
}

/* Count a byte, and see whether it is a key that is acted on at once. */
static void hostcon_rx_look(struct hostcon *h, uint8_t c)
{
	h->stats.rx_bytes++;
	if (c == HOSTCON_INTERRUPT) {
		__atomic_store_n(&h->interrupted, true, __ATOMIC_RELEASE);
	} else if (c == HOSTCON_DETACH) {
		__atomic_store_n(&h->detached, true, __ATOMIC_RELEASE);
		hostcon_wake(h);
	}
}

static void hostcon_rx_put(struct hostcon *h, uint8_t c)
{
	hostcon_rx_look(h, c);
	(void)ring_put(&h->rx, c);
}

/* False: the ring is full; rx_irq() has disabled the interrupt, and is called
 * again when there is room. */
static bool hostcon_rx(void *console, uint8_t c)
{
	struct hostcon *h = console;
	unsigned long flags;

	if (unlikely(ring_free(&h->rx) == 0)) {
		hostcon_rx_look(h, c);
		h->stats.rx_dropped++;
		return true;
	}
	hostcon_rx_put(h, c);
	/*
	 * Wake the reader even if the ring was not empty before: it may have
	 * taken the last byte since, and sleep.
	 */
	wait_wake_all(&h->rx_wait);
	if (likely(ring_free(&h->rx) > 0) || READ_ONCE(h->rx_dropping)) {
		return true;
	}
	flags = spin_lock_irqsave(&h->tx_lock);
	h->stats.rx_pauses++;
	WRITE_ONCE(h->rx_stuck_at, time_now());
	WRITE_ONCE(h->rx_paused, true);
	(void)h->port->ops->rx_irq(h->port, false);
	spin_unlock_irqrestore(&h->tx_lock, flags);
	/* The reader may have emptied the ring before rx_paused was set. */
	hostcon_wake(h);
	return false;
}

/* Let the port receive again. False: bytes wait in it, for which its interrupt
 * does not come. */
static bool hostcon_rx_go_on(struct hostcon *h)
{
	unsigned long flags = spin_lock_irqsave(&h->tx_lock);
	bool on = h->port->ops->rx_irq(h->port, true);

	/* An interrupt that is to pause it again waits for the lock. */
	WRITE_ONCE(h->rx_paused, !on);
	spin_unlock_irqrestore(&h->tx_lock, flags);
	return on;
}

/*
 * The reader has made room: take the bytes that wait in the port, for which its
 * interrupt may not come again, and resume reception. Until then the interrupt
 * handler reads no bytes, so that only the reader fills the ring.
 */
static void hostcon_rx_resume(struct hostcon *h)
{
	int c;

	WRITE_ONCE(h->rx_dropping, false);
	if (likely(!READ_ONCE(h->rx_paused))) {
		return;
	}
	WRITE_ONCE(h->rx_stuck_at, time_now());
	if (ring_free(&h->rx) < HOSTCON_RX_SIZE / 2) {
		return;
	}
	for (unsigned int n = 0; n < HOSTCON_TRIES; n++) {
		while (ring_free(&h->rx) > 1 &&
		       (c = h->port->ops->getc(h->port)) >= 0) {
			hostcon_rx_put(h, (uint8_t)c);
		}
		if (ring_free(&h->rx) <= 1 || hostcon_rx_go_on(h)) {
			return;
		}
	}
}

/*
 * Called by the reader's thread: if reception is paused and nothing has been
 * read for a while, resume it. Otherwise Ctrl-C and Ctrl-] would never be seen
 * while a command runs that does not read. Until it reads, all other input is
 * dropped.
 */
static void hostcon_rx_look_ahead(struct hostcon *h)
{
	int c;

	if (likely(!READ_ONCE(h->rx_paused)) ||
	    time_now() - READ_ONCE(h->rx_stuck_at) <
		    ms_to_ticks(HOSTCON_PATIENCE_MS)) {
		return;
	}
	for (unsigned int n = 0; n < HOSTCON_CHUNK; n++) {
		c = h->port->ops->getc(h->port);
		if (c < 0) {
			break;
		}
		hostcon_rx_look(h, (uint8_t)c);
		h->stats.rx_dropped++;
	}
	WRITE_ONCE(h->rx_dropping, true);
	(void)hostcon_rx_go_on(h); /* else at the next look */
}

static void hostcon_tx_ready(void *console)
{
	struct hostcon *h = console;
	unsigned long flags = spin_lock_irqsave(&h->tx_lock);
	bool room;

	if (h->started) {
		(void)hostcon_drain(h, SIZE_MAX);
	}
	room = ring_free(&h->tx) >= HOSTCON_TX_SIZE / 2;
	spin_unlock_irqrestore(&h->tx_lock, flags);
	if (h->started && room) {
		wait_wake_all(&h->tx_wait);
	}
}

static const struct uart_client hostcon_client = {
	.rx = hostcon_rx,
	.tx_ready = hostcon_tx_ready,
};

size_t hostcon_read(struct hostcon *h, uint8_t *buf, size_t n)
{
	wait_event(&h->rx_wait, ring_used(&h->rx) > 0 || READ_ONCE(h->woken));
	/* Before the reason is looked at, so that a later wake is not lost. */
	(void)__atomic_exchange_n(&h->woken, false, __ATOMIC_ACQ_REL);
	n = ring_read(&h->rx, buf, n);
	hostcon_rx_resume(h);
	return n;
}

/* 0: woken; -ERR_TIMEOUT: time to look at the input. */
static int hostcon_wait_woken(struct hostcon *h)
{
	int ret;

	wait_event_until(&h->rx_wait, READ_ONCE(h->woken),
			 time_now() + ms_to_ticks(HOSTCON_LOOK_MS), ret);
	return ret;
}

void hostcon_wait(struct hostcon *h)
{
	int ret;

	do {
		ret = hostcon_wait_woken(h);
		hostcon_rx_look_ahead(h);
	} while (ret != 0);
	(void)__atomic_exchange_n(&h->woken, false, __ATOMIC_ACQ_REL);
}

void hostcon_discard(struct hostcon *h)
{
	uint8_t part[64];

	while (ring_read(&h->rx, part, sizeof(part)) > 0) {
		hostcon_rx_resume(h);
	}
}

void hostcon_wake(struct hostcon *h)
{
	if (!__atomic_exchange_n(&h->woken, true, __ATOMIC_ACQ_REL)) {
		wait_wake_all(&h->rx_wait);
	}
}

bool hostcon_take_interrupt(struct hostcon *h)
{
	hostcon_rx_look_ahead(h);
	return __atomic_exchange_n(&h->interrupted, false, __ATOMIC_ACQ_REL);
}

bool hostcon_take_detach(struct hostcon *h)
{
	return __atomic_exchange_n(&h->detached, false, __ATOMIC_ACQ_REL);
}

void hostcon_panic_write(const uint8_t *buf, size_t n)
{
	struct hostcon *h = &main_console;

	/* What is queued comes first, as no other code will send it now. */
	for (int c = ring_get(&h->tx); c >= 0; c = ring_get(&h->tx)) {
		hostcon_poll_putc(h, (uint8_t)c);
	}
	for (size_t i = 0; i < n; i++) {
		if (buf[i] == '\n') {
			hostcon_poll_putc(h, '\r');
		}
		hostcon_poll_putc(h, buf[i]);
	}
}

void hostcon_get_stats(struct hostcon *h, struct hostcon_stats *st)
{
	unsigned long flags = spin_lock_irqsave(&h->tx_lock);

	*st = h->stats;
	spin_unlock_irqrestore(&h->tx_lock, flags);
}
