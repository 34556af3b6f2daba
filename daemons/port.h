/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session on the host's serial port; and services on further ports. */
#ifndef DAEMONS_PORT_H
#define DAEMONS_PORT_H

#include <core/session.h>

/* Operations for the one session on the port, which gets everything that is
 * typed. */
extern const struct session_ops port_session_ops;

/*
 * Open each of the serial ports that a boot argument names, NAME,NAME, and give
 * its console to `serve`, which keeps it if it returns 0. Failures are logged:
 * "`what`: NAME: reason". Thread context.
 */
void port_open_all(const char *what, const char *names,
		   int (*serve)(struct hostcon *con));

#endif
