/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For images without the terminal: runs /boot.cmd, then connects the host's
 * serial port to the guests' consoles, one after the other.
 */
#include <core/daemon.h>
#include <core/guest.h>
#include <core/hostcon.h>
#include <core/sched.h>
#include <core/vserial.h>
#include <string.h>

#include "boot_script.h"
#include "port.h"

/* Show the guest's console until Ctrl-]; false if it has none. */
static bool unattended_console(struct session *s, struct guest *g)
{
	char name[CONFIG_NAME_LEN];
	struct vserial *c;
	bool attached;

	memcpy(name, g->cfg->name, sizeof(name));
	c = vserial_get(name, NULL);
	if (c == NULL) {
		return false;
	}
	attached = session_attach(s, c, name, false) == 0;
	vserial_put(c);
	return attached;
}

/* Show each guest's console in turn; ends when no guest has one. */
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
	session_init(&session, &port_session_ops, hostcon_main());
	boot_script_run(&session);
	if (hostcon_present(hostcon_main())) {
		unattended_consoles(&session);
	}
}

static const struct daemon unattended_daemon = {
	.name = "unattended",
	.priority = SCHED_PRIO_MAX - 1,
	.run = unattended_main,
};
DAEMON(unattended_daemon);
