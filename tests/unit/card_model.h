/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of network cards' drivers: the port that is made for the card, the
 * simulated CPU that the driver's thread runs on, and a wire. The test supplies
 * the registers (model_access()), the interrupt (card_line(), card_handler())
 * and frames (wire_receive()).
 */
#ifndef TESTS_CARD_MODEL_H
#define TESTS_CARD_MODEL_H

#define ARCH_MMIO_H /* instead of <arch/mmio.h> */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arch/mmu.h>
#include <arch_impl/host.h>
#include <core/netport.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/work.h>
#include <libs/error.h>

#define SETTLE_ROUNDS 100000

static uint8_t model_regs[0x6000];

static uint32_t model_read(unsigned int off);
static void model_write(unsigned int off, uint32_t v);

static inline uint32_t mmio_read32(volatile void *reg)
{
	return model_read((unsigned int)((volatile uint8_t *)reg - model_regs));
}

static inline void mmio_write32(volatile void *reg, uint32_t v)
{
	model_write((unsigned int)((volatile uint8_t *)reg - model_regs), v);
}

static uint32_t model_get(unsigned int off)
{
	uint32_t v;

	memcpy(&v, model_regs + off, 4);
	return v;
}

static void model_put(unsigned int off, uint32_t v)
{
	memcpy(model_regs + off, &v, 4);
}

static uint8_t *model_ram(uint64_t addr)
{
	return arch_phys_to_virt(PADDR(addr));
}

/* --- the port ------------------------------------------------------------- */

#define SEEN_MAX 4096

static struct netport_attr port_attr;
static bool port_there, port_up;
static unsigned int nseen, bad_seen; /* frames received from the card */
static uint8_t port_dummy;
static void (*port_meanwhile)(void); /* called while a batch is delivered */

int netport_create(struct netport **out, const struct netport_attr *attr)
{
	assert_false(port_there);
	port_attr = *attr;
	port_there = true;
	port_up = true;
	*out = (struct netport *)&port_dummy;
	return 0;
}

void netport_destroy(struct netport *p)
{
	assert_ptr_equal(p, &port_dummy);
	assert_true(port_there);
	port_there = false;
}

void *netport_arg(const struct netport *p)
{
	(void)p;
	return port_attr.arg;
}

const char *netport_name(const struct netport *p)
{
	(void)p;
	return "eth0";
}

void netport_set_carrier(struct netport *p, bool up)
{
	(void)p;
	port_up = up;
}

/* The length of frame number n. */
static uint32_t frame_len(unsigned int n)
{
	return 60 + n * 37 % 1455;
}

static uint8_t frame_byte(unsigned int n, uint32_t i)
{
	return (uint8_t)(n * 31 + i * 7 + (i >> 8));
}

static void frame_fill(uint8_t *p, unsigned int n)
{
	for (uint32_t i = 0; i < frame_len(n); i++) {
		p[i] = frame_byte(n, i);
	}
}

static bool frame_is(const uint8_t *p, size_t len, unsigned int n)
{
	if (len != frame_len(n)) {
		return false;
	}
	for (uint32_t i = 0; i < len; i++) {
		if (p[i] != frame_byte(n, i)) {
			return false;
		}
	}
	return true;
}

size_t netport_send(struct netport *p, const struct net_packet *packets,
		    unsigned int n)
{
	(void)p;
	assert_true(n > 0 && n <= NET_BATCH_MAX);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(packets[i].nsegs, 1);
		assert_int_equal(packets[i].segs[0].size, packets[i].len);
		bad_seen +=
			!frame_is(packets[i].segs[0].va, packets[i].len, nseen);
		nseen++;
	}
	if (port_meanwhile) {
		port_meanwhile();
	}
	return 0;
}

/* --- running -------------------------------------------------------------- */

static bool card_line(void);
static void card_handler(void);
static bool body_done;
static void (*body_fn)(void);

static void body_main(void *arg)
{
	(void)arg;
	body_fn();
	body_done = true;
}

static void settle(void)
{
	assert_true(host_settle(SETTLE_ROUNDS));
}

/* Handle the card's interrupt while its line is high, or let time pass. */
static void step(unsigned int ms)
{
	for (unsigned int i = 0; card_line(); i++) {
		assert_true(i < 1000);
		host_irq_begin(0);
		card_handler();
		host_irq_end();
		settle();
	}
	host_advance(ms_to_ticks(ms));
	settle();
}

static void run(void (*fn)(void))
{
	static const struct thread_attr attr = { .name = "test",
						 .priority = 3 };

	body_fn = fn;
	body_done = false;
	host_irq_begin(0);
	assert_int_equal(thread_create(NULL, &attr, body_main, NULL), 0);
	host_irq_end();
	settle();
	for (unsigned int i = 0; !body_done; i++) {
		assert_true(i < 10000);
		step(1);
	}
}

static int boot_once(void **state)
{
	(void)state;
	host_boot(1);
	host_irq_begin(0);
	assert_int_equal(work_start(), 0);
	host_irq_end();
	settle();
	return 0;
}

/* Give the card frame number n to send, in two segments; false: dropped. */
static bool port_send(unsigned int n)
{
	static uint8_t frame[2048];
	struct io_segment segs[2] = {
		{ .va = frame, .size = 33 },
		{ .va = frame + 33, .size = frame_len(n) - 33 },
	};
	const struct net_packet pkt = {
		.segs = segs,
		.nsegs = 2,
		.len = frame_len(n),
	};
	enum net_drop why = NET_DROPS;
	bool taken;

	frame_fill(frame, n);
	host_irq_begin(0);
	taken = port_attr.ops->receive((struct netport *)&port_dummy, &pkt,
				       &why);
	if (taken) {
		port_attr.ops->receive_done((struct netport *)&port_dummy);
	}
	host_irq_end();
	assert_int_equal(taken, why == NET_DROPS);
	return taken;
}

#endif
