/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command top with guests whose counts the test controls: what it draws,
 * its keys, and its listings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/session_fake.h"
#include <core/guest.h>
#include <core/netswitch.h>
#include <core/page.h>
#include <core/sched.h>
#include <core/vdisk.h>
#include <libs/error.h>

/* There is no scheduler here, and time is the test's: a tick is 1 ns. */
#define time_now test_now
#define time_now_ns test_now
#define ticks_to_ns(t) (t)
#define ms_to_ticks(ms) ((ms)*UINT64_C(1000000))
#define sleep_ms test_sleep_ms
#define session_read_until test_read_until
#define guest_get_nth test_guest_get_nth
#define guest_put test_guest_put
#define guest_state_name test_guest_state_name
#define sched_for_each test_sched_for_each
#define sched_times test_sched_times
#define vcpu_state_name test_vcpu_state_name
#define arch_vcpu_exits test_vcpu_exits
#define vdisk_get_nth test_vdisk_get_nth
#define vdisk_get_info test_vdisk_get_info
#define vdisk_put test_vdisk_put
#define netport_get_nth test_netport_get_nth
#define netport_get_info test_netport_get_info
#define netport_put test_netport_put
#define page_get_stats test_page_get_stats

ticks_t test_now(void);
void test_sleep_ms(uint64_t ms);
size_t test_read_until(struct session *s, uint8_t *buf, size_t n,
		       ticks_t deadline);
struct guest *test_guest_get_nth(unsigned int n);
void test_guest_put(struct guest *g);
const char *test_guest_state_name(enum guest_state state);
void test_sched_for_each(void (*fn)(struct vcpu *v, void *arg), void *arg);
void test_sched_times(struct vcpu *v, struct vcpu_times *out);
const char *test_vcpu_state_name(const struct vcpu *v);
void test_vcpu_exits(const struct vcpu *v, uint64_t *counts);
struct vdisk *test_vdisk_get_nth(unsigned int n);
void test_vdisk_get_info(struct vdisk *vd, struct vdisk_info *out);
void test_vdisk_put(struct vdisk *vd);
struct netport *test_netport_get_nth(unsigned int n);
void test_netport_get_info(struct netport *p, struct netport_info *out);
void test_netport_put(struct netport *p);
void test_page_get_stats(struct page_stats *st);

#include "commands/top.c"
#include "commands/top_sample.c"
#include "commands/top_view.c"

/* --- what there is ------------------------------------------------------ */

#define GUESTS 40

static struct session s;
static struct guest guests[GUESTS];
static struct vcpu vcpus[GUESTS];
static char names[GUESTS][8];
static unsigned int nguests, refs, gone;
static ticks_t now;
static unsigned int samples;
/* Guest n uses n permille of a CPU, and makes n exits a second. */
static unsigned int scale;

ticks_t test_now(void)
{
	return now;
}

void test_sleep_ms(uint64_t ms)
{
	now += ms_to_ticks(ms);
}

/* One key at a time; then time passes without input. */
size_t test_read_until(struct session *session, uint8_t *buf, size_t n,
		       ticks_t deadline)
{
	assert_ptr_equal(session, &s);
	assert_true(n > 0);
	if (*keyboard == '\0' || *keyboard == ' ') {
		keyboard += *keyboard == ' ';
		now = deadline;
		samples++;
		/* A test must not wait for ever. */
		key_interrupt |= samples > 20;
		return 0;
	}
	now += 1000;
	buf[0] = (uint8_t)*keyboard++;
	return 1;
}

struct guest *test_guest_get_nth(unsigned int n)
{
	n += gone;
	refs += n < nguests;
	return n < nguests ? &guests[n] : NULL;
}

void test_guest_put(struct guest *g)
{
	assert_non_null(g);
	refs--;
}

const char *test_guest_state_name(enum guest_state state)
{
	return state == GUEST_RUNNING ? "running" : "stopped";
}

void test_sched_for_each(void (*fn)(struct vcpu *v, void *arg), void *arg)
{
	for (unsigned int i = gone; i < nguests; i++) {
		fn(&vcpus[i], arg);
	}
}

void test_sched_times(struct vcpu *v, struct vcpu_times *out)
{
	*out = (struct vcpu_times){ .running = now / 1000 * v->index * scale };
}

const char *test_vcpu_state_name(const struct vcpu *v)
{
	(void)v;
	return "blocked";
}

void test_vcpu_exits(const struct vcpu *v, uint64_t *counts)
{
	memset(counts, 0, VCPU_EXITS * sizeof(counts[0]));
	counts[VCPU_EXIT_IRQ] = now / 1000000 * v->index * scale / 1000;
	counts[VCPU_EXIT_MMIO] = 3 * counts[VCPU_EXIT_IRQ];
}

/* Guest 1 reads 8 sectors in each ms; guest 2 sends one packet. */
struct vdisk *test_vdisk_get_nth(unsigned int n)
{
	return n < 2 ? (struct vdisk *)&names[n] : NULL;
}

void test_vdisk_get_info(struct vdisk *vd, struct vdisk_info *out)
{
	bool used = (void *)vd == (void *)&names[0];

	memset(out, 0, sizeof(*out));
	(void)snprintf(out->client, sizeof(out->client), "%s",
		       used ? "disk0 of g1" : "");
	out->stats.requests[BLOCK_READ] = now / 1000000;
	out->stats.sectors[BLOCK_READ] = now / 1000000 * 8;
}

void test_vdisk_put(struct vdisk *vd)
{
	(void)vd;
}

struct netport *test_netport_get_nth(unsigned int n)
{
	return n < 2 ? (struct netport *)&names[n] : NULL;
}

void test_netport_get_info(struct netport *p, struct netport_info *out)
{
	memset(out, 0, sizeof(*out));
	out->uplink = (void *)p == (void *)&names[1];
	(void)snprintf(out->name, sizeof(out->name), "g2.net0");
	out->counts[NETPORT_IN].packets = now / 1000000;
	out->counts[NETPORT_IN].bytes = now / 1000000 * 1514;
}

void test_netport_put(struct netport *p)
{
	(void)p;
}

void test_page_get_stats(struct page_stats *st)
{
	*st = (struct page_stats){ .total = 1 << 18, .free = 1 << 17 };
}

static int setup(void **state)
{
	(void)state;
	fake_session_init(&s);
	s.typed = true;
	nguests = 4;
	gone = 0;
	refs = 0;
	samples = 0;
	scale = 1;
	now = 5000000000;
	for (unsigned int i = 0; i < GUESTS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "g%u", i);
		guests[i].name = names[i];
		guests[i].id = i;
		guests[i].state = i % 2 ? GUEST_RUNNING : GUEST_STOPPED;
		vcpus[i] = (struct vcpu){ .guest = &guests[i],
					  .group = &guests[i].group,
					  .id = 100 + i,
					  .index = i };
		(void)snprintf(vcpus[i].name, sizeof(vcpus[i].name), "g%u/0",
			       i);
	}
	return 0;
}

/* --- a terminal of 80 x 24 ------------------------------------------------ */

static char cells[TOP_LINES][TOP_COLUMNS + 1];
static unsigned int most_columns;

/* What the last frame in `screen` has drawn, without its attributes. */
static void show(void)
{
	char *at = screen, *frame = NULL;
	unsigned int y = 0, x = 0;

	memset(cells, 0, sizeof(cells));
	while ((at = strstr(at, HOME)) != NULL) {
		if (strncmp(at, HOME CLEAR_BELOW, 6) != 0) {
			frame = at;
		}
		at++;
	}
	assert_non_null(frame);
	for (at = frame; *at != '\0' && strncmp(at, CLEAR_BELOW, 3) != 0;
	     at++) {
		if (*at == '\033') {
			at += strcspn(at, "HKm");
		} else if (*at == '\r') {
			x = 0;
		} else if (*at == '\n') {
			y++;
		} else {
			assert_true(y < TOP_LINES && x < TOP_COLUMNS);
			cells[y][x++] = *at;
			most_columns = MAX(most_columns, x);
		}
	}
	assert_int_equal(y, TOP_LINES - 1);
}

/* The name in row n of the table. */
static const char *row_name(unsigned int n)
{
	static char name[16];

	(void)snprintf(name, sizeof(name), "%s", cells[TOP_HEAD + n]);
	name[strcspn(name, " ")] = '\0';
	return name;
}

static void run_live(const char *keys)
{
	screen_clear();
	keyboard = keys;
	assert_int_equal(command_run_line(&s, "top"), 0);
	assert_int_equal(refs, 0);
	show();
}

/* --- tests -------------------------------------------------------------- */

static void test_short_numbers(void **state)
{
	char buf[8];

	(void)state;
	assert_string_equal(short_number(buf, 0), "0");
	assert_string_equal(short_number(buf, 99999), "99999");
	assert_string_equal(short_number(buf, 100000), "100k");
	assert_string_equal(short_number(buf, 9999999), "9999k");
	assert_string_equal(short_number(buf, 10000000), "10M");
	assert_string_equal(short_number(buf, UINT64_MAX), "18E");
}

static void test_screen(void **state)
{
	(void)state;
	scale = 100;
	run_live(" q");
	assert_non_null(strstr(cells[0], "memory 1024 MiB, 512 MiB free"));
	assert_non_null(strstr(cells[1], "4 guests, 4 VCPUs; 2 running; 2 st"));
	/* 0.1 + 0.2 + 0.3 exits in each ms, and three times that. */
	assert_non_null(strstr(cells[2], "mmio 1800 "));
	assert_non_null(strstr(cells[2], "irq 600 "));
	assert_non_null(strstr(cells[4], "GUEST"));
	assert_string_equal(row_name(0), "g3");
	assert_non_null(strstr(cells[5], "30.0  1200 "));
	assert_string_equal(row_name(3), "g0");
	/* Disk: 1000 requests, 4096000 bytes; network: 1000, 1514000. */
	assert_string_equal(row_name(2), "g1");
	assert_non_null(strstr(cells[7], " 1000 4096k     0     0"));
	assert_string_equal(row_name(1), "g2");
	assert_non_null(strstr(cells[6], "     0     0  1000 1514k"));
	assert_true(most_columns <= TOP_COLUMNS);
	/* The screen is restored, and log lines are shown again. */
	assert_non_null(strstr(screen, TOP_END));
	assert_string_equal(strstr(screen, TOP_END), TOP_END);
}

static void test_keys(void **state)
{
	(void)state;
	run_live(" dq");
	assert_string_equal(row_name(0), "g1");
	run_live(" nq");
	assert_string_equal(row_name(0), "g2");
	scale = 100;
	run_live(" dneq");
	assert_string_equal(row_name(0), "g3");
	run_live(" ndcq");
	assert_string_equal(row_name(0), "g3");
	run_live(" vq");
	assert_string_equal(row_name(0), "g3/0");
	assert_non_null(strstr(cells[5], "blocked"));
	run_live(" vvq");
	assert_string_equal(row_name(0), "g3");
	/* Other keys do nothing; each key to leave ends it at once. */
	run_live(" xyzQ");
	assert_string_equal(row_name(0), "g3");
	run_live("\003 ");
	assert_string_equal(keyboard, " ");
	samples = 0;
	key_interrupt = true;
	run_live("");
	assert_int_equal(samples, 1);
}

static void test_more_guests_than_lines(void **state)
{
	(void)state;
	nguests = GUESTS;
	run_live(" q");
	assert_string_equal(row_name(0), "g39");
	assert_string_equal(row_name(TOP_ROWS - 1), "g23");
	assert_non_null(strstr(cells[TOP_LINES - 2], "1 to 17 of 40, by CPU"));
	run_live(" jjkq");
	assert_string_equal(row_name(0), "g38");
	run_live(" kq");
	assert_string_equal(row_name(0), "g39");
	run_live(" jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjq");
	assert_string_equal(row_name(TOP_ROWS - 1), "g0");
}

static ticks_t at_first;

/* A new guest has no rates yet; a destroyed one has no row. */
static void test_guests_come_and_go(void **state)
{
	struct top_sample before, after;

	(void)state;
	scale = 100;
	assert_int_equal(top_take(&before), 0);
	at_first = now;
	now += ms_to_ticks(1000);
	nguests = 6;
	gone = 2;
	assert_int_equal(top_take(&after), 0);
	top_rates(&after, &before);
	assert_int_equal(after.guests.count, 4);
	assert_string_equal(after.guests.items[0].name, "g2");
	assert_int_equal(after.guests.items[0].permille, 200);
	assert_int_equal(after.guests.items[0].rate[TOP_EXITS], 800);
	assert_string_equal(after.guests.items[3].name, "g5");
	assert_int_equal(after.guests.items[3].permille, 0);
	assert_int_equal(after.guests.items[3].rate[TOP_EXITS], 0);
	/* A count that began again at 0. */
	now = at_first;
	before.at = now - 1000;
	top_rates(&before, &after);
	assert_int_equal(before.guests.items[2].rate[TOP_EXITS], 0);
	assert_int_equal(refs, 0);
	top_free(&before);
	top_free(&after);
}

static void test_once(void **state)
{
	(void)state;
	scale = 100;
	assert_int_equal(command_run_line(&s, "top --once"), 0);
	assert_null(strchr(screen, '\033'));
	assert_non_null(strstr(screen, "\ng3    running"));
	screen_clear();
	assert_int_equal(command_run_line(&s, "top --json --once"), 0);
	assert_int_equal(strncmp(screen, "{\"host\": {", 10), 0);
	assert_non_null(strstr(screen, "\"guests\": ["));
	assert_non_null(strstr(screen, "\"vcpus\": ["));
	assert_non_null(strstr(screen,
			       "\"name\": \"g3\", \"state\": \"running\", "
			       "\"cpu_percent\": 30.0, "
			       "\"thr_percent\": 0.0, "
			       "\"exits\": 1200, "));
	/* A script has no screen. */
	s.typed = false;
	screen_clear();
	assert_int_equal(command_run_line(&s, "top"), 0);
	assert_null(strchr(screen, '\033'));
	/* Ctrl-C ends the measuring. */
	s.typed = true;
	key_interrupt = true;
	screen_clear();
	assert_int_equal(command_run_line(&s, "top --once"), -ERR_INTR);
	assert_null(strstr(screen, "g3"));
	assert_int_equal(command_run_line(&s, "top 5"), -ERR_INVAL);
	assert_int_equal(refs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_short_numbers, setup),
		cmocka_unit_test_setup(test_screen, setup),
		cmocka_unit_test_setup(test_keys, setup),
		cmocka_unit_test_setup(test_more_guests_than_lines, setup),
		cmocka_unit_test_setup(test_guests_come_and_go, setup),
		cmocka_unit_test_setup(test_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
