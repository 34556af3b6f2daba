/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host console on a port that accepts as much as the test allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <arch_impl/host.h>
#include <core/device.h>
#include <core/earlycon.h>
#include <core/hostcon.h>
#include <core/log.h>
#include <core/uart.h>
#include <libs/error.h>

static char wire[1 << 20];
static size_t wire_n;
static size_t room; /* bytes that the port still accepts */
static bool tx_irq;
static bool started;
static int start_result; /* of a port that is not the main console's */

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

#define FLOOD (1 << 20)
static unsigned int sent; /* of it */

/* What waits in the port while its interrupt is off. */
static char fifo[16];
static unsigned int fifo_n;
static bool rx_on = true;
/* No interrupt comes for what waits there, and with each second attempt to let
 * it receive again a byte comes just before. */
static bool silent, late;

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

static bool port_rx_irq(struct uart *u, bool on)
{
	(void)u;
	late = silent && on && !late && sent < FLOOD;
	if (late) {
		fifo[fifo_n++] = (char)('a' + sent++ % 16);
	}
	rx_on = on && !(silent && fifo_n > 0);
	return rx_on == on;
}

static void port_tx_irq(struct uart *u, bool on)
{
	(void)u;
	tx_irq = on;
}

static int port_start(struct uart *u)
{
	started = true;
	return u->dev->dt == 7 ? 0 : start_result;
}

static const struct uart_ops port_ops = {
	.putc = port_putc,
	.getc = port_getc,
	.tx_irq = port_tx_irq,
	.rx_irq = port_rx_irq,
	.start = port_start,
};
static struct device port_dev = { .name = "uart", .dt = 7 };
static struct uart port = { .ops = &port_ops, .dev = &port_dev };

struct uart *uart_nth(unsigned int n, dt_node_t node)
{
	assert_int_equal(n, 0);
	assert_int_equal(node, 7);
	return &port;
}

void uart_put(struct uart *u)
{
	assert_ptr_equal(u, &port);
}

int uart_open(struct uart *u, const char *user,
	      const struct uart_client *client, void *arg)
{
	assert_string_equal(user, u == &port ? "console" : "terminal");
	u->client = client;
	u->client_arg = arg;
	return 0;
}

void uart_close(struct uart *u)
{
	u->client = NULL;
}

dt_node_t console_search(void)
{
	return 7;
}

static char early[4096];
static size_t early_n;

static void early_putc(uint8_t c)
{
	early[early_n++] = (char)c;
}

/* The port sends all that it has. */
static void flush(void)
{
	room = SIZE_MAX;
	uart_tx_ready(&port);
	assert_false(tx_irq);
}

static int setup(void **state)
{
	(void)state;
	host_set_cpu(0);
	if (started) {
		hostcon_edit(hostcon_main(), HOSTCON_OWN, NULL, 0,
			     (const uint8_t *)"", 0);
		flush();
		hostcon_write(hostcon_main(), (const uint8_t *)"\n", 1);
	}
	wire_n = 0;
	wire[0] = '\0';
	return 0;
}

static void put(const char *s)
{
	hostcon_write(hostcon_main(), (const uint8_t *)s, strlen(s));
}

static void edit(const char *out, const char *redraw)
{
	hostcon_edit(hostcon_main(), HOSTCON_OWN, (const uint8_t *)out,
		     strlen(out), (const uint8_t *)redraw, strlen(redraw));
}

/* Runs first: from no port to a port with interrupts. */
static void test_boot(void **state)
{
	(void)state;
	log_info("before any console");
	assert_int_equal(hostcon_start(hostcon_main()), -ERR_NOENT);
	hostcon_set_early(early_putc);
	assert_non_null(strstr(early, "before any console\r\n"));
	log_info("early");
	assert_non_null(strstr(early, "early\r\n"));
	assert_false(hostcon_present(hostcon_main()));
	hostcon_init();
	assert_true(hostcon_present(hostcon_main()));
	room = SIZE_MAX;
	log_info("polled");
	assert_non_null(strstr(wire, "polled\r\n"));
	assert_false(tx_irq);
	assert_int_equal(hostcon_start(hostcon_main()), 0);
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
	uart_tx_ready(&port);
	assert_string_equal(wire, "a\r\nbc");
	assert_true(tx_irq);
	room = 10;
	uart_tx_ready(&port);
	assert_string_equal(wire, "a\r\nbcd");
	assert_false(tx_irq);
	hostcon_write_raw(hostcon_main(), (const uint8_t *)"\nx", 2);
	assert_string_equal(wire, "a\r\nbcd\nx");
}

/* More than the ring holds, in a context that cannot sleep: polled, in
 * order. */
static void test_overfull(void **state)
{
	char text[2000];

	(void)state;
	room = 0;
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (char)('a' + i % 26);
	}
	for (int i = 0; i < 8; i++) {
		hostcon_write(hostcon_main(), (const uint8_t *)text, 1000);
	}
	assert_int_equal(wire_n, 0);
	room = SIZE_MAX;
	for (int i = 0; i < 20; i++) {
		hostcon_write(hostcon_main(), (const uint8_t *)text,
			      sizeof(text));
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
	/* No edited line any more: a newline is sent only if a row was
	 * begun. */
	edit("c\r\n", "");
	wire_n = 0;
	log_warn("again");
	assert_int_equal(wire[0], '[');
	put("half");
	wire_n = 0;
	log_warn("third");
	assert_memory_equal(wire, "\r\n[", 3);
}

static void guest_row(enum hostcon_row kind, const char *out,
		      const char *redraw)
{
	hostcon_edit(hostcon_main(), kind, (const uint8_t *)out, strlen(out),
		     (const uint8_t *)redraw, strlen(redraw));
}

/* A guest's row is drawn again below the log line, which is not in the guest's
 * colours and character set. */
static void test_log_above_a_guests_row(void **state)
{
	(void)state;
	room = SIZE_MAX;
	guest_row(HOSTCON_STYLED, "\033[31mlogin: ", "\033[31mlogin: ");
	wire_n = 0;
	log_warn("look");
	assert_memory_equal(wire, "\033[m\033(B\017\r\033[K[", 12);
	assert_non_null(strstr(wire, "warning: look\r\n\033[31mlogin: "));
	/* At the start of a row nothing is erased or added. */
	guest_row(HOSTCON_STYLED, "\n\r", "");
	wire_n = 0;
	log_warn("again");
	assert_memory_equal(wire, "\033[m\033(B\017[", 8);
}

/* Log lines do not disturb a full screen; their number is shown after it. */
static void test_log_behind_a_full_screen(void **state)
{
	(void)state;
	room = SIZE_MAX;
	guest_row(HOSTCON_FULLSCREEN, "\033[?1049h~", "");
	wire_n = 0;
	log_warn("one");
	hostcon_write_log(hostcon_main(), "two\n", 4);
	assert_int_equal(wire_n, 0);
	guest_row(HOSTCON_STYLED, "\033[?1049l# ", "# ");
	assert_non_null(strstr(wire, "(2 log lines left out here; see "
				     "dmesg)\r\n# "));
	wire_n = 0;
	log_warn("three");
	assert_null(strstr(wire, "left out"));
	assert_non_null(strstr(wire, "three\r\n# "));
}

static enum hostcon_diverted divert_answer;
static char diverted[256];

static enum hostcon_diverted divert(void *ctx, const char *s, size_t n)
{
	assert_ptr_equal(ctx, diverted);
	memcpy(diverted, s, n);
	diverted[n] = '\0';
	return divert_answer;
}

static void test_log_diverted(void **state)
{
	(void)state;
	room = SIZE_MAX;
	hostcon_divert_log(hostcon_main(), divert, diverted);
	divert_answer = HOSTCON_LATER;
	log_warn("later");
	assert_int_equal(wire_n, 0);
	assert_non_null(strstr(diverted, "warning: later\n"));
	divert_answer = HOSTCON_FULL;
	log_warn("lost");
	assert_int_equal(wire_n, 0);
	hostcon_write_log(hostcon_main(), "later\n", 6);
	assert_non_null(strstr(wire, "(1 log lines left out here; see "
				     "dmesg)\r\nlater\r\n"));
	divert_answer = HOSTCON_SHOW;
	log_warn("now");
	assert_non_null(strstr(wire, "now\r\n"));
	divert_answer = HOSTCON_LATER;
	hostcon_divert_log(hostcon_main(), NULL, NULL);
	log_warn("plain");
	assert_non_null(strstr(wire, "plain\r\n"));
}

/* A log line without room is left out, which is shown later. */
static void test_log_without_room(void **state)
{
	struct hostcon_stats before, after;

	(void)state;
	hostcon_get_stats(hostcon_main(), &before);
	room = 0;
	for (int i = 0; i < 2000; i++) {
		log_warn("number %d of a flood of lines", i);
	}
	hostcon_get_stats(hostcon_main(), &after);
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
	hostcon_edit(hostcon_main(), HOSTCON_OWN, (const uint8_t *)out,
		     sizeof(out), (const uint8_t *)"> ", 2);
	assert_int_equal(wire_n, sizeof(out));
	log_warn("x");
	assert_non_null(strstr(wire, "x\r\n> "));
}

static void type(const char *s)
{
	while (*s != '\0') {
		uart_rx(&port, (uint8_t)*s++);
	}
}

static void test_input(void **state)
{
	uint8_t buf[8];

	(void)state;
	type("hello world");
	assert_int_equal(hostcon_read(hostcon_main(), buf, sizeof(buf)), 8);
	assert_memory_equal(buf, "hello wo", 8);
	assert_int_equal(hostcon_read(hostcon_main(), buf, 1), 1);
	assert_int_equal(buf[0], 'r');
	hostcon_discard(hostcon_main());
	/* Woken: nothing to read, and only once. */
	hostcon_wake(hostcon_main());
	hostcon_wake(hostcon_main());
	assert_int_equal(hostcon_read(hostcon_main(), buf, sizeof(buf)), 0);
	type("x");
	assert_int_equal(hostcon_read(hostcon_main(), buf, sizeof(buf)), 1);
	hostcon_wake(hostcon_main());
	hostcon_wait(hostcon_main());
}

static void test_keys(void **state)
{
	uint8_t buf[8];

	(void)state;
	assert_false(hostcon_take_interrupt(hostcon_main()));
	type("a\003b\035");
	assert_true(hostcon_take_interrupt(hostcon_main()));
	assert_false(hostcon_take_interrupt(hostcon_main()));
	assert_true(hostcon_take_detach(hostcon_main()));
	assert_false(hostcon_take_detach(hostcon_main()));
	/* The keys are in the input too, and Ctrl-] has woken the reader. */
	assert_int_equal(hostcon_read(hostcon_main(), buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "a\003b\035", 4);
}

/* Send: through the interrupt, or into the port until it is full. */
static void send_some(void)
{
	while (sent < FLOOD) {
		char c = (char)('a' + sent % 16);

		if (!rx_on && fifo_n == sizeof(fifo)) {
			break;
		}
		sent++;
		if (!rx_on) {
			fifo[fifo_n++] = c;
		} else if (!uart_rx(&port, (uint8_t)c)) {
			assert_false(rx_on);
		}
	}
}

/* A flood waits in the port, and each byte arrives in order. */
static void flood(void)
{
	struct hostcon_stats before, after;
	unsigned int n = 0;
	uint8_t buf[1000];

	sent = 0;
	hostcon_get_stats(hostcon_main(), &before);
	while (n < FLOOD) {
		size_t got;

		send_some();
		got = hostcon_read(hostcon_main(), buf, sizeof(buf));
		for (size_t i = 0; i < got; i++) {
			assert_int_equal(buf[i], 'a' + (n + i) % 16);
		}
		n += (unsigned int)got;
	}
	hostcon_get_stats(hostcon_main(), &after);
	assert_true(rx_on);
	assert_int_equal(n, FLOOD);
	assert_int_equal(after.rx_bytes - before.rx_bytes, FLOOD);
	assert_true(after.rx_pauses > before.rx_pauses);
	type("ok");
	assert_int_equal(hostcon_read(hostcon_main(), buf, sizeof(buf)), 2);
}

static void test_flood(void **state)
{
	(void)state;
	flood();
	silent = true;
	flood();
	silent = false;
}

/*
 * Pausing wakes the reader: on another CPU it may have emptied the ring and
 * gone to sleep before it could see that it has to resume the port.
 */
static void test_pause_wakes_reader(void **state)
{
	uint8_t buf[1000];

	(void)state;
	/* No wakeup is left over. */
	hostcon_wake(hostcon_main());
	hostcon_wait(hostcon_main());
	while (rx_on) {
		(void)uart_rx(&port, 'x');
	}
	hostcon_wait(hostcon_main());
	while (!rx_on) {
		(void)hostcon_read(hostcon_main(), buf, sizeof(buf));
	}
	hostcon_discard(hostcon_main());
}

/* Ctrl-C after a flood that is not read is still seen. */
static void test_key_behind_flood(void **state)
{
	struct hostcon_stats before, after;

	(void)state;
	hostcon_get_stats(hostcon_main(), &before);
	while (rx_on) {
		(void)uart_rx(&port, 'x');
	}
	memcpy(fifo, "yy\003zz", 5);
	fifo_n = 5;
	host_advance(HOST_TIMER_HZ);
	assert_false(hostcon_take_interrupt(hostcon_main()));
	assert_int_equal(fifo_n, 5);
	host_advance(10 * HOST_TIMER_HZ);
	assert_true(hostcon_take_interrupt(hostcon_main()));
	assert_int_equal(fifo_n, 0);
	hostcon_get_stats(hostcon_main(), &after);
	assert_int_equal(after.rx_dropped - before.rx_dropped, 5);
	hostcon_discard(hostcon_main());
	assert_true(rx_on);
	assert_false(hostcon_take_interrupt(hostcon_main()));
}

/* Last: queued output comes before the panic's own text. */
/* A further console has rings of its own, and leaves nothing behind. */
static void test_created_and_destroyed(void **state)
{
	struct device other = { .name = "other", .dt = 8 };
	struct uart second = { .ops = &port_ops, .dev = &other };
	struct hostcon *h = NULL;

	(void)state;
	assert_int_equal(hostcon_create(&h, &second), 0);
	assert_non_null(second.client);
	hostcon_write(h, (const uint8_t *)"second\n", 7);
	assert_non_null(strstr(wire, "second\r\n"));
	hostcon_destroy(h);
	assert_null(second.client);

	start_result = -ERR_IO;
	assert_int_equal(hostcon_create(&h, &second), -ERR_IO);
	assert_null(second.client);
	start_result = 0;
}

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
		cmocka_unit_test_setup(test_log_above_a_guests_row, setup),
		cmocka_unit_test_setup(test_log_behind_a_full_screen, setup),
		cmocka_unit_test_setup(test_log_diverted, setup),
		cmocka_unit_test_setup(test_log_without_room, setup),
		cmocka_unit_test_setup(test_edit_in_parts, setup),
		cmocka_unit_test_setup(test_input, setup),
		cmocka_unit_test_setup(test_keys, setup),
		cmocka_unit_test_setup(test_flood, setup),
		cmocka_unit_test_setup(test_pause_wakes_reader, setup),
		cmocka_unit_test_setup(test_key_behind_flood, setup),
		cmocka_unit_test_setup(test_created_and_destroyed, setup),
		cmocka_unit_test_setup(test_panic, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
