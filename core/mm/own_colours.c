/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own colours: the boot argument hyp-colors=LIST. */
#include <core/boot.h>
#include <core/cache.h>
#include <core/colour.h>
#include <core/log.h>
#include <libs/error.h>
#include <libs/parse.h>

static struct colour_claim hypervisor = {
	.owner = "the hypervisor",
	.exclusive = true,
};

/* False, and no effect, if it is not a list. */
static bool take_argument(const char *value)
{
	return parse_list(value, &hypervisor.set, 64) == 0 && hypervisor.set;
}

static const struct bootarg colours_arg = {
	.name = "hyp-colors=",
	.usage = "hyp-colors=LIST",
	.take = take_argument,
};
BOOTARG(colours_arg);

void colour_own_init(void)
{
	struct colour_refusal why;
	char text[COLOUR_TEXT];

	if (!hypervisor.set) {
		return;
	}
	colour_text(colour_all(), text, sizeof(text));
	if (cache_uncoloured()) {
		log_err("hyp-colors: found; allowed nothing, as %s",
			cache_uncoloured());
		return;
	}
	/* Report a number that is too large. The whole set is allowed here. */
	if (hypervisor.set != PAGE_ANY_COLOUR &&
	    (hypervisor.set & ~colour_all()) != 0) {
		log_err("hyp-colors: found %d; allowed a part of %s",
			63 - __builtin_clzll(hypervisor.set), text);
		return;
	}
	if ((colour_all() & ~hypervisor.set) == 0) {
		log_err("hyp-colors: found all colours; allowed a part of %s, so "
			"that guests have some",
			text);
		return;
	}
	/* No other claim can conflict, as this is the first. */
	if (colour_claim(&hypervisor, 0, &why) == 0) {
		page_set_own(hypervisor.set);
	}
}
