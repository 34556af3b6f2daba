/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a VT100 the line editor uses: one row and the cursor. */
#ifndef TESTS_VT100_H
#define TESTS_VT100_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define VT_COLUMNS 80

struct vt100 {
	char cell[VT_COLUMNS][5]; /* UTF-8, terminated; "" is a blank */
	unsigned int column;
	unsigned int rows; /* line feeds seen */
	unsigned int bells;
	bool broken;                   /* left the row, or unknown output */
	char text[VT_COLUMNS * 4 + 1]; /* of the row, made by vt_text() */
	char above[4096];              /* rows that scrolled off, '\n' each */
};

static inline void vt_clear(struct vt100 *vt)
{
	memset(vt->cell, 0, sizeof(vt->cell));
}

/* The row without blanks at its end. */
static inline const char *vt_text(struct vt100 *vt)
{
	size_t n = 0, end = 0;

	for (unsigned int i = 0; i < VT_COLUMNS; i++) {
		const char *s = vt->cell[i][0] ? vt->cell[i] : " ";

		memcpy(vt->text + n, s, strlen(s));
		n += strlen(s);
		if (vt->cell[i][0] != '\0') {
			end = n;
		}
	}
	vt->text[end] = '\0';
	return vt->text;
}

static inline void vt_line_feed(struct vt100 *vt)
{
	const char *s = vt_text(vt);

	if (strlen(vt->above) + strlen(s) + 2 < sizeof(vt->above)) {
		strcat(vt->above, s);
		strcat(vt->above, "\n");
	}
	vt->rows++;
	vt_clear(vt);
}

static inline size_t vt_escape(struct vt100 *vt, const char *s, size_t n)
{
	unsigned int arg = 0;
	size_t i = 2;

	if (n < 3 || s[1] != '[') {
		vt->broken = true;
		return n;
	}
	while (i < n && s[i] >= '0' && s[i] <= '9') {
		arg = arg * 10 + (unsigned int)(s[i++] - '0');
	}
	if (i == n) {
		vt->broken = true;
	} else if (s[i] == 'K') {
		memset(vt->cell[vt->column], 0,
		       (VT_COLUMNS - vt->column) * sizeof(vt->cell[0]));
	} else if (s[i] == 'C') {
		vt->column += arg;
	} else if (s[i] == 'D') {
		vt->column -= arg;
	} else if (s[i] == 'J') {
		vt_clear(vt);
	} else if (s[i] == 'H') {
		vt->column = 0;
	} else {
		vt->broken = true;
	}
	return i + 1;
}

static inline size_t vt_char(struct vt100 *vt, const char *s, size_t n)
{
	unsigned char c = (unsigned char)s[0];
	size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (c < ' ' || len > n || (c >= 0x80 && c < 0xc2)) {
		vt->broken = true;
		return 1;
	}
	memset(vt->cell[vt->column], 0, sizeof(vt->cell[0]));
	memcpy(vt->cell[vt->column], s, len);
	vt->column++;
	return len;
}

static inline void vt_feed(struct vt100 *vt, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		switch (s[i]) {
		case '\r':
			vt->column = 0;
			i++;
			break;
		case '\n':
			vt_line_feed(vt);
			i++;
			break;
		case '\b':
			vt->column--;
			i++;
			break;
		case '\a':
			vt->bells++;
			i++;
			break;
		case '\033':
			i += vt_escape(vt, s + i, n - i);
			break;
		default:
			i += vt_char(vt, s + i, n - i);
			break;
		}
		if (vt->column >= VT_COLUMNS) {
			vt->broken = true;
			vt->column = 0;
		}
	}
}

#endif
