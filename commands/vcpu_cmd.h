/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the command `vcpu`. */
#ifndef COMMANDS_VCPU_CMD_H
#define COMMANDS_VCPU_CMD_H

#include <core/command.h>
#include <core/guest.h>
#include <core/sched_pool.h>

/* vcpu.c */
/* Find "linux0/1", or "linux0" for all VCPUs: returns the guest, with a
 * reference, and the first and last VCPU. NULL, after an error message, if
 * there is none. */
struct guest *vcpu_cmd_find(struct session *s, const char *arg, uint32_t *first,
			    uint32_t *last);
/* Completes guests, and each of their VCPUs. */
void vcpu_complete(struct completion_ctx *c, int argc, char **argv);
/* Print the reason in `why` or, if it is empty, `err`, for `arg`. Returns
 * `err`. */
int vcpu_cmd_refused(struct session *s, const char *arg, int err,
		     const struct sched_refusal *why);

/* vcpu_times.c */
int vcpu_cmd_times(struct session *s, int argc, char **argv);

/* vcpu_set.c */
int vcpu_cmd_params(struct session *s, int argc, char **argv);
int vcpu_cmd_shares(struct session *s, int argc, char **argv);
int vcpu_cmd_set(struct session *s, int argc, char **argv);
/* Read "0ms+5ms,10ms+500us" or "none" into `p`. False: it is neither. */
bool vcpu_parse_windows(struct sched_params *p, const char *text);
void vcpu_complete_set(struct completion_ctx *c, int argc, char **argv);

#endif
