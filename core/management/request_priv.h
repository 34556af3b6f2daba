/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests on a management channel: one line of JSON each. Pure. */
#ifndef MANAGEMENT_REQUEST_PRIV_H
#define MANAGEMENT_REQUEST_PRIV_H

#include <core/event.h>
#include <libs/tokenize.h>
#include <libs/types.h>

#define REQUEST_LINE_MAX 4096 /* bytes */

struct management_request {
	uint64_t id;
	bool has_id;
	bool has_command;
	char command[TOKENS_TEXT];
	bool complete; /* it is not to be run: what could stand at its end? */
	bool has_watch;
	uint32_t watch; /* bits of enum event_kind */
};

/*
 * Read a request from line[0..n). On failure *why says what would be right;
 * the id is given if it was read before that. -ERR_FORMAT.
 */
int __must_check management_parse(const char *line, size_t n,
				  struct management_request *out,
				  const char **why);

#endif
