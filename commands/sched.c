/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the scheduler's policy on each CPU. */
#include <cmd/command.h>
#include <core/sched.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

static int sched_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "CPU", COL_U64 },
		{ "POLICY", COL_STR },
		{ "READY", COL_U64 },
		{ "RUNNING", COL_STR },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct table *t;

	if (argc > 1) {
		return command_usage(s, "no arguments are possible");
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (unsigned int i = 0; i < cpu_count; i++) {
		const struct vcpu *v;
		struct runqueue *rq;
		char name[VCPU_NAME_LEN];
		unsigned long flags;
		const char *policy;
		uint32_t ready;

		if (!cpu_online(i)) {
			continue;
		}
		rq = percpu_table[i]->rq;
		flags = spin_lock_irqsave(&rq->lock);
		policy = rq->policy->name;
		ready = rq->nr_ready;
		/* Under the lock it runs on, or it may be gone meanwhile. */
		v = rq->curr_prio < 0 ? percpu_table[i]->idle : rq->curr;
		memcpy(name, v->name, sizeof(name));
		spin_unlock_irqrestore(&rq->lock, flags);
		table_u64(t, i);
		table_str(t, policy);
		table_u64(t, ready);
		table_str(t, name);
	}
	table_end(t);
	return 0;
}

static int sched_policies(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "POLICY", COL_STR },
		{ "SUMMARY", COL_STR },
	};
	bool json = take_flag(&argc, argv, "--json");
	const struct sched_policy *const *it;
	struct table *t;

	if (argc > 1) {
		return command_usage(s, "no arguments are possible");
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	registry_for_each(sched_policy, it) {
		table_str(t, (*it)->name);
		table_str(t, (*it)->summary);
	}
	table_end(t);
	return 0;
}

static int sched_policy_set(struct session *s, int argc, char **argv)
{
	uint64_t cpu;
	int ret;

	if (argc != 3) {
		return command_usage(s, "a CPU and a policy are needed");
	}
	if (parse_u64_max(argv[1], cpu_count - 1, &cpu) != 0 ||
	    !cpu_online((unsigned int)cpu)) {
		out_error(s,
			  "'%s' is no CPU that is online; 'host cpus' lists "
			  "them",
			  argv[1]);
		return -ERR_INVAL;
	}
	ret = sched_set_policy((unsigned int)cpu, argv[2]);
	if (ret == -ERR_NOENT) {
		out_error(s,
			  "there is no policy '%s'; 'sched policies' lists "
			  "them",
			  argv[2]);
	}
	return ret;
}

static void sched_complete(struct completion_ctx *c, int argc, char **argv)
{
	const struct sched_policy *const *it;
	char cpu[12];

	(void)argv;
	if (argc == 0) {
		for (unsigned int i = 0; i < cpu_count; i++) {
			(void)snprintf(cpu, sizeof(cpu), "%u", i);
			complete_add(c, cpu);
		}
	} else if (argc == 1) {
		registry_for_each(sched_policy, it) {
			complete_add(c, (*it)->name);
		}
	}
}

static const struct subcommand sched_subs[] = {
	{ "list", "[--json]", "Show policy and queue of each CPU.", sched_list,
	  NULL },
	{ "policies", "[--json]", "List the policies there are.",
	  sched_policies, NULL },
	{ "set", "CPU POLICY", "Switch a CPU to another policy.",
	  sched_policy_set, sched_complete },
	{ .name = NULL },
};

static const struct command sched_command = {
	.name = "sched",
	.summary = "Show and set the scheduling policy of each CPU.",
	.usage = "[--json]",
	.examples = "sched list\nsched policies\nsched set 1 prio\n",
	.run = sched_list,
	.sub = sched_subs,
};
COMMAND(sched_command);
