/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consoles: two rings between a device and a person, the output ring keeping
 * what was written for whoever attaches later.
 *
 * Locks: [N] list_lock, [L] console's lock (never both), [I] immutable, [A]
 * atomic. `input` is held while the device is told of input, so that
 * console_destroy() can wait for that; it comes before both.
 */
#include <core/console.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/sync.h>
#include <libs/error.h>
#include <libs/ring.h>
#include <string.h>

struct console {
	struct list node;              /* [N] */
	uint32_t refs;                 /* [A] device, and who uses it */
	char owner[CONSOLE_NAME_MAX];  /* [I] */
	char device[CONSOLE_NAME_MAX]; /* [I] */
	struct mutex input;
	struct spinlock lock;
	bool alive;              /* [L] the device exists */
	bool wrapped;            /* [L] history lost its start */
	bool input_short;        /* [L] the person waits for room */
	bool attached;           /* [L] */
	console_notify_t notify; /* [I] */
	void *notify_ctx;        /* [I] */
	console_sink_t sink;     /* [L] NULL: nobody attached */
	void *sink_ctx;          /* [L] */
	struct ring out, in;     /* [L] */
	uint8_t out_buf[CONSOLE_OUT_SIZE];
	uint8_t in_buf[CONSOLE_IN_SIZE];
};

static struct spinlock list_lock = SPINLOCK_INIT(LOCK_CONSOLE);
static struct list consoles = LIST_INIT(consoles); /* [N] */

/* The first that fits, or NULL; `device` NULL or "": any. */
static struct console *console_find_locked(const char *owner,
					   const char *device)
{
	struct console *c;

	assert_held(&list_lock);
	list_for_each(c, &consoles, node) {
		if (strcmp(c->owner, owner) == 0 &&
		    (device == NULL || device[0] == '\0' ||
		     strcmp(c->device, device) == 0)) {
			return c;
		}
	}
	return NULL;
}

static int console_enlist(struct console *c)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);
	int ret = -ERR_EXIST;

	if (console_find_locked(c->owner, c->device) == NULL) {
		list_append(&consoles, &c->node);
		ret = 0;
	}
	spin_unlock_irqrestore(&list_lock, flags);
	return ret;
}

int console_create(struct console **out, const char *owner, const char *device,
		   console_notify_t notify, void *ctx)
{
	size_t owner_len = strlen(owner), device_len = strlen(device);
	struct console *c;
	int ret;

	if (owner_len >= CONSOLE_NAME_MAX || device_len >= CONSOLE_NAME_MAX ||
	    device_len == 0) {
		return -ERR_INVAL;
	}
	c = heap_alloc(sizeof(*c));
	if (c == NULL) {
		return -ERR_NOMEM;
	}
	memcpy(c->owner, owner, owner_len);
	memcpy(c->device, device, device_len);
	mutex_init(&c->input);
	spin_init(&c->lock, LOCK_CONSOLE);
	ring_init(&c->out, c->out_buf, sizeof(c->out_buf));
	ring_init(&c->in, c->in_buf, sizeof(c->in_buf));
	c->notify = notify;
	c->notify_ctx = ctx;
	c->alive = true;
	c->refs = 1;
	ret = console_enlist(c);
	if (ret != 0) {
		heap_free(c);
		return ret;
	}
	*out = c;
	return 0;
}

void console_destroy(struct console *c)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);

	list_remove(&c->node);
	spin_unlock_irqrestore(&list_lock, flags);
	mutex_lock(&c->input);
	flags = spin_lock_irqsave(&c->lock);
	c->alive = false;
	if (c->sink != NULL) {
		c->sink(c->sink_ctx, NULL, 0);
		c->sink = NULL;
	}
	spin_unlock_irqrestore(&c->lock, flags);
	mutex_unlock(&c->input);
	console_put(c);
}

void console_write(struct console *c, const uint8_t *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);

	c->wrapped |= n > ring_free(&c->out);
	ring_push_over(&c->out, buf, n);
	if (c->sink != NULL && n > 0) {
		c->sink(c->sink_ctx, buf, n);
	}
	spin_unlock_irqrestore(&c->lock, flags);
}

size_t console_read(struct console *c, uint8_t *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);
	size_t done = ring_read(&c->in, buf, n);

	if (done > 0 && c->input_short) {
		c->input_short = false;
		if (c->sink != NULL) {
			c->sink(c->sink_ctx, NULL, 0);
		}
	}
	spin_unlock_irqrestore(&c->lock, flags);
	return done;
}

bool console_input_pending(const struct console *c)
{
	return ring_used(&c->in) > 0;
}

/* Give the history to the new sink, from the start of a line on. */
static void console_replay(struct console *c)
{
	uint32_t n = ring_used(&c->out), from = 0;

	assert_held(&c->lock);
	if (c->wrapped) {
		while (from < n && ring_at(&c->out, from++) != '\n') {}
		from = from < n ? from : 0;
	}
	while (from < n) {
		uint8_t part[64];
		uint32_t k;

		for (k = 0; k < sizeof(part) && from < n; k++) {
			part[k] = ring_at(&c->out, from++);
		}
		c->sink(c->sink_ctx, part, k);
	}
}

int console_attach(struct console *c, console_sink_t sink, void *ctx)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);
	int ret = 0;

	if (!c->alive) {
		ret = -ERR_NOENT;
	} else if (c->attached) {
		ret = -ERR_BUSY;
	} else {
		c->attached = true;
		c->input_short = false;
		c->sink = sink;
		c->sink_ctx = ctx;
		console_replay(c);
	}
	spin_unlock_irqrestore(&c->lock, flags);
	return ret;
}

void console_detach(struct console *c)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);

	c->attached = false;
	c->sink = NULL;
	spin_unlock_irqrestore(&c->lock, flags);
}

size_t console_input(struct console *c, const uint8_t *buf, size_t n)
{
	unsigned long flags;
	size_t done = 0;
	bool alive;

	mutex_lock(&c->input);
	flags = spin_lock_irqsave(&c->lock);
	alive = c->alive;
	if (alive) {
		done = ring_write(&c->in, buf, n);
		c->input_short = done < n;
	}
	spin_unlock_irqrestore(&c->lock, flags);
	if (alive && done > 0 && c->notify != NULL) {
		c->notify(c->notify_ctx);
	}
	mutex_unlock(&c->input);
	return done;
}

bool console_alive(struct console *c)
{
	return READ_ONCE(c->alive);
}

struct console *console_get(const char *owner, const char *device)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);
	struct console *c = console_find_locked(owner, device);

	if (c != NULL) {
		__atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
	}
	spin_unlock_irqrestore(&list_lock, flags);
	return c;
}

void console_put(struct console *c)
{
	uint32_t refs = __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL);

	assert(refs != UINT32_MAX);
	if (refs == 0) {
		heap_free(c);
	}
}

const char *console_device(const struct console *c)
{
	return c->device;
}

bool console_nth(const char *owner, unsigned int n, char *device, size_t size)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);
	bool found = false;
	struct console *c;

	list_for_each(c, &consoles, node) {
		size_t len = strlen(c->device);

		if (strcmp(c->owner, owner) != 0 || n-- > 0 || len >= size) {
			continue;
		}
		memcpy(device, c->device, len + 1);
		found = true;
		break;
	}
	spin_unlock_irqrestore(&list_lock, flags);
	return found;
}
