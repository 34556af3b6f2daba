/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SD cards and eMMC behind an SD host controller, from its registers to the
 * block device. */
#include "block_fake.h"
#include "sd_model.h"

#include "drivers/mmc/mmc_block.c"
#include "drivers/mmc/mmc_card.c"
#include "drivers/mmc/mmc_host.c"
#include "drivers/mmc/mmc_piece.c"
#include "drivers/mmc/mmc_regs.c"
#include "drivers/mmc/sdhci.c"

static struct device dev = {
	.name = "mmc",
	.dma = { .coherent = true, .limit = UINT64_MAX },
};
static struct sdhci *controller;
static uint8_t *buf; /* on the heap: a request's data */
#define BUF_SIZE MIB(2)

/* Handle an interrupt, or let time pass. */
static void step(void)
{
	if (controller && model_line()) {
		host_irq_begin(0);
		sdhci_interrupt(0, controller);
		host_irq_end();
	} else {
		host_advance(ms_to_ticks(1));
	}
	assert_true(host_settle(SETTLE_ROUNDS));
}

static void run(void (*fn)(void))
{
	struct body b = { fn };

	start_body(&b);
	for (unsigned int i = 0; !body_done; i++) {
		assert_true(i < 200000);
		step();
	}
}

static int add_result;
static bool wide_slot, fixed;

static void add_body(void)
{
	controller = sdhci_create(&dev, model.regs);
	assert_non_null(controller);
	controller->host.width_8 = wide_slot;
	controller->fixed = fixed;
	add_result = sdhci_add(controller);
	if (add_result) {
		struct sdhci *s = controller;

		controller = NULL;
		sdhci_destroy(s);
	}
}

static void remove_body(void)
{
	struct sdhci *s = controller;

	sdhci_stop(s);
	controller = NULL;
	sdhci_destroy(s);
	dma_fini(&dev);
	assert_null(blockdev_get("mmc0"));
	assert_int_equal(numbers, 0);
}

static struct blockdev *disk;

static void get_body(void)
{
	blockdev_settle();
	disk = blockdev_get("mmc0");
}

static void put_body(void)
{
	blockdev_put(disk);
	disk = NULL;
}

static void add(unsigned int version, enum model_kind kind)
{
	model_init(version, kind);
	run(add_body);
	assert_int_equal(add_result, 0);
	run(get_body);
}

static void leave(void)
{
	if (disk) {
		run(put_body);
	}
	run(remove_body);
	/* Power and clock are off, and nothing interrupts. */
	assert_int_equal(model.regs[0x29] & 1, 0);
	assert_int_equal(model_get(0x38), 0);
}

/* --- requests ------------------------------------------------------------- */

#include "tests/unit/block_requests.h"

/* --- tests ---------------------------------------------------------------- */

static void test_kinds(void **state)
{
	static const struct {
		unsigned int version;
		enum model_kind kind;
		bool wide;
		unsigned int width, lines;
	} cases[] = {
		{ 1, MODEL_SD1, false, 4, 4 },  { 2, MODEL_SDHC, false, 4, 4 },
		{ 3, MODEL_SDHC, false, 4, 4 }, { 3, MODEL_EMMC, true, 8, 8 },
		{ 3, MODEL_EMMC, true, 4, 4 },  { 2, MODEL_EMMC, false, 4, 8 },
		{ 2, MODEL_EMMC, false, 1, 1 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		wide_slot = cases[i].wide;
		model_init(cases[i].version, cases[i].kind);
		model.lines = cases[i].lines;
		run(add_body);
		assert_int_equal(add_result, 0);
		run(get_body);
		assert_non_null(disk);
		assert_int_equal(disk->nsectors, MODEL_SECTORS);
		assert_int_equal(model.width, cases[i].width);
		assert_true(model.high_speed);
		/* Host control agrees with the card. */
		assert_int_equal(model.regs[0x28] & 0x26,
				 4 | (model.width == 4   ? 2
				      : model.width == 8 ? 0x20
							 : 0));
		assert_int_equal(disk->flush, cases[i].kind == MODEL_EMMC);
		assert_int_equal(read_plain(0, 1), 0);
		assert_int_equal(read_plain(8, 333), 0);
		leave();
	}
	wide_slot = false;
}

/* Each kind of request: small, large and unaligned segments; more bytes than
 * one command can have, but not more segments. */
static void test_framing(void **state)
{
	static const size_t shapes[][4] = {
		{ 512, 512, 512, 512 },     { 4096, 4096, 4096, 4096 },
		{ 65536, 4096, 8192, 512 }, { 200000 / 8 * 8, 96, 8, 1024 },
		{ 520, 504, 16, 1008 },     { 3, 509, 7, 505 },
		{ 511, 513, 1000, 4096 },   { 262144, 262144, 8, 8 },
	};

	(void)state;
	for (unsigned int v = 2; v <= 3; v++) {
		add(v, MODEL_SDHC);
		for (unsigned int i = 0; i < ARRAY_SIZE(shapes); i++) {
			for (size_t gap = 0; gap <= 9; gap += 3) {
				size_t n = i == 3 || i == 7 ? 1500 : 90;
				unsigned int nsegs =
					cut_into(n * 512, shapes[i], gap);

				if (nsegs > MMC_SEGMENTS) {
					n = 40;
					nsegs = cut_into(n * 512, shapes[i],
							 gap);
				}
				memset(buf, 0xee, BUF_SIZE);
				assert_int_equal(
					request(BLOCK_READ, 17, n, nsegs), 0);
				check_read(17, nsegs);
				for (unsigned int b = 0; b < BUF_SIZE; b++) {
					buf[b] = (uint8_t)(b * 13 + i);
				}
				assert_int_equal(request(BLOCK_WRITE, 2000, n,
							 nsegs),
						 0);
				check_read(2000, nsegs);
			}
		}
		leave();
	}
}

/* A device that reaches little memory and is not coherent: with bounce
 * buffers. */
static void test_bounced(void **state)
{
	static const size_t shape[4] = { 60000, 5536, 100, 412 };
	unsigned int nsegs;

	(void)state;
	dev.dma.coherent = false;
	add(3, MODEL_SDHC);
	assert_int_equal(disk->max_segment_size, DMA_BOUNCE_MAX);
	for (size_t gap = 0; gap <= 24; gap += 8) {
		nsegs = cut_into(1200 * 512, shape, gap);
		memset(buf, 0xee, BUF_SIZE);
		assert_int_equal(request(BLOCK_READ, 100, 1200, nsegs), 0);
		check_read(100, nsegs);
		assert_int_equal(request(BLOCK_WRITE, 2500, 1200, nsegs), 0);
		check_read(2500, nsegs);
	}
	leave();
	dev.dma.coherent = true;
}

/* A transfer that fails once or twice is repeated; one that always fails is an
 * error. */
static void test_errors(void **state)
{
	(void)state;
	add(3, MODEL_SDHC);
	model.fail_transfers = 2;
	assert_int_equal(read_plain(5, 100), 0);
	assert_int_equal(model.fail_transfers, 0);
	model.fail_sector = 50;
	assert_int_equal(read_plain(5, 100), -ERR_IO);
	assert_int_equal(read_plain(51, 100), 0);
	segs[0].size = 512;
	assert_int_equal(request(BLOCK_WRITE, 50, 1, 1), -ERR_IO);
	model.fail_sector = UINT32_MAX;
	model.stop_error = true;
	assert_int_equal(read_plain(5, 100), -ERR_IO);
	model.stop_error = false;
	assert_int_equal(read_plain(5, 100), 0);
	assert_int_equal(model.resets, 1);
	leave();
}

/* A controller that does not signal completion. */
static void test_timeout(void **state)
{
	unsigned int before;

	(void)state;
	add(3, MODEL_SDHC);
	model.silent = true;
	before = ended;
	memset(&rq, 0, sizeof(rq));
	rq = (struct block_request){
		.op = BLOCK_READ,
		.nsectors = 8,
		.segs = segs,
		.nsegs = 1,
	};
	segs[0] = (struct io_segment){ buf, arch_virt_to_phys(buf), 4096 };
	run(submit_body);
	host_advance(ms_to_ticks(MMC_DATA_MS - 1));
	assert_true(host_settle(SETTLE_ROUNDS));
	assert_int_equal(model.commands[13], 0);
	model.silent = false;
	host_advance(ms_to_ticks(2));
	assert_true(host_settle(SETTLE_ROUNDS));
	wait_ended(before + 1);
	assert_int_equal(rq.result, 0);
	check_read(0, 1);
	leave();
}

/* A card that no longer answers is initialised again; if that fails it is
 * removed, and all waiting requests fail. */
static void test_dead(void **state)
{
	(void)state;
	add(3, MODEL_SDHC);
	model.deaf = true;
	assert_int_equal(read_plain(5, 100), -ERR_IO);
	assert_true(disk->gone);
	assert_int_equal(model.regs[0x29] & 1, 0);
	leave();
	add(3, MODEL_SDHC);
	model.stuck = true;
	model.fail_transfers = 1;
	assert_int_equal(read_plain(5, 100), -ERR_IO);
	assert_true(disk->gone);
	leave();
}

/* Another card in place of the one that failed is not touched. */
static void test_swapped(void **state)
{
	(void)state;
	add(3, MODEL_SDHC);
	model.cid_serial = 1;
	model.state =
		0; /* it has not been identified: it knows no such command */
	model.unpowered = true;
	assert_int_equal(read_plain(5, 4), -ERR_IO);
	assert_true(disk->gone);
	assert_int_equal(model.commands[18], 1);
	leave();
}

static void wait_state(bool present)
{
	struct blockdev *bd = NULL;

	for (unsigned int i = 0; i < 2000; i++) {
		step();
	}
	run(get_body);
	bd = disk;
	assert_true((bd != NULL) == present);
}

static void test_insertion(void **state)
{
	(void)state;
	add(3, MODEL_NONE);
	assert_null(disk);
	for (unsigned int i = 0; i < 3; i++) {
		model.kind = MODEL_SDHC;
		model.inserted = true;
		model.power_polls = 3;
		model_event(0x40);
		wait_state(true);
		assert_int_equal(read_plain(5, 100), 0);
		run(put_body);
		/* The contacts bounce. */
		model.inserted = false;
		model_event(0x80);
		if (i == 1) {
			host_advance(ms_to_ticks(5));
			model.inserted = true;
			model_event(0x40);
			wait_state(true);
			run(put_body);
			model.inserted = false;
			model_event(0x80);
		}
		wait_state(false);
	}
	leave();
}

/* Removed while a request runs and others wait. */
static void test_removal(void **state)
{
	static struct block_request more[8];
	unsigned int before = ended;

	(void)state;
	add(3, MODEL_SDHC);
	model.silent = true;
	segs[0] = (struct io_segment){ buf, arch_virt_to_phys(buf), 4096 };
	host_irq_begin(0);
	for (unsigned int i = 0; i < ARRAY_SIZE(more); i++) {
		more[i] = (struct block_request){
			.op = i == 5 ? BLOCK_FLUSH : BLOCK_READ,
			.sector = i == 5 ? 0 : 8 * i,
			.nsectors = i == 5 ? 0 : 8,
			.segs = segs,
			.nsegs = i == 5 ? 0 : 1,
			.done = request_done,
		};
		blockdev_submit(disk, &more[i]);
	}
	/* A waiting request can be cancelled, the running one cannot. */
	assert_true(blockdev_cancel(disk, &more[3]));
	assert_int_equal(more[3].result, -ERR_INTR);
	assert_false(blockdev_cancel(disk, &more[0]));
	host_irq_end();
	run(put_body);
	model.inserted = false;
	model_event(0x80);
	wait_ended(before + 8);
	assert_int_equal(more[0].result, -ERR_IO);
	assert_int_equal(more[7].result, -ERR_IO);
	leave();
}

static void test_special(void **state)
{
	(void)state;
	add(3, MODEL_EMMC);
	assert_true(disk->flush);
	assert_int_equal(model.ext[33], 1);
	assert_int_equal(request(BLOCK_FLUSH, 0, 0, 0), 0);
	assert_int_equal(model.flushes, 1);
	assert_int_equal(request(BLOCK_DISCARD, 8, 16, 0), 0);
	assert_int_equal(model.last_erase_arg, 3);
	assert_int_equal(request(BLOCK_WRITE_ZEROES, 100, 10, 0), 0);
	assert_int_equal(model.last_erase_arg, 1);
	assert_int_equal(model.disk[100 * 512 + 5119], 0);
	assert_int_not_equal(model.disk[99 * 512 + 511], 0);
	assert_int_not_equal(model.disk[110 * 512 + 1], 0);
	/* Reads still work. */
	assert_int_equal(read_plain(90, 30), 0);
	leave();
	add(1, MODEL_SD1);
	assert_false(disk->flush);
	assert_int_equal(disk->max_write_zeroes, 0);
	assert_int_equal(request(BLOCK_DISCARD, 8, 16, 0), 0);
	assert_int_equal(model.erase_from, 8 * 512);
	assert_int_equal(model.erase_to, 23 * 512);
	leave();
}

static void test_read_only(void **state)
{
	(void)state;
	model_init(3, MODEL_SDHC);
	model.writable = false;
	run(add_body);
	run(get_body);
	assert_true(disk->read_only);
	leave();
	fixed = true;
	model_init(3, MODEL_EMMC);
	model.writable = false;
	run(add_body);
	run(get_body);
	assert_false(disk->read_only);
	leave();
	fixed = false;
}

/* What the driver needs and the controller does not have. */
static void test_refused(void **state)
{
	(void)state;
	model_init(3, MODEL_SDHC);
	model_put(0x40, 0x11246480);
	run(add_body);
	assert_int_equal(add_result, -ERR_NOSUPP);
	model_put(0x40, 0x112c0080);
	run(add_body);
	assert_int_equal(add_result, -ERR_NOSUPP);
	/* Without a clock there is no card, but a controller. */
	model_init(3, MODEL_SDHC);
	model.unstable_clock = true;
	run(add_body);
	assert_int_equal(add_result, 0);
	run(get_body);
	assert_null(disk);
	leave();
}

static void test_clock(void **state)
{
	struct sdhci s = { .base_clock = 200000000, .version = 3 };

	(void)state;
	assert_int_equal(divisor(&s, 200000000), 0);
	assert_int_equal(divisor(&s, 50000000), 2 << 8);
	assert_int_equal(divisor(&s, 52000000), 2 << 8);
	assert_int_equal(divisor(&s, 400000), 250 << 8);
	assert_int_equal(divisor(&s, 100000), (1000 & 0xff) << 8 | 3 << 6);
	s.version = 2;
	s.base_clock = 52000000;
	assert_int_equal(divisor(&s, 400000), 0x80 << 8);
	assert_int_equal(divisor(&s, 25000000), 2 << 8);
	assert_int_equal(divisor(&s, 26000000), 1 << 8);
}

static int group_setup(void **state)
{
	int err = setup(state);

	buf = heap_alloc(BUF_SIZE);
	return err || !buf;
}

#undef T
#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_kinds),   T(test_framing),   T(test_bounced),
		T(test_errors),  T(test_timeout),   T(test_dead),
		T(test_swapped), T(test_insertion), T(test_removal),
		T(test_special), T(test_read_only), T(test_refused),
		T(test_clock),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
