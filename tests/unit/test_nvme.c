/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVMe, from the registers to the block device. */
#include "block_fake.h"
#include "nvme_model.h"

/* The host's configuration has no drivers. */
#define CONFIG_DRV_NVME_TIMEOUT 30
#include "drivers/block/nvme.c"
#define get32 admin_get32
#include "drivers/block/nvme_admin.c"
#undef get32
#include "drivers/block/nvme_data.c"
#include "drivers/block/nvme_io.c"
#include "drivers/block/nvme_queue.c"

/* --- PCI ------------------------------------------------------------------ */

const struct device_bus pci_bus = { .name = "pci" };
static struct pci_device function;
static unsigned int vectors = 4; /* that the controller has */
static uint16_t command = 6;

int pci_enable(struct pci_device *p)
{
	(void)p;
	command |= 6;
	return 0;
}

int pci_map_bar(struct pci_device *p, unsigned int bar, volatile void **regs,
		uint64_t *size)
{
	assert_true(p == &function && bar == 0 && !size);
	*regs = model.regs;
	return 0;
}

int pci_irq_alloc(struct pci_device *p, unsigned int want, unsigned int *got)
{
	*got = MIN(want, vectors);
	p->nvectors = *got;
	return 0;
}

int pci_irq_request(struct pci_device *p, unsigned int vector, irq_handler_t fn,
		    void *arg)
{
	assert_true(vector < p->nvectors);
	p->vectors[vector].fn = fn;
	p->vectors[vector].arg = arg;
	return 0;
}

void pci_irq_enable(struct pci_device *p, unsigned int vector)
{
	p->vectors[vector].enabled = true;
}

void pci_irq_disable(struct pci_device *p, unsigned int vector)
{
	p->vectors[vector].enabled = false;
}

bool pci_present(struct pci_device *p)
{
	(void)p;
	return !model.vanished;
}

uint16_t pci_read16(struct pci_device *p, unsigned int off)
{
	(void)p;
	assert_int_equal(off, PCI_COMMAND);
	return command;
}

void pci_write16(struct pci_device *p, unsigned int off, uint16_t v)
{
	(void)p;
	assert_int_equal(off, PCI_COMMAND);
	command = v;
}

/* --- running -------------------------------------------------------------- */

static void step(void)
{
	for (unsigned int v = 0; v < PCI_VECTORS_MAX; v++) {
		struct pci_vector *vec = &function.vectors[v];

		if ((model.pending & BIT(v)) && vec->enabled) {
			model.pending &= ~(uint32_t)BIT(v);
			host_irq_begin(0);
			vec->fn(v, vec->arg);
			host_irq_end();
			assert_true(host_settle(SETTLE_ROUNDS));
			return;
		}
	}
	host_advance(ms_to_ticks(10));
	assert_true(host_settle(SETTLE_ROUNDS));
}

static void run(void (*fn)(void))
{
	struct body b = { fn };

	start_body(&b);
	for (unsigned int i = 0; !body_done; i++) {
		assert_true(i < 100000);
		step();
	}
}

static int probe_result;
static struct blockdev *disk;

static void probe_body(void)
{
	probe_result = nvme_probe(&function.dev);
	if (probe_result == 0) {
		blockdev_settle();
		disk = blockdev_get("nvme0n1");
	}
}

static void remove_body(void)
{
	if (disk) {
		blockdev_put(disk);
	}
	disk = NULL;
	nvme_remove(&function.dev);
	dma_fini(&function.dev);
	assert_null(blockdev_get("nvme0n1"));
	assert_int_equal(numbers, 0);
}

static void new_function(bool coherent)
{
	memset(&function, 0, sizeof(function));
	(void)snprintf(function.dev.name, sizeof(function.dev.name), "nvme");
	function.dev.dma.coherent = coherent;
	function.dev.dma.limit = UINT64_MAX;
}

static void probe(bool coherent)
{
	new_function(coherent);
	run(probe_body);
	assert_int_equal(probe_result, 0);
	assert_non_null(disk);
}

static void leave(void)
{
	run(remove_body);
	assert_false(model.ready);
	assert_int_equal(command & PCI_COMMAND_MASTER, 0);
}

/* --- requests ------------------------------------------------------------- */

#define BUF_SIZE MIB(2)
static uint8_t *buf;

#include "tests/unit/block_requests.h"

/* --- tests ---------------------------------------------------------------- */

static void test_probe(void **state)
{
	(void)state;
	model_init(9, 0, 0, 65536);
	probe(true);
	assert_int_equal(disk->nsectors, MODEL_SECTORS);
	assert_int_equal(disk->max_sectors, 1024);
	assert_true(disk->flush && disk->max_discard && disk->max_write_zeroes);
	assert_int_equal(read_plain(3, 200), 0);
	leave();
	/* A small controller: one vector, two entries, 8 KiB at a time. */
	vectors = 1;
	model_init(12, 1, 0, 2);
	probe(true);
	assert_int_equal(disk->block_size, 4096);
	assert_int_equal(disk->max_sectors, 16);
	for (unsigned int i = 0; i < 200; i++) {
		assert_int_equal(read_plain(8 * i, 16), 0);
	}
	leave();
	vectors = 4;
}

/* With one segment, and with several. */
static void test_framing(void **state)
{
	static const size_t shapes[][4] = {
		{ 4096, 4096, 4096, 4096 }, { 512, 512, 512, 512 },
		{ 65536, 4096, 8192, 512 }, { 262144, 4096, 4096, 4096 },
		{ 520, 504, 16, 1008 },     { 3, 509, 7, 505 },
		{ 4095, 4097, 1000, 24 },   { 12288, 8192, 4096, 512 },
	};

	(void)state;
	for (unsigned int sgls = 0; sgls < 2; sgls++) {
		model_init(9, 0, sgls, 64);
		probe(true);
		for (unsigned int i = 0; i < ARRAY_SIZE(shapes); i++) {
			for (size_t gap = 0; gap <= 10; gap += 5) {
				size_t n = i == 3 ? 1024 : i < 3 ? 100 : 40;
				unsigned int nsegs;

				nsegs = cut_into(n * 512, shapes[i], gap);
				if (nsegs > disk->max_segments) {
					n = 16;
					nsegs = cut_into(n * 512, shapes[i],
							 gap);
				}
				memset(buf, 0xee, BUF_SIZE);
				assert_int_equal(
					request(BLOCK_READ, 40, n, nsegs), 0);
				check_read(40, nsegs);
				for (unsigned int b = 0; b < MIB(1); b++) {
					buf[b] = (uint8_t)(b * 13 + i);
				}
				assert_int_equal(request(BLOCK_WRITE, 3000, n,
							 nsegs),
						 0);
				check_read(3000, nsegs);
			}
		}
		assert_true(model.lists > 0);
		assert_int_equal(model.sgl_commands > 0, sgls);
		leave();
	}
}

/* Not coherent: data that shares lines with other data is copied. */
static void test_bounced(void **state)
{
	static const size_t shape[4] = { 60000, 5536, 100, 412 };

	(void)state;
	for (unsigned int sgls = 0; sgls < 2; sgls++) {
		model_init(9, 0, sgls, 64);
		probe(false);
		assert_int_equal(disk->max_segment_size, DMA_BOUNCE_MAX);
		for (size_t gap = 0; gap <= 24; gap += 8) {
			unsigned int nsegs = cut_into(1000 * 512, shape, gap);

			memset(buf, 0xee, BUF_SIZE);
			assert_int_equal(request(BLOCK_READ, 9, 1000, nsegs),
					 0);
			check_read(9, nsegs);
			assert_int_equal(
				request(BLOCK_WRITE, 4000, 1000, nsegs), 0);
			check_read(4000, nsegs);
		}
		leave();
	}
}

static void test_special(void **state)
{
	(void)state;
	model_init(9, 0, 1, 64);
	probe(true);
	assert_int_equal(request(BLOCK_FLUSH, 0, 0, 0), 0);
	assert_int_equal(model.flushes, 1);
	assert_int_equal(request(BLOCK_DISCARD, 8, 16, 0), 0);
	assert_int_equal(model.disk[8 * 512], 0xdd);
	assert_int_equal(model.disk[24 * 512 - 1], 0xdd);
	assert_int_not_equal(model.disk[24 * 512 + 1], 0xdd);
	assert_int_equal(request(BLOCK_WRITE_ZEROES, 100, 10, 0), 0);
	assert_int_equal(model.disk[100 * 512 + 5119], 0);
	assert_int_not_equal(model.disk[110 * 512 + 1], 0);
	assert_int_equal(read_plain(90, 30), 0);
	leave();
}

/* Temporary errors are tried again; others are reported at once. */
static void test_errors(void **state)
{
	static const struct {
		uint16_t status;
		unsigned int count;
		int result;
	} cases[] = {
		{ 0x0006, 2, 0 },          { 0x0006, 3, -ERR_IO },
		{ 0x4281, 1, -ERR_IO },    { 0x4020, 1, -ERR_PERM },
		{ 0x4080, 1, -ERR_RANGE }, { 0x4001, 1, -ERR_NOSUPP },
	};

	(void)state;
	model_init(9, 0, 1, 64);
	probe(true);
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		model.fail_status = cases[i].status;
		model.fail_count = cases[i].count;
		assert_int_equal(read_plain(5, 100), cases[i].result);
		assert_int_equal(model.fail_count, 0);
		assert_int_equal(read_plain(5, 100), 0);
	}
	assert_int_equal(model.resets, 0);
	leave();
}

/* More requests than there are slots, and a cancelled one. */
static struct block_request many[200], strange;

static void many_body(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(many); i++) {
		many[i] = (struct block_request){
			.op = BLOCK_READ,
			.sector = 8 * i,
			.nsectors = 8,
			.segs = &segs[i],
			.nsegs = 1,
			.done = request_done,
		};
		segs[i] = (struct io_segment){
			.va = buf + 4096 * i,
			.pa = arch_virt_to_phys(buf + 4096 * i),
			.size = 4096,
		};
		blockdev_submit(disk, &many[i]);
	}
	assert_false(blockdev_cancel(disk, &many[0]));
	/* Two that this device was never given. */
	assert_false(blockdev_cancel(disk, &strange));
	strange.driver[0] = UINT32_MAX;
	assert_false(blockdev_cancel(disk, &strange));
	assert_true(blockdev_cancel(disk, &many[150]));
	blockdev_kick(disk);
}

static void test_many(void **state)
{
	unsigned int before = ended;

	(void)state;
	model_init(9, 0, 1, 64);
	probe(true);
	run(many_body);
	wait_ended(before + ARRAY_SIZE(many));
	for (unsigned int i = 0; i < ARRAY_SIZE(many); i++) {
		assert_int_equal(many[i].result, i == 150 ? -ERR_INTR : 0);
		if (i != 150) {
			assert_memory_equal(buf + 4096 * i,
					    model.disk + 4096 * i, 4096);
		}
	}
	leave();
}

/* A command that does not end is aborted. If the controller does not do that,
 * it is reset, and gets all commands again. */
static void test_timeout(void **state)
{
	(void)state;
	model_init(9, 0, 1, 64);
	probe(true);
	model.swallow = 1;
	assert_int_equal(read_plain(5, 100), -ERR_TIMEOUT);
	assert_int_equal(model.aborts, 1);
	assert_int_equal(model.resets, 0);
	model.ignore_abort = true;
	model.swallow = 1;
	assert_int_equal(read_plain(5, 100), 0);
	assert_int_equal(model.aborts, 2);
	assert_int_equal(model.resets, 1);
	/* Each reset follows a command that was completed. */
	for (unsigned int i = 0; i < 6; i++) {
		model.swallow = 1;
		assert_int_equal(read_plain(5, 100), 0);
	}
	/* A command that is ignored repeatedly fails. */
	model.swallow = 3;
	assert_int_equal(read_plain(5, 100), -ERR_TIMEOUT);
	assert_false(disk->gone);
	assert_int_equal(read_plain(5, 100), 0);
	leave();
}

static void test_dead(void **state)
{
	unsigned int before;

	(void)state;
	/* It ignores all commands, before and after resets. */
	model_init(9, 0, 1, 64);
	probe(true);
	model.ignore_abort = true;
	model.swallow = 1000;
	for (unsigned int i = 0; i < 4 && !disk->gone; i++) {
		assert_int_not_equal(read_plain(5, 100), 0);
	}
	for (unsigned int i = 0; i < 20000 && !disk->gone; i++) {
		step();
	}
	assert_true(disk->gone);
	assert_int_equal(read_plain(5, 100), -ERR_IO);
	leave();
	/* It does not complete its reset. */
	model_init(9, 0, 1, 64);
	probe(true);
	model.ignore_abort = true;
	model.swallow = 1;
	model.stuck = true;
	assert_int_equal(read_plain(5, 100), -ERR_IO);
	assert_true(disk->gone);
	assert_int_equal(command & PCI_COMMAND_MASTER, 0);
	model.stuck = false;
	leave();
	/* It is removed. */
	model_init(9, 0, 1, 64);
	probe(true);
	before = ended;
	model.swallow = 1000;
	run(many_body);
	model.vanished = true;
	wait_ended(before + ARRAY_SIZE(many));
	assert_int_equal(many[0].result, -ERR_IO);
	assert_int_equal(many[199].result, -ERR_IO);
	run(remove_body);
}

/* A completion for no command: it is reset. */
static void test_babble(void **state)
{
	unsigned int before = ended;

	(void)state;
	model_init(9, 0, 1, 64);
	probe(true);
	model.wrong_id = true;
	memset(&rq, 0, sizeof(rq));
	rq = (struct block_request){
		.op = BLOCK_READ,
		.nsectors = 8,
		.segs = segs,
		.nsegs = 1,
	};
	segs[0] = (struct io_segment){ buf, arch_virt_to_phys(buf), 4096 };
	run(submit_body);
	step();
	model.wrong_id = false;
	wait_ended(before + 1);
	assert_int_equal(rq.result, 0);
	assert_int_equal(model.resets, 1);
	leave();
}

static void probe_only_body(void)
{
	probe_result = nvme_probe(&function.dev);
}

static void test_refused(void **state)
{
	(void)state;
	model_init(9, 0, 1, 64);
	model_put(0x04, 1 << 5 | 1 << 16); /* pages of 8 KiB */
	new_function(true);
	run(probe_only_body);
	assert_int_equal(probe_result, -ERR_NOSUPP);
	model_init(9, 0, 1, 64);
	model.stuck = true;
	model_put(0x1c, 1);
	run(probe_only_body);
	assert_int_equal(probe_result, -ERR_TIMEOUT);
	assert_int_equal(numbers, 0);
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
		T(test_probe),   T(test_framing), T(test_bounced),
		T(test_special), T(test_errors),  T(test_many),
		T(test_timeout), T(test_dead),    T(test_babble),
		T(test_refused),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
