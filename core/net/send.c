/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The path of a packet from port to port. No lock is taken here: interrupts are
 * masked, and whoever removes a port, a switch or a setting waits until all
 * sends that began before have ended (cpu_quiesce()).
 *
 * The sender may be a guest that changes its packet meanwhile. So the part that
 * decides where it goes is copied first, and this copy is both checked and
 * delivered; the rest is copied once, by the receiver.
 *
 * Small copies of a known size use the compiler's builtin memcpy: in a
 * freestanding image the function would be called otherwise.
 */
#include <arch/cpu.h>
#include <string.h>

#include "capture_priv.h"
#include "net_priv.h"
#include "offload_priv.h"

/* IEEE 802.1Q, table 9-1, in the order of the frame's bytes. */
#define TYPE_CUSTOMER_TAG 0x0081 /* 0x8100 */
#define TYPE_SERVICE_TAG 0xa888  /* 0x88a8 */

/*
 * The beginning of a frame: addresses, tag and type, laid out as in a tagged
 * frame. Without a tag the addresses are next to the type, 4 bytes further on.
 */
#define HEAD_TYPE 16
#define HEAD_SIZE (HEAD_TYPE + 2)
#define HEAD_UNTAGGED (HEAD_SIZE - NET_ETH_LEN)

#define MAC_MASK (BIT(8 * NET_MAC_LEN) - 1)

struct net_frame {
	const struct net_packet *pkt;
	uint16_t vlan;
	uint16_t priority; /* of its tag, if it had one: PCP and DEI */
	uint32_t taken;    /* bytes of the packet that `head` stands for */
	uint8_t head[HEAD_SIZE] __aligned(8);
	/* Room for the head and then the rest of the packet, and how many of
	 * them are there; 0: none is built yet. */
	struct io_segment *segs;
	unsigned int nsegs;
};

/* One call of netport_send(). */
struct net_send {
	struct netport *from;
	struct netswitch *sw;
	ticks_t now;
	bool alone;       /* the packet is the only one */
	uint64_t touched; /* ports that have received something */
	size_t copied;    /* bytes */
	uint64_t packets, bytes;
	/* Where the last one of two addresses went that had no tag. What is set
	 * of ports meanwhile holds for the next call, as for packets that were
	 * sent a little earlier. */
	struct {
		net_mac_t dst, src;
		struct netport *to; /* NULL: none yet */
		uint16_t vlan;
		bool tagged;
		bool plain; /* nothing that net_send_plain() cannot do */
	} way;
	/* Given to a port and not in its counts yet: no atomic operation for
	 * each packet. */
	struct {
		struct netport *to; /* NULL: none */
		uint64_t packets, bytes;
	} given;
};

static void net_add(uint64_t *count, uint64_t n)
{
	(void)__atomic_fetch_add(count, n, __ATOMIC_RELAXED);
}

static void net_dropped(struct netport *p, enum netport_direction dir,
			enum net_drop why)
{
	net_add(&p->traffic[dir].drops[why], 1);
}

/* Copy n bytes from the packet's start, which it has. */
static void frame_gather(const struct net_packet *pkt, uint8_t *to, size_t n)
{
	const struct io_segment *s = pkt->segs;

	for (size_t part; n > 0; n -= part, to += part, s++) {
		part = MIN(s->size, n);
		memcpy(to, s->va, part);
	}
}

/* The head of an untagged frame has 14 bytes, of a tagged one 18. False: the
 * frame ends within it. */
static bool frame_read_head(struct net_frame *f)
{
	uint8_t first[HEAD_SIZE] __aligned(8);
	uint16_t type, tag;

	if (likely(f->pkt->segs[0].size >= HEAD_SIZE)) {
		__builtin_memcpy(first, f->pkt->segs[0].va, HEAD_SIZE);
	} else {
		memset(first, 0, HEAD_SIZE);
		frame_gather(f->pkt, first,
			     MIN(f->pkt->len, (uint32_t)HEAD_SIZE));
	}
	__builtin_memcpy(f->head + HEAD_UNTAGGED, first, NET_ETH_LEN);
	__builtin_memcpy(&type, first + 2 * NET_MAC_LEN, sizeof(type));
	f->taken = NET_ETH_LEN;
	f->vlan = 0;
	f->priority = 0;
	if (type == TYPE_CUSTOMER_TAG) {
		__builtin_memcpy(&tag, first + NET_ETH_LEN, sizeof(tag));
		tag = __builtin_bswap16(tag);
		f->vlan = tag & 0xfff;
		f->priority = tag & 0xf000;
		f->taken = HEAD_SIZE;
		__builtin_memcpy(f->head + HEAD_TYPE, first + HEAD_TYPE, 2);
	}
	return f->pkt->len >= f->taken;
}

static net_mac_t frame_dst(const struct net_frame *f)
{
	net_mac_t mac = 0;

	__builtin_memcpy(&mac, f->head + HEAD_UNTAGGED, NET_MAC_LEN);
	return mac;
}

static net_mac_t frame_src(const struct net_frame *f)
{
	net_mac_t mac = 0;

	__builtin_memcpy(&mac, f->head + HEAD_UNTAGGED + NET_MAC_LEN,
			 NET_MAC_LEN);
	return mac;
}

/* Is what follows the tag another tag? */
static bool frame_tagged_twice(const struct net_frame *f)
{
	uint16_t type;

	__builtin_memcpy(&type, f->head + HEAD_TYPE, sizeof(type));
	return type == TYPE_CUSTOMER_TAG || type == TYPE_SERVICE_TAG;
}

static bool vlan_allowed(const struct netport_vlan *v, uint16_t vid)
{
	return (v->allowed[vid >> 6] >> (vid & 63) & 1) != 0;
}

/*
 * The VLAN of a frame that came in by a port (IEEE 802.1Q, 6.9). A tag with VID
 * 0 gives only a priority. False: the port is not in that VLAN.
 */
static bool frame_classify(struct net_frame *f, const struct netport *p)
{
	const struct netport_vlan *v =
		__atomic_load_n(&p->vlan, __ATOMIC_ACQUIRE);

	if (f->vlan == 0) {
		f->vlan = v->vid;
		/* Without the outer tag the frame would be in the VLAN of the
		 * inner one. */
		return v->vid != 0 &&
		       (f->taken == NET_ETH_LEN || !frame_tagged_twice(f));
	}
	return v->trunk && (f->vlan == v->vid || vlan_allowed(v, f->vlan));
}

/* Admit the packet, if the settings of its port allow it. False: dropped, for
 * reason *why. */
static bool frame_admit(struct net_send *s, struct net_frame *f,
			enum net_drop *why)
{
	const struct net_packet *pkt = f->pkt;
	struct netport *p = s->from;

	*why = NET_DROP_MALFORMED;
	if (pkt->len < NET_ETH_LEN || pkt->len > NET_FRAME_MAX ||
	    pkt->nsegs == 0 || pkt->nsegs > NET_SEGS_MAX) {
		return false;
	}
	if (!frame_read_head(f)) {
		return false;
	}
	net_tap(p, NETPORT_IN, pkt);
	if (net_offload_any(&pkt->offload) &&
	    !net_offload_ok(&pkt->offload, f->taken, pkt->len)) {
		return false;
	}
	if (!net_rate_take(&p->traffic[NETPORT_IN].rate, s->now, pkt->len)) {
		*why = NET_DROP_RATE;
		return false;
	}
	if (!frame_classify(f, p)) {
		*why = NET_DROP_VLAN;
		return false;
	}
	*why = NET_DROP_SOURCE;
	return (frame_src(f) & NET_MAC_GROUP) == 0 &&
	       (!READ_ONCE(p->check_source) ||
		frame_src(f) == READ_ONCE(p->mac));
}

/* Describe the rest of the packet behind its head. */
static void frame_build(struct net_frame *f)
{
	const struct io_segment *s = f->pkt->segs;
	const struct io_segment *end = s + f->pkt->nsegs;
	struct io_segment *to = &f->segs[1];
	size_t skip = f->taken;

	for (; s < end && skip >= s->size; s++) {
		skip -= s->size;
	}
	for (; s < end; s++, skip = 0) {
		*to++ = (struct io_segment){
			.va = (uint8_t *)s->va + skip,
			.size = s->size - skip,
		};
	}
	f->nsegs = (unsigned int)(to - f->segs);
}

/* Build the frame as it leaves, with a new head, with or without a tag. Nothing
 * that a guest may change is read. */
static void frame_form(struct net_frame *f, bool tagged, struct net_packet *out)
{
	uint32_t size = tagged ? HEAD_SIZE : NET_ETH_LEN;
	uint8_t *head = f->head + (tagged ? 0 : HEAD_UNTAGGED);

	if (f->nsegs == 0) {
		frame_build(f);
	}
	if (tagged) {
		uint16_t tag = __builtin_bswap16(f->priority | f->vlan);
		uint16_t type = TYPE_CUSTOMER_TAG;

		memmove(head, f->head + HEAD_UNTAGGED, 2 * NET_MAC_LEN);
		__builtin_memcpy(head + 2 * NET_MAC_LEN, &type, sizeof(type));
		__builtin_memcpy(head + 2 * NET_MAC_LEN + 2, &tag, sizeof(tag));
	}
	f->segs[0] = (struct io_segment){ .va = head, .size = size };
	*out = (struct net_packet){
		.segs = f->segs,
		.nsegs = f->nsegs,
		.len = f->pkt->len - f->taken + size,
		.offload = f->pkt->offload,
	};
	if (net_offload_any(&out->offload)) {
		uint16_t moved = (uint16_t)(size - f->taken);

		out->offload.csum_start += moved;
		out->offload.hdr_len += moved;
	}
}

/* Is the port in the frame's VLAN, and does the frame keep its tag there? */
static bool frame_leaves(const struct net_frame *f, const struct netport *p,
			 bool *tagged)
{
	const struct netport_vlan *v =
		__atomic_load_n(&p->vlan, __ATOMIC_ACQUIRE);

	if (f->vlan == v->vid) {
		*tagged = false;
		/* Native VLAN: the tag is removed, and an inner tag must not
		 * take its place (VLAN hopping). */
		return f->taken == NET_ETH_LEN || !frame_tagged_twice(f);
	}
	*tagged = true;
	return v->trunk && vlan_allowed(v, f->vlan);
}

static void net_count_given(struct net_send *s)
{
	if (s->given.to != NULL) {
		struct netport_traffic *t = &s->given.to->traffic[NETPORT_OUT];

		net_add(&t->packets, s->given.packets);
		net_add(&t->bytes, s->given.bytes);
	}
}

/* A port's owner has taken a packet of so many bytes. */
static inline void net_given(struct net_send *s, struct netport *to,
			     uint32_t len)
{
	if (s->given.to != to) {
		net_count_given(s);
		s->given.to = to;
		s->given.packets = s->given.bytes = 0;
		s->touched |= BIT(to->index);
	}
	s->given.packets++;
	s->given.bytes += len;
	s->copied += len;
}

/* Packets for one receiver. */
struct net_delivery {
	struct net_send *send;
	struct netport *to;
	uint32_t most; /* bytes of a frame, with its tag if it has one */
};

/* Called for each packet that is as the receiver takes it. */
static inline void net_give(const struct net_delivery *d,
			    const struct net_packet *pkt)
{
	struct netport_traffic *t = &d->to->traffic[NETPORT_OUT];
	enum net_drop why = NET_DROP_NO_BUFFER;
	struct net_send *s = d->send;

	/* The length of a packet that is still to be segmented is that of its
	 * segments. */
	if (pkt->offload.gso_type == NET_HDR_GSO_NONE && pkt->len > d->most) {
		net_add(&t->drops[NET_DROP_LENGTH], 1);
		return;
	}
	if (!net_rate_take(&t->rate, s->now, pkt->len)) {
		net_add(&t->drops[NET_DROP_RATE], 1);
		return;
	}
	net_tap(d->to, NETPORT_OUT, pkt);
	if (!d->to->ops->receive(d->to, pkt, &why)) {
		net_add(&t->drops[why], 1);
		return;
	}
	net_given(s, d->to, pkt->len);
}

static void net_give_completed(void *delivery, const struct net_packet *pkt)
{
	net_give(delivery, pkt);
}

static void net_deliver(struct net_send *s, struct net_frame *f,
			struct netport *to, bool tagged)
{
	struct net_delivery d = {
		.send = s,
		.to = to,
		.most = to->max_len + (tagged ? NET_TAG_LEN : 0),
	};
	struct net_packet pkt;

	frame_form(f, tagged, &pkt);
	if (pkt.offload.gso_type != NET_HDR_GSO_NONE &&
	    net_offload_segment_len(&pkt.offload) > d.most) {
		net_dropped(to, NETPORT_OUT, NET_DROP_LENGTH);
	} else if (net_offload_accepted(READ_ONCE(to->accepts), &pkt.offload)) {
		net_give(&d, &pkt);
	} else if (!net_offload_complete(&pkt, net_give_completed, &d)) {
		net_dropped(to, NETPORT_OUT, NET_DROP_OFFLOAD);
	}
}

/* Neither limited nor captured in this direction? */
static bool net_plain(const struct netport *p, enum netport_direction dir)
{
	return READ_ONCE(p->traffic[dir].rate.price) == 0 &&
	       READ_ONCE(p->tap) == NULL;
}

static void net_unicast(struct net_send *s, struct net_frame *f,
			unsigned int index)
{
	struct netport *to =
		__atomic_load_n(&s->sw->port[index], __ATOMIC_ACQUIRE);
	bool tagged;

	if (to == s->from || to == NULL) {
		/* The destination is behind the port it came from (IEEE 802.1Q,
		 * 8.6.1), or gone. */
		net_dropped(s->from, NETPORT_IN, NET_DROP_FILTER);
	} else if (!frame_leaves(f, to, &tagged)) {
		net_dropped(to, NETPORT_OUT, NET_DROP_VLAN);
	} else if (!READ_ONCE(to->up)) {
		net_dropped(to, NETPORT_OUT, NET_DROP_LINK_DOWN);
	} else if (READ_ONCE(to->isolated) && READ_ONCE(s->from->isolated)) {
		net_dropped(to, NETPORT_OUT, NET_DROP_ISOLATED);
	} else {
		if (f->taken == NET_ETH_LEN) {
			s->way.dst = frame_dst(f);
			s->way.src = frame_src(f);
			s->way.to = to;
			s->way.vlan = f->vlan;
			s->way.tagged = tagged;
			s->way.plain = false;
		}
		net_deliver(s, f, to, tagged);
	}
}

/*
 * Send to all other ports of its VLAN. Two limits keep a loop of switches, or a
 * guest, from flooding them: frames a second, and, because interrupts are
 * masked, bytes copied for one frame.
 */
static void net_flood(struct net_send *s, struct net_frame *f)
{
	uint64_t left = READ_ONCE(s->sw->active) & ~BIT(s->from->index);
	size_t end = s->copied + NET_FLOOD_BYTES;

	if (!net_rate_take(&s->from->storm, s->now, 1)) {
		net_dropped(s->from, NETPORT_IN, NET_DROP_STORM);
		return;
	}
	for (; left != 0; left &= left - 1) {
		struct netport *to = __atomic_load_n(
			&s->sw->port[__builtin_ctzll(left)], __ATOMIC_ACQUIRE);
		bool tagged;

		if (to == NULL || !frame_leaves(f, to, &tagged) ||
		    (READ_ONCE(to->isolated) && READ_ONCE(s->from->isolated))) {
			continue; /* the frame is not for this port */
		}
		if (s->copied >= end) {
			net_dropped(to, NETPORT_OUT, NET_DROP_STORM);
		} else {
			net_deliver(s, f, to, tagged);
		}
	}
}

/* The head of a frame without a tag, each of whose bytes is read once: what is
 * compared is what is delivered. */
struct net_head {
	uint64_t dst_src; /* and two bytes of the source */
	uint32_t src;
	uint16_t type;
};

/*
 * Find the way of a packet that has no tag. False: somebody limits or captures
 * it, it is not for one port alone, or it is to be dropped.
 */
static bool net_find_way(struct net_send *s, const struct net_head *head)
{
	struct netport *from = s->from, *to;
	const struct netport_vlan *in, *out;
	struct netswitch_query q = {
		.dst = head->dst_src & MAC_MASK,
		.src = head->dst_src >> 48 | (uint64_t)head->src << 16,
		.from = from->index,
		.now = s->now,
	};
	unsigned int index;

	s->way.to = NULL;
	in = __atomic_load_n(&from->vlan, __ATOMIC_ACQUIRE);
	q.vlan = in->vid;
	if (!net_plain(from, NETPORT_IN) || q.vlan == 0 ||
	    ((q.src | q.dst) & NET_MAC_GROUP) != 0 ||
	    (READ_ONCE(from->check_source) && q.src != READ_ONCE(from->mac))) {
		return false;
	}
	index = s->sw->policy->forward(s->sw->state, &q);
	if (index >= NETSWITCH_PORTS_MAX) {
		return false;
	}
	to = __atomic_load_n(&s->sw->port[index], __ATOMIC_ACQUIRE);
	if (to == from || to == NULL) {
		return false;
	}
	out = __atomic_load_n(&to->vlan, __ATOMIC_ACQUIRE);
	if (out->vid != q.vlan || !READ_ONCE(to->up) ||
	    (READ_ONCE(to->isolated) && READ_ONCE(from->isolated)) ||
	    !net_plain(to, NETPORT_OUT)) {
		return false;
	}
	s->way.dst = q.dst;
	s->way.src = q.src;
	s->way.to = to;
	s->way.vlan = q.vlan;
	s->way.tagged = false;
	s->way.plain = true;
	return true;
}

/*
 * Hot: a packet in one piece, without a tag or work for the receiver, for one
 * port, and neither limited nor captured. Most are. What was asked of the ports
 * for the one before it holds for the next between the same addresses, too.
 * False: go the whole way, by which it is also dropped.
 */
static bool net_send_plain(struct net_send *s, const struct net_packet *pkt)
{
	const struct io_segment *seg = pkt->segs;
	struct io_segment segs[2];
	enum net_drop why = NET_DROP_NO_BUFFER;
	struct net_packet out;
	struct net_head head;
	struct netport *to;

	if (pkt->nsegs != 1 || seg->size <= HEAD_SIZE ||
	    net_offload_any(&pkt->offload)) {
		return false;
	}
	__builtin_memcpy(&head.dst_src, seg->va, sizeof(head.dst_src));
	__builtin_memcpy(&head.src, (const uint8_t *)seg->va + 8,
			 sizeof(head.src));
	__builtin_memcpy(&head.type, (const uint8_t *)seg->va + 12,
			 sizeof(head.type));
	if (head.type == TYPE_CUSTOMER_TAG) {
		return false;
	}
	if (s->way.to == NULL ||
	    head.dst_src != (s->way.dst | s->way.src << 48) ||
	    head.src != (uint32_t)(s->way.src >> 16)) {
		if (!net_find_way(s, &head)) {
			return false;
		}
	} else if (!s->way.plain) {
		return false;
	}
	to = s->way.to;
	if (pkt->len > to->max_len) {
		return false;
	}
	segs[0] = (struct io_segment){ .va = &head, .size = NET_ETH_LEN };
	segs[1] = (struct io_segment){
		.va = (uint8_t *)seg->va + NET_ETH_LEN,
		.size = seg->size - NET_ETH_LEN,
	};
	out = (struct net_packet){
		.segs = segs,
		.nsegs = ARRAY_SIZE(segs),
		.len = pkt->len,
		.offload.flags = pkt->offload.flags,
	};
	s->packets++;
	s->bytes += pkt->len;
	if (s->alone && to->ops->receive_alone != NULL) {
		if (!to->ops->receive_alone(to, &out, &why)) {
			net_dropped(to, NETPORT_OUT, why);
			return true;
		}
		/* It has been told: it is not `touched`. */
		s->given.to = to;
		s->given.packets = 1;
		s->given.bytes = s->copied = pkt->len;
		return true;
	}
	if (to->ops->receive(to, &out, &why)) {
		net_given(s, to, pkt->len);
	} else {
		net_dropped(to, NETPORT_OUT, why);
	}
	return true;
}

static __noinline void net_send_one(struct net_send *s,
				    const struct net_packet *pkt)
{
	struct io_segment segs[NET_SEGS_MAX + 1];
	struct net_frame f = { .pkt = pkt, .segs = segs };
	enum net_drop why;
	unsigned int to;

	if (!frame_admit(s, &f, &why)) {
		net_dropped(s->from, NETPORT_IN, why);
		return;
	}
	s->packets++;
	s->bytes += pkt->len;
	if (s->way.to != NULL && f.taken == NET_ETH_LEN &&
	    f.vlan == s->way.vlan && frame_dst(&f) == s->way.dst &&
	    frame_src(&f) == s->way.src) {
		net_deliver(s, &f, s->way.to, s->way.tagged);
		return;
	}
	to = s->sw->policy->forward(s->sw->state,
				    &(struct netswitch_query){
					    .dst = frame_dst(&f),
					    .src = frame_src(&f),
					    .vlan = f.vlan,
					    .from = s->from->index,
					    .now = s->now,
				    });
	if (to < NETSWITCH_PORTS_MAX) {
		net_unicast(s, &f, to);
	} else if (to == NETSWITCH_FLOOD) {
		net_flood(s, &f);
	} else {
		net_dropped(s->from, NETPORT_IN, NET_DROP_FILTER);
	}
}

/* Notify the ports that have received something, and count. */
static void net_send_finish(struct net_send *s)
{
	struct netport_traffic *t = &s->from->traffic[NETPORT_IN];
	uint64_t left = s->touched;

	for (; left != 0; left &= left - 1) {
		struct netport *to = __atomic_load_n(
			&s->sw->port[__builtin_ctzll(left)], __ATOMIC_ACQUIRE);

		if (to != NULL && to->ops->receive_done != NULL) {
			to->ops->receive_done(to);
		}
	}
	net_count_given(s);
	net_add(&t->packets, s->packets);
	net_add(&t->bytes, s->bytes);
}

size_t netport_send(struct netport *p, const struct net_packet *packets,
		    unsigned int n)
{
	unsigned long flags = arch_irq_save();
	struct net_send s;

	s.from = p;
	/* Pairs with netport_attach_locked(). */
	s.sw = __atomic_load_n(&p->sw, __ATOMIC_ACQUIRE);
	s.now = time_now();
	s.alone = n == 1;
	s.touched = s.copied = 0;
	s.packets = s.bytes = 0;
	s.way.to = s.given.to = NULL;
	if (s.sw == NULL || !READ_ONCE(p->up)) {
		net_add(&p->traffic[NETPORT_IN].drops[NET_DROP_LINK_DOWN], n);
	} else {
		for (unsigned int i = 0; i < n; i++) {
			if (!net_send_plain(&s, &packets[i])) {
				net_send_one(&s, &packets[i]);
			}
		}
		net_send_finish(&s);
	}
	arch_irq_restore(flags);
	return s.copied;
}
