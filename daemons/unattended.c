/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In place of the terminal where there is none: runs /boot.cmd, then gives
 * the host's serial port to the guests' consoles, one after the other.
 */
#include <core/console.h>
#include <core/guest.h>
#include <core/hostcon.h>
#include <core/sched.h>
#include <daemon/daemon.h>
#include <string.h>

#include "boot_script.h"
#include "port.h"

/* The guest's console until Ctrl-]; false: it has none. */
static bool unattended_console(struct session *s, struct guest *g)
{
	char name[CONFIG_NAME_LEN];
	struct console *c;
	bool attached;

	memcpy(name, g->cfg->name, sizeof(name));
	c = console_get(name, NULL);
	if (c == NULL) {
		return false;
	}
	attached = session_attach(s, c, name) == 0;
	console_put(c);
	return attached;
}

/* Each guest's console in turn; ends when no guest has one. */
static void unattended_consoles(struct session *s)
{
	bool any = true;

	while (any) {
		struct guest *g;

		any = false;
		for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
			any |= unattended_console(s, g);
			guest_put(g);
		}
	}
}

static void unattended_main(void *arg)
{
	static struct session session;

	(void)arg;
	session_init(&session, &port_session_ops);
	boot_script_run(&session);
	if (hostcon_present()) {
		unattended_consoles(&session);
	}
}

static const struct daemon unattended_daemon = {
	.name = "unattended",
	.priority = SCHED_PRIO_MAX - 1,
	.run = unattended_main,
};
DAEMON(unattended_daemon);
