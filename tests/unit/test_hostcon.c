/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host console over a port that takes as much as the test lets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <arch_impl/host.h>
#include <core/hostcon.h>
#include <core/log.h>
#include <drv/uart.h>
#include <libs/error.h>

static char wire[1 << 20];
static size_t wire_n;
static size_t room; /* bytes the port still takes */
static bool tx_irq;
static bool started;

static bool port_putc(struct uart *u, uint8_t c)
{
	(void)u;
	if (room == 0) {
		return false;
	}
	room--;
	wire[wire_n++] = (char)c;
	wire[wire_n] = '\0';
	return true;
}

/* What the port holds back while it may not interrupt. */
static char fifo[16];
static unsigned int fifo_n;
static bool rx_on = true;

static int port_getc(struct uart *u)
{
	int c;

	(void)u;
	if (fifo_n == 0) {
		return -1;
	}
	c = fifo[0];
	memmove(fifo, fifo + 1, --fifo_n);
	return c;
}

static void port_rx_irq(struct uart *u, bool on)
{
	(void)u;
	rx_on = on;
}

static void port_tx_irq(struct uart *u, bool on)
{
	(void)u;
	tx_irq = on;
}

static int port_start(struct uart *u)
{
	(void)u;
	started = true;
	return 0;
}

static const struct uart_ops port_ops = {
	.putc = port_putc,
	.getc = port_getc,
	.tx_irq = port_tx_irq,
	.rx_irq = port_rx_irq,
	.start = port_start,
};
static struct uart port = { .ops = &port_ops };

static char early[4096];
static size_t early_n;

static void early_putc(uint8_t c)
{
	early[early_n++] = (char)c;
}

/* The port sends all it was given. */
static void flush(void)
{
	room = SIZE_MAX;
	hostcon_tx_ready();
	assert_false(tx_irq);
}

static int setup(void **state)
{
	(void)state;
	host_set_cpu(0);
	if (started) {
		hostcon_edit(NULL, 0, (const uint8_t *)"", 0);
		flush();
		hostcon_write((const uint8_t *)"\n", 1);
	}
	wire_n = 0;
	wire[0] = '\0';
	return 0;
}

static void put(const char *s)
{
	hostcon_write((const uint8_t *)s, strlen(s));
}

static void edit(const char *out, const char *redraw)
{
	hostcon_edit((const uint8_t *)out, strlen(out), (const uint8_t *)redraw,
		     strlen(redraw));
}

/* Runs first: from nothing to a port with interrupts. */
static void test_boot(void **state)
{
	(void)state;
	log_info("before any console");
	assert_int_equal(hostcon_start(), -ERR_NOENT);
	hostcon_set_early(early_putc);
	assert_non_null(strstr(early, "before any console\r\n"));
	log_info("early");
	assert_non_null(strstr(early, "early\r\n"));
	assert_false(hostcon_present());
	hostcon_set_uart(&port);
	assert_true(hostcon_present());
	room = SIZE_MAX;
	log_info("polled");
	assert_non_null(strstr(wire, "polled\r\n"));
	assert_false(tx_irq);
	assert_int_equal(hostcon_start(), 0);
	assert_true(started);
}

static void test_queue(void **state)
{
	(void)state;
	room = 3;
	put("a\nbcd");
	assert_string_equal(wire, "a\r\n");
	assert_true(tx_irq);
	room = 2;
	hostcon_tx_ready();
	assert_string_equal(wire, "a\r\nbc");
	assert_true(tx_irq);
	room = 10;
	hostcon_tx_ready();
	assert_string_equal(wire, "a\r\nbcd");
	assert_false(tx_irq);
	hostcon_write_raw((const uint8_t *)"\nx", 2);
	assert_string_equal(wire, "a\r\nbcd\nx");
}

/* More than the ring holds, where one cannot sleep: polled, in order. */
static void test_overfull(void **state)
{
	char text[2000];

	(void)state;
	room = 0;
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (char)('a' + i % 26);
	}
	for (int i = 0; i < 8; i++) {
		hostcon_write((const uint8_t *)text, 1000);
	}
	assert_int_equal(wire_n, 0);
	room = SIZE_MAX;
	for (int i = 0; i < 20; i++) {
		hostcon_write((const uint8_t *)text, sizeof(text));
	}
	flush();
	assert_int_equal(wire_n, 8000 + 20 * sizeof(text));
	for (size_t i = 0; i < 8000; i++) {
		assert_int_equal(wire[i], text[i % 1000]);
	}
	for (size_t i = 8000; i < wire_n; i++) {
		assert_int_equal(wire[i], text[(i - 8000) % sizeof(text)]);
	}
}

static void test_log_above_the_line(void **state)
{
	(void)state;
	room = SIZE_MAX;
	edit("> ab", "> ab\b");
	log_warn("look");
	assert_memory_equal(wire, "> ab\r\033[K[", 8);
	assert_non_null(strstr(wire, "warning: look\r\n> ab\b"));
	/* No line any more: only begin a new one where one was begun. */
	edit("c\r\n", "");
	wire_n = 0;
	log_warn("again");
	assert_int_equal(wire[0], '[');
	put("half");
	wire_n = 0;
	log_warn("third");
	assert_memory_equal(wire, "\r\n[", 3);
}

/* A log line nobody has room for is left out, and that is said later. */
static void test_log_without_room(void **state)
{
	struct hostcon_stats before, after;

	(void)state;
	hostcon_get_stats(&before);
	room = 0;
	for (int i = 0; i < 2000; i++) {
		log_warn("number %d of a flood of lines", i);
	}
	hostcon_get_stats(&after);
	assert_true(after.log_dropped - before.log_dropped > 1000);
	flush();
	log_warn("last");
	assert_non_null(
		strstr(wire, "log lines left out here; see dmesg)\r\n"));
	assert_non_null(strstr(wire, "warning: last\r\n"));
}

static void test_edit_in_parts(void **state)
{
	char out[5000];

	(void)state;
	room = SIZE_MAX;
	memset(out, 'o', sizeof(out));
	hostcon_edit((const uint8_t *)out, sizeof(out), (const uint8_t *)"> ",
		     2);
	assert_int_equal(wire_n, sizeof(out));
	log_warn("x");
	assert_non_null(strstr(wire, "x\r\n> "));
}

static void type(const char *s)
{
	while (*s != '\0') {
		hostcon_rx((uint8_t)*s++);
	}
}

static void test_input(void **state)
{
	uint8_t buf[8];

	(void)state;
	type("hello world");
	assert_int_equal(hostcon_read(buf, sizeof(buf)), 8);
	assert_memory_equal(buf, "hello wo", 8);
	assert_int_equal(hostcon_getc(), 'r');
	hostcon_discard();
	/* Woken: nothing to read, and only once. */
	hostcon_wake();
	hostcon_wake();
	assert_int_equal(hostcon_read(buf, sizeof(buf)), 0);
	type("x");
	assert_int_equal(hostcon_read(buf, sizeof(buf)), 1);
	hostcon_wake();
	hostcon_wait();
}

static void test_keys(void **state)
{
	uint8_t buf[8];

	(void)state;
	assert_false(hostcon_take_interrupt());
	type("a\003b\035");
	assert_true(hostcon_take_interrupt());
	assert_false(hostcon_take_interrupt());
	assert_true(hostcon_take_detach());
	assert_false(hostcon_take_detach());
	/* They stand in the input as well, and Ctrl-] has woken. */
	assert_int_equal(hostcon_read(buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "a\003b\035", 4);
}

#define FLOOD (1 << 20)

/* The sender: through the interrupt, or into the port until that is full. */
static unsigned int send_some(unsigned int sent)
{
	while (sent < FLOOD) {
		char c = (char)('a' + sent % 16);

		if (!rx_on && fifo_n == sizeof(fifo)) {
			break;
		}
		sent++;
		if (!rx_on) {
			fifo[fifo_n++] = c;
		} else if (!hostcon_rx((uint8_t)c)) {
			assert_false(rx_on);
		}
	}
	return sent;
}

/* A flood waits in the port, and every byte of it arrives in order. */
static void test_flood(void **state)
{
	struct hostcon_stats before, after;
	unsigned int sent = 0, n = 0;
	uint8_t buf[1000];

	(void)state;
	hostcon_get_stats(&before);
	while (n < FLOOD) {
		size_t got;

		sent = send_some(sent);
		got = hostcon_read(buf, sizeof(buf));
		for (size_t i = 0; i < got; i++) {
			assert_int_equal(buf[i], 'a' + (n + i) % 16);
		}
		n += (unsigned int)got;
	}
	hostcon_get_stats(&after);
	assert_true(rx_on);
	assert_int_equal(n, FLOOD);
	assert_int_equal(after.rx_bytes - before.rx_bytes, FLOOD);
	assert_true(after.rx_pauses > before.rx_pauses);
	type("ok");
	assert_int_equal(hostcon_read(buf, sizeof(buf)), 2);
}

/*
 * Pausing wakes the reader: on another CPU it may have emptied the ring and
 * gone to sleep before it could see that it must let the port go on.
 */
static void test_pause_wakes_reader(void **state)
{
	uint8_t buf[1000];

	(void)state;
	/* Nothing is left over that would wake it. */
	hostcon_wake();
	hostcon_wait();
	while (rx_on) {
		(void)hostcon_rx('x');
	}
	hostcon_wait();
	while (!rx_on) {
		(void)hostcon_read(buf, sizeof(buf));
	}
	hostcon_discard();
}

/* Behind a flood that nobody reads, Ctrl-C is seen all the same. */
static void test_key_behind_flood(void **state)
{
	struct hostcon_stats before, after;

	(void)state;
	hostcon_get_stats(&before);
	while (rx_on) {
		(void)hostcon_rx('x');
	}
	memcpy(fifo, "yy\003zz", 5);
	fifo_n = 5;
	host_advance(HOST_TIMER_HZ);
	assert_false(hostcon_take_interrupt());
	assert_int_equal(fifo_n, 5);
	host_advance(10 * HOST_TIMER_HZ);
	assert_true(hostcon_take_interrupt());
	assert_int_equal(fifo_n, 0);
	hostcon_get_stats(&after);
	assert_int_equal(after.rx_dropped - before.rx_dropped, 5);
	hostcon_discard();
	assert_true(rx_on);
	assert_false(hostcon_take_interrupt());
}

/* Last: what is queued comes out before the panic's own text. */
static void test_panic(void **state)
{
	(void)state;
	room = 0;
	put("queued ");
	room = SIZE_MAX;
	hostcon_panic_write((const uint8_t *)"dead\n", 5);
	assert_string_equal(wire, "queued dead\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_boot, setup),
		cmocka_unit_test_setup(test_queue, setup),
		cmocka_unit_test_setup(test_overfull, setup),
		cmocka_unit_test_setup(test_log_above_the_line, setup),
		cmocka_unit_test_setup(test_log_without_room, setup),
		cmocka_unit_test_setup(test_edit_in_parts, setup),
		cmocka_unit_test_setup(test_input, setup),
		cmocka_unit_test_setup(test_keys, setup),
		cmocka_unit_test_setup(test_flood, setup),
		cmocka_unit_test_setup(test_pause_wakes_reader, setup),
		cmocka_unit_test_setup(test_key_behind_flood, setup),
		cmocka_unit_test_setup(test_panic, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
