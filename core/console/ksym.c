/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up a code address in the image's table of function names. */
#include <core/ksym.h>

/* Longer than any function: an address this far after a name is not in it. */
#define KSYM_LONGEST 0x4000

/* The last block that begins at or below `offset`; the first one always
 * does. */
static uint32_t block_of(uint64_t offset)
{
	uint32_t low = 0, high = DIV_ROUND_UP(ksyms_count, KSYM_BLOCK);

	/* Block `low` begins at or below it, block `high` above it. */
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (ksyms_addresses[mid] <= offset) {
			low = mid;
		} else {
			high = mid;
		}
	}
	return low;
}

/* The distance stored at *at, in bytes; *at is advanced to the name. */
static uint64_t distance(const uint8_t **at)
{
	unsigned int shift = 0;
	uint64_t v = 0;

	for (; **at & 0x80; shift += 7) {
		v |= (uint64_t)(*(*at)++ & 0x7f) << shift;
	}
	v |= (uint64_t) * (*at)++ << shift;
	return v << ksyms_shift;
}

static bool is_character(uint8_t code)
{
	return ksyms_pairs[code][0] == code;
}

static const uint8_t *skip_name(const uint8_t *at)
{
	uint8_t code;

	do {
		code = *at++;
		while (!is_character(code)) {
			code = ksyms_pairs[code][1];
		}
	} while (code != 0);
	return at;
}

/* Each code that is left to decode stands for at least one character, so that
 * `left` has room for a name that fits. */
static void decode(const uint8_t *from, char *to, size_t size)
{
	uint8_t left[KSYM_NAME_SIZE];
	size_t n = 0, depth = 0;

	for (;;) {
		uint8_t code = depth > 0 ? left[--depth] : *from++;

		if (!is_character(code) && depth + 2 <= sizeof(left)) {
			left[depth++] = ksyms_pairs[code][1];
			left[depth++] = ksyms_pairs[code][0];
			continue;
		}
		if (code == 0 || n + 1 == size) {
			break;
		}
		to[n++] = (char)code;
	}
	to[n] = '\0';
}

bool ksym_lookup(uint64_t addr, char *name, size_t size, uint64_t *off)
{
	uint64_t start = (uintptr_t)_start, offset = addr - start, at;
	const uint8_t *entry, *name_at;
	uint32_t block, n;

	if (addr < start || offset < ksyms_addresses[0]) {
		return false;
	}
	block = block_of(offset);
	at = ksyms_addresses[block];
	entry = &ksyms_entries[ksyms_at[block]];
	(void)distance(&entry);
	name_at = entry;
	for (n = block * KSYM_BLOCK + 1; n < ksyms_count && n % KSYM_BLOCK != 0;
	     n++) {
		uint64_t next;

		entry = skip_name(entry);
		next = at + distance(&entry);
		if (next > offset) {
			break;
		}
		at = next;
		name_at = entry;
	}
	if (offset - at >= KSYM_LONGEST) {
		return false;
	}
	decode(name_at, name, size);
	*off = offset - at;
	return true;
}
