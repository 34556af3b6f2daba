/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared memory: who has what mapped, how it goes away, and that no doorbell is
 * lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <string.h>

#include <arch/guest.h>
#include <arch/mmu.h>
#include <core/guest.h>
#include <core/percpu.h>
#include <libs/error.h>

#include "core/msg/shared_priv.h"
#include "emulators/msg/shared_memory.c"

#define GUESTS 3
#define BASE GIB(2)
#define WINDOW MIB(6)
#define LINE 7
#define HEAP_KEEPS 16 /* pages, at most */

static struct guest_config cfgs[GUESTS];
static struct config_device nodes[GUESTS];
static struct guest guests[GUESTS];
static struct emu_device devs[GUESTS];
static struct shared_window windows[GUESTS];
static unsigned int edges[GUESTS];
static struct page_stats before;
static struct colour_refusal why;
static struct vcpu self; /* mutexes have owners */

void arch_guest_irq(struct guest *g, unsigned int line, bool level)
{
	assert_int_equal(line, LINE);
	assert_true(level);
	edges[g - guests]++;
}

static int setup(void **state)
{
	static const char *const names[GUESTS] = { "one", "two", "three" };

	(void)state;
	this_cpu()->current = &self;
	page_get_stats(&before);
	memset(edges, 0, sizeof(edges));
	for (unsigned int i = 0; i < GUESTS; i++) {
		nodes[i] = (struct config_device){
			.irqs = { { LINE, true } },
			.nirqs = 1,
			.nregs = 2,
			.node = -1,
		};
		guests[i] = (struct guest){ .name = names[i], .cfg = &cfgs[i] };
		devs[i] = (struct emu_device){
			.guest = &guests[i],
			.cfg = &nodes[i],
			.name = "ring",
			.state = &windows[i],
		};
		windows[i] = (struct shared_window){
			.dev = &devs[i],
			.name = "ring",
			.base = IPA(BASE),
			.size = WINDOW,
			.most = SHARED_WRITE,
			.wanted = SHARED_NUMBER_ANY,
		};
		if (stage2_init(&guests[i].stage2, 32, PAGE_ANY_COLOUR)) {
			return -1;
		}
	}
	return 0;
}

static int teardown(void **state)
{
	struct page_stats after;
	struct shared_info info;

	(void)state;
	for (unsigned int i = 0; i < GUESTS; i++) {
		stage2_fini(&guests[i].stage2);
	}
	page_get_stats(&after);
	return shared_get_nth(0, &info) ||
			       after.free + HEAP_KEEPS < before.free ||
			       after.guests != before.guests
		       ? -1
		       : 0;
}

static int join_as(unsigned int i, uint64_t size)
{
	const struct shared_make make = { .name = "ring", .size = size };

	return shared_window_init(&windows[i], &make, &why);
}

static void join_all(void)
{
	for (unsigned int i = 0; i < GUESTS; i++) {
		assert_int_equal(join_as(i, 0), 0);
		shared_set_up(&windows[i], true);
		shared_acknowledge(&windows[i], UINT32_MAX);
		shared_enable(&windows[i], UINT32_MAX);
	}
	for (unsigned int i = 0; i < GUESTS; i++) {
		shared_acknowledge(&windows[i], UINT32_MAX);
		edges[i] = 0;
	}
}

static void leave_all(void)
{
	for (unsigned int i = 0; i < GUESTS; i++) {
		if (windows[i].node.next) {
			shared_window_fini(&windows[i]);
		}
	}
}

/* The permission at the byte `off` of the window; 0: nothing is mapped. */
static enum stage2_prot prot_at(unsigned int i, uint64_t off, paddr_t *pa)
{
	enum stage2_prot prot;

	return stage2_lookup(&guests[i].stage2, IPA(BASE + off), pa, &prot)
		       ? 0
		       : prot;
}

/* --- mapping -------------------------------------------------------------- */

static void test_one_memory(void **state)
{
	paddr_t a, b;

	(void)state;
	windows[1].most = SHARED_READ;
	assert_int_equal(join_as(0, MIB(4) + KIB(12)), 0);
	assert_int_equal(join_as(1, 0), 0);
	for (uint64_t off = 0; off < MIB(4) + KIB(12); off += PAGE_SIZE) {
		assert_int_equal(prot_at(0, off, &a), STAGE2_RW);
		assert_int_equal(prot_at(1, off, &b), STAGE2_RO);
		assert_int_equal(a.v, b.v);
		assert_int_equal(*(uint64_t *)arch_phys_to_virt(a), 0);
	}
	assert_int_equal(prot_at(0, MIB(4) + KIB(12), &a), 0);
	assert_int_equal(shared_size(&windows[0]), MIB(4) + KIB(12));
	/* It stays until the last one goes. */
	shared_window_fini(&windows[0]);
	assert_int_equal(prot_at(0, 0, &a), 0);
	assert_int_equal(prot_at(1, 0, &b), STAGE2_RO);
	shared_window_fini(&windows[1]);
	assert_int_equal(prot_at(1, 0, &b), 0);
}

static void test_zeroed_again(void **state)
{
	paddr_t pa;

	(void)state;
	for (unsigned int n = 0; n < 2; n++) {
		assert_int_equal(join_as(0, PAGE_SIZE), 0);
		prot_at(0, 0, &pa);
		assert_int_equal(*(uint64_t *)arch_phys_to_virt(pa), 0);
		memset(arch_phys_to_virt(pa), 0x5a, PAGE_SIZE);
		shared_window_fini(&windows[0]);
	}
}

static void test_noncacheable(void **state)
{
	const struct shared_make make = { .name = "ring",
					  .size = MIB(2),
					  .cache = SHARED_NONCACHEABLE };
	struct shared_peer_info p;
	paddr_t pa;

	(void)state;
	assert_int_equal(shared_window_init(&windows[0], &make, &why), 0);
	assert_int_equal(prot_at(0, 0, &pa), STAGE2_RW_NC);
	assert_true(shared_get_peer("ring", 0, &p));
	assert_true(p.noncacheable && !p.writeback);
	/* One that says nothing has it so, too. */
	assert_int_equal(join_as(1, 0), 0);
	assert_int_equal(prot_at(1, 0, &pa), STAGE2_RW_NC);
	windows[2].most = SHARED_READ;
	assert_int_equal(join_as(2, MIB(4)), -ERR_STATE);
	assert_int_equal(prot_at(2, 0, &pa), 0);
	leave_all();
}

static void test_refused(void **state)
{
	const struct shared_make odd = { .name = "ring", .size = 100 };
	const struct shared_make name = { .name = "a ring", .size = 4096 };
	const struct shared_make big = { .name = "ring",
					 .size = SHARED_SIZE_MAX + PAGE_SIZE };
	const struct shared_make much = { .name = "ring",
					  .size = SHARED_SIZE_MAX };

	(void)state;
	assert_int_equal(shared_create(&odd, &why), -ERR_RANGE);
	assert_int_equal(shared_create(&big, &why), -ERR_RANGE);
	assert_int_equal(shared_create(&name, &why), -ERR_INVAL);
	/* More than the host has; nothing is left of the attempt. */
	assert_int_equal(shared_create(&much, &why), -ERR_NOMEM);
	assert_int_equal(join_as(0, 0), 0);
	/* A window that is too small. */
	windows[1].size = MIB(2);
	assert_int_equal(join_as(1, 0), -ERR_RANGE);
	/* A number that is taken. */
	windows[2].wanted = 0;
	assert_int_equal(join_as(2, 0), -ERR_EXIST);
	windows[2].wanted = 30;
	assert_int_equal(join_as(2, 0), 0);
	assert_int_equal(windows[2].number, 30);
	assert_int_equal(shared_destroy("ring"), -ERR_BUSY);
	shared_window_fini(&windows[0]);
	shared_window_fini(&windows[2]);
}

static void test_granted(void **state)
{
	const struct shared_make make = { .name = "ring", .size = MIB(2) };
	paddr_t pa;

	(void)state;
	assert_int_equal(shared_create(&make, &why), 0);
	assert_int_equal(shared_create(&make, &why), -ERR_EXIST);
	assert_int_equal(join_as(0, 0), 0);
	windows[1].most = SHARED_READ;
	assert_int_equal(join_as(1, 0), 0);
	assert_int_equal(prot_at(0, 0, &pa), 0);
	assert_int_equal(shared_grant("ring", "one", SHARED_WRITE), 0);
	assert_int_equal(shared_grant("ring", "two", SHARED_WRITE), 0);
	assert_int_equal(shared_grant("ring", "later", SHARED_READ), 0);
	assert_int_equal(shared_grant("rind", "two", SHARED_READ), -ERR_NOENT);
	assert_int_equal(prot_at(0, 0, &pa), STAGE2_RW);
	assert_int_equal(prot_at(1, 0, &pa), STAGE2_RO);
	assert_int_equal(prot_at(2, 0, &pa), 0);
	assert_int_equal(shared_grant("ring", "one", SHARED_READ), 0);
	assert_int_equal(prot_at(0, MIB(2) - 1, &pa), STAGE2_RO);
	assert_int_equal(shared_revoke("ring", "one"), 0);
	assert_int_equal(prot_at(0, 0, &pa), 0);
	assert_int_equal(shared_size(&windows[0]), 0);
	assert_int_equal(shared_revoke("ring", "one"), -ERR_STATE);
	assert_int_equal(shared_destroy("ring"), -ERR_BUSY);
	shared_window_fini(&windows[1]);
	/* It was made by command: it does not go with the windows. */
	shared_window_fini(&windows[0]);
	assert_int_equal(shared_destroy("ring"), 0);
	assert_int_equal(shared_destroy("ring"), -ERR_NOENT);
}

/* What `memory check` asks. */
static void test_checked(void **state)
{
	paddr_t pa, other;

	(void)state;
	windows[1].most = SHARED_READ;
	assert_int_equal(join_as(0, MIB(2)), 0);
	assert_int_equal(join_as(1, 0), 0);
	prot_at(0, 0, &pa);
	prot_at(0, PAGE_SIZE, &other);
	shared_lock();
	assert_int_equal(shared_check(&guests[0], IPA(BASE), MIB(2), pa), 1);
	assert_int_equal(shared_check(&guests[1], IPA(BASE), PAGE_SIZE, pa), 1);
	assert_int_equal(shared_check(&guests[0], IPA(BASE), PAGE_SIZE, other),
			 -1);
	assert_int_equal(shared_check(&guests[0], IPA(GIB(1)), PAGE_SIZE, pa),
			 0);
	assert_int_equal(shared_check(&guests[2], IPA(BASE), PAGE_SIZE, pa), 0);
	/* More than it may. */
	shared_grant_find(shared_find("ring"), "one")->access = SHARED_READ;
	assert_int_equal(shared_check(&guests[0], IPA(BASE), PAGE_SIZE, pa),
			 -1);
	shared_unlock();
	leave_all();
}

/* --- doorbells ------------------------------------------------------------ */

static uint32_t reg_read(unsigned int i, uint64_t off)
{
	struct emu_access a = { .off = off,
				.size = 4,
				.region = REGION_DOORBELL };

	assert_int_equal(shared_memory_access(&devs[i], &a), 0);
	return (uint32_t)a.value;
}

static void reg_write(unsigned int i, uint64_t off, uint32_t v)
{
	struct emu_access a = { .off = off,
				.size = 4,
				.region = REGION_DOORBELL,
				.write = true,
				.value = v };

	assert_int_equal(shared_memory_access(&devs[i], &a), 0);
}

static void test_registers(void **state)
{
	struct emu_access window = { .size = 4, .region = REGION_WINDOW };

	(void)state;
	assert_int_equal(join_as(0, MIB(4)), 0);
	assert_int_equal(join_as(1, 0), 0);
	assert_int_equal(reg_read(1, DOORBELL_VERSION), 1);
	assert_int_equal(reg_read(1, DOORBELL_SIZE), 1024);
	assert_int_equal(reg_read(1, DOORBELL_ACCESS), 2);
	assert_int_equal(reg_read(1, DOORBELL_NUMBER), 1);
	assert_int_equal(reg_read(1, DOORBELL_STATUS), 0);
	reg_write(1, DOORBELL_STATE, 1);
	assert_int_equal(reg_read(0, DOORBELL_STATUS), 2);
	assert_int_equal(reg_read(0, DOORBELL_COUNT), 1);
	assert_int_equal(reg_read(0, DOORBELL_STATE), 0);
	assert_int_equal(reg_read(1, DOORBELL_STATE), 1);
	/* Not up yet: it is not rung. */
	reg_write(1, DOORBELL_RING, 0 << 8 | 3);
	assert_int_equal(reg_read(0, DOORBELL_PENDING) & 8, 0);
	reg_write(0, DOORBELL_ACK, UINT32_MAX);
	reg_write(0, DOORBELL_STATE, 1);
	reg_write(0, DOORBELL_ENABLE, 0xff);
	reg_write(1, DOORBELL_RING, 0 << 8 | 3);
	assert_int_equal(reg_read(0, DOORBELL_PENDING), 8);
	assert_int_equal(edges[0], 1);
	assert_int_equal(reg_read(0, DOORBELL_ACK), 8);
	assert_int_equal(reg_read(0, DOORBELL_ACK), 0);
	/* Peers and vectors that are none. */
	reg_write(1, DOORBELL_RING, 30 << 8 | 1);
	reg_write(1, DOORBELL_RING, 31 << 8 | 1);
	reg_write(1, DOORBELL_RING, 0 << 8 | 31);
	reg_write(1, DOORBELL_RING, 0 << 8 | 255);
	reg_write(1, DOORBELL_RING, UINT32_MAX);
	assert_int_equal(reg_read(0, DOORBELL_PENDING), 0);
	assert_int_equal(edges[0], 1);
	/* What is read-only, and what is not there. */
	reg_write(1, DOORBELL_NUMBER, 5);
	reg_write(1, DOORBELL_STATUS, 0);
	reg_write(1, 0xffc, 1);
	assert_int_equal(reg_read(1, 0xffc), 0);
	assert_int_equal(reg_read(1, DOORBELL_NUMBER), 1);
	assert_int_equal(reg_read(1, DOORBELL_STATUS), 3);
	/* An access to the window comes here only if nothing is there. */
	assert_int_equal(shared_memory_access(&devs[0], &window), -ERR_FAULT);
	leave_all();
}

/* An edge for each time that the first enabled vector is set. */
static void test_edges(void **state)
{
	(void)state;
	join_all();
	shared_ring(&windows[0], 1, 4);
	shared_ring(&windows[2], 1, 5);
	assert_int_equal(edges[1], 1);
	/* What is left pending gets a new edge. */
	assert_int_equal(shared_acknowledge(&windows[1], BIT(4)),
			 BIT(4) | BIT(5));
	assert_int_equal(edges[1], 2);
	assert_int_equal(shared_acknowledge(&windows[1], BIT(5)), BIT(5));
	assert_int_equal(edges[1], 2);
	/* A vector that is not enabled waits for that. */
	shared_enable(&windows[1], BIT(4));
	shared_ring(&windows[0], 1, 9);
	assert_int_equal(edges[1], 2);
	shared_ring(&windows[0], 1, 4);
	assert_int_equal(edges[1], 3);
	shared_acknowledge(&windows[1], BIT(4));
	assert_int_equal(edges[1], 3);
	shared_enable(&windows[1], BIT(9));
	assert_int_equal(edges[1], 4);
	assert_int_equal(windows[0].rung, 3);
	leave_all();
}

static void test_come_and_go(void **state)
{
	(void)state;
	join_all();
	/* A reset, a stop or a crash. */
	shared_window_reset(&windows[2]);
	assert_int_equal(shared_peers_up(&windows[0]), 3);
	assert_int_equal(shared_acknowledge(&windows[0], UINT32_MAX),
			 BIT(SHARED_VECTOR_STATUS));
	assert_int_equal(edges[0], 1);
	assert_int_equal(edges[1], 1);
	assert_int_equal(edges[2], 0);
	/* The same again is no change. */
	shared_window_reset(&windows[2]);
	assert_int_equal(edges[0], 1);
	shared_ring(&windows[0], 2, 1);
	assert_int_equal(windows[2].pending, 0);
	shared_set_up(&windows[2], true);
	assert_int_equal(edges[0], 2);
	/* Access is taken away: both sides are told. */
	shared_acknowledge(&windows[0], UINT32_MAX);
	shared_acknowledge(&windows[1], UINT32_MAX);
	assert_int_equal(shared_revoke("ring", "two"), 0);
	assert_int_equal(shared_peers_up(&windows[0]), 5);
	assert_int_equal(shared_peers_up(&windows[1]), 0);
	assert_int_equal(shared_acknowledge(&windows[0], UINT32_MAX),
			 BIT(SHARED_VECTOR_STATUS));
	assert_int_equal(shared_acknowledge(&windows[1], UINT32_MAX),
			 BIT(SHARED_VECTOR_STATUS));
	shared_ring(&windows[1], 0, 1);
	shared_ring(&windows[0], 1, 1);
	assert_int_equal(windows[0].pending | windows[1].pending, 0);
	/* It is up again only when it says so. */
	assert_int_equal(shared_grant("ring", "two", SHARED_READ), 0);
	assert_int_equal(shared_peers_up(&windows[1]), 5);
	assert_int_equal(windows[1].number, 1);
	shared_set_up(&windows[1], true);
	shared_ring(&windows[0], 1, 1);
	assert_int_equal(windows[1].pending,
			 BIT(1) | BIT(SHARED_VECTOR_STATUS));
	leave_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		T(test_one_memory), T(test_zeroed_again), T(test_noncacheable),
		T(test_refused),    T(test_granted),      T(test_checked),
		T(test_registers),  T(test_edges),        T(test_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
