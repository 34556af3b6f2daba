/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each VCPU has a CPU of its own: there are no turns and no ticks, and waiting
 * is not trapped. So only the VCPU's own interrupts and traps make the
 * hypervisor run on that CPU.
 */
#include <core/sched_policy.h>
#include <libs/error.h>
#include <string.h>

/* Holds more than one VCPU only for a moment, while VCPUs change CPUs. */
struct null_queue {
	struct list ready; /* struct null_vcpu */
};

struct null_vcpu {
	struct list node;
};

_Static_assert(sizeof(struct null_queue) <= SCHED_CPU_SIZE, "CPU's data");
_Static_assert(sizeof(struct null_vcpu) <= SCHED_VCPU_SIZE, "VCPU's data");

static struct list *queue_of(struct runqueue *rq)
{
	struct null_queue *q = (void *)rq->data;

	return &q->ready;
}

static struct list *node_of(struct vcpu *v)
{
	return &((struct null_vcpu *)sched_data(v))->node;
}

/* --- admission: a matching of VCPUs and CPUs ----------------------------- */

struct matching {
	struct sched_set *set;
	struct cpumask tried;
	int32_t owner[CONFIG_MAX_CPUS]; /* task by CPU, -1: none */
};

/*
 * Find a CPU for task `n`; the owner of that CPU may have to take another one
 * (augmenting path, Kuhn). If there is a way, it is found. It is a
 * breadth-first search that visits each CPU once, so the queue of tasks has
 * room.
 */
static bool find_cpu(struct matching *m, unsigned int n)
{
	int32_t from[CONFIG_MAX_CPUS]; /* task that wanted this CPU */
	int32_t queue[CONFIG_MAX_CPUS + 1];
	unsigned int head = 0, tail = 0;

	memset(&m->tried, 0, sizeof(m->tried));
	queue[tail++] = (int32_t)n;
	while (head < tail) {
		int32_t t = queue[head++];

		for (unsigned int c = 0; c < cpu_count; c++) {
			if (!cpumask_test(&m->set->tasks[t].cpus, c) ||
			    cpumask_test(&m->tried, c)) {
				continue;
			}
			cpumask_set(&m->tried, c);
			from[c] = t;
			if (m->owner[c] >= 0) {
				queue[tail++] = m->owner[c];
				continue;
			}
			/* Free: each task on the path takes the CPU it
			 * wanted. */
			for (int32_t cpu = (int32_t)c; cpu >= 0;) {
				struct sched_task *task =
					&m->set->tasks[from[cpu]];
				int32_t next = task->home;

				m->owner[cpu] = from[cpu];
				task->home = cpu;
				cpu = from[cpu] == (int32_t)n ? -1 : next;
			}
			return true;
		}
	}
	return false;
}

static int null_admit(struct sched_set *set)
{
	struct matching m = { .set = set };

	for (unsigned int c = 0; c < CONFIG_MAX_CPUS; c++) {
		m.owner[c] = -1;
	}
	for (unsigned int i = 0; i < set->count; i++) {
		int32_t home = set->tasks[i].home;

		if (home >= 0 && m.owner[home] < 0) {
			m.owner[home] = (int32_t)i;
		} else {
			set->tasks[i].home = -1;
		}
	}
	for (unsigned int i = 0; i < set->count; i++) {
		if (set->tasks[i].home < 0 && !find_cpu(&m, i)) {
			sched_refuse(set->why,
				     "%s: no CPU is left for it; %u VCPUs "
				     "would need one each",
				     set->tasks[i].v->name, set->count);
			return -ERR_INVAL;
		}
	}
	return 0;
}

/* --- the queue ----------------------------------------------------------- */

static void null_cpu_init(struct runqueue *rq)
{
	list_init(queue_of(rq));
}

static void null_enqueue(struct runqueue *rq, struct vcpu *v,
			 enum sched_why why)
{
	(void)why;
	list_append(queue_of(rq), node_of(v));
}

static void null_dequeue(struct runqueue *rq, struct vcpu *v)
{
	(void)rq;
	list_remove(node_of(v));
}

static struct vcpu *null_pick(struct runqueue *rq)
{
	struct null_vcpu *n;

	if (list_empty(queue_of(rq))) {
		return NULL;
	}
	n = list_first(queue_of(rq), struct null_vcpu, node);
	list_remove(&n->node);
	return sched_vcpu(n);
}

static ticks_t null_slice(struct runqueue *rq, struct vcpu *v)
{
	(void)rq;
	(void)v;
	return 0;
}

static bool null_tick(struct runqueue *rq, struct vcpu *v)
{
	(void)rq;
	(void)v;
	return false;
}

static bool null_preempts(const struct vcpu *v, const struct vcpu *cur)
{
	(void)v;
	(void)cur;
	return false;
}

static uint64_t null_load(const struct runqueue *rq, const struct vcpu *v)
{
	(void)v;
	return READ_ONCE(rq->nr_ready) + !READ_ONCE(rq->idling);
}

static struct vcpu *null_offer(struct runqueue *rq, unsigned int cpu)
{
	struct null_vcpu *n;

	list_for_each(n, queue_of(rq), node) {
		if (cpumask_test(&sched_vcpu(n)->allowed, cpu)) {
			return sched_vcpu(n);
		}
	}
	return NULL;
}

static const struct sched_policy null_policy = {
	.name = "null",
	.summary =
		"one VCPU for each CPU, without turns, ticks or traps of waits",
	.guests_only = true,
	.native_wait = true,
	.admit = null_admit,
	.cpu_init = null_cpu_init,
	.enqueue = null_enqueue,
	.dequeue = null_dequeue,
	.pick = null_pick,
	.slice = null_slice,
	.tick = null_tick,
	.preempts = null_preempts,
	.load = null_load,
	.offer = null_offer,
};
SCHED_POLICY(null_policy);
