/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much is executed, and where: for long rounds, such as a program in a
 * guest's Linux. For each series it prints a line of NAME=VALUE: the number of
 * rounds, the instructions of the guests and of the hypervisor in all of them
 * together, and the number of exits from guests.
 */
#include <inttypes.h>

#include "tests/plugins/core.h"

static struct core_counts sum; /* of the series */
static unsigned int rounds;

static void end(void)
{
	struct core_counts all = core_all();

	sum.guest += all.guest;
	sum.hypervisor += all.hypervisor;
	sum.excursions += all.excursions;
	rounds++;
}

static void series(FILE *out, unsigned int number)
{
	fprintf(out,
		"series=%u rounds=%u guest=%" PRIu64 " instructions=%" PRIu64
		" excursions=%" PRIu64 "\n",
		number, rounds, sum.guest, sum.hypervisor, sum.excursions);
	sum = (struct core_counts){ 0 };
	rounds = 0;
}

const struct plugin plugin = {
	.end = end,
	.series = series,
};
