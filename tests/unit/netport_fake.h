/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A part of emu_fake.h: the one port of a virtual switch that a device under
 * test has. */
#ifndef TESTS_UNIT_NETPORT_FAKE_H
#define TESTS_UNIT_NETPORT_FAKE_H

/* One port. Packets sent through it are kept, the last one with its bytes, and
 * are returned if `echo` is set. */
#define FAKE_SENT_MAX 64
struct netport {
	struct netport_attr attr;
	char name[NETPORT_NAME_MAX], sw[NETSWITCH_NAME_MAX];
	struct netport_vlan vlan;
	bool isolated, check_source, carrier, echo;
	uint32_t accepts;
	unsigned int calls, nsent;
	struct net_packet sent[FAKE_SENT_MAX]; /* without their segments */
	uint8_t data[NET_FRAME_MAX];
	uint32_t dropped[NET_DROPS];
};
static struct netport *fake_netport;

int netport_create(struct netport **out, const struct netport_attr *attr)
{
	fake_check(!fake_held && !fake_netport);
	if (fake_heap_budget == 0) {
		return -ERR_NOMEM;
	}
	fake_netport = calloc(1, sizeof(*fake_netport));
	fake_netport->attr = *attr;
	fake_netport->carrier = true;
	(void)snprintf(fake_netport->name, sizeof(fake_netport->name), "%s",
		       attr->name);
	*out = fake_netport;
	return 0;
}

void netport_destroy(struct netport *p)
{
	fake_check(!fake_held && p == fake_netport);
	free(p);
	fake_netport = NULL;
}

/* Calls of netport_defer(), by which the owner asks for the switch's worker. */
static unsigned int fake_deferred;
static bool fake_worker;

bool netport_defer(struct netport *p)
{
	(void)p;
	fake_deferred += fake_worker;
	return fake_worker;
}

uint64_t netport_bytes_sent(const struct netport *p)
{
	(void)p;
	return 1000001;
}

uint64_t netport_bytes_received(const struct netport *p)
{
	(void)p;
	return 2000002;
}

void *netport_arg(const struct netport *p)
{
	return p->attr.arg;
}

int netport_attach(struct netport *p, const char *name, bool make)
{
	fake_check(make && !fake_held);
	(void)snprintf(p->sw, sizeof(p->sw), "%s", name);
	p->attr.ops->link(p, true);
	return 0;
}

int netport_set_vlan(struct netport *p, const struct netport_vlan *vlan)
{
	p->vlan = *vlan;
	return 0;
}

void netport_set_isolated(struct netport *p, bool on)
{
	p->isolated = on;
}

void netport_set_check_source(struct netport *p, bool on)
{
	p->check_source = on;
}

void netport_set_carrier(struct netport *p, bool up)
{
	p->carrier = up;
}

void netport_set_accepts(struct netport *p, uint32_t accepts)
{
	p->accepts = accepts;
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

/* Give the guest a packet, as a switch does: true if it took it. */
static inline bool fake_port_give(uint8_t *data, uint32_t len,
				  const struct net_offload *o)
{
	struct io_segment segs[2] = { { .va = data, .size = MIN(len, 18) } };
	struct net_packet pkt = { .segs = segs, .nsegs = 1, .len = len };
	enum net_drop why = NET_DROPS;

	if (len > 18) {
		segs[1] = (struct io_segment){ .va = data + 18,
					       .size = len - 18 };
		pkt.nsegs = 2;
	}
	if (o) {
		pkt.offload = *o;
	}
	if (fake_netport->attr.ops->receive(fake_netport, &pkt, &why)) {
		return true;
	}
	fake_check(why < NET_DROPS);
	fake_netport->dropped[why]++;
	return false;
}

/* Reads each byte of the packet. */
static inline void fake_port_keep(struct netport *p,
				  const struct net_packet *pkt)
{
	uint32_t at = 0;

	p->sent[p->nsent++ % FAKE_SENT_MAX] = *pkt;
	for (unsigned int i = 0; i < pkt->nsegs; i++) {
		fake_check(pkt->segs[i].size <= pkt->len - at);
		if (at + pkt->segs[i].size <= sizeof(p->data)) {
			memcpy(p->data + at, pkt->segs[i].va,
			       pkt->segs[i].size);
		}
		at += (uint32_t)pkt->segs[i].size;
	}
	fake_check(at == pkt->len);
}

size_t netport_send(struct netport *p, const struct net_packet *packets,
		    unsigned int n)
{
	size_t copied = 0;

	fake_check(!fake_held && n <= NET_BATCH_MAX);
	p->calls++;
	for (unsigned int i = 0; i < n; i++) {
		fake_port_keep(p, &packets[i]);
		copied += packets[i].len;
		if (p->echo && packets[i].len >= NET_ETH_LEN &&
		    packets[i].len <= sizeof(p->data)) {
			(void)fake_port_give(p->data, packets[i].len, NULL);
		}
	}
	if (p->echo) {
		p->attr.ops->receive_done(p);
	}
	return copied;
}

#endif
