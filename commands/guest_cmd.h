/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the command `guest`. */
#ifndef COMMANDS_GUEST_CMD_H
#define COMMANDS_GUEST_CMD_H

#include <cmd/command.h>
#include <core/guest.h>

/* guest_find.c */
/*
 * The guest argv[1] names, referenced; NULL, and told, if there is none or
 * the number of arguments is not within 1..most.
 */
struct guest *guest_cmd_find(struct session *s, int argc, char **argv,
			     int most);
/* Mistakes in descriptions and images, for config_report_t. */
void guest_cmd_report(void *session, const char *message);

/* guest_life.c */
int guest_cmd_create(struct session *s, int argc, char **argv);
int guest_cmd_start(struct session *s, int argc, char **argv);
int guest_cmd_pause(struct session *s, int argc, char **argv);
int guest_cmd_resume(struct session *s, int argc, char **argv);
int guest_cmd_reset(struct session *s, int argc, char **argv);
int guest_cmd_stop(struct session *s, int argc, char **argv);
int guest_cmd_powerdown(struct session *s, int argc, char **argv);
int guest_cmd_destroy(struct session *s, int argc, char **argv);

/* guest_inspect.c */
int guest_cmd_info(struct session *s, int argc, char **argv);
int guest_cmd_devices(struct session *s, int argc, char **argv);
int guest_cmd_irq(struct session *s, int argc, char **argv);
int guest_cmd_regs(struct session *s, int argc, char **argv);
int guest_cmd_crash(struct session *s, int argc, char **argv);
int guest_cmd_config(struct session *s, int argc, char **argv);

#endif
