/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual serial lines: two rings between a device and an operator. The output
 * ring keeps what was written, for an operator who attaches later.
 *
 * Locks: [N] list_lock, [L] the line's lock (never both), [I] immutable, [A]
 * atomic. `input` is held while the device is told of input, so that
 * vserial_destroy() can wait for that; it is taken before both.
 */
#include <core/heap.h>
#include <core/log.h>
#include <core/sync.h>
#include <core/vserial.h>
#include <libs/error.h>
#include <libs/ring.h>
#include <stdio.h>
#include <string.h>

#define VSERIAL_NUMBERED_MAX 256 /* lines of one kind in a guest */
#define VSERIAL_DIGITS 3         /* of their numbers */

struct vserial {
	struct list node;              /* [N] */
	uint32_t refs;                 /* [A] the device's and users' */
	char owner[VSERIAL_NAME_MAX];  /* [I] */
	char device[VSERIAL_NAME_MAX]; /* [I] */
	struct mutex input;
	struct spinlock lock;
	bool alive;                   /* [L] the device exists */
	bool wrapped;                 /* [L] the history's start is lost */
	bool input_short;             /* [L] input did not fit: tell of room */
	vserial_notify_t notify;      /* [I] */
	void *notify_ctx;             /* [I] */
	struct vserial_tap *person;   /* [L] the attached operator's, or NULL */
	struct list taps;             /* [L] */
	struct ring out, in;          /* [L] */
	uint64_t out_bytes, in_bytes; /* [L] */
	uint8_t out_buf[VSERIAL_OUT_SIZE];
	uint8_t in_buf[VSERIAL_IN_SIZE];
};

static struct spinlock list_lock = SPINLOCK_INIT(LOCK_CONSOLE);
static struct list lines = LIST_INIT(lines); /* [N] */

/* The first line of `owner` and `device` (NULL or "": any), or NULL. */
static struct vserial *vserial_find_locked(const char *owner,
					   const char *device)
{
	struct vserial *c;

	assert_held(&list_lock);
	list_for_each(c, &lines, node) {
		if (strcmp(c->owner, owner) == 0 &&
		    (device == NULL || device[0] == '\0' ||
		     strcmp(c->device, device) == 0)) {
			return c;
		}
	}
	return NULL;
}

static int vserial_enlist(struct vserial *c)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);
	int ret = -ERR_EXIST;

	if (vserial_find_locked(c->owner, c->device) == NULL) {
		list_append(&lines, &c->node);
		ret = 0;
	}
	spin_unlock_irqrestore(&list_lock, flags);
	return ret;
}

/* The names are short enough. */
static __cold int create(struct vserial **out, const char *owner,
			 const char *device, vserial_notify_t notify, void *ctx)
{
	struct vserial *c = heap_alloc(sizeof(*c));
	int ret;

	if (c == NULL) {
		return -ERR_NOMEM;
	}
	memcpy(c->owner, owner, strlen(owner));
	memcpy(c->device, device, strlen(device));
	mutex_init(&c->input);
	list_init(&c->taps);
	spin_init(&c->lock, LOCK_CONSOLE);
	ring_init(&c->out, c->out_buf, sizeof(c->out_buf));
	ring_init(&c->in, c->in_buf, sizeof(c->in_buf));
	c->notify = notify;
	c->notify_ctx = ctx;
	c->alive = true;
	c->refs = 1;
	ret = vserial_enlist(c);
	if (ret != 0) {
		heap_free(c);
		return ret;
	}
	*out = c;
	return 0;
}

__cold int vserial_create_numbered(struct vserial **out, const char *owner,
				   const char *kind, vserial_notify_t notify,
				   void *ctx)
{
	char name[VSERIAL_NAME_MAX];
	int err = -ERR_EXIST;

	if (strlen(owner) >= VSERIAL_NAME_MAX ||
	    strlen(kind) + VSERIAL_DIGITS >= VSERIAL_NAME_MAX) {
		return -ERR_INVAL;
	}
	for (unsigned int i = 0; err == -ERR_EXIST && i < VSERIAL_NUMBERED_MAX;
	     i++) {
		(void)snprintf(name, sizeof(name), "%s%u", kind, i);
		err = create(out, owner, name, notify, ctx);
	}
	return err;
}

/* Tell all taps of output, or, with n = 0, of another change. */
static void vserial_tell(struct vserial *c, const uint8_t *buf, size_t n)
{
	struct vserial_tap *t;

	assert_held(&c->lock);
	list_for_each(t, &c->taps, node) {
		t->sink(t->ctx, buf, n);
	}
}

__cold void vserial_destroy(struct vserial *c)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);

	list_remove(&c->node);
	spin_unlock_irqrestore(&list_lock, flags);
	mutex_lock(&c->input);
	flags = spin_lock_irqsave(&c->lock);
	c->alive = false;
	vserial_tell(c, NULL, 0);
	while (!list_empty(&c->taps)) {
		list_remove(c->taps.next);
	}
	c->person = NULL;
	spin_unlock_irqrestore(&c->lock, flags);
	mutex_unlock(&c->input);
	vserial_put(c);
}

/* Tell all taps of the last n bytes of the output ring, in place. */
static void vserial_tell_last(struct vserial *c, uint32_t n)
{
	uint32_t at = (c->out.head - n) & (c->out.size - 1);
	uint32_t first = MIN(n, c->out.size - at);

	vserial_tell(c, c->out.buf + at, first);
	if (n > first) {
		vserial_tell(c, c->out.buf, n - first);
	}
}

/* Taps read from the ring, so that a guest's buffer is read only once: the
 * guest may change it at any time. */
void vserial_write(struct vserial *c, const uint8_t *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);

	while (n > 0) {
		uint32_t part = (uint32_t)MIN(n, sizeof(c->out_buf));

		c->wrapped |= part > ring_free(&c->out);
		ring_push_over(&c->out, buf, part);
		c->out_bytes += part;
		if (!list_empty(&c->taps)) {
			vserial_tell_last(c, part);
		}
		buf += part;
		n -= part;
	}
	spin_unlock_irqrestore(&c->lock, flags);
}

size_t vserial_read(struct vserial *c, uint8_t *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);
	size_t done = ring_read(&c->in, buf, n);

	if (done > 0 && c->input_short) {
		c->input_short = false;
		vserial_tell(c, NULL, 0);
	}
	spin_unlock_irqrestore(&c->lock, flags);
	return done;
}

bool vserial_pending(const struct vserial *c)
{
	return ring_used(&c->in) > 0;
}

/* Give the history to a tap, from the start of a line; returns its length. */
static __cold size_t vserial_replay_locked(struct vserial *c,
					   struct vserial_tap *to)
{
	uint32_t n = ring_used(&c->out), from = 0, begin;

	assert_held(&c->lock);
	if (c->wrapped) {
		while (from < n && ring_at(&c->out, from) != '\n') {
			from++;
		}
		/* After the newline; all of it if nothing follows a newline. */
		from = n - from > 1 ? from + 1 : 0;
	}
	begin = from;
	while (from < n) {
		uint8_t part[64];
		uint32_t k;

		for (k = 0; k < sizeof(part) && from < n; k++) {
			part[k] = ring_at(&c->out, from++);
		}
		to->sink(to->ctx, part, k);
	}
	return n - begin;
}

__cold int vserial_attach(struct vserial *c, struct vserial_tap *t,
			  size_t *replayed)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);
	int ret = 0;

	if (!c->alive) {
		ret = -ERR_NOENT;
	} else if (c->person != NULL) {
		ret = -ERR_BUSY;
	} else {
		c->person = t;
		*replayed = vserial_replay_locked(c, t);
		list_append(&c->taps, &t->node);
	}
	spin_unlock_irqrestore(&c->lock, flags);
	return ret;
}

__cold void vserial_detach(struct vserial *c, struct vserial_tap *t)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);

	if (c->person == t) {
		c->person = NULL;
	}
	list_remove(&t->node);
	spin_unlock_irqrestore(&c->lock, flags);
}

int vserial_tap(struct vserial *c, struct vserial_tap *t)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);
	int ret = c->alive ? 0 : -ERR_NOENT;

	if (ret == 0) {
		list_append(&c->taps, &t->node);
	}
	spin_unlock_irqrestore(&c->lock, flags);
	return ret;
}

void vserial_replay(struct vserial *c, struct vserial_tap *t)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);

	(void)vserial_replay_locked(c, t);
	spin_unlock_irqrestore(&c->lock, flags);
}

size_t vserial_input(struct vserial *c, const uint8_t *buf, size_t n)
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
		c->in_bytes += done;
	}
	spin_unlock_irqrestore(&c->lock, flags);
	if (alive && done > 0 && c->notify != NULL) {
		c->notify(c->notify_ctx);
	}
	mutex_unlock(&c->input);
	return done;
}

bool vserial_alive(struct vserial *c)
{
	return READ_ONCE(c->alive);
}

__cold struct vserial *vserial_get(const char *owner, const char *device)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);
	struct vserial *c = vserial_find_locked(owner, device);

	if (c != NULL) {
		__atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
	}
	spin_unlock_irqrestore(&list_lock, flags);
	return c;
}

void vserial_ref(struct vserial *c)
{
	__atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
}

void vserial_put(struct vserial *c)
{
	uint32_t refs = __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL);

	assert(refs != UINT32_MAX);
	if (refs == 0) {
		heap_free(c);
	}
}

const char *vserial_device(const struct vserial *c)
{
	return c->device;
}

__cold bool vserial_nth(const char *owner, unsigned int n, char *device,
			size_t size)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);
	bool found = false;
	struct vserial *c;

	list_for_each(c, &lines, node) {
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

__cold struct vserial *vserial_get_nth(unsigned int n)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);
	struct vserial *c, *found = NULL;

	list_for_each(c, &lines, node) {
		if (n-- == 0) {
			__atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
			found = c;
			break;
		}
	}
	spin_unlock_irqrestore(&list_lock, flags);
	return found;
}

__cold void vserial_get_info(struct vserial *c, struct vserial_info *info)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);

	*info = (struct vserial_info){
		.owner = c->owner,
		.device = c->device,
		.attached = c->person != NULL,
		.out_bytes = c->out_bytes,
		.in_bytes = c->in_bytes,
		.in_waiting = ring_used(&c->in),
		.history = ring_used(&c->out),
	};
	spin_unlock_irqrestore(&c->lock, flags);
}
