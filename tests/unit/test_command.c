/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running lines and scripts, and completing them, with commands of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/session_fake.h"
#include <core/guest.h>
#include <core/vfs.h>
#include <libs/error.h>
#include <libs/lineedit.h>

static struct session s;
static int last_argc;
static char last_argv[8][32];

/* --- what there is ------------------------------------------------------ */

static struct guest guest_a = { .name = "linux0" };
static struct guest guest_b = { .name = "linux1" };

struct guest *guest_get_nth(unsigned int n)
{
	return n == 0 ? &guest_a : n == 1 ? &guest_b : NULL;
}

void guest_put(struct guest *g)
{
	(void)g;
}

/* A file system of a few names. */
static const char *script_text = "";

int vfs_stat(const char *path, struct vfs_stat *st)
{
	*st = (struct vfs_stat){ .type = VFS_FILE };
	if (strcmp(path, "/boot.cmd") == 0) {
		st->size = strlen(script_text);
		return 0;
	}
	if (strcmp(path, "/images") == 0 || strcmp(path, "/") == 0) {
		st->type = VFS_DIR;
		return 0;
	}
	return strncmp(path, "/images/", 8) == 0 ? 0 : -ERR_NOENT;
}

int vfs_readdir(const char *path, unsigned int index, char *name, size_t size)
{
	static const char *const root[] = { "boot.cmd", "images" };
	static const char *const images[] = { "a file", "linux", "x.dtb",
					      "x.dts" };
	const char *const *list = strcmp(path, "/") == 0 ? root : images;

	if (index >= (list == root ? 2 : 4) ||
	    (list == images && strncmp(path, "/images", 7) != 0)) {
		return -ERR_NOENT;
	}
	snprintf(name, size, "%s", list[index]);
	return 0;
}

int64_t vfs_read(const char *path, uint64_t off, void *buf, size_t n)
{
	(void)path;
	n = MIN(n, strlen(script_text + off));
	memcpy(buf, script_text + off, n);
	return (int64_t)n;
}

/* --- commands ----------------------------------------------------------- */

static int note(struct session *session, int argc, char **argv)
{
	(void)session;
	last_argc = argc;
	for (int i = 0; i < argc && i < 8; i++) {
		snprintf(last_argv[i], sizeof(last_argv[i]), "%s", argv[i]);
	}
	assert_null(argv[argc]);
	return 0;
}

static int fail_silent(struct session *session, int argc, char **argv)
{
	(void)session;
	(void)argc;
	(void)argv;
	return -ERR_BUSY;
}

static int fail_loud(struct session *session, int argc, char **argv)
{
	(void)argc;
	out_error(session, "%s did not", argv[0]);
	return -ERR_BUSY;
}

static int need_args(struct session *session, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return command_usage(session, "two are needed");
}

static int run_file(struct session *session, int argc, char **argv)
{
	(void)argc;
	return command_run_file(session, argv[1]);
}

static int look(struct session *session, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return session_interrupted(session) ? -ERR_INTR : 0;
}

static void complete_what(struct completion_ctx *c, int argc, char **argv)
{
	if (argc == 0) {
		complete_guests(c);
	} else if (argc == 1) {
		complete_add(c, argv[0]);
		complete_paths(c, complete_word(c), ".dts");
	}
}

static const struct subcommand object_subs[] = {
	{ "list", "[--json] [--long]", "List.", note, NULL },
	{ "start", "GUEST FILE", "Start.", note, complete_what },
	{ "status", "", "Status.", note, NULL },
	{ "fail", "A B", "Fail.", need_args, NULL },
	{ "part list", "", "List parts.", note, NULL },
	{ "part add", "GUEST FILE", "Add one.", note, complete_what },
	{ .name = NULL },
};
static const struct command object = { .name = "object",
				       .summary = "O.",
				       .sub = object_subs };
COMMAND(object);
static const struct command plain = { .name = "plain",
				      .usage = "[--all] X",
				      .run = note,
				      .complete = complete_what };
COMMAND(plain);
static const struct command silent = { .name = "silent", .run = fail_silent };
COMMAND(silent);
static const struct command loud = { .name = "loud", .run = fail_loud };
COMMAND(loud);
static const struct command nest = { .name = "nest", .run = run_file };
COMMAND(nest);
static const struct command looks = { .name = "looks", .run = look };
COMMAND(looks);

static int setup(void **state)
{
	(void)state;
	fake_session_init(&s);
	last_argc = -1;
	script_text = "";
	return 0;
}

static void run(const char *line, int want, const char *shown)
{
	screen_clear();
	assert_int_equal(command_run_line(&s, line), want);
	assert_string_equal(screen, shown);
}

static void test_words(void **state)
{
	(void)state;
	run("", 0, "");
	run("   # nothing", 0, "");
	assert_int_equal(last_argc, -1);
	run("plain 'a b' c", 0, "");
	assert_int_equal(last_argc, 3);
	assert_string_equal(last_argv[0], "plain");
	assert_string_equal(last_argv[1], "a b");
	run("object start x y", 0, "");
	assert_int_equal(last_argc, 3);
	assert_string_equal(last_argv[0], "start");
	assert_string_equal(last_argv[2], "y");
}

static void test_mistakes(void **state)
{
	(void)state;
	run("plian", -ERR_NOENT,
	    "error: there is no command 'plian'; did you "
	    "mean 'plain'?\n");
	run("plump", -ERR_NOENT, /* two of five letters: no suggestion */
	    "error: there is no command 'plump'; 'help' "
	    "lists them\n");
	run("quux", -ERR_NOENT,
	    "error: there is no command 'quux'; 'help' "
	    "lists them\n");
	run("object stat", -ERR_NOENT,
	    "error: object has no subcommand "
	    "'stat'; did you mean 'object status'?\n");
	run("object frob", -ERR_NOENT,
	    "error: object has no subcommand "
	    "'frob'; 'help object' lists them\n");
	run("object", -ERR_INVAL,
	    "error: object needs a subcommand; 'help "
	    "object' lists them\n");
	run("plain 'x", -ERR_FORMAT,
	    "error: the quote is not closed "
	    "(column 7)\n");
	run("object fail", -ERR_INVAL,
	    "error: two are needed; usage: object "
	    "fail A B\n");
	run("silent", -ERR_BUSY, "error: silent: in use\n");
	run("loud", -ERR_BUSY, "error: loud did not\n");
	run("plain --al", -ERR_INVAL,
	    "error: there is no such option; usage: plain [--all] X\n");
	run("plain --all", 0, "");
	run("object list --l", -ERR_INVAL,
	    "error: there is no such option; usage: object list [--json] "
	    "[--long]\n");
	run("object list --long", 0, "");
	run("object start --x y", 0, "");
}

/* Subcommands of two words. */
static void test_two_words(void **state)
{
	(void)state;
	run("object part add x y", 0, "");
	assert_int_equal(last_argc, 3);
	assert_string_equal(last_argv[0], "add");
	assert_string_equal(last_argv[1], "x");
	run("object part", -ERR_NOENT,
	    "error: object part needs a subcommand; 'help object' lists "
	    "them\n");
	run("object part lost", -ERR_NOENT,
	    "error: object has no subcommand 'part lost'; did you mean "
	    "'object part list'?\n");
	run("object par add", -ERR_NOENT,
	    "error: object has no subcommand 'par'; did you mean 'object part "
	    "list'?\n");
}

static void test_scripts(void **state)
{
	(void)state;
	script_text = "# first\nplain 1\r\n\nplain 2";
	run("nest /boot.cmd", 0, "");
	assert_string_equal(last_argv[1], "2");
	script_text = "plain 1\nsilent\nplain 3\n";
	run("nest /boot.cmd", -ERR_BUSY,
	    "error: /boot.cmd:2: silent: in use\n");
	assert_string_equal(last_argv[1], "1");
	script_text = "plain 1\nplain \"\n";
	run("nest /boot.cmd", -ERR_FORMAT,
	    "error: /boot.cmd:2: the quote is not closed (column 7)\n");
	script_text = "\nnest /boot.cmd\n";
	run("nest /boot.cmd", -ERR_RANGE,
	    "error: /boot.cmd:2: /boot.cmd: "
	    "scripts run each other more than 4 deep\n");
	run("nest /missing", -ERR_NOENT, "error: /missing: no such file\n");
	run("nest /images", -ERR_INVAL, "error: /images: not a file\n");
	assert_null(s.script);
	assert_int_equal(s.depth, 0);
	run("silent", -ERR_BUSY, "error: silent: in use\n");
}

static void test_interrupt(void **state)
{
	(void)state;
	keyboard = "typed ahead";
	key_interrupt = true;
	run("looks", -ERR_INTR, "error: looks: interrupted\n");
	assert_int_equal(discards, 1);
	run("looks", 0, "");
	/* Between the lines of a script. */
	script_text = "plain 1\nplain 2\n";
	key_interrupt = true;
	run("nest /boot.cmd", -ERR_INTR, "error: /boot.cmd:1: interrupted\n");
	assert_string_equal(last_argv[1], "1");
}

static void test_flags(void **state)
{
	char a[] = "x", b[] = "--json", c[] = "y";
	char *argv[] = { a, b, c, NULL };
	int argc = 3;

	(void)state;
	assert_false(take_flag(&argc, argv, "--long"));
	assert_int_equal(argc, 3);
	assert_true(take_flag(&argc, argv, "--json"));
	assert_int_equal(argc, 2);
	assert_string_equal(argv[1], "y");
	assert_null(argv[2]);
}

static void test_order(void **state)
{
	(void)state;
	assert_string_equal(command_nth(0)->name, "looks");
	assert_string_equal(command_nth(1)->name, "loud");
	assert_string_equal(command_nth(5)->name, "silent");
	assert_null(command_nth(6));
}

/* Only text reaches the terminal. */
static void test_out(void **state)
{
	(void)state;
	out(&s, "a\033[2Jb\tc\n\303\244\302\233\377");
	assert_string_equal(screen, "a?[2Jb\tc\n\303\244???");
}

/* Input typed ahead is the first that a command reads. */
static void test_read_ahead(void **state)
{
	uint8_t buf[8];

	(void)state;
	keyboard = "world";
	memcpy(s.in, "xhello ", 7);
	s.in_at = 1;
	s.in_n = 7;
	assert_int_equal(session_read(&s, buf, 1), 1);
	assert_int_equal(buf[0], 'h');
	assert_int_equal(session_read(&s, buf, 8), 5);
	assert_memory_equal(buf, "ello ", 5);
	assert_int_equal(session_read(&s, buf, 8), 5);
	assert_memory_equal(buf, "world", 5);
	assert_int_equal(session_read(&s, buf, 8), 0);
}

/* --- completion --------------------------------------------------------- */

static struct lineedit le;
static struct history history;

static void le_out(void *ctx, const char *text, size_t n)
{
	(void)ctx;
	fake_write(&s, (const uint8_t *)text, n);
}

static void le_candidate(void *e, size_t start, const char *word)
{
	lineedit_candidate(e, start, word);
}

static void le_complete(void *ctx, struct lineedit *e, const char *line)
{
	(void)ctx;
	command_complete(line, le_candidate, e);
}

static void completes(const char *typed, const char *want)
{
	static const struct lineedit_ops ops = { .out = le_out,
						 .complete = le_complete };

	lineedit_init(&le, &ops, NULL, &history);
	lineedit_begin(&le, "> ");
	for (const char *p = typed; *p != '\0'; p++) {
		(void)lineedit_feed(&le, (uint8_t)*p);
	}
	screen_clear();
	(void)lineedit_feed(&le, '\t');
	lineedit_flush(&le);
	assert_string_equal(le.buf, want);
}

static void test_completion(void **state)
{
	(void)state;
	completes("ob", "object ");
	completes("l", "lo");
	completes("lo", "lo");
	assert_non_null(strstr(screen, "looks  loud"));
	completes("object l", "object list ");
	completes("object sta", "object sta");
	assert_non_null(strstr(screen, "start   status"));
	completes("object list --j", "object list --json ");
	completes("object list --", "object list --");
	completes("plain -", "plain --all ");
	completes("object start ", "object start linux");
	completes("object start linux0 ", "object start linux0 ");
	completes("object start x /b", "object start x /boot.cmd ");
	completes("object start x /im", "object start x /images/");
	completes("object start x /images/a",
		  "object start x /images/a\\ file ");
	completes("object start x '/images/a",
		  "object start x /images/a\\ file ");
	completes("object start x /images/a\\ f",
		  "object start x /images/a\\ file ");
	completes("object start x /images/x", "object start x /images/x.dtb ");
	completes("object pa", "object part ");
	completes("object part l", "object part list ");
	completes("object part ", "object part ");
	assert_non_null(strstr(screen, "list  add"));
	completes("object part add ", "object part add linux");
	completes("'obj", "object ");
	completes("object # l", "object # l");
	completes("nothing x", "nothing x");
	completes("silent x", "silent x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_words, setup),
		cmocka_unit_test_setup(test_mistakes, setup),
		cmocka_unit_test_setup(test_two_words, setup),
		cmocka_unit_test_setup(test_scripts, setup),
		cmocka_unit_test_setup(test_interrupt, setup),
		cmocka_unit_test_setup(test_flags, setup),
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_out, setup),
		cmocka_unit_test_setup(test_read_ahead, setup),
		cmocka_unit_test_setup(test_completion, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
