/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serial lines connected with each other, and with a port of the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <arch_impl/host.h>
#include <core/device.h>
#include <core/uart.h>
#include <core/vcpu.h>
#include <core/vserial.h>
#include <core/work.h>
#include <libs/error.h>

void *heap_alloc(size_t size);
void *heap_alloc_array(size_t count, size_t size);
void heap_free(void *p);

static unsigned int live; /* allocations */

void *heap_alloc(size_t size)
{
	live++;
	return calloc(1, size);
}

void *heap_alloc_array(size_t count, size_t size)
{
	return heap_alloc(count * size);
}

void heap_free(void *p)
{
	live -= p != NULL;
	free(p);
}

/* The test runs the shared work queue's items. */
struct workqueue work_shared;
static struct work *queued;

void work_init(struct work *w, struct workqueue *q, void (*fn)(struct work *w))
{
	w->fn = fn;
	w->workqueue = q;
	w->pending = false;
}

void work_queue(struct work *w)
{
	assert_true(!queued || queued == w);
	queued = w;
}

void work_cancel(struct work *w)
{
	if (queued == w) {
		queued = NULL;
	}
}

static void work_run(void)
{
	for (unsigned int i = 0; queued && i < 100; i++) {
		struct work *w = queued;

		queued = NULL;
		w->fn(w);
	}
	assert_null(queued);
}

/* A port that accepts as much as the test allows. */
static char wire[20000];
static size_t wire_n, room;
static bool tx_irq, rx_on, started;

static bool port_putc(struct uart *u, uint8_t c)
{
	(void)u;
	if (room == 0) {
		return false;
	}
	room--;
	wire[wire_n++] = (char)c;
	return true;
}

static void port_tx_irq(struct uart *u, bool on)
{
	(void)u;
	tx_irq = on;
}

/* What waits in the port, for which no interrupt comes. */
static const char *waits = "";

static int port_getc(struct uart *u)
{
	(void)u;
	return *waits ? *waits++ : -1;
}

static bool port_rx_irq(struct uart *u, bool on)
{
	(void)u;
	rx_on = on && *waits == '\0';
	return rx_on == on;
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

static struct device port_dev = { .name = "pl011@9040000" };
static struct uart port = { .ops = &port_ops, .dev = &port_dev };

int uart_open(struct uart *u, const char *user,
	      const struct uart_client *client, void *arg)
{
	(void)user;
	if (u->client) {
		return -ERR_BUSY;
	}
	u->client = client;
	u->client_arg = arg;
	return 0;
}

void uart_close(struct uart *u)
{
	u->client = NULL;
}

static struct vserial *a, *b;

static int setup(void **state)
{
	static struct vcpu person; /* the owner of mutexes */

	(void)state;
	host_set_cpu(0);
	this_cpu()->current = &person;
	wire_n = 0;
	room = sizeof(wire);
	rx_on = true;
	live = 0;
	if (vserial_create_numbered(&a, "linux0", "serial", NULL, NULL)) {
		return -1;
	}
	return vserial_create_numbered(&b, "rtos", "serial", NULL, NULL);
}

static int teardown(void **state)
{
	(void)state;
	if (a) {
		vserial_destroy(a);
	}
	vserial_destroy(b);
	work_run();
	assert_null(port.client);
	assert_int_equal(live, 0);
	return 0;
}

static void put(struct vserial *c, const char *s)
{
	vserial_write(c, (const uint8_t *)s, strlen(s));
}

static void assert_read(struct vserial *c, const char *s)
{
	char buf[64] = { 0 };

	assert_int_equal(vserial_read(c, (uint8_t *)buf, sizeof(buf) - 1),
			 strlen(s));
	assert_string_equal(buf, s);
}

static void test_lines(void **state)
{
	char name[64];
	uint64_t lost;

	(void)state;
	assert_int_equal(vserial_connect(a, a), -ERR_INVAL);
	assert_int_equal(vserial_disconnect(a), -ERR_NOENT);
	assert_int_equal(vserial_connect(a, b), 0);
	assert_int_equal(vserial_connect(b, a), -ERR_EXIST);
	assert_true(vserial_connection(a, name, sizeof(name), &lost));
	assert_string_equal(name, "rtos/serial0");
	assert_true(vserial_connection(b, name, sizeof(name), &lost));
	assert_string_equal(name, "linux0/serial0");
	put(a, "ping");
	put(b, "pong");
	work_run();
	assert_read(a, "pong");
	assert_read(b, "ping");
	assert_int_equal(vserial_disconnect(b), 0);
	put(a, "unheard");
	work_run();
	assert_read(b, "");
}

/* An end that does not read loses only what does not fit in the connection's
 * ring, and that is counted. */
static void test_back_pressure(void **state)
{
	static uint8_t sent[8000];
	uint8_t got[8000];
	char name[64];
	uint64_t lost;
	size_t n = 0, part;

	(void)state;
	for (size_t i = 0; i < sizeof(sent); i++) {
		sent[i] = (uint8_t)(i % 251);
	}
	assert_int_equal(vserial_connect(a, b), 0);
	vserial_write(a, sent, sizeof(sent));
	work_run();
	do {
		part = vserial_read(b, got + n, sizeof(got) - n);
		n += part;
		work_run();
	} while (part > 0);
	assert_true(vserial_connection(a, name, sizeof(name), &lost));
	assert_true(n >= 4096);
	assert_int_equal(n + lost, sizeof(sent));
	assert_memory_equal(got, sent, n);
}

static void test_port(void **state)
{
	char name[64];
	uint64_t lost;
	unsigned int n = 0;

	(void)state;
	room = 3;
	assert_int_equal(vserial_connect_port(a, &port), 0);
	assert_true(started);
	assert_int_equal(vserial_connect_port(b, &port), -ERR_BUSY);
	assert_true(vserial_connection(a, name, sizeof(name), &lost));
	assert_string_equal(name, "pl011@9040000");
	put(a, "hello");
	work_run();
	assert_memory_equal(wire, "hel", 3);
	assert_true(tx_irq);
	room = 10;
	port.client->tx_ready(port.client_arg);
	assert_memory_equal(wire, "hello", 5);
	assert_false(tx_irq);
	/* The guest does not read: input waits, at last in the port. */
	while (port.client->rx(port.client_arg, 'x')) {
		work_run();
		n++;
		assert_true(n < 10000);
	}
	assert_false(rx_on);
	assert_int_equal(vserial_read(a, (uint8_t *)name, sizeof(name)),
			 sizeof(name));
	work_run();
	assert_true(rx_on);
	assert_int_equal(vserial_disconnect(a), 0);
	assert_null(port.client);
}

/* Input that waited in the port while the guest did not read arrives too. */
static void test_port_waits(void **state)
{
	uint8_t got[8000];
	size_t n = 0, part;
	unsigned int sent = 1;

	(void)state;
	assert_int_equal(vserial_connect_port(a, &port), 0);
	while (port.client->rx(port.client_arg, 'x')) {
		sent++;
	}
	assert_false(rx_on);
	waits = "the rest";
	do {
		work_run();
		part = vserial_read(a, got + n, sizeof(got) - n);
		n += part;
	} while (part > 0);
	assert_int_equal(n, sent + 8);
	assert_memory_equal(got + sent, "the rest", 8);
	assert_true(rx_on);
	assert_int_equal(vserial_disconnect(a), 0);
}

/* When the port is removed, too, and the other end can have another one. */
static void test_port_gone(void **state)
{
	char name[64];
	uint64_t lost;

	(void)state;
	assert_int_equal(vserial_connect_port(a, &port), 0);
	port.client->gone(port.client_arg);
	assert_non_null(port.client);
	work_run();
	assert_null(port.client);
	assert_false(vserial_connection(a, name, sizeof(name), &lost));
	assert_int_equal(vserial_connect_port(a, &port), 0);
	assert_int_equal(vserial_disconnect(a), 0);
}

/* When the guest is destroyed, the connection ends by itself. */
static void test_gone(void **state)
{
	char name[64];
	uint64_t lost;

	(void)state;
	assert_int_equal(vserial_connect_port(a, &port), 0);
	vserial_destroy(a);
	a = NULL;
	assert_non_null(port.client);
	work_run();
	assert_null(port.client);
	assert_false(vserial_connection(b, name, sizeof(name), &lost));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_back_pressure, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_port, setup, teardown),
		cmocka_unit_test_setup_teardown(test_port_waits, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_port_gone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
