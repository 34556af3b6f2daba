/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command: help. What it prints, and docs/reference/commands.md, come from
 * the commands' own descriptions.
 */
#include <core/command.h>
#include <libs/error.h>
#include <string.h>

static void help_list(struct session *s)
{
	const struct command *cmd;

	out(s, "'help COMMAND' says more; Tab completes, Ctrl-C interrupts, "
	       "Ctrl-R searches.\n\n");
	for (unsigned int n = 0; (cmd = command_nth(n)) != NULL; n++) {
		out(s, "  %-10s %s\n", cmd->name, cmd->summary);
	}
}

/* Each line of `text`, indented. */
static void help_lines(struct session *s, const char *text)
{
	while (text != NULL && *text != '\0') {
		size_t n = strcspn(text, "\n");

		out(s, "  ");
		out_text(s, text, n);
		out(s, "\n");
		text += n + (text[n] == '\n');
	}
}

static void help_usage(struct session *s, const char *name, const char *sub,
		       const char *args)
{
	out(s, "  %s%s%s%s%s\n", name, sub != NULL ? " " : "",
	    sub != NULL ? sub : "", args != NULL && args[0] != '\0' ? " " : "",
	    args != NULL ? args : "");
}

static void help_sub(struct session *s, const struct command *cmd,
		     const struct subcommand *sub)
{
	out(s, "%s\n\nUsage:\n", sub->summary);
	help_usage(s, cmd->name, sub->name, sub->usage);
}

static void help_command(struct session *s, const struct command *cmd)
{
	out(s, "%s\n\nUsage:\n", cmd->summary);
	if (cmd->run != NULL) {
		help_usage(s, cmd->name, NULL, cmd->usage);
	}
	for (const struct subcommand *sub = cmd->sub;
	     sub != NULL && sub->name != NULL; sub++) {
		help_usage(s, cmd->name, sub->name, sub->usage);
		out(s, "      %s\n", sub->summary);
	}
	if (cmd->examples != NULL) {
		out(s, "\nExamples:\n");
		help_lines(s, cmd->examples);
	}
}

/* One command as a section of the reference page. */
static void help_markdown_command(struct session *s, const struct command *cmd)
{
	out(s, "\n## %s\n\n%s\n\n", cmd->name, cmd->summary);
	if (cmd->run != NULL) {
		out(s, "    %s%s%s\n", cmd->name,
		    cmd->usage != NULL && cmd->usage[0] != '\0' ? " " : "",
		    cmd->usage != NULL ? cmd->usage : "");
	}
	for (const struct subcommand *sub = cmd->sub;
	     sub != NULL && sub->name != NULL; sub++) {
		out(s, "    %s %s%s%s\n", cmd->name, sub->name,
		    sub->usage[0] != '\0' ? " " : "", sub->usage);
	}
	for (const struct subcommand *sub = cmd->sub;
	     sub != NULL && sub->name != NULL; sub++) {
		out(s, "%s- `%s`: %s\n", sub == cmd->sub ? "\n" : "", sub->name,
		    sub->summary);
	}
	if (cmd->examples != NULL) {
		out(s, "\nFor example:\n\n");
		for (const char *p = cmd->examples; *p != '\0';) {
			size_t n = strcspn(p, "\n");

			out(s, "    ");
			out_text(s, p, n);
			out(s, "\n");
			p += n + (p[n] == '\n');
		}
	}
}

static int help_markdown(struct session *s)
{
	const struct command *cmd;

	out(s, "# Commands\n\nMade from the commands' own descriptions by "
	       "`help --markdown`: do not edit.\n\n"
	       "Words are separated by blanks; `'...'` and `\"...\"` quote, a "
	       "backslash takes the\nnext character as it stands, `#` begins a "
	       "comment. `--json` prints a listing as\nJSON.\n");
	for (unsigned int n = 0; (cmd = command_nth(n)) != NULL; n++) {
		help_markdown_command(s, cmd);
	}
	return 0;
}

static int help_run(struct session *s, int argc, char **argv)
{
	const struct subcommand *sub;
	const struct command *cmd;
	int words;

	if (take_flag(&argc, argv, "--markdown")) {
		return help_markdown(s);
	}
	if (argc == 1) {
		help_list(s);
		return 0;
	}
	if (argc > 4) {
		return command_usage(s, "too many arguments");
	}
	cmd = command_find(argv[1]);
	if (cmd == NULL) {
		return command_unknown(s, argv[1]);
	}
	if (argc == 2) {
		help_command(s, cmd);
		return 0;
	}
	if (cmd->sub == NULL) {
		out_error(s, "%s has no subcommands; try 'help %s'", cmd->name,
			  cmd->name);
		return -ERR_NOENT;
	}
	sub = command_sub(cmd, argc - 2, argv + 2, &words);
	if (sub == NULL) {
		return command_unknown_sub(s, cmd, argc - 2, argv + 2);
	}
	if (words != argc - 2) {
		return command_usage(s, "too many arguments");
	}
	help_sub(s, cmd, sub);
	return 0;
}

static void help_complete(struct completion_ctx *c, int argc, char **argv)
{
	const struct command *cmd = argc > 0 ? command_find(argv[0]) : NULL;

	if (cmd != NULL) {
		complete_subs(c, cmd, argc - 1, argv + 1);
	}
	for (unsigned int n = 0; argc == 0 && (cmd = command_nth(n)) != NULL;
	     n++) {
		complete_add(c, cmd->name);
	}
}

static const struct command help_command_entry = {
	.name = "help",
	.summary = "List the commands, or show how one is used.",
	.usage = "[COMMAND [SUBCOMMAND]]",
	.examples = "help\nhelp guest\nhelp guest create\n",
	.run = help_run,
	.complete = help_complete,
};
COMMAND(help_command_entry);
