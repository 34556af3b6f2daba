/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of the virtual distributor and redistributors, as guests see them:
 * values, access sizes, read-only and reserved ones. */
#include "vgic_case.h"

static uint64_t rd(unsigned int region, uint64_t off, unsigned int size)
{
	return model_access(0, region, off, size, false, 0);
}

static void wr(unsigned int region, uint64_t off, unsigned int size,
	       uint64_t val)
{
	(void)model_access(0, region, off, size, true, val);
}

#define SGI_FRAME(vcpu) (((uint64_t)(vcpu) << 17) + 0x10000)
#define RD_FRAME(vcpu) ((uint64_t)(vcpu) << 17)

static void test_v2_identification(void **state)
{
	(void)state;
	start(2, 4, 4);
	/* 32 + 64 interrupts: 3 * 32; 4 CPUs. */
	assert_int_equal(rd(0, 0x004, 4), 3 << 5 | 2);
	assert_int_equal(rd(0, 0xfe8, 4) >> 4 & 15, 2);
	assert_int_equal(rd(0, 0xff0, 4), 0x0d);
	assert_int_equal(rd(0, 0xffc, 4), 0xb1);
	assert_int_equal(rd(0, 0x008, 4) & 0xfff, 0x43b);
	wr(0, 0x004, 4, 0);
	assert_int_equal(rd(0, 0x004, 4), 3 << 5 | 2);
	model_fini();
}

/* With one VCPU its bit is writable, the others' are RAZ/WI, bytes can be
 * accessed, and SPIs arrive whatever is written. */
static void test_v2_targets_of_one(void **state)
{
	(void)state;
	start(2, 1, 4);
	assert_int_equal(rd(0, 0x800, 4), 0x01010101);
	wr(0, 0x800, 4, 0);
	assert_int_equal(rd(0, 0x81c, 4), 0x01010101);
	wr(0, 0x820, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0x820, 4), 0x01010101);
	wr(0, 0x820, 4, 0x0103020f);
	assert_int_equal(rd(0, 0x820, 4), 0x01010001);
	wr(0, 0x821, 1, 0x1f);
	assert_int_equal(rd(0, 0x820, 4), 0x01010101);
	assert_int_equal(rd(0, 0x821, 1), 1);
	/* Beyond the last SPI. */
	wr(0, 0x860, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0x860, 4), 0);
	wr(0, 0x828, 4, 0);
	assert_int_equal(rd(0, 0x828, 4), 0);
	model_setup(0, 40, 0x80, true);
	line(40, true);
	assert_int_equal(model_ack(0), 40);
	model_fini();
}

static void test_v3_identification(void **state)
{
	(void)state;
	start(3, 20, 4);
	assert_int_equal(rd(0, 0x0004, 4) & 0x1f, 2);
	assert_int_equal(rd(0, 0x0004, 4) >> 19 & 0x1f, 9);
	assert_int_equal(rd(0, 0xffe8, 4) >> 4 & 15, 3);
	assert_int_equal(rd(1, RD_FRAME(3) + 0xffe8, 4) >> 4 & 15, 3);
	assert_int_equal(rd(1, SGI_FRAME(3) + 0xffe8, 4) >> 4 & 15, 3);
	/* Affinity 1.3 is VCPU 19, the last. */
	assert_int_equal(rd(1, RD_FRAME(19) + 8, 8),
			 UINT64_C(0x103) << 32 | 19 << 8 | 0x10);
	assert_int_equal(rd(1, RD_FRAME(18) + 8, 4), 18 << 8);
	assert_int_equal(rd(1, RD_FRAME(18) + 12, 4), 0x102);
	/* There is nothing after the last. */
	assert_int_equal(rd(1, RD_FRAME(20) + 8, 8), 0);
	assert_int_equal(rd(1, SGI_FRAME(20) + 0x100, 4), 0);
	wr(1, SGI_FRAME(20) + 0x100, 4, UINT32_MAX);
	wr(1, RD_FRAME(100000) + 0x14, 4, 0);
	model_fini();
}

static void test_ctlr(void **state)
{
	(void)state;
	start(2, 2, 4);
	wr(0, 0, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0, 4), 3);
	model_fini();
	start(3, 2, 4);
	wr(0, 0, 4, 1);
	assert_int_equal(rd(0, 0, 4), 0x51);
	wr(0, 0, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0, 4), 0x53);
	model_fini();
}

static void test_waker(void **state)
{
	(void)state;
	start(3, 2, 4);
	assert_int_equal(rd(1, RD_FRAME(1) + 0x14, 4), 6);
	wr(1, RD_FRAME(1) + 0x14, 4, 0);
	assert_int_equal(rd(1, RD_FRAME(1) + 0x14, 4), 0);
	assert_int_equal(rd(1, RD_FRAME(0) + 0x14, 4), 6);
	model_fini();
}

/* A register of private interrupts at `priv`, and one of SPIs. */
static void check_bits(unsigned int region, uint64_t priv)
{
	wr(region, priv + 0x100, 4, 0x12345678);
	assert_int_equal(rd(region, priv + 0x100, 4), 0x12345678);
	wr(region, priv + 0x180, 4, 0x00345600);
	assert_int_equal(rd(region, priv + 0x100, 4), 0x12000078);
	assert_int_equal(rd(region, priv + 0x180, 4), 0x12000078);
	wr(0, 0x108, 4, 0xf0f0f0f0);
	assert_int_equal(rd(0, 0x108, 4), 0xf0f0f0f0);
	assert_int_equal(rd(0, 0x104, 4), 0);
	/* 64 SPIs: there are no more words. */
	wr(0, 0x10c, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0x10c, 4), 0);
	/* Only words; other sizes do nothing. */
	wr(0, 0x104, 1, 0xff);
	wr(0, 0x104, 2, 0xffff);
	wr(0, 0x100, 8, UINT64_MAX);
	wr(0, 0x106, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0x104, 4), 0);
	assert_int_equal(rd(0, 0x108, 1), 0);
	wr(0, 0x084, 4, 0xaa);
	assert_int_equal(rd(0, 0x084, 4), 0xaa);
	wr(0, 0x084, 4, 0x55);
	assert_int_equal(rd(0, 0x084, 4), 0x55);
}

static void test_bits(void **state)
{
	(void)state;
	start(2, 2, 4);
	check_bits(0, 0);
	model_fini();
	start(3, 2, 4);
	check_bits(1, SGI_FRAME(0));
	/* With affinity routing GICD has no registers of private interrupts. */
	assert_int_equal(rd(0, 0x100, 4), 0);
	wr(0, 0x100, 4, UINT32_MAX);
	assert_int_equal(rd(1, SGI_FRAME(0) + 0x100, 4), 0x12000078);
	assert_int_equal(rd(1, SGI_FRAME(1) + 0x100, 4), 0);
	/* The SGI frame has one word. */
	assert_int_equal(rd(1, SGI_FRAME(0) + 0x108, 4), 0);
	model_fini();
}

static void test_banked(void **state)
{
	(void)state;
	start(2, 2, 4);
	wr(0, 0x100, 4, 0xff);
	assert_int_equal(model_access(1, 0, 0x100, 4, false, 0), 0);
	assert_int_equal(model_access(1, 0, 0x104, 4, false, 0), 0);
	(void)model_access(1, 0, 0x104, 4, true, 3);
	assert_int_equal(rd(0, 0x104, 4), 3);
	model_fini();
}

static void test_priorities(void **state)
{
	(void)state;
	start(2, 2, 4);
	wr(0, 0x420, 4, 0xffa57f01);
	/* Five bits of each priority are implemented. */
	assert_int_equal(rd(0, 0x420, 4), 0xf8a07800);
	assert_int_equal(rd(0, 0x422, 1), 0xa0);
	assert_int_equal(rd(0, 0x422, 2), 0xf8a0);
	wr(0, 0x421, 1, 0x10);
	assert_int_equal(rd(0, 0x420, 4), 0xf8a01000);
	wr(0, 0x420, 2, 0x0808);
	assert_int_equal(rd(0, 0x420, 4), 0xf8a00808);
	wr(0, 0x420, 8, 0);
	assert_int_equal(rd(0, 0x420, 4), 0xf8a00808);
	/* INTID 96 does not exist. */
	wr(0, 0x460, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0x460, 4), 0);
	model_fini();
}

static void test_config(void **state)
{
	(void)state;
	start(2, 2, 4);
	assert_int_equal(rd(0, 0xc00, 4), 0xaaaaaaaa);
	wr(0, 0xc00, 4, 0);
	assert_int_equal(rd(0, 0xc00, 4), 0xaaaaaaaa);
	assert_int_equal(rd(0, 0xc04, 4), 0);
	wr(0, 0xc04, 4, 0xc0000003);
	assert_int_equal(rd(0, 0xc04, 4), 0x80000002);
	wr(0, 0xc0c, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0xc0c, 4), 0xaaaaaaaa);
	assert_int_equal(rd(0, 0xc08, 4), 0);
	assert_int_equal(rd(0, 0xc14, 4), 0);
	wr(0, 0xc18, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0xc18, 4), 0);
	model_fini();
}

static void test_targets(void **state)
{
	(void)state;
	start(2, 3, 4);
	/* SGIs and PPIs: the CPU that reads. */
	assert_int_equal(rd(0, 0x800, 4), 0x01010101);
	assert_int_equal(model_access(2, 0, 0x81c, 4, false, 0), 0x04040404);
	assert_int_equal(model_access(2, 0, 0x81d, 1, false, 0), 0x04);
	wr(0, 0x800, 4, 0);
	assert_int_equal(rd(0, 0x800, 4), 0x01010101);
	assert_int_equal(rd(0, 0x820, 4), 0);
	wr(0, 0x820, 4, 0xff040201);
	/* Three CPUs. */
	assert_int_equal(rd(0, 0x820, 4), 0x07040201);
	wr(0, 0x821, 1, 0x04);
	assert_int_equal(rd(0, 0x820, 4), 0x07040401);
	model_fini();
}

static void test_routers(void **state)
{
	const uint64_t any = BIT(31);

	(void)state;
	start(3, 2, 4);
	wr(0, 0x6000 + 8 * 40, 8, UINT64_MAX);
	/* No Aff3. */
	assert_int_equal(rd(0, 0x6000 + 8 * 40, 8), any | 0xffffff);
	wr(0, 0x6000 + 8 * 40, 8, 0x010203);
	assert_int_equal(rd(0, 0x6000 + 8 * 40, 8), 0x010203);
	wr(0, 0x6000 + 8 * 40, 4, 0x1);
	wr(0, 0x6000 + 8 * 40 + 4, 4, 0xff);
	assert_int_equal(rd(0, 0x6000 + 8 * 40, 8), 1);
	assert_int_equal(rd(0, 0x6000 + 8 * 40 + 4, 4), 0);
	assert_int_equal(rd(0, 0x6000 + 8 * 40, 4), 1);
	/* Below 32, above the last, and wrong sizes. */
	wr(0, 0x6000 + 8 * 31, 8, 1);
	wr(0, 0x6000 + 8 * 96, 8, 1);
	wr(0, 0x6000 + 8 * 41, 2, 1);
	assert_int_equal(rd(0, 0x6000 + 8 * 31, 8), 0);
	assert_int_equal(rd(0, 0x6000 + 8 * 96, 8), 0);
	assert_int_equal(rd(0, 0x6000 + 8 * 41, 8), 0);
	model_fini();
}

static void test_pending_and_active(void **state)
{
	(void)state;
	start(3, 1, 4);
	wr(0, 0x204, 4, 0x6);
	assert_int_equal(rd(0, 0x204, 4), 0x6);
	assert_int_equal(rd(0, 0x284, 4), 0x6);
	wr(0, 0x284, 4, 0x2);
	assert_int_equal(rd(0, 0x204, 4), 0x4);
	wr(0, 0x304, 4, 0x9);
	assert_int_equal(rd(0, 0x304, 4), 0x9);
	assert_int_equal(rd(0, 0x384, 4), 0x9);
	wr(0, 0x384, 4, 0x8);
	assert_int_equal(rd(0, 0x304, 4), 0x1);
	/* A line that is high stays pending. */
	vgic_line_spi(m.vg, 36, true);
	wr(0, 0x284, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0x204, 4), 0x10);
	vgic_line_spi(m.vg, 36, false);
	assert_int_equal(rd(0, 0x204, 4), 0);
	/* An edge stays until it is cleared. */
	model_config(0, 0, 37, true);
	vgic_line_spi(m.vg, 37, true);
	vgic_line_spi(m.vg, 37, false);
	assert_int_equal(rd(0, 0x204, 4), 0x20);
	wr(0, 0x284, 4, 0x20);
	assert_int_equal(rd(0, 0x204, 4), 0);
	model_fini();
}

static void test_v2_sgi_pending(void **state)
{
	(void)state;
	start(2, 2, 4);
	/* SGIs become pending by source, not by ISPENDR. */
	wr(0, 0x200, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0x200, 4), 0xffff0000);
	wr(0, 0xf20, 4, 0xff000201);
	assert_int_equal(rd(0, 0xf10, 4), 0x03000201);
	assert_int_equal(rd(0, 0xf20, 4), 0x03000201);
	assert_int_equal(rd(0, 0xf23, 1), 0x03);
	assert_int_equal(rd(0, 0x200, 4), 0xffff000b);
	wr(0, 0x280, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0x200, 4), 0xb);
	wr(0, 0xf13, 1, 0x01);
	assert_int_equal(rd(0, 0xf20, 4), 0x02000201);
	wr(0, 0xf10, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0x200, 4), 0);
	model_fini();
}

static void test_message_based(void **state)
{
	(void)state;
	start(3, 1, 4);
	assert_true(rd(0, 0x0004, 4) & BIT(16));
	wr(0, 0x40, 4, 45);
	assert_int_equal(rd(0, 0x204, 4), 1 << 13);
	wr(0, 0x48, 4, 45);
	assert_int_equal(rd(0, 0x204, 4), 0);
	wr(0, 0x40, 2, 46);
	assert_int_equal(rd(0, 0x204, 4), 1 << 14);
	wr(0, 0x40, 4, 5);
	wr(0, 0x40, 4, 500);
	assert_int_equal(rd(1, SGI_FRAME(0) + 0x200, 4), 0);
	assert_int_equal(rd(0, 0x40, 4), 0);
	model_fini();
}

static bool is_reserved_v2(uint64_t off)
{
	return (off >= 0x00c && off < 0x080) || (off >= 0xd00 && off < 0xf00) ||
	       (off >= 0xf04 && off < 0xf10) || (off >= 0xf30 && off < 0xfd0) ||
	       off >= 0x1000;
}

/* Reserved registers read as zero and ignore writes, at each size. */
static void test_reserved(void **state)
{
	static const uint8_t sizes[] = { 1, 2, 4, 8 };

	(void)state;
	start(2, 2, 4);
	for (uint64_t off = 0; off < 0x2000; off += 4) {
		for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
			if (is_reserved_v2(off)) {
				wr(0, off, sizes[i], UINT64_MAX);
				assert_int_equal(rd(0, off, sizes[i]), 0);
			}
		}
	}
	assert_int_equal(rd(0, 0xf00, 4), 0);
	model_fini();
	start(3, 2, 4);
	wr(0, 0xd04, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0xd04, 4), 0);
	wr(0, 0x804, 4, UINT32_MAX);
	assert_int_equal(rd(0, 0x820, 4), 0);
	assert_int_equal(rd(0, 0xf20, 4), 0);
	wr(1, SGI_FRAME(0) + 0xd00, 4, UINT32_MAX);
	assert_int_equal(rd(1, SGI_FRAME(0) + 0xd00, 4), 0);
	assert_int_equal(rd(0, 0x20000, 4), 0);
	model_fini();
}

/* A reset clears all of a guest's settings. */
static void test_reset(void **state)
{
	(void)state;
	start(2, 2, 4);
	wr(0, 0x100, 4, UINT32_MAX);
	wr(0, 0x104, 4, UINT32_MAX);
	wr(0, 0x084, 4, UINT32_MAX);
	wr(0, 0x420, 4, UINT32_MAX);
	wr(0, 0x820, 4, 0x01010101);
	wr(0, 0xc08, 4, UINT32_MAX);
	wr(0, 0x204, 4, 0xf);
	wr(0, 0x304, 4, 0xf0);
	model_enter_all();
	model_be(0);
	vgic_reset_state(m.vg);
	assert_int_equal(rd(0, 0, 4), 0);
	for (uint64_t off = 0x80; off < 0xf00; off += 4) {
		uint64_t want = off == 0xc00                  ? 0xaaaaaaaa
				: off >= 0x800 && off < 0x820 ? 0x01010101
							      : 0;

		assert_int_equal(rd(0, off, 4), want);
	}
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(m.cpu[0].lr[i], 0);
		assert_int_equal(m.cpu[1].lr[i], 0);
	}
	assert_int_equal(m.cpu[0].vmcr, 0);
	model_fini();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v2_identification),
		cmocka_unit_test(test_v2_targets_of_one),
		cmocka_unit_test(test_v3_identification),
		cmocka_unit_test(test_ctlr),
		cmocka_unit_test(test_waker),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_banked),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_routers),
		cmocka_unit_test(test_pending_and_active),
		cmocka_unit_test(test_v2_sgi_pending),
		cmocka_unit_test(test_message_based),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
