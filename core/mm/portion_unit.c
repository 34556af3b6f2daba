/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The units of the memory system that treat accesses by partition ID, and what
 * the caches of the last level among them have in common. */
#include <arch/partition.h>
#include <core/log.h>
#include <libs/error.h>

#include "portion_priv.h"

static struct list units = LIST_INIT(units); /* [I] after boot, as all here */
static const char *failed;                   /* a unit that cannot be used */
static const char *none = "the caches have not been looked at";
/* The outermost level of caches that have portions, how many all of that level
 * have, and the partition IDs that all units and CPUs have. */
static struct {
	unsigned int level, count, ids;
} last;

void portion_unit_add(struct portion_unit *u)
{
	list_append(&units, &u->node);
}

void portion_unit_failed(const char *name)
{
	failed = name;
}

uint32_t portion_word(portion_mask_t set, unsigned int count, uint32_t width,
		      unsigned int n)
{
	uint32_t word = 0;

	for (unsigned int bit = 0; bit < 32; bit++) {
		uint64_t at = 32 * (uint64_t)n + bit;

		if (at < width && (set >> (at * count / width) & 1)) {
			word |= 1U << bit;
		}
	}
	return word;
}

static void find_level(void)
{
	const struct portion_unit *u;

	list_for_each(u, &units, node) {
		if (u->width) {
			last.level = MAX(last.level, u->level);
		}
	}
	last.count = PORTION_MAX;
	list_for_each(u, &units, node) {
		if (u->width && u->level == last.level) {
			last.count = (unsigned int)MIN(last.count, u->width);
		}
	}
}

static const char *find(void)
{
	const struct portion_unit *u;
	const char *why;

	if (failed) {
		log_err("portions: %s cannot be used, so no cache is divided",
			failed);
		return "a unit of the host's tree that treats partitions "
		       "cannot be used, see the log";
	}
	last.ids = MIN(arch_partition_ids(&why), PORTION_IDS_MAX);
	if (!last.ids) {
		return why;
	}
	if (list_empty(&units)) {
		return "the host's tree has no cache with portions that this "
		       "hypervisor has a driver for";
	}
	list_for_each(u, &units, node) {
		last.ids = MIN(last.ids, u->ids);
	}
	find_level();
	if (!last.level) {
		return "no cache of the host has portions, or the tree does not "
		       "tell its level";
	}
	if (last.count < 2) {
		return "the last level has one portion";
	}
	return last.ids > PORTION_OWN_ID + 1
		       ? NULL
		       : "there are no partition IDs besides those of the "
			 "hypervisor and of guests without portions";
}

int portion_allow(uint32_t id, portion_mask_t set)
{
	struct portion_unit *u;
	int err = 0;

	list_for_each(u, &units, node) {
		if (u->width && u->level == last.level && !err) {
			err = u->allow(u, id, set, last.count);
		}
	}
	return err;
}

void portion_init(void)
{
	none = find();
	if (none) {
		last.count = 0;
	} else {
		/* Until now all accesses have had ID 0. */
		arch_partition_own(PORTION_OWN_ID);
		log_info("portions: %u of the caches of level %u, %u partition "
			 "IDs",
			 last.count, last.level, last.ids);
	}
	portion_own_init();
}

unsigned int portion_count(const char **why)
{
	*why = none;
	return last.count;
}

unsigned int portion_level(void)
{
	return last.level;
}

unsigned int portion_ids(void)
{
	return last.ids;
}
