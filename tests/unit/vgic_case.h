/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the virtual GIC case by case: vgic_model.h's machine, started.
 * */
#ifndef TESTS_VGIC_CASE_H
#define TESTS_VGIC_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "vgic_model.h"

static void model_fail(const char *what)
{
	fail_msg("%s", what);
}

static void start(unsigned int version, unsigned int vcpus, unsigned int lrs)
{
	model_init(version, vcpus, 64, lrs);
	model_start();
}

/* Set the level of an SPI's line. */
static __unused void line(unsigned int intid, bool level)
{
	vgic_line_spi(m.vg, intid, level);
}

#endif
