/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ones' complement sum of the Internet checksum. */
#include <string.h>

#include "offload_priv.h"

static uint64_t sum_word(uint64_t sum, const uint8_t *p)
{
	uint64_t word;

	__builtin_memcpy(&word, p, sizeof(word));
	return sum + (word & UINT32_MAX) + (word >> 32);
}

/* 1 << 28 words of 32 bits fit into the sum before it would overflow: more
 * than any frame has. */
uint16_t net_sum(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t sum = 0, last = 0;

	for (; n >= 32; n -= 32, p += 32) {
		sum = sum_word(sum, p);
		sum = sum_word(sum, p + 8);
		sum = sum_word(sum, p + 16);
		sum = sum_word(sum, p + 24);
	}
	for (; n >= 8; n -= 8, p += 8) {
		sum = sum_word(sum, p);
	}
	memcpy(&last, p, n);
	sum += (last & UINT32_MAX) + (last >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}
