/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cadence's GEM, with descriptors of both kinds, and its PHY, on a model. */
#include "card_model.h"

#include <core/device.h>

/* A device tree of this test. */
static const void *fake_prop(dt_node_t node, const char *name, int *len);
static dt_node_t fake_next(dt_node_t from, int *depth);
static const char *fake_name(dt_node_t node);
static int fake_u32(dt_node_t node, const char *name, uint32_t *out);
#define dt_prop fake_prop
#define dt_next fake_next
#define dt_name fake_name
#define dt_u32 fake_u32
#include "drivers/net/cadence_gem.c"
#include "drivers/net/card.c"
#define get phy_get
#include "drivers/net/phy.c"

static unsigned int ngone, bad_gone, nwire, rx_at;
static unsigned int phy_addr;
static uint16_t phy_regs[32];
static bool phy_silent, irq_on;
static irq_handler_t handler;
static void *handler_arg;

/* --- the card ------------------------------------------------------------- */

static bool model_wide(void)
{
	return model_get(0x10) & BIT(30);
}

static uint32_t *model_desc(unsigned int base, unsigned int high,
			    unsigned int i)
{
	uint64_t at = model_get(base);

	if (model_wide()) {
		at |= (uint64_t)model_get(high) << 32;
	}
	return (uint32_t *)model_ram(at) + i * (model_wide() ? 4 : 2);
}

static uint64_t desc_addr(const uint32_t *d, uint32_t mask)
{
	return (d[0] & mask) | (model_wide() ? (uint64_t)d[2] << 32 : 0);
}

static unsigned int tx_at_slot;

static void model_transmit(void)
{
	for (unsigned int n = 0; n < 256; n++) {
		uint32_t *d = model_desc(0x1c, 0x4c8, tx_at_slot);
		uint32_t word = d[1];

		if (word & BIT(31)) {
			return;
		}
		assert_true(word & BIT(15));
		bad_gone += !frame_is(model_ram(desc_addr(d, UINT32_MAX)),
				      word & 0x3fff, ngone);
		ngone++;
		d[1] = word | (uint32_t)BIT(31);
		tx_at_slot = word & BIT(30) ? 0 : tx_at_slot + 1;
	}
}

/* The other queue must have one descriptor, which is never free. */
static void check_queue_1(void)
{
	uint32_t *rx = (uint32_t *)model_ram(model_get(0x480));
	uint32_t *tx = (uint32_t *)model_ram(model_get(0x440));

	assert_int_equal(rx[0] & 3, 3);
	assert_true(tx[1] & BIT(31));
}

static uint32_t model_read(unsigned int off)
{
	return off == 0x08 ? (phy_silent ? 0 : 4) : model_get(off);
}

static void model_phy(uint32_t v)
{
	unsigned int phy = v >> 23 & 31, reg = v >> 18 & 31;

	assert_int_equal(v >> 30, 1);
	assert_int_equal(v >> 16 & 3, 2);
	if ((v >> 28 & 3) == 1) {
		if (phy == phy_addr) {
			phy_regs[reg] = (uint16_t)v;
		}
		return;
	}
	model_put(0x34, phy == phy_addr ? phy_regs[reg] : 0xffff);
}

static void model_write(unsigned int off, uint32_t v)
{
	switch (off) {
	case 0x00:
		if (!(model_get(0) & 8) && (v & 8)) {
			tx_at_slot = 0;
			rx_at = 0;
			if (model_get(0x294) & 2) {
				check_queue_1();
			}
		}
		model_put(0, v & ~(uint32_t)(BIT(9) | BIT(5)));
		if (v & BIT(9)) {
			model_transmit();
		}
		break;
	case 0x14:
	case 0x24:
		model_put(off, model_get(off) & ~v);
		break;
	case 0x28:
		model_put(0x30, model_get(0x30) & ~v);
		break;
	case 0x2c:
		model_put(0x30, model_get(0x30) | v);
		break;
	case 0x34:
		model_phy(v);
		break;
	default:
		model_put(off, v);
	}
}

static bool wire_next(void)
{
	static uint8_t frame[2048];
	uint32_t *d = model_desc(0x18, 0x4d4, rx_at);

	assert_int_equal(model_get(0x10) >> 16 & 0xff, 32);
	assert_int_equal(model_get(4) & 0x20110, 0x20110);
	if (d[0] & 1) {
		model_put(0x24, model_get(0x24) | 4);
		return false;
	}
	frame_fill(frame, nwire);
	memcpy(model_ram(desc_addr(d, ~3U)), frame, frame_len(nwire));
	d[1] = frame_len(nwire) | 0xc000;
	rx_at = d[0] & 2 ? 0 : rx_at + 1;
	d[0] |= 1;
	model_put(0x24, model_get(0x24) | 2);
	nwire++;
	return true;
}

/* --- the tree and interrupts ---------------------------------------------- */

static struct device dev;
static bool tree_has_mac;

int device_map(struct device *d, unsigned int index, volatile void **regs,
	       uint64_t *size)
{
	assert_true(d == &dev && index == 0 && !size);
	*regs = model_regs;
	return 0;
}

int device_irq_request(struct device *d, unsigned int index, irq_handler_t fn,
		       void *arg, unsigned int *irq)
{
	(void)d;
	assert_int_equal(index, 0);
	handler = fn;
	handler_arg = arg;
	*irq = 95;
	return 0;
}

void irq_enable(unsigned int irq)
{
	assert_int_equal(irq, 95);
	irq_on = true;
}

void irq_disable(unsigned int irq)
{
	assert_int_equal(irq, 95);
	irq_on = false;
}

void irq_synchronize(void)
{
}

static const void *fake_prop(dt_node_t node, const char *name, int *len)
{
	static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };

	(void)node;
	*len = 6;
	return tree_has_mac && strcmp(name, "local-mac-address") == 0 ? mac
								      : NULL;
}

/* One child, the PHY's node. */
static dt_node_t fake_next(dt_node_t from, int *depth)
{
	(*depth)++;
	return from == 1 ? 2 : -1;
}

static const char *fake_name(dt_node_t node)
{
	return node == 2 ? "ethernet-phy@c" : "ethernet@ff0e0000";
}

static int fake_u32(dt_node_t node, const char *name, uint32_t *out)
{
	(void)name;
	*out = 12;
	return node == 2 ? 0 : -ERR_NOENT;
}

static bool card_line(void)
{
	return irq_on && (model_get(0x24) & ~model_get(0x30));
}

static void card_handler(void)
{
	handler(95, handler_arg);
}

/* --- tests ---------------------------------------------------------------- */

static int probe_result;

static void probe_body(void)
{
	probe_result = gem_probe(&dev);
}

static void remove_body(void)
{
	gem_remove(&dev);
	dma_fini(&dev);
}

static void begin(bool wide)
{
	dev = (struct device){
		.name = "gem",
		.dt = 1,
		.dma = { .coherent = true, .limit = UINT64_MAX },
	};
	memset(model_regs, 0, sizeof(model_regs));
	model_put(0x30, UINT32_MAX);
	model_put(0x88, 0x12005452);
	model_put(0x8c, 0x5634);
	model_put(0xfc, wide ? 0x00070109 : 0x00020118);
	model_put(0x294, wide ? 0x00800002 : 0);
	nseen = bad_seen = ngone = bad_gone = nwire = 0;
	run(probe_body);
	assert_int_equal(probe_result, 0);
	step(1);
}

static void phy_reset(void)
{
	memset(phy_regs, 0, sizeof(phy_regs));
	phy_addr = 12;
	phy_silent = false;
	phy_regs[0] = 0x1000;
	phy_regs[1] = 0x24;
	phy_regs[2] = 0x2000;
	phy_regs[4] = 0x1e1;
	phy_regs[5] = 0x1e1;
	phy_regs[9] = 0x200;
	phy_regs[10] = 0x800;
}

static void leave(void)
{
	run(remove_body);
	assert_false(port_there);
	assert_int_equal(model_get(0x30) & 0xfff, 0xfff);
	assert_int_equal(model_get(0) & 0xc, 0);
}

static void exchange(void)
{
	for (unsigned int n = 0; n < 1000; n++) {
		assert_true(port_send(n));
		assert_true(wire_next());
		if (n % 5 == 0) {
			step(0);
		}
	}
	step(0);
	assert_int_equal(ngone, 1000);
	assert_int_equal(nseen, 1000);
	assert_int_equal(bad_gone + bad_seen, 0);
}

static void test_frames(void **state)
{
	(void)state;
	phy_reset();
	begin(true);
	assert_true(model_wide());
	assert_true(port_up);
	exchange();
	leave();
	begin(false);
	assert_false(model_wide());
	exchange();
	leave();
}

static void test_bus_error(void **state)
{
	(void)state;
	phy_reset();
	begin(true);
	assert_true(wire_next());
	model_put(0x24, model_get(0x24) | 0x800);
	for (unsigned int i = 0; i < 50; i++) {
		step(1);
	}
	ngone = nseen = nwire = 0;
	exchange();
	leave();
}

static unsigned int restarts(void)
{
	return ((struct gem *)handler_arg)->card.restarts;
}

/* An error from a received frame (QEMU) is not a transmit error. */
static void test_transmit_error(void **state)
{
	(void)state;
	phy_reset();
	begin(true);
	for (unsigned int i = 0; i < 2 * CARD_RESTARTS_MAX; i++) {
		model_put(0x24, model_get(0x24) | 0x40);
		step(1);
	}
	assert_int_equal(restarts(), 0);
	assert_true(port_up);
	model_put(0x14, 0x10);
	model_put(0x24, model_get(0x24) | 0x40);
	for (unsigned int i = 0; i < 50; i++) {
		step(1);
	}
	assert_int_equal(restarts(), 1);
	ngone = nseen = nwire = 0;
	exchange();
	leave();
}

static uint32_t link_bits(void)
{
	return model_get(4) & 0x403;
}

static void test_phy(void **state)
{
	static const struct {
		uint16_t partner, gigabit;
		uint32_t config;
	} cases[] = {
		{ 0x1e1, 0x800, 0x402 }, { 0x1e1, 0, 0x3 }, { 0x0e1, 0, 0x1 },
		{ 0x061, 0, 0x2 },       { 0x021, 0, 0x0 },
	};

	(void)state;
	phy_reset();
	begin(true);
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		phy_regs[1] = 0;
		step(CARD_TICK_MS);
		step(1);
		assert_false(port_up);
		phy_regs[1] = 0x24;
		phy_regs[5] = cases[i].partner;
		phy_regs[10] = cases[i].gigabit;
		step(CARD_TICK_MS);
		step(1);
		assert_true(port_up);
		assert_int_equal(link_bits(), cases[i].config);
	}
	leave();
	/* Not at the tree's address, and asleep. */
	phy_reset();
	phy_addr = 23;
	phy_regs[0] = 0x0800;
	begin(true);
	assert_int_equal(phy_regs[0], 0x1200);
	assert_int_equal(link_bits(), 0x402);
	leave();
	/* No PHY answers: the link is assumed to be up. */
	phy_reset();
	phy_silent = true;
	begin(true);
	assert_true(port_up);
	exchange();
	leave();
}

static void test_mac(void **state)
{
	static const uint8_t own[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	static const uint8_t tree[] = { 2, 1, 2, 3, 4, 5 };
	static const uint8_t group[] = { 1, 0, 0x5e, 0, 0, 1 };

	(void)state;
	phy_reset();
	begin(true);
	assert_memory_equal(port_attr.mac, own, 6);
	leave();
	tree_has_mac = true;
	begin(true);
	assert_memory_equal(port_attr.mac, tree, 6);
	assert_int_equal(model_get(0x88), 0x03020102);
	tree_has_mac = false;
	leave();
	assert_false(mac_valid(group));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_bus_error),
		cmocka_unit_test(test_transmit_error),
		cmocka_unit_test(test_phy),
		cmocka_unit_test(test_mac),
	};

	return cmocka_run_group_tests(tests, boot_once, NULL);
}
