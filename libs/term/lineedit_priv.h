/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the parts of the line editor. */
#ifndef LINEEDIT_PRIV_H
#define LINEEDIT_PRIV_H

#include <libs/lineedit.h>
#include <libs/utf8.h>

void lineedit_out(struct lineedit *le, const char *s);
/* Insert n bytes at the cursor; false, with nothing inserted, if there is no
 * room. */
bool lineedit_insert(struct lineedit *le, const char *s, size_t n);
/* Delete [from, to) and leave the cursor there. */
void lineedit_delete(struct lineedit *le, size_t from, size_t to);
/* Replace the whole line, the cursor at its end. */
void lineedit_set(struct lineedit *le, const char *s);

/* Tab. */
void lineedit_complete(struct lineedit *le);

/* Ctrl-R: begin, or the next older match. */
void lineedit_search(struct lineedit *le);
/* Handle a byte typed while searching; true if nothing else is to be done with
 * it. */
bool lineedit_search_key(struct lineedit *le, uint8_t c);
void lineedit_older(struct lineedit *le);
void lineedit_newer(struct lineedit *le);

#endif
