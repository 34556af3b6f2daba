/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of coprocessors in messaging domains: one whose memory is an array,
 * and whose firmware keeps the rules of vrings as the device's side. */
#ifndef TESTS_UNIT_COPRO_SIM_H
#define TESTS_UNIT_COPRO_SIM_H

#include "core/msg/rproc_priv.h"
#include "tests/unit/vmsg_case.h"

#define SIM_ADDRESS UINT64_C(0x80000000)
#define SIM_SIZE 0x100000
#define SIM_TABLE 0x40 /* offset of the resource table */
#define SIM_VRINGS 128 /* entries of each */

static struct {
	_Alignas(4096) uint8_t memory[SIM_SIZE];
	bool running, gone;
	unsigned int kicks[2];
	struct rproc *rp;
	struct resource_table table;
	uint16_t from_seen, from_used, to_seen, to_used;
} sim;

static bool sim_memory(void *arg, uint64_t *address, void **base,
		       uint64_t *size)
{
	assert_ptr_equal(arg, &sim);
	*address = SIM_ADDRESS;
	*base = sim.memory;
	*size = sizeof(sim.memory);
	return !sim.gone;
}

static bool sim_running(void *arg)
{
	(void)arg;
	return sim.running;
}

static void sim_kick(void *arg, uint32_t notifyid)
{
	(void)arg;
	assert_true(notifyid < 2);
	assert_true(sim.running);
	sim.kicks[notifyid]++;
}

static const struct mailbox_ops sim_ops = {
	.memory = sim_memory,
	.running = sim_running,
	.kick = sim_kick,
};

static inline void sim_put32(uint32_t at, uint32_t v)
{
	memcpy(sim.table.bytes + at, &v, sizeof(v));
}

static inline uint32_t sim_get32(uint64_t at)
{
	uint32_t v;

	assert_true(at + sizeof(v) <= sizeof(sim.memory));
	memcpy(&v, sim.memory + at, sizeof(v));
	return v;
}

/* The table of a firmware with an RPMSG device alone. */
static inline void sim_table(uint32_t features)
{
	memset(&sim.table, 0, sizeof(sim.table));
	sim.table.address = SIM_ADDRESS + SIM_TABLE;
	sim.table.size = 88;
	sim_put32(0, RESOURCE_VERSION);
	sim_put32(4, 1);
	sim_put32(16, 20);
	sim_put32(20, RESOURCE_VDEV);
	sim_put32(24, VIRTIO_ID_RPMSG);
	sim_put32(32, features);
	sim.table.bytes[45] = 2;
	sim.table.vdev = 24;
	sim.table.features = features;
	for (unsigned int i = 0; i < RESOURCE_VRINGS; i++) {
		sim.table.vring[i] = (struct resource_vring){
			.at = 48 + 20 * i,
			.address = RESOURCE_ADDRESS_ANY,
			.align = 4096,
			.num = SIM_VRINGS,
		};
	}
}

static inline uint8_t sim_status(void)
{
	return sim.memory[SIM_TABLE + 24 + RESOURCE_VDEV_STATUS];
}

/* --- the firmware --------------------------------------------------------- */

static inline uint8_t *sim_at(uint64_t address, uint64_t size)
{
	assert_true(address >= SIM_ADDRESS &&
		    address - SIM_ADDRESS + size <= SIM_SIZE);
	return sim.memory + (address - SIM_ADDRESS);
}

static inline uint8_t *sim_ring(unsigned int n)
{
	uint32_t address = sim_get32(SIM_TABLE + 48 + 20 * n);

	assert_int_equal(address % 4096, 0);
	assert_int_equal(sim_get32(SIM_TABLE + 48 + 20 * n + 12), n);
	return sim_at(address, 8192);
}

static inline struct virtq_desc *sim_desc(unsigned int n)
{
	return (struct virtq_desc *)(void *)sim_ring(n);
}

static inline struct virtq_avail *sim_avail(unsigned int n)
{
	return (struct virtq_avail *)(void *)(sim_ring(n) + 16 * SIM_VRINGS);
}

static inline struct virtq_used *sim_used(unsigned int n)
{
	return (struct virtq_used *)(void *)(sim_ring(n) + 4096);
}

/* The coprocessor starts, or is reset: its firmware forgets all. */
static inline void sim_start(void)
{
	sim.running = true;
	sim.from_seen = sim.from_used = sim.to_seen = sim.to_used = 0;
	rproc_changed(sim.rp);
}

static inline void sim_stop(void)
{
	sim.running = false;
	rproc_changed(sim.rp);
}

static inline void sim_use(unsigned int n, uint32_t id, uint32_t len)
{
	struct virtq_used *u = sim_used(n);
	uint16_t *at = n == 0 ? &sim.from_used : &sim.to_used;

	u->ring[*at % SIM_VRINGS] = (struct virtq_used_elem){ id, len };
	u->idx = ++*at;
}

/* Write a message into the next buffer; its header says `says` bytes. False:
 * there is none. The mailbox is not rung. */
static inline bool sim_write(uint32_t src, uint32_t dst, const void *data,
			     uint32_t len, uint32_t says)
{
	const struct virtq_avail *a = sim_avail(0);
	struct rpmsg_header h = { src, dst, 0, (uint16_t)says, 0 };
	const struct virtq_desc *d;
	uint8_t *buffer;
	uint16_t id;

	if (a->idx == sim.from_seen) {
		return false;
	}
	id = a->ring[sim.from_seen++ % SIM_VRINGS];
	assert_true(id < SIM_VRINGS);
	d = &sim_desc(0)[id];
	assert_int_equal(d->flags, VIRTQ_DESC_F_WRITE);
	assert_int_equal(d->len, RPMSG_BUFFER);
	buffer = sim_at(d->addr, d->len);
	memcpy(buffer, &h, sizeof(h));
	memcpy(buffer + sizeof(h), data, len);
	sim_use(0, id, (uint32_t)sizeof(h) + len);
	return true;
}

static inline bool sim_send(uint32_t src, uint32_t dst, const char *text)
{
	uint32_t len = (uint32_t)strlen(text) + 1;

	return sim_write(src, dst, text, len, len);
}

static inline void sim_ring_host(void)
{
	rproc_rung(sim.rp);
	tend();
}

static inline void sim_announce(const char *name, uint32_t address,
				uint32_t flags)
{
	struct rpmsg_ns_message ns = { .address = address, .flags = flags };

	(void)snprintf(ns.name, sizeof(ns.name), "%s", name);
	assert_true(sim_write(address, RPMSG_NS_ADDRESS, &ns, sizeof(ns),
			      sizeof(ns)));
	sim_ring_host();
}

/* The next message for the coprocessor: its header, and its data in `data`.
 * False: there is none. */
static inline bool sim_receive(struct rpmsg_header *h, void *data)
{
	const struct virtq_avail *a = sim_avail(1);
	const struct virtq_desc *d;
	uint8_t *buffer;
	uint16_t id;

	if (a->idx == sim.to_seen) {
		return false;
	}
	id = a->ring[sim.to_seen++ % SIM_VRINGS];
	assert_true(id < SIM_VRINGS);
	d = &sim_desc(1)[id];
	assert_int_equal(d->flags, 0);
	buffer = sim_at(d->addr, d->len);
	memcpy(h, buffer, sizeof(*h));
	assert_int_equal(d->len, sizeof(*h) + h->len);
	memcpy(data, buffer + sizeof(*h), h->len);
	sim_use(1, id, d->len);
	return true;
}

/* --- the host ------------------------------------------------------------- */

static inline void sim_create(uint64_t rate, uint64_t burst)
{
	const struct rproc_attr attr = {
		.name = "copro",
		.ops = &sim_ops,
		.arg = &sim,
		.table = &sim.table,
		.workqueue = &work_shared,
		.address = 9,
		.rate = rate,
		.burst = burst,
	};

	memset(&sim, 0, sizeof(sim));
	sim_table(VIRTIO_RPMSG_F_NS);
	memset(sim.memory, 0xa5, sizeof(sim.memory));
	assert_int_equal(rproc_create(&sim.rp, &attr), 0);
	assert_int_equal(vmsg_node_attach(rproc_node(sim.rp), "d", true), 0);
}

#endif
