/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own portions of the last-level cache: the boot argument
 * hyp-portions=LIST. */
#include <core/boot.h>
#include <core/log.h>
#include <libs/error.h>
#include <libs/parse.h>

#include "portion_priv.h"

static struct portion_claim hypervisor = { .owner = "the hypervisor" };

/* False, and no effect, if it is not a list. */
static bool take_argument(const char *value)
{
	portion_mask_t set;

	if (parse_list(value, &set, PORTION_MAX) || !set) {
		return false;
	}
	hypervisor.set = set;
	return true;
}

static const struct bootarg portions_arg = {
	.name = "hyp-portions=",
	.usage = "hyp-portions=LIST",
	.take = take_argument,
};
BOOTARG(portions_arg);

static void log_refused(unsigned int count)
{
	char text[PORTION_TEXT];

	log_err("hyp-portions: found %s; allowed a part of 0-%u, so that one is "
		"left to guests",
		portion_text(hypervisor.set, text, sizeof(text)), count - 1);
}

void portion_own_init(void)
{
	struct portion_refusal refusal;
	const char *why;
	unsigned int count = portion_count(&why);
	int err;

	if (!hypervisor.set) {
		return;
	}
	if (!count) {
		log_err("hyp-portions: found; allowed nothing, as %s", why);
		return;
	}
	err = portion_claim_as(&hypervisor, PORTION_OWN_ID, &refusal);
	if (err == -ERR_BUSY) {
		log_refused(count);
	} else if (err) {
		log_err("hyp-portions: %s", err_str(err));
	}
}
