/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command vmsg: domains. */
#include <core/sched.h>
#include <core/time.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include "vmsg_cmd.h"

/* Lines of `monitor` at a time, and milliseconds until the next ones. */
#define MONITOR_LINES 20
#define MONITOR_MS 100
#define HEAD_TEXT 64
#define PORTS_TEXT (VMSG_RANGES_MAX * 22) /* two numbers of 10 digits each */

static const char *const policy_names[] = {
	[VMSG_POLICY_BLOCK] = "block",
	[VMSG_POLICY_DROP] = "drop",
};

int vmsg_cmd_domain_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },    { "POLICY", COL_STR },
		{ "NODES", COL_U64 },   { "SENT", COL_U64 },
		{ "WAITING", COL_U64 }, { "DROPPED", COL_U64 },
	};
	struct vmsg_domain_info info;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err != 0) {
		return err;
	}
	for (unsigned int n = 0; vmsg_domain_nth(n, &info); n++) {
		table_str(t, info.name);
		table_str(t, policy_names[info.policy]);
		table_u64(t, info.nodes);
		table_u64(t, info.counts.sent);
		table_u64(t, info.waiting);
		table_u64(t, info.counts.dropped);
	}
	table_end(t);
	return 0;
}

static int policy_argument(struct session *s, const char *text,
			   enum vmsg_policy *out)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(policy_names); i++) {
		if (strcmp(text, policy_names[i]) == 0) {
			*out = (enum vmsg_policy)i;
			return 0;
		}
	}
	out_error(s, "'%s' is neither block nor drop", text);
	return -ERR_INVAL;
}

int vmsg_cmd_domain_create(struct session *s, int argc, char **argv)
{
	enum vmsg_policy policy = VMSG_POLICY_BLOCK;
	int err = 0;

	if (argc < 2 || argc > 3) {
		return command_usage(s, "a name is needed");
	}
	if (argc == 3) {
		err = policy_argument(s, argv[2], &policy);
	}
	return err != 0 ? err
			: vmsg_cmd_domain_error(s, argv[1],
						vmsg_domain_create(argv[1],
								   policy));
}

int vmsg_cmd_domain_destroy(struct session *s, int argc, char **argv)
{
	if (argc != 2) {
		return command_usage(s, "one domain is needed");
	}
	return vmsg_cmd_domain_error(s, argv[1], vmsg_domain_destroy(argv[1]));
}

int vmsg_cmd_domain_policy(struct session *s, int argc, char **argv)
{
	enum vmsg_policy policy;
	int err;

	if (argc != 3) {
		return command_usage(s, "a domain and a policy are needed");
	}
	err = policy_argument(s, argv[2], &policy);
	return err != 0 ? err
			: vmsg_cmd_domain_error(s, argv[1],
						vmsg_domain_set_policy(argv[1],
								       policy));
}

/* --- ports ---------------------------------------------------------------- */

/* PORT or FIRST-LAST. */
static int ports_argument(struct session *s, char *text,
			  struct vmsg_ports *ports)
{
	char *dash = strchr(text, '-');
	uint64_t first, last;
	bool good;

	if (dash != NULL) {
		*dash = '\0';
	}
	good = parse_u64(text, &first) == 0 &&
	       parse_u64(dash != NULL ? dash + 1 : text, &last) == 0 &&
	       first <= last && last <= UINT32_MAX;
	if (dash != NULL) {
		*dash = '-';
	}
	if (!good) {
		out_error(s, "'%s' is no port, and no range as 5000-5009",
			  text);
		return -ERR_INVAL;
	}
	ports->range[ports->n].first = (uint32_t)first;
	ports->range[ports->n++].last = (uint32_t)last;
	return 0;
}

int vmsg_cmd_domain_ports(struct session *s, int argc, char **argv)
{
	struct vmsg_ports ports = { .n = 0 };
	int err = 0;

	if (argc < 3 || argc > 2 + VMSG_RANGES_MAX) {
		return command_usage(s, "a domain and up to 16 ports or ranges "
					"are needed");
	}
	if (argc == 3 && strcmp(argv[2], "all") == 0) {
		ports.all = true;
	} else if (argc > 3 || strcmp(argv[2], "none") != 0) {
		for (int i = 2; err == 0 && i < argc; i++) {
			err = ports_argument(s, argv[i], &ports);
		}
	}
	return err != 0 ? err
			: vmsg_cmd_domain_error(s, argv[1],
						vmsg_domain_set_ports(argv[1],
								      &ports));
}

static void ports_text(const struct vmsg_ports *ports, char *text, size_t size)
{
	size_t at = 0;

	(void)snprintf(text, size, "%s", ports->all ? "all" : "none");
	for (unsigned int i = 0; i < ports->n; i++) {
		uint32_t first = ports->range[i].first;
		uint32_t last = ports->range[i].last;
		int n = first == last
				? snprintf(text + at, size - at, "%s%u",
					   i > 0 ? " " : "", first)
				: snprintf(text + at, size - at, "%s%u-%u",
					   i > 0 ? " " : "", first, last);

		at = MIN(at + (size_t)n, size - 1);
	}
}

int vmsg_cmd_domain_stats(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct vmsg_domain_info info;
	char ports[PORTS_TEXT];
	struct record r;

	if (argc != 2) {
		return command_usage(s, "one domain is needed");
	}
	if (!vmsg_domain_info(argv[1], &info)) {
		return vmsg_cmd_domain_error(s, argv[1], -ERR_NOENT);
	}
	record_begin(&r, s, json);
	record_str(&r, "Name", info.name);
	record_str(&r, "Policy", policy_names[info.policy]);
	ports_text(&info.ports, ports, sizeof(ports));
	record_str(&r, "Ports", ports);
	record_u64(&r, "Nodes", COL_U64, info.nodes);
	record_u64(&r, "Waiting", COL_U64, info.waiting);
	vmsg_cmd_counts(&r, &info.counts);
	record_end(&r);
	return 0;
}

/* --- monitor -------------------------------------------------------------- */

static void monitor_line(struct session *s, const struct vmsg_record *r)
{
	uint64_t us = ticks_to_ns(r->when) / 1000;
	char head[HEAD_TEXT] = "";

	if (r->kind->show_head != NULL) {
		r->kind->show_head(r->head, head, sizeof(head));
	}
	out(s, "[%5llu.%06llu] %s %u to %u: %u bytes, %s, %s\n",
	    (unsigned long long)(us / 1000000),
	    (unsigned long long)(us % 1000000), r->kind->name, r->from, r->to,
	    r->len, head, vmsg_result_name(r->result));
}

/* Print what there is of the domain, some lines at most; the rest is counted.
 * Returns how many of `most` messages have passed. */
static uint64_t monitor_some(struct session *s, const char *domain,
			     uint64_t *at, uint64_t most)
{
	uint64_t seen = 0, lines = 0, left_out = 0, lost;
	struct vmsg_record r;

	while (seen < most && vmsg_watch_next(at, &r, &lost)) {
		left_out += lost;
		if (strcmp(r.domain, domain) != 0) {
			continue;
		}
		seen++;
		if (lines < MONITOR_LINES) {
			monitor_line(s, &r);
			lines++;
		} else {
			left_out++;
		}
	}
	if (left_out > 0) {
		out(s, "... and %llu more\n", (unsigned long long)left_out);
	}
	return seen;
}

int vmsg_cmd_domain_monitor(struct session *s, int argc, char **argv)
{
	struct vmsg_domain_info info;
	uint64_t left = UINT64_MAX, at;
	int err;

	if (argc < 2 || argc > 3 ||
	    (argc == 3 && strncmp(argv[2], "count=", 6) != 0)) {
		return command_usage(s, "one domain is needed");
	}
	if (argc == 3 && (parse_u64(argv[2] + 6, &left) != 0 || left == 0)) {
		out_error(s, "'%s' is not a number of messages", argv[2] + 6);
		return -ERR_INVAL;
	}
	if (!vmsg_domain_info(argv[1], &info)) {
		return vmsg_cmd_domain_error(s, argv[1], -ERR_NOENT);
	}
	err = vmsg_watch_begin(&at);
	if (err != 0) {
		return err;
	}
	while (left > 0 && !session_interrupted(s)) {
		left -= monitor_some(s, argv[1], &at, left);
		if (left > 0) {
			sleep_ms(MONITOR_MS);
		}
	}
	vmsg_watch_end();
	return 0;
}

void vmsg_complete_policy(struct completion_ctx *c, int argc, char **argv)
{
	vmsg_complete_domain(c, argc, argv);
	for (unsigned int i = 0; argc == 1 && i < ARRAY_SIZE(policy_names);
	     i++) {
		complete_add(c, policy_names[i]);
	}
}
