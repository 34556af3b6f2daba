/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual serial lines: one kind of object for everything that carries
 * characters between a device of a guest (emulated UART, port of a
 * virtio-console) and whatever is at the other end: an operator at a terminal,
 * a port of the host, another guest. The device writes output and takes input;
 * an operator attaches, sees the last screenful, and types; any number of
 * others listen. docs/design/terminal.md.
 */
#ifndef CORE_VSERIAL_H
#define CORE_VSERIAL_H

#include <core/spinlock.h>
#include <libs/list.h>
#include <libs/types.h>

#define VSERIAL_OUT_SIZE 8192 /* history kept for replay */
#define VSERIAL_IN_SIZE 512
#define VSERIAL_NAME_MAX 32 /* of owner or device, terminator included */

struct vserial;

/* For the device: input is waiting. Any context, the line not locked. */
typedef void (*vserial_notify_t)(void *ctx);
/*
 * For the other end: output has arrived; or, if n is 0, there is room for input
 * again or the line is gone. Any context, the line locked: must neither block
 * nor call functions of the line.
 */
typedef void (*vserial_sink_t)(void *ctx, const uint8_t *buf, size_t n);

/* A listener. The struct belongs to it, and stays in use until it leaves the
 * line or the line is gone. */
struct vserial_tap {
	struct list node; /* initialised by list_init() */
	vserial_sink_t sink;
	void *ctx;
};

/*
 * Create a line with the first name of its kind that the owner does not have
 * yet: "serial0", "serial1" ... for "serial". `owner` is the guest's name; it
 * is copied. -ERR_INVAL: a name is too long; -ERR_EXIST: all numbers are taken;
 * -ERR_NOMEM. Thread context; one call at a time for an owner.
 */
int __must_check vserial_create_numbered(struct vserial **out,
					 const char *owner, const char *kind,
					 vserial_notify_t notify, void *ctx);
/* Detaches whoever is attached; notify is not running and will not be called
 * again. Thread context. */
void vserial_destroy(struct vserial *c);

/* Device side. Any context. Each byte of `buf` is read once: it may be a
 * guest's memory. */
void vserial_write(struct vserial *c, const uint8_t *buf, size_t n);
size_t vserial_read(struct vserial *c, uint8_t *buf, size_t n);
bool vserial_pending(const struct vserial *c); /* is there input? */

/*
 * For an operator: replay history into the tap, *replayed bytes, then live
 * output. -ERR_BUSY if another is attached; -ERR_NOENT: the device is gone.
 * Thread context.
 */
int __must_check vserial_attach(struct vserial *c, struct vserial_tap *t,
				size_t *replayed);
/* For other listeners: only live output. -ERR_NOENT. Thread context. */
int __must_check vserial_tap(struct vserial *c, struct vserial_tap *t);
/* Leave the line after attaching or tapping, even if it is gone. Thread
 * context. */
void vserial_detach(struct vserial *c, struct vserial_tap *t);
/* Give the history to a tap that need not listen. Thread context. */
void vserial_replay(struct vserial *c, struct vserial_tap *t);
/*
 * Send input to the device. Returns the bytes accepted, fewer than n if the
 * device does not keep up; the sink is called when there is room again. Thread
 * context.
 */
size_t vserial_input(struct vserial *c, const uint8_t *buf, size_t n);
/* False once the console's device is gone (guest destroyed). */
bool vserial_alive(struct vserial *c);

/* Find by owner, and device ("" or NULL: the first). Counted reference. Thread
 * context. */
struct vserial *vserial_get(const char *owner, const char *device);
void vserial_ref(struct vserial *c); /* one more reference */
void vserial_put(struct vserial *c);
const char *vserial_device(const struct vserial *c);
/* The device name of the owner's console number n; false past the last. */
bool vserial_nth(const char *owner, unsigned int n, char *device, size_t size);

/* Facts about a line; the names are valid as long as the line exists. */
struct vserial_info {
	const char *owner, *device;
	bool attached; /* an operator is attached */
	uint64_t out_bytes, in_bytes;
	uint32_t in_waiting; /* bytes the device has not taken */
	uint32_t history;    /* bytes kept for replay */
};
/* Any context. */
void vserial_get_info(struct vserial *c, struct vserial_info *info);
/* Line number n of all, a counted reference; NULL past the last. */
struct vserial *vserial_get_nth(unsigned int n);

/*
 * Connect a line with a serial port of the host, or with another line, as a
 * cable does: what either side sends the other receives. It ends by itself when
 * either is gone. -ERR_EXIST: the line has a connection; -ERR_BUSY: the port
 * has a user; -ERR_NOENT: a line is gone; -ERR_INVAL: with itself; -ERR_NOMEM.
 * Thread context.
 */
struct uart;
int __must_check vserial_connect_port(struct vserial *c, struct uart *u);
int __must_check vserial_connect(struct vserial *c, struct vserial *other);
/* -ERR_NOENT: there is no connection. Thread context. */
int __must_check vserial_disconnect(struct vserial *c);
/* The name of the other end, and the bytes lost because it did not take them;
 * false if there is no connection. Thread context. */
bool vserial_connection(struct vserial *c, char *name, size_t size,
			uint64_t *lost);

#endif
