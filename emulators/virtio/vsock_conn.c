/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO socket device: the table of a guest's connections with other guests.
 * It is there so that each of them can be ended when the peer is gone, and so
 * that only packets of connections pass.
 */
#include <string.h>

#include "vsock_conn.h"

static unsigned int conn_bucket(const struct vsock_conn *c)
{
	uint32_t v = c->peer * UINT32_C(0x9e3779b9);

	v = (v ^ c->local) * UINT32_C(0x9e3779b9);
	v = (v ^ c->remote) * UINT32_C(0x9e3779b9);
	return v / (UINT32_MAX / VSOCK_CONNS_MAX + 1);
}

static bool conn_same(const struct vsock_conn *a, const struct vsock_conn *b)
{
	return a->peer == b->peer && a->local == b->local &&
	       a->remote == b->remote && a->type == b->type;
}

static uint8_t *conn_asked(struct vsock_conns *t, const struct vsock_conn *c)
{
	return &t->asked[c->peer % VSOCK_CONNS_PEERS];
}

void vsock_conns_reset(struct vsock_conns *t)
{
	memset(t, 0, sizeof(*t));
	for (unsigned int i = 0; i < VSOCK_CONNS_MAX; i++) {
		t->conn[i].next = t->unused;
		t->unused = (uint16_t)(i + 1);
	}
}

/* Where the number of the connection is, or that of none. */
static uint16_t *conn_link(struct vsock_conns *t, const struct vsock_conn *key)
{
	uint16_t *at = &t->bucket[conn_bucket(key)];

	while (*at != 0 && !conn_same(&t->conn[*at - 1], key)) {
		at = &t->conn[*at - 1].next;
	}
	return at;
}

struct vsock_conn *vsock_conns_find(struct vsock_conns *t,
				    const struct vsock_conn *key)
{
	uint16_t i = *conn_link(t, key);

	return i != 0 ? &t->conn[i - 1] : NULL;
}

bool vsock_conns_add(struct vsock_conns *t, const struct vsock_conn *c)
{
	uint16_t *bucket = &t->bucket[conn_bucket(c)];
	uint16_t i = t->unused;

	if (vsock_conns_find(t, c) != NULL) {
		return true;
	}
	if (i == 0 || (c->from_peer && *conn_asked(t, c) == VSOCK_CONNS_PEER)) {
		return false;
	}
	t->unused = t->conn[i - 1].next;
	t->conn[i - 1] = *c;
	t->conn[i - 1].next = *bucket;
	*bucket = i;
	if (c->from_peer) {
		(*conn_asked(t, c))++;
	}
	return true;
}

/* Take the connection out of the bucket's list and put it in another. */
static void conn_move(struct vsock_conns *t, uint16_t *link, uint16_t *list)
{
	uint16_t i = *link;
	struct vsock_conn *c = &t->conn[i - 1];

	*link = c->next;
	c->next = *list;
	*list = i;
	if (c->from_peer) {
		(*conn_asked(t, c))--;
	}
}

void vsock_conns_remove(struct vsock_conns *t, const struct vsock_conn *key)
{
	uint16_t *link = conn_link(t, key);

	if (*link != 0) {
		conn_move(t, link, &t->unused);
	}
}

void vsock_conns_end(struct vsock_conns *t, const struct vsock_conn *key)
{
	uint16_t *link = conn_link(t, key);

	if (*link != 0) {
		conn_move(t, link, &t->over);
	}
}

void vsock_conns_end_peer(struct vsock_conns *t, uint32_t peer)
{
	for (unsigned int i = 0; i < VSOCK_CONNS_MAX; i++) {
		uint16_t *link = &t->bucket[i];

		while (*link != 0) {
			struct vsock_conn *c = &t->conn[*link - 1];

			if (c->peer == peer) {
				conn_move(t, link, &t->over);
			} else {
				link = &c->next;
			}
		}
	}
}

bool vsock_conns_take_over(struct vsock_conns *t, struct vsock_conn *out)
{
	uint16_t i = t->over;

	if (i == 0) {
		return false;
	}
	*out = t->conn[i - 1];
	t->over = out->next;
	t->conn[i - 1].next = t->unused;
	t->unused = i;
	return true;
}
