/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands sched pool ...: pools of CPUs. */
#include <core/guest.h>
#include <core/sched_policy.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

#include "sched_cmd.h"
#include "usage.h"
#include "vcpu_cmd.h"

int sched_cmd_pool_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "POOL", COL_STR },    { "CPUS", COL_STR },
		{ "POLICY", COL_STR },  { "VCPUS", COL_U64 },
		{ "THREADS", COL_U64 }, { "KEPT", COL_BOOL },
		{ "DETAILS", COL_STR },
	};
	struct sched_pool_info info;
	char cpus[USAGE_CPUS_TEXT];
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int n = 0; sched_pool_nth(n, &info); n++) {
		table_str(t, info.name);
		table_str(t, cpumask_text(cpus, sizeof(cpus), &info.cpus));
		table_str(t, info.policy);
		table_u64(t, info.vcpus);
		table_u64(t, info.threads);
		table_u64(t, !info.exceeded);
		table_str(t, info.details[0] ? info.details : NULL);
	}
	table_end(t);
	return 0;
}

/* --- arguments ----------------------------------------------------------- */

struct sched_pool *sched_cmd_pool_find(struct session *s, const char *name)
{
	struct sched_pool *pool = sched_pool_find(name);

	if (pool == NULL) {
		out_error(s,
			  "there is no pool '%s'; 'sched pool list' has them",
			  name);
	}
	return pool;
}

static int parse_cpus(struct session *s, const char *text, struct cpumask *cpus)
{
	int ret;

	memset(cpus, 0, sizeof(*cpus));
	ret = parse_list(text, cpus->bits, MIN(cpu_count, CONFIG_MAX_CPUS));
	if (ret == 0) {
		for (unsigned int i = 0; ret == 0 && i < cpu_count; i++) {
			if (cpumask_test(cpus, i) && !cpu_online(i)) {
				out_error(s, "CPU %u is not online", i);
				return -ERR_INVAL;
			}
		}
		return 0;
	}
	out_error(s,
		  "'%s' is not a list of CPUs; it could be like 0,2-3; there "
		  "are CPUs 0 to %u",
		  text, cpu_count - 1);
	return ret;
}

static int done(struct session *s, const char *name, int ret,
		const struct sched_refusal *why)
{
	return ret == 0 ? 0 : vcpu_cmd_refused(s, name, ret, why);
}

/* --- the commands -------------------------------------------------------- */

int sched_cmd_pool_create(struct session *s, int argc, char **argv)
{
	struct sched_refusal why = { .text = "" };
	struct sched_choice choice = { 0 };
	struct cpumask cpus;
	int ret;

	if (argc < 4 || argc > 5) {
		return command_usage(s, "a name, CPUs and a policy are needed");
	}
	ret = parse_cpus(s, argv[2], &cpus);
	if (ret != 0) {
		return ret;
	}
	choice.policy = argv[3];
	choice.options = argc > 4 ? argv[4] : NULL;
	return done(s, argv[1],
		    sched_pool_create(argv[1], &cpus, &choice, &why), &why);
}

int sched_cmd_pool_destroy(struct session *s, int argc, char **argv)
{
	struct sched_refusal why = { .text = "" };
	struct sched_pool *pool;

	if (argc != 2) {
		return command_usage(s, "a pool is needed");
	}
	pool = sched_cmd_pool_find(s, argv[1]);
	if (pool == NULL) {
		return -ERR_NOENT;
	}
	return done(s, argv[1], sched_pool_destroy(pool, &why), &why);
}

int sched_cmd_pool_cpus(struct session *s, int argc, char **argv)
{
	struct sched_refusal why = { .text = "" };
	struct sched_pool *pool;
	struct cpumask cpus;
	int ret;

	if (argc != 3) {
		return command_usage(s, "a pool and CPUs are needed");
	}
	pool = sched_cmd_pool_find(s, argv[1]);
	if (pool == NULL) {
		return -ERR_NOENT;
	}
	ret = parse_cpus(s, argv[2], &cpus);
	if (ret != 0) {
		return ret;
	}
	return done(s, argv[1], sched_pool_set_cpus(pool, &cpus, &why), &why);
}

int sched_cmd_pool_policy(struct session *s, int argc, char **argv)
{
	bool force = take_flag(&argc, argv, "--force");
	struct sched_refusal why = { .text = "" };
	struct sched_choice choice = { .force = force };
	struct sched_pool *pool;

	if (argc < 3 || argc > 4) {
		return command_usage(s, "a pool and a policy are needed");
	}
	pool = sched_cmd_pool_find(s, argv[1]);
	if (pool == NULL) {
		return -ERR_NOENT;
	}
	choice.policy = argv[2];
	choice.options = argc > 3 ? argv[3] : NULL;
	return done(s, argv[1], sched_pool_set_policy(pool, &choice, &why),
		    &why);
}

static int move_thread(struct session *s, char **argv)
{
	struct sched_refusal why = { .text = "" };
	struct sched_pool *pool;
	uint64_t id;

	if (parse_u64_max(argv[1], UINT32_MAX, &id) != 0) {
		out_error(s, "'%s' is no thread's ID; 'thread list' has them",
			  argv[1]);
		return -ERR_INVAL;
	}
	pool = sched_cmd_pool_find(s, argv[2]);
	if (pool == NULL) {
		return -ERR_NOENT;
	}
	return done(s, argv[1],
		    sched_pool_move_thread(pool, (uint32_t)id, &why), &why);
}

static int move_vcpus(struct session *s, char **argv, bool force)
{
	struct sched_refusal why = { .text = "" };
	struct sched_pool *pool;
	uint32_t first, last;
	struct guest *g;
	int ret;

	pool = sched_cmd_pool_find(s, argv[2]);
	if (pool == NULL) {
		return -ERR_NOENT;
	}
	g = vcpu_cmd_find(s, argv[1], &first, &last);
	if (g == NULL) {
		return -ERR_NOENT;
	}
	ret = sched_pool_move(pool,
			      strchr(argv[1], '/') ? g->vcpus[first] : NULL,
			      &g->group, force, &why);
	guest_put(g);
	return done(s, argv[1], ret, &why);
}

int sched_cmd_pool_move(struct session *s, int argc, char **argv)
{
	bool thread = take_flag(&argc, argv, "--thread");
	bool force = take_flag(&argc, argv, "--force");

	if (argc != 3) {
		return command_usage(s, "a guest, VCPU or thread, and a pool "
					"are needed");
	}
	return thread ? move_thread(s, argv) : move_vcpus(s, argv, force);
}

/* --- completion ---------------------------------------------------------- */

static void add_pools(struct completion_ctx *c)
{
	struct sched_pool_info info;

	for (unsigned int n = 0; sched_pool_nth(n, &info); n++) {
		complete_add(c, info.name);
	}
}

static void add_policies(struct completion_ctx *c)
{
	const struct sched_policy *it;

	registry_for_each(sched_policy, it) {
		complete_add(c, it->name);
	}
}

void sched_complete_pool(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 0) {
		add_pools(c);
	}
}

void sched_complete_create(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 2) {
		add_policies(c);
	}
}

void sched_complete_policy(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 0) {
		add_pools(c);
	} else if (argc == 1) {
		add_policies(c);
	}
}

void sched_complete_move(struct completion_ctx *c, int argc, char **argv)
{
	if (argc == 0) {
		vcpu_complete(c, argc, argv);
	} else if (argc == 1) {
		add_pools(c);
	}
}
