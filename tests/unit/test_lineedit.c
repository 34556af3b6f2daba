/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line editor, its output shown on a small VT100. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/unit/vt100.h"
#include <libs/lineedit.h>

#define UP "\033[A"
#define DOWN "\033[B"
#define RIGHT "\033[C"
#define LEFT "\033[D"

static struct vt100 vt;
static struct history history;
static struct lineedit le;
static size_t sent;
static const char *const *words; /* the words that completion offers */

static void out(void *ctx, const char *s, size_t n)
{
	(void)ctx;
	sent += n;
	vt_feed(&vt, s, n);
}

static void complete(void *ctx, struct lineedit *e, const char *line)
{
	const char *blank = strrchr(line, ' ');
	size_t start = blank != NULL ? (size_t)(blank - line) + 1 : 0;

	(void)ctx;
	for (const char *const *w = words; w != NULL && *w != NULL; w++) {
		if (strncmp(*w, line + start, strlen(line + start)) == 0) {
			lineedit_candidate(e, start, *w);
		}
	}
}

static const struct lineedit_ops ops = { .out = out, .complete = complete };

static int setup(void **state)
{
	(void)state;
	memset(&vt, 0, sizeof(vt));
	memset(&history, 0, sizeof(history));
	words = NULL;
	lineedit_init(&le, &ops, NULL, &history);
	lineedit_begin(&le, "> ");
	lineedit_flush(&le);
	return 0;
}

/* Type all of it; returns the event of the last byte. */
static enum lineedit_event type(const char *s)
{
	enum lineedit_event event = LINEEDIT_MORE;

	while (*s != '\0') {
		assert_int_equal(event, LINEEDIT_MORE);
		event = lineedit_feed(&le, (uint8_t)*s++);
	}
	if (event == LINEEDIT_MORE) {
		lineedit_flush(&le);
	}
	assert_false(vt.broken);
	return event;
}

static void enter(const char *line)
{
	assert_int_equal(type(line), LINEEDIT_MORE);
	assert_int_equal(lineedit_feed(&le, '\r'), LINEEDIT_LINE);
	lineedit_begin(&le, "> ");
	lineedit_flush(&le);
}

/* Check the line, with '|' at the cursor, and that the screen shows the
 * same. */
static void check(const char *want)
{
	char got[LINEEDIT_MAX + 1], row[LINEEDIT_MAX + 4];

	snprintf(got, sizeof(got), "%.*s|%s", (int)le.cursor, le.buf,
		 le.buf + le.cursor);
	assert_string_equal(got, want);
	snprintf(row, sizeof(row), "> %s", le.buf);
	while (strlen(row) > 0 && row[strlen(row) - 1] == ' ') {
		row[strlen(row) - 1] = '\0';
	}
	if (strlen(le.buf) < 70) {
		char shown[VT_COLUMNS * 4 + 1];

		strcpy(shown, vt_text(&vt));
		while (strlen(shown) > 0 && shown[strlen(shown) - 1] == ' ') {
			shown[strlen(shown) - 1] = '\0';
		}
		assert_string_equal(shown, row);
	}
}

static void keys(const char *typed, const char *want)
{
	setup(NULL);
	type(typed);
	check(want);
}

static void test_moving(void **state)
{
	(void)state;
	keys("abc", "abc|");
	keys("abc\001", "|abc");
	keys("abc\001\005", "abc|");
	keys("abc\002\002X", "aX|bc");
	keys("abc\001\006X", "aX|bc");
	keys("abc" LEFT LEFT "X" RIGHT "Y", "aXbY|c");
	keys("abc\033[HX\033[FY", "XabcY|");
	keys("abc\033OHX\033OFY", "XabcY|");
	keys("abc\033[1~X\033[4~Y", "XabcY|");
	keys("abc\033[7~X\033[8~Y", "XabcY|");
	keys("one two-three\033b\033b", "one |two-three");
	keys("one two-three\001\033f\033f", "one two|-three");
	keys("one two\033[1;5D", "one |two");
	keys("one two\001\033[1;5C", "one| two");
	keys("one two\033[1;3D\033[1;3DX", "X|one two");
	keys(LEFT RIGHT "a" RIGHT LEFT LEFT LEFT, "|a");
}

static void test_deleting(void **state)
{
	(void)state;
	keys("abc\010", "ab|");
	keys("abc\177\177\177\177", "|");
	keys("abc\001\004", "|bc");
	keys("abc\001\033[3~", "|bc");
	keys("abc\033[3~", "abc|");
	keys("one two\027", "one |");
	keys("one two  \027", "one |");
	keys("a-b c-d\033\177", "a-b c-|");
	keys("a-b c-d\001\033d", "|-b c-d");
	keys("one two" LEFT LEFT "\025", "|wo");
	keys("one two" LEFT LEFT "\013", "one t|");
	keys("one two\027\031\031", "one twotwo|");
	keys("one two\025x\031", "xone two|");
}

static void test_transposing(void **state)
{
	(void)state;
	keys("abc\024", "acb|");
	keys("abc" LEFT "\024", "acb|");
	keys("abc" LEFT LEFT "\024", "ba|c");
	keys("a\024", "a|");
	keys("\024", "|");
	keys("abc\001\024", "|abc");
	keys("a\303\244\024", "\303\244a|");
}

static void test_utf8(void **state)
{
	(void)state;
	keys("x\303\244\342\202\254\360\237\230\200", "x\303\244\342\202\254"
						      "\360\237\230\200|");
	keys("\303\244\342\202\254" LEFT, "\303\244|\342\202\254");
	keys("\303\244\342\202\254\177", "\303\244|");
	keys("\303\244\342\202\254\001\004", "|\342\202\254");
	/* Bytes that are not UTF-8 are in the line, but not on the screen. */
	setup(NULL);
	type("a\200\302\201\377b");
	assert_string_equal(le.buf, "a\200\302\201\377b");
	assert_string_equal(vt_text(&vt), "> a????b");
	type("\177\177\177\177");
	assert_string_equal(le.buf, "a\200");
}

static void test_enter(void **state)
{
	(void)state;
	assert_int_equal(type("guest list" LEFT LEFT "\r"), LINEEDIT_LINE);
	assert_string_equal(le.buf, "guest list");
	assert_string_equal(vt.above, "> guest list\n");
	assert_int_equal(vt.column, 0);
	lineedit_begin(&le, "> ");
	/* The second byte of a line end is not another line end. */
	assert_int_equal(type("\nx\n"), LINEEDIT_LINE);
	assert_string_equal(le.buf, "x");
}

static void test_interrupt_and_end(void **state)
{
	(void)state;
	assert_int_equal(type("abc\003"), LINEEDIT_INTERRUPT);
	assert_string_equal(vt.above, "> abc^C\n");
	setup(state);
	assert_int_equal(type("\004"), LINEEDIT_EOF);
	setup(state);
	assert_int_equal(type("a\002\004"), LINEEDIT_MORE);
	assert_int_equal(type("\004"), LINEEDIT_EOF);
	setup(state);
	/* Also inside an escape sequence or a paste. */
	assert_int_equal(type("\033[\003"), LINEEDIT_INTERRUPT);
	setup(state);
	assert_int_equal(type("\033[200~x\003"), LINEEDIT_INTERRUPT);
}

static void test_history(void **state)
{
	(void)state;
	enter("guest list");
	enter("host info");
	enter("host info");
	enter("");
	enter("guest start a");
	type("x");
	type("\025" UP);
	check("guest start a|");
	type(UP);
	check("host info|");
	type(UP UP UP);
	check("guest list|");
	type(DOWN DOWN);
	check("guest start a|");
	type(DOWN);
	check("|");
	type("\020");
	check("guest start a|");
	type("\016");
	check("|");
	/* With something typed, only lines that begin with it. */
	type("gu" UP);
	check("guest start a|");
	type(UP);
	check("guest list|");
	type(UP DOWN DOWN);
	check("gu|");
}

static void test_history_bounds(void **state)
{
	char line[200], first[32];

	(void)state;
	memset(line, 'y', sizeof(line));
	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "%0150d", i);
		history_add(&history, line);
		assert_true(history.used <= sizeof(history.text));
	}
	snprintf(first, sizeof(first), "%d", 99);
	assert_non_null(strstr(history_get(&history, 1), first));
	assert_int_equal(history.count, HISTORY_BYTES / 151);
	assert_non_null(history_get(&history, history.count));
	assert_null(history_get(&history, history.count + 1));
	assert_null(history_get(&history, 0));
}

static void test_search(void **state)
{
	(void)state;
	enter("guest list");
	enter("host info");
	enter("guest start a");
	type("x\022");
	assert_string_equal(vt_text(&vt), "(search ''): x");
	type("st");
	assert_string_equal(le.buf, "guest start a");
	type("\022");
	assert_string_equal(le.buf, "host info");
	type("\022");
	assert_string_equal(le.buf, "guest list");
	assert_string_equal(vt_text(&vt), "(search 'st'): guest list");
	type("\177\177");
	type("inf");
	assert_string_equal(le.buf, "host info");
	assert_int_equal(type("\r"), LINEEDIT_LINE);
	assert_string_equal(le.buf, "host info");
	lineedit_begin(&le, "> ");
	type("keep\022gu\007");
	check("keep|");
	type("\022gu\003");
	check("keep|");
	type("\022hos\005!");
	check("host info!|");
	type("\022hos" LEFT);
	check("host inf|o");
}

static void test_completion(void **state)
{
	static const char *const one[] = { "guest ", NULL };
	static const char *const some[] = { "start ", "status ", "stop ",
					    NULL };
	static const char *const paths[] = { "/images/Image ",
					     "/images/initrd ", NULL };

	(void)state;
	words = one;
	type("g\t");
	check("guest |");
	type("x\t");
	assert_int_equal(vt.bells, 1);
	words = some;
	type("\025guest s\t");
	check("guest st|");
	assert_int_equal(vt.rows, 0);
	type("\t");
	check("guest st|");
	assert_string_equal(vt.above, "> guest st\nstart   status  stop\n");
	type("a\t");
	check("guest sta|");
	type("r\t");
	check("guest start |");
	setup(state);
	words = paths;
	type("ls /i\t\t");
	check("ls /images/|");
	assert_string_equal(vt.above, "> ls /images/\nImage   initrd\n");
	/* In the middle of a line, the text after it stays. */
	setup(state);
	words = one;
	type("gue X" LEFT LEFT "\t");
	check("guest | X");
}

static void test_completion_bounds(void **state)
{
	static const char *many[200];
	static char text[200][32];

	(void)state;
	for (int i = 0; i < 199; i++) {
		snprintf(text[i], sizeof(text[i]), "candidate%03d ", i);
		many[i] = text[i];
	}
	words = many;
	type("candidate\t");
	check("candidate|");
	assert_non_null(strstr(vt.above, "...\n"));
	assert_true(le.candidates_count < 199);
}

static void test_long_lines(void **state)
{
	char line[600];

	(void)state;
	for (size_t i = 0; i < sizeof(line) - 1; i++) {
		line[i] = (char)('a' + i % 26);
	}
	line[sizeof(line) - 1] = '\0';
	type(line);
	assert_string_equal(le.buf, line);
	assert_int_equal(vt.rows, 0);
	assert_int_equal(vt_text(&vt)[2], '<');
	assert_true(vt.column < VT_COLUMNS - 3);
	/* Every position can be reached, and shows the character there. */
	for (size_t i = sizeof(line) - 1; i > 0; i--) {
		type(LEFT);
		assert_int_equal(le.cursor, i - 1);
		assert_int_equal(vt.cell[vt.column][0], line[i - 1]);
	}
	for (size_t i = 0; i + 1 < sizeof(line) - 1; i++) {
		type(RIGHT);
		assert_int_equal(vt.cell[vt.column][0], line[i + 1]);
	}
	type("\001");
	assert_int_equal(vt.cell[76][0], '>');
	assert_int_equal(vt.cell[2][0], 'a');
	type("\013ok");
	check("ok|");
	/* Ctrl-C does not wrap the row, however full it is. */
	for (size_t n = 60; n < 100; n++) {
		setup(state);
		type(line + sizeof(line) - n);
		assert_int_equal(type("\003"), LINEEDIT_INTERRUPT);
		assert_int_equal(vt.rows, 1);
	}
}

static void test_overflow(void **state)
{
	(void)state;
	for (int i = 0; i < 3 * LINEEDIT_MAX; i++) {
		(void)lineedit_feed(&le, 'x');
	}
	lineedit_flush(&le);
	assert_int_equal(le.len, LINEEDIT_MAX - 1);
	assert_true(le.overflow);
	assert_int_equal(vt.bells, 1);
	type("\031");
	assert_int_equal(lineedit_feed(&le, '\r'), LINEEDIT_LINE);
	assert_true(le.overflow);
	assert_int_equal(history.count, 0);
	lineedit_begin(&le, "> ");
	assert_false(le.overflow);
	type("\025y");
	check("y|");
}

static void test_paste(void **state)
{
	static const char *const one[] = { "guest ", NULL };

	(void)state;
	words = one;
	type("\033[200~g\tx\001" UP "\033b\033[201~y");
	check("g xy|");
	type("\025g\t");
	check("guest |");
	type("\025");
	assert_int_equal(type("\033[200~one\r"), LINEEDIT_LINE);
	assert_string_equal(le.buf, "one");
	lineedit_begin(&le, "> ");
	type("\ttwo\033[201~\001");
	check("| two");
}

static void test_unknown_keys(void **state)
{
	(void)state;
	keys("a\033[5~\033[Z\033[1;2;3;4;5;6;7;8;9Ab\033Oqc", "abc|");
	keys("\033[20~\033[20;5~a\033\033b", "|a");
}

/* A terminal's answers are not typed text: control strings, mouse reports, and
 * function keys of a Linux console. */
static void test_answers(void **state)
{
	(void)state;
	keys("a\033]lguest destroy linux0\033\\b", "ab|");
	keys("a\033]52;c;cm0gLXJm\007b", "ab|");
	keys("a\033P1$r0\"p\033\\b\033_x\033\\\033^y\033\\\033Xz\033\\c",
	     "abc|");
	keys("a\033P\030b\033]\032c", "abc|");
	keys("a\033[M !!b\033[<0;10;10Mc\033[<0;10;10md", "abcd|");
	keys("a\033[?62;c\033[0n\033[24;80R\033[?2004;1$yb", "ab|");
	keys("a\033[[Ab", "ab|");
	/* A line end within one does not run the line. */
	setup(NULL);
	assert_int_equal(type("x\033]lreset\rreset\n"), LINEEDIT_MORE);
	assert_int_equal(type("more\033\\y"), LINEEDIT_MORE);
	check("xy|");
	/* Ctrl-C ends one that was begun by mistake. */
	assert_int_equal(type("\033Pabc\003"), LINEEDIT_INTERRUPT);
	lineedit_begin(&le, "> ");
	type("z");
	check("z|");
}

/* Only what changed is sent: a key costs a few bytes. */
static void test_output_is_small(void **state)
{
	(void)state;
	type("some text that is long enough to be costly");
	sent = 0;
	type("x");
	assert_int_equal(sent, 1);
	sent = 0;
	type(LEFT);
	assert_int_equal(sent, 1);
	sent = 0;
	type(RIGHT "\177");
	assert_true(sent < 12);
}

static void test_redraw(void **state)
{
	char buf[512];
	size_t n;
	char want[VT_COLUMNS * 4 + 1];
	unsigned int column;

	(void)state;
	type("guest \303\244 list" LEFT LEFT);
	strcpy(want, vt_text(&vt));
	column = vt.column;
	n = lineedit_redraw(&le, buf, sizeof(buf));
	vt_clear(&vt);
	vt.column = 0;
	vt_feed(&vt, buf, n);
	assert_string_equal(vt_text(&vt), want);
	assert_int_equal(vt.column, column);
	assert_int_equal(lineedit_redraw(&le, buf, 8), 0);
	type("\014");
	assert_string_equal(vt_text(&vt), want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_moving, setup),
		cmocka_unit_test_setup(test_deleting, setup),
		cmocka_unit_test_setup(test_transposing, setup),
		cmocka_unit_test_setup(test_utf8, setup),
		cmocka_unit_test_setup(test_enter, setup),
		cmocka_unit_test_setup(test_interrupt_and_end, setup),
		cmocka_unit_test_setup(test_history, setup),
		cmocka_unit_test_setup(test_history_bounds, setup),
		cmocka_unit_test_setup(test_search, setup),
		cmocka_unit_test_setup(test_completion, setup),
		cmocka_unit_test_setup(test_completion_bounds, setup),
		cmocka_unit_test_setup(test_long_lines, setup),
		cmocka_unit_test_setup(test_overflow, setup),
		cmocka_unit_test_setup(test_paste, setup),
		cmocka_unit_test_setup(test_unknown_keys, setup),
		cmocka_unit_test_setup(test_answers, setup),
		cmocka_unit_test_setup(test_output_is_small, setup),
		cmocka_unit_test_setup(test_redraw, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
