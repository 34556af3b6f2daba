/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many instructions the hypervisor executes with interrupts masked: for
 * each place where they are masked, the longest section that began there, as a
 * line of its length, its begin and end, how many there were, and what it
 * executed (ADDRESS:INSTRUCTIONS, by block). The file is up to date whenever
 * QEMU ends.
 *
 * A section begins at a vector, or where interrupts are masked while there is
 * none. It ends with an exception return, with a wait, where interrupts are
 * unmasked, and where code that is about to do that looks at the flag
 * `latency_enabled` (insn_mask()). What a CPU does before it has unmasked
 * interrupts for the first time is no section.
 *
 * Arguments: enabled=ADDRESS of the flag; vectors=ADDRESS and watched=ADDRESS,
 * the tables of vectors.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/plugins/core.h"

#define PLACES 512
#define WAY 65536 /* blocks of a section that are remembered */
#define DISTINCT 2048

enum event { NOTHING, VECTOR, SET, CLEAR, UNMASK };

struct block {
	uint64_t address;
	uint64_t instructions;
};

static struct {
	bool started, open;
	uint64_t from, length, last;
	unsigned int blocks;
	struct block way[WAY];
} cpus[CORE_MAX_CPUS];

static struct place {
	uint64_t from, until, longest, times;
	unsigned int blocks;
	struct block *way;
} places[PLACES];
static unsigned int used;

static uint64_t enabled, vectors, watched;
static FILE *to;

static bool is_vector(uint64_t address, uint64_t table)
{
	return table && insn_is_vector(address - table);
}

static enum event event_of(struct qemu_plugin_insn *from)
{
	static const enum event events[] = {
		[INSN_KEEPS] = NOTHING,
		[INSN_MASKS] = SET,
		[INSN_UNMASKS] = CLEAR,
		[INSN_WILL_UNMASK] = UNMASK,
	};
	struct insn insn = core_insn(from);

	if (is_vector(insn.address, vectors) ||
	    is_vector(insn.address, watched)) {
		return VECTOR;
	}
	return events[insn_mask(&insn, enabled)];
}

static void print(void)
{
	rewind(to);
	for (unsigned int i = 0; i < used; i++) {
		const struct place *p = &places[i];

		fprintf(to,
			"longest=%" PRIu64 " from=%#" PRIx64 " until=%#" PRIx64
			" times=%" PRIu64 " way=",
			p->longest, p->from, p->until, p->times);
		for (unsigned int b = 0; b < p->blocks; b++) {
			fprintf(to, "%s%#" PRIx64 ":%" PRIu64, b ? "," : "",
				p->way[b].address, p->way[b].instructions);
		}
		fputc('\n', to);
	}
	fflush(to);
	if (ftruncate(fileno(to), ftell(to)) != 0) {
		core_fail("the file cannot be written");
	}
}

static struct place *place_of(uint64_t from)
{
	for (unsigned int i = 0; i < used; i++) {
		if (places[i].from == from) {
			return &places[i];
		}
	}
	if (used == PLACES) {
		core_fail("more places than there is room for");
	}
	places[used].from = from;
	return &places[used++];
}

/* Blocks that were executed more than once become one. */
static void keep_way(struct place *p, const struct block *way, unsigned int n)
{
	if (!p->way) {
		p->way = calloc(DISTINCT, sizeof(*p->way));
	}
	if (!p->way) {
		core_fail("no memory");
	}
	p->blocks = 0;
	for (unsigned int i = 0; i < n; i++) {
		unsigned int b = 0;

		while (b < p->blocks && p->way[b].address != way[i].address) {
			b++;
		}
		if (b == DISTINCT) {
			continue;
		}
		if (b == p->blocks) {
			p->way[p->blocks++] =
				(struct block){ way[i].address, 0 };
		}
		p->way[b].instructions += way[i].instructions;
	}
}

static void end(unsigned int cpu, uint64_t until)
{
	struct place *p = place_of(cpus[cpu].from);

	cpus[cpu].open = false;
	p->times++;
	/* A little longer is not worth a line. */
	if (cpus[cpu].length > p->longest) {
		bool tell = cpus[cpu].length > p->longest + p->longest / 64;

		p->longest = cpus[cpu].length;
		p->until = until;
		if (tell) {
			keep_way(p, cpus[cpu].way, cpus[cpu].blocks);
		}
		print();
	}
}

static void begin(unsigned int cpu, uint64_t from)
{
	cpus[cpu].open = true;
	cpus[cpu].from = from;
	cpus[cpu].length = 0;
	cpus[cpu].blocks = 0;
}

static void executes(unsigned int cpu, uint64_t address, uint64_t n)
{
	if (!cpus[cpu].open) {
		return;
	}
	cpus[cpu].length += n;
	if (cpus[cpu].blocks < WAY) {
		cpus[cpu].way[cpus[cpu].blocks++] =
			(struct block){ address, n };
	}
}

/* `data`: the block's address, which is sign-extended, and above it the number
 * of its instructions. */
#define COUNT_SHIFT 50
#define ADDRESS_MASK ((UINT64_C(1) << COUNT_SHIFT) - 1)

static void whole(unsigned int cpu, void *data)
{
	uint64_t value = (uint64_t)data;

	executes(core_executing(cpu),
		 (uint64_t)((int64_t)(value << (64 - COUNT_SHIFT)) >>
			    (64 - COUNT_SHIFT)),
		 value >> COUNT_SHIFT);
}

static void nothing(unsigned int cpu, void *data)
{
	cpu = core_executing(cpu);
	executes(cpu, (uint64_t)data, 1);
}

static void vector(unsigned int cpu, void *data)
{
	cpu = core_executing(cpu);
	if (cpus[cpu].started) {
		begin(cpu, (uint64_t)data);
	}
	executes(cpu, (uint64_t)data, 1);
}

static void set(unsigned int cpu, void *data)
{
	cpu = core_executing(cpu);
	if (cpus[cpu].started && !cpus[cpu].open) {
		begin(cpu, (uint64_t)data);
	}
	executes(cpu, (uint64_t)data, 1);
}

static void clear(unsigned int cpu, void *data)
{
	cpu = core_executing(cpu);
	executes(cpu, (uint64_t)data, 1);
	if (cpus[cpu].open) {
		end(cpu, (uint64_t)data);
	}
}

static void unmasks(unsigned int cpu, void *data)
{
	cpu = core_executing(cpu);
	clear(cpu, data);
	cpus[cpu].started = true;
}

static void block(struct qemu_plugin_tb *tb, FILE *out)
{
	static const qemu_plugin_vcpu_udata_cb_t call[] = { [NOTHING] = nothing,
							    [VECTOR] = vector,
							    [SET] = set,
							    [CLEAR] = clear,
							    [UNMASK] =
								    unmasks };
	size_t n = qemu_plugin_tb_n_insns(tb);
	uint64_t first = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
	bool any = false;

	to = out;
	for (size_t i = 0; i < n; i++) {
		any |= event_of(qemu_plugin_tb_get_insn(tb, i)) != NOTHING;
	}
	if (!any) {
		qemu_plugin_register_vcpu_tb_exec_cb(
			tb, whole, core_flags(),
			(void *)((first & ADDRESS_MASK) |
				 (uint64_t)n << COUNT_SHIFT));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, call[event_of(insn)], core_flags(),
			(void *)qemu_plugin_insn_vaddr(insn));
	}
}

static bool argument(const char *name, uint64_t value)
{
	static const struct numbers known[] = {
		{ "enabled", &enabled },
		{ "vectors", &vectors },
		{ "watched", &watched },
	};

	return take_number(known, sizeof(known) / sizeof(known[0]), name,
			   value);
}

const struct plugin plugin = {
	.argument = argument,
	.block = block,
};
