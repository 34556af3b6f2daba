/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Consoles behind guests' ports, and attaching a session to one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/session_fake.h"
#include <arch_impl/host.h>
#include <core/console.h>
#include <core/vcpu.h>
#include <libs/error.h>

static struct console *con;
static unsigned int notified;
static char seen[32768];
static size_t seen_n;
static unsigned int told; /* sink calls without bytes */

void *heap_alloc(size_t size);
void heap_free(void *p);

void *heap_alloc(size_t size)
{
	return calloc(1, size);
}

void heap_free(void *p)
{
	free(p);
}

static void notify(void *ctx)
{
	assert_ptr_equal(ctx, &notified);
	notified++;
}

static void sink(void *ctx, const uint8_t *buf, size_t n)
{
	assert_ptr_equal(ctx, seen);
	told += n == 0;
	if (n > 0) {
		memcpy(seen + seen_n, buf, n);
		seen_n += n;
	}
	seen[seen_n] = '\0';
}

static void put(const char *s)
{
	console_write(con, (const uint8_t *)s, strlen(s));
}

static int setup(void **state)
{
	static struct vcpu person; /* who holds mutexes */

	(void)state;
	host_set_cpu(0);
	this_cpu()->current = &person;
	seen_n = 0;
	seen[0] = '\0';
	told = 0;
	notified = 0;
	return console_create(&con, "linux0", "serial0", notify, &notified);
}

static int teardown(void **state)
{
	(void)state;
	console_destroy(con);
	return 0;
}

static void test_names(void **state)
{
	struct console *other, *c;
	char device[CONSOLE_NAME_MAX];

	(void)state;
	assert_int_equal(console_create(&other, "linux0", "serial0", NULL,
					NULL),
			 -ERR_EXIST);
	assert_int_equal(console_create(&other, "linux0", "", NULL, NULL),
			 -ERR_INVAL);
	assert_int_equal(console_create(&other,
					"a name of more than thirty-two "
					"characters",
					"x", NULL, NULL),
			 -ERR_INVAL);
	assert_int_equal(
		console_create(&other, "linux0", "serial1", NULL, NULL), 0);
	c = console_get("linux0", NULL);
	assert_ptr_equal(c, con);
	console_put(c);
	c = console_get("linux0", "serial1");
	assert_ptr_equal(c, other);
	assert_string_equal(console_device(c), "serial1");
	assert_null(console_get("linux0", "serial2"));
	assert_null(console_get("linux1", ""));
	assert_true(console_nth("linux0", 1, device, sizeof(device)));
	assert_string_equal(device, "serial1");
	assert_false(console_nth("linux0", 2, device, sizeof(device)));
	console_destroy(other);
	/* Still there for who holds it, but not for others. */
	assert_false(console_alive(c));
	assert_null(console_get("linux0", "serial1"));
	console_put(c);
}

static void test_replay_and_live(void **state)
{
	(void)state;
	put("before\n");
	assert_int_equal(console_attach(con, sink, seen), 0);
	assert_string_equal(seen, "before\n");
	put("live");
	assert_string_equal(seen, "before\nlive");
	assert_int_equal(console_attach(con, sink, seen), -ERR_BUSY);
	console_detach(con);
	put(" unseen");
	assert_string_equal(seen, "before\nlive");
	seen_n = 0;
	assert_int_equal(console_attach(con, sink, seen), 0);
	assert_string_equal(seen, "before\nlive unseen");
	console_detach(con);
}

/* History is bounded, and begins with the start of a line. */
static void test_history_bound(void **state)
{
	char line[32];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		put(line);
	}
	assert_int_equal(console_attach(con, sink, seen), 0);
	assert_true(seen_n <= CONSOLE_OUT_SIZE);
	assert_true(seen_n > CONSOLE_OUT_SIZE - 32);
	assert_memory_equal(seen, "line ", 5);
	assert_non_null(strstr(seen, "line 1999\n"));
	console_detach(con);
}

static void test_input(void **state)
{
	uint8_t buf[CONSOLE_IN_SIZE + 100] = { 0 };

	(void)state;
	assert_int_equal(console_attach(con, sink, seen), 0);
	assert_false(console_input_pending(con));
	assert_int_equal(console_input(con, (const uint8_t *)"hi", 2), 2);
	assert_int_equal(notified, 1);
	assert_true(console_input_pending(con));
	assert_int_equal(console_read(con, buf, sizeof(buf)), 2);
	assert_memory_equal(buf, "hi", 2);
	assert_int_equal(told, 0);
	/* Too much: told when there is room again, once. */
	assert_int_equal(console_input(con, buf, sizeof(buf)), CONSOLE_IN_SIZE);
	assert_int_equal(console_input(con, buf, 1), 0);
	assert_int_equal(notified, 2);
	assert_int_equal(console_read(con, buf, 1), 1);
	assert_int_equal(told, 1);
	assert_int_equal(console_read(con, buf, 1), 1);
	assert_int_equal(told, 1);
	console_detach(con);
}

static void test_destroyed_under_person(void **state)
{
	struct console *c;

	(void)state;
	c = console_get("linux0", NULL);
	assert_int_equal(console_attach(c, sink, seen), 0);
	console_destroy(con);
	assert_int_equal(told, 1);
	assert_false(console_alive(c));
	assert_int_equal(console_input(c, (const uint8_t *)"x", 1), 0);
	assert_int_equal(notified, 0);
	console_detach(c);
	assert_int_equal(console_attach(c, sink, seen), -ERR_NOENT);
	console_put(c);
	setup(state);
}

/* --- a session ---------------------------------------------------------- */

static struct session s;

static void attach(const char *typed)
{
	fake_session_init(&s);
	keyboard = typed;
	assert_int_equal(session_attach(&s, con, "linux0"), 0);
}

static void test_session(void **state)
{
	uint8_t buf[16];

	(void)state;
	put("login: ");
	attach("root\r\035typed later");
	assert_non_null(strstr(screen, "Ctrl-]"));
	assert_non_null(strstr(screen, "login: "));
	assert_non_null(strstr(screen, "left the console of linux0"));
	assert_int_equal(console_read(con, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "root\r", 5);
	/* What follows Ctrl-] is the terminal's. */
	assert_int_equal(session_read(&s, buf, sizeof(buf)), 11);
	assert_memory_equal(buf, "typed later", 11);
	attach("\035");
}

static void test_session_busy(void **state)
{
	(void)state;
	assert_int_equal(console_attach(con, sink, seen), 0);
	fake_session_init(&s);
	assert_int_equal(session_attach(&s, con, "linux0"), -ERR_BUSY);
	console_detach(con);
}

/* A guest that reads nothing: nothing typed is dropped before Ctrl-], which
 * is seen all the same. */
static unsigned int waits;

static void deaf_wait(struct session *session)
{
	(void)session;
	waits++;
	key_detach = true;
}

static void test_session_deaf_guest(void **state)
{
	static char paste[4000];
	struct session_ops ops = fake_session_ops;
	uint8_t buf[CONSOLE_IN_SIZE];

	(void)state;
	memset(paste, 'p', sizeof(paste) - 1);
	fake_session_init(&s);
	ops.wait = deaf_wait;
	s.ops = &ops;
	keyboard = paste;
	assert_int_equal(session_attach(&s, con, "linux0"), 0);
	assert_int_equal(waits, 1);
	assert_int_equal(discards, 1);
	assert_int_equal(console_read(con, buf, sizeof(buf)), sizeof(buf));
}

/* A guest that reads after a while gets every byte in order. */
static size_t slow_read;

static void slow_check(void)
{
	uint8_t buf[100];
	size_t n = console_read(con, buf, sizeof(buf));

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(buf[i], 'a' + (slow_read + i) % 26);
	}
	slow_read += n;
}

static void slow_wait(struct session *session)
{
	(void)session;
	slow_check();
}

static void test_session_slow_guest(void **state)
{
	static char paste[5001];
	struct session_ops ops = fake_session_ops;

	(void)state;
	for (size_t i = 0; i < 5000; i++) {
		paste[i] = (char)('a' + i % 26);
	}
	paste[4999] = 0x1d;
	fake_session_init(&s);
	ops.wait = slow_wait;
	s.ops = &ops;
	keyboard = paste;
	slow_read = 0;
	assert_int_equal(session_attach(&s, con, "linux0"), 0);
	for (int i = 0; i < 10; i++) {
		slow_check();
	}
	/* At the end as much is left as the device's buffer does not hold. */
	assert_true(slow_read >= 4999 - 1024);
	assert_int_equal(*keyboard, '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay_and_live, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_history_bound, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_input, setup, teardown),
		cmocka_unit_test_setup_teardown(test_destroyed_under_person,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_session, setup, teardown),
		cmocka_unit_test_setup_teardown(test_session_busy, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_session_deaf_guest, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_session_slow_guest, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
