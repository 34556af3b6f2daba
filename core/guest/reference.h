/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference page of guest descriptions; host library only. */
#ifndef CORE_GUEST_REFERENCE_H
#define CORE_GUEST_REFERENCE_H

/* Hand the page, in Markdown, to `line` piece by piece; each ends a line. */
void reference_print(void (*line)(const char *s));

#endif
