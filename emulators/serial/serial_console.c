/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console behind an emulated serial port: its name. */
#include "serial_console.h"

#include <core/guest.h>
#include <libs/error.h>
#include <stdio.h>

int serial_console_create(struct console **out, struct emu_device *dev,
			  console_notify_t notify)
{
	const char *owner = dev->guest->cfg->name;
	struct console *taken;
	char name[16];

	for (unsigned int i = 0; i < CONFIG_MAX_DEVICES; i++) {
		(void)snprintf(name, sizeof(name), "serial%u", i);
		taken = console_get(owner, name);
		if (!taken) {
			return console_create(out, owner, name, notify, dev);
		}
		console_put(taken);
	}
	return -ERR_EXIST;
}
