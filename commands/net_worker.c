/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command net: where a switch's worker runs, and what is sent without it. */
#include <core/sched.h>
#include <core/smp.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

#include "net_cmd.h"

static int worker_cpus(const char *text, struct cpumask *cpus)
{
	struct cpumask m = { 0 };
	int err = 0;

	if (strcmp(text, "all") == 0) {
		cpumask_set_all(&m);
	} else {
		err = parse_list(text, m.bits, MIN(cpu_count, CONFIG_MAX_CPUS));
	}
	*cpus = m;
	return err;
}

/* One argument, KEY=VALUE. */
static int worker_setting(const char *arg, struct netswitch_worker *w)
{
	uint64_t n = 0;
	int err;

	if (strncmp(arg, "cpus=", 5) == 0) {
		return worker_cpus(arg + 5, &w->cpus);
	}
	if (strncmp(arg, "priority=", 9) == 0) {
		err = parse_u64_max(arg + 9, SCHED_PRIO_MAX, &n);
		w->priority = (uint8_t)n;
		return err;
	}
	if (strncmp(arg, "inline=", 7) != 0) {
		return -ERR_INVAL;
	}
	err = parse_u64_max(arg + 7, NETSWITCH_INLINE, &n);
	w->inline_packets = (uint32_t)n;
	return err;
}

int net_switch_worker(struct session *s, int argc, char **argv)
{
	struct netswitch_info info;
	int err;

	if (argc < 3) {
		return command_usage(s, "a switch and a setting are needed");
	}
	if (!netswitch_get_info(argv[1], &info)) {
		return net_cmd_switch_error(s, argv[1], -ERR_NOENT);
	}
	for (int i = 2; i < argc; i++) {
		if (worker_setting(argv[i], &info.worker) != 0) {
			out_error(s,
				  "'%s': it could be cpus=0,2-3 or all, "
				  "priority=0 to %u, inline=0 to %u",
				  argv[i], SCHED_PRIO_MAX, NETSWITCH_INLINE);
			return -ERR_INVAL;
		}
	}
	err = netswitch_set_worker(argv[1], &info.worker);
	if (err == -ERR_INVAL) {
		out_error(s, "none of those CPUs is online");
	}
	return net_cmd_switch_error(s, argv[1], err);
}

void net_switch_complete_worker(struct completion_ctx *c, int argc, char **argv)
{
	static const char *const words[] = { "cpus=", "priority=", "inline=" };

	net_complete_switch(c, argc, argv);
	for (unsigned int i = 0; argc > 0 && i < ARRAY_SIZE(words); i++) {
		complete_add(c, words[i]);
	}
}
