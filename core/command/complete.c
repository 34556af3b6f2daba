/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion: finds the word at the cursor, and what it could become. */
#include <core/guest.h>
#include <core/session.h>
#include <core/vfs.h>
#include <libs/tokenize.h>
#include <stdio.h>
#include <string.h>

#define COMPLETE_ENTRIES_MAX 1000 /* of a directory */

struct completion_ctx {
	command_candidate_t add;
	void *ctx;        /* of `add` */
	size_t start;     /* of the word, in the line */
	const char *word; /* as typed, without quotes */
};

const char *complete_word(const struct completion_ctx *c)
{
	return c->word;
}

/* Copy `word` with a backslash before characters that are special to the
 * tokenizer. */
static bool complete_escape(char *buf, size_t size, const char *word)
{
	size_t n = 0;

	for (; *word != '\0'; word++) {
		if (strchr(" \t\\'\"#", *word) != NULL) {
			buf[n++] = '\\';
		}
		buf[n++] = *word;
		if (n + 4 > size) {
			return false;
		}
	}
	buf[n] = '\0';
	return true;
}

void complete_add(struct completion_ctx *c, const char *word)
{
	char buf[VFS_PATH_MAX + 64];
	size_t n = strlen(word);

	if (strncmp(word, c->word, strlen(c->word)) != 0 ||
	    !complete_escape(buf, sizeof(buf), word)) {
		return;
	}
	/* More may follow a directory; any other word is final. */
	if (n > 0 && word[n - 1] != '/') {
		memcpy(buf + strlen(buf), " ", 2);
	}
	c->add(c->ctx, c->start, buf);
}

void complete_guests(struct completion_ctx *c)
{
	struct guest *g;

	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		complete_add(c, g->name);
		guest_put(g);
	}
}

/* Subcommands with the same first word are adjacent in the table; it is offered
 * once. */
void complete_subs(struct completion_ctx *c, const struct command *cmd,
		   int argc, char **argv)
{
	char word[32], last[32] = "";

	for (const struct subcommand *sub = cmd->sub;
	     sub != NULL && sub->name != NULL; sub++) {
		const char *name = sub->name;
		size_t n = strcspn(name, " ");

		if (argc == 1 && strlen(argv[0]) == n && name[n] == ' ' &&
		    strncmp(name, argv[0], n) == 0) {
			complete_add(c, name + n + 1);
		} else if (argc == 0) {
			(void)snprintf(word, sizeof(word), "%.*s", (int)n,
				       name);
			if (strcmp(word, last) != 0) {
				complete_add(c, word);
			}
			memcpy(last, word, sizeof(last));
		}
	}
}

static bool complete_ends(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n >= k && strcmp(name + n - k, end) == 0;
}

void complete_paths(struct completion_ctx *c, const char *prefix,
		    const char *but)
{
	char dir[VFS_PATH_MAX], name[VFS_PATH_MAX], path[2 * VFS_PATH_MAX];
	const char *slash = strrchr(prefix, '/');
	size_t n = slash != NULL ? (size_t)(slash - prefix) + 1 : 0;
	struct vfs_stat st;

	if (n == 0) {
		complete_add(c, "/");
		return;
	}
	if (n >= sizeof(dir)) {
		return;
	}
	memcpy(dir, prefix, n);
	dir[n] = '\0';
	for (unsigned int i = 0; i < COMPLETE_ENTRIES_MAX &&
				 vfs_readdir(dir, i, name, sizeof(name)) == 0;
	     i++) {
		bool is_dir;

		(void)snprintf(path, sizeof(path), "%s%s", dir, name);
		is_dir = vfs_stat(path, &st) == 0 && st.type == VFS_DIR;
		if (!is_dir && but != NULL && complete_ends(name, but)) {
			continue;
		}
		if (is_dir) {
			memcpy(path + strlen(path), "/", 2);
		}
		complete_add(c, path);
	}
}

/* Offer the flags that a usage text names. */
static void complete_flags(struct completion_ctx *c, const char *usage)
{
	while (usage != NULL && (usage = strstr(usage, "--")) != NULL) {
		size_t n = strcspn(usage, " ]|");
		char flag[32];

		if (n < sizeof(flag)) {
			memcpy(flag, usage, n);
			flag[n] = '\0';
			complete_add(c, flag);
		}
		usage += n;
	}
}

/* argv[0..argc) are the words after the command. */
static void complete_sub(struct completion_ctx *c, const struct command *cmd,
			 int argc, char **argv)
{
	int words;
	const struct subcommand *sub = command_sub(cmd, argc, argv, &words);

	if (sub == NULL) {
		complete_subs(c, cmd, argc, argv);
	} else if (c->word[0] == '-') {
		complete_flags(c, sub->usage);
	} else if (sub->complete != NULL) {
		sub->complete(c, argc - words, argv + words);
	}
}

/* argv[0..argc) are the words before the one to complete. */
static void complete_argument(struct completion_ctx *c, int argc, char **argv)
{
	const struct command *cmd = command_find(argv[0]);

	if (cmd == NULL) {
		return;
	}
	if (cmd->sub != NULL && argc > 1 && argv[1][0] != '-') {
		complete_sub(c, cmd, argc - 1, argv + 1);
	} else if (c->word[0] == '-') {
		complete_flags(c, cmd->usage);
	} else if (cmd->sub != NULL) {
		complete_subs(c, cmd, 0, NULL);
	} else if (cmd->complete != NULL) {
		cmd->complete(c, argc - 1, argv + 1);
	}
}

void command_complete(const char *line, command_candidate_t add, void *ctx)
{
	struct completion_ctx c = { .add = add, .ctx = ctx };
	const struct command *cmd;
	struct tokens t;
	int argc;

	/* An open quote is no error here: the word is still being typed. */
	if (tokenize(&t, line) != 0 && t.quote == 0) {
		return;
	}
	if (t.comment) {
		return;
	}
	argc = t.open ? t.argc - 1 : t.argc;
	c.start = t.open ? t.start[argc] : strlen(line);
	c.word = t.open ? t.argv[argc] : "";
	if (argc > 0) {
		complete_argument(&c, argc, t.argv);
		return;
	}
	for (unsigned int n = 0; (cmd = command_nth(n)) != NULL; n++) {
		complete_add(&c, cmd->name);
	}
}
