/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running lines and scripts: finds the words, the command and the
 * subcommand. */
#include <core/heap.h>
#include <core/session.h>
#include <core/vfs.h>
#include <libs/error.h>
#include <libs/tokenize.h>
#include <stdio.h>
#include <string.h>

#include <core/suggest.h>

REGISTRY_DEFINE(command);

#define SUB_NAME_MAX 64 /* of two words that are no subcommand */
#define SCRIPT_MAX KIB(64)
#define SCRIPT_DEPTH_MAX 4 /* scripts run by scripts */

const struct command *command_find(const char *name)
{
	const struct command *it;

	registry_for_each(command, it) {
		if (strcmp(it->name, name) == 0) {
			return it;
		}
	}
	return NULL;
}

/* In alphabetical order, as a registry is unordered. */
const struct command *command_nth(unsigned int n)
{
	const struct command *it, *other;

	registry_for_each(command, it) {
		unsigned int before = 0;

		registry_for_each(command, other) {
			before += strcmp(other->name, it->name) < 0;
		}
		if (before == n) {
			return it;
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
	const struct command *it;
	struct suggest g;

	suggest_begin(&g, name);
	registry_for_each(command, it) {
		suggest_word(&g, it->name);
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

/* How many of the words are the subcommand's name; 0: it is another one. */
static int command_sub_words(const char *name, int argc, char **argv)
{
	const char *second = strchr(name, ' ');
	size_t n;

	if (second == NULL) {
		return argc > 0 && strcmp(name, argv[0]) == 0;
	}
	n = (size_t)(second - name);
	return argc > 1 && strlen(argv[0]) == n &&
			       strncmp(name, argv[0], n) == 0 &&
			       strcmp(second + 1, argv[1]) == 0
		       ? 2
		       : 0;
}

const struct subcommand *command_sub(const struct command *cmd, int argc,
				     char **argv, int *words)
{
	for (const struct subcommand *sub = cmd->sub;
	     sub != NULL && sub->name != NULL; sub++) {
		*words = command_sub_words(sub->name, argc, argv);
		if (*words > 0) {
			return sub;
		}
	}
	return NULL;
}

/* Is it the first word of a subcommand that has two? */
static bool command_sub_begins(const struct command *cmd, const char *word)
{
	size_t n = strlen(word);

	for (const struct subcommand *sub = cmd->sub;
	     sub != NULL && sub->name != NULL; sub++) {
		if (strncmp(sub->name, word, n) == 0 && sub->name[n] == ' ') {
			return true;
		}
	}
	return false;
}

int command_unknown_sub(struct session *s, const struct command *cmd, int argc,
			char **argv)
{
	bool begins = command_sub_begins(cmd, argv[0]);
	char name[SUB_NAME_MAX];
	struct suggest g;

	if (begins && argc == 1) {
		out_error(s, "%s %s needs a subcommand; 'help %s' lists them",
			  cmd->name, argv[0], cmd->name);
		return -ERR_NOENT;
	}
	(void)snprintf(name, sizeof(name), "%s%s%s", argv[0], begins ? " " : "",
		       begins ? argv[1] : "");
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

/* Report an unknown option, which would otherwise count as an argument. A
 * command without options may use such words for something else. */
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
	int ret, words;

	s->command = cmd;
	s->sub = NULL;
	if (named) {
		s->sub = command_sub(cmd, argc - 1, argv + 1, &words);
		if (s->sub == NULL) {
			return command_unknown_sub(s, cmd, argc - 1, argv + 1);
		}
		argc -= words;
		argv += words;
	} else if (cmd->run == NULL) {
		out_error(s, "%s needs a subcommand; 'help %s' lists them",
			  cmd->name, cmd->name);
		return -ERR_INVAL;
	}
	if (!session_may_run(s, argc, argv)) {
		return -ERR_PERM;
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
	struct tokens t; /* on the stack: memory may be used up */

	s->interrupted = false;
	return command_run_tokens(s, &t, line);
}

/* A script while it runs. The words of its lines are not on the stack, because
 * a script may run another. */
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
			  ret == -ERR_NOENT ? "no such file"
			  : ret != 0        ? err_str(ret)
					    : "not a file");
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
	/* A line that failed has printed its error. */
	s->told = ret != 0;
	heap_free(sc);
	return ret;
}
