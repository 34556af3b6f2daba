/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serial lines of guests, and attaching a session to one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/session_fake.h"
#include "tests/unit/vtmodel.h"
#include <arch_impl/host.h>
#include <core/vcpu.h>
#include <core/vserial.h>
#include <libs/error.h>

#define LONG_NAME "a name of more than thirty-two characters"

static struct vserial *con;
static unsigned int notified;
static char seen[32768];
static size_t seen_n;
static unsigned int told; /* sink calls without bytes */
static size_t replayed;

void *heap_alloc(size_t size);
void *heap_alloc_array(size_t count, size_t size);
void heap_free(void *p);

void *heap_alloc(size_t size)
{
	return calloc(1, size);
}

void *heap_alloc_array(size_t count, size_t size)
{
	return heap_alloc(count * size);
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

static struct vserial_tap tap = { .sink = sink, .ctx = seen };
static struct vserial_tap second = { .sink = sink, .ctx = seen };

static void put(const char *s)
{
	vserial_write(con, (const uint8_t *)s, strlen(s));
}

static int setup(void **state)
{
	static struct vcpu person; /* the owner of mutexes */

	(void)state;
	host_set_cpu(0);
	this_cpu()->current = &person;
	seen_n = 0;
	seen[0] = '\0';
	told = 0;
	notified = 0;
	list_init(&tap.node);
	list_init(&second.node);
	return vserial_create_numbered(&con, "linux0", "serial", notify,
				       &notified);
}

static int teardown(void **state)
{
	(void)state;
	vserial_destroy(con);
	return 0;
}

/* Taps and the history get the same bytes, whatever a guest writes into its
 * buffer in between; also across the ring's end, and for more than fits. */
static uint8_t shared[2 * VSERIAL_OUT_SIZE + 100];

static void changing_sink(void *ctx, const uint8_t *buf, size_t n)
{
	memset(shared, 'x', sizeof(shared));
	sink(ctx, buf, n);
}

static void test_shared_buffer(void **state)
{
	struct vserial_tap changes = { .sink = changing_sink, .ctx = seen };
	size_t one = VSERIAL_OUT_SIZE - 10;

	(void)state;
	list_init(&changes.node);
	assert_int_equal(vserial_tap(con, &changes), 0);
	assert_int_equal(vserial_tap(con, &second), 0);
	memset(shared, 'a', sizeof(shared));
	vserial_write(con, shared, one);
	assert_int_equal(seen_n, 2 * one);
	assert_null(memchr(seen, 'x', seen_n));
	/* Across the ring's end: in two parts. */
	seen_n = 0;
	memset(shared, 'b', sizeof(shared));
	vserial_write(con, shared, 25);
	assert_int_equal(seen_n, 50);
	assert_null(memchr(seen, 'x', seen_n));
	vserial_detach(con, &changes);
	seen_n = 0;
	memset(shared, 'c', sizeof(shared));
	shared[sizeof(shared) - 1] = 'd';
	vserial_write(con, shared, sizeof(shared));
	assert_int_equal(seen_n, sizeof(shared));
	assert_int_equal(seen[0], 'c');
	assert_int_equal(seen[seen_n - 1], 'd');
	vserial_detach(con, &second);
}

static void test_names(void **state)
{
	struct vserial *other, *c;
	char device[VSERIAL_NAME_MAX];

	(void)state;
	assert_int_equal(vserial_create_numbered(&other, LONG_NAME, "x", NULL,
						 NULL),
			 -ERR_INVAL);
	assert_int_equal(vserial_create_numbered(&other, "linux0", LONG_NAME,
						 NULL, NULL),
			 -ERR_INVAL);
	assert_int_equal(vserial_create_numbered(&other, "linux0", "serial",
						 NULL, NULL),
			 0);
	c = vserial_get("linux0", NULL);
	assert_ptr_equal(c, con);
	vserial_put(c);
	assert_int_equal(
		vserial_create_numbered(&c, "linux0", "serial", NULL, NULL), 0);
	assert_string_equal(vserial_device(c), "serial2");
	vserial_destroy(c);
	assert_int_equal(
		vserial_create_numbered(&c, "linux0", "hvc", NULL, NULL), 0);
	assert_string_equal(vserial_device(c), "hvc0");
	vserial_destroy(c);
	c = vserial_get("linux0", "serial1");
	assert_ptr_equal(c, other);
	assert_string_equal(vserial_device(c), "serial1");
	assert_null(vserial_get("linux0", "serial2"));
	assert_null(vserial_get("linux1", ""));
	assert_true(vserial_nth("linux0", 1, device, sizeof(device)));
	assert_string_equal(device, "serial1");
	assert_false(vserial_nth("linux0", 2, device, sizeof(device)));
	vserial_destroy(other);
	/* It still exists for holders of a reference, but is not found. */
	assert_false(vserial_alive(c));
	assert_null(vserial_get("linux0", "serial1"));
	vserial_put(c);
}

static void test_replay_and_live(void **state)
{
	(void)state;
	put("before\n");
	assert_int_equal(vserial_attach(con, &tap, &replayed), 0);
	assert_string_equal(seen, "before\n");
	put("live");
	assert_string_equal(seen, "before\nlive");
	assert_int_equal(vserial_attach(con, &tap, &replayed), -ERR_BUSY);
	vserial_detach(con, &tap);
	put(" unseen");
	assert_string_equal(seen, "before\nlive");
	seen_n = 0;
	assert_int_equal(vserial_attach(con, &tap, &replayed), 0);
	assert_string_equal(seen, "before\nlive unseen");
	vserial_detach(con, &tap);
}

/* Other taps can listen too, from when they are added, and may be removed
 * first. */
static void test_taps(void **state)
{
	struct vserial_info info;

	(void)state;
	put("before ");
	assert_int_equal(vserial_tap(con, &second), 0);
	assert_int_equal(vserial_attach(con, &tap, &replayed), 0);
	assert_int_equal(replayed, 7);
	put("x");
	assert_string_equal(seen, "before xx");
	vserial_get_info(con, &info);
	assert_true(info.attached);
	assert_int_equal(info.out_bytes, 8);
	vserial_detach(con, &second);
	put("y");
	assert_string_equal(seen, "before xxy");
	vserial_detach(con, &tap);
	vserial_get_info(con, &info);
	assert_false(info.attached);
	seen_n = 0;
	vserial_replay(con, &second);
	assert_string_equal(seen, "before xy");
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
	assert_int_equal(vserial_attach(con, &tap, &replayed), 0);
	assert_true(seen_n <= VSERIAL_OUT_SIZE);
	assert_true(seen_n > VSERIAL_OUT_SIZE - 32);
	assert_memory_equal(seen, "line ", 5);
	assert_non_null(strstr(seen, "line 1999\n"));
	vserial_detach(con, &tap);
}

static void test_input(void **state)
{
	uint8_t buf[VSERIAL_IN_SIZE + 100] = { 0 };

	(void)state;
	assert_int_equal(vserial_attach(con, &tap, &replayed), 0);
	assert_int_equal(vserial_read(con, buf, 1), 0);
	assert_int_equal(vserial_input(con, (const uint8_t *)"hi", 2), 2);
	assert_int_equal(notified, 1);
	assert_int_equal(vserial_read(con, buf, sizeof(buf)), 2);
	assert_memory_equal(buf, "hi", 2);
	assert_int_equal(told, 0);
	/* Too much input: told once when there is room again. */
	assert_int_equal(vserial_input(con, buf, sizeof(buf)), VSERIAL_IN_SIZE);
	assert_int_equal(vserial_input(con, buf, 1), 0);
	assert_int_equal(notified, 2);
	assert_int_equal(vserial_read(con, buf, 1), 1);
	assert_int_equal(told, 1);
	assert_int_equal(vserial_read(con, buf, 1), 1);
	assert_int_equal(told, 1);
	vserial_detach(con, &tap);
}

static void test_destroyed_under_person(void **state)
{
	struct vserial *c;

	(void)state;
	c = vserial_get("linux0", NULL);
	assert_int_equal(vserial_attach(c, &tap, &replayed), 0);
	vserial_destroy(con);
	assert_int_equal(told, 1);
	assert_false(vserial_alive(c));
	assert_int_equal(vserial_input(c, (const uint8_t *)"x", 1), 0);
	assert_int_equal(notified, 0);
	vserial_detach(c, &tap);
	assert_int_equal(vserial_attach(c, &tap, &replayed), -ERR_NOENT);
	vserial_put(c);
	setup(state);
}

/* --- a session ---------------------------------------------------------- */

static struct session s;

static void attach(const char *typed)
{
	fake_session_init(&s);
	keyboard = typed;
	assert_int_equal(session_attach(&s, con, "linux0", false), 0);
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
	assert_int_equal(vserial_read(con, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "root\r", 5);
	/* Input that came with Ctrl-] is not for the prompt, which was not
	 * shown yet: it is the rest of a paste, or an answer to the guest. */
	assert_int_equal(session_read(&s, buf, sizeof(buf)), 0);
	assert_int_equal(discards, 1);
	attach("\035");
}

static void attach_raw(const char *typed)
{
	fake_session_init(&s);
	keyboard = typed;
	assert_int_equal(session_attach(&s, con, "linux0", true), 0);
}

/* Sequences that reprogram the terminal or cause answers do not reach it,
 * neither live nor from the history, which is never raw. */
static const char *live;

static size_t read_after_output(struct session *session, uint8_t *buf, size_t n)
{
	if (live != NULL) {
		put(live);
		live = NULL;
		return 0;
	}
	return fake_read(session, buf, n);
}

static void test_session_filter(void **state)
{
	static struct vtmodel vt;
	struct session_ops ops = fake_session_ops;

	(void)state;
	put("old\033[6n\033]0;rm\007 \2336n\033c\n");
	for (int raw = 0; raw < 2; raw++) {
		fake_session_init(&s);
		ops.read = read_after_output;
		s.ops = &ops;
		live = "new\033[c\033[31m\033[?1049h\033(0\033[?1003h.";
		keyboard = "\035";
		assert_int_equal(session_attach(&s, con, "linux0", raw), 0);
		assert_non_null(strstr(screen, "old ?6n"));
		assert_null(strstr(screen, "\033[6n"));
		assert_null(strstr(screen, "\033]"));
		assert_int_equal(strstr(screen, "new\033[c") != NULL, raw);
		vtmodel_init(&vt);
		vtmodel_feed(&vt, (const uint8_t *)screen, screen_n);
		assert_int_equal(vt.bad != 0, raw);
		assert_true(vtmodel_is_default(&vt));
	}
	attach_raw("\035");
	/* By then all of it is history. */
	assert_null(strstr(screen, "\033[c"));
}

/* A log line is shown after what the guest had written before it, and the row
 * that it interrupts is drawn again. */
static char row_text[HOSTCON_EDIT_MAX + 1];
static bool row_fullscreen;

static void show_row(struct session *session, const struct session_row *row)
{
	memcpy(row_text, row->redraw, row->redraw_n);
	row_text[row->redraw_n] = '\0';
	row_fullscreen = row->fullscreen;
	fake_write(session, row->out, row->out_n);
}

static unsigned int log_step;

static size_t log_between(struct session *session, uint8_t *buf, size_t n)
{
	(void)session;
	(void)buf;
	(void)n;
	switch (log_step++) {
	case 0:
		put("Power do");
		assert_int_equal(fake_divert(fake_divert_ctx, "[1] off\n", 8),
				 HOSTCON_LATER);
		put("wn");
		return 0;
	case 1:
		assert_string_equal(row_text, "Power down");
		/* Nothing waits, so it is shown at once. */
		assert_int_equal(fake_divert(fake_divert_ctx, "[2] x\n", 6),
				 HOSTCON_SHOW);
		put("\r\n\033[1mbold\n50%\r60%\a");
		return 0;
	case 2:
		assert_string_equal(row_text, "\033[1m50%\r60%");
		put("\033[5Aelsewhere");
		return 0;
	case 3:
		assert_string_equal(row_text, "");
		assert_false(row_fullscreen);
		put("\n\033[?1049h~");
		return 0;
	case 4:
		assert_true(row_fullscreen);
		put("last words");
		for (unsigned int i = 0; i < 16; i++) {
			assert_int_equal(fake_divert(fake_divert_ctx, "[3] y\n",
						     6),
					 HOSTCON_LATER);
		}
		assert_int_equal(fake_divert(fake_divert_ctx, "[4] z\n", 6),
				 HOSTCON_FULL);
		vserial_destroy(con);
		return 0;
	default:
		return 0;
	}
}

static void test_session_log(void **state)
{
	struct session_ops ops = fake_session_ops;
	struct vserial *c;

	c = vserial_get("linux0", NULL);
	fake_session_init(&s);
	ops.read = log_between;
	ops.show = show_row;
	s.ops = &ops;
	log_step = 0;
	assert_int_equal(session_attach(&s, c, "linux0", false), 0);
	vserial_put(c);
	assert_non_null(strstr(screen, "Power do[1] off\nwn\r\n"));
	assert_non_null(strstr(screen, "last words[3] y\n[3] y\n"));
	assert_non_null(strstr(screen, "\033[?1049l"));
	assert_non_null(strstr(screen, "[linux0 is gone]"));
	assert_null(fake_divert);
	setup(state);
}

/* A row that is too long to be kept is not drawn again. */
static size_t long_row(struct session *session, uint8_t *buf, size_t n)
{
	char text[HOSTCON_EDIT_MAX + 2];

	if (log_step++ == 0) {
		memset(text, 'x', sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		put(text);
		return 0;
	}
	assert_string_equal(row_text, "");
	return fake_read(session, buf, n);
}

static void test_session_long_row(void **state)
{
	struct session_ops ops = fake_session_ops;

	(void)state;
	fake_session_init(&s);
	ops.read = long_row;
	ops.show = show_row;
	s.ops = &ops;
	keyboard = "\035";
	log_step = 0;
	assert_int_equal(session_attach(&s, con, "linux0", false), 0);
	assert_int_equal(log_step, 2);
}

static void test_session_busy(void **state)
{
	(void)state;
	assert_int_equal(vserial_attach(con, &tap, &replayed), 0);
	fake_session_init(&s);
	assert_int_equal(session_attach(&s, con, "linux0", false), -ERR_BUSY);
	vserial_detach(con, &tap);
}

/* A guest that does not read: no input before Ctrl-] is dropped, and Ctrl-] is
 * seen. */
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
	uint8_t buf[VSERIAL_IN_SIZE];

	(void)state;
	memset(paste, 'p', sizeof(paste) - 1);
	fake_session_init(&s);
	ops.wait = deaf_wait;
	s.ops = &ops;
	keyboard = paste;
	assert_int_equal(session_attach(&s, con, "linux0", false), 0);
	assert_int_equal(waits, 1);
	assert_int_equal(discards, 1);
	assert_int_equal(vserial_read(con, buf, sizeof(buf)), sizeof(buf));
}

/* A guest that reads after a while gets every byte in order. */
static size_t slow_read;

static void slow_check(void)
{
	uint8_t buf[100];
	size_t n = vserial_read(con, buf, sizeof(buf));

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
	assert_int_equal(session_attach(&s, con, "linux0", false), 0);
	for (int i = 0; i < 10; i++) {
		slow_check();
	}
	/* At the end, what does not fit in the device's buffer is left. */
	assert_true(slow_read >= 4999 - 1024);
	assert_int_equal(*keyboard, '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shared_buffer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replay_and_live, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_taps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_history_bound, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_input, setup, teardown),
		cmocka_unit_test_setup_teardown(test_destroyed_under_person,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_session, setup, teardown),
		cmocka_unit_test_setup_teardown(test_session_filter, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_session_log, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_session_long_row, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_session_busy, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_session_deaf_guest, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_session_slow_guest, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
