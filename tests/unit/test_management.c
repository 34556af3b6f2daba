/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Management channels: requests, rights, events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/management/request_priv.h"
#include "core/management/rights_priv.h"
#include "tests/unit/management_fake.h"
#include <arch_impl/host.h>
#include <core/command.h>
#include <core/guest.h>
#include <core/session.h>
#include <core/time.h>
#include <libs/error.h>

/* --- what there is ------------------------------------------------------ */

static struct guest guests[] = {
	{ .name = "linux0" },
	{ .name = "rtos" },
	{ .name = "secret" },
};

struct guest *guest_get_nth(unsigned int n)
{
	return n < ARRAY_SIZE(guests) ? &guests[n] : NULL;
}

/* By name or number. */
struct guest *guest_get(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(guests); i++) {
		if (strcmp(guests[i].name, name) == 0 ||
		    (name[0] == (char)('0' + i) && name[1] == '\0')) {
			return &guests[i];
		}
	}
	return NULL;
}

void guest_put(struct guest *g)
{
	(void)g;
}

static unsigned int runs; /* of commands that do something */

static int list_run(struct session *s, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (unsigned int i = 0; i < ARRAY_SIZE(guests); i++) {
		if (session_may_see(s, guests[i].name)) {
			out(s, "%s\n", guests[i].name);
		}
	}
	return 0;
}

static int named_run(struct session *s, int argc, char **argv)
{
	runs++;
	out(s, "done to %s\n", argc > 1 ? argv[argc - 1] : "nobody");
	return 0;
}

static int long_run(struct session *s, int argc, char **argv)
{
	unsigned int n = 0;

	(void)argc;
	(void)argv;
	while (!session_interrupted(s) && n < 1000) {
		out(s, "line %u \"quoted\"\n", n++);
		stream_interrupt = n == 40;
	}
	return n < 1000 ? -ERR_INTR : 0;
}

static const struct subcommand guest_subs[] = {
	{ "list", "[--json]", "", list_run, NULL },
	{ "info", "GUEST [--json]", "", named_run, NULL },
	{ "reset", "GUEST", "", named_run, NULL },
	{ "destroy", "GUEST", "", named_run, NULL },
	{ .name = NULL },
};
static const struct command guest_command = {
	.name = "guest",
	.run = list_run,
	.sub = guest_subs,
};
COMMAND(guest_command);

static const struct command top_command = { .name = "top", .run = long_run };
COMMAND(top_command);

static const struct command memory_command = { .name = "memory",
					       .run = named_run };
COMMAND(memory_command);

/* --- requests ----------------------------------------------------------- */

static struct management_request req;

static int parse(const char *line)
{
	const char *why;

	return management_parse(line, strlen(line), &req, &why);
}

static void test_requests(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"id\": 7, \"command\": \"guest list\"}"), 0);
	assert_int_equal(req.id, 7);
	assert_string_equal(req.command, "guest list");
	assert_false(req.complete);
	assert_int_equal(parse("{\"complete\":\"gu\",\"id\":0}"), 0);
	assert_true(req.complete);
	assert_int_equal(parse("{\"id\":9007199254740991,\"watch\":true}"), 0);
	assert_int_equal(req.watch, (1U << EVENT_KINDS) - 1);
	assert_int_equal(parse("{\"id\":1,\"watch\":false}"), 0);
	assert_int_equal(req.watch, 0);
	assert_int_equal(parse("{\"id\":1,\"watch\":[\"crash\",\"link\"]}"), 0);
	assert_int_equal(req.watch, 1U << EVENT_CRASH | 1U << EVENT_LINK);
	assert_int_equal(parse("{\"id\":1,\"watch\":[]}"), 0);
}

static void test_bad_requests(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"7",
		"[]",
		"{}",
		"{\"id\":1}",
		"\"id\"",
		"{\"command\":\"a\"}",
		"{\"id\":-1,\"command\":\"a\"}",
		"{\"id\":1.5,\"command\":\"a\"}",
		"{\"id\":0x10,\"command\":\"a\"}",
		"{\"id\":9007199254740992,\"command\":\"a\"}",
		"{\"id\":99999999999999999999999999,\"command\":\"a\"}",
		"{\"id\":\"1\",\"command\":\"a\"}",
		"{\"id\":null,\"command\":\"a\"}",
		"{\"id\":1,\"command\":7}",
		"{\"id\":1,\"command\":[\"a\"]}",
		"{\"id\":1,\"command\":\"a\\u000ab\"}",
		"{\"id\":1,\"command\":\"a\\u0000\"}",
		"{\"id\":1,\"command\":\"\xff\"}",
		"{\"id\":1,\"command\":\"a\",\"command\":\"b\"}",
		"{\"id\":1,\"command\":\"a\",\"watch\":true}",
		"{\"id\":1,\"command\":\"a\"} {\"id\":2,\"command\":\"b\"}",
		"{\"id\":1,\"command\":\"a\",\"more\":1}",
		"{\"id\":1,\"command\"}",
		"{\"id\":1,\"command\":\"a\"",
		"{\"id\":1,\"watch\":1}",
		"{\"id\":1,\"watch\":\"crash\"}",
		"{\"id\":1,\"watch\":[\"crashes\"]}",
		"{\"id\":1,\"watch\":[1]}",
		"{\"id\":1,\"watch\":[[\"crash\"]]}",
		"{\"id\":1,\"watch\":{\"a\":1}}",
		"{\"id\":1,\"command\":{\"id\":1}}",
		"{\"id\":{\"id\":1},\"command\":\"a\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why = NULL;

		assert_int_equal(management_parse(bad[i], strlen(bad[i]), &req,
						  &why),
				 -ERR_FORMAT);
		assert_non_null(why);
	}
}

/* --- an operator's channel ---------------------------------------------- */

static void expect(const char *sent, const char *want)
{
	assert_int_equal(serve(sent, strlen(sent), NULL), 0);
	assert_string_equal(stream_out, want);
}

static void test_replies(void **state)
{
	(void)state;
	expect("{\"id\": 1, \"command\": \"guest list\"}\r\n\n",
	       "{\"id\": 1, \"output\": \"linux0\\u000artos\\u000asecret\\u000a\"}\n"
	       "{\"id\": 1, \"end\": \"ok\"}\n");
	expect("{\"id\": 2, \"command\": \"guest lost\"}\n",
	       "{\"id\": 2, \"error\": \"guest has no subcommand 'lost'; did "
	       "you mean 'guest list'?\"}\n{\"id\": 2, \"end\": \"failed\"}\n");
	expect("{\"id\": 3, \"complete\": \"guest r\"}\n",
	       "{\"id\": 3, \"start\": 6, \"candidate\": \"reset \"}\n"
	       "{\"id\": 3, \"end\": \"ok\"}\n");
	expect("nonsense\n{\"id\": 4}\n",
	       "{\"error\": \"a request is one line with a JSON object\"}\n"
	       "{\"id\": 4, \"error\": \"a request has an \\\"id\\\", and a "
	       "\\\"command\\\", a \\\"complete\\\" or a \\\"watch\\\"\"}\n"
	       "{\"id\": 4, \"end\": \"failed\"}\n");
}

/* A line that is too long is dropped whole, and the next one is read. */
static void test_long_line(void **state)
{
	static char sent[REQUEST_LINE_MAX + 200];

	(void)state;
	memset(sent, 'x', REQUEST_LINE_MAX + 1);
	strcpy(sent + REQUEST_LINE_MAX + 1, "\n{\"id\": 1, \"watch\": []}\n");
	expect(sent, "{\"error\": \"a request has 4096 bytes at most\"}\n"
		     "{\"id\": 1, \"end\": \"ok\"}\n");
	/* As long as it may be, and one byte of interrupt that forgets it. */
	memset(sent, ' ', REQUEST_LINE_MAX);
	sent[REQUEST_LINE_MAX] = 3;
	expect(sent, "{\"id\": 1, \"end\": \"ok\"}\n");
}

/* Long output comes in pieces, each a line; Ctrl-C ends it. */
static void test_pieces(void **state)
{
	const char *sent = "{\"id\": 5, \"command\": \"top\"}\n";
	unsigned int lines = 0;
	char *at = stream_out;

	(void)state;
	assert_int_equal(serve(sent, strlen(sent), NULL), 0);
	for (; (at = strchr(at, '\n')) != NULL; at++) {
		lines++;
	}
	assert_true(lines >= 3 && lines <= 5);
	assert_non_null(strstr(stream_out, "line 39 \\\"quoted\\\""));
	assert_null(strstr(stream_out, "line 40 "));
	assert_non_null(strstr(stream_out, "\"error\": \"top: interrupted\"}"));
	assert_non_null(strstr(stream_out, "{\"id\": 5, \"end\": \"failed\"}"));
}

/* --- a guest's channel -------------------------------------------------- */

static struct management_rights rights;

static void test_none_by_default(void **state)
{
	static const char sent[] =
		"{\"id\": 1, \"command\": \"guest list\"}\n"
		"{\"id\": 2, \"command\": \"guest info linux0\"}\n"
		"{\"id\": 3, \"command\": \"guest info nobody\"}\n"
		"{\"id\": 4, \"command\": \"guest reset 0\"}\n"
		"{\"id\": 5, \"command\": \"memory\"}\n"
		"{\"id\": 6, \"command\": \"top\"}\n"
		"{\"id\": 7, \"complete\": \"guest info \"}\n";

	(void)state;
	rights = (struct management_rights){ .guest = "linux0" };
	runs = 0;
	assert_int_equal(serve(sent, strlen(sent), &rights), 0);
	assert_int_equal(runs, 0);
	assert_string_equal(stream_out, "{\"id\": 1, \"end\": \"ok\"}\n"
					"{\"id\": 2, \"end\": \"denied\"}\n"
					"{\"id\": 3, \"end\": \"denied\"}\n"
					"{\"id\": 4, \"end\": \"denied\"}\n"
					"{\"id\": 5, \"end\": \"denied\"}\n"
					"{\"id\": 6, \"end\": \"denied\"}\n"
					"{\"id\": 7, \"end\": \"denied\"}\n");
}

static bool may(const char *line)
{
	char sent[128];

	(void)snprintf(sent, sizeof(sent), "{\"id\": 1, \"command\": \"%s\"}\n",
		       line);
	assert_int_equal(serve(sent, strlen(sent), &rights), 0);
	return strstr(stream_out, "\"denied\"") == NULL;
}

static void test_named_guests(void **state)
{
	static const char observe[] = "linux0", operate[] = "none\0rtos";

	(void)state;
	rights = (struct management_rights){
		.guest = "linux0",
		.observe = observe,
		.observe_size = sizeof(observe),
		.operate = operate,
		.operate_size = sizeof(operate),
	};
	assert_true(may("guest list"));
	assert_string_equal(
		stream_out,
		"{\"id\": 1, \"output\": \"linux0\\u000artos\\u000a\"}\n"
		"{\"id\": 1, \"end\": \"ok\"}\n");
	assert_true(may("guest info linux0"));
	assert_true(may("guest info --json linux0"));
	assert_true(may("guest info 0"));
	assert_true(may("guest info rtos"));
	assert_true(may("guest reset rtos"));
	assert_true(may("guest reset 1"));
	assert_false(may("guest reset linux0"));
	assert_false(may("guest info secret"));
	assert_false(may("guest info 2"));
	assert_false(may("guest info --json secret"));
	assert_false(may("guest destroy rtos"));
	assert_false(may("guest info"));
	assert_false(may("top"));
	assert_true(may("no-such-command"));
}

static void test_all_guests(void **state)
{
	static const char all[] = "*";

	(void)state;
	rights = (struct management_rights){
		.guest = "linux0",
		.observe = all,
		.observe_size = sizeof(all),
	};
	assert_true(may("top"));
	assert_true(may("guest info secret"));
	assert_false(may("guest reset secret"));
	assert_false(may("memory"));
}

/* --- events ------------------------------------------------------------- */

static void posts(void)
{
	event_post(EVENT_GUEST, "rtos", "running");
	event_post(EVENT_CRASH, "secret", "VCPU %u: \"gone\"", 1U);
	event_post(EVENT_LINK, NULL, "eth0: down");
}

static void after_posts(const char *watch, const struct management_rights *r)
{
	char sent[128];

	(void)snprintf(sent, sizeof(sent), "{\"id\": 1, \"watch\": %s}\n",
		       watch);
	stream_idle = posts;
	assert_int_equal(serve(sent, strlen(sent), r), 0);
}

static void test_events(void **state)
{
	(void)state;
	after_posts("true", NULL);
	assert_non_null(strstr(stream_out, "{\"event\": \"guest\""));
	assert_non_null(strstr(stream_out,
			       "\"guest\": \"rtos\", \"left_out\": 0, "
			       "\"text\": \"running\"}"));
	assert_non_null(strstr(stream_out, "VCPU 1: \\\"gone\\\""));
	assert_non_null(strstr(stream_out, "\"guest\": null"));
	after_posts("[\"link\"]", NULL);
	assert_null(strstr(stream_out, "rtos"));
	assert_non_null(strstr(stream_out, "eth0: down"));
	after_posts("false", NULL);
	assert_string_equal(stream_out, "{\"id\": 1, \"end\": \"ok\"}\n");
}

/* A guest is told of those that it may observe, and of no others. */
static void test_events_by_rights(void **state)
{
	static const char observe[] = "rtos";

	(void)state;
	rights = (struct management_rights){
		.guest = "linux0",
		.observe = observe,
		.observe_size = sizeof(observe),
	};
	after_posts("true", &rights);
	assert_non_null(strstr(stream_out, "rtos"));
	assert_null(strstr(stream_out, "secret"));
	assert_null(strstr(stream_out, "eth0"));
}

static unsigned int woken;

static void wake(struct event_listener *l)
{
	(void)l;
	woken++;
}

static struct event_listener listener = {
	.kinds = 1U << EVENT_CRASH | 1U << EVENT_GUEST,
	.wake = wake,
};

/* What nobody listens for is not kept, and wakes nobody. */
static void test_events_unwatched(void **state)
{
	uint64_t pos = event_end();

	(void)state;
	event_post(EVENT_CRASH, "a", "nobody listens");
	assert_int_equal(event_end(), pos);
	event_listen(&listener);
	event_post(EVENT_LINK, NULL, "nobody listens for links");
	assert_int_equal(event_end(), pos);
	woken = 0;
	event_post(EVENT_CRASH, "a", "kept");
	assert_int_equal(event_end(), pos + 1);
	host_advance(1);
	host_deliver();
	assert_int_equal(woken, 1);
	event_unlisten(&listener);
	event_post(EVENT_CRASH, "a", "nobody listens again");
	assert_int_equal(event_end(), pos + 1);
}

/* One guest's events are limited, and take nothing from another's. */
static void test_events_limited(void **state)
{
	uint64_t pos = event_end(), lost;
	unsigned int storms = 0, others = 0;
	struct event e;

	(void)state;
	event_listen(&listener);
	for (unsigned int i = 0; i < 1000; i++) {
		event_post(EVENT_CRASH, "storm", "%u", i);
	}
	event_post(EVENT_CRASH, "other", "one");
	while (event_next(&pos, &e, &lost)) {
		assert_int_equal(lost, 0);
		storms += strcmp(e.guest, "storm") == 0;
		others += strcmp(e.guest, "other") == 0;
	}
	assert_int_equal(storms, 10);
	assert_int_equal(others, 1);
	/* Later the next one says how many there were. */
	host_advance(2 * HOST_TIMER_HZ);
	event_post(EVENT_CRASH, "storm", "again");
	assert_true(event_next(&pos, &e, &lost));
	assert_int_equal(e.left_out, 990);
	event_unlisten(&listener);
}

/* A reader that is too slow is told what it has missed. */
static void test_events_lost(void **state)
{
	uint64_t pos = event_end(), lost;
	struct event e;

	(void)state;
	event_listen(&listener);
	for (unsigned int i = 0; i < 300; i++) {
		host_advance(2 * HOST_TIMER_HZ);
		event_post(EVENT_GUEST, "a", "%u", i);
	}
	assert_true(event_next(&pos, &e, &lost));
	assert_int_equal(lost, 172);
	assert_string_equal(e.text, "172");
	assert_true(event_next(&pos, &e, &lost));
	assert_int_equal(lost, 0);
	event_unlisten(&listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_none_by_default),
		cmocka_unit_test(test_named_guests),
		cmocka_unit_test(test_all_guests),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_events_by_rights),
		cmocka_unit_test(test_events_unwatched),
		cmocka_unit_test(test_events_limited),
		cmocka_unit_test(test_events_lost),
	};

	host_set_cpu(0);
	host_set_time(1);
	return timer_cpu_init() != 0 ||
	       cmocka_run_group_tests(tests, NULL, NULL);
}
