/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: pools of CPUs, and their policies. */
#include <core/command.h>
#include <core/sched_policy.h>
#include <string.h>

#include "sched_cmd.h"

static int sched_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "CPU", COL_U64 },     { "POOL", COL_STR },
		{ "POLICY", COL_STR },  { "READY", COL_U64 },
		{ "RUNNING", COL_STR },
	};
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < cpu_count; i++) {
		const struct vcpu *v;
		struct runqueue *rq;
		char name[VCPU_NAME_LEN], pool[SCHED_POOL_NAME];
		unsigned long flags;
		const char *policy;
		uint32_t ready;

		if (!cpu_online(i)) {
			continue;
		}
		rq = percpu_table[i]->rq;
		flags = spin_lock_irqsave(&rq->lock);
		policy = rq->policy->name;
		memcpy(pool, rq->pool->name, sizeof(pool));
		ready = rq->nr_ready;
		/* Read under the lock, or the VCPU may be gone. */
		v = rq->idling ? rq->idle : rq->curr;
		memcpy(name, v->name, sizeof(name));
		spin_unlock_irqrestore(&rq->lock, flags);
		table_u64(t, i);
		table_str(t, pool);
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
	const struct sched_policy *it;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	registry_for_each(sched_policy, it) {
		table_str(t, it->name);
		table_str(t, it->summary);
	}
	table_end(t);
	return 0;
}

static const struct subcommand sched_subs[] = {
	{ "list", "[--json]", "Show pool, policy and queue of each CPU.",
	  sched_list, NULL },
	{ "policies", "[--json]", "List the scheduling policies.",
	  sched_policies, NULL },
	{ "pool list", "[--json]",
	  "List the pools of CPUs, with policy and VCPUs.", sched_cmd_pool_list,
	  NULL },
	{ "pool create", "POOL CPUS POLICY [OPTIONS]",
	  "Make a pool of CPUs, which leave the pools they are in.",
	  sched_cmd_pool_create, sched_complete_create },
	{ "pool destroy", "POOL",
	  "Give an empty pool's CPUs back to the default pool.",
	  sched_cmd_pool_destroy, sched_complete_pool },
	{ "pool cpus", "POOL CPUS", "Let a pool have these CPUs.",
	  sched_cmd_pool_cpus, sched_complete_pool },
	{ "pool policy", "POOL POLICY [OPTIONS] [--force]",
	  "Switch a pool to another policy.", sched_cmd_pool_policy,
	  sched_complete_policy },
#ifdef CONFIG_SCHED_ARINC653
	{ "pool schedule", "POOL FILE [--force]",
	  "Give a pool of policy arinc653 the frame and windows of a file.",
	  sched_cmd_pool_schedule, sched_complete_schedule },
#endif
	{ "pool move", "GUEST[/VCPU]|--thread ID POOL [--force]",
	  "Move VCPUs, or a thread of the hypervisor, to a pool.",
	  sched_cmd_pool_move, sched_complete_move },
#ifdef CONFIG_SCHED_ACCOUNT
	{ "account start", "",
	  "Measure, from zero, the hypervisor's time on behalf of VCPUs.",
	  sched_cmd_account_start, NULL },
	{ "account stop", "", "End that; 'vcpu times' keeps what it was.",
	  sched_cmd_account_stop, NULL },
#endif
#ifdef CONFIG_SCHED_LATENCY
	{ "latency start", "",
	  "Measure on each CPU how long interrupts are masked.",
	  sched_cmd_latency_start, NULL },
	{ "latency stop", "", "End that; what was measured is kept.",
	  sched_cmd_latency_stop, NULL },
	{ "latency clear", "", "Forget what was measured.",
	  sched_cmd_latency_clear, NULL },
	{ "latency", "[--json]",
	  "List where interrupts were masked for longest.", sched_cmd_latency,
	  NULL },
#endif
	{ .name = NULL },
};

static const struct command sched_command = {
	.name = "sched",
	.summary = "Show and change pools of CPUs and their policies.",
	.usage = "[--json]",
	.examples = "sched list\nsched policies\n"
		    "sched pool create control 2-3 edf\n"
		    "sched pool move linux0 control\n"
		    "sched pool policy default prio\n"
		    "sched pool policy control arinc653 frame=20ms\n"
#ifdef CONFIG_SCHED_LATENCY
		    "sched latency start\nsched latency\n"
#endif
	,
	.run = sched_list,
	.sub = sched_subs,
};
COMMAND(sched_command);
