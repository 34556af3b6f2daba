/* SPDX-License-Identifier: GPL-2.0-or-later */
/* True random numbers, the guest's and the host's: TRNG firmware interface 1.0
 * (DEN0098). */
#include <arch_impl/smccc_host.h>
#include <arch_impl/smccc_service.h>
#include <arch_impl/trap.h>
#include <core/random.h>
#include <string.h>

#include "smccc.h"

#define TRNG_VERSION 0x84000050u
#define TRNG_FEATURES 0x84000051u
#define TRNG_GET_UUID 0x84000052u
#define TRNG_RND32 0x84000053u
#define TRNG_RND64 0xc4000053u

#define TRNG_INVALID_PARAMETERS (-2)
#define TRNG_NO_ENTROPY (-3)

#define HOST_TRIES 16 /* while the firmware's generator has no data */

/* Highest numbered word first: DEN0098 2.4. Bits above what was asked for
 * are zero. */
static void rnd(uint64_t *x, unsigned int word_bits)
{
	unsigned int want = (unsigned int)MIN(x[1], 1024);
	uint64_t words[3];

	if (want == 0 || want > 3 * word_bits) {
		x[0] = (uint64_t)TRNG_INVALID_PARAMETERS;
		return;
	}
	random_bytes(words, sizeof(words));
	for (unsigned int i = 0; i < 3; i++) {
		unsigned int bits = MIN(want, word_bits);

		x[3 - i] = bits ? words[i] & GENMASK(bits - 1, 0) : 0;
		want -= bits;
	}
	x[0] = SMCCC_SUCCESS;
}

static bool is_function(uint32_t fn)
{
	return (fn >= TRNG_VERSION && fn <= TRNG_RND32) || fn == TRNG_RND64;
}

static void trng_call(struct vcpu *v, struct guest_regs *regs)
{
	uint64_t *x = regs->x;
	uint32_t fn = (uint32_t)x[0];

	(void)v;
	/* Without trustworthy random numbers the interface is not offered. */
	if (!is_function(fn) || !random_seeded()) {
		x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
		return;
	}
	switch (fn) {
	case TRNG_VERSION:
		x[0] = 0x10000;
		break;
	case TRNG_FEATURES:
		x[0] = (uint64_t)(is_function((uint32_t)x[1])
					  ? SMCCC_SUCCESS
					  : SMCCC_NOT_SUPPORTED);
		break;
	case TRNG_GET_UUID:
		/* 9e1ff78e-6ce5-4d4c-a8c2-7d1fdb3a52b6, made for this. */
		x[0] = 0x8ef71f9e;
		x[1] = 0x4c4de56c;
		x[2] = 0x1f7dc2a8;
		x[3] = 0xb6523adb;
		break;
	case TRNG_RND32:
		x[1] = (uint32_t)x[1];
		rnd(x, 32);
		break;
	default:
		rnd(x, 64);
		break;
	}
}

bool arch_random_firmware(uint64_t out[3])
{
	struct smccc_result res;
	int32_t err = TRNG_NO_ENTROPY;

	if (!smccc_host_1_1() ||
	    (int32_t)smccc_call(TRNG_VERSION, 0, 0, 0, NULL) < 0x10000) {
		return false;
	}
	for (unsigned int i = 0; i < HOST_TRIES && err == TRNG_NO_ENTROPY;
	     i++) {
		err = (int32_t)smccc_call(TRNG_RND64, 192, 0, 0, &res);
	}
	if (err) {
		return false;
	}
	memcpy(out, &res.x[1], 3 * sizeof(out[0]));
	return true;
}

static const struct smccc_service trng_service = {
	.name = "trng",
	.first = TRNG_VERSION,
	.last = TRNG_RND32,
	.call = trng_call,
};
SMCCC_SERVICE(trng_service);
