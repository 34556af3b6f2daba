/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports: creation, link and settings. The path of packets is in send.c. */
#include <core/event.h>
#include <core/heap.h>
#include <core/percpu.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include "net_priv.h"

struct mutex net_mutex = MUTEX_INIT(net_mutex);
static struct list netports = LIST_INIT(netports); /* [N] */

/* Guards what decides whether a link is up: a card's driver reports its cable
 * in interrupts, where no mutex can be taken. */
static struct spinlock net_state_lock = SPINLOCK_INIT(LOCK_NETPORT);

/* The initial setting of all ports: access to one VLAN. Not on the heap. */
static const struct netport_vlan netport_vlan_default = {
	.vid = NET_VLAN_DEFAULT,
};

bool net_name_ok(const char *name, size_t max)
{
	size_t n = parse_name(name, "-_.@");

	return n > 0 && n < max && name[n] == '\0';
}

net_mac_t net_mac(const uint8_t bytes[NET_MAC_LEN])
{
	net_mac_t mac = 0;

	memcpy(&mac, bytes, NET_MAC_LEN);
	return mac;
}

void net_mac_bytes(net_mac_t mac, uint8_t bytes[NET_MAC_LEN])
{
	memcpy(bytes, &mac, NET_MAC_LEN);
}

/* [N]. NULL */
static struct netport *netport_find(const char *name)
{
	struct netport *p;

	list_for_each(p, &netports, node) {
		if (strcmp(p->name, name) == 0) {
			return p;
		}
	}
	return NULL;
}

/* [N]. Choose and check the name of a port. */
static int netport_choose_name(struct netport *p, const char *name)
{
	if (name != NULL) {
		if (!net_name_ok(name, sizeof(p->name))) {
			return -ERR_INVAL;
		}
		memcpy(p->name, name, strlen(name) + 1);
		return netport_find(p->name) != NULL ? -ERR_EXIST : 0;
	}
	for (unsigned int n = 0;; n++) {
		(void)snprintf(p->name, sizeof(p->name), "eth%u", n);
		if (netport_find(p->name) == NULL) {
			return 0;
		}
	}
}

int netport_create(struct netport **out, const struct netport_attr *attr)
{
	struct netport *p = heap_alloc(sizeof(*p));
	int err;

	if (p == NULL) {
		return -ERR_NOMEM;
	}
	p->ops = attr->ops;
	p->arg = attr->arg;
	p->mac = net_mac(attr->mac);
	p->accepts = attr->accepts;
	p->max_len = attr->max_len;
	p->uplink = attr->uplink;
	p->carrier = true;
	p->vlan = &netport_vlan_default;
	p->refs = 1;
	mutex_lock(&net_mutex);
	err = netport_choose_name(p, attr->name);
	if (err == 0) {
		list_append(&netports, &p->node);
	}
	mutex_unlock(&net_mutex);
	if (err != 0) {
		heap_free(p);
		return err;
	}
	*out = p;
	return 0;
}

static void netport_free_vlan(const struct netport_vlan *vlan)
{
	if (vlan != &netport_vlan_default) {
		heap_free((void *)(uintptr_t)vlan);
	}
}

/* [N] */
static void netport_put_locked(struct netport *p)
{
	if (--p->refs == 0) {
		netport_free_vlan(p->vlan);
		heap_free(p);
	}
}

void netport_destroy(struct netport *p)
{
	mutex_lock(&net_mutex);
	netport_detach_locked(p);
	list_remove(&p->node);
	p->ops = NULL;
	netport_put_locked(p);
	mutex_unlock(&net_mutex);
}

struct netport *netport_get(const char *name)
{
	struct netport *p;

	mutex_lock(&net_mutex);
	p = netport_find(name);
	if (p != NULL) {
		p->refs++;
	}
	mutex_unlock(&net_mutex);
	return p;
}

struct netport *netport_get_nth(unsigned int n)
{
	struct netport *p, *found = NULL;

	mutex_lock(&net_mutex);
	list_for_each(p, &netports, node) {
		if (n-- == 0) {
			p->refs++;
			found = p;
			break;
		}
	}
	mutex_unlock(&net_mutex);
	return found;
}

void netport_put(struct netport *p)
{
	mutex_lock(&net_mutex);
	netport_put_locked(p);
	mutex_unlock(&net_mutex);
}

void *netport_arg(const struct netport *p)
{
	return p->arg;
}

const char *netport_name(const struct netport *p)
{
	return p->name;
}

uint64_t netport_bytes_sent(const struct netport *p)
{
	return READ_ONCE(p->traffic[NETPORT_IN].bytes);
}

uint64_t netport_bytes_received(const struct netport *p)
{
	return READ_ONCE(p->traffic[NETPORT_OUT].bytes);
}

bool netport_queue_counts(struct netport *p, unsigned int n,
			  struct queue_counts *out)
{
	bool there;

	mutex_lock(&net_mutex);
	there = p->ops != NULL && p->ops->queue != NULL &&
		p->ops->queue(p, n, out);
	mutex_unlock(&net_mutex);
	return there;
}

void netport_set_accepts(struct netport *p, uint32_t accepts)
{
	WRITE_ONCE(p->accepts, accepts);
}

/* [S] */
static void netport_update_locked(struct netport *p)
{
	bool up = p->sw != NULL && !p->set_down && p->carrier;

	if (up != p->up) {
		event_post(EVENT_LINK, NULL, "%s: %s", p->name,
			   up ? "up" : "down");
	}
	WRITE_ONCE(p->up, up);
	if (p->sw != NULL) {
		uint64_t others = p->sw->active & ~BIT(p->index);

		WRITE_ONCE(p->sw->active, up ? others | BIT(p->index) : others);
	}
}

/* Update the link's state from everything that decides it; net_mutex is held.
 * */
static void update_link(struct netport *p)
{
	unsigned long flags = spin_lock_irqsave(&net_state_lock);

	netport_update_locked(p);
	spin_unlock_irqrestore(&net_state_lock, flags);
}

void netport_set_carrier(struct netport *p, bool up)
{
	unsigned long flags = spin_lock_irqsave(&net_state_lock);

	p->carrier = up;
	netport_update_locked(p);
	spin_unlock_irqrestore(&net_state_lock, flags);
}

/* [N]. The owner is told of the end of the link that is not its own. */
static void netport_tell_link(struct netport *p)
{
	if (p->ops != NULL && p->ops->link != NULL) {
		p->ops->link(p, p->sw != NULL && !p->set_down);
	}
}

static int netport_attach_locked(struct netport *p, struct netswitch *sw)
{
	unsigned int i;

	for (i = 0; i < NETSWITCH_PORTS_MAX && sw->port[i] != NULL; i++) {}
	if (i == NETSWITCH_PORTS_MAX) {
		return -ERR_NOSPC;
	}
	if (p->ops->send != NULL) {
		int err = netswitch_start_worker(sw);

		if (err != 0) {
			return err;
		}
		p->ops->set_inline(p, sw->worker.set.inline_packets);
	}
	p->index = (uint8_t)i;
	netswitch_storm_port(sw, p);
	__atomic_store_n(&sw->port[i], p, __ATOMIC_RELEASE);
	/* Pairs with netport_send(): whoever finds the switch finds the index
	 * and the port in its table. */
	__atomic_store_n(&p->sw, sw, __ATOMIC_RELEASE);
	update_link(p);
	netport_tell_link(p);
	return 0;
}

int netport_attach(struct netport *p, const char *name, bool make)
{
	struct netswitch *sw;
	int err = 0;

	if (make) {
		err = netswitch_create(name, "bridge");
		if (err != 0 && err != -ERR_EXIST) {
			return err;
		}
	}
	mutex_lock(&net_mutex);
	sw = netswitch_find(name);
	if (p->ops == NULL || p->sw != NULL) {
		err = -ERR_STATE;
	} else if (sw == NULL) {
		err = -ERR_NOENT;
	} else {
		err = netport_attach_locked(p, sw);
	}
	mutex_unlock(&net_mutex);
	return err;
}

void netport_detach_locked(struct netport *p)
{
	struct netswitch *sw = p->sw;
	unsigned long flags;

	if (sw == NULL) {
		return;
	}
	flags = spin_lock_irqsave(&net_state_lock);
	WRITE_ONCE(sw->active, sw->active & ~BIT(p->index));
	__atomic_store_n(&p->sw, NULL, __ATOMIC_RELAXED);
	netport_update_locked(p);
	spin_unlock_irqrestore(&net_state_lock, flags);
	__atomic_store_n(&sw->port[p->index], NULL, __ATOMIC_RELAXED);
	/*
	 * After this no CPU sends from it or to it: its number may be reused.
	 */
	cpu_quiesce();
	netport_leave_worker(p, &sw->worker);
	if (sw->policy->forget_port != NULL) {
		sw->policy->forget_port(sw->state, p->index);
	}
	netport_tell_link(p);
}

int netport_detach(struct netport *p)
{
	int err = 0;

	mutex_lock(&net_mutex);
	if (p->sw == NULL) {
		err = -ERR_STATE;
	} else {
		netport_detach_locked(p);
	}
	mutex_unlock(&net_mutex);
	return err;
}

void netport_set_down(struct netport *p, bool down)
{
	unsigned long flags;

	mutex_lock(&net_mutex);
	flags = spin_lock_irqsave(&net_state_lock);
	p->set_down = down;
	netport_update_locked(p);
	spin_unlock_irqrestore(&net_state_lock, flags);
	netport_tell_link(p);
	mutex_unlock(&net_mutex);
}

void netport_set_isolated(struct netport *p, bool on)
{
	WRITE_ONCE(p->isolated, on);
}

void netport_set_check_source(struct netport *p, bool on)
{
	WRITE_ONCE(p->check_source, on);
}

static bool netport_vlan_ok(const struct netport_vlan *vlan)
{
	if (vlan->vid > NET_VLAN_MAX || (!vlan->trunk && vlan->vid == 0)) {
		return false;
	}
	/* 0 and 4095 are no VLANs (IEEE 802.1Q, table 9-2). */
	return !vlan->trunk || ((vlan->allowed[0] & BIT(0)) == 0 &&
				(vlan->allowed[63] & BIT(63)) == 0);
}

int netport_set_vlan(struct netport *p, const struct netport_vlan *vlan)
{
	struct netport_vlan *copy;
	const struct netport_vlan *old;

	if (!netport_vlan_ok(vlan)) {
		return -ERR_RANGE;
	}
	copy = heap_alloc(sizeof(*copy));
	if (copy == NULL) {
		return -ERR_NOMEM;
	}
	*copy = *vlan;
	mutex_lock(&net_mutex);
	old = p->vlan;
	/* Replaced as a whole, so that no reader sees a half-written one. */
	__atomic_store_n(&p->vlan, copy, __ATOMIC_RELEASE);
	cpu_quiesce();
	netport_free_vlan(old);
	mutex_unlock(&net_mutex);
	return 0;
}

int netport_set_limit(struct netport *p, enum netport_direction dir,
		      const struct netport_limit *limit)
{
	uint64_t rate = limit->bytes_per_second;

	if (rate != 0 && (rate < NET_RATE_MIN || rate > NET_RATE_MAX ||
			  limit->burst < NET_FRAME_MAX)) {
		return -ERR_RANGE;
	}
	mutex_lock(&net_mutex);
	p->limit[dir] = *limit;
	net_rate_set(&p->traffic[dir].rate, rate, limit->burst);
	mutex_unlock(&net_mutex);
	return 0;
}

static void netport_read_counts(struct netport_traffic *t,
				struct netport_counts *out)
{
	out->packets = READ_ONCE(t->packets);
	out->bytes = READ_ONCE(t->bytes);
	for (unsigned int i = 0; i < NET_DROPS; i++) {
		out->drops[i] = READ_ONCE(t->drops[i]);
	}
}

void netport_get_info(struct netport *p, struct netport_info *out)
{
	*out = (struct netport_info){ .uplink = p->uplink };
	mutex_lock(&net_mutex);
	memcpy(out->name, p->name, sizeof(out->name));
	if (p->sw != NULL) {
		memcpy(out->switch_name, p->sw->name, sizeof(p->sw->name));
		out->index = p->index;
	}
	net_mac_bytes(READ_ONCE(p->mac), out->mac);
	out->set_down = p->set_down;
	out->carrier = READ_ONCE(p->carrier);
	out->up = READ_ONCE(p->up);
	out->isolated = p->isolated;
	out->check_source = p->check_source;
	out->accepts = READ_ONCE(p->accepts);
	out->max_len = p->max_len;
	out->vlan = *p->vlan;
	for (unsigned int d = 0; d < NETPORT_DIRECTIONS; d++) {
		out->limit[d] = p->limit[d];
		netport_read_counts(&p->traffic[d], &out->counts[d]);
	}
	mutex_unlock(&net_mutex);
}

const char *net_drop_name(enum net_drop why)
{
	static const char *const names[NET_DROPS] = {
		[NET_DROP_LINK_DOWN] = "link down",
		[NET_DROP_NO_BUFFER] = "no buffer",
		[NET_DROP_RATE] = "rate limit",
		[NET_DROP_STORM] = "storm limit",
		[NET_DROP_VLAN] = "VLAN",
		[NET_DROP_ISOLATED] = "isolated",
		[NET_DROP_FILTER] = "filtered",
		[NET_DROP_SOURCE] = "source address",
		[NET_DROP_MALFORMED] = "malformed",
		[NET_DROP_LENGTH] = "too long",
		[NET_DROP_OFFLOAD] = "offload",
	};

	return names[why];
}
