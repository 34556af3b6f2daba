/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guests may do on management channels. All commands that a guest can be
 * allowed are in one table, so that it can be read whole; what is not in it is
 * the operator's alone, and so is a command that somebody adds.
 */
#include <core/command.h>
#include <core/guest.h>
#include <string.h>

#include "rights_priv.h"

enum access {
	ACCESS_ANY,     /* tells nothing of guests or the host */
	ACCESS_LIST,    /* shows only guests that may be observed */
	ACCESS_OBSERVE, /* of the guest that argv[1] names */
	ACCESS_HOST,    /* to who may observe all */
	ACCESS_OPERATE, /* the guest that argv[1] names */
};

static const struct access_row {
	const char *command, *sub; /* sub NULL: it has none */
	enum access access;
} access_rows[] = {
	{ "echo", NULL, ACCESS_ANY },
	{ "help", NULL, ACCESS_ANY },
	{ "version", NULL, ACCESS_ANY },
	{ "guest", "list", ACCESS_LIST },
	{ "guest", "info", ACCESS_OBSERVE },
	{ "guest", "devices", ACCESS_OBSERVE },
	{ "guest", "queues", ACCESS_OBSERVE },
	{ "guest", "irq", ACCESS_OBSERVE },
	{ "guest", "crash", ACCESS_OBSERVE },
	{ "guest", "start", ACCESS_OPERATE },
	{ "guest", "pause", ACCESS_OPERATE },
	{ "guest", "resume", ACCESS_OPERATE },
	{ "guest", "reset", ACCESS_OPERATE },
	{ "guest", "stop", ACCESS_OPERATE },
	{ "guest", "powerdown", ACCESS_OPERATE },
	{ "vcpu", "list", ACCESS_HOST },
	{ "vcpu", "times", ACCESS_HOST },
	{ "vcpu", "exits", ACCESS_HOST },
	{ "top", NULL, ACCESS_HOST },
	{ "budget", "list", ACCESS_HOST },
	{ "host", "info", ACCESS_HOST },
	{ "host", "cpus", ACCESS_HOST },
	{ "blockdev", "list", ACCESS_HOST },
	{ "vdisk", "list", ACCESS_HOST },
	{ "vdisk", "stats", ACCESS_HOST },
	{ "net", "switch list", ACCESS_HOST },
	{ "net", "port list", ACCESS_HOST },
	{ "net", "port stats", ACCESS_HOST },
	{ "sched", "latency", ACCESS_HOST },
};

/* Is the name in the list? */
static bool rights_listed(const char *list, size_t size, const char *name)
{
	for (size_t at = 0; at < size; at += strlen(list + at) + 1) {
		if (strcmp(list + at, "*") == 0 ||
		    (name[0] != '\0' && strcmp(list + at, name) == 0)) {
			return true;
		}
	}
	return false;
}

static bool may_operate(const struct management_rights *r, const char *guest)
{
	return rights_listed(r->operate, r->operate_size, guest);
}

bool management_may_see(const struct management_rights *r, const char *guest)
{
	return rights_listed(r->observe, r->observe_size, guest) ||
	       may_operate(r, guest);
}

/* Is the guest that an argument names, by name or number, one that `may`
 * allows? There need not be one: who may not know is told the same. */
static bool rights_of_guest(const struct management_rights *r, const char *arg,
			    bool (*may)(const struct management_rights *r,
					const char *guest))
{
	struct guest *g = guest_get(arg);
	bool allowed = may(r, g != NULL ? g->name : arg);

	if (g != NULL) {
		guest_put(g);
	}
	return allowed;
}

/* A command whose first argument names a guest; options may stand before it. */
static bool rights_by_argument(const struct management_rights *r, int argc,
			       char **argv,
			       bool (*may)(const struct management_rights *r,
					   const char *guest))
{
	int i = 1;

	while (i < argc && strncmp(argv[i], "--", 2) == 0) {
		i++;
	}
	return i < argc && rights_of_guest(r, argv[i], may);
}

static bool rights_allow(const struct management_rights *r, enum access access,
			 int argc, char **argv)
{
	switch (access) {
	case ACCESS_OBSERVE:
		return rights_by_argument(r, argc, argv, management_may_see);
	case ACCESS_OPERATE:
		return rights_by_argument(r, argc, argv, may_operate);
	case ACCESS_HOST:
		return management_may_see(r, "");
	default:
		return true;
	}
}

bool management_may_run(const struct management_rights *r,
			const struct command *cmd, const struct subcommand *sub,
			int argc, char **argv)
{
	/* Without a subcommand, most commands list. */
	const char *name = sub != NULL ? sub->name : "list";

	for (unsigned int i = 0; i < ARRAY_SIZE(access_rows); i++) {
		const struct access_row *row = &access_rows[i];

		if (strcmp(row->command, cmd->name) == 0 &&
		    (row->sub == NULL || strcmp(row->sub, name) == 0)) {
			return rights_allow(r, row->access, argc, argv);
		}
	}
	return false;
}
