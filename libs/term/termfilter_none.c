/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces the filter in images without it: everything passes unchanged. */
#include <libs/termfilter.h>
#include <string.h>

void termfilter_init(struct termfilter *f)
{
	memset(f, 0, sizeof(*f));
}

size_t termfilter_feed(struct termfilter *f, uint8_t c, const uint8_t **out)
{
	f->out[0] = c;
	*out = f->out;
	return 1;
}

size_t termfilter_attrs(const struct termfilter *f, uint8_t *buf)
{
	(void)f;
	(void)buf;
	return 0;
}

/* Attributes, and a visible cursor. */
size_t termfilter_leave(const struct termfilter *f, bool raw, uint8_t *buf)
{
	static const uint8_t leave[] = "\033[m\033[?25h";

	(void)f;
	(void)raw;
	memcpy(buf, leave, sizeof(leave) - 1);
	return sizeof(leave) - 1;
}
