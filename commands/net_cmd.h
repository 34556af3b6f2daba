/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the command `net`. */
#ifndef COMMANDS_NET_CMD_H
#define COMMANDS_NET_CMD_H

#include <core/command.h>
#include <core/netswitch.h>

/* net.c */
/* The port called `name`, with a reference; NULL, after an error message, if
 * there is none. */
struct netport *net_cmd_port(struct session *s, const char *name);
/* Print what a result of netswitch_*() means, and return it. */
int net_cmd_switch_error(struct session *s, const char *name, int err);
/* Read a VLAN's number; reports errors. */
int net_cmd_vlan(struct session *s, const char *text, uint16_t *out);
/* Read "on" or "off"; reports errors. */
int net_cmd_switch_on(struct session *s, const char *text, bool *out);
void net_complete_ports(struct completion_ctx *c);
void net_complete_switches(struct completion_ctx *c);
/* Completers for subcommands whose first argument is a port, or a switch. */
void net_complete_port(struct completion_ctx *c, int argc, char **argv);
void net_complete_switch(struct completion_ctx *c, int argc, char **argv);

/* net_switch.c */
int net_switch_list(struct session *s, int argc, char **argv);
int net_switch_info(struct session *s, int argc, char **argv);
int net_switch_create(struct session *s, int argc, char **argv);
int net_switch_destroy(struct session *s, int argc, char **argv);
int net_switch_set(struct session *s, int argc, char **argv);
int net_switch_entries(struct session *s, int argc, char **argv);
int net_switch_add(struct session *s, int argc, char **argv);
int net_switch_remove(struct session *s, int argc, char **argv);
void net_switch_complete_create(struct completion_ctx *c, int argc,
				char **argv);
void net_switch_complete_set(struct completion_ctx *c, int argc, char **argv);
void net_switch_complete_add(struct completion_ctx *c, int argc, char **argv);

/* net_worker.c */
int net_switch_worker(struct session *s, int argc, char **argv);
void net_switch_complete_worker(struct completion_ctx *c, int argc,
				char **argv);

/* net_port.c */
int net_port_list(struct session *s, int argc, char **argv);
int net_port_info(struct session *s, int argc, char **argv);
int net_port_stats(struct session *s, int argc, char **argv);
int net_port_queues(struct session *s, int argc, char **argv);

/* net_port_set.c */
int net_port_attach(struct session *s, int argc, char **argv);
int net_port_detach(struct session *s, int argc, char **argv);
int net_port_limit(struct session *s, int argc, char **argv);
int net_port_set(struct session *s, int argc, char **argv);
void net_port_complete_attach(struct completion_ctx *c, int argc, char **argv);
void net_port_complete_limit(struct completion_ctx *c, int argc, char **argv);
void net_port_complete_set(struct completion_ctx *c, int argc, char **argv);

/* net_capture.c */
int net_capture_list(struct session *s, int argc, char **argv);
int net_capture_start(struct session *s, int argc, char **argv);
int net_capture_stop(struct session *s, int argc, char **argv);
int net_capture_print(struct session *s, int argc, char **argv);
int net_capture_stream(struct session *s, int argc, char **argv);
void net_capture_complete(struct completion_ctx *c, int argc, char **argv);
void net_capture_complete_start(struct completion_ctx *c, int argc,
				char **argv);
void net_capture_complete_stream(struct completion_ctx *c, int argc,
				 char **argv);

#endif
