/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's boot arguments: each is an entry of a registry. A word that
 * matches none is reported. */
#include <core/boot.h>
#include <core/dt.h>
#include <core/log.h>
#include <core/panic.h>
#include <string.h>

REGISTRY_DEFINE(bootarg);

static bool bootargs_panic(const char *value)
{
	bool reboot = strcmp(value, "reboot") == 0;

	if (!reboot && strcmp(value, "halt") != 0) {
		return false;
	}
	panic_set_policy(reboot ? PANIC_REBOOT : PANIC_HALT);
	return true;
}

static const struct bootarg panic_arg = {
	.name = "panic=",
	.usage = "panic=halt|reboot",
	.take = bootargs_panic,
};
BOOTARG(panic_arg);

static bool bootargs_loglevel(const char *value)
{
	for (int l = LOG_ERR; l <= LOG_DEBUG; l++) {
		if (strcmp(value, log_level_name((enum log_level)l)) == 0) {
			log_set_console_level((enum log_level)l);
			return true;
		}
	}
	return false;
}

static const struct bootarg loglevel_arg = {
	.name = "loglevel=",
	.usage = "loglevel=err|warn|info|debug",
	.take = bootargs_loglevel,
};
BOOTARG(loglevel_arg);

/* NULL: there is none of that name. */
static const struct bootarg *bootargs_find(const char *word)
{
	const struct bootarg *arg;

	registry_for_each(bootarg, arg) {
		if (strncmp(word, arg->name, strlen(arg->name)) == 0) {
			return arg;
		}
	}
	return NULL;
}

/* Say what is allowed: of that argument, or if it is NULL of each. */
static void bootargs_refuse(const char *word, const struct bootarg *only)
{
	const struct bootarg *arg;

	registry_for_each(bootarg, arg) {
		if (!only || arg == only) {
			log_warn("bootargs: found %s; allowed %s", word,
				 arg->usage);
		}
	}
}

void bootargs_apply(void)
{
	char word[BOOTARG_SIZE];
	const char *at = NULL;

	/* In order: the last one wins, so that an appended argument
	 * overrides. */
	while (dt_bootarg_next(&at, word, sizeof(word))) {
		const struct bootarg *arg = bootargs_find(word);

		if (!arg || !arg->take(word + strlen(arg->name))) {
			bootargs_refuse(word, arg);
		}
	}
}
