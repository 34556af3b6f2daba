/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command host: the machine as a whole; also shutdown and reset as commands of
 * their own. */
#include <arch/cpu.h>
#include <arch/guest_platform.h>
#include <arch/stage2.h>
#include <arch/timer.h>
#include <core/boot.h>
#include <core/dt.h>
#include <core/guest.h>
#include <core/guest_platform.h>
#include <core/hostcon.h>
#include <core/irq.h>
#include <core/page.h>
#include <core/session.h>
#include <core/time.h>
#include <core/version.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "host_cmd.h"

static unsigned int host_online(void)
{
	unsigned int online = 0;

	for (unsigned int i = 0; i < cpu_count; i++) {
		online += cpu_online(i);
	}
	return online;
}

/* The interrupt controllers that guests may have on this host. */
static void host_intcs(const struct config_limits *limits, char *buf,
		       size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < arch_guest_platform.nintcs; i++) {
		const struct platform_intc *intc =
			&arch_guest_platform.intcs[i];

		if ((limits->intc_models & BIT(intc->id)) && n < size) {
			n += (size_t)snprintf(buf + n, size - n, "%s%s",
					      n ? ", " : "", intc->name);
		}
	}
}

static int host_info(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct config_limits limits = { 0 };
	struct dt_chosen chosen;
	struct page_stats st;
	struct record r;
	char intcs[64];

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	arch_guest_limits(&limits);
	dt_get_chosen(&chosen);
	page_get_stats(&st);
	record_begin(&r, s, json);
	record_str(&r, "Machine", dt_str(dt_path("/"), "model"));
	record_str(&r, "Compatible", dt_str(dt_path("/"), "compatible"));
	record_str(&r, "Version", version_string());
	record_str(&r, "Arguments", chosen.bootargs);
	record_u64(&r, "CPUs", COL_U64, cpu_count);
	record_u64(&r, "CPUs online", COL_U64, host_online());
	record_u64(&r, "Memory", COL_SIZE, st.total * PAGE_SIZE);
	record_u64(&r, "Memory free", COL_SIZE, st.free * PAGE_SIZE);
	host_intcs(&limits, intcs, sizeof(intcs));
	record_str(&r, "Guest interrupts", intcs);
	record_u64(&r, "Guest IPA bits", COL_U64, stage2_max_ipa_bits());
	record_u64(&r, "Counter Hz", COL_U64, arch_timer_hz());
	record_u64(&r, "Up ms", COL_U64, time_now_ns() / 1000000);
	record_end(&r);
	return 0;
}

static const char *host_cpu_state(unsigned int cpu)
{
	static const char *const names[] = {
		[CPU_ABSENT] = "absent",
		[CPU_PRESENT] = "offline",
		[CPU_ONLINE] = "online",
		[CPU_FAILED] = "failed",
	};

	return percpu_table[cpu] != NULL ? names[percpu_table[cpu]->state]
					 : names[CPU_ABSENT];
}

static int host_cpus(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "CPU", COL_U64 },  { "HWID", COL_HEX },  { "STATE", COL_STR },
		{ "IRQS", COL_U64 }, { "MODEL", COL_STR },
	};
	struct table *t;
	char model[128];
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < cpu_count; i++) {
		const struct percpu *p = percpu_table[i];

		table_u64(t, i);
		table_u64(t, p != NULL ? p->hwid : 0);
		table_str(t, host_cpu_state(i));
		table_u64(t, irq_total_on(i));
		if (cpu_online(i)) {
			arch_cpu_describe(i, model, sizeof(model));
			table_str(t, model);
		} else {
			table_none(t);
		}
	}
	table_end(t);
	return 0;
}

#define FEATURES_INDENT 7
#define FEATURES_WIDTH 79

/* Print `text`, wrapped between words. */
static void host_print_wrapped(struct session *s, const char *text)
{
	size_t column = FEATURES_INDENT;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column + n + 1 > FEATURES_WIDTH) {
			out(s, "\n%*s", FEATURES_INDENT, "");
			column = FEATURES_INDENT;
		}
		out(s, " %.*s", (int)n, text);
		column += n + 1;
		text += n + strspn(text + n, " ");
	}
	out(s, "\n");
}

/* Print the whole text about each CPU, which `host cpus` cuts. */
static int host_features(struct session *s, int argc, char **argv)
{
	static const struct column columns[] = {
		{ "CPU", COL_U64 },
		{ "FEATURES", COL_STR },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct table *t = NULL;
	char text[256];

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	if (json) {
		t = table_begin(s, columns, ARRAY_SIZE(columns), true);
	}
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (!cpu_online(i)) {
			continue;
		}
		arch_cpu_describe(i, text, sizeof(text));
		if (t) {
			table_u64(t, i);
			table_str(t, text);
		} else {
			out(s, "CPU %2u:", i);
			host_print_wrapped(s, text);
		}
	}
	if (t) {
		table_end(t);
	}
	return 0;
}

/* The number of guests that are not shut down. */
static unsigned int host_running_guests(void)
{
	unsigned int running = 0;
	struct guest *g;

	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		running += g->state == GUEST_RUNNING ||
			   g->state == GUEST_PAUSED;
		guest_put(g);
	}
	return running;
}

#define HOST_POLITE_MS 10000 /* time for guests to shut down by themselves */

/* Press each guest's power key and wait for the guests; false after Ctrl-C. */
static bool host_ask_guests(struct session *s)
{
	ticks_t end = time_now() + ms_to_ticks(HOST_POLITE_MS);
	bool asked = false;
	struct guest *g;

	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		asked |= g->state == GUEST_RUNNING && guest_powerdown(g) == 0;
		guest_put(g);
	}
	if (!asked) {
		return true;
	}
	out(s, "asking guests to shut down, waiting %u s (Ctrl-C cancels)\n",
	    HOST_POLITE_MS / 1000);
	while (host_running_guests() > 0 && time_now() < end) {
		if (session_interrupted(s)) {
			return false;
		}
		sleep_ms(20);
	}
	return true;
}

static int host_down(struct session *s, int argc, char **argv, bool reset)
{
	bool gently = take_flag(&argc, argv, "--ask");
	bool forced = take_flag(&argc, argv, "-f");

	if (argc > 1) {
		return command_usage(s, "it takes no other arguments");
	}
	if (gently && !forced && !host_ask_guests(s)) {
		out_error(s, "interrupted; the machine stays on");
		return -ERR_INTR;
	}
	session_paste_marks(s, false);
	if (!forced) {
		host_shutdown(reset);
	}
	hostcon_panic_write(NULL, 0); /* sends what is queued */
	if (reset) {
		arch_system_reset();
	} else {
		arch_system_off();
	}
	out_error(s, "the firmware refused");
	return -ERR_IO;
}

static int host_shutdown_run(struct session *s, int argc, char **argv)
{
	return host_down(s, argc, argv, false);
}

static int host_reset_run(struct session *s, int argc, char **argv)
{
	return host_down(s, argc, argv, true);
}

/* --ask: press the guests' power keys first; -f: leave guests alone. */
#define DOWN_USAGE "[--ask] [-f]"
#define DOWN_SUMMARY "Stop all guests, then switch the machine off."
#define RESET_SUMMARY "Stop all guests, then reset the machine."

static const struct subcommand host_subs[] = {
	{ "info", "[--json]", "Show what the machine is and has.", host_info,
	  NULL },
	{ "cpus", "[--json]", "List the CPUs.", host_cpus, NULL },
#ifdef CONFIG_COLOURS
	{ "cache", "[--json]", "List the caches, and the colours of pages.",
	  host_cmd_cache, NULL },
#endif
#ifdef CONFIG_CACHE_PORTIONS
	{ "portions", "[--json]",
	  "List who has which portions of the last-level cache.",
	  host_cmd_portions, NULL },
#endif
	{ "features", "[--json]", "Show what each CPU can do.", host_features,
	  NULL },
	{ "shutdown", DOWN_USAGE, DOWN_SUMMARY, host_shutdown_run, NULL },
	{ "reset", DOWN_USAGE, RESET_SUMMARY, host_reset_run, NULL },
	{ .name = NULL },
};

static const struct command host_command = {
	.name = "host",
	.summary = "Show the machine; switch it off or reset it.",
	.usage = "[--json]",
	.examples =
		"host info\nhost cpus --json\nhost shutdown\n"
		"host shutdown --ask   # press the guests' power keys first\n"
		"host shutdown -f      # whatever the guests do\n",
	.run = host_info,
	.sub = host_subs,
};
COMMAND(host_command);

static const struct command shutdown_command = {
	.name = "shutdown",
	.summary = DOWN_SUMMARY,
	.usage = DOWN_USAGE,
	.examples = "shutdown\nshutdown --ask\n",
	.run = host_shutdown_run,
};
COMMAND(shutdown_command);

static const struct command reset_command = {
	.name = "reset",
	.summary = RESET_SUMMARY,
	.usage = DOWN_USAGE,
	.examples = "reset\n",
	.run = host_reset_run,
};
COMMAND(reset_command);
