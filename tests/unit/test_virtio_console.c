/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver of VirtIO consoles with a model of one: its ports and their names,
 * data of two ports, removal, and a device that says what is not true. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/virtio_console_model.h"

static void three_ports(void)
{
	say(0, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");
	say(1, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");
	say(3, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");
}

static void test_single(void **state)
{
	struct uart *u;
	struct model_buffer b;

	(void)state;
	(void)begin(0, 4, three_ports);
	assert_int_equal(line_count(), 1);
	u = line("virtio0");
	assert_non_null(u);
	assert_null(model.queues[VIRTIO_CONSOLE_CONTROL_RX].q);
	open_line(u);
	assert_true(u->ops->putc(u, 'x'));
	assert_true(model_pop(1, &b));
	assert_true(b.parts[0].len == 1 && b.parts[0].data[0] == 'x');
	assert_int_equal(ntold, 0);
	end();
}

static void test_ports(void **state)
{
	struct uart *log, *third;
	struct model_buffer b;
	struct vcon *c;

	(void)state;
	names[1] = "log";
	c = begin(VIRTIO_CONSOLE_F_MULTIPORT, 4, three_ports);
	assert_int_equal(c->errors, 0);
	assert_int_equal(line_count(), 3);
	assert_non_null(line("virtio0"));
	log = line("virtio0.log");
	third = line("virtio0.3");
	assert_true(log && third);
	assert_true(was_told(0, VIRTIO_CONSOLE_PORT_READY, 1));
	assert_true(was_told(3, VIRTIO_CONSOLE_PORT_READY, 1));
	/* 5.3.6.2: the answer to CONSOLE_PORT. */
	assert_true(was_told(0, VIRTIO_CONSOLE_PORT_OPEN, 1));
	assert_false(was_told(1, VIRTIO_CONSOLE_PORT_OPEN, 1));

	ntold = 0;
	open_line(log);
	open_line(third);
	device_acts();
	assert_true(was_told(1, VIRTIO_CONSOLE_PORT_OPEN, 1));
	assert_true(was_told(3, VIRTIO_CONSOLE_PORT_OPEN, 1));
	/* Each in its own queues: 4 and 5, 8 and 9. */
	assert_true(log->ops->putc(log, 'l'));
	assert_true(third->ops->putc(third, 't'));
	assert_true(model_pop(5, &b) && b.parts[0].data[0] == 'l');
	assert_true(model_pop(9, &b) && b.parts[0].data[0] == 't');
	assert_true(model_pop(8, &b) && b.parts[0].write);
	memcpy(b.parts[0].data, "in", 2);
	assert_true(model_push(8, &b, 2));
	virtio_host_interrupt(&model.vh, true, false);
	assert_true(nreceived == 2 && memcmp(received, "in", 2) == 0);
	/* Opened again while a byte waits: no buffer is given to the device
	 * twice. */
	assert_true(model_pop(8, &b));
	memcpy(b.parts[0].data, "xy", 2);
	(void)model_push(8, &b, 2);
	assert_int_equal(third->ops->getc(third), 'x');
	ntold = 0;
	third->ops->close(third);
	open_line(third);
	device_acts();
	assert_true(was_told(3, VIRTIO_CONSOLE_PORT_OPEN, 0));
	assert_true(was_told(3, VIRTIO_CONSOLE_PORT_OPEN, 1));
	for (unsigned int n = 0; n < RX_BUFFERS - 1; n++) {
		assert_true(model_pop(8, &b));
	}
	assert_false(model_pop(8, &b));
	assert_int_equal(third->ops->getc(third), 'y');
	end();
}

/* A device that returns each buffer at once, and empty, a thousand times. */
static unsigned int empty;

static void returns_empty(unsigned int queue)
{
	struct model_buffer b;

	if (queue == 0 && empty < 1000 && model_pop(0, &b)) {
		(void)model_push(0, &b, 0);
		empty++;
	}
}

static void test_empty(void **state)
{
	struct model_buffer b;
	struct uart *u;

	(void)state;
	(void)begin(0, 1, three_ports);
	u = line("virtio0");
	assert_non_null(u);
	open_line(u);
	assert_true(model_pop(0, &b));
	(void)model_push(0, &b, 0);
	empty = 0;
	model_kicked = returns_empty;
	assert_int_equal(u->ops->getc(u), -1);
	model_kicked = NULL;
	assert_in_range(empty, 1, RX_BUFFERS);
	end();
}

static void test_removed(void **state)
{
	struct model_buffer b;
	struct uart *u;
	struct vcon *c;

	(void)state;
	c = begin(VIRTIO_CONSOLE_F_MULTIPORT, 4, three_ports);
	u = line("virtio0.3");
	assert_non_null(u);
	open_line(u);
	device_acts();
	say(3, VIRTIO_CONSOLE_DEVICE_REMOVE, 1, "");
	interrupt();
	assert_int_equal(rooms, 1);
	for (unsigned int n = 0; n < 2 * BUFFER_SIZE; n++) {
		assert_true(u->ops->putc(u, 'x'));
	}
	assert_false(model_pop(9, &b));
	/* It comes back, and is still open on our side. */
	say(3, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");
	interrupt();
	assert_true(was_told(3, VIRTIO_CONSOLE_PORT_READY, 1));
	assert_true(was_told(3, VIRTIO_CONSOLE_PORT_OPEN, 1));
	assert_true(u->ops->putc(u, 'y'));
	assert_true(model_pop(9, &b) && b.parts[0].data[0] == 'y');
	assert_int_equal(c->errors, 0);
	end();
}

static void hostile(void)
{
	static const uint8_t half[3];

	say(1, VIRTIO_CONSOLE_PORT_NAME, 1, "early");     /* not added */
	say(8, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");         /* out of range */
	say(0xffffffff, VIRTIO_CONSOLE_PORT_OPEN, 1, ""); /* likewise */
	for (uint32_t id = 1; id < 8; id++) {
		say(id, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");
	}
	say(4, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");   /* twice */
	say(1, VIRTIO_CONSOLE_DEVICE_READY, 1, ""); /* the driver's */
	say(1, 0x1234, 1, "");
	say_bytes(half, sizeof(half));
}

static void test_hostile(void **state)
{
	struct vcon *c;

	(void)state;
	names[1] = "a-name-of-21-letters.";
	names[2] = "../..";
	names[3] = "";
	names[4] = "same";
	names[5] = "same";
	names[6] = "7"; /* as if it were port 7, which has no name */
	c = begin(VIRTIO_CONSOLE_F_MULTIPORT, UINT32_MAX, hostile);
	assert_int_equal(c->nports, PORTS_MAX);
	assert_true(was_told(8, VIRTIO_CONSOLE_PORT_READY, 0));
	assert_false(was_told(8, VIRTIO_CONSOLE_PORT_READY, 1));
	assert_int_equal(line_count(), 7);
	assert_non_null(line("virtio0.1"));
	assert_non_null(line("virtio0.2"));
	assert_non_null(line("virtio0.3"));
	assert_non_null(line("virtio0.same"));
	assert_non_null(line("virtio0.5"));
	assert_int_equal(port_at("virtio0.6"), 6);
	assert_int_equal(port_at("virtio0.7"), 7);
	/* 2 before, 4 after, and the two names. The empty one too. A ninth port
	 * is none. */
	assert_int_equal(c->errors, 9);
	end();
}

/* What is checked is what is used. */
static void test_changing(void **state)
{
	struct vcon *c;

	(void)state;
	names[1] = "log";
	changing = true;
	c = begin(VIRTIO_CONSOLE_F_MULTIPORT, 2, three_ports);
	changing = false;
	assert_string_equal(c->ports[1].name, "");
	assert_non_null(line("virtio0.1"));
	end();
}

static void nothing(void)
{
}

/* A device that sends nonsense is not listened to for ever. */
static void test_nonsense(void **state)
{
	struct vcon *c = begin(VIRTIO_CONSOLE_F_MULTIPORT, 2, nothing);
	unsigned int taken = 0;
	struct model_buffer b;

	(void)state;
	assert_int_equal(line_count(), 0);
	for (unsigned int i = 0; i < 100; i++) {
		say(7, VIRTIO_CONSOLE_PORT_OPEN, 1, "");
		interrupt();
	}
	assert_int_equal(c->errors, CONTROL_ERRORS);
	while (model_pop(VIRTIO_CONSOLE_CONTROL_RX, &b)) {
		taken++;
	}
	assert_int_equal(taken, 0);
	end();
}

static void test_silent(void **state)
{
	ticks_t before = model_time;

	(void)state;
	model_begin(VIRTIO_CONSOLE_F_MULTIPORT);
	model_acts = NULL;
	model.vh.id = VIRTIO_ID_CONSOLE;
	model.config[offsetof(struct virtio_console_config, max_nr_ports)] = 2;
	assert_int_equal(probe(), 0);
	assert_int_equal(line_count(), 0);
	assert_true(model_time - before < ms_to_ticks(2 * CONTROL_MS));
	end();
	/* MULTIPORT without the control queues. */
	model_begin(VIRTIO_CONSOLE_F_MULTIPORT);
	model.queue_max = 0;
	assert_int_equal(probe(), -ERR_NOENT);
	virtio_bus.unbound(&model.vh.dev);
}

/* --- ports that come and go ----------------------------------------------- */

static void say_name(uint32_t id, const char *name)
{
	say(id, VIRTIO_CONSOLE_PORT_NAME, 1, name);
}

/* A port that is added late gets a line, and its name counts; what it sends
 * arrives. */
static void test_added(void **state)
{
	struct model_buffer b;
	struct uart *u;

	(void)state;
	(void)begin(VIRTIO_CONSOLE_F_MULTIPORT, 4, nothing);
	assert_int_equal(line_count(), 0);
	names[2] = "late";
	say(2, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");
	say(0, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");
	interrupt();
	assert_true(was_told(2, VIRTIO_CONSOLE_PORT_READY, 1));
	assert_int_equal(line_count(), 2);
	assert_non_null(line("virtio0"));
	u = line("virtio0.late");
	assert_non_null(u);
	open_line(u);
	assert_true(model_pop(6, &b));
	memcpy(b.parts[0].data, "hi", 2);
	(void)model_push(6, &b, 2);
	interrupt();
	assert_true(nreceived == 2 && memcmp(received, "hi", 2) == 0);
	end();
}

/* A name that comes when the port has a line already: at once, or when the line
 * is closed. A second name is ignored. */
static void test_named_late(void **state)
{
	struct uart *u;

	(void)state;
	(void)begin(VIRTIO_CONSOLE_F_MULTIPORT, 4, three_ports);
	say_name(1, "log");
	interrupt();
	assert_null(line("virtio0.1"));
	assert_non_null(line("virtio0.log"));
	say_name(1, "other");
	interrupt();
	assert_non_null(line("virtio0.log"));
	u = line("virtio0.3");
	open_line(u);
	say_name(3, "gdb");
	interrupt();
	assert_ptr_equal(line("virtio0.3"), u);
	assert_int_equal(gone_calls, 0);
	close_line(u);
	work_run();
	assert_null(line("virtio0.3"));
	assert_int_equal(port_at("virtio0.gdb"), 3);
	end();
}

/* A port without a user goes; one with a user when it has been closed, which is
 * asked for once. Another port of the number has nothing of it. */
static void test_goes(void **state)
{
	struct model_buffer b;
	struct uart *u;
	struct vcon *c;

	(void)state;
	c = begin(VIRTIO_CONSOLE_F_MULTIPORT, 4, three_ports);
	say(1, VIRTIO_CONSOLE_DEVICE_REMOVE, 1, "");
	interrupt();
	assert_null(line("virtio0.1"));
	u = line("virtio0.3");
	open_line(u);
	assert_true(model_pop(8, &b));
	memcpy(b.parts[0].data, "old", 3);
	(void)model_push(8, &b, 3);
	say(3, VIRTIO_CONSOLE_DEVICE_REMOVE, 1, "");
	model.queues[VIRTIO_CONSOLE_CONTROL_RX].q->used(
		model.queues[VIRTIO_CONSOLE_CONTROL_RX].q);
	assert_int_equal(gone_calls, 0); /* not in an interrupt */
	work_run();
	assert_int_equal(gone_calls, 1);
	assert_ptr_equal(line("virtio0.3"), u);
	names[3] = "new";
	say(3, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");
	model.queues[VIRTIO_CONSOLE_CONTROL_RX].q->used(
		model.queues[VIRTIO_CONSOLE_CONTROL_RX].q);
	device_acts();
	model.queues[VIRTIO_CONSOLE_CONTROL_RX].q->used(
		model.queues[VIRTIO_CONSOLE_CONTROL_RX].q);
	work_run();
	assert_int_equal(gone_calls, 1);
	assert_null(line("virtio0.new"));
	close_line(u);
	work_run();
	assert_null(line("virtio0.3"));
	u = line("virtio0.new");
	assert_non_null(u);
	open_line(u);
	work_run();
	assert_int_equal(nreceived, 0);
	for (unsigned int n = 0; n < RX_BUFFERS - 1; n++) {
		assert_true(model_pop(8, &b));
	}
	memcpy(b.parts[0].data, "fresh", 5);
	(void)model_push(8, &b, 5);
	interrupt();
	assert_true(nreceived == 5 && memcmp(received, "fresh", 5) == 0);
	assert_int_equal(c->errors, 0);
	end();
}

/* The console's own line too; and ports at the moment of the removal. */
static void test_goes_first(void **state)
{
	(void)state;
	(void)begin(VIRTIO_CONSOLE_F_MULTIPORT, 4, three_ports);
	say(0, VIRTIO_CONSOLE_DEVICE_REMOVE, 1, "");
	interrupt();
	assert_null(line("virtio0"));
	assert_int_equal(line_count(), 2);
	say(0, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");
	say(2, VIRTIO_CONSOLE_DEVICE_ADD, 1, "");
	say(3, VIRTIO_CONSOLE_DEVICE_REMOVE, 1, "");
	virtio_host_interrupt(&model.vh, true, false);
	assert_true(nworks > 0);
	end();
}

/* --- interrupts that must not get lost ------------------------------------ */

/* Says so many messages, one each time the driver reads one. */
static unsigned int to_say;

static void says_on(void)
{
	if (to_say > 0) {
		to_say--;
		say(0, VIRTIO_CONSOLE_RESIZE, 1, "");
	}
}

/* However many messages one interrupt has, the next one raises another. */
static void test_messages_go_on(void **state)
{
	struct model_buffer b;

	(void)state;
	(void)begin(VIRTIO_CONSOLE_F_MULTIPORT | VIRTIO_F_EVENT_IDX, 4,
		    three_ports);
	for (unsigned int n = CONTROL_BUDGET - 3; n < CONTROL_BUDGET + 3; n++) {
		to_say = n;
		say(0, VIRTIO_CONSOLE_RESIZE, 1, "");
		says_more = says_on;
		interrupt();
		says_more = NULL;
		assert_int_equal(to_say, 0);
		assert_true(model_pop(VIRTIO_CONSOLE_CONTROL_RX, &b));
		assert_true(model_push(VIRTIO_CONSOLE_CONTROL_RX, &b, 0));
		interrupt();
	}
	end();
}

/* A device that never stops sending is not listened to for ever. */
static void test_messages_without_end(void **state)
{
	struct vcon *c;

	(void)state;
	c = begin(VIRTIO_CONSOLE_F_MULTIPORT, 4, three_ports);
	to_say = UINT32_MAX;
	say(0, VIRTIO_CONSOLE_RESIZE, 1, "");
	says_more = says_on;
	virtio_host_interrupt(&model.vh, true, false);
	for (unsigned int n = 0; n < CONTROL_ERRORS + 2 && nworks > 0; n++) {
		struct work *w = works[0];

		nworks = 0;
		w->pending = false;
		w->fn(w);
	}
	says_more = NULL;
	assert_int_equal(nworks, 0);
	assert_int_equal(c->errors, CONTROL_ERRORS);
	end();
}

/* Sends so many full buffers, one each time the client gets the first byte of
 * one. */
static unsigned int to_send;

static void send_full(void)
{
	struct model_buffer b;

	if (to_send > 0) {
		to_send--;
		assert_true(model_pop(0, &b));
		memset(b.parts[0].data, 'a' + (int)to_send, BUFFER_SIZE);
		(void)model_push(0, &b, BUFFER_SIZE);
	}
}

static bool take_and_send(void *arg, uint8_t ch)
{
	if (nreceived % BUFFER_SIZE == 0) {
		send_full();
	}
	return take(arg, ch);
}

/* More than one interrupt takes: a thread goes on, and then the next buffer
 * raises an interrupt. */
static void test_much_data(void **state)
{
	static const struct uart_client sending = { take_and_send, room, NULL };
	struct model_buffer b;
	struct uart *u;

	(void)state;
	(void)begin(VIRTIO_F_EVENT_IDX, 1, nothing);
	u = line("virtio0");
	open_line(u);
	to_send = 12;
	send_full();
	u->client = &sending;
	virtio_host_interrupt(&model.vh, true, false);
	assert_int_equal(nreceived, UART_RX_BATCH);
	work_run();
	assert_int_equal(nreceived, 12 * BUFFER_SIZE);
	for (unsigned int n = 0; n < nreceived; n++) {
		assert_int_equal(received[n], 'a' + 11 - n / BUFFER_SIZE);
	}
	assert_true(model_pop(0, &b));
	assert_true(model_push(0, &b, 0));
	end();
}

/* A client that pauses in the middle of a buffer is told that bytes wait. */
static void test_paused(void **state)
{
	struct model_buffer b;
	struct uart *u;

	(void)state;
	(void)begin(VIRTIO_F_EVENT_IDX, 1, nothing);
	u = line("virtio0");
	open_line(u);
	assert_true(model_pop(0, &b));
	memcpy(b.parts[0].data, "abc", 3);
	(void)model_push(0, &b, 3);
	wants_more = false;
	assert_true(u->ops->rx_irq(u, false));
	virtio_host_interrupt(&model.vh, true, false);
	assert_int_equal(nreceived, 0);
	assert_false(u->ops->rx_irq(u, true));
	assert_int_equal(u->ops->getc(u), 'a');
	assert_false(u->ops->rx_irq(u, true));
	virtio_host_interrupt(&model.vh, true, false);
	assert_int_equal(nreceived, 0); /* still paused */
	assert_int_equal(u->ops->getc(u), 'b');
	assert_int_equal(u->ops->getc(u), 'c');
	assert_true(u->ops->rx_irq(u, true));
	assert_true(model_pop(0, &b));
	memcpy(b.parts[0].data, "d", 1);
	assert_true(model_push(0, &b, 1));
	virtio_host_interrupt(&model.vh, true, false);
	assert_int_equal(nreceived, 1);
	/* Opened again while bytes wait: they arrive. */
	assert_true(model_pop(0, &b));
	memcpy(b.parts[0].data, "e", 1);
	(void)model_push(0, &b, 1);
	wants_more = true;
	close_line(u);
	open_line(u);
	work_run();
	assert_int_equal(nreceived, 2);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_changing),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_added),
		cmocka_unit_test(test_named_late),
		cmocka_unit_test(test_goes),
		cmocka_unit_test(test_goes_first),
		cmocka_unit_test(test_messages_go_on),
		cmocka_unit_test(test_messages_without_end),
		cmocka_unit_test(test_much_data),
		cmocka_unit_test(test_paused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
