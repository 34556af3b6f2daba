/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the tree for a guest's operating system: it is built from the
 * source of a description, and checked by libfdt. */
#ifndef TESTS_UNIT_FDTGEN_FIXTURE_H
#define TESTS_UNIT_FDTGEN_FIXTURE_H

#include <libfdt.h>
#include <stdint.h>
#include <string.h>

#include <core/guest_config.h>

#include "core/guest/config_priv.h"
#include "tests/unit/dts.h"
#include "tests/unit/guest_fixture.h"

#define TREE_MAX 65536
#define SOURCE(body) \
	"/dts-v1/; / { compatible = \"socle,guest\"; " \
	"model = \"g\"; memory = \"512M\"; " body " }; "
#define BOOT "boot { kernel = \"/k\"; }; "

static _Alignas(8) uint8_t tree[TREE_MAX];

static void report(void *ctx, const char *message)
{
	(void)ctx;
	print_error("%s\n", message);
}

static int build_size(const char *text, const struct fdtgen_info *info,
		      size_t size)
{
	static const struct fdtgen_info none;
	static struct dts_blob blob;
	struct guest_config *cfg;
	int err;

	dts_compile(text, &blob);
	assert_int_equal(config_parse(&cfg, blob.data, blob.size, NULL, report,
				      NULL),
			 0);
	memset(tree, 0x5a, sizeof(tree));
	err = fdtgen_build(cfg, info ? info : &none, tree, size);
	config_free(cfg);
	return err;
}

static void build(const char *text, const struct fdtgen_info *info)
{
	assert_int_equal(build_size(text, info, sizeof(tree)), 0);
	assert_int_equal(fdt_check_full(tree, sizeof(tree)), 0);
}

#endif
