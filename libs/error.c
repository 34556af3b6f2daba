/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of the error codes. */
#include <libs/error.h>
#include <libs/types.h>

static const char *const err_texts[] = {
	[0] = "no error",
	[ERR_NOMEM] = "out of memory",
	[ERR_INVAL] = "value not allowed",
	[ERR_NOENT] = "not found",
	[ERR_EXIST] = "exists already",
	[ERR_BUSY] = "in use",
	[ERR_RANGE] = "out of range",
	[ERR_NOSPC] = "no space left",
	[ERR_IO] = "input/output error",
	[ERR_PERM] = "not permitted",
	[ERR_NOSUPP] = "not supported",
	[ERR_TIMEOUT] = "timed out",
	[ERR_FAULT] = "address not accessible",
	[ERR_FORMAT] = "malformed data",
	[ERR_INTR] = "interrupted",
	[ERR_STATE] = "not possible in this state",
	[ERR_DEFER] = "what it needs is not there yet",
};

const char *err_str(int err)
{
	unsigned int code = err < 0 ? 0U - (unsigned int)err
				    : (unsigned int)err;

	return code < ARRAY_SIZE(err_texts) ? err_texts[code] : "unknown error";
}
