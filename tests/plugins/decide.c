/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a decision of the scheduler costs: the instructions from the function at
 * `from`, of `size` bytes, to the one at `until`, which switches. A call that
 * returns instead is no decision. Whenever the function at `mark` is executed a
 * line is printed, with the number of decisions since the mark before, their
 * instructions and the largest, and counting begins anew. Those of one CPU only
 * are counted, if it is given.
 *
 * Arguments: from=ADDRESS, bytes=BYTES, until=ADDRESS, mark=ADDRESS, cpu=N.
 */
#include <inttypes.h>
#include <string.h>

#include "tests/plugins/core.h"

enum event { NOTHING, FROM, UNTIL, RETURN, MARK };

static uint64_t from, bytes, until, mark;
static uint64_t only = CORE_MAX_CPUS; /* all */
static FILE *to;
static struct {
	bool open;
	uint64_t length;
} cpus[CORE_MAX_CPUS];
static uint64_t count, sum, longest;

static enum event event_of(struct qemu_plugin_insn *insn)
{
	uint64_t address = qemu_plugin_insn_vaddr(insn);

	if (address == from) {
		return FROM;
	}
	if (address == until) {
		return UNTIL;
	}
	if (address == mark) {
		return MARK;
	}
	if (address - from < bytes) {
		struct insn decoded = core_insn(insn);

		if (insn_class(&decoded) == INSN_RETURN) {
			return RETURN;
		}
	}
	return NOTHING;
}

static void executes(unsigned int cpu, void *data)
{
	cpus[core_executing(cpu)].length += (uint64_t)data;
}

static void begins(unsigned int cpu, void *data)
{
	cpu = core_executing(cpu);
	cpus[cpu].open = only == CORE_MAX_CPUS || only == cpu;
	cpus[cpu].length = (uint64_t)data;
}

static void decided(unsigned int cpu, void *data)
{
	(void)data;
	cpu = core_executing(cpu);
	if (cpus[cpu].open) {
		cpus[cpu].open = false;
		count++;
		sum += cpus[cpu].length;
		if (cpus[cpu].length > longest) {
			longest = cpus[cpu].length;
		}
	}
}

static void returns(unsigned int cpu, void *data)
{
	(void)data;
	cpus[core_executing(cpu)].open = false;
}

static void marked(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	fprintf(to,
		"decisions=%" PRIu64 " instructions=%" PRIu64 " most=%" PRIu64
		"\n",
		count, sum, longest);
	fflush(to);
	count = sum = longest = 0;
}

static void block(struct qemu_plugin_tb *tb, FILE *out)
{
	static const qemu_plugin_vcpu_udata_cb_t call[] = {
		[NOTHING] = executes, [FROM] = begins, [UNTIL] = decided,
		[RETURN] = returns,   [MARK] = marked,
	};
	size_t n = qemu_plugin_tb_n_insns(tb);
	bool any = false;

	to = out;
	for (size_t i = 0; i < n; i++) {
		any |= event_of(qemu_plugin_tb_get_insn(tb, i)) != NOTHING;
	}
	if (!any) {
		qemu_plugin_register_vcpu_tb_exec_cb(tb, executes, core_flags(),
						     (void *)n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_cb(insn,
						       call[event_of(insn)],
						       core_flags(),
						       (void *)(uint64_t)1);
	}
}

static bool argument(const char *name, uint64_t value)
{
	static const struct numbers known[] = {
		{ "from", &from }, { "bytes", &bytes }, { "until", &until },
		{ "mark", &mark }, { "cpu", &only },
	};

	return take_number(known, sizeof(known) / sizeof(known[0]), name,
			   value);
}

const struct plugin plugin = {
	.argument = argument,
	.block = block,
};
