/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of block devices' drivers: requests of segments in all shapes. The
 * test that includes this has `disk`, the buffer `buf`, a model whose disk it
 * compares with, run() for code in the hypervisor and step() for the model.
 */
#ifndef TESTS_BLOCK_REQUESTS_H
#define TESTS_BLOCK_REQUESTS_H

static struct io_segment segs[256];
static unsigned int ended;
static struct block_request rq;

static void request_done(struct block_request *r)
{
	(void)r;
	ended++;
}

/* Cut the buffer into segments of these sizes, repeated. */
static unsigned int cut_into(size_t total, const size_t *sizes, size_t gap)
{
	size_t at = 0, off = gap;
	unsigned int n = 0;

	while (at < total) {
		size_t size = sizes[n % 4];

		size = MIN(size, total - at);
		segs[n++] = (struct io_segment){
			.va = buf + off,
			.pa = arch_virt_to_phys(buf + off),
			.size = size,
		};
		at += size;
		off += size + gap;
	}
	return n;
}

static void submit_body(void)
{
	rq.done = request_done;
	blockdev_submit(disk, &rq);
	blockdev_kick(disk);
}

static void wait_ended(unsigned int want)
{
	for (unsigned int i = 0; ended < want; i++) {
		assert_true(i < 100000);
		step();
	}
	assert_int_equal(ended, want);
}

static int request(enum block_op op, uint64_t sector, uint64_t n,
		   unsigned int nsegs)
{
	unsigned int before = ended;

	memset(&rq, 0, sizeof(rq));
	rq.op = op;
	rq.sector = sector;
	rq.nsectors = n;
	rq.segs = segs;
	rq.nsegs = nsegs;
	run(submit_body);
	wait_ended(before + 1);
	return rq.result;
}

static void check_read(uint64_t sector, unsigned int nsegs)
{
	const uint8_t *want = model.disk + sector * 512;

	for (unsigned int i = 0; i < nsegs; i++) {
		assert_memory_equal(segs[i].va, want, segs[i].size);
		want += segs[i].size;
	}
}

static int read_plain(uint64_t sector, uint64_t n)
{
	static const size_t plain[4] = { 4096, 4096, 4096, 4096 };
	unsigned int nsegs = cut_into(n * 512, plain, 0);
	int err = request(BLOCK_READ, sector, n, nsegs);

	if (err == 0) {
		check_read(sector, nsegs);
	}
	return err;
}

#endif
