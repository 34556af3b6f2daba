/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up a code address in the image's table of function names. */
#include <libs/ksym.h>

/* Longer than any function: an address so far behind is not in the text. */
#define KSYM_LONGEST 0x4000

const char *ksym_lookup(uint64_t addr, uint64_t *off)
{
	uint64_t start = (uintptr_t)_start;
	uint32_t low = 0, high = ksyms_count;

	if (addr < start) {
		return NULL;
	}
	/* Entries below `low` lie at or before addr, from `high` on behind. */
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (ksyms_offsets[mid] <= addr - start) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	if (low == 0) {
		return NULL;
	}
	*off = addr - start - ksyms_offsets[low - 1];
	if (*off >= KSYM_LONGEST) {
		return NULL;
	}
	return &ksyms_names[ksyms_names_off[low - 1]];
}
