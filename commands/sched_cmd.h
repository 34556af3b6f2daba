/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the command `sched`. */
#ifndef COMMANDS_SCHED_CMD_H
#define COMMANDS_SCHED_CMD_H

#include <core/command.h>
#include <core/sched.h>
#include <core/sched_pool.h>

/* sched_pool.c */
/* NULL, after an error message, if there is none of that name. */
struct sched_pool *sched_cmd_pool_find(struct session *s, const char *name);
int sched_cmd_pool_list(struct session *s, int argc, char **argv);
int sched_cmd_pool_create(struct session *s, int argc, char **argv);
int sched_cmd_pool_destroy(struct session *s, int argc, char **argv);
int sched_cmd_pool_cpus(struct session *s, int argc, char **argv);
int sched_cmd_pool_policy(struct session *s, int argc, char **argv);
int sched_cmd_pool_move(struct session *s, int argc, char **argv);
void sched_complete_pool(struct completion_ctx *c, int argc, char **argv);
void sched_complete_create(struct completion_ctx *c, int argc, char **argv);
void sched_complete_policy(struct completion_ctx *c, int argc, char **argv);
void sched_complete_move(struct completion_ctx *c, int argc, char **argv);

/* sched_schedule.c */
int sched_cmd_pool_schedule(struct session *s, int argc, char **argv);
void sched_complete_schedule(struct completion_ctx *c, int argc, char **argv);

/* vcpu_times.c */
int sched_cmd_account_start(struct session *s, int argc, char **argv);
int sched_cmd_account_stop(struct session *s, int argc, char **argv);

/* sched_latency.c */
int sched_cmd_latency(struct session *s, int argc, char **argv);
int sched_cmd_latency_start(struct session *s, int argc, char **argv);
int sched_cmd_latency_stop(struct session *s, int argc, char **argv);
int sched_cmd_latency_clear(struct session *s, int argc, char **argv);

#endif
