/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switches: creation and settings. */
#include <core/heap.h>
#include <libs/error.h>
#include <string.h>

#include "net_priv.h"

REGISTRY_DEFINE(netswitch_policy);

static struct list netswitches = LIST_INIT(netswitches); /* [N] */

struct netswitch *netswitch_find(const char *name)
{
	struct netswitch *sw;

	mutex_assert_held(&net_mutex);
	list_for_each(sw, &netswitches, node) {
		if (strcmp(sw->name, name) == 0) {
			return sw;
		}
	}
	return NULL;
}

static const struct netswitch_policy *netswitch_find_policy(const char *name)
{
	const struct netswitch_policy *it;

	registry_for_each(netswitch_policy, it) {
		if (strcmp(it->name, name) == 0) {
			return it;
		}
	}
	return NULL;
}

/* [N]. Check that one more switch can be created. */
static int netswitch_may_add(const char *name)
{
	unsigned int n = 0;
	struct list *at;

	if (!net_name_ok(name, NETSWITCH_NAME_MAX)) {
		return -ERR_INVAL;
	}
	if (netswitch_find(name) != NULL) {
		return -ERR_EXIST;
	}
	for (at = netswitches.next; at != &netswitches; at = at->next) {
		n++;
	}
	return n < NETSWITCH_MAX ? 0 : -ERR_NOSPC;
}

/* [N] */
static int netswitch_create_locked(const char *name,
				   const struct netswitch_policy *policy)
{
	struct netswitch *sw;
	int err = netswitch_may_add(name);

	if (err != 0) {
		return err;
	}
	sw = heap_alloc(sizeof(*sw));
	if (sw == NULL) {
		return -ERR_NOMEM;
	}
	memcpy(sw->name, name, strlen(name) + 1);
	sw->policy = policy;
	sw->ageing = NETSWITCH_AGEING;
	sw->storm = NETSWITCH_STORM;
	netport_worker_init(&sw->worker);
	err = policy->create(sw, &sw->state);
	if (err != 0) {
		heap_free(sw);
		return err;
	}
	list_append(&netswitches, &sw->node);
	return 0;
}

int netswitch_create(const char *name, const char *policy)
{
	const struct netswitch_policy *p = netswitch_find_policy(policy);
	int err;

	if (p == NULL) {
		return -ERR_NOENT;
	}
	mutex_lock(&net_mutex);
	err = netswitch_create_locked(name, p);
	mutex_unlock(&net_mutex);
	return err;
}

int netswitch_destroy(const char *name)
{
	struct netswitch *sw;

	mutex_lock(&net_mutex);
	sw = netswitch_find(name);
	if (sw == NULL) {
		mutex_unlock(&net_mutex);
		return -ERR_NOENT;
	}
	for (unsigned int i = 0; i < NETSWITCH_PORTS_MAX; i++) {
		if (sw->port[i] != NULL) {
			netport_detach_locked(sw->port[i]);
		}
	}
	list_remove(&sw->node);
	netswitch_stop_worker(sw);
	/*
	 * Each detach has waited for senders: the switch is no longer used.
	 */
	sw->policy->destroy(sw->state);
	heap_free(sw);
	mutex_unlock(&net_mutex);
	return 0;
}

/* [N] */
static void netswitch_read_info(const struct netswitch *sw,
				struct netswitch_info *out)
{
	*out = (struct netswitch_info){
		.policy = sw->policy->name,
		.has_table = sw->policy->next != NULL,
		.ageing = sw->ageing,
		.storm = sw->storm,
		.worker = sw->worker.set,
		.worker_turns = READ_ONCE(sw->worker.turns),
	};
	memcpy(out->name, sw->name, sizeof(out->name));
	for (unsigned int i = 0; i < NETSWITCH_PORTS_MAX; i++) {
		out->ports += sw->port[i] != NULL;
	}
}

bool netswitch_get_info(const char *name, struct netswitch_info *out)
{
	struct netswitch *sw;

	mutex_lock(&net_mutex);
	sw = netswitch_find(name);
	if (sw != NULL) {
		netswitch_read_info(sw, out);
	}
	mutex_unlock(&net_mutex);
	return sw != NULL;
}

bool netswitch_get_nth(unsigned int n, struct netswitch_info *out)
{
	struct netswitch *sw;
	bool found = false;

	mutex_lock(&net_mutex);
	list_for_each(sw, &netswitches, node) {
		if (n-- == 0) {
			netswitch_read_info(sw, out);
			found = true;
			break;
		}
	}
	mutex_unlock(&net_mutex);
	return found;
}

/* The bucket holds the frames of one second. */
void netswitch_storm_port(const struct netswitch *sw, struct netport *p)
{
	net_rate_set(&p->storm, sw->storm, sw->storm);
}

int netswitch_set_storm(const char *name, uint32_t per_second)
{
	struct netswitch *sw;

	mutex_lock(&net_mutex);
	sw = netswitch_find(name);
	for (unsigned int i = 0; sw != NULL && i < NETSWITCH_PORTS_MAX; i++) {
		sw->storm = per_second;
		if (sw->port[i] != NULL) {
			netswitch_storm_port(sw, sw->port[i]);
		}
	}
	mutex_unlock(&net_mutex);
	return sw != NULL ? 0 : -ERR_NOENT;
}

int netswitch_set_ageing(const char *name, uint32_t seconds)
{
	struct netswitch *sw;
	int err = 0;

	mutex_lock(&net_mutex);
	sw = netswitch_find(name);
	if (sw == NULL) {
		err = -ERR_NOENT;
	} else if (sw->policy->set_ageing == NULL) {
		err = -ERR_NOSUPP;
	} else if (seconds == 0 || seconds > NETSWITCH_AGEING_MAX) {
		err = -ERR_RANGE;
	} else {
		sw->ageing = seconds;
		sw->policy->set_ageing(sw->state, seconds);
	}
	mutex_unlock(&net_mutex);
	return err;
}

static bool netswitch_address_ok(net_mac_t mac, uint16_t vlan)
{
	return mac != 0 && mac <= NET_MAC_BROADCAST &&
	       (mac & NET_MAC_GROUP) == 0 && vlan >= 1 && vlan <= NET_VLAN_MAX;
}

int netswitch_add_static(const char *name, net_mac_t mac, uint16_t vlan,
			 struct netport *p)
{
	struct netswitch *sw;
	int err;

	if (!netswitch_address_ok(mac, vlan)) {
		return -ERR_RANGE;
	}
	mutex_lock(&net_mutex);
	sw = netswitch_find(name);
	if (sw == NULL) {
		err = -ERR_NOENT;
	} else if (sw->policy->add_static == NULL) {
		err = -ERR_NOSUPP;
	} else if (p->sw != sw) {
		err = -ERR_STATE;
	} else {
		err = sw->policy->add_static(sw->state, mac, vlan, p->index);
	}
	mutex_unlock(&net_mutex);
	return err;
}

int netswitch_remove(const char *name, net_mac_t mac, uint16_t vlan)
{
	struct netswitch *sw;
	int err;

	mutex_lock(&net_mutex);
	sw = netswitch_find(name);
	if (sw == NULL) {
		err = -ERR_NOENT;
	} else if (sw->policy->remove == NULL) {
		err = -ERR_NOSUPP;
	} else {
		err = sw->policy->remove(sw->state, mac, vlan);
	}
	mutex_unlock(&net_mutex);
	return err;
}

bool netswitch_next(const char *name, unsigned int *at,
		    struct netswitch_entry *out)
{
	struct netswitch *sw;
	bool found = false;

	mutex_lock(&net_mutex);
	sw = netswitch_find(name);
	if (sw != NULL && sw->policy->next != NULL) {
		found = sw->policy->next(sw->state, at, out);
	}
	mutex_unlock(&net_mutex);
	return found;
}
