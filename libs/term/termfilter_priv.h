/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the parts of the filter of guests' output. */
#ifndef TERMFILTER_PRIV_H
#define TERMFILTER_PRIV_H

#include <libs/termfilter.h>

/* Append to what goes to the terminal. */
void termfilter_put(struct termfilter *f, const void *bytes, size_t n);
/* A sequence is complete: seq[0..seq_n) holds what follows ESC, or "ESC [".
 * Pass all of it, part of it, an equivalent, or nothing. */
void termfilter_pass_esc(struct termfilter *f);
void termfilter_pass_csi(struct termfilter *f);
/* The terminal's modes are at their defaults. */
void termfilter_defaults(struct termfilter *f);

#endif
