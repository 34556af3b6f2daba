/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of PMUv3: their names, and which of them a CPU has (Arm ARM D11.11,
 * common event numbers; K3.1 for those that are recommended). Pure.
 */
#include "events.h"

#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

static const struct {
	uint32_t number;
	const char *name;
} events[] = {
	{ 0x00, "SW_INCR" },
	{ 0x01, "L1I_CACHE_REFILL" },
	{ 0x02, "L1I_TLB_REFILL" },
	{ 0x03, "L1D_CACHE_REFILL" },
	{ 0x04, "L1D_CACHE" },
	{ 0x05, "L1D_TLB_REFILL" },
	{ 0x06, "LD_RETIRED" },
	{ 0x07, "ST_RETIRED" },
	{ 0x08, "INST_RETIRED" },
	{ 0x09, "EXC_TAKEN" },
	{ 0x0a, "EXC_RETURN" },
	{ 0x0b, "CID_WRITE_RETIRED" },
	{ 0x10, "BR_MIS_PRED" },
	{ 0x11, "CPU_CYCLES" },
	{ 0x12, "BR_PRED" },
	{ 0x13, "MEM_ACCESS" },
	{ 0x14, "L1I_CACHE" },
	{ 0x15, "L1D_CACHE_WB" },
	{ 0x16, "L2D_CACHE" },
	{ 0x17, "L2D_CACHE_REFILL" },
	{ 0x18, "L2D_CACHE_WB" },
	{ 0x19, "BUS_ACCESS" },
	{ 0x1b, "INST_SPEC" },
	{ 0x1d, "BUS_CYCLES" },
	{ 0x21, "BR_RETIRED" },
	{ 0x23, "STALL_FRONTEND" },
	{ 0x24, "STALL_BACKEND" },
	{ 0x29, "L3D_CACHE_ALLOCATE" },
	{ 0x2a, "L3D_CACHE_REFILL" },
	{ 0x2b, "L3D_CACHE" },
	{ 0x31, "REMOTE_ACCESS" },
	{ 0x32, "LL_CACHE" },
	{ 0x33, "LL_CACHE_MISS" },
	{ 0x36, "LL_CACHE_RD" },
	{ 0x37, "LL_CACHE_MISS_RD" },
	{ 0x3c, "STALL" },
	{ 0x52, "L2D_CACHE_REFILL_RD" },
	{ 0x53, "L2D_CACHE_REFILL_WR" },
	{ 0x60, "BUS_ACCESS_RD" },
	{ 0x61, "BUS_ACCESS_WR" },
	{ 0x66, "MEM_ACCESS_RD" },
	{ 0x67, "MEM_ACCESS_WR" },
	{ 0xa2, "L3D_CACHE_REFILL_RD" },
	{ 0xa3, "L3D_CACHE_REFILL_WR" },
};

/* Nearest to the memory first. The last three are of machines that count
 * nothing of memory, emulators above all. */
static const uint16_t best[] = { 0x19, 0x2a, 0x33, 0x17, 0x13, 0x08, 0x11 };

#define EVENT_CHAIN 0x1e /* counts another counter's overflows */

const char *pmu_event_name(uint32_t event)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (events[i].number == event) {
			return events[i].name;
		}
	}
	return NULL;
}

/*
 * D17.5.2: bit n of PMCEID0's lower half is event n, of PMCEID1's 32 + n; of
 * their upper halves 0x4000 + n and 0x4020 + n.
 */
static bool pmu_event_tells(const uint64_t ceid[2], uint32_t event, bool *has)
{
	uint32_t low = event & ~UINT32_C(0x4000);

	if (low >= 64) {
		return false;
	}
	*has = ceid[low / 32] >> (low % 32 + (event == low ? 0 : 32)) & 1;
	return true;
}

/* All but CHAIN, which needs the counter beside a reserved one. */
static bool pmu_event_usable(const uint64_t ceid[2], uint32_t event)
{
	bool has = true;

	return event != EVENT_CHAIN &&
	       (!pmu_event_tells(ceid, event, &has) || has);
}

bool pmu_event_nth(const uint64_t ceid[2], unsigned int n, uint32_t *event)
{
	for (uint32_t i = 0; i < 128; i++) {
		uint32_t e = i < 64 ? i : 0x4000 + i - 64;

		if (pmu_event_usable(ceid, e) && n-- == 0) {
			*event = e;
			return true;
		}
	}
	return false;
}

int pmu_event_best(const uint64_t ceid[2], uint32_t *event)
{
	for (size_t i = 0; i < ARRAY_SIZE(best); i++) {
		if (pmu_event_usable(ceid, best[i])) {
			*event = best[i];
			return 0;
		}
	}
	return -ERR_NOSUPP;
}

int pmu_event_parse(const uint64_t ceid[2], const char *text, uint32_t *event)
{
	uint64_t number = 0;
	bool found = parse_u64_max(text, UINT16_MAX, &number) == 0;

	for (size_t i = 0; !found && i < ARRAY_SIZE(events); i++) {
		if (strcmp(events[i].name, text) == 0) {
			number = events[i].number;
			found = true;
		}
	}
	if (!found) {
		return -ERR_INVAL;
	}
	*event = (uint32_t)number;
	return pmu_event_usable(ceid, *event) ? 0 : -ERR_NOSUPP;
}
