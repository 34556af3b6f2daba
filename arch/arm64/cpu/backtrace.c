/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking our own stack by frame records (AAPCS64 6.4.6). */
#include <arch/cpu.h>
#include <core/vcpu.h>

#define MAX_FRAMES 32

/* A record is trusted if it lies within 16 KiB above the one before. */
static bool plausible(uintptr_t fp, uintptr_t before)
{
	return fp > before && fp - before < 16384 && IS_ALIGNED(fp, 16U);
}

void arch_backtrace(uintptr_t fp, void (*emit)(uintptr_t pc))
{
	for (unsigned int i = 0; i < MAX_FRAMES && IS_ALIGNED(fp, 16U); i++) {
		const uintptr_t *record = (const uintptr_t *)fp;
		uintptr_t next;

		if (fp < PAGE_SIZE) {
			return;
		}
		next = record[0];
		/* The top bits of a signed return address hold its
		 * authentication code. */
		if (!record[1]) {
			return;
		}
		emit((record[1] & GENMASK(47, 0)) - 4);
		if (!plausible(next, fp)) {
			return;
		}
		fp = next;
	}
}
