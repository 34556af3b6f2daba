/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's boot arguments: each has a row; what fits none is told. */
#include <core/boot.h>
#include <core/dt.h>
#include <core/log.h>
#include <core/panic.h>
#include <string.h>

#define BOOTARG_SIZE 64 /* longer words are cut, and so fit no row */

static bool bootargs_panic(const char *value)
{
	bool reboot = strcmp(value, "reboot") == 0;

	if (!reboot && strcmp(value, "halt") != 0) {
		return false;
	}
	panic_set_policy(reboot ? PANIC_REBOOT : PANIC_HALT);
	return true;
}

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

static const struct bootarg {
	const char *name;	/* with its '=' */
	bool (*take)(const char *value);
} bootargs[] = {
	{ "panic=", bootargs_panic },
	{ "loglevel=", bootargs_loglevel },
};

static bool bootargs_take(const char *word)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(bootargs); i++) {
		size_t n = strlen(bootargs[i].name);

		if (strncmp(word, bootargs[i].name, n) == 0) {
			return bootargs[i].take(word + n);
		}
	}
	return false;
}

void bootargs_apply(void)
{
	char word[BOOTARG_SIZE];
	const char *at = NULL;

	/* In order: the last one counts, so that appending overrides. */
	while (dt_bootarg_next(&at, word, sizeof(word))) {
		if (!bootargs_take(word)) {
			log_warn("bootargs: found %s; allowed panic=halt|reboot"
				 " and loglevel=err|warn|info|debug", word);
		}
	}
}
