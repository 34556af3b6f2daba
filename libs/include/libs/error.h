/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of error codes. Functions return 0 or a negated code. */
#ifndef LIBS_ERROR_H
#define LIBS_ERROR_H

enum {
	ERR_NOMEM = 1, /* out of memory, or of a bounded resource */
	ERR_INVAL,     /* argument or value not allowed */
	ERR_NOENT,     /* no such object, file, node or property */
	ERR_EXIST,     /* the name, region or key is already taken */
	ERR_BUSY,      /* in use; try again when it is not */
	ERR_RANGE,     /* number or address outside what is possible */
	ERR_NOSPC,     /* the buffer or container given is too small */
	ERR_IO,        /* a device answered wrongly or not at all */
	ERR_PERM,      /* not permitted */
	ERR_NOSUPP,    /* known, but not supported here */
	ERR_TIMEOUT,   /* did not happen in time */
	ERR_FAULT,     /* guest or user address not accessible */
	ERR_FORMAT,    /* data is malformed */
	ERR_INTR,      /* interrupted by the person or by teardown */
	ERR_STATE,     /* not possible in the object's present state */
	ERR_DEFER,     /* what is needed is not there yet; try again later */
};

/* Short text for a code, with or without its sign; "no error" for 0. Pure. */
const char *err_str(int err);

#endif
