/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The context identifiers of guests: unique in the host. */
#include <core/percpu.h>
#include <core/sync.h>
#include <libs/error.h>

#include "vsock_priv.h"

static struct mutex ports_mutex = MUTEX_INIT(ports_mutex);
static struct list ports = LIST_INIT(ports); /* in order of their CIDs */

/* The first port from `cid` on, in whose place a new one would be; the list's
 * head at the end. */
static struct list *ports_from(uint32_t cid)
{
	struct vsock_port *p;

	list_for_each(p, &ports, node) {
		if (p->cid >= cid) {
			return &p->node;
		}
	}
	return &ports;
}

static uint32_t lowest_free(void)
{
	uint32_t cid = VSOCK_CID_FIRST;
	struct vsock_port *p;

	list_for_each(p, &ports, node) {
		if (p->cid != cid) {
			break;
		}
		cid++;
	}
	return cid;
}

int vsock_port_init(struct vsock_port *p, uint32_t cid)
{
	struct list *next;
	int err = 0;

	mutex_lock(&ports_mutex);
	if (cid == 0) {
		cid = lowest_free();
	}
	next = ports_from(cid);
	if (next != &ports &&
	    list_entry(next, struct vsock_port, node)->cid == cid) {
		err = -ERR_EXIST;
	} else {
		p->cid = cid;
		p->due = 0;
		list_insert(&p->node, next->prev, next);
	}
	mutex_unlock(&ports_mutex);
	return err;
}

void vsock_port_fini(struct vsock_port *p)
{
	vsock_port_down(p);
	/* Pairs with stream_tell(): pending() has returned everywhere. */
	cpu_quiesce();
	mutex_lock(&ports_mutex);
	list_remove(&p->node);
	mutex_unlock(&ports_mutex);
}
