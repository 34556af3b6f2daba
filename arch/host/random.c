/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated CPU has no random number generator; a test may define one. */
#include <arch/cpu.h>

bool arch_random64(uint64_t *out)
{
	(void)out;
	return false;
}

bool arch_random_firmware(uint64_t out[3])
{
	(void)out;
	return false;
}
