/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Background services, started once the hypervisor is up. */
#ifndef CORE_DAEMON_H
#define CORE_DAEMON_H

#include <libs/registry.h>

struct daemon {
	const char *name;
	uint8_t priority;       /* of its thread */
	void (*run)(void *arg); /* in a thread of its own */
	/* Is there anything for it to do? NULL: yes. Thread context. */
	bool (*wanted)(void);
};
#define DAEMON(ident) REGISTRY_ADD(daemon, struct daemon, ident)
REGISTRY_DECLARE(daemon);

/* Start every daemon's thread; failures are logged. Thread context. */
void daemon_start_all(void);

#endif
