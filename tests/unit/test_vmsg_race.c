/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages with several CPUs: senders, a receiver that adds buffers, and
 * somebody who takes nodes away meanwhile. No message is lost or comes twice,
 * those of one sender keep their order, and peers are told in the right order.
 */
#include "sched_race.h"

#include <core/vmsg_admin.h>
#include <stdio.h>

#define SENDERS 2
#define RECEIVER SENDERS
#define MESSAGES 24 /* of a sender, most */
#define CHANGES 5
/* What is lost shows at the end of a run only: many short ones. */
#define SHORT_MESSAGES 3
#define SHORT_SEEDS 600

static const struct vmsg_kind kind = {
	.name = "test",
	.first = 1,
	.last = 100,
	.announces = true,
};

/* What one node knows of the others. */
struct end {
	struct vmsg_node *node;
	struct spinlock lock; /* LOCK_VIRTQUEUE, as a queue's */
	unsigned int buffers; /* [L] */
	bool room;
	uint32_t last[SENDERS + 2]; /* by address: the last number received */
	bool up[SENDERS + 2];       /* as it was told */
};

static struct end ends[SENDERS + 1];
/* In order, with a place for each in flight. */
static struct vmsg messages[SENDERS][MESSAGES];
static bool flying[SENDERS][MESSAGES];
static unsigned int received, ended;
static unsigned int nmessages; /* of each sender */
static bool churn;             /* nodes go down and leave meanwhile */
static bool ready;             /* the nodes are there */

static enum vmsg_take end_deliver(struct vmsg_node *n, uint32_t source,
				  struct vmsg *m)
{
	struct end *e = vmsg_node_arg(n);
	unsigned long flags = spin_lock_irqsave(&e->lock);
	bool room = e->buffers > 0;

	e->buffers -= room;
	spin_unlock_irqrestore(&e->lock, flags);
	if (!room) {
		return VMSG_FULL;
	}
	assert_true(e->up[source]);
	assert_true(m->head[0] > e->last[source]);
	if (!churn) {
		assert_int_equal(m->head[0], e->last[source] + 1);
	}
	e->last[source] = (uint32_t)m->head[0];
	__atomic_fetch_add(&received, 1, __ATOMIC_RELAXED);
	return VMSG_TAKEN;
}

static void end_room(struct vmsg_node *n)
{
	WRITE_ONCE(((struct end *)vmsg_node_arg(n))->room, true);
}

static void end_peer(struct vmsg_node *n, uint32_t address, bool up)
{
	struct end *e = vmsg_node_arg(n);

	/* A node that goes down itself is told anew. */
	assert_true(e != &ends[RECEIVER] || e->up[address] != up);
	e->up[address] = up;
}

static void end_notice(struct vmsg_node *n)
{
	struct vmsg_notice notice;

	while (vmsg_next_notice(n, &notice)) {}
}

static const struct vmsg_ops ops = {
	.deliver = end_deliver,
	.room = end_room,
	.peer = end_peer,
	.notice = end_notice,
};

static void message_done(struct vmsg *m, enum vmsg_result how)
{
	size_t i = (size_t)(m - messages[0]);
	bool *f = &flying[0][0] + i;

	(void)how;
	assert_true(*f);
	*f = false;
	__atomic_fetch_add(&ended, 1, __ATOMIC_RELAXED);
}

static unsigned int ended_now(void)
{
	return __atomic_load_n(&ended, __ATOMIC_RELAXED);
}

static void wait_ready(void)
{
	while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE)) {
		sleep_ms(1);
	}
}

/* Until it is not refused for now. */
static int send_one(unsigned int from, unsigned int i)
{
	struct end *e = &ends[from];
	struct vmsg *m = &messages[from][i];
	int result;

	*m = (struct vmsg){ .head = { i + 1 }, .len = 1, .done = message_done };
	do {
		flying[from][i] = true;
		WRITE_ONCE(e->room, false);
		result = vmsg_send(e->node, RECEIVER + 1, m);
		while (result == -ERR_BUSY && !READ_ONCE(e->room)) {
			sleep_ms(1);
		}
	} while (result == -ERR_BUSY);
	return result;
}

/* As a reset does it, when nothing is being sent. */
static void restart(struct end *e)
{
	while (vmsg_cancel(e->node)) {}
	vmsg_down(e->node);
	vmsg_up(e->node);
}

static void sender_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	wait_ready();
	for (unsigned int i = 0; i < nmessages; i++) {
		if (send_one(n, i) != VMSG_PARKED) {
			flying[n][i] = false;
			__atomic_fetch_add(&ended, 1, __ATOMIC_RELAXED);
		}
		if (rnd(4) == 0) {
			vmsg_flush(ends[n].node);
			sleep_ms(rnd(2));
		}
		if (churn && rnd(8) == 0) {
			restart(&ends[n]);
		}
	}
	done[n] = true;
}

static void receiver_main(void *arg)
{
	struct end *e = &ends[RECEIVER];
	unsigned int added = 0;

	wait_ready();
	while (ended_now() < SENDERS * nmessages) {
		unsigned long flags = spin_lock_irqsave(&e->lock);
		unsigned int n = rnd(4);

		/* Without churn as many as there are messages, and no kick
		 * after the last one. */
		n = churn ? n : MIN(n, SENDERS * nmessages - added);
		e->buffers += n;
		added += n;
		spin_unlock_irqrestore(&e->lock, flags);
		arch_mb(); /* as a driver before it kicks */
		while (n > 0 && vmsg_ready(e->node)) {}
		if (rnd(2)) {
			sleep_ms(1);
		}
	}
	done[(uintptr_t)arg] = true;
}

/* Takes nodes out of the domain, and puts them back. */
static void changer_main(void *arg)
{
	wait_ready();
	for (unsigned int i = 0; i < CHANGES; i++) {
		struct vmsg_node *n = ends[rnd(2) ? RECEIVER : 0].node;

		sleep_ms(rnd(3));
		assert_int_equal(vmsg_node_detach(n), 0);
		if (rnd(2)) {
			sleep_ms(1);
		}
		assert_int_equal(vmsg_node_attach(n, "d", false), 0);
	}
	done[(uintptr_t)arg] = true;
}

static void make(void)
{
	memset(ends, 0, sizeof(ends));
	memset(flying, 0, sizeof(flying));
	received = ended = 0;
	for (unsigned int i = 0; i <= RECEIVER; i++) {
		char name[4];
		struct vmsg_node_attr attr = {
			.name = name,
			.kind = &kind,
			.ops = &ops,
			.arg = &ends[i],
			.address = i + 1,
		};

		(void)snprintf(name, sizeof(name), "n%u", i);
		spin_init(&ends[i].lock, LOCK_VIRTQUEUE);
		assert_int_equal(vmsg_node_create(&ends[i].node, &attr), 0);
		assert_int_equal(vmsg_node_attach(ends[i].node, "d", true), 0);
		vmsg_up(ends[i].node);
	}
	sleep_ms(3); /* until all know all */
}

/* The last thread: the nodes are there while others run. */
static void owner_main(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	make();
	__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < n; i++) {
		while (!READ_ONCE(done[i])) {
			sleep_ms(1);
		}
	}
	for (unsigned int i = 0; i <= RECEIVER; i++) {
		vmsg_node_destroy(ends[i].node);
	}
	assert_int_equal(vmsg_domain_destroy("d"), 0);
	done[n] = true;
}

static void race(bool changes, unsigned int seeds, unsigned int count)
{
	nmessages = count;
	for (unsigned int seed = 0; seed < seeds; seed++) {
		unsigned int n = 0;

		begin(seed);
		churn = changes;
		ready = false;
		for (; n < SENDERS; n++) {
			spawn(n, rnd(SCHED_PRIO_MAX + 1), false, sender_main);
		}
		spawn(n++, rnd(SCHED_PRIO_MAX + 1), false, receiver_main);
		if (changes) {
			spawn(n++, rnd(SCHED_PRIO_MAX + 1), false,
			      changer_main);
		}
		spawn(n++, 3, false, owner_main);
		end(n);
		assert_int_equal(ended, SENDERS * nmessages);
		if (!changes) {
			assert_int_equal(received, SENDERS * nmessages);
		}
		for (unsigned int i = 0; i < SENDERS * MESSAGES; i++) {
			assert_false((&flying[0][0])[i]);
		}
	}
}

static void test_order(void **state)
{
	(void)state;
	race(false, SEEDS, MESSAGES);
	race(false, SHORT_SEEDS, SHORT_MESSAGES);
}

static void test_churn(void **state)
{
	(void)state;
	race(true, SEEDS, MESSAGES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_order),
		T(test_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
