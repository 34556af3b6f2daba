/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running lines and scripts: words, then the command, then its subcommand. */
#include <cmd/session.h>
#include <core/heap.h>
#include <libs/error.h>
#include <libs/tokenize.h>
#include <libs/vfs.h>
#include <string.h>

#include "suggest.h"

#define SCRIPT_MAX KIB(64)
#define SCRIPT_DEPTH_MAX 4 /* scripts run by scripts */

const struct command *command_find(const char *name)
{
	const struct command *const *it;

	registry_for_each(command, it) {
		if (strcmp((*it)->name, name) == 0) {
			return *it;
		}
	}
	return NULL;
}

/* The registry has no order: number n is the one with n names before its. */
const struct command *command_nth(unsigned int n)
{
	const struct command *const *it, *const *other;

	registry_for_each(command, it) {
		unsigned int before = 0;

		registry_for_each(command, other) {
			before += strcmp((*other)->name, (*it)->name) < 0;
		}
		if (before == n) {
			return *it;
		}
	}
	return NULL;
}

bool take_flag(int *argc, char **argv, const char *flag)
{
	int kept = 0;
	bool found = false;

	for (int i = 0; i < *argc; i++) {
		if (strcmp(argv[i], flag) == 0) {
			found = true;
		} else {
			argv[kept++] = argv[i];
		}
	}
	*argc = kept;
	argv[kept] = NULL;
	return found;
}

int command_usage(struct session *s, const char *why)
{
	const struct command *cmd = s->command;
	const struct subcommand *sub = s->sub;
	const char *args = sub != NULL ? sub->usage : cmd->usage;

	out_error(s, "%s; usage: %s%s%s%s%s", why, cmd->name,
		  sub != NULL ? " " : "", sub != NULL ? sub->name : "",
		  args != NULL && args[0] != '\0' ? " " : "",
		  args != NULL ? args : "");
	return -ERR_INVAL;
}

int command_unknown(struct session *s, const char *name)
{
	const struct command *const *it;
	struct suggest g;

	suggest_begin(&g, name);
	registry_for_each(command, it) {
		suggest_word(&g, (*it)->name);
	}
	if (g.best[0] != '\0') {
		out_error(s, "there is no command '%s'; did you mean '%s'?",
			  name, g.best);
	} else {
		out_error(s, "there is no command '%s'; 'help' lists them",
			  name);
	}
	return -ERR_NOENT;
}

int command_unknown_sub(struct session *s, const struct command *cmd,
			const char *name)
{
	struct suggest g;

	suggest_begin(&g, name);
	for (const struct subcommand *sub = cmd->sub;
	     sub != NULL && sub->name != NULL; sub++) {
		suggest_word(&g, sub->name);
	}
	if (g.best[0] != '\0') {
		out_error(s, "%s has no subcommand '%s'; did you mean '%s %s'?",
			  cmd->name, name, cmd->name, g.best);
	} else {
		out_error(s, "%s has no subcommand '%s'; 'help %s' lists them",
			  cmd->name, name, cmd->name);
	}
	return -ERR_NOENT;
}

const struct subcommand *command_sub(const struct command *cmd,
				     const char *name)
{
	const struct subcommand *sub = cmd->sub;

	while (sub != NULL && sub->name != NULL) {
		if (strcmp(sub->name, name) == 0) {
			return sub;
		}
		sub++;
	}
	return NULL;
}

/* Does the usage name the option, as a whole word? */
static bool command_has_option(const char *usage, const char *option)
{
	size_t n = strlen(option);

	while ((usage = strstr(usage, option)) != NULL) {
		if (strchr(" ]|", usage[n]) != NULL) {
			return true;
		}
		usage += n;
	}
	return false;
}

/* A mistyped option would count as an argument too many. What has no options
 * may take such words for something else. */
static int command_check_options(struct session *s, int argc, char **argv)
{
	const char *usage = s->sub != NULL ? s->sub->usage : s->command->usage;

	if (!IS_ENABLED(CONFIG_TERMINAL) || usage == NULL ||
	    strstr(usage, "--") == NULL) {
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) == 0 &&
		    !command_has_option(usage, argv[i])) {
			return command_usage(s, "there is no such option");
		}
	}
	return 0;
}

static int command_dispatch(struct session *s, const struct command *cmd,
			    int argc, char **argv)
{
	bool named = cmd->sub != NULL && argc > 1 && argv[1][0] != '-';
	int ret;

	s->command = cmd;
	s->sub = NULL;
	if (named) {
		s->sub = command_sub(cmd, argv[1]);
		if (s->sub == NULL) {
			return command_unknown_sub(s, cmd, argv[1]);
		}
		argc--;
		argv++;
	} else if (cmd->run == NULL) {
		out_error(s, "%s needs a subcommand; 'help %s' lists them",
			  cmd->name, cmd->name);
		return -ERR_INVAL;
	}
	ret = command_check_options(s, argc, argv);
	if (ret != 0) {
		return ret;
	}
	return named ? s->sub->run(s, argc, argv) : cmd->run(s, argc, argv);
}

static int command_run_tokens(struct session *s, struct tokens *t,
			      const char *line)
{
	const struct command *cmd;
	int ret;

	s->told = false;
	if (tokenize(t, line) != 0) {
		out_error(s, "%s (column %u)", t->error,
			  (unsigned int)t->error_at + 1);
		return -ERR_FORMAT;
	}
	if (t->argc == 0) {
		return 0;
	}
	cmd = command_find(t->argv[0]);
	if (cmd == NULL) {
		return command_unknown(s, t->argv[0]);
	}
	ret = command_dispatch(s, cmd, t->argc, t->argv);
	if (ret < 0 && !s->told) {
		out_error(s, "%s: %s", cmd->name, err_str(ret));
	}
	return ret;
}

int command_run_line(struct session *s, const char *line)
{
	struct tokens t; /* not from the heap, which may be empty */

	s->interrupted = false;
	return command_run_tokens(s, &t, line);
}

/* A script while it runs; its lines' words are not on the stack, since a
 * script may run another. */
struct script {
	struct tokens tokens;
	char text[];
};

static int command_run_script(struct session *s, struct script *sc)
{
	char *text = sc->text;
	int ret = 0;

	while (ret == 0 && *text != '\0') {
		char *end = text + strcspn(text, "\n");
		char *next = *end != '\0' ? end + 1 : end;

		*end = '\0';
		if (end > text && end[-1] == '\r') {
			end[-1] = '\0';
		}
		s->line++;
		ret = command_run_tokens(s, &sc->tokens, text);
		if (ret == 0 && session_interrupted(s)) {
			out_error(s, "interrupted");
			ret = -ERR_INTR;
		}
		text = next;
	}
	return ret;
}

static int command_read_script(struct session *s, const char *path,
			       struct script **out_sc)
{
	struct script *sc;
	struct vfs_stat st;
	int ret = vfs_stat(path, &st);
	int64_t n;

	if (ret != 0 || st.type != VFS_FILE) {
		out_error(s, "%s: %s", path,
			  ret == -ERR_NOENT ? "no such file" :
			  ret != 0	    ? err_str(ret) :
					      "not a file");
		return ret != 0 ? ret : -ERR_INVAL;
	}
	if (st.size >= SCRIPT_MAX) {
		out_error(s, "%s: longer than 64 KiB, the most a script may be",
			  path);
		return -ERR_RANGE;
	}
	sc = heap_alloc(sizeof(*sc) + st.size + 1);
	if (sc == NULL) {
		return -ERR_NOMEM;
	}
	n = vfs_read(path, 0, sc->text, st.size);
	if (n != (int64_t)st.size || memchr(sc->text, '\0', st.size) != NULL) {
		out_error(s, "%s: not text", path);
		heap_free(sc);
		return -ERR_FORMAT;
	}
	*out_sc = sc;
	return 0;
}

int command_run_file(struct session *s, const char *path)
{
	const char *script = s->script;
	unsigned int line = s->line;
	struct script *sc;
	int ret;

	if (s->depth == SCRIPT_DEPTH_MAX) {
		out_error(s, "%s: scripts run each other more than %u deep",
			  path, SCRIPT_DEPTH_MAX);
		return -ERR_RANGE;
	}
	ret = command_read_script(s, path, &sc);
	if (ret != 0) {
		return ret;
	}
	s->depth++;
	s->script = path;
	s->line = 0;
	ret = command_run_script(s, sc);
	s->script = script;
	s->line = line;
	s->depth--;
	/* Lines that went well left it false, and lines that did not told. */
	s->told = ret != 0;
	heap_free(sc);
	return ret;
}
