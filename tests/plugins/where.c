/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts the hypervisor's instructions by address: for each series a line of
 * ADDRESS=COUNT, over all its rounds.
 */
#include <inttypes.h>
#include <string.h>

#include "tests/plugins/core.h"

#define SLOTS 65536 /* a power of two */

static struct {
	uint64_t address, count;
} slots[SLOTS];
static unsigned int used, rounds;

static void executed(unsigned int cpu, uint64_t address, enum insn_class what)
{
	uint64_t i = address / 4 % SLOTS;

	(void)cpu;
	(void)what;
	while (slots[i].count > 0 && slots[i].address != address) {
		i = (i + 1) % SLOTS;
	}
	if (slots[i].count == 0 && ++used > SLOTS / 2) {
		core_fail("more instructions than there is place for");
	}
	slots[i].address = address;
	slots[i].count++;
}

static void end(void)
{
	rounds++;
}

static void series(FILE *out, unsigned int number)
{
	fprintf(out, "series=%u rounds=%u", number, rounds);
	for (unsigned int i = 0; i < SLOTS; i++) {
		if (slots[i].count > 0) {
			fprintf(out, " %#" PRIx64 "=%" PRIu64, slots[i].address,
				slots[i].count);
		}
	}
	fputc('\n', out);
	memset(slots, 0, sizeof(slots));
	used = 0;
	rounds = 0;
}

const struct plugin plugin = {
	.executed = executed,
	.end = end,
	.series = series,
};
