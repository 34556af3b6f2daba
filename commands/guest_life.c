/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command guest: creating, starting, stopping and destroying guests. */
#include <core/time.h>
#include <libs/error.h>

#include "guest_cmd.h"

#define LIFE_PATIENCE_NS UINT64_C(2000000000)

/* Print why a step was not possible, unless a report has said so. */
static int life_result(struct session *s, struct guest *g, const char *what,
		       int ret)
{
	if (ret == -ERR_STATE) {
		out_error(s, "%s is %s: it cannot be %s", g->name,
			  guest_state_name(g->state), what);
	} else if (ret == -ERR_NOMEM) {
		out_error(s,
			  "there is not enough memory for %s ('memory' "
			  "shows it)",
			  g->name);
	} else if (ret == 0) {
		out(s, "%s: %s\n", g->name, what);
	}
	return ret;
}

/*
 * Progress of creating or starting a guest. Most of the time goes to clearing
 * its memory: for 4 GiB, some tenths of a second on hardware, and 20 s in an
 * emulator that has to allocate the memory first. It is twenty times as long if
 * guests of a higher priority leave it no CPU.
 */
struct life_wait {
	struct session *s;
	const char *name; /* of the guest, or its description */
	const char *what;
	uint64_t told_at; /* ns; progress is printed from then on */
	bool told;
};

/* Without a terminal nobody is told. */
static uint64_t life_patience(void)
{
	return IS_ENABLED(CONFIG_TERMINAL) ? time_now_ns() + LIFE_PATIENCE_NS
					   : 0;
}

static void life_report(void *ctx, const char *message)
{
	const struct life_wait *w = ctx;

	guest_cmd_report(w->s, message);
}

static bool life_interrupted(void *ctx)
{
	struct life_wait *w = ctx;

	if (IS_ENABLED(CONFIG_TERMINAL) && !w->told &&
	    time_now_ns() >= w->told_at) {
		out(w->s, "%s: %s; Ctrl-C cancels\n", w->name, w->what);
		w->told = true;
	}
	return session_interrupted(w->s);
}

/* guest_start() or guest_reset(), and what it is called. */
static __noinline int
life_load(struct session *s, struct guest *g, const char *what,
	  int (*load)(struct guest *g, config_report_t report,
		      bool (*stop)(void *ctx), void *ctx))
{
	struct life_wait w = { s, g->name, "loading its images",
			       life_patience(), false };

	return life_result(s, g, what,
			   load(g, life_report, life_interrupted, &w));
}

int guest_cmd_create(struct session *s, int argc, char **argv)
{
	bool start = take_flag(&argc, argv, "--start");
	struct life_wait w = { s, NULL, "clearing the guest's memory",
			       life_patience(), false };
	struct guest *g;
	int ret;

	if (argc != 2) {
		return command_usage(s, "one description is needed");
	}
	w.name = argv[1];
	ret = guest_create(&g, argv[1], life_report, life_interrupted, &w);
	if (ret == -ERR_EXIST) {
		out_error(s,
			  "%s: a guest of that name exists; 'guest destroy' "
			  "it, or change the model",
			  argv[1]);
	} else if (ret == -ERR_NOMEM) {
		out_error(s,
			  "%s: there is not enough memory ('memory' shows "
			  "it)",
			  argv[1]);
	}
	if (ret != 0) {
		return ret;
	}
	ret = life_result(s, g, "created", 0);
	if (start || g->cfg->autostart) {
		ret = life_load(s, g, "started", guest_start);
	}
	guest_put(g);
	return ret;
}

int guest_cmd_start(struct session *s, int argc, char **argv)
{
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	int ret;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	ret = life_load(s, g, "started", guest_start);
	guest_put(g);
	return ret;
}

int guest_cmd_reset(struct session *s, int argc, char **argv)
{
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	int ret;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	ret = life_load(s, g, "reset", guest_reset);
	guest_put(g);
	return ret;
}

/* The subcommands whose only argument is the guest. */
static int life_step(struct session *s, int argc, char **argv,
		     int (*step)(struct guest *g), const char *what)
{
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	int ret;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	ret = life_result(s, g, what, step(g));
	guest_put(g);
	return ret;
}

int guest_cmd_pause(struct session *s, int argc, char **argv)
{
	return life_step(s, argc, argv, guest_pause, "paused");
}

int guest_cmd_resume(struct session *s, int argc, char **argv)
{
	return life_step(s, argc, argv, guest_resume, "resumed");
}

int guest_cmd_stop(struct session *s, int argc, char **argv)
{
	return life_step(s, argc, argv, guest_stop, "stopped");
}

int guest_cmd_destroy(struct session *s, int argc, char **argv)
{
	return life_step(s, argc, argv, guest_destroy, "destroyed");
}

int guest_cmd_powerdown(struct session *s, int argc, char **argv)
{
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	int ret;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	ret = guest_powerdown(g);
	if (ret == -ERR_NOSUPP) {
		out_error(s,
			  "%s has no power key; 'guest stop' stops it at "
			  "once",
			  g->name);
	} else {
		ret = life_result(s, g, "asked to shut down", ret);
	}
	guest_put(g);
	return ret;
}
