/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the command `vmsg`. */
#ifndef COMMANDS_VMSG_CMD_H
#define COMMANDS_VMSG_CMD_H

#include <core/command.h>
#include <core/vmsg_admin.h>

/* vmsg.c */
/* The node called `name`, with a reference; NULL, after an error message, if
 * there is none. */
struct vmsg_node *vmsg_cmd_node(struct session *s, const char *name);
/* Print what a result about a domain means, and return it. */
int vmsg_cmd_domain_error(struct session *s, const char *name, int err);
void vmsg_complete_domain(struct completion_ctx *c, int argc, char **argv);
void vmsg_complete_node(struct completion_ctx *c, int argc, char **argv);
/* Show counters. */
void vmsg_cmd_counts(struct record *r, const struct vmsg_counts *counts);

/* vmsg_domain.c */
int vmsg_cmd_domain_list(struct session *s, int argc, char **argv);
int vmsg_cmd_domain_create(struct session *s, int argc, char **argv);
int vmsg_cmd_domain_destroy(struct session *s, int argc, char **argv);
int vmsg_cmd_domain_policy(struct session *s, int argc, char **argv);
int vmsg_cmd_domain_ports(struct session *s, int argc, char **argv);
int vmsg_cmd_domain_stats(struct session *s, int argc, char **argv);
int vmsg_cmd_domain_monitor(struct session *s, int argc, char **argv);
void vmsg_complete_policy(struct completion_ctx *c, int argc, char **argv);

/* vmsg_node.c */
int vmsg_cmd_node_list(struct session *s, int argc, char **argv);
int vmsg_cmd_node_stats(struct session *s, int argc, char **argv);
int vmsg_cmd_node_names(struct session *s, int argc, char **argv);
int vmsg_cmd_node_attach(struct session *s, int argc, char **argv);
int vmsg_cmd_node_detach(struct session *s, int argc, char **argv);
void vmsg_complete_attach(struct completion_ctx *c, int argc, char **argv);

/* vmsg_operator.c */
int vmsg_cmd_node_create(struct session *s, int argc, char **argv);
int vmsg_cmd_node_destroy(struct session *s, int argc, char **argv);
int vmsg_cmd_node_send(struct session *s, int argc, char **argv);
int vmsg_cmd_node_read(struct session *s, int argc, char **argv);
void vmsg_complete_create(struct completion_ctx *c, int argc, char **argv);

/* vmsg_link.c */
int vmsg_cmd_link_list(struct session *s, int argc, char **argv);
int vmsg_cmd_link_stats(struct session *s, int argc, char **argv);

#endif
