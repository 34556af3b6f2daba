/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a further terminal: what fails leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include <core/boot.h>
#include <core/heap.h>
#include <core/hostcon.h>
#include <core/thread.h>
#include <core/uart.h>
#include <libs/error.h>

/* The world around it, whose steps fail one by one. */
#define heap_alloc fake_alloc
#define heap_free fake_free
#define hostcon_create fake_console_create
#define hostcon_destroy fake_console_destroy
#define thread_create fake_thread_create
#define uart_find fake_port_find
#define uart_put fake_port_put

#define STEPS 3 /* of an opening: console, memory, thread */

static int steps; /* that still succeed */
static int blocks, consoles, threads, references;
static struct uart port;

static int step(int err)
{
	return steps-- > 0 ? 0 : err;
}

static void *fake_alloc(size_t size)
{
	if (step(-ERR_NOMEM)) {
		return NULL;
	}
	blocks++;
	return calloc(1, size);
}

static void fake_free(void *p)
{
	blocks -= p != NULL;
	free(p);
}

static int fake_console_create(struct hostcon **out, struct uart *u)
{
	int err = step(-ERR_BUSY);

	assert_ptr_equal(u, &port);
	if (!err) {
		consoles++;
		*out = (struct hostcon *)&consoles;
	}
	return err;
}

static void fake_console_destroy(struct hostcon *h)
{
	assert_ptr_equal(h, &consoles);
	consoles--;
}

static int fake_thread_create(struct vcpu **out, const struct thread_attr *attr,
			      void (*fn)(void *), void *arg)
{
	int err = step(-ERR_NOSPC);

	(void)out;
	(void)attr;
	(void)fn;
	if (!err) {
		threads++;
		free(arg); /* it is the thread's now */
		blocks--;
	}
	return err;
}

static struct uart *fake_port_find(const char *device)
{
	if (device[0] == 'n') {
		return NULL;
	}
	references++;
	return &port;
}

static void fake_port_put(struct uart *u)
{
	assert_ptr_equal(u, &port);
	references--;
}

#include "daemons/port.c"
#include "daemons/terminal.c"

static void test_each_step_fails(void **state)
{
	static const int errors[STEPS] = { -ERR_BUSY, -ERR_NOMEM, -ERR_NOSPC };

	(void)state;
	for (int n = 0; n < STEPS; n++) {
		steps = n;
		assert_int_equal(port_open("serial1", terminal_open),
				 errors[n]);
		assert_int_equal(blocks, 0);
		assert_int_equal(consoles, 0);
		assert_int_equal(threads, 0);
		assert_int_equal(references, 0);
	}
	steps = STEPS;
	assert_int_equal(port_open("serial1", terminal_open), 0);
	assert_int_equal(blocks, 0);
	assert_int_equal(consoles, 1);
	assert_int_equal(threads, 1);
	assert_int_equal(references, 0);
	assert_int_equal(port_open("none", terminal_open), -ERR_NOENT);
}

static void test_those_of_the_boot_argument(void **state)
{
	(void)state;
	steps = STEPS;
	consoles = threads = 0;
	assert_true(terminals_arg.take("serial1,none"));
	port_open_all("terminal", further, terminal_open);
	assert_int_equal(consoles, 1);
	assert_int_equal(threads, 1);
	assert_int_equal(references, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_step_fails),
		cmocka_unit_test(test_those_of_the_boot_argument),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
