/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes a guest may print: what passes the filter neither makes a terminal
 * answer nor changes what termfilter_leave() does not reset.
 */
#include "tests/unit/vtmodel.h"
#include <libs/termfilter.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vtmodel vt;
static struct termfilter f;

static void show(const uint8_t *out, size_t n)
{
	vtmodel_feed(&vt, out, n);
	if (vt.bad != 0) {
		fprintf(stderr, "passed: ESC%s\n", vt.first_bad + 1);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t buf[TERMFILTER_LEAVE];
	const uint8_t *out;

	vtmodel_init(&vt);
	termfilter_init(&f);
	for (size_t i = 0; i < size; i++) {
		size_t n = termfilter_feed(&f, data[i], &out);

		if (n > TERMFILTER_OUT || f.seq_n > TERMFILTER_SEQ + 1) {
			abort();
		}
		/* Each call's bytes are whole sequences and characters. */
		show(out, n);
		if (vt.alternate != termfilter_fullscreen(&f) ||
		    vt.shifted != f.shifted) {
			abort();
		}
	}
	show(buf, termfilter_attrs(&f, buf));
	show(buf, termfilter_leave(&f, false, buf));
	if (!vtmodel_is_default(&vt)) {
		abort();
	}
	if (termfilter_leave(&f, true, buf) + 1 > TERMFILTER_LEAVE) {
		abort();
	}
	return 0;
}
