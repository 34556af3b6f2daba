/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the background services. */
#include <core/daemon.h>
#include <core/log.h>
#include <core/thread.h>
#include <libs/error.h>

REGISTRY_DEFINE(daemon);

void daemon_start_all(void)
{
	const struct daemon *it;

	registry_for_each(daemon, it) {
		struct thread_attr attr = {
			.name = it->name,
			.priority = it->priority,
		};
		int err = 0;

		if (!IS_ENABLED(CONFIG_MANAGEMENT) || it->wanted == NULL ||
		    it->wanted()) {
			err = thread_create(NULL, &attr, it->run, NULL);
		}
		if (err) {
			log_err("daemon %s: %s", it->name, err_str(err));
		}
	}
}
