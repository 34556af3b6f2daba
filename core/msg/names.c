/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of endpoints that nodes announce, kept for peers that come later. Each
 * name has a bit for each node that was told of it: telling a node is to bring
 * that bit to what it should be, so nothing is queued, and what a node misses
 * because it has no buffer is told later.
 *
 * A name that has ended stays until all who know it have been told. A guest
 * that reads no more could keep a peer from announcing that way; so when all
 * places are taken, the one that has waited longest is given up, and its
 * waiters have lost that notice, which is counted.
 */
#include <arch/cpu.h>
#include <libs/error.h>
#include <string.h>

#include "msg_priv.h"

/* The names of a node, whose domain is loaded with interrupts masked; NULL: it
 * has none. */
static struct vmsg_names *vmsg_names_of(struct vmsg_domain *d,
					unsigned int index)
{
	return __atomic_load_n(&d->names[index], __ATOMIC_ACQUIRE);
}

/* All peers of the node with this index have to look at its names. */
static void vmsg_notify(struct vmsg_domain *d, unsigned int index)
{
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		struct vmsg_node *n =
			__atomic_load_n(&d->node[i], __ATOMIC_ACQUIRE);

		if (n != NULL && i != index) {
			(void)__atomic_fetch_or(&n->notices, BIT(index),
						__ATOMIC_RELEASE);
		}
	}
}

/* --- the list; its lock is held ------------------------------------------- */

static void vmsg_endpoint_end(struct vmsg_names *names, struct vmsg_endpoint *e)
{
	names->live--;
	e->state = e->told != 0 ? VMSG_DYING : VMSG_FREE;
}

static struct vmsg_endpoint *vmsg_endpoint_find(struct vmsg_names *names,
						const char *name,
						uint32_t endpoint)
{
	for (unsigned int i = 0; i < VMSG_ENDPOINTS_MAX; i++) {
		struct vmsg_endpoint *e = &names->slot[i];

		if (e->state == VMSG_LIVE && e->endpoint == endpoint &&
		    strcmp(e->name, name) == 0) {
			return e;
		}
	}
	return NULL;
}

/* Nodes in `told` are not told of the end of a name. */
static void vmsg_count_lost(struct vmsg_domain *d, uint64_t told)
{
	for (; told != 0; told &= told - 1) {
		struct vmsg_node *n = __atomic_load_n(
			&d->node[__builtin_ctzll(told)], __ATOMIC_ACQUIRE);

		if (n != NULL) {
			vmsg_add(&n->counts.lost_notices, 1);
		}
	}
}

/* A place for one more name; NULL: VMSG_ENDPOINTS_MAX are announced. */
static struct vmsg_endpoint *vmsg_endpoint_place(struct vmsg_domain *d,
						 struct vmsg_names *names)
{
	for (unsigned int i = 0; i < VMSG_ENDPOINTS_MAX; i++) {
		if (names->slot[i].state == VMSG_FREE) {
			return &names->slot[i];
		}
	}
	for (unsigned int i = 0; i < VMSG_ENDPOINTS_MAX; i++) {
		unsigned int at = (names->turn + i) % VMSG_ENDPOINTS_MAX;
		struct vmsg_endpoint *e = &names->slot[at];

		if (e->state == VMSG_DYING) {
			names->turn = at + 1;
			vmsg_count_lost(d, e->told);
			return e;
		}
	}
	return NULL;
}

static int vmsg_endpoint_add(struct vmsg_domain *d, struct vmsg_names *names,
			     const struct vmsg_node *n, const char *name,
			     uint32_t endpoint)
{
	struct vmsg_endpoint *e;

	if (vmsg_endpoint_find(names, name, endpoint) != NULL) {
		return -ERR_EXIST;
	}
	e = vmsg_endpoint_place(d, names);
	if (e == NULL) {
		return -ERR_NOSPC;
	}
	*e = (struct vmsg_endpoint){
		.state = VMSG_LIVE,
		.endpoint = endpoint,
		.address = n->address,
	};
	memcpy(e->name, name, strlen(name) + 1);
	names->live++;
	return 0;
}

/* --- announcing ----------------------------------------------------------- */

static bool vmsg_endpoint_name_ok(const char *name)
{
	size_t n = 0;

	for (; n < VMSG_ENDPOINT_NAME && name[n] != '\0'; n++) {
		if (name[n] < ' ' || name[n] > '~') {
			return false;
		}
	}
	return n > 0 && n < VMSG_ENDPOINT_NAME;
}

/* Interrupts are masked. */
static int vmsg_announce_in(struct vmsg_domain *d, const struct vmsg_node *n,
			    const char *name, uint32_t endpoint)
{
	struct vmsg_names *names = vmsg_names_of(d, n->index);
	int err = -ERR_STATE;

	if (names == NULL) {
		return -ERR_STATE;
	}
	spin_lock(&names->lock);
	/* vmsg_down() clears it before it ends all names. */
	if (READ_ONCE(n->up)) {
		err = vmsg_endpoint_add(d, names, n, name, endpoint);
	}
	spin_unlock(&names->lock);
	if (err == 0) {
		vmsg_notify(d, n->index);
		vmsg_tend_soon(d);
	}
	return err;
}

typedef int (*vmsg_name_fn_t)(struct vmsg_domain *d, const struct vmsg_node *n,
			      const char *name, uint32_t endpoint);

/* Do it in the node's domain, which does not go meanwhile. */
static int vmsg_with_domain(struct vmsg_node *n, const char *name,
			    uint32_t endpoint, vmsg_name_fn_t fn)
{
	unsigned long flags;
	struct vmsg_domain *d;
	int err = -ERR_STATE;

	if (!vmsg_endpoint_name_ok(name)) {
		return -ERR_INVAL;
	}
	flags = arch_irq_save();
	d = __atomic_load_n(&n->domain, __ATOMIC_ACQUIRE);
	if (d != NULL) {
		err = fn(d, n, name, endpoint);
	}
	arch_irq_restore(flags);
	return err;
}

int vmsg_announce(struct vmsg_node *n, const char *name, uint32_t endpoint)
{
	return vmsg_with_domain(n, name, endpoint, vmsg_announce_in);
}

static int vmsg_withdraw_in(struct vmsg_domain *d, const struct vmsg_node *n,
			    const char *name, uint32_t endpoint)
{
	struct vmsg_names *names = vmsg_names_of(d, n->index);
	struct vmsg_endpoint *e;

	if (names == NULL) {
		return -ERR_STATE;
	}
	spin_lock(&names->lock);
	e = vmsg_endpoint_find(names, name, endpoint);
	if (e != NULL) {
		vmsg_endpoint_end(names, e);
	}
	spin_unlock(&names->lock);
	if (e == NULL) {
		return -ERR_NOENT;
	}
	vmsg_notify(d, n->index);
	vmsg_tend_soon(d);
	return 0;
}

int vmsg_withdraw(struct vmsg_node *n, const char *name, uint32_t endpoint)
{
	return vmsg_with_domain(n, name, endpoint, vmsg_withdraw_in);
}

void vmsg_names_end(struct vmsg_domain *d, unsigned int index)
{
	unsigned long flags = arch_irq_save();
	struct vmsg_names *names = vmsg_names_of(d, index);
	bool any = false;

	if (names != NULL) {
		spin_lock(&names->lock);
		for (unsigned int i = 0; i < VMSG_ENDPOINTS_MAX; i++) {
			if (names->slot[i].state == VMSG_LIVE) {
				vmsg_endpoint_end(names, &names->slot[i]);
				any = true;
			}
		}
		spin_unlock(&names->lock);
	}
	if (any) {
		vmsg_notify(d, index);
	}
	arch_irq_restore(flags);
}

void vmsg_names_keep(struct vmsg_domain *d, struct vmsg_node *n)
{
	struct vmsg_names *names = vmsg_names_of(d, n->index);
	struct vmsg_kept *kept = n->kept;
	unsigned long flags;

	if (names == NULL || kept == NULL) {
		return;
	}
	kept->n = 0;
	kept->epoch = READ_ONCE(n->epoch);
	flags = spin_lock_irqsave(&names->lock);
	for (unsigned int i = 0; i < VMSG_ENDPOINTS_MAX; i++) {
		const struct vmsg_endpoint *e = &names->slot[i];

		if (e->state == VMSG_LIVE) {
			kept->name[kept->n].endpoint = e->endpoint;
			memcpy(kept->name[kept->n++].name, e->name,
			       sizeof(e->name));
		}
	}
	spin_unlock_irqrestore(&names->lock, flags);
}

void vmsg_names_restore(struct vmsg_domain *d, struct vmsg_node *n)
{
	struct vmsg_names *names = vmsg_names_of(d, n->index);
	const struct vmsg_kept *kept = n->kept;
	unsigned long flags;

	if (names == NULL || kept == NULL) {
		return;
	}
	flags = spin_lock_irqsave(&names->lock);
	/* vmsg_down() changes the epoch before it ends all names. */
	for (unsigned int i = 0;
	     i < kept->n && kept->epoch == READ_ONCE(n->epoch); i++) {
		/* Only names that end are in the way, and are given up. */
		(void)vmsg_endpoint_add(d, names, n, kept->name[i].name,
					kept->name[i].endpoint);
	}
	spin_unlock_irqrestore(&names->lock, flags);
}

/* --- telling -------------------------------------------------------------- */

static void vmsg_notice_of(const struct vmsg_endpoint *e,
			   struct vmsg_notice *out, bool gone)
{
	out->address = e->address;
	out->endpoint = e->endpoint;
	memcpy(out->name, e->name, sizeof(out->name));
	out->gone = gone;
}

/* The lock is held. A name that the node knows and that has ended for it: all
 * of them have, if it leaves. */
static bool vmsg_next_gone(struct vmsg_names *names, uint64_t me, bool leaves,
			   struct vmsg_notice *out)
{
	for (unsigned int i = 0; i < VMSG_ENDPOINTS_MAX; i++) {
		struct vmsg_endpoint *e = &names->slot[i];

		if ((e->told & me) == 0 || e->state == VMSG_FREE ||
		    (e->state == VMSG_LIVE && !leaves)) {
			continue;
		}
		vmsg_notice_of(e, out, true);
		e->told &= ~me;
		if (e->state == VMSG_DYING && e->told == 0) {
			e->state = VMSG_FREE;
		}
		return true;
	}
	return false;
}

/* The lock is held. A name that the node does not know yet. */
static bool vmsg_next_new(struct vmsg_names *names, uint64_t me,
			  struct vmsg_notice *out)
{
	for (unsigned int i = 0; i < VMSG_ENDPOINTS_MAX; i++) {
		struct vmsg_endpoint *e = &names->slot[i];

		if (e->state == VMSG_LIVE && (e->told & me) == 0) {
			vmsg_notice_of(e, out, false);
			e->told |= me;
			return true;
		}
	}
	return false;
}

/* What ended comes first: a name may come back for the same endpoint. */
static bool vmsg_next_of(struct vmsg_domain *d, struct vmsg_node *n,
			 unsigned int index, bool leaves,
			 struct vmsg_notice *out)
{
	struct vmsg_names *names = vmsg_names_of(d, index);
	uint64_t me = BIT(n->index);
	bool found;

	if (names == NULL || index == n->index) {
		return false;
	}
	spin_lock(&names->lock);
	found = vmsg_next_gone(names, me, leaves, out);
	if (!found && !leaves && (READ_ONCE(n->peers) & BIT(index)) != 0) {
		found = vmsg_next_new(names, me, out);
	}
	spin_unlock(&names->lock);
	return found;
}

bool vmsg_next_notice(struct vmsg_node *n, struct vmsg_notice *out)
{
	unsigned long flags = arch_irq_save();
	struct vmsg_domain *d = __atomic_load_n(&n->domain, __ATOMIC_ACQUIRE);
	bool leaves = d == NULL, found = false;
	uint64_t left;

	if (leaves) {
		d = __atomic_load_n(&n->leaving, __ATOMIC_ACQUIRE);
	}
	left = d != NULL ? READ_ONCE(n->notices) : 0;
	/* Until it was told that it knows nothing, after vmsg_down(), the list
	 * is about what its driver knew before. Pairs with vmsg_tell(). */
	if (!leaves && __atomic_load_n(&n->told_epoch, __ATOMIC_ACQUIRE) !=
			       READ_ONCE(n->epoch)) {
		left = 0;
	}
	for (; !found && left != 0; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctzll(left);

		/* First: whoever changes names then sets it again. */
		(void)__atomic_fetch_and(&n->notices, ~BIT(i),
					 __ATOMIC_ACQ_REL);
		found = vmsg_next_of(d, n, i, leaves, out);
		if (found) {
			(void)__atomic_fetch_or(&n->notices, BIT(i),
						__ATOMIC_RELEASE);
		}
	}
	arch_irq_restore(flags);
	return found;
}

bool vmsg_has_notice(const struct vmsg_node *n)
{
	return READ_ONCE(n->notices) != 0;
}

void vmsg_names_forget(struct vmsg_domain *d, const struct vmsg_node *n)
{
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		struct vmsg_names *names = d->names[i];
		unsigned long flags;

		if (names == NULL) {
			continue;
		}
		flags = spin_lock_irqsave(&names->lock);
		for (unsigned int k = 0; k < VMSG_ENDPOINTS_MAX; k++) {
			struct vmsg_endpoint *e = &names->slot[k];

			e->told &= ~BIT(n->index);
			if (e->state == VMSG_DYING && e->told == 0) {
				e->state = VMSG_FREE;
			}
		}
		spin_unlock_irqrestore(&names->lock, flags);
	}
}

bool vmsg_node_endpoint(struct vmsg_node *n, unsigned int number,
			struct vmsg_notice *out)
{
	struct vmsg_names *names = NULL;
	bool found = false;

	mutex_lock(&vmsg_mutex);
	if (n->domain != NULL) {
		names = n->domain->names[n->index];
	}
	for (unsigned int i = 0;
	     names != NULL && i < VMSG_ENDPOINTS_MAX && !found; i++) {
		unsigned long flags = spin_lock_irqsave(&names->lock);

		if (names->slot[i].state == VMSG_LIVE && number-- == 0) {
			vmsg_notice_of(&names->slot[i], out, false);
			found = true;
		}
		spin_unlock_irqrestore(&names->lock, flags);
	}
	mutex_unlock(&vmsg_mutex);
	return found;
}
