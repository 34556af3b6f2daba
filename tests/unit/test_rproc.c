/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Coprocessors in messaging domains: whom guests' messages are told apart by,
 * who has to wait for whom, restarts, and one that breaks the rules. */
#include "tests/unit/copro_sim.h"

#define ECHO 100 /* an endpoint of the coprocessor */

/* What guests sent is kept here; messages are theirs while they wait. */
static char texts[MESSAGES][RPMSG_DATA_MAX];
static struct io_segment segments[MESSAGES];

static uint32_t address_of(unsigned int node, uint32_t endpoint)
{
	return rpmsg_address(node + 1, endpoint);
}

/* Guests 0 to n - 1 with addresses from 1 on, and a coprocessor that is up. */
static void begin(unsigned int n, uint64_t rate, uint64_t burst)
{
	sim_create(rate, burst);
	for (unsigned int i = 0; i < n; i++) {
		node(i, &rpmsg_node_kind, "d", i + 1);
		ends[i].buffers = 1000;
	}
	sim_start();
	tend();
	for (unsigned int i = 0; i < n; i++) {
		ends[i].told[0] = '\0';
	}
	novers = 0;
	memset(over, 0xff, sizeof(over));
}

static void end(unsigned int n)
{
	rproc_destroy(sim.rp);
	gone(n);
}

/* Guest `from` sends text number `number`, from its endpoint 5. */
static int ask(unsigned int from, unsigned int number)
{
	struct rpmsg_header h = { .src = 5, .dst = rpmsg_address(9, ECHO) };
	struct vmsg *m = &messages[number];
	int result;

	(void)snprintf(texts[number], sizeof(texts[number]), "%u of %u", number,
		       from);
	h.len = (uint16_t)(strlen(texts[number]) + 1);
	segments[number] =
		(struct io_segment){ .va = texts[number], .size = h.len };
	*m = (struct vmsg){
		.data = { &segments[number], 1 },
		.len = h.len,
		.done = message_done,
	};
	memcpy(m->head, &h, sizeof(h));
	result = vmsg_send(ends[from].node, 9, m);
	vmsg_flush(ends[from].node);
	return result;
}

/* The coprocessor's next message is this one. */
static void asked(unsigned int from, unsigned int number)
{
	char data[RPMSG_BUFFER];
	struct rpmsg_header h;

	assert_true(sim_receive(&h, data));
	assert_int_equal(h.src, address_of(from, 5));
	assert_int_equal(h.dst, ECHO);
	assert_string_equal(data, texts[number]);
}

static bool nothing_asked(void)
{
	char data[RPMSG_BUFFER];
	struct rpmsg_header h;

	return !sim_receive(&h, data);
}

static struct rproc_link_info link_of(unsigned int from)
{
	struct rproc_link_info info;

	for (unsigned int n = 0; rproc_link_nth(n, &info); n++) {
		if (info.address == from + 1) {
			assert_string_equal(info.name, "copro");
			assert_string_equal(info.domain, "d");
			return info;
		}
	}
	fail();
	return info;
}

static struct rproc_info info_of(void)
{
	struct rproc_info info;

	assert_int_equal(rproc_get_info("copro", &info), 0);
	assert_int_equal(rproc_get_info("cop", &info), -ERR_NOENT);
	return info;
}

/* --- its start ------------------------------------------------------------ */

static void start(void)
{
	begin(1, 0, 0);
	assert_int_equal(sim_status(), 7);
	assert_int_equal(sim_get32(SIM_TABLE + 24 + 12), VIRTIO_RPMSG_F_NS);
	assert_int_equal(sim_avail(0)->idx, SIM_VRINGS);
	assert_int_equal(sim_avail(1)->idx, 0);
	assert_int_equal(sim.kicks[0], 1);
	assert_string_equal(info_of().state, "up");
	/* Nothing is written but the table, the vrings and the buffers. */
	assert_int_equal(sim.memory[0], 0xa5);
	assert_int_equal(sim.memory[SIM_SIZE - 1], 0xa5);
	end(1);
}

static void no_room(void)
{
	struct resource_table t;
	struct rproc_layout at;

	sim_table(0);
	t = sim.table;
	assert_int_equal(rproc_place(&at, &t, SIM_ADDRESS, SIM_SIZE), 0);
	assert_int_equal(at.table, SIM_TABLE);
	assert_int_equal(at.ring[0], 0x1000);
	assert_int_equal(at.buffers[0], 0x3000);
	assert_int_equal(at.ring[1], 0x13000);
	assert_int_equal(rproc_place(&at, &t, SIM_ADDRESS, 0x20000),
			 -ERR_NOSPC);
	assert_int_equal(rproc_place(&at, &t, SIM_ADDRESS + 0x1000, SIM_SIZE),
			 -ERR_RANGE);
	assert_int_equal(rproc_place(&at, &t, UINT32_MAX, SIM_SIZE),
			 -ERR_RANGE);
	/* Where the firmware says, and not over another. */
	t.vring[1].address = SIM_ADDRESS + 0x1000;
	assert_int_equal(rproc_place(&at, &t, SIM_ADDRESS, SIM_SIZE), 0);
	assert_int_equal(at.ring[1], 0x1000);
	assert_int_equal(at.ring[0], 0x3000);
	t.vring[0].address = SIM_ADDRESS + 0x2000;
	assert_int_equal(rproc_place(&at, &t, SIM_ADDRESS, SIM_SIZE),
			 -ERR_RANGE);
	t.vring[0].address = SIM_ADDRESS - 0x1000;
	assert_int_equal(rproc_place(&at, &t, SIM_ADDRESS, SIM_SIZE),
			 -ERR_RANGE);
	t.vring[0].address = (uint32_t)SIM_ADDRESS + SIM_SIZE - 0x1000;
	assert_int_equal(rproc_place(&at, &t, SIM_ADDRESS, SIM_SIZE),
			 -ERR_RANGE);
	t.vring[0].address = SIM_ADDRESS;
	assert_int_equal(rproc_place(&at, &t, SIM_ADDRESS, SIM_SIZE),
			 -ERR_RANGE);
}

/* --- messages ------------------------------------------------------------- */

static void names(void)
{
	begin(2, 0, 0);
	sim_announce("echo", ECHO, RPMSG_NS_CREATE);
	assert_string_equal(ends[0].told, "new:9/100=echo ");
	assert_string_equal(ends[1].told, "new:9/100=echo ");
	sim_announce("echo", ECHO, RPMSG_NS_DESTROY);
	assert_string_equal(ends[1].told, "new:9/100=echo gone:9/100=echo ");
	/* Wrong ones are counted. */
	sim_announce("echo", rpmsg_address(1, ECHO), RPMSG_NS_CREATE);
	sim_announce("echo", ECHO, 7);
	sim_announce("", ECHO, RPMSG_NS_CREATE);
	assert_true(sim_send(ECHO, RPMSG_NS_ADDRESS, "short"));
	sim_ring_host();
	assert_string_equal(ends[1].told, "new:9/100=echo gone:9/100=echo ");
	end(2);
}

/* The coprocessor is told of guests' names. */
static void names_of_guests(void)
{
	struct rpmsg_ns_message ns;
	struct rpmsg_header h;

	begin(1, 0, 0);
	assert_int_equal(vmsg_announce(ends[0].node, "client", 5), 0);
	tend();
	assert_true(sim_receive(&h, &ns));
	assert_int_equal(h.dst, RPMSG_NS_ADDRESS);
	assert_int_equal(ns.address, address_of(0, 5));
	assert_string_equal(ns.name, "client");
	assert_int_equal(ns.flags, RPMSG_NS_CREATE);
	vmsg_down(ends[0].node);
	tend();
	assert_true(sim_receive(&h, &ns));
	assert_int_equal(ns.flags, RPMSG_NS_DESTROY);
	assert_int_equal(sim.kicks[1], 2);
	end(1);
}

static void told_apart(void)
{
	begin(3, 0, 0);
	for (unsigned int i = 0; i < 12; i++) {
		assert_int_equal(ask(i % 3, i), VMSG_DELIVERED);
	}
	assert_int_equal(sim.kicks[1], 12);
	sleep_ms(3);
	for (unsigned int i = 0; i < 12; i++) {
		asked(i % 3, i);
		assert_true(sim_send(ECHO, address_of(i % 3, 5), "answer"));
	}
	sim_ring_host();
	for (unsigned int i = 0; i < 3; i++) {
		struct rproc_link_info link = link_of(i);

		assert_int_equal(ends[i].ngot, 4);
		got(i, 0, 9, ECHO);
		assert_int_equal(link.to.messages, 4);
		assert_int_equal(link.to.exits, 4);
		assert_int_equal(link.from.messages, 4);
		assert_int_equal(link.from.bytes, 28);
		assert_int_equal(link.from.exits, 1);
		assert_int_equal(link.answers, 1);
		assert_int_equal(link.waiting, 0);
		assert_in_range(link.mean_ns, 3000000, 30000000);
		assert_int_equal(link.worst_ns, link.mean_ns);
	}
	/* To nobody, and not to everybody. */
	assert_true(sim_send(ECHO, address_of(7, 5), "x"));
	assert_true(sim_send(ECHO, rpmsg_address(RPMSG_NODE_ALL, 5), "x"));
	sim_ring_host();
	assert_int_equal(ends[0].ngot, 4);
	/* All buffers are back. */
	assert_int_equal((uint16_t)(sim_avail(0)->idx - sim.from_seen),
			 SIM_VRINGS);
	end(3);
}

/* More messages than the vring has buffers, in order. */
static void in_order(void)
{
	begin(2, 0, 0);
	for (unsigned int i = 0; i < SIM_VRINGS + 20; i++) {
		assert_int_equal(ask(i % 2, i),
				 i < SIM_VRINGS ? VMSG_DELIVERED : VMSG_PARKED);
	}
	for (unsigned int i = 0; i < SIM_VRINGS + 20; i++) {
		asked(i % 2, i);
		if (i == 5 || i == SIM_VRINGS - 1) {
			sim_ring_host();
		}
	}
	assert_true(nothing_asked());
	assert_int_equal(novers, 20);
	/* It need not say that it has read one, until somebody waits. */
	assert_int_equal(sim_avail(1)->flags, 0);
	assert_int_equal(ask(0, 100), VMSG_DELIVERED);
	end(2);
}

/* --- who has to wait ------------------------------------------------------ */

static void limited(void)
{
	begin(2, 10, 2);
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(ask(0, i),
				 i < 2 ? VMSG_DELIVERED : VMSG_PARKED);
	}
	/* The other one has a bucket of its own. */
	assert_int_equal(ask(1, 10), VMSG_PARKED);
	assert_int_equal(over[10], VMSG_DELIVERED);
	asked(0, 0);
	asked(0, 1);
	asked(1, 10);
	assert_true(nothing_asked());
	sleep_ms(90);
	assert_true(nothing_asked());
	sleep_ms(20);
	asked(0, 2);
	assert_true(nothing_asked());
	sleep_ms(100);
	asked(0, 3);
	assert_true(nothing_asked());
	/* A driver that begins anew has no new bucket. */
	vmsg_down(ends[0].node);
	tend();
	vmsg_up(ends[0].node);
	tend();
	assert_int_equal(ask(0, 20), VMSG_PARKED);
	assert_int_equal(ask(1, 21), VMSG_PARKED);
	assert_int_equal(over[21], VMSG_DELIVERED);
	assert_int_equal(link_of(0).limited, 4);
	assert_int_equal(link_of(1).limited, 0);
	end(2);
}

/* The coprocessor sends a guest so many. */
static void answers(unsigned int to, unsigned int n)
{
	while (n-- > 0) {
		assert_true(sim_send(ECHO, address_of(to, 5), ""));
	}
	sim_ring_host();
}

/* The guest takes so many of one byte. */
static void add_answers(unsigned int guest, unsigned int n)
{
	add(guest, n);
	tend();
}

/* A guest that does not take its answers has no more of its messages taken, and
 * loses answers in the end; the others get theirs. */
static void deaf(void)
{
	begin(2, 0, 0);
	ends[0].buffers = 0;
	answers(0, RPROC_ANSWERS_MAX - 1);
	assert_int_equal(ask(0, 0), VMSG_DELIVERED);
	answers(0, 1);
	assert_int_equal(link_of(0).waiting, RPROC_ANSWERS_MAX);
	assert_int_equal(ask(0, 1), VMSG_PARKED);
	assert_int_equal(ask(1, 2), VMSG_PARKED);
	assert_int_equal(over[2], VMSG_DELIVERED);
	asked(0, 0);
	asked(1, 2);
	answers(0, VMSG_PARKED_MAX - RPROC_ANSWERS_MAX);
	assert_int_equal(link_of(0).lost, 0);
	answers(0, 3);
	assert_int_equal(link_of(0).lost, 3);
	assert_int_equal(link_of(0).waiting, VMSG_PARKED_MAX);
	answers(1, 1);
	assert_int_equal(ends[1].ngot, 1);
	assert_true(nothing_asked());
	/* It takes some: not yet; then half of them. */
	add_answers(0, VMSG_PARKED_MAX - RPROC_ANSWERS_MAX / 2 - 1);
	assert_true(nothing_asked());
	add_answers(0, 1);
	asked(0, 1);
	assert_int_equal(link_of(0).stopped, 1);
	add_answers(0, 100);
	assert_int_equal(link_of(0).waiting, 0);
	assert_int_equal(ends[0].ngot, VMSG_PARKED_MAX);
	assert_int_equal((uint16_t)(sim_avail(0)->idx - sim.from_seen),
			 SIM_VRINGS);
	end(2);
}

/* --- restarts ------------------------------------------------------------- */

static void restart(void)
{
	begin(2, 0, 0);
	sim_announce("echo", ECHO, RPMSG_NS_CREATE);
	ends[0].buffers = 0;
	assert_true(sim_send(ECHO, address_of(0, 5), "waits"));
	sim_ring_host();
	assert_int_equal(link_of(0).waiting, 1);
	for (unsigned int i = 0; i < SIM_VRINGS + 2; i++) {
		(void)ask(1, i);
	}
	ends[0].told[0] = ends[1].told[0] = '\0';
	sim_stop();
	/* At once: the firmware must not take what is left for its own. */
	assert_int_equal(sim_status(), 0);
	assert_int_equal(ask(1, 40), -ERR_NOENT);
	tend();
	assert_string_equal(ends[0].told, "-9 gone:9/100=echo ");
	assert_string_equal(ends[1].told, "-9 gone:9/100=echo ");
	/* What waited is over. */
	assert_int_equal(novers, 2);
	assert_int_equal(over[SIM_VRINGS], VMSG_REFUSED);
	assert_int_equal(over[SIM_VRINGS + 1], VMSG_REFUSED);
	assert_string_equal(info_of().state, "off");
	ends[0].buffers = 1000;
	assert_false(vmsg_ready(ends[0].node));
	assert_int_equal(ends[0].ngot, 0);
	sim_start();
	tend();
	assert_string_equal(ends[1].told, "-9 gone:9/100=echo +9 ");
	assert_int_equal(sim_status(), 7);
	assert_true(nothing_asked());
	assert_int_equal(ask(1, 41), VMSG_DELIVERED);
	asked(1, 41);
	sim_announce("echo", ECHO, RPMSG_NS_CREATE);
	assert_true(sim_send(ECHO, address_of(0, 5), "answer"));
	sim_ring_host();
	assert_int_equal(ends[0].ngot, 1);
	assert_string_equal(ends[1].told,
			    "-9 gone:9/100=echo +9 new:9/100=echo ");
	assert_int_equal(info_of().starts, 2);
	/* So fast that no thread comes in between. */
	sim_stop();
	sim_start();
	tend();
	assert_int_equal(info_of().starts, 3);
	assert_int_equal(sim_status(), 7);
	assert_int_equal(ask(1, 42), VMSG_DELIVERED);
	asked(1, 42);
	end(2);
}

/* Its memory goes: nothing of it is read or written any more. */
static void memory_goes(void)
{
	begin(1, 0, 0);
	ends[0].buffers = 0;
	assert_true(sim_send(ECHO, address_of(0, 5), "waits"));
	sim_ring_host();
	sim.gone = true;
	sim.running = false;
	rproc_quiesce(sim.rp);
	memset(sim.memory, 0x5a, sizeof(sim.memory));
	ends[0].buffers = 1000;
	assert_false(vmsg_ready(ends[0].node));
	assert_int_equal(ends[0].ngot, 0);
	assert_int_equal(ask(0, 1), -ERR_NOENT);
	rproc_rung(sim.rp);
	rproc_changed(sim.rp);
	tend();
	for (unsigned int i = 0; i < SIM_SIZE; i++) {
		assert_int_equal(sim.memory[i], 0x5a);
	}
	/* And comes again. */
	sim.gone = false;
	sim_start();
	tend();
	assert_int_equal(ask(0, 2), VMSG_DELIVERED);
	asked(0, 2);
	end(1);
}

/* --- one that breaks the rules -------------------------------------------- */

static void is_broken(void)
{
	sim_ring_host();
	assert_string_equal(info_of().state, "broken");
	assert_int_equal(sim_status(), VIRTIO_STATUS_FAILED);
	assert_int_equal(ask(0, 1), -ERR_NOENT);
	sim_stop();
	tend();
	sim_start();
	tend();
	assert_string_equal(info_of().state, "up");
	assert_int_equal(ask(0, 1), VMSG_DELIVERED);
	asked(0, 1);
}

static void hostile_rings(void)
{
	begin(1, 0, 0);
	/* Not one of its buffers; used twice; more than there are. */
	sim_use(0, SIM_VRINGS, 20);
	is_broken();
	sim_use(0, UINT32_MAX, 20);
	is_broken();
	ends[0].buffers = 0;
	assert_true(sim_send(ECHO, address_of(0, 5), "waits"));
	sim_use(0, sim_used(0)->ring[0].id, 20);
	is_broken();
	assert_int_equal(ends[0].ngot, 0);
	sim_used(0)->idx = SIM_VRINGS + 1;
	is_broken();
	sim_used(0)->idx = UINT16_MAX;
	is_broken();
	/* Twice, of the other vring. */
	sim_use(1, 3, 0);
	sim_use(1, 3, 0);
	for (unsigned int i = 0; i < SIM_VRINGS; i++) {
		(void)ask(0, i);
	}
	(void)ask(0, 60);
	is_broken();
	assert_int_equal(info_of().breaks, 6);
	end(1);
}

static void malformed(void)
{
	static const struct {
		uint32_t src, dst, len, says;
	} wrong[] = {
		{ ECHO, 5, 8, 9 }, /* lengths */
		{ ECHO, 5, 8, 0xffff },
		{ ECHO, 5, 496, 497 },
	};
	char data[RPMSG_BUFFER] = "";

	begin(1, 0, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_true(sim_write(wrong[i].src, address_of(0, wrong[i].dst),
				      data, wrong[i].len, wrong[i].says));
	}
	/* It says that it has written more, or less, than a buffer. */
	assert_true(sim_send(ECHO, address_of(0, 5), "x"));
	sim_used(0)->ring[(sim.from_used - 1) % SIM_VRINGS].len = 513;
	assert_true(sim_send(ECHO, address_of(0, 5), "x"));
	sim_used(0)->ring[(sim.from_used - 1) % SIM_VRINGS].len = 15;
	assert_true(sim_send(ECHO, address_of(0, 5), "x"));
	sim_used(0)->ring[(sim.from_used - 1) % SIM_VRINGS].len = UINT32_MAX;
	/* In a peer's name, and to a peer's name service. */
	assert_true(sim_send(address_of(0, 5), address_of(0, 5), "x"));
	assert_true(sim_send(ECHO, address_of(0, RPMSG_NS_ADDRESS), "x"));
	sim_ring_host();
	assert_int_equal(ends[0].ngot, 0);
	assert_string_equal(info_of().state, "up");
	assert_true(sim_send(ECHO, address_of(0, 5), "x"));
	sim_ring_host();
	assert_int_equal(ends[0].ngot, 1);
	end(1);
}

/* It may write what it likes to what is ours. */
static void scribbles(void)
{
	begin(1, 0, 0);
	memset(sim_desc(0), 0xff, 16 * SIM_VRINGS);
	memset(sim_desc(1), 0xff, 16 * SIM_VRINGS);
	memset(sim.memory + SIM_TABLE, 0xff, 48);
	sim_avail(0)->idx = 0x1234;
	sim_avail(1)->idx = 0x4321;
	for (unsigned int i = 0; i < SIM_VRINGS; i++) {
		assert_int_equal(ask(0, i), VMSG_DELIVERED);
	}
	assert_int_equal(sim_avail(1)->idx, SIM_VRINGS);
	for (unsigned int i = 0; i < SIM_VRINGS; i++) {
		asked(0, i);
	}
	/* Back to it, with a right descriptor. */
	sim_use(0, 3, 16);
	sim_ring_host();
	assert_int_equal(sim_avail(0)->idx, SIM_VRINGS + 1);
	assert_int_equal(sim_desc(0)[3].len, RPMSG_BUFFER);
	end(1);
}

IN_THREAD(start)
IN_THREAD(no_room)
IN_THREAD(names)
IN_THREAD(names_of_guests)
IN_THREAD(told_apart)
IN_THREAD(in_order)
IN_THREAD(limited)
IN_THREAD(deaf)
IN_THREAD(restart)
IN_THREAD(memory_goes)
IN_THREAD(hostile_rings)
IN_THREAD(malformed)
IN_THREAD(scribbles)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_of_guests),
		cmocka_unit_test(test_told_apart),
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_limited),
		cmocka_unit_test(test_deaf),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_memory_goes),
		cmocka_unit_test(test_hostile_rings),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_scribbles),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
