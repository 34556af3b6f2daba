/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consoles: one kind of object for everything that carries characters
 * between a device (emulated UART, later virtio-console) and a person (the
 * terminal, later the network). The device side writes output and takes
 * input; the person's side attaches, sees the last screenful, and types.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <core/spinlock.h>
#include <libs/list.h>
#include <libs/types.h>

#define CONSOLE_OUT_SIZE 8192	/* history kept for replay */
#define CONSOLE_IN_SIZE 512
#define CONSOLE_NAME_MAX 32	/* of owner or device, terminator included */

struct console;

/* The device: told that input waits. Any context, console not locked. */
typedef void (*console_notify_t)(void *ctx);
/* The person's side: output arrived; or, with n 0, there is room for input
 * again or the console is gone. Any context, the console locked: must neither
 * block nor call back. */
typedef void (*console_sink_t)(void *ctx, const uint8_t *buf, size_t n);

/* `owner` is the guest's name, `device` e.g. "serial0"; both are copied.
 * -ERR_INVAL: a name too long; -ERR_EXIST; -ERR_NOMEM. Thread context. */
int __must_check console_create(struct console **out, const char *owner,
				const char *device, console_notify_t notify,
				void *ctx);
/* Detaches whoever is attached; notify is not running and will not be called
 * again. Thread context. */
void console_destroy(struct console *c);

/* Device side. Any context. */
void console_write(struct console *c, const uint8_t *buf, size_t n);
size_t console_read(struct console *c, uint8_t *buf, size_t n);
bool console_input_pending(const struct console *c);

/* Person's side: replay history into `sink`, then live output. -ERR_BUSY if
 * another is attached. Thread context. */
int __must_check console_attach(struct console *c, console_sink_t sink,
				void *ctx);
void console_detach(struct console *c);
/* Returns bytes accepted; less than n when the device does not keep up: the
 * sink is told when it is worth trying again. Thread context. */
size_t console_input(struct console *c, const uint8_t *buf, size_t n);
/* False once the console's device is gone (guest destroyed). */
bool console_alive(struct console *c);

/* Find by owner, and device ("" or NULL: the first). Counted reference. */
struct console *console_get(const char *owner, const char *device);
void console_put(struct console *c);
const char *console_device(const struct console *c);
/* The device name of the owner's console number n; false past the last. */
bool console_nth(const char *owner, unsigned int n, char *device,
		 size_t size);

#endif
