/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session on the host's serial port. */
#ifndef DAEMONS_PORT_H
#define DAEMONS_PORT_H

#include <core/session.h>

/* Operations for the one session on the port, which gets everything that is
 * typed. */
extern const struct session_ops port_session_ops;

#endif
