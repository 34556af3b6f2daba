/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains: creation and listing, and which nodes are attached to them. */
#include <core/heap.h>
#include <core/log.h>
#include <core/percpu.h>
#include <libs/error.h>
#include <string.h>

#include "msg_priv.h"

struct mutex vmsg_mutex = MUTEX_INIT(vmsg_mutex);
static struct list vmsg_domains = LIST_INIT(vmsg_domains); /* [N] */

bool vmsg_name_ok(const char *name, size_t max)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789-_.@");

	return n > 0 && n < max && name[n] == '\0';
}

/* [N]. NULL: there is none. */
static struct vmsg_domain *vmsg_domain_find(const char *name)
{
	struct vmsg_domain *d;

	mutex_assert_held(&vmsg_mutex);
	list_for_each(d, &vmsg_domains, list) {
		if (strcmp(d->name, name) == 0) {
			return d;
		}
	}
	return NULL;
}

/* --- creation ------------------------------------------------------------- */

/* [N]. Check that one more domain can be created. */
static int vmsg_domain_may_add(const char *name)
{
	unsigned int n = 0;
	struct list *at;

	if (!vmsg_name_ok(name, VMSG_NAME_MAX)) {
		return -ERR_INVAL;
	}
	if (vmsg_domain_find(name) != NULL) {
		return -ERR_EXIST;
	}
	for (at = vmsg_domains.next; at != &vmsg_domains; at = at->next) {
		n++;
	}
	return n < VMSG_DOMAINS_MAX ? 0 : -ERR_NOSPC;
}

/* [N] */
static int vmsg_domain_create_locked(const char *name, enum vmsg_policy policy)
{
	int err = vmsg_domain_may_add(name);
	struct vmsg_domain *d;

	if (err != 0) {
		return err;
	}
	d = heap_alloc(sizeof(*d));
	if (d == NULL) {
		return -ERR_NOMEM;
	}
	memcpy(d->name, name, strlen(name) + 1);
	d->policy = policy;
	d->table = &d->tables[0];
	d->port_sets[0].all = true;
	d->ports = &d->port_sets[0];
	work_init(&d->work, &work_shared, vmsg_tend);
	timer_init(&d->timer, vmsg_tend_timer);
	list_append(&vmsg_domains, &d->list);
	return 0;
}

int vmsg_domain_create(const char *name, enum vmsg_policy policy)
{
	int err;

	mutex_lock(&vmsg_mutex);
	err = vmsg_domain_create_locked(name, policy);
	mutex_unlock(&vmsg_mutex);
	return err;
}

int vmsg_domain_destroy(const char *name)
{
	struct vmsg_domain *d;

	mutex_lock(&vmsg_mutex);
	d = vmsg_domain_find(name);
	if (d == NULL) {
		mutex_unlock(&vmsg_mutex);
		return -ERR_NOENT;
	}
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		if (d->node[i] != NULL) {
			vmsg_detach_locked(d->node[i]);
		}
	}
	list_remove(&d->list);
	mutex_unlock(&vmsg_mutex);
	/* tend() takes the mutex. Nobody asks for it any more: the detaching
	 * has waited for all who could. */
	timer_cancel(&d->timer);
	work_cancel(&d->work);
	timer_cancel(&d->timer);
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		heap_free(d->names[i]);
	}
	heap_free(d);
	return 0;
}

int vmsg_domain_set_policy(const char *name, enum vmsg_policy policy)
{
	struct vmsg_domain *d;

	mutex_lock(&vmsg_mutex);
	d = vmsg_domain_find(name);
	if (d != NULL) {
		WRITE_ONCE(d->policy, policy);
	}
	mutex_unlock(&vmsg_mutex);
	return d != NULL ? 0 : -ERR_NOENT;
}

static bool vmsg_ports_good(const struct vmsg_ports *ports)
{
	if (ports->n > VMSG_RANGES_MAX) {
		return false;
	}
	for (unsigned int i = 0; i < ports->n; i++) {
		if (ports->range[i].first > ports->range[i].last) {
			return false;
		}
	}
	return true;
}

int vmsg_domain_set_ports(const char *name, const struct vmsg_ports *ports)
{
	struct vmsg_domain *d;
	struct vmsg_ports *next;

	if (!vmsg_ports_good(ports)) {
		return -ERR_INVAL;
	}
	mutex_lock(&vmsg_mutex);
	d = vmsg_domain_find(name);
	if (d != NULL) {
		next = &d->port_sets[d->ports == &d->port_sets[0]];
		*next = *ports;
		__atomic_store_n(&d->ports, next, __ATOMIC_RELEASE);
		/* Nobody reads the other one any more. */
		cpu_quiesce();
	}
	mutex_unlock(&vmsg_mutex);
	return d != NULL ? 0 : -ERR_NOENT;
}

bool vmsg_port_open(const struct vmsg_node *n, uint32_t port)
{
	const struct vmsg_domain *d =
		__atomic_load_n(&n->domain, __ATOMIC_ACQUIRE);
	const struct vmsg_ports *ports;

	if (d == NULL) {
		return false;
	}
	ports = __atomic_load_n(&d->ports, __ATOMIC_ACQUIRE);
	for (unsigned int i = 0; i < ports->n; i++) {
		if (port >= ports->range[i].first &&
		    port <= ports->range[i].last) {
			return true;
		}
	}
	return ports->all;
}

/* --- attaching; vmsg_mutex is held ---------------------------------------- */

static void vmsg_table_add(struct vmsg_table *t, struct vmsg_node *n)
{
	unsigned int i = vmsg_slot(n->address);

	while (t->slot[i] != NULL) {
		i = (i + 1) % VMSG_TABLE_SLOTS;
	}
	t->slot[i] = n;
}

/* Senders find the nodes that are in d->node now. When it returns no CPU uses
 * the table from before, nor a node that is not in this one. */
static void vmsg_table_renew(struct vmsg_domain *d)
{
	struct vmsg_table *t = &d->tables[d->table == &d->tables[0]];

	memset(t, 0, sizeof(*t));
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		if (d->node[i] != NULL) {
			vmsg_table_add(t, d->node[i]);
		}
	}
	__atomic_store_n(&d->table, t, __ATOMIC_RELEASE);
	cpu_quiesce();
}

static bool vmsg_address_taken(const struct vmsg_domain *d,
			       const struct vmsg_kind *kind, uint32_t address)
{
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		if (d->node[i] != NULL && d->node[i]->kind == kind &&
		    d->node[i]->address == address) {
			return true;
		}
	}
	return false;
}

/* Give the node its address in the domain. At most VMSG_NODES_MAX are taken. */
static int vmsg_choose_address(const struct vmsg_domain *d, struct vmsg_node *n)
{
	uint32_t address = n->fixed;

	if (n->kind->host_wide) {
		return 0;
	}
	if (address != 0) {
		if (vmsg_address_taken(d, n->kind, address)) {
			return -ERR_EXIST;
		}
	} else {
		for (address = n->kind->first;
		     vmsg_address_taken(d, n->kind, address); address++) {
			if (address == n->kind->last) {
				return -ERR_NOSPC;
			}
		}
	}
	n->address = address;
	return 0;
}

/* A number for the node, and what belongs to this number. */
static int vmsg_choose_index(struct vmsg_domain *d, struct vmsg_node *n)
{
	unsigned int i = 0;

	while (i < VMSG_NODES_MAX && d->node[i] != NULL) {
		i++;
	}
	if (i == VMSG_NODES_MAX) {
		return -ERR_NOSPC;
	}
	if (n->kind->announces && d->names[i] == NULL) {
		struct vmsg_names *names = heap_alloc(sizeof(*names));

		if (names == NULL) {
			return -ERR_NOMEM;
		}
		spin_init(&names->lock, LOCK_VMSG_NAMES);
		__atomic_store_n(&d->names[i], names, __ATOMIC_RELEASE);
	}
	n->index = (uint8_t)i;
	return 0;
}

/* Nobody has given the node up, or was given up by it: others had its number
 * before, and it was in other domains. */
static void vmsg_open_pairs(struct vmsg_domain *d, struct vmsg_node *n)
{
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		n->pair[i].shut_epoch = 0; /* no epoch is */
		if (d->node[i] != NULL) {
			struct vmsg_pair *pair = &d->node[i]->pair[n->index];
			unsigned long flags =
				spin_lock_irqsave(&d->node[i]->lock);

			pair->shut_epoch = 0;
			spin_unlock_irqrestore(&d->node[i]->lock, flags);
		}
	}
}

static int vmsg_attach_locked(struct vmsg_domain *d, struct vmsg_node *n)
{
	unsigned long flags;
	int err = vmsg_choose_index(d, n);

	if (err == 0) {
		err = vmsg_choose_address(d, n);
	}
	if (err != 0) {
		return err;
	}
	n->peers = 0;
	n->touched = 0;
	n->told_epoch = 0; /* no epoch is: it is told everything */
	memset(n->seen, 0, sizeof(n->seen));
	vmsg_open_pairs(d, n);
	__atomic_store_n(&d->node[n->index], n, __ATOMIC_RELEASE);
	vmsg_table_renew(d);
	/* Pairs with vmsg_send(). */
	__atomic_store_n(&n->domain, d, __ATOMIC_RELEASE);
	vmsg_names_restore(d, n);
	flags = arch_irq_save();
	vmsg_tend_soon(d);
	arch_irq_restore(flags);
	return 0;
}

int vmsg_node_attach(struct vmsg_node *n, const char *domain, bool make)
{
	struct vmsg_domain *d;
	int err = 0;

	mutex_lock(&vmsg_mutex);
	if (make) {
		err = vmsg_domain_create_locked(domain, VMSG_POLICY_BLOCK);
		if (err == -ERR_EXIST) {
			err = 0;
		}
	}
	d = vmsg_domain_find(domain);
	if (n->destroyed || n->domain != NULL) {
		err = -ERR_STATE;
	} else if (err == 0) {
		err = d != NULL ? vmsg_attach_locked(d, n) : -ERR_NOENT;
	}
	mutex_unlock(&vmsg_mutex);
	return err;
}

/* All that waits for the node is refused: it is of another epoch. */
static void vmsg_refuse_all(struct vmsg_node *n)
{
	unsigned long flags = spin_lock_irqsave(&vmsg_state_lock);

	spin_lock(&n->lock);
	WRITE_ONCE(n->epoch, n->epoch + 2);
	spin_unlock(&n->lock);
	spin_unlock_irqrestore(&vmsg_state_lock, flags);
	while (READ_ONCE(n->parked) != 0) {
		flags = arch_irq_save();
		(void)vmsg_drain(n);
		arch_irq_restore(flags);
	}
}

static void vmsg_take_back_all(struct vmsg_domain *d, struct vmsg_node *n)
{
	bool more = true;

	while (more) {
		unsigned long flags = arch_irq_save();

		more = vmsg_take_back(d, n);
		arch_irq_restore(flags);
	}
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		assert(d->node[i] == NULL ||
		       d->node[i]->pair[n->index].count == 0);
	}
}

void vmsg_detach_locked(struct vmsg_node *n)
{
	struct vmsg_domain *d = n->domain;
	uint32_t told = n->told_epoch == n->epoch ? 2 : 0;

	if (d == NULL) {
		return;
	}
	__atomic_store_n(&n->domain, NULL, __ATOMIC_RELAXED);
	__atomic_store_n(&d->node[n->index], NULL, __ATOMIC_RELAXED);
	vmsg_hold(n, VMSG_HELD_LEAVING, true);
	/* After this no CPU sends from it or to it, or delivers what it has
	 * sent. */
	vmsg_table_renew(d);
	vmsg_take_back_all(d, n);
	vmsg_hold(n, VMSG_HELD_LEAVING, false);
	vmsg_refuse_all(n);
	n->told_epoch += told;
	vmsg_names_keep(d, n);
	vmsg_part(d, n);
	if (!n->kind->host_wide) {
		n->address = 0;
	}
}

int vmsg_node_detach(struct vmsg_node *n)
{
	int err = 0;

	mutex_lock(&vmsg_mutex);
	if (n->domain == NULL) {
		err = -ERR_STATE;
	} else {
		vmsg_detach_locked(n);
	}
	mutex_unlock(&vmsg_mutex);
	return err;
}

/* --- listing -------------------------------------------------------------- */

static void vmsg_sum(struct vmsg_counts *sum, const struct vmsg_counts *c)
{
	sum->sent += READ_ONCE(c->sent);
	sum->sent_bytes += READ_ONCE(c->sent_bytes);
	sum->received += READ_ONCE(c->received);
	sum->received_bytes += READ_ONCE(c->received_bytes);
	sum->parked += READ_ONCE(c->parked);
	sum->blocked += READ_ONCE(c->blocked);
	sum->dropped += READ_ONCE(c->dropped);
	sum->refused += READ_ONCE(c->refused);
	sum->lost_notices += READ_ONCE(c->lost_notices);
	for (unsigned int i = 0; i < VMSG_FAULTS; i++) {
		sum->faults[i] += READ_ONCE(c->faults[i]);
	}
}

/* [N] */
static void vmsg_domain_read(const struct vmsg_domain *d,
			     struct vmsg_domain_info *out)
{
	*out = (struct vmsg_domain_info){
		.policy = READ_ONCE(d->policy),
		.ports = *d->ports,
	};
	memcpy(out->name, d->name, sizeof(out->name));
	for (unsigned int i = 0; i < VMSG_NODES_MAX; i++) {
		const struct vmsg_node *n = d->node[i];

		if (n != NULL) {
			out->nodes++;
			out->waiting += READ_ONCE(n->parked);
			vmsg_sum(&out->counts, &n->counts);
		}
	}
}

bool vmsg_domain_info(const char *name, struct vmsg_domain_info *out)
{
	const struct vmsg_domain *d;

	mutex_lock(&vmsg_mutex);
	d = vmsg_domain_find(name);
	if (d != NULL) {
		vmsg_domain_read(d, out);
	}
	mutex_unlock(&vmsg_mutex);
	return d != NULL;
}

bool vmsg_domain_nth(unsigned int n, struct vmsg_domain_info *out)
{
	const struct vmsg_domain *d;
	bool found = false;

	mutex_lock(&vmsg_mutex);
	list_for_each(d, &vmsg_domains, list) {
		if (n-- == 0) {
			vmsg_domain_read(d, out);
			found = true;
			break;
		}
	}
	mutex_unlock(&vmsg_mutex);
	return found;
}
