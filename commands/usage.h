/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot of all VCPUs and the CPU time that each has used lately. */
#ifndef COMMANDS_USAGE_H
#define COMMANDS_USAGE_H

#include <core/command.h>
#include <core/vcpu.h>

#define USAGE_CPUS_TEXT 32

struct usage {
	uint32_t id, index, cpu;
	const struct sched_group *group; /* compared; NULL: no guest */
	uint8_t priority;
	struct cpumask affinity;
	const char *state;
	struct vcpu_times times;
	unsigned int permille; /* of one CPU, while it was measured */
	char name[VCPU_NAME_LEN];
};

struct usage_list {
	struct usage *items;
	size_t count;
};

/*
 * Take a snapshot, which measures for USAGE_MS milliseconds. -ERR_NOMEM;
 * -ERR_INTR after Ctrl-C. Thread context.
 */
#define USAGE_MS 100
int __must_check usage_take(struct session *s, struct usage_list *list);
void usage_free(struct usage_list *list);
/* The sum over a guest's VCPUs and the threads that work for it, in permille of
 * a CPU. */
unsigned int usage_guest(const struct usage_list *list, const struct guest *g);

/* Write a set of CPUs as "0-3,5" or "all" to buf, and return buf. */
const char *cpumask_text(char *buf, size_t size, const struct cpumask *m);

#endif
