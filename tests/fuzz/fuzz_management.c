/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what a manager sends, with and without rights: each line of the
 * answer is one line, and what is denied is not run. The first byte chooses how
 * many bytes come at a time, and the rights.
 */
#include <stdlib.h>

#include "tests/unit/management_fake.h"
#include <arch_impl/host.h>
#include <core/command.h>
#include <core/event.h>
#include <core/guest.h>
#include <core/session.h>
#include <core/time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct guest guest = { .name = "a" };
static bool allowed;

struct guest *guest_get_nth(unsigned int n)
{
	return n == 0 ? &guest : NULL;
}

struct guest *guest_get(const char *name)
{
	return strcmp(name, "a") == 0 ? &guest : NULL;
}

void guest_put(struct guest *g)
{
	(void)g;
}

static void check(bool holds)
{
	if (!holds) {
		abort();
	}
}

static int print_run(struct session *s, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		out(s, "%s\n", argv[i]);
	}
	event_post(EVENT_GUEST, argc > 1 ? argv[1] : NULL, "printed");
	return 0;
}

/* Of the operator alone. */
static int secret_run(struct session *s, int argc, char **argv)
{
	(void)s;
	(void)argc;
	(void)argv;
	check(allowed);
	return 0;
}

static const struct subcommand guest_subs[] = {
	{ "info", "GUEST", "", print_run, NULL },
	{ "destroy", "GUEST", "", secret_run, NULL },
	{ .name = NULL },
};
static const struct command guest_command = { .name = "guest",
					      .sub = guest_subs };
COMMAND(guest_command);
static const struct command echo_command = { .name = "echo", .run = print_run };
COMMAND(echo_command);
static const struct command memory_command = { .name = "memory",
					       .run = secret_run };
COMMAND(memory_command);

/* What was answered is complete lines, without control characters. */
static void check_answer(void)
{
	if (stream_out_n == 0 || stream_out_n == sizeof(stream_out) - 1) {
		return;
	}
	check(stream_out[0] == '{' && stream_out[stream_out_n - 1] == '\n');
	for (size_t i = 0; i < stream_out_n; i++) {
		unsigned char c = (unsigned char)stream_out[i];

		check(c >= ' ' || c == '\n');
		check(c != '\n' || stream_out[i - 1] == '}');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char list[] = "a";
	static bool started;
	const struct management_rights rights = {
		.guest = "a",
		.observe = list,
		.observe_size = sizeof(list),
	};

	if (!started) {
		host_set_cpu(0);
		host_set_time(1);
		check(timer_cpu_init() == 0);
		started = true;
	}
	if (size == 0) {
		return 0;
	}
	allowed = (data[0] & 1) != 0;
	stream_step = (size_t)(data[0] >> 1) + 1;
	check(serve((const char *)data + 1, size - 1,
		    allowed ? NULL : &rights) == 0);
	check_answer();
	host_advance(HOST_TIMER_HZ);
	host_deliver();
	return 0;
}
