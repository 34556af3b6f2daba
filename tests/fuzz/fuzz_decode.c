/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any instruction word and any tables, as guests may give them to the abort
 * handler. */
#include <stdlib.h>
#include <string.h>

#include "arch/arm64/vcpu/decode.h"
#include "arch/arm64/vcpu/s1walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool cond)
{
	if (!cond) {
		abort();
	}
}

static void check_decode(uint32_t insn, uint64_t base, uint64_t index)
{
	struct decoded d;

	decode(insn, &d);
	require(d.kind <= DECODE_REFUSED);
	if (d.kind != DECODE_ACCESS) {
		return;
	}
	require(d.count == 1 || d.count == 2);
	require(d.size == 1 || d.size == 2 || d.size == 4 || d.size == 8 ||
		(d.size == 16 && d.fp));
	require(d.reg[0] < 32 && d.reg[1] < 32);
	require(d.base <= DECODE_BASE_PC);
	require(d.index < 32 || d.index == DECODE_NO_INDEX);
	require(d.shift <= 4);
	require(!d.sign || d.size < 8);
	require(!(d.write && d.sign));
	/* The base's new value is never one that was loaded. */
	require(!d.writeback || d.write || d.fp || d.base == 31 ||
		d.reg[0] != d.base);
	(void)decode_address(&d, base, index);
	(void)decode_new_base(&d, base);
	if (!d.fp) {
		(void)decode_extend(&d, base);
	}
}

struct memory {
	const uint8_t *data;
	size_t size;
	unsigned int reads;
};

static bool read_memory(void *ctx, uint64_t ipa, uint64_t *out)
{
	struct memory *m = ctx;

	m->reads++;
	if (m->size < 8 || ipa % 64 == 63) {
		return false;
	}
	memcpy(out, m->data + ipa / 8 % (m->size / 8) * 8, 8);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s1_regs regs;
	struct memory m;
	struct s1_access access;
	struct s1_result r;
	uint64_t words[6];

	if (size < sizeof(words)) {
		return 0;
	}
	memcpy(words, data, sizeof(words));
	check_decode((uint32_t)words[0], words[1], words[2]);
	check_decode((uint32_t)(words[0] >> 32), words[1], words[2]);
	regs = (struct s1_regs){ words[1] | 1, words[2], words[3], words[4] };
	m = (struct memory){ data + sizeof(words), size - sizeof(words), 0 };
	access = (struct s1_access){
		.user = words[0] & 1,
		.write = words[0] & 2,
		.exec = words[0] & 4,
		.pan = words[0] & 8,
	};
	s1_walk(&regs, words[5], words[0] & 16 ? &access : NULL, read_memory,
		&m, &r);
	require(m.reads <= 4);
	require(r.level <= 3);
	require(r.status <= S1_NO_TABLE);
	require(r.ipa < BIT(52));
	return 0;
}
