/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messaging domains: who reaches whom, and what waits and in which order. */
#include "tests/unit/vmsg_case.h"

static const struct vmsg_kind wide = {
	.name = "wide",
	.first = 3,
	.last = 5,
	.host_wide = true,
};
static const struct vmsg_kind other = {
	.name = "other",
	.first = 1,
	.last = 4094,
};
/* --- who reaches whom ----------------------------------------------------- */

static void reach(void)
{
	nodes(3, 10);
	node(3, &kind, "e", 1);
	node(4, &other, "d", 2);
	node(5, &kind, NULL, 0);
	tend();
	assert_int_equal(send(0, 2, 1), VMSG_DELIVERED);
	assert_int_equal(ends[1].flushes, 0);
	vmsg_flush(ends[0].node);
	assert_int_equal(ends[1].flushes, 1);
	vmsg_flush(ends[0].node);
	assert_int_equal(ends[1].flushes, 1);
	got(1, 0, 1, 1);
	assert_int_equal(ends[1].ngot, 1);
	assert_int_equal(ends[4].ngot, 0);
	assert_int_equal(send(0, 1, 2), -ERR_NOENT); /* itself */
	assert_int_equal(send(0, 0, 2), -ERR_NOENT);
	assert_int_equal(send(0, 4, 2), -ERR_NOENT);
	assert_int_equal(send(3, 2, 2), -ERR_NOENT); /* another domain */
	assert_int_equal(send(4, 1, 2), -ERR_NOENT); /* another kind */
	assert_int_equal(send(5, 1, 2), -ERR_NOENT); /* of no domain */
	ends[2].turn_down = true;
	assert_int_equal(send(0, 3, 2), -ERR_NOENT);
	assert_int_equal(counts(0).sent, 1);
	assert_int_equal(counts(0).sent_bytes, 1);
	assert_int_equal(counts(1).received, 1);
	assert_int_equal(counts(0).refused, 4);
	assert_int_equal(novers, 0);
	for (unsigned int i = 3; i < 6; i++) {
		vmsg_node_destroy(ends[i].node);
	}
	assert_int_equal(vmsg_domain_destroy("e"), 0);
	gone(3);
}

static void peers_by_number(void)
{
	uint64_t left;
	unsigned int n = 0;

	nodes(4, 10);
	left = vmsg_peers(ends[2].node);
	assert_int_equal(__builtin_popcountll(left), 3);
	for (; left != 0; left &= left - 1, n++) {
		messages[n] = (struct vmsg){ .head = { n },
					     .len = 1,
					     .done = message_done };
		assert_int_equal(
			vmsg_send_peer(ends[2].node,
				       (unsigned int)__builtin_ctzll(left),
				       &messages[n]),
			VMSG_DELIVERED);
	}
	assert_int_equal(ends[0].ngot + ends[1].ngot + ends[3].ngot, 3);
	assert_int_equal(ends[2].ngot, 0);
	assert_int_equal(vmsg_send_peer(ends[2].node, 63, &messages[0]),
			 -ERR_NOENT);
	assert_int_equal(vmsg_send_peer(ends[2].node, 64, &messages[0]),
			 -ERR_NOENT);
	gone(4);
}

static void addresses(void)
{
	struct vmsg_node_attr attr = {
		.name = "n9",
		.kind = &wide,
		.ops = &ops,
		.address = 4,
	};
	struct vmsg_node_info info;
	struct vmsg_node *n;

	node(0, &kind, "d", 2);
	node(1, &kind, "d", 0);
	node(2, &kind, "d", 0);
	assert_int_equal(vmsg_node_address(ends[0].node), 2);
	assert_int_equal(vmsg_node_address(ends[1].node), 1);
	assert_int_equal(vmsg_node_address(ends[2].node), 3);
	node(3, &kind, NULL, 3);
	assert_int_equal(vmsg_node_attach(ends[3].node, "d", true), -ERR_EXIST);
	assert_int_equal(vmsg_node_attach(ends[3].node, "x", false),
			 -ERR_NOENT);
	assert_int_equal(vmsg_node_attach(ends[3].node, "x y", true),
			 -ERR_INVAL);
	assert_int_equal(vmsg_node_attach(ends[2].node, "d", true), -ERR_STATE);
	assert_int_equal(vmsg_node_detach(ends[3].node), -ERR_STATE);
	assert_int_equal(vmsg_node_detach(ends[2].node), 0);
	assert_int_equal(vmsg_node_address(ends[2].node), 0);
	assert_int_equal(vmsg_node_attach(ends[3].node, "d", false), 0);
	assert_int_equal(vmsg_node_create(&n, &attr), 0);
	attr.name = "n10";
	assert_int_equal(vmsg_node_create(&ends[9].node, &attr), -ERR_EXIST);
	attr.address = 6;
	assert_int_equal(vmsg_node_create(&ends[9].node, &attr), -ERR_RANGE);
	attr.address = 0;
	attr.name = "n9";
	assert_int_equal(vmsg_node_create(&ends[9].node, &attr), -ERR_EXIST);
	attr.name = "a/b";
	assert_int_equal(vmsg_node_create(&ends[9].node, &attr), -ERR_INVAL);
	attr.name = "n11";
	assert_int_equal(vmsg_node_create(&ends[8].node, &attr), 0);
	assert_int_equal(vmsg_node_address(ends[8].node), 3);
	attr.name = "n12";
	assert_int_equal(vmsg_node_create(&ends[9].node, &attr), 0);
	attr.name = "n13";
	assert_int_equal(vmsg_node_create(&ends[7].node, &attr), -ERR_NOSPC);
	/* The address is the node's in each domain. */
	assert_int_equal(vmsg_node_attach(n, "d", false), 0);
	vmsg_node_info(n, &info);
	assert_string_equal(info.domain, "d");
	assert_int_equal(info.address, 4);
	assert_int_equal(vmsg_node_detach(n), 0);
	assert_int_equal(vmsg_node_address(n), 4);
	vmsg_node_destroy(n);
	vmsg_node_destroy(ends[8].node);
	vmsg_node_destroy(ends[9].node);
	gone(4);
}

/* As many as a domain may have, all of whom find each other. */
static void full_domain(void)
{
	struct vmsg_domain_info info;
	unsigned int i;

	nodes(VMSG_NODES_MAX, 1000);
	node(64, &kind, NULL, 0);
	assert_int_equal(vmsg_node_attach(ends[64].node, "d", false),
			 -ERR_NOSPC);
	for (i = 0; i < VMSG_NODES_MAX; i++) {
		for (uint32_t to = 1; to <= VMSG_NODES_MAX; to++) {
			assert_int_equal(send(i, to, i),
					 to == i + 1 ? -ERR_NOENT
						     : VMSG_DELIVERED);
		}
	}
	for (i = 0; i < VMSG_NODES_MAX; i++) {
		assert_int_equal(ends[i].ngot, VMSG_NODES_MAX - 1);
	}
	assert_true(vmsg_domain_info("d", &info));
	assert_int_equal(info.nodes, VMSG_NODES_MAX);
	assert_int_equal(info.counts.sent,
			 VMSG_NODES_MAX * (VMSG_NODES_MAX - 1));
	vmsg_node_destroy(ends[64].node);
	gone(VMSG_NODES_MAX);
}

/* --- what waits ----------------------------------------------------------- */

static void parked(void)
{
	nodes(2, 0);
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(send(0, 2, i), VMSG_PARKED);
	}
	assert_int_equal(ends[1].ngot, 0);
	add(1, 2);
	assert_int_equal(ends[1].ngot, 2);
	assert_int_equal(novers, 2);
	assert_int_equal(over[0], VMSG_DELIVERED);
	assert_true(ends[1].flushes > 0);
	/* Not before those that wait, although there is a buffer. */
	ends[1].buffers = 1;
	assert_int_equal(send(0, 2, 5), VMSG_PARKED);
	assert_int_equal(ends[1].ngot, 3);
	add(1, 10);
	for (unsigned int i = 0; i < 6; i++) {
		got(1, i, 1, i);
	}
	assert_int_equal(novers, 6);
	assert_int_equal(send(0, 2, 6), VMSG_DELIVERED);
	assert_int_equal(counts(0).parked, 6);
	assert_int_equal(counts(0).sent, 7);
	gone(2);
}

/* One sender has to wait, whatever there is; the others do not notice. */
static void later(void)
{
	nodes(3, 100);
	ends[1].later = 1;
	for (unsigned int i = 0; i < VMSG_PARKED_MAX; i++) {
		assert_int_equal(send(0, 2, i), VMSG_PARKED);
	}
	assert_int_equal(send(0, 2, 64), -ERR_BUSY);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(send(2, 2, 100 + i), VMSG_PARKED);
		got(1, i, 3, 100 + i);
	}
	assert_int_equal(novers, 3);
	add(1, 1);
	assert_int_equal(ends[1].ngot, 3);
	/* It may send one, and no more. */
	ends[1].buffers = 1;
	ends[1].later = 0;
	assert_false(vmsg_resume(ends[1].node));
	got(1, 3, 1, 0);
	assert_int_equal(ends[1].ngot, 4);
	ends[1].later = 1;
	ends[1].buffers = 100;
	while (vmsg_resume(ends[1].node)) {}
	assert_int_equal(ends[1].ngot, 4);
	ends[1].later = 0;
	while (vmsg_resume(ends[1].node)) {}
	for (unsigned int i = 0; i < VMSG_PARKED_MAX; i++) {
		got(1, 3 + i, 1, i);
	}
	assert_int_equal(ends[0].rooms, 1);
	/* What waited goes with the receiver. */
	ends[1].later = 1;
	assert_int_equal(send(0, 2, 65), VMSG_PARKED);
	vmsg_down(ends[1].node);
	tend();
	assert_int_equal(over[65], VMSG_REFUSED);
	vmsg_up(ends[1].node);
	tend();
	ends[1].later = 0;
	assert_int_equal(send(0, 2, 66), VMSG_DELIVERED);
	gone(3);
}

/* A message that is larger than what there is goes in pieces. */
static void in_pieces(void)
{
	nodes(3, 3);
	assert_int_equal(send_bytes(0, 2, 0, 8), VMSG_PARKED);
	assert_int_equal(messages[0].moved, 3);
	assert_int_equal(send(2, 2, 1), VMSG_PARKED);
	add(1, 4);
	assert_int_equal(messages[0].moved, 7);
	assert_int_equal(ends[1].ngot, 0);
	add(1, 2);
	got(1, 0, 1, 0);
	got(1, 1, 3, 1);
	gone(3);
}

/* One who floods is not served before others. */
static void turns(void)
{
	nodes(4, 0);
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(send(0, 4, i), VMSG_PARKED);
	}
	assert_int_equal(send(2, 4, 100), VMSG_PARKED);
	assert_int_equal(send(1, 4, 101), VMSG_PARKED);
	assert_int_equal(send(1, 4, 102), VMSG_PARKED);
	for (unsigned int i = 0; i < 6; i++) {
		add(3, 1);
	}
	got(3, 0, 1, 0);
	got(3, 1, 2, 101);
	got(3, 2, 3, 100);
	got(3, 3, 1, 1);
	got(3, 4, 2, 102);
	got(3, 5, 1, 2);
	gone(4);
}

static void blocked(void)
{
	unsigned int i;

	nodes(3, 0);
	for (i = 0; i < VMSG_PARKED_MAX; i++) {
		assert_int_equal(send(0, 2, i), VMSG_PARKED);
	}
	assert_int_equal(send(0, 2, i), -ERR_BUSY);
	/* Others have a right of their own. */
	assert_int_equal(send(2, 2, 150), VMSG_PARKED);
	assert_int_equal(ends[0].rooms, 0);
	add(1, VMSG_PARKED_MAX / 2);
	assert_int_equal(ends[0].rooms, 0); /* one was the other's */
	add(1, 1);
	assert_int_equal(ends[0].rooms, 1);
	assert_int_equal(send(0, 2, i), VMSG_PARKED);
	add(1, 100);
	assert_int_equal(ends[0].rooms, 1);
	assert_int_equal(ends[1].ngot, VMSG_PARKED_MAX + 2);
	assert_int_equal(counts(0).blocked, 1);
	assert_int_equal(counts(0).dropped, 0);
	gone(3);
}

static void dropped(void)
{
	unsigned int i;

	nodes(2, 0);
	assert_int_equal(vmsg_domain_set_policy("d", VMSG_POLICY_DROP), 0);
	assert_int_equal(vmsg_domain_set_policy("x", VMSG_POLICY_DROP),
			 -ERR_NOENT);
	for (i = 0; i < VMSG_PARKED_MAX; i++) {
		assert_int_equal(send(0, 2, i), VMSG_PARKED);
	}
	assert_int_equal(send(0, 2, i), VMSG_DROPPED);
	assert_int_equal(counts(0).dropped, 1);
	add(1, 100);
	assert_int_equal(ends[1].ngot, VMSG_PARKED_MAX);
	assert_int_equal(ends[0].rooms, 0);
	gone(2);
}

static void cancelled(void)
{
	nodes(4, 0);
	for (unsigned int i = 0; i < 30; i++) {
		assert_int_equal(send(0, 2 + i % 3, i), VMSG_PARKED);
		assert_int_equal(send(1, 3, 100 + i), VMSG_PARKED);
	}
	while (vmsg_cancel(ends[0].node)) {}
	assert_int_equal(novers, 30);
	for (unsigned int i = 0; i < 30; i++) {
		assert_int_equal(over[i], VMSG_CANCELLED);
	}
	add(2, 100);
	assert_int_equal(ends[2].ngot, 30);
	got(2, 0, 2, 100);
	gone(4);
}

static void ports(void)
{
	struct vmsg_ports rules = { .n = 2,
				    .range = { { 10, 20 }, { 30, 30 } } };
	struct vmsg_domain_info info;

	nodes(2, 0);
	node(2, &kind, NULL, 0);
	assert_true(vmsg_port_open(ends[0].node, 5));
	assert_false(vmsg_port_open(ends[2].node, 5));
	assert_int_equal(vmsg_domain_set_ports("d", &rules), 0);
	for (uint32_t port = 8; port < 33; port++) {
		assert_int_equal(vmsg_port_open(ends[1].node, port),
				 (port >= 10 && port <= 20) || port == 30);
	}
	assert_int_equal(vmsg_domain_set_ports("x", &rules), -ERR_NOENT);
	rules.range[1].first = 31;
	assert_int_equal(vmsg_domain_set_ports("d", &rules), -ERR_INVAL);
	rules.n = VMSG_RANGES_MAX + 1;
	assert_int_equal(vmsg_domain_set_ports("d", &rules), -ERR_INVAL);
	assert_true(vmsg_domain_info("d", &info));
	assert_int_equal(info.ports.n, 2);
	assert_int_equal(info.ports.range[1].last, 30);
	rules = (struct vmsg_ports){ .all = true };
	assert_int_equal(vmsg_domain_set_ports("d", &rules), 0);
	assert_true(vmsg_port_open(ends[1].node, 5));
	vmsg_node_destroy(ends[2].node);
	gone(2);
}

/* Who is given up keeps nothing waiting, for that sender and for a while. */
static void given_up(void)
{
	nodes(3, 0);
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(send(0, 2, i), VMSG_PARKED);
	}
	assert_int_equal(send(2, 2, 100), VMSG_PARKED);
	assert_int_equal(send(0, 3, 101), VMSG_PARKED);
	assert_true(vmsg_give_up(ends[0].node, 2, 50));
	assert_int_equal(novers, 16);
	assert_false(vmsg_give_up(ends[0].node, 2, 50));
	assert_int_equal(novers, 20);
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(over[i], VMSG_CANCELLED);
	}
	assert_string_equal(ends[1].told, "!1 !1 ");
	assert_int_equal(send(0, 2, 20), -ERR_NOENT);
	assert_int_equal(send(2, 2, 21), VMSG_PARKED);
	assert_int_equal(send(0, 3, 22), VMSG_PARKED);
	/* What it has a buffer for it is given. */
	add(1, 3);
	assert_int_equal(send(0, 2, 23), VMSG_DELIVERED);
	assert_int_equal(send(0, 2, 24), -ERR_NOENT);
	sleep_ms(50);
	assert_int_equal(send(0, 2, 25), VMSG_PARKED);
	/* Its driver begins anew. */
	assert_false(vmsg_give_up(ends[0].node, 2, 5000));
	vmsg_down(ends[1].node);
	vmsg_up(ends[1].node);
	tend();
	assert_int_equal(send(0, 2, 26), VMSG_PARKED);
	/* Another node has the number then. */
	assert_false(vmsg_give_up(ends[0].node, 2, 5000));
	vmsg_node_destroy(ends[0].node);
	node(0, &kind, "d", 1);
	tend();
	assert_int_equal(send(0, 2, 27), VMSG_PARKED);
	assert_false(vmsg_give_up(ends[0].node, 4000, 50));
	gone(3);
}

static void paused(void)
{
	nodes(3, 0);
	assert_int_equal(send(0, 3, 0), VMSG_PARKED);
	assert_int_equal(send(1, 3, 1), VMSG_PARKED);
	vmsg_pause(ends[0].node, true);
	add(2, 5);
	assert_int_equal(ends[2].ngot, 1);
	got(2, 0, 2, 1);
	vmsg_pause(ends[0].node, false);
	tend();
	assert_int_equal(ends[2].ngot, 2);
	gone(3);
}

IN_THREAD(reach)
IN_THREAD(peers_by_number)
IN_THREAD(addresses)
IN_THREAD(full_domain)
IN_THREAD(parked)
IN_THREAD(later)
IN_THREAD(in_pieces)
IN_THREAD(turns)
IN_THREAD(blocked)
IN_THREAD(dropped)
IN_THREAD(cancelled)
IN_THREAD(paused)
IN_THREAD(given_up)
IN_THREAD(ports)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_peers_by_number),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_full_domain),
		cmocka_unit_test(test_parked),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_paused),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
