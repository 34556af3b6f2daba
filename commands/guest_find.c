/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command guest: finding the guest that is meant, and reporting mistakes. */
#include "guest_cmd.h"
#include <core/suggest.h>

static void guest_unknown(struct session *s, const char *name)
{
	struct suggest near;
	struct guest *g;

	suggest_begin(&near, name);
	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		suggest_word(&near, g->name);
		guest_put(g);
	}
	if (near.best[0] != '\0') {
		out_error(s, "there is no guest '%s'; did you mean '%s'?", name,
			  near.best);
	} else {
		out_error(s, "there is no guest '%s'; 'guest list' lists them",
			  name);
	}
}

struct guest *guest_cmd_find(struct session *s, int argc, char **argv, int most)
{
	struct guest *g;

	if (argc < 2 || argc > most + 1) {
		(void)command_usage(s, argc < 2 ? "a guest is needed"
						: "too many arguments");
		return NULL;
	}
	g = guest_get(argv[1]);
	if (g == NULL) {
		guest_unknown(s, argv[1]);
	}
	return g;
}

void guest_cmd_report(void *session, const char *message)
{
	out_error(session, "%s", message);
}
