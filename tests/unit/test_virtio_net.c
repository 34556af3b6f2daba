/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver of VirtIO network devices with a model of one: packets both ways,
 * several pairs of queues, and devices that have none or refuse them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MODEL_QUEUES 17
#include "tests/unit/virtio_model.h"

/* Timers are armed here and never fire. */
static void fake_timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	memset(t, 0, sizeof(*t));
	t->fn = fn;
}

static void fake_timer_set(struct timer *t, ticks_t expiry)
{
	t->deadline = expiry;
}

static void fake_timer_cancel(struct timer *t)
{
	t->deadline = 0;
}

#define timer_init fake_timer_init
#define timer_set fake_timer_set
#define timer_cancel fake_timer_cancel
#include "drivers/net/virtio_net.c"
#include "drivers/net/virtio_net_data.c"
#include "drivers/net/virtio_net_pairs.c"

#define MQ (VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_VQ)

/* --- what the driver stands on -------------------------------------------- */

struct netport {
	struct netport_attr attr;
	bool carrier;
	unsigned int npackets;
	uint8_t last[2048];
	uint32_t len;
};
static struct netport port;

int netport_create(struct netport **out, const struct netport_attr *attr)
{
	port = (struct netport){ .attr = *attr };
	*out = &port;
	return 0;
}

void netport_destroy(struct netport *p)
{
	assert_ptr_equal(p, &port);
}

void *netport_arg(const struct netport *p)
{
	return p->attr.arg;
}

const char *netport_name(const struct netport *p)
{
	(void)p;
	return "eth0";
}

void netport_set_carrier(struct netport *p, bool up)
{
	p->carrier = up;
}

size_t netport_send(struct netport *p, const struct net_packet *packets,
		    unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		p->len = packets[i].len;
		assert_true(p->len <= sizeof(p->last));
		(void)net_packet_head(&packets[i], p->last, p->len);
		p->npackets++;
	}
	return 0;
}

struct workqueue work_shared;
static struct work *queued;

void work_init(struct work *w, struct workqueue *q, void (*fn)(struct work *w))
{
	(void)q;
	w->fn = fn;
}

void work_queue(struct work *w)
{
	queued = w;
}

void work_cancel(struct work *w)
{
	(void)w;
	queued = NULL;
}

static void work_run(void)
{
	struct work *w = queued;

	queued = NULL;
	if (w) {
		w->fn(w);
	}
}

/* --- the device ----------------------------------------------------------- */

static uint8_t answer;
static bool silent;
static unsigned int ncommands, pairs_told, control_queue;

/* The control queue of all pairs that the device has. */
static void device_acts(void)
{
	struct model_buffer b;

	while (!silent && model_pop(control_queue, &b)) {
		uint16_t pairs;

		/* 5.1.6.5.6.1 */
		assert_int_equal(b.n, 3);
		assert_true(b.parts[0].len == 2 && b.parts[1].len == 2 &&
			    b.parts[2].len == 1 && b.parts[2].write);
		assert_int_equal(b.parts[0].data[0], VIRTIO_NET_CTRL_MQ);
		assert_int_equal(b.parts[0].data[1],
				 VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET);
		memcpy(&pairs, b.parts[1].data, sizeof(pairs));
		pairs_told = pairs;
		b.parts[2].data[0] = answer;
		(void)model_push(control_queue, &b, 1);
		ncommands++;
	}
}

static struct vnet *begin(uint64_t features, uint16_t pairs,
			  unsigned int interrupts)
{
	model_begin(features);
	model.vh.id = VIRTIO_ID_NET;
	model.own_interrupts = interrupts;
	memcpy(model.config +
		       offsetof(struct virtio_net_config, max_virtqueue_pairs),
	       &pairs, sizeof(pairs));
	model_acts = device_acts;
	control_queue = MIN(2U * pairs, MODEL_QUEUES - 1U);
	ncommands = pairs_told = 0;
	answer = VIRTIO_NET_OK;
	silent = false;
	queued = NULL;
	assert_int_equal(virtio_net_driver.probe(&model.vh.dev), 0);
	return model.vh.priv;
}

static void end(void)
{
	virtio_net_driver.remove(&model.vh.dev);
	virtio_bus.unbound(&model.vh.dev);
	host_set_cpu(0);
	cpu_count = 1;
}

static bool send_one(uint8_t first)
{
	uint8_t data[60] = { first };
	struct io_segment seg = { .va = data, .size = sizeof(data) };
	struct net_packet pkt = { .segs = &seg,
				  .nsegs = 1,
				  .len = sizeof(data) };
	enum net_drop why;

	return port.attr.ops->receive(&port, &pkt, &why);
}

/* Packets that the device finds in a pair's transmit queue. */
static unsigned int sent_in(unsigned int pair)
{
	struct model_buffer b;
	unsigned int n = 0;

	while (model_pop(2 * pair + 1, &b)) {
		(void)model_push(2 * pair + 1, &b, 0);
		n++;
	}
	return n;
}

static void receive_in(unsigned int pair, uint8_t first)
{
	struct model_buffer b;
	uint32_t header = sizeof(struct virtio_net_hdr);

	assert_true(model_pop(2 * pair, &b));
	memset(b.parts[0].data, 0, header + 60);
	b.parts[0].data[header] = first;
	(void)model_push(2 * pair, &b, header + 60);
	virtio_host_interrupt(&model.vh, true, false);
}

static const char *pairs_line(void)
{
	static struct device_fact fact;

	assert_true(virtio_bus.describe(&model.vh.dev, 3, &fact));
	assert_string_equal(fact.name, "Queue pairs");
	return fact.value;
}

/* --- tests ---------------------------------------------------------------- */

static void test_one_pair(void **state)
{
	struct vnet *v;

	(void)state;
	cpu_count = 4;
	v = begin(VIRTIO_NET_F_STATUS, 4, 7);
	assert_int_equal(v->npairs, 1);
	assert_string_equal(pairs_line(), "1 of 1");
	host_set_cpu(3);
	assert_true(send_one('a'));
	port.attr.ops->receive_done(&port);
	assert_int_equal(model.queues[1].kicks, 1);
	assert_int_equal(sent_in(0), 1);
	receive_in(0, 'r');
	assert_int_equal(port.npackets, 1);
	assert_true(port.len == 60 && port.last[0] == 'r');
	assert_int_equal(ncommands, 0);
	end();
}

/* A pair for each CPU: what a CPU sends is in its own, whoever kicks; what
 * comes in any arrives, with the interrupt at its CPU. */
static void test_pairs(void **state)
{
	struct vnet *v;

	(void)state;
	cpu_count = 3;
	v = begin(MQ, 8, 7);
	assert_int_equal(v->npairs, 3);
	assert_int_equal(pairs_told, 3);
	assert_string_equal(pairs_line(), "3 of 8");
	for (unsigned int cpu = 0; cpu < 3; cpu++) {
		assert_int_equal(model.queues[2 * cpu].cpu, cpu);
		assert_int_equal(model.queues[2 * cpu + 1].cpu, -1);
		host_set_cpu(cpu);
		for (unsigned int n = 0; n <= cpu; n++) {
			assert_true(send_one('a'));
		}
	}
	host_set_cpu(1);
	port.attr.ops->receive_done(&port);
	for (unsigned int cpu = 0; cpu < 3; cpu++) {
		assert_int_equal(model.queues[2 * cpu + 1].kicks, 1);
		assert_int_equal(sent_in(cpu), cpu + 1);
	}
	port.attr.ops->receive_done(&port);
	assert_int_equal(model.queues[3].kicks, 1);
	for (uint8_t pair = 0; pair < 3; pair++) {
		receive_in(pair, pair);
		assert_int_equal(port.npackets, pair + 1);
		assert_int_equal(port.last[0], pair);
	}
	/* A reset is of all pairs, and the device is told again. */
	v->pairs[2].rx->broken = true;
	work_queue(&v->work);
	work_run();
	assert_int_equal(ncommands, 2);
	assert_int_equal(v->sending, 3);
	host_set_cpu(2);
	assert_true(send_one('b'));
	port.attr.ops->receive_done(&port);
	assert_int_equal(sent_in(2), 1);
	receive_in(1, 'c');
	assert_int_equal(port.last[0], 'c');
	end();
}

static void test_limits(void **state)
{
	static const struct {
		unsigned int cpus, interrupts;
		uint16_t device;
		unsigned int pairs;
		const char *line;
	} cases[] = {
		{ 1, 7, 4, 1, "1 of 4" },
		{ 4, 7, 2, 2, "2 of 2" },
		{ 4, 7, 1, 1, "1 of 1" },
		{ 16, 20, 8, 8, "8 of 8" },
		{ 4, 3, 8, 3, "3 of 8: there are no interrupts for more" },
		{ 4, 0, 8, 1, "1 of 8: there are no interrupts for more" },
		{ 4, 7, 0, 1, "1 of 1: its number of pairs is not valid" },
		{ 4, 7, 0x8001, 1, "1 of 1: its number of pairs is not valid" },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		cpu_count = cases[i].cpus;
		assert_int_equal(
			begin(MQ, cases[i].device, cases[i].interrupts)->npairs,
			cases[i].pairs);
		assert_string_equal(pairs_line(), cases[i].line);
		assert_int_equal(ncommands, cases[i].pairs > 1);
		end();
	}
}

/* A device that refuses: one pair sends; one that does not answer as well, and
 * may still use the others when it likes. */
static void test_refused(void **state)
{
	struct vnet *v;

	(void)state;
	cpu_count = 2;
	v = begin(MQ, 2, 7);
	answer = VIRTIO_NET_ERR;
	v->pairs[0].tx->broken = true;
	work_queue(&v->work);
	work_run();
	assert_int_equal(v->sending, 1);
	assert_string_equal(pairs_line(), "1 of 2: it refuses VQ_PAIRS_SET");
	silent = true;
	v->pairs[0].tx->broken = true;
	work_queue(&v->work);
	work_run();
	assert_string_equal(pairs_line(),
			    "1 of 2: it does not answer VQ_PAIRS_SET");
	host_set_cpu(1);
	assert_true(send_one('a'));
	port.attr.ops->receive_done(&port);
	assert_int_equal(sent_in(0), 1);
	assert_int_equal(sent_in(1), 0);
	receive_in(1, 'x');
	assert_int_equal(port.last[0], 'x');
	end();
}

/* Without a control queue one pair sends; without a pair the probe fails, and
 * nothing is left. */
static void test_missing_queue(void **state)
{
	(void)state;
	cpu_count = 2;
	(void)begin(MQ, 200, 7); /* more than the model has queues */
	assert_string_equal(pairs_line(),
			    "1 of 200: its control queue cannot be used");
	end();
	model_begin(MQ);
	model.vh.id = VIRTIO_ID_NET;
	model.queue_max = 0;
	assert_int_equal(virtio_net_driver.probe(&model.vh.dev), -ERR_NOENT);
	virtio_bus.unbound(&model.vh.dev);
	assert_int_equal(model.status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_pair),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_missing_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
