/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model of a terminal: it records each mode that is not at its default, and
 * counts what a guest's output must not contain: sequences that are answered,
 * that set titles, clipboards or keys, that are unknown or incomplete, and text
 * that is not UTF-8.
 */
#ifndef TESTS_VTMODEL_H
#define TESTS_VTMODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vtmodel {
	unsigned int bad;
	char first_bad[48];
	bool dec[4096], insert; /* modes that are on */
	bool alternate, region, shape, shifted, styled, keypad;
	char charset[2];
};

static inline void vtmodel_init(struct vtmodel *vt)
{
	memset(vt, 0, sizeof(*vt));
	memcpy(vt->charset, "BB", 2);
	vt->dec[7] = true;
	vt->dec[25] = true;
}

static inline bool vtmodel_is_default(const struct vtmodel *vt)
{
	static struct vtmodel fresh;

	vtmodel_init(&fresh);
	return memcmp(vt->dec, fresh.dec, sizeof(vt->dec)) == 0 &&
	       !vt->insert && !vt->alternate && !vt->region && !vt->shape &&
	       !vt->shifted && !vt->styled && !vt->keypad &&
	       memcmp(vt->charset, "BB", 2) == 0;
}

static inline void vtmodel_bad(struct vtmodel *vt, const uint8_t *s, size_t n)
{
	if (vt->bad++ == 0) {
		n = n < sizeof(vt->first_bad) - 1 ? n
						  : sizeof(vt->first_bad) - 1;
		memcpy(vt->first_bad, s, n);
		vt->first_bad[n] = '\0';
	}
}

static inline void vtmodel_mode(struct vtmodel *vt, unsigned long mode, bool on)
{
	static const unsigned int fine[] = {
		1, 5, 6, 7, 12, 25, 1000, 1002, 1003, 1004, 1006, 2004
	};

	if (mode == 47 || mode == 1047 || mode == 1049) {
		vt->alternate = on;
		return;
	}
	if (mode == 1048) {
		return;
	}
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		if (fine[i] == mode) {
			vt->dec[mode] = on;
			return;
		}
	}
	vt->bad++;
}

/* "ESC [": s[0..n) is what stands behind, final byte included. */
static inline void vtmodel_csi(struct vtmodel *vt, const char *s, size_t n)
{
	char final = s[n - 1];
	bool dec = s[0] == '?';
	size_t i = dec, digits = 0;
	unsigned long value = 0;

	for (; i < n - 1; i++) {
		if (s[i] >= '0' && s[i] <= '9') {
			value = value * 10 + (unsigned long)(s[i] - '0');
			if (++digits > 5) {
				vt->bad++;
				return;
			}
			continue;
		}
		digits = 0;
		if (s[i] == ';' && (final == 'h' || final == 'l')) {
			vtmodel_mode(vt, value, final == 'h');
		} else if (s[i] == ' ' && final == 'q' && i + 2 == n) {
			vt->shape = value != 0;
			return;
		} else if (s[i] != ';' && !(s[i] == ':' && final == 'm')) {
			vt->bad++;
			return;
		}
		value = 0;
	}
	if (final == 'h' || final == 'l') {
		if (dec) {
			vtmodel_mode(vt, value, final == 'h');
		} else if (value == 4) {
			vt->insert = final == 'h';
		} else {
			vt->bad++;
		}
	} else if (dec && final != 'J' && final != 'K') {
		vt->bad++;
	} else if (final == 'J' && value > 2) {
		vt->bad++;
	} else if (final == 'm') {
		vt->styled = n > 1;
	} else if (final == 'r') {
		vt->region = n > 1;
	} else if (strchr("@ABCDEFGHIJKLMPSTXZ`abdefsu", final) == NULL) {
		vt->bad++;
	}
}

static inline size_t vtmodel_escape(struct vtmodel *vt, const uint8_t *s,
				    size_t n)
{
	unsigned int bad = vt->bad;
	size_t i = 2;

	if (n < 2) {
		vt->bad++;
	} else if (s[1] == '[') {
		while (i < n && s[i] >= 0x20 && s[i] < 0x40) {
			i++;
		}
		i++;
		if (i > n || s[i - 1] < 0x40 || s[i - 1] > 0x7e) {
			vt->bad++;
		} else {
			vtmodel_csi(vt, (const char *)s + 2, i - 2);
		}
	} else if (s[1] == '(' || s[1] == ')') {
		i = 3;
		if (n < 3 || (s[2] != 'B' && s[2] != '0')) {
			vt->bad++;
		} else {
			vt->charset[s[1] == ')'] = (char)s[2];
		}
	} else if (s[1] == '=' || s[1] == '>') {
		vt->keypad = s[1] == '=';
	} else if (memchr("78DEM", s[1], 5) == NULL) {
		vt->bad++;
	}
	i = i < n ? i : n;
	if (vt->bad != bad) {
		vt->bad = bad;
		vtmodel_bad(vt, s, i);
	}
	return i;
}

static inline size_t vtmodel_utf8(struct vtmodel *vt, const uint8_t *s,
				  size_t n)
{
	size_t len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	bool good = s[0] >= 0xc2 && s[0] <= 0xf4 && len <= n &&
		    !(s[0] == 0xc2 && s[1] < 0xa0);

	for (size_t i = 1; good && i < len; i++) {
		good = (s[i] & 0xc0) == 0x80;
	}
	if (!good) {
		vtmodel_bad(vt, s, 1);
		return 1;
	}
	return len;
}

static inline void vtmodel_feed(struct vtmodel *vt, const uint8_t *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		if (s[i] == 0x1b) {
			i += vtmodel_escape(vt, s + i, n - i);
		} else if (s[i] >= 0x80) {
			i += vtmodel_utf8(vt, s + i, n - i);
		} else {
			if (s[i] < 7 || (s[i] > 0x0f && s[i] < ' ') ||
			    s[i] == 0x7f) {
				vtmodel_bad(vt, s + i, 1);
			}
			if (s[i] == 0x0e || s[i] == 0x0f) {
				vt->shifted = s[i] == 0x0e;
			}
			i++;
		}
	}
}

#endif
