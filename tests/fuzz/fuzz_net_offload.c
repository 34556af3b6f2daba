/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of a hostile guest through a switch: any bytes, cut anywhere, with any
 * offload, to receivers that take all, some or nothing of it, in VLANs and out
 * of them. What arrives is within what the receiver takes, and no longer than
 * what was sent.
 */
#include "tests/unit/net_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FROM, PLAIN, SOME, ALL, TRUNK, PORTS };

struct record {
	uint8_t cuts, flags, gso_type, what;
	uint16_t len, gso_size, csum_start, csum_offset, hdr_len;
};

static struct fake_port port[PORTS];
static const uint32_t accepts[PORTS] = {
	[SOME] = NET_ACCEPT_CSUM,
	[ALL] = NET_ACCEPT_CSUM | NET_ACCEPT_TSO4 | NET_ACCEPT_TSO6 |
		NET_ACCEPT_ECN | NET_ACCEPT_USO,
};
static uint8_t frame[65536 + 64];

static void check(bool ok)
{
	if (!ok) {
		abort();
	}
}

static void begin(void)
{
	struct netport_vlan vlan = { .trunk = true };

	fake_thread();
	for (unsigned int i = 0; i < PORTS; i++) {
		check(fake_port_create(&port[i], NULL, (uint8_t)i) == 0);
		netport_set_accepts(port[i].port, accepts[i]);
		check(netport_attach(port[i].port, "lan", true) == 0);
	}
	vlan.allowed[0] = BIT(1) | BIT(2);
	check(netport_set_vlan(port[TRUNK].port, &vlan) == 0);
	check(netswitch_set_storm("lan", 0) == 0);
}

static void look(unsigned int i, const struct net_packet *sent)
{
	for (unsigned int k = 0; k < port[i].count; k++) {
		const struct fake_packet *p = &port[i].got[k];

		check(p->len >= NET_ETH_LEN);
		check(p->len <= sent->len + NET_TAG_LEN);
		if (p->offload.flags & NET_HDR_NEEDS_CSUM) {
			check(accepts[i] & NET_ACCEPT_CSUM);
			check(p->offload.csum_start + p->offload.csum_offset +
				      2U <=
			      p->len);
		}
		check(p->offload.gso_type == 0 || i == ALL);
		check(p->offload.gso_type != 0 || p->len <= 1514 + 4);
		/* Only the trunk has tags. */
		check(i == TRUNK || p->data[12] != 0x81 || p->data[13] != 0);
	}
	fake_forget(&port[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct io_segment segs[NET_SEGS_MAX];
	struct net_packet pkt = { .segs = segs };
	struct record r;
	uint32_t at = 0;

	if (size < sizeof(r)) {
		return 0;
	}
	if (port[0].port == NULL) {
		begin();
	}
	memcpy(&r, data, sizeof(r));
	data += sizeof(r);
	size = MIN(size - sizeof(r), (size_t)4096);
	memset(frame, r.what, sizeof(frame));
	memcpy(frame, data, size);
	pkt.len = r.len;
	pkt.offload = (struct net_offload){
		.flags = r.flags,
		.gso_type = r.gso_type,
		.hdr_len = r.hdr_len,
		.gso_size = r.gso_size,
		.csum_start = r.csum_start,
		.csum_offset = r.csum_offset,
	};
	while (at < pkt.len || pkt.nsegs == 0) {
		uint32_t part = pkt.nsegs == NET_SEGS_MAX - 1
					? pkt.len - at
					: (pkt.nsegs + 1U) * r.cuts;

		part = MIN(part, pkt.len - at);
		/* Memory of its own: what is read past it is seen. */
		segs[pkt.nsegs].va = malloc(part);
		segs[pkt.nsegs].size = part;
		memcpy(segs[pkt.nsegs].va, frame + at, part);
		pkt.nsegs++;
		at += part;
	}
	(void)netport_send(port[r.what & 1 ? TRUNK : FROM].port, &pkt, 1);
	for (unsigned int i = 0; i < PORTS; i++) {
		look(i, &pkt);
	}
	for (unsigned int i = 0; i < pkt.nsegs; i++) {
		free(segs[i].va);
	}
	return 0;
}
