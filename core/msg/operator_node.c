/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes that an operator makes: see core/operator_node.h. */
#include <core/heap.h>
#include <core/operator_node.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <core/sync.h>
#include <libs/error.h>
#include <string.h>

/* Names of endpoints that it is told at once: those of all peers. */
#define OPERATOR_NOTICES_MAX (VMSG_NODES_MAX * VMSG_ENDPOINTS_MAX)

struct operator_node;

struct operator_send {
	struct vmsg m;
	struct operator_node *of; /* [I] */
	struct io_segment segment;
	bool busy; /* [L] */
	uint8_t data[RPMSG_DATA_MAX];
};

struct operator_node {
	struct list link; /* [M] */
	struct vmsg_node *node;
	struct spinlock lock; /* LOCK_RPROC, of what follows */
	struct operator_send sends[OPERATOR_SENDS_MAX];
	struct operator_message kept[OPERATOR_KEPT_MAX]; /* [L] */
	unsigned int first, nkept;                       /* [L] */
};

static struct mutex operator_mutex = MUTEX_INIT(operator_mutex);
static struct list operator_nodes = LIST_INIT(operator_nodes); /* [M] */
static unsigned int nnodes;                                    /* [M] */

static enum vmsg_take keep_locked(struct operator_node *o, uint32_t source,
				  struct vmsg *m)
{
	struct operator_message *k;
	struct rpmsg_header h;

	memcpy(&h, m->head, sizeof(h));
	if (rpmsg_endpoint(h.dst) != OPERATOR_ENDPOINT ||
	    m->len > (uint32_t)RPMSG_DATA_MAX) {
		return VMSG_TURNED_DOWN;
	}
	if (o->nkept == OPERATOR_KEPT_MAX) {
		return VMSG_FULL;
	}
	k = &o->kept[(o->first + o->nkept++) % OPERATOR_KEPT_MAX];
	k->from = source;
	k->endpoint = h.src;
	k->len = m->len;
	(void)io_list_pull(&m->data, k->data, m->len);
	return VMSG_TAKEN;
}

static enum vmsg_take operator_deliver(struct vmsg_node *n, uint32_t source,
				       struct vmsg *m)
{
	struct operator_node *o = vmsg_node_arg(n);
	unsigned long flags = spin_lock_irqsave(&o->lock);
	enum vmsg_take take = keep_locked(o, source, m);

	spin_unlock_irqrestore(&o->lock, flags);
	return take;
}

/* Whoever sends by hand is told, and tries again. */
static void operator_room(struct vmsg_node *n)
{
	(void)n;
}

/* `vmsg node names` of the peers shows them; what is new meanwhile comes with a
 * notice of its own. */
static void operator_notice(struct vmsg_node *n)
{
	struct vmsg_notice notice;

	for (unsigned int i = 0; i < OPERATOR_NOTICES_MAX; i++) {
		if (!vmsg_next_notice(n, &notice)) {
			break;
		}
	}
}

static const struct vmsg_ops operator_ops = {
	.deliver = operator_deliver,
	.room = operator_room,
	.notice = operator_notice,
};

static void operator_done(struct vmsg *m, enum vmsg_result how)
{
	struct operator_send *s = container_of(m, struct operator_send, m);
	unsigned long flags = spin_lock_irqsave(&s->of->lock);

	(void)how;
	s->busy = false;
	spin_unlock_irqrestore(&s->of->lock, flags);
}

/* [M] NULL: there is none of that name. */
static struct operator_node *operator_find(const char *name)
{
	struct operator_node *o;

	list_for_each(o, &operator_nodes, link) {
		if (strcmp(vmsg_node_name(o->node), name) == 0) {
			return o;
		}
	}
	return NULL;
}

static int operator_begin(struct operator_node *o, const char *name,
			  const char *domain, uint32_t address,
			  const char *announce)
{
	const struct vmsg_node_attr attr = {
		.name = name,
		.kind = &rpmsg_node_kind,
		.ops = &operator_ops,
		.arg = o,
		.address = address,
		.service = true,
	};
	int err = vmsg_node_create(&o->node, &attr);

	if (err != 0) {
		return err;
	}
	err = vmsg_node_attach(o->node, domain, false);
	if (err == 0) {
		vmsg_up(o->node);
		err = announce == NULL ? 0
				       : vmsg_announce(o->node, announce,
						       OPERATOR_ENDPOINT);
	}
	if (err != 0) {
		vmsg_node_destroy(o->node);
	}
	return err;
}

int operator_node_create(const char *name, const char *domain, uint32_t address,
			 const char *announce)
{
	struct operator_node *o = heap_alloc(sizeof(*o));
	int err = -ERR_BUSY;

	if (o == NULL) {
		return -ERR_NOMEM;
	}
	spin_init(&o->lock, LOCK_RPROC);
	for (unsigned int i = 0; i < OPERATOR_SENDS_MAX; i++) {
		o->sends[i].of = o;
		o->sends[i].m.done = operator_done;
	}
	mutex_lock(&operator_mutex);
	if (nnodes < OPERATOR_NODES_MAX) {
		err = operator_begin(o, name, domain, address, announce);
	}
	if (err == 0) {
		nnodes++;
		list_append(&operator_nodes, &o->link);
	}
	mutex_unlock(&operator_mutex);
	if (err != 0) {
		heap_free(o);
	}
	return err;
}

/* Does a message wait, or is its done() about to be called? */
static bool operator_sending(struct operator_node *o)
{
	unsigned long flags = spin_lock_irqsave(&o->lock);
	bool any = false;

	for (unsigned int i = 0; i < OPERATOR_SENDS_MAX; i++) {
		any |= o->sends[i].busy;
	}
	spin_unlock_irqrestore(&o->lock, flags);
	return any;
}

int operator_node_destroy(const char *name)
{
	struct operator_node *o;

	mutex_lock(&operator_mutex);
	o = operator_find(name);
	if (o != NULL) {
		list_remove(&o->link);
		nnodes--;
		vmsg_down(o->node);
		/* Cancels what waits; but not what a peer that goes down
		 * refuses at this moment, on another CPU. */
		(void)!vmsg_node_detach(o->node);
		while (operator_sending(o)) {
			cpu_quiesce();
		}
		vmsg_node_destroy(o->node);
	}
	mutex_unlock(&operator_mutex);
	if (o == NULL) {
		return -ERR_NOENT;
	}
	heap_free(o);
	return 0;
}

/* A message that is not being sent; NULL: all are. */
static struct operator_send *operator_take(struct operator_node *o)
{
	unsigned long flags = spin_lock_irqsave(&o->lock);
	struct operator_send *s = NULL;

	for (unsigned int i = 0; s == NULL && i < OPERATOR_SENDS_MAX; i++) {
		if (!o->sends[i].busy) {
			s = &o->sends[i];
			s->busy = true;
		}
	}
	spin_unlock_irqrestore(&o->lock, flags);
	return s;
}

/* [M] */
static int operator_send(struct operator_node *o, uint32_t address,
			 uint32_t endpoint, const void *data, size_t len)
{
	struct operator_send *s = operator_take(o);
	struct rpmsg_header h = {
		.src = OPERATOR_ENDPOINT,
		.dst = rpmsg_address(address, endpoint),
		.len = (uint16_t)len,
	};
	int result;

	if (s == NULL) {
		return -ERR_BUSY;
	}
	memcpy(s->data, data, len);
	memcpy(s->m.head, &h, sizeof(h));
	s->segment = (struct io_segment){ .va = s->data, .size = len };
	s->m.data = (struct io_list){ .segs = &s->segment, .n = 1 };
	s->m.len = (uint32_t)len;
	s->m.moved = 0;
	result = vmsg_send(o->node, address, &s->m);
	vmsg_flush(o->node);
	if (result != VMSG_PARKED) {
		operator_done(&s->m, VMSG_REFUSED);
	}
	return result == -ERR_NOENT ? -ERR_STATE : result;
}

int operator_node_send(const char *name, uint32_t address, uint32_t endpoint,
		       const void *data, size_t len)
{
	struct operator_node *o;
	int result = -ERR_NOENT;

	if (len > (size_t)RPMSG_DATA_MAX) {
		return -ERR_RANGE;
	}
	mutex_lock(&operator_mutex);
	o = operator_find(name);
	if (o != NULL) {
		result = operator_send(o, address, endpoint, data, len);
	}
	mutex_unlock(&operator_mutex);
	return result;
}

/* [M] */
static int operator_read(struct operator_node *o, struct operator_message *out)
{
	unsigned long flags;
	bool any;

	flags = spin_lock_irqsave(&o->lock);
	any = o->nkept != 0;

	if (any) {
		*out = o->kept[o->first];
		o->first = (o->first + 1) % OPERATOR_KEPT_MAX;
		o->nkept--;
	}
	spin_unlock_irqrestore(&o->lock, flags);
	/* What waited comes in, in as many steps as there is room for. */
	for (unsigned int i = 0; i < OPERATOR_KEPT_MAX; i++) {
		if (!vmsg_ready(o->node)) {
			break;
		}
	}
	return any ? 0 : -ERR_STATE;
}

int operator_node_read(const char *name, struct operator_message *out)
{
	struct operator_node *o;
	int err = -ERR_NOENT;

	mutex_lock(&operator_mutex);
	o = operator_find(name);
	if (o != NULL) {
		err = operator_read(o, out);
	}
	mutex_unlock(&operator_mutex);
	return err;
}
