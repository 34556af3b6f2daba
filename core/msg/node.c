/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes: creation, look-up by name, counters. */
#include <core/heap.h>
#include <libs/error.h>
#include <string.h>

#include "msg_priv.h"

static struct list vmsg_nodes = LIST_INIT(vmsg_nodes); /* [N] */

/* [N]. NULL */
static struct vmsg_node *vmsg_node_find(const char *name)
{
	struct vmsg_node *n;

	list_for_each(n, &vmsg_nodes, node) {
		if (strcmp(n->name, name) == 0) {
			return n;
		}
	}
	return NULL;
}

/* [N] */
static bool vmsg_host_address_taken(const struct vmsg_kind *kind,
				    uint32_t address)
{
	const struct vmsg_node *n;

	list_for_each(n, &vmsg_nodes, node) {
		if (n->kind == kind && n->address == address) {
			return true;
		}
	}
	return false;
}

/* [N]. The address of a kind whose addresses are the host's. */
static int vmsg_choose_host_address(struct vmsg_node *n)
{
	uint32_t address = n->fixed;

	if (address != 0) {
		if (vmsg_host_address_taken(n->kind, address)) {
			return -ERR_EXIST;
		}
	} else {
		for (address = n->kind->first;
		     vmsg_host_address_taken(n->kind, address); address++) {
			if (address == n->kind->last) {
				return -ERR_NOSPC;
			}
		}
	}
	n->address = address;
	return 0;
}

static void vmsg_node_init(struct vmsg_node *n,
			   const struct vmsg_node_attr *attr)
{
	n->ops = attr->ops;
	n->kind = attr->kind;
	n->arg = attr->arg;
	n->fixed = attr->address;
	n->service = attr->service;
	n->refs = 1;
	n->epoch = 2; /* down; 0 is nobody's */
	spin_init(&n->lock, LOCK_VMSG);
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		list_init(&n->pair[i].waiting);
	}
	memcpy(n->name, attr->name, strlen(attr->name) + 1);
}

/* [N] */
static int vmsg_node_add(struct vmsg_node *n)
{
	int err = vmsg_node_find(n->name) != NULL ? -ERR_EXIST : 0;

	if (err == 0 && n->kind->host_wide) {
		err = vmsg_choose_host_address(n);
	}
	if (err == 0) {
		list_append(&vmsg_nodes, &n->node);
	}
	return err;
}

int vmsg_node_create(struct vmsg_node **out, const struct vmsg_node_attr *attr)
{
	const struct vmsg_kind *kind = attr->kind;
	struct vmsg_node *n;
	int err;

	if (!vmsg_name_ok(attr->name, VMSG_NODE_NAME_MAX)) {
		return -ERR_INVAL;
	}
	if (attr->address != 0 &&
	    (attr->address < kind->first || attr->address > kind->last)) {
		return -ERR_RANGE;
	}
	n = heap_alloc(sizeof(*n));
	if (n == NULL) {
		return -ERR_NOMEM;
	}
	if (kind->announces) {
		n->kept = heap_alloc(sizeof(*n->kept));
		if (n->kept == NULL) {
			heap_free(n);
			return -ERR_NOMEM;
		}
	}
	vmsg_node_init(n, attr);
	mutex_lock(&vmsg_mutex);
	err = vmsg_node_add(n);
	mutex_unlock(&vmsg_mutex);
	if (err != 0) {
		heap_free(n->kept);
		heap_free(n);
		return err;
	}
	*out = n;
	return 0;
}

/* [N] */
static void vmsg_node_put_locked(struct vmsg_node *n)
{
	if (--n->refs == 0) {
		heap_free(n->kept);
		heap_free(n);
	}
}

void vmsg_node_destroy(struct vmsg_node *n)
{
	vmsg_down(n);
	mutex_lock(&vmsg_mutex);
	vmsg_detach_locked(n);
	list_remove(&n->node);
	n->destroyed = true;
	vmsg_node_put_locked(n);
	mutex_unlock(&vmsg_mutex);
}

struct vmsg_node *vmsg_node_get(const char *name)
{
	struct vmsg_node *n;

	mutex_lock(&vmsg_mutex);
	n = vmsg_node_find(name);
	if (n != NULL) {
		n->refs++;
	}
	mutex_unlock(&vmsg_mutex);
	return n;
}

struct vmsg_node *vmsg_node_get_nth(unsigned int nth)
{
	struct vmsg_node *n, *found = NULL;

	mutex_lock(&vmsg_mutex);
	list_for_each(n, &vmsg_nodes, node) {
		if (nth-- == 0) {
			n->refs++;
			found = n;
			break;
		}
	}
	mutex_unlock(&vmsg_mutex);
	return found;
}

void vmsg_node_put(struct vmsg_node *n)
{
	mutex_lock(&vmsg_mutex);
	vmsg_node_put_locked(n);
	mutex_unlock(&vmsg_mutex);
}

void *vmsg_node_arg(const struct vmsg_node *n)
{
	return n->arg;
}

const char *vmsg_node_name(const struct vmsg_node *n)
{
	return n->name;
}

uint32_t vmsg_node_address(const struct vmsg_node *n)
{
	return READ_ONCE(n->address);
}

void vmsg_count_fault(struct vmsg_node *n, enum vmsg_fault why)
{
	vmsg_add(&n->counts.faults[why], 1);
}

void vmsg_node_info(struct vmsg_node *n, struct vmsg_node_info *out)
{
	*out = (struct vmsg_node_info){
		.kind = n->kind->name,
		.service = n->service,
	};
	mutex_lock(&vmsg_mutex);
	memcpy(out->name, n->name, sizeof(out->name));
	out->address = n->address;
	out->up = READ_ONCE(n->up);
	out->waiting = READ_ONCE(n->parked);
	for (uint64_t left = READ_ONCE(n->peers); left != 0; left &= left - 1) {
		out->peers++;
	}
	out->counts = n->counts;
	if (n->domain != NULL) {
		memcpy(out->domain, n->domain->name, sizeof(out->domain));
		if (n->domain->names[n->index] != NULL) {
			out->endpoints =
				READ_ONCE(n->domain->names[n->index]->live);
		}
	}
	mutex_unlock(&vmsg_mutex);
}
