/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session on the host's serial port. */
#ifndef DAEMONS_PORT_H
#define DAEMONS_PORT_H

#include <cmd/session.h>

/* For one session: what is typed goes to whoever reads it. */
extern const struct session_ops port_session_ops;

#endif
