/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the command `guest`. */
#ifndef COMMANDS_GUEST_CMD_H
#define COMMANDS_GUEST_CMD_H

#include <core/command.h>
#include <core/guest.h>

/* guest_find.c */
/*
 * The guest that argv[1] names, with a reference. NULL, after an error message,
 * if there is none or argc is not within 2 to `most`.
 */
struct guest *guest_cmd_find(struct session *s, int argc, char **argv,
			     int most);
/* Print a mistake in a description or an image; a config_report_t. */
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

/* guest_memory.c */
int guest_cmd_memory(struct session *s, int argc, char **argv);

/* guest_queues.c */
int guest_cmd_queues(struct session *s, int argc, char **argv);

/* guest_inspect.c */
int guest_cmd_info(struct session *s, int argc, char **argv);
int guest_cmd_devices(struct session *s, int argc, char **argv);
int guest_cmd_irq(struct session *s, int argc, char **argv);
int guest_cmd_regs(struct session *s, int argc, char **argv);
int guest_cmd_crash(struct session *s, int argc, char **argv);
int guest_cmd_config(struct session *s, int argc, char **argv);

#endif
