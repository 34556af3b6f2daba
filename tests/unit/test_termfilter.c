/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter of what guests send to terminals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/vtmodel.h"
#include <libs/termfilter.h>

static struct termfilter f;
static char passed[65536];
static size_t passed_n;

static void feed_bytes(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *out;
		size_t k = termfilter_feed(&f, (uint8_t)s[i], &out);

		assert_true(passed_n + k < sizeof(passed));
		memcpy(passed + passed_n, out, k);
		passed_n += k;
	}
	passed[passed_n] = '\0';
}

static void feed(const char *s)
{
	feed_bytes(s, strlen(s));
}

static void fresh(void)
{
	termfilter_init(&f);
	passed_n = 0;
	passed[0] = '\0';
}

/* Check that `in`, alone and with text around it, becomes `out`. */
static void becomes(const char *in, const char *out)
{
	char expected[1024];

	fresh();
	feed("<");
	feed(in);
	feed(">");
	snprintf(expected, sizeof(expected), "<%s>", out);
	assert_string_equal(passed, expected);
}

static void passes(const char *s)
{
	becomes(s, s);
}

static void dropped(const char *s)
{
	becomes(s, "");
}

static void test_text(void **state)
{
	(void)state;
	passes("plain text\r\n\ttab \b\a\v\f");
	passes("\303\244\342\202\254\360\237\230\200");
	/* Bytes that are not UTF-8, and Latin-1. */
	becomes("\344x\377y\300\257", "?x?y??");
	becomes("\342\202x", "?x");
	becomes("\355\240\200", "?"); /* a surrogate */
	becomes("\342\033[m", "?\033[m");
	/* Controls that cause answers, stop the line or begin transfers. */
	dropped("\005\021\023\030\032\001\177\034\037");
	fresh();
	feed_bytes("\0a", 2);
	assert_string_equal(passed, "a");
}

static void test_c1(void **state)
{
	(void)state;
	/* Bytes, and the same as UTF-8. */
	becomes("\2336n", "?6n");
	becomes("\23552;c;?\234", "?52;c;??");
	becomes("\302\2336n", "?6n");
	becomes("\302\220$qm\302\234", "?$qm?");
	passes("\302\240\303\233\313\233"); /* 0x9b inside characters */
}

static void test_drawing(void **state)
{
	(void)state;
	passes("\033[H\033[2J\033[1;31;48:5:7mx\033[m\033[K");
	passes("\033[10;20H\033[999;999H\033[32766;32766H\033[;5H\033[5;f");
	passes("\033[A\033[2B\033[3C\033[4D\033[5G\033[6d\033[1@\033[2P"
	       "\033[3X\033[4L\033[5M\033[6S\033[7T\033[8b");
	passes("\0337\0338\033D\033E\033M\033=\033>\033[s\033[u");
	passes("\033(0lqk\033(B\033)0\016x\017");
	passes("\033[2;10r\033[r\033[4h\033[4l");
	passes("\033[?1049h\033[?25l\033[?1h\033[?2004h\033[?1006h");
	passes("\033[1 q\033[?J");
	/* Of several modes, those that are allowed. */
	becomes("\033[?3;25;69;7h", "\033[?25;7h");
	becomes("\033[?2;3h", "");
	/* Controls inside a sequence act at once. */
	becomes("\033[1\n;3\r1m", "\n\r\033[1;31m");
	becomes("\033[3\0301m", "1m");
	becomes("\033[3\033[1m", "\033[1m");
	becomes("\033[3\303\244", "\303\244");
}

static void test_answered(void **state)
{
	static const char *const asking[] = {
		"\033[c",
		"\033[0c",
		"\033[>c",
		"\033[=c",
		"\033[5n",
		"\033[6n",
		"\033[?6n",
		"\033[?15n",
		"\033[x",
		"\033[1x",
		"\033Z",
		"\033[18t",
		"\033[21t",
		"\033[>q",
		"\033[>0q",
		"\033[?25$p",
		"\033[4$p",
		"\033[1$w",
		"\033[2$u",
		"\033[1;1;1;1;1;1*y",
		"\033[?u",
		"\033[?4m",
		"\033[1'|",
		"\033[2&u",
		"\033[?1;1;0S",
		"\033P$qm\033\\",
		"\033P+q544e\033\\",
		"\033]52;c;?\a",
		"\033]11;?\033\\",
		"\033]4;1;?\a",
		"\033_Gi=31,a=q;AAAA\033\\",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++) {
		dropped(asking[i]);
	}
}

static void test_reprogramming(void **state)
{
	static const char *const setting[] = {
		"\033]0;title\a",
		"\033]2;title\033\\",
		"\033]52;c;cm0=\a",
		"\033ktitle\033\\",
		"\033^private\033\\",
		"\033Xstring\033\\",
		"\033_apc\033\\",
		"\033P0;0|17/aa\033\\",
		"\033[?2l",
		"\033[?3h",
		"\033[?40h",
		"\033[?69h",
		"\033[2h",
		"\033[12l",
		"\033[20h",
		"\033 G",
		"\033%@",
		"\033#8",
		"\033#3",
		"\033(U",
		"\033n",
		"\033H",
		"\033[3g",
		"\033[3J",
		"\033[?3J",
		"\033[4i",
		"\033[?5i",
		"\033[1;1;1;1;1T",
		"\033[2;4y",
		"\033[>4;2m",
		"\033[>1u",
		"\033[=1u",
		"\033[8;10;10t",
		"\033[?1001h",
		"\033[?1005h",
		"\033[?1s",
		"\033[?1r",
		"\033[1;2s",
		"\033[99999b",
		"\033[2147483647L",
		"\033[1;2;3H",
		"\033[1:2H",
		"\033[1?2H",
		"\033[  q",
		"\033]R",
		"\033]Pe123456",
		"\033[31\"p",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(setting) / sizeof(setting[0]); i++) {
		dropped(setting[i]);
	}
}

/* A string without an end drops its line, or a bounded part. */
static void test_unterminated(void **state)
{
	static char text[2 * TERMFILTER_STRING];

	(void)state;
	becomes("\033]0;title\nnext", "\nnext");
	becomes("\033]0;a\033[6n\033]0;b\nnext", "\nnext");
	becomes("\033Pq#0;2;0\nstill\033\\out", "out");
	memset(text, 'x', sizeof(text) - 1);
	fresh();
	feed("\033P");
	feed(text);
	assert_int_equal(passed_n, TERMFILTER_STRING - 1);
	/* A sequence that is too long is dropped to its end. */
	memset(text, '1', sizeof(text) - 1);
	fresh();
	feed("\033[");
	feed(text);
	feed("mx");
	assert_string_equal(passed, "x");
	memset(text, '(', sizeof(text) - 1);
	fresh();
	feed("\033");
	feed(text);
	feed("Bx");
	assert_string_equal(passed, "x");
}

static void left(bool raw, const char *modes)
{
	static struct vtmodel vt;
	uint8_t buf[TERMFILTER_LEAVE];
	size_t n;

	vtmodel_init(&vt);
	fresh();
	feed(modes);
	vtmodel_feed(&vt, (const uint8_t *)passed, passed_n);
	assert_int_equal(vt.bad, 0);
	assert_false(vtmodel_is_default(&vt));
	n = termfilter_leave(&f, raw, buf);
	assert_true(n < sizeof(buf));
	vtmodel_feed(&vt, buf, n);
	if (!raw) {
		assert_int_equal(vt.bad, 0);
	}
	assert_true(vtmodel_is_default(&vt));
}

static void test_leave(void **state)
{
	static const char *const modes[] = {
		"\033[31m",    "\033(0",
		"\033)0\016",  "\033[2;5r",
		"\033[?6h",    "\033[?1000h",
		"\033[?1003h", "\033[?1006h",
		"\033[?1004h", "\033[?2004h",
		"\033[?47h",   "\033[?1047h",
		"\033[?1049h", "\033[?25l",
		"\033[?7l",    "\033[4h",
		"\033[?1h",    "\033=",
		"\033[?5h",    "\033[3 q",
		"\033[?12h",   "\033[?1049h\033[2;9r\033[1m\033(0\033[?1002h",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		left(false, modes[i]);
		left(true, modes[i]);
	}
}

/* RIS and DECSTR do what leaving does: the operator's own settings stay. */
static void test_reset(void **state)
{
	static struct vtmodel vt;

	(void)state;
	for (int hard = 0; hard < 2; hard++) {
		vtmodel_init(&vt);
		fresh();
		feed("\033[?1049h\033[2;9r\033[1m\033(0\016\033[5 q");
		assert_true(termfilter_fullscreen(&f));
		feed(hard ? "\033c" : "\033[!p");
		assert_null(strstr(passed, "\033c"));
		assert_false(termfilter_fullscreen(&f));
		vtmodel_feed(&vt, (const uint8_t *)passed, passed_n);
		assert_int_equal(vt.bad, 0);
		assert_true(vtmodel_is_default(&vt));
		assert_int_equal(!!strstr(passed, "\033[H\033[2J"), hard);
	}
}

static void attrs_are(const char *in, const char *attrs)
{
	uint8_t buf[TERMFILTER_ATTRS + 1];

	fresh();
	feed(in);
	buf[termfilter_attrs(&f, buf)] = '\0';
	assert_string_equal((const char *)buf, attrs);
}

static void test_attrs(void **state)
{
	char many[2000] = "";

	(void)state;
	attrs_are("x", "");
	attrs_are("\033[1m\033[31mx", "\033[1m\033[31m");
	attrs_are("\033[1m\033[0mx", "");
	attrs_are("\033[1m\033[mx", "");
	attrs_are("\033[1m\033[0;32mx", "\033[0;32m");
	attrs_are("\033(0\033)0\016", "\033(0\033)0\016");
	for (int i = 0; i < 200; i++) {
		strcat(many, "\033[1m");
	}
	fresh();
	feed(many);
	feed("\033[32m");
	assert_true(f.sgr_n > 0 && f.sgr_n <= TERMFILTER_SGR);
}

static void test_off_row(void **state)
{
	const uint8_t *out;

	(void)state;
	fresh();
	feed("text\033[K\033[31m\033[5C\b");
	assert_false(f.off_row);
	feed("\033[5A");
	assert_true(f.off_row);
	(void)termfilter_feed(&f, 'x', &out);
	assert_false(f.off_row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_c1),
		cmocka_unit_test(test_drawing),
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_reprogramming),
		cmocka_unit_test(test_unterminated),
		cmocka_unit_test(test_leave),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_attrs),
		cmocka_unit_test(test_off_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
