/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations on a guest that may fail. Each mistake is reported to the operator
 * who asked for the operation. The log gets one line, because others may look
 * for the reason later, and no operator is there when a guest restarts itself.
 */
#include <core/log.h>
#include <libs/error.h>
#include <stdarg.h>
#include <stdio.h>

#include "guest_priv.h"

void attempt_report(void *ctx, const char *message)
{
	struct attempt *a = ctx;

	if (a->mistakes++ == 0) {
		snprintf(a->first, sizeof(a->first), "%s", message);
	}
	if (a->report) {
		a->report(a->ctx, message);
	}
}

void attempt_failed(const struct attempt *a, int err, const char *fmt, ...)
{
	enum log_level level = a->report ? LOG_WARN : LOG_ERR;
	const char *why = a->mistakes ? a->first : err_str(err);
	char what[ATTEMPT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (a->mistakes > 1) {
		log_line(level, "%s: %s (and %u mistakes more)", what, why,
			 a->mistakes - 1);
	} else {
		log_line(level, "%s: %s", what, why);
	}
}
