/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a path through the hypervisor touches: cache lines fetched, loaded and
 * stored, accesses to devices, and the instructions that cost more than others.
 * For each series it prints a line of NAME=VALUE: how many rounds there were,
 * how many of them took the most frequent path, and what that path did.
 */
#include <inttypes.h>
#include <string.h>

#include "tests/plugins/core.h"

#define LINE_SHIFT 6 /* 64 bytes, as Cortex-A cores have */
#define SLOTS 4096   /* a power of two */
#define MAX_LINES (SLOTS / 2)
#define MAX_WAYS 1024

/* What a round did; the order is that of the output. */
enum {
	EXCURSIONS,
	INSTRUCTIONS, /* the hypervisor's, as all that follows but GUEST */
	ILINES,
	DLINES,
	DEVICE,
	BARRIERS,
	WRITES,
	READS,
	TLB,
	CACHE,
	COPIED, /* bytes */
	GUEST,  /* last: two rounds that differ in it alone went the same way,
		* as a guest that waits in a loop does; it is the first one's */
	COLUMNS
};

static const char *const names[COLUMNS] = {
	[EXCURSIONS] = "excursions",
	[GUEST] = "guest",
	[INSTRUCTIONS] = "instructions",
	[ILINES] = "ilines",
	[DLINES] = "dlines",
	[DEVICE] = "device",
	[BARRIERS] = "barriers",
	[WRITES] = "writes",
	[READS] = "reads",
	[TLB] = "tlb",
	[CACHE] = "cache",
	[COPIED] = "copied",
};

/* The column that counts an instruction; 0: none does. */
static const unsigned char column_of[INSN_CLASSES] = {
	[INSN_BARRIER] = BARRIERS, [INSN_WRITE] = WRITES, [INSN_READ] = READS,
	[INSN_TLB] = TLB,          [INSN_CACHE] = CACHE,
};

/* Distinct lines of a round. A slot is of this round if its stamp is. */
struct set {
	uint64_t line[SLOTS];
	uint64_t stamp[SLOTS];
	unsigned int count;
};

/* Of the round: */
static struct set fetched, data;
static uint64_t stamp;
static uint64_t found[COLUMNS];

/* Of the series: */
static struct {
	uint64_t values[COLUMNS];
	unsigned int times;
} ways[MAX_WAYS];
static unsigned int way_count, rounds;

static void touch(struct set *set, uint64_t address)
{
	uint64_t line = address >> LINE_SHIFT;
	/* Neighbouring lines get neighbouring slots: the lines of a path lie in
	 * runs. */
	uint64_t slot = line % SLOTS;

	while (set->stamp[slot] == stamp) {
		if (set->line[slot] == line) {
			return;
		}
		slot = (slot + 1) % SLOTS;
	}
	if (++set->count > MAX_LINES) {
		core_fail("more lines in a round than there is place for");
	}
	set->stamp[slot] = stamp;
	set->line[slot] = line;
}

static void begin(void)
{
	stamp++;
	fetched.count = 0;
	data.count = 0;
	memset(found, 0, sizeof(found));
}

static void executed(unsigned int cpu, uint64_t address, enum insn_class what)
{
	(void)cpu;
	touch(&fetched, address);
	if (column_of[what]) {
		found[column_of[what]]++;
	}
}

static void accessed(unsigned int cpu, uint64_t address, unsigned int bytes,
		     bool device)
{
	(void)cpu;
	if (device) {
		found[DEVICE]++;
		return;
	}
	touch(&data, address);
	touch(&data, address + bytes - 1);
}

static void end(void)
{
	struct core_counts all = core_all();
	unsigned int i = 0;

	found[EXCURSIONS] = all.excursions;
	found[GUEST] = all.guest;
	found[INSTRUCTIONS] = all.hypervisor;
	found[COPIED] = all.copied;
	found[ILINES] = fetched.count;
	found[DLINES] = data.count;
	rounds++;
	while (i < way_count &&
	       memcmp(ways[i].values, found, GUEST * sizeof(*found)) != 0) {
		i++;
	}
	if (i == MAX_WAYS) {
		return; /* rare: it is not the most frequent one */
	}
	if (i == way_count) {
		memcpy(ways[i].values, found, sizeof(found));
		ways[i].times = 0;
		way_count++;
	}
	ways[i].times++;
}

/* Is path `a` more frequent, or, if equally frequent, cheaper? Columns are in
 * the order of their importance. */
static bool before(unsigned int a, unsigned int b)
{
	unsigned int i = 0;

	if (ways[a].times != ways[b].times) {
		return ways[a].times > ways[b].times;
	}
	while (i < GUEST && ways[a].values[i] == ways[b].values[i]) {
		i++;
	}
	return ways[a].values[i] < ways[b].values[i];
}

static void series(FILE *out, unsigned int number)
{
	unsigned int most = 0;

	fprintf(out, "series=%u rounds=%u", number, rounds);
	for (unsigned int i = 1; i < way_count; i++) {
		if (before(i, most)) {
			most = i;
		}
	}
	if (way_count > 0) {
		fprintf(out, " usual=%u", ways[most].times);
		for (unsigned int i = 0; i < COLUMNS; i++) {
			fprintf(out, " %s=%" PRIu64, names[i],
				ways[most].values[i]);
		}
	}
	fputc('\n', out);
	way_count = 0;
	rounds = 0;
}

const struct plugin plugin = {
	.begin = begin,
	.executed = executed,
	.accessed = accessed,
	.end = end,
	.series = series,
};
