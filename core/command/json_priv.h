/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON (RFC 8259) on a session. */
#ifndef COMMANDS_JSON_H
#define COMMANDS_JSON_H

#include <core/command.h>

void json_string(struct session *s, const char *v);
/* Print `"key": `, made from a column's or fact's title. */
void json_key(struct session *s, const char *title);
void json_value(struct session *s, enum column_type type, uint64_t v);

#endif
