/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A part of emu_fake.h: the one node of a messaging domain that a device under
 * test has. */
#ifndef TESTS_UNIT_VMSG_FAKE_H
#define TESTS_UNIT_VMSG_FAKE_H

#include <core/vmsg.h>

#define FAKE_VMSGS_MAX 512 /* that are parked */
#define FAKE_VMSG_DATA 65536

/* What vmsg_send() is to answer: to parked ones done() is called by
 * fake_vmsg_end(). The last message that was not refused is kept, with its
 * data, as it was copied from the guest. */
struct vmsg_node {
	struct vmsg_node_attr attr;
	char name[VMSG_NODE_NAME_MAX], domain[VMSG_NAME_MAX];
	bool up, paused;
	int result; /* of vmsg_send() */
	uint64_t peers;
	unsigned int sends, flushes, readies, cancels;
	unsigned int faults[VMSG_FAULTS];
	uint32_t given_up; /* address */
	uint32_t closed;   /* a port, by the domain's rules */
	uint32_t to;       /* address, or number, of the last message */
	uint64_t head[VMSG_HEAD_MAX / sizeof(uint64_t)];
	uint8_t data[FAKE_VMSG_DATA];
	uint32_t len;
	struct vmsg *parked[FAKE_VMSGS_MAX];
	unsigned int nparked;
	/* What was announced last, and what there is to be told. */
	char announced[VMSG_ENDPOINT_NAME];
	uint32_t endpoint;
	int announce_result;
	unsigned int announces, withdraws;
	struct vmsg_notice notices[64];
	unsigned int nnotices, notice_at;
};
static struct vmsg_node *fake_vmsg;

int vmsg_node_create(struct vmsg_node **out, const struct vmsg_node_attr *attr)
{
	fake_check(!fake_held && !fake_vmsg);
	if (fake_heap_budget == 0) {
		return -ERR_NOMEM;
	}
	fake_vmsg = calloc(1, sizeof(*fake_vmsg));
	fake_vmsg->attr = *attr;
	(void)snprintf(fake_vmsg->name, sizeof(fake_vmsg->name), "%s",
		       attr->name);
	*out = fake_vmsg;
	return 0;
}

void vmsg_node_destroy(struct vmsg_node *n)
{
	fake_check(!fake_held && n == fake_vmsg && n->nparked == 0);
	free(n);
	fake_vmsg = NULL;
}

void *vmsg_node_arg(const struct vmsg_node *n)
{
	return n->attr.arg;
}

const char *vmsg_node_name(const struct vmsg_node *n)
{
	return n->name;
}

uint32_t vmsg_node_address(const struct vmsg_node *n)
{
	return n->attr.address;
}

int vmsg_node_attach(struct vmsg_node *n, const char *domain, bool make)
{
	fake_check(make && !fake_held);
	(void)snprintf(n->domain, sizeof(n->domain), "%s", domain);
	return 0;
}

void vmsg_up(struct vmsg_node *n)
{
	n->up = true;
}

void vmsg_down(struct vmsg_node *n)
{
	fake_check(n->nparked == 0); /* its queues are empty */
	n->up = false;
}

/* All that is left of a message. */
static inline void fake_vmsg_copy(struct vmsg_node *n, struct vmsg *m)
{
	uint32_t left = m->len - m->moved;

	fake_check(left <= FAKE_VMSG_DATA);
	for (n->len = 0; n->len < left && m->data.n > 0;) {
		size_t part = MIN(left - n->len, m->data.segs->size);

		memcpy(n->data + n->len, m->data.segs->va, part);
		(void)io_list_skip(&m->data, part);
		n->len += (uint32_t)part;
	}
	fake_check(n->len == left);
	m->moved = m->len;
}

int vmsg_send(struct vmsg_node *n, uint32_t address, struct vmsg *m)
{
	fake_check(!fake_held);
	n->sends++;
	n->to = address;
	m->from = n;
	m->moved = 0;
	memcpy(n->head, m->head, sizeof(n->head));
	if (n->result == VMSG_PARKED) {
		fake_check(n->nparked < FAKE_VMSGS_MAX);
		n->parked[n->nparked++] = m;
	} else if (n->result >= 0) {
		fake_vmsg_copy(n, m);
	}
	return n->result;
}

int vmsg_send_peer(struct vmsg_node *n, unsigned int number, struct vmsg *m)
{
	fake_check(n->peers & BIT(number));
	return vmsg_send(n, number, m);
}

/* End the i-th message that is parked. */
static inline void fake_vmsg_end(unsigned int i, enum vmsg_result how)
{
	struct vmsg_node *n = fake_vmsg;
	struct vmsg *m = n->parked[i];

	n->nparked--;
	memmove(n->parked + i, n->parked + i + 1,
		(n->nparked - i) * sizeof(n->parked[0]));
	if (how == VMSG_DELIVERED) {
		fake_vmsg_copy(n, m);
	}
	m->done(m, how);
}

void vmsg_flush(struct vmsg_node *n)
{
	fake_check(!fake_held);
	n->flushes++;
}

uint64_t vmsg_peers(const struct vmsg_node *n)
{
	return n->peers;
}

bool vmsg_ready(struct vmsg_node *n)
{
	fake_check(!fake_held);
	n->readies++;
	return false;
}

bool vmsg_cancel(struct vmsg_node *n)
{
	fake_check(!fake_held);
	n->cancels++;
	for (unsigned int i = 0; i < 16 && n->nparked > 0; i++) {
		fake_vmsg_end(0, VMSG_CANCELLED);
	}
	return n->nparked > 0;
}

bool vmsg_port_open(const struct vmsg_node *n, uint32_t port)
{
	return n->closed == 0 || port != n->closed;
}

/* All that is parked goes to one receiver. */
bool vmsg_give_up(struct vmsg_node *n, uint32_t address, uint32_t ms)
{
	fake_check(!fake_held && ms > 0);
	n->given_up = address;
	return vmsg_cancel(n);
}

void vmsg_pause(struct vmsg_node *n, bool paused)
{
	fake_check(!fake_held);
	n->paused = paused;
}

int vmsg_announce(struct vmsg_node *n, const char *name, uint32_t endpoint)
{
	fake_check(strlen(name) < VMSG_ENDPOINT_NAME);
	memcpy(n->announced, name, strlen(name) + 1);
	n->endpoint = endpoint;
	n->announces++;
	return n->announce_result;
}

int vmsg_withdraw(struct vmsg_node *n, const char *name, uint32_t endpoint)
{
	memcpy(n->announced, name, strlen(name) + 1);
	n->endpoint = endpoint;
	n->withdraws++;
	return n->announce_result;
}

bool vmsg_next_notice(struct vmsg_node *n, struct vmsg_notice *out)
{
	if (n->notice_at == n->nnotices) {
		return false;
	}
	*out = n->notices[n->notice_at++];
	return true;
}

bool vmsg_has_notice(const struct vmsg_node *n)
{
	return n->notice_at < n->nnotices;
}

void vmsg_count_fault(struct vmsg_node *n, enum vmsg_fault why)
{
	n->faults[why]++;
}

/* Give the guest a message with this header, as a peer does. */
static inline enum vmsg_take fake_vmsg_give(uint32_t source, const void *head,
					    size_t head_size, void *data,
					    uint32_t len)
{
	struct io_segment seg = { .va = data, .size = len };
	struct vmsg m = { .data = { &seg, len > 0 }, .len = len };
	enum vmsg_take take;

	memcpy(m.head, head, head_size);
	take = fake_vmsg->attr.ops->deliver(fake_vmsg, source, &m);
	fake_check(!fake_held);
	if (fake_vmsg->attr.ops->flush != NULL) {
		fake_vmsg->attr.ops->flush(fake_vmsg);
	}
	return take;
}

#endif
