/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which node of the host's tree is the console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <core/earlycon.h>
#include <core/uart.h>
#include <libs/error.h>

#include "tests/unit/dts.h"

static void no_putc(volatile void *regs, uint32_t reg_shift, uint8_t c)
{
	(void)regs;
	(void)reg_shift;
	(void)c;
}

static const char *const known_compatible[] = { "known,uart", NULL };
static const struct earlycon known = {
	.compatible = known_compatible,
	.putc = no_putc,
};
EARLYCON(known);

static struct dts_blob blob;

#define TREE(aliases, chosen, nodes) \
	"/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;" \
	"aliases { " aliases " }; chosen { " chosen " }; " nodes " };"
#define UART(name, address, more) \
	name "@" address " { compatible = \"known,uart\"; reg = <0x" address \
	     " 0x100>; " more " };"
#define FOREIGN \
	"screen@9000 { compatible = \"simple-framebuffer\"; " \
	"reg = <0x9000 0x100>; };"
#define OFF "status = \"disabled\";"
#define CHIP "bluetooth { compatible = \"chip,bt\"; };"

static void check(const char *tree, const char *path)
{
	const char *why;
	char found[64];
	dt_node_t node;

	dts_compile(tree, &blob);
	assert_int_equal(dt_init(blob.data, sizeof(blob.data), &why), 0);
	node = console_node();
	if (!path) {
		assert_int_equal(node, -1);
		return;
	}
	assert_true(node >= 0);
	assert_string_equal(dt_node_path(node, found, sizeof(found)), path);
}

static void test_stdout_path(void **state)
{
	(void)state;
	/* Even if something else is at the line's end: it was asked for. */
	check(TREE("serial0 = \"/u@1000\"; serial1 = \"/u@2000\";",
		   "stdout-path = \"serial1:115200n8\";",
		   UART("u", "1000", "") UART("u", "2000", CHIP)),
	      "/u@2000");
}

static void test_aliases(void **state)
{
	(void)state;
	check(TREE("serial1 = \"/u@2000\"; serial3 = \"/u@3000\";", "",
		   UART("u", "1000", "") UART("u", "2000", "")
			   UART("u", "3000", "")),
	      "/u@2000");
	check(TREE("serial9 = \"/u@3000\"; serial10 = \"/u@2000\";", "",
		   UART("u", "1000", "") UART("u", "2000", "")
			   UART("u", "3000", "")),
	      "/u@3000");
	/* What stdout-path or the first alias name cannot be used. */
	check(TREE("serial0 = \"/u@1000\"; serial1 = \"/u@2000\";",
		   "stdout-path = \"serial0\";",
		   UART("u", "1000", OFF) UART("u", "2000", "")),
	      "/u@2000");
	check(TREE("serial0 = \"/u@1000\"; serial1 = \"/u@2000\";",
		   "stdout-path = \"/screen@9000\";",
		   FOREIGN UART("u", "1000", CHIP) UART("u", "2000", "")),
	      "/u@2000");
}

static void test_first(void **state)
{
	(void)state;
	check(TREE("", "", UART("u", "1000", "") UART("u", "2000", "")),
	      "/u@1000");
	check(TREE("", "",
		   FOREIGN UART("u", "1000", OFF) UART("u", "2000", CHIP)
			   UART("u", "3000", "ports { port { }; };")),
	      "/u@3000");
}

static void test_none(void **state)
{
	(void)state;
	check(TREE("", "", ""), NULL);
	check(TREE("serial0 = \"/u@1000\";", "",
		   UART("u", "1000", OFF) UART("u", "2000", CHIP)),
	      NULL);
	/* So that it can be said which kind has no driver. */
	check(TREE("", "stdout-path = \"/screen@9000\";", FOREIGN),
	      "/screen@9000");
	assert_int_equal(earlycon_init(NULL), -ERR_NOSUPP);
	check(TREE("", "stdout-path = \"/nowhere\";", FOREIGN), NULL);
	assert_int_equal(earlycon_init(NULL), -ERR_NOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stdout_path),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
