/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of messaging domains: nodes that are counters of buffers, and
 * remember what they were given and told; and a thread for the test. */
#ifndef TESTS_UNIT_VMSG_CASE_H
#define TESTS_UNIT_VMSG_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arch_impl/host.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/vmsg_admin.h>
#include <core/work.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#define SETTLE_ROUNDS 100000
#define SLEEPS_MAX 1000 /* in milliseconds, of a test */
#define NODES 66
#define LOG 512
#define MESSAGES 200

/* What has happened to a node: messages by source and number; peers that came
 * (+) and went (-), names that are new or gone. */
struct end {
	struct vmsg_node *node;
	unsigned int buffers, flushes, rooms, notices;
	bool turn_down, announces_in_peer;
	uint32_t later; /* this sender's are for later */
	uint32_t got[LOG][2];
	unsigned int ngot;
	char told[2048];
};

static struct end ends[NODES];
static struct vmsg messages[MESSAGES];
static enum vmsg_result over[MESSAGES];
static unsigned int novers;

static const struct vmsg_kind kind = {
	.name = "test",
	.first = 1,
	.last = 4094,
	.announces = true,
};

static enum vmsg_take end_deliver(struct vmsg_node *n, uint32_t source,
				  struct vmsg *m)
{
	struct end *e = vmsg_node_arg(n);

	if (e->turn_down) {
		return VMSG_TURNED_DOWN;
	}
	if (source == e->later) {
		return VMSG_LATER;
	}
	while (m->moved < m->len) {
		if (e->buffers == 0) {
			return VMSG_FULL;
		}
		/* A buffer holds one byte of a message. */
		e->buffers--;
		m->moved++;
	}
	assert_true(e->ngot < LOG);
	e->got[e->ngot][0] = source;
	e->got[e->ngot++][1] = (uint32_t)m->head[0];
	return VMSG_TAKEN;
}

static void end_flush(struct vmsg_node *n)
{
	((struct end *)vmsg_node_arg(n))->flushes++;
}

static void end_room(struct vmsg_node *n)
{
	((struct end *)vmsg_node_arg(n))->rooms++;
}

static void tell(struct end *e, const char *what, uint32_t address,
		 const char *name)
{
	size_t at = strlen(e->told);

	(void)snprintf(e->told + at, sizeof(e->told) - at, "%s%u%s ", what,
		       address, name);
}

static void end_peer(struct vmsg_node *n, uint32_t address, bool up)
{
	tell(vmsg_node_arg(n), up ? "+" : "-", address, "");
}

static void end_notice(struct vmsg_node *n)
{
	struct end *e = vmsg_node_arg(n);
	struct vmsg_notice notice;

	assert_true(vmsg_has_notice(n));
	e->notices++;
	while (!e->turn_down && vmsg_next_notice(n, &notice)) {
		char name[64];

		(void)snprintf(name, sizeof(name), "/%u=%s", notice.endpoint,
			       notice.name);
		tell(e, notice.gone ? "gone:" : "new:", notice.address, name);
	}
}

static void end_given_up(struct vmsg_node *n, uint32_t address)
{
	tell(vmsg_node_arg(n), "!", address, "");
}

static const struct vmsg_ops ops = {
	.deliver = end_deliver,
	.flush = end_flush,
	.room = end_room,
	.peer = end_peer,
	.notice = end_notice,
	.given_up = end_given_up,
};

static void message_done(struct vmsg *m, enum vmsg_result how)
{
	over[m - messages] = how;
	novers++;
}

/* --- the world ------------------------------------------------------------ */

static bool body_done;

static void settle(void)
{
	assert_true(host_settle(SETTLE_ROUNDS));
}

static void thread_main(void *fn)
{
	((void (*)(void))(uintptr_t)fn)();
	body_done = true;
}

static inline void run(void (*fn)(void))
{
	static const struct thread_attr attr = { .name = "test",
						 .priority = 3 };

	body_done = false;
	host_irq_begin(0);
	assert_int_equal(thread_create(NULL, &attr, thread_main,
				       (void *)(uintptr_t)fn),
			 0);
	host_irq_end();
	for (unsigned int i = 0; i < SLEEPS_MAX && !body_done; i++) {
		settle();
		host_advance(1000000);
	}
	settle();
	assert_true(body_done);
}

/* Let the domains' threads work, whatever they have put off. */
static inline void tend(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		sleep_ms(2);
	}
}

static inline void node(unsigned int i, const struct vmsg_kind *k,
			const char *domain, uint32_t address)
{
	char name[16];
	struct vmsg_node_attr attr = {
		.name = name,
		.kind = k,
		.ops = &ops,
		.arg = &ends[i],
		.address = address,
	};

	(void)snprintf(name, sizeof(name), "n%u", i);
	memset(&ends[i], 0, sizeof(ends[i]));
	assert_int_equal(vmsg_node_create(&ends[i].node, &attr), 0);
	if (domain != NULL) {
		assert_int_equal(vmsg_node_attach(ends[i].node, domain, true),
				 0);
		vmsg_up(ends[i].node);
	}
}

/* n nodes of one domain, all of them up, with this many buffers each. */
static inline void nodes(unsigned int n, unsigned int buffers)
{
	for (unsigned int i = 0; i < n; i++) {
		node(i, &kind, "d", 0);
		ends[i].buffers = buffers;
	}
	tend();
	for (unsigned int i = 0; i < n; i++) {
		ends[i].told[0] = '\0';
	}
	novers = 0;
	memset(over, 0xff, sizeof(over));
}

static inline void gone(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		vmsg_node_destroy(ends[i].node);
	}
	assert_int_equal(vmsg_domain_destroy("d"), 0);
}

static inline int send_bytes(unsigned int from, uint32_t to,
			     unsigned int number, uint32_t len)
{
	struct vmsg *m = &messages[number];

	*m = (struct vmsg){
		.head = { number },
		.len = len,
		.done = message_done,
	};
	return vmsg_send(ends[from].node, to, m);
}

static inline int send(unsigned int from, uint32_t to, unsigned int number)
{
	return send_bytes(from, to, number, 1);
}

/* The node has added buffers. */
static inline void add(unsigned int n, unsigned int buffers)
{
	ends[n].buffers += buffers;
	while (vmsg_ready(ends[n].node)) {}
}

static inline void got(unsigned int n, unsigned int at, uint32_t from,
		       uint32_t number)
{
	assert_true(at < ends[n].ngot);
	assert_int_equal(ends[n].got[at][0], from);
	assert_int_equal(ends[n].got[at][1], number);
}

static inline struct vmsg_counts counts(unsigned int n)
{
	struct vmsg_node_info info;

	vmsg_node_info(ends[n].node, &info);
	return info.counts;
}

#define IN_THREAD(fn) \
	static void test_##fn(void **state) \
	{ \
		(void)state; \
		run(fn); \
	}

static inline int setup(void **state)
{
	(void)state;
	host_boot(2);
	host_irq_begin(0);
	assert_int_equal(work_start(), 0);
	host_irq_end();
	settle();
	return 0;
}

#endif
