/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests may do on management channels. */
#ifndef MANAGEMENT_RIGHTS_PRIV_H
#define MANAGEMENT_RIGHTS_PRIV_H

#include <core/management.h>

struct command;
struct subcommand;

/* May the holder run this command? argv[1], if there is one, may be a guest's
 * name or number. Thread context. */
bool management_may_run(const struct management_rights *r,
			const struct command *cmd, const struct subcommand *sub,
			int argc, char **argv);
/* May it know of this guest? "": of the host. Any context. */
bool management_may_see(const struct management_rights *r, const char *guest);

#endif
