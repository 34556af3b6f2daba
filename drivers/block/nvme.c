/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVM Express controllers on PCI: probe and removal, namespaces, and recovery
 * when a controller does not answer. */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/thread.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "nvme_priv.h"

/* 3.1: registers. */
#define NVME_CAP 0x00

#define CAP_ENTRIES(c) (FIELD(c, 15, 0) + 1)
#define CAP_NVM BIT(37)
#define CAP_PAGE_MIN(c) FIELD(c, 51, 48)

#define ADMIN_ABORT 0x08
#define IDENTIFY_NAMESPACE 0
#define IDENTIFY_CONTROLLER 1
#define IDENTIFY_ACTIVE 2
#define IDENTIFY_SIZE 4096

/* 5.15.2.2, Identify Controller: bytes. */
#define ID_MODEL 24
#define ID_MODEL_SIZE 40
#define ID_MDTS 77
#define ID_ONCS 520
#define ONCS_DATASET BIT(2)
#define ONCS_ZEROES BIT(3)
#define ID_VWC 525
#define ID_SGLS 536
/* 5.15.2.1, Identify Namespace. */
#define NS_SIZE 0
#define NS_FORMAT 26
#define NS_ATTRIBUTES 99
#define NS_WRITE_PROTECTED BIT(0)
#define NS_FORMATS 128

#define NVME_BLOCK_MAX 12 /* log2: 4 KiB, one page */
#define NVME_PRIORITY (SCHED_PRIO_MAX - 2)
#define NVME_NUMBERS 64
#define NVME_BAR 0

static uint32_t get32(const struct nvme *c, unsigned int off)
{
	return mmio_read32(c->regs + off);
}

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint64_t le64(const uint8_t *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* --- namespaces: thread --------------------------------------------------- */

static void nvme_get(struct nvme *c)
{
	(void)__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
}

void nvme_put(struct nvme *c)
{
	if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		heap_free(c->io);
		heap_free(c);
	}
}

static void describe(struct nvme *c, struct nvme_namespace *ns,
		     const uint8_t *id, unsigned int block_shift)
{
	struct blockdev *bd = &ns->bd;
	uint32_t block = 1U << block_shift;

	ns->shift = block_shift - BLOCK_SECTOR_SHIFT;
	(void)snprintf(bd->name, sizeof(bd->name), "nvme%un%u", c->number,
		       ns->nsid);
	bd->ops = &nvme_blockdev_ops;
	bd->kind = "nvme";
	bd->device = c->dev;
	bd->nsectors = le64(id + NS_SIZE) << ns->shift;
	bd->block_size = block;
	bd->physical_size = block;
	bd->max_segments = c->sgl ? NVME_SGLS : NVME_PRPS;
	bd->max_segment_size =
		(uint32_t)MIN(dma_max_segment(c->dev), NVME_BYTES_MAX);
	bd->max_sectors = c->max_sectors;
	bd->max_discard = c->has_discard ? NVME_DISCARD_MAX : 0;
	/* The number of blocks has 16 bits. */
	bd->max_write_zeroes = c->has_zeroes ? 0xffffU << ns->shift : 0;
	bd->read_only = id[NS_ATTRIBUTES] & NS_WRITE_PROTECTED;
	bd->flush = c->has_flush;
}

/* -ERR_NOSUPP if its block size is not supported. */
static int add_namespace(struct nvme *c, uint32_t nsid, const uint8_t *id)
{
	const uint8_t *format = id + NS_FORMATS + 4 * (id[NS_FORMAT] & 0xf);
	unsigned int block_shift = format[2];
	unsigned int metadata = format[0] | (unsigned int)format[1] << 8;
	struct nvme_namespace *ns;
	int err;

	if (block_shift < BLOCK_SECTOR_SHIFT || block_shift > NVME_BLOCK_MAX ||
	    metadata || le64(id + NS_SIZE) >> 48) {
		log_warn("%s: namespace %u: blocks of 2^%u bytes with %u of "
			 "metadata are not supported",
			 c->dev->name, nsid, block_shift, metadata);
		return -ERR_NOSUPP;
	}
	ns = heap_alloc(sizeof(*ns));
	if (!ns) {
		return -ERR_NOMEM;
	}
	ns->c = c;
	ns->nsid = nsid;
	describe(c, ns, id, block_shift);
	nvme_get(c);
	err = blockdev_add(&ns->bd);
	if (err) {
		heap_free(ns);
		nvme_put(c);
		return err;
	}
	log_info("%s: %s: %llu MiB%s", c->dev->name, ns->bd.name,
		 (unsigned long long)(ns->bd.nsectors >> 11),
		 ns->bd.read_only ? ", read only" : "");
	c->spaces[c->nspaces++] = ns;
	return 0;
}

/* A namespace that cannot be used is skipped. */
static int add_namespaces(struct nvme *c, struct dma_buffer *page)
{
	uint32_t ids[NVME_NAMESPACES_MAX];
	int err = nvme_identify(c, IDENTIFY_ACTIVE, 0, page);

	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < NVME_NAMESPACES_MAX; i++) {
		ids[i] = le32((uint8_t *)page->va + 4 * i);
	}
	for (unsigned int i = 0; i < NVME_NAMESPACES_MAX && ids[i]; i++) {
		err = nvme_identify(c, IDENTIFY_NAMESPACE, ids[i], page);
		if (err) {
			return err;
		}
		err = add_namespace(c, ids[i], page->va);
		if (err && err != -ERR_NOSUPP) {
			return err;
		}
	}
	return 0;
}

static void remove_namespaces(struct nvme *c)
{
	while (c->nspaces > 0) {
		struct nvme_namespace *ns = c->spaces[--c->nspaces];

		blockdev_gone(&ns->bd);
	}
}

/* --- what does not answer ------------------------------------------------- */

void nvme_watch(struct nvme *c)
{
	if (!READ_ONCE(c->watching) &&
	    !__atomic_exchange_n(&c->watching, true, __ATOMIC_SEQ_CST)) {
		timer_set(&c->timer, time_now() + ms_to_ticks(NVME_WATCH_MS));
	}
}

/* `watching` is cleared before the queues are looked at: whoever submits later
 * arms the timer again. */
static void watch(struct timer *t)
{
	struct nvme *c = container_of(t, struct nvme, timer);
	bool late, fatal;

	__atomic_store_n(&c->watching, false, __ATOMIC_SEQ_CST);
	if (READ_ONCE(c->dead) || !nvme_io_busy(c, &late)) {
		return;
	}
	fatal = get32(c, NVME_CSTS) & CSTS_FATAL;
	if (fatal) {
		nvme_fail(c);
	} else if (late) {
		work_queue(&c->work);
	}
	nvme_watch(c);
}

void nvme_fail(struct nvme *c)
{
	__atomic_store_n(&c->failed, true, __ATOMIC_RELEASE);
	work_queue(&c->work);
}

/* 5.1. If the abort is refused or not answered, only a reset is left. True if
 * the command has ended, with or without an error. */
static bool abort_late(struct nvme *c, struct nvme_queue *q, unsigned int slot)
{
	struct nvme_command cmd = {
		.opcode = ADMIN_ABORT,
		.dw10 = q->id | slot << 16,
	};
	uint32_t refused;
	bool late;

	log_warn("%s: a command of queue %u does not end: aborting it",
		 c->dev->name, q->id);
	if (nvme_admin(c, &cmd, &refused)) {
		return false;
	}
	if (!(refused & 1)) {
		sleep_ms(NVME_WATCH_MS);
	}
	(void)nvme_io_busy(c, &late);
	return !late;
}

static int reset(struct nvme *c)
{
	int err = nvme_disable(c);

	if (err) {
		return err;
	}
	irq_synchronize();
	nvme_io_requeue(c, false);
	err = nvme_enable(c);
	if (err == 0) {
		err = nvme_create_queues(c);
	}
	if (err == 0) {
		nvme_io_resume(c);
	}
	return err;
}

/*
 * A controller that does not stop may still write to the memory of its
 * commands. The function is no longer a bus master when the driver's memory is
 * freed.
 */
static void give_up(struct nvme *c, int err)
{
	log_err("%s: given up: %s", c->dev->name, err_str(err));
	__atomic_store_n(&c->dead, true, __ATOMIC_RELEASE);
	if (nvme_disable(c)) {
		log_err("%s: it does not stop", c->dev->name);
	}
	pci_write16(c->p, PCI_COMMAND,
		    (uint16_t)(pci_read16(c->p, PCI_COMMAND) &
			       ~(uint32_t)PCI_COMMAND_MASTER));
	irq_synchronize();
	nvme_io_requeue(c, true);
	remove_namespaces(c);
}

static void recover(struct nvme *c)
{
	int err;

	if (__atomic_exchange_n(&c->progress, false, __ATOMIC_ACQ_REL)) {
		c->resets = 0;
	}
	c->resets++;
	if (!pci_present(c->p)) {
		give_up(c, -ERR_NOENT);
		return;
	}
	if (c->resets > NVME_RESETS_MAX) {
		give_up(c, -ERR_TIMEOUT);
		return;
	}
	log_warn("%s: resetting the controller", c->dev->name);
	err = reset(c);
	if (err) {
		give_up(c, err);
	}
}

static void nvme_work(struct work *w)
{
	struct nvme *c = container_of(w, struct nvme, work);
	struct nvme_queue *q;
	unsigned int slot;
	bool failed;

	if (READ_ONCE(c->dead)) {
		return;
	}
	failed = __atomic_exchange_n(&c->failed, false, __ATOMIC_ACQ_REL);
	if (!failed && nvme_io_late(c, &q, &slot)) {
		failed = !abort_late(c, q, slot);
	}
	if (failed) {
		recover(c);
		__atomic_store_n(&c->failed, false, __ATOMIC_RELEASE);
	}
}

/* --- interrupts ----------------------------------------------------------- */

/* Handler of a vector: each queue has its own, or all share one. */
static void interrupt(unsigned int irq, void *arg)
{
	struct nvme_queue *q = arg;
	struct nvme *c = q->c;

	(void)irq;
	if (q->id == 0) {
		nvme_admin_interrupt(c);
	}
	for (unsigned int i = 0; i < c->nio; i++) {
		if (c->io[i].vector == q->vector) {
			nvme_io_interrupt(&c->io[i]);
		}
	}
}

/* --- probe ---------------------------------------------------------------- */

static uint64_t
	numbers; /* a bit for each number in use; the devices' mutex is held */

static int take_number(unsigned int *out)
{
	for (unsigned int i = 0; i < NVME_NUMBERS; i++) {
		if (!(numbers & BIT(i))) {
			numbers |= BIT(i);
			*out = i;
			return 0;
		}
	}
	return -ERR_NOSPC;
}

static int read_capabilities(struct nvme *c)
{
	c->cap = get32(c, NVME_CAP) | (uint64_t)get32(c, NVME_CAP + 4) << 32;
	if (c->cap == UINT64_MAX || !(c->cap & CAP_NVM) ||
	    CAP_PAGE_MIN(c->cap) != 0) {
		log_err("%s: no NVM command set, or no pages of 4 KiB: "
			"capabilities %#llx",
			c->dev->name, (unsigned long long)c->cap);
		return -ERR_NOSUPP;
	}
	c->entries_max = (unsigned int)MIN(CAP_ENTRIES(c->cap), NVME_ENTRIES);
	return c->entries_max < 2 ? -ERR_NOSUPP : 0;
}

static void read_identity(struct nvme *c, const uint8_t *id)
{
	uint32_t oncs = id[ID_ONCS] | (uint32_t)id[ID_ONCS + 1] << 8;
	uint64_t most = NVME_BYTES_MAX;
	char name[ID_MODEL_SIZE + 1];
	size_t n = ID_MODEL_SIZE;

	if (id[ID_MDTS] && id[ID_MDTS] < 32) {
		most = MIN(most, PAGE_SIZE << id[ID_MDTS]);
	}
	c->max_sectors = (uint32_t)(most / BLOCK_SECTOR_SIZE);
	c->has_discard = oncs & ONCS_DATASET;
	c->has_zeroes = oncs & ONCS_ZEROES;
	c->has_flush = id[ID_VWC] & 1;
	/* 1: any alignment; 2: of words. */
	c->sgl = (le32(id + ID_SGLS) & 3) == 1;
	memcpy(name, id + ID_MODEL, ID_MODEL_SIZE);
	while (n > 0 && name[n - 1] == ' ') {
		n--;
	}
	name[n] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (name[i] < ' ' || name[i] > '~') {
			name[i] = '?';
		}
	}
	log_info("%s: nvme%u: \"%s\", %u queues%s", c->dev->name, c->number,
		 name, c->nio, c->sgl ? ", any segments" : "");
}

/* Send a queue's interrupts to the CPU that submits to it. If that cannot be
 * set, they still come, to another CPU. */
static void steer(struct nvme *c, unsigned int v)
{
	if (irq_set_affinity(c->p->vectors[v].irq, v - 1)) {
		log_debug("%s: vector %u stays where it is", c->dev->name, v);
	}
}

static int request_vectors(struct nvme *c)
{
	for (unsigned int v = 0; v < c->vectors; v++) {
		struct nvme_queue *q = v == 0 ? &c->admin : &c->io[v - 1];
		int err = pci_irq_request(c->p, v, interrupt, q);

		if (err) {
			return err;
		}
		if (v > 0) {
			steer(c, v);
		}
		pci_irq_enable(c->p, v);
	}
	return 0;
}

/* The admin queue, and as many others as there are CPUs and vectors. */
static int alloc_queues(struct nvme *c)
{
	unsigned int n = MIN(cpu_count, NVME_IO_QUEUES_MAX);
	int err = pci_irq_alloc(c->p, n + 1, &c->vectors);

	if (err) {
		return err;
	}
	if (c->vectors > 1) {
		n = MIN(n, c->vectors - 1);
	}
	err = nvme_queue_alloc(c, &c->admin, 0);
	if (err) {
		return err;
	}
	c->io = heap_alloc_array(n, sizeof(*c->io));
	if (!c->io) {
		return -ERR_NOMEM;
	}
	for (unsigned int i = 0; i < n; i++) {
		err = nvme_queue_alloc(c, &c->io[i], i + 1);
		c->nio = i + 1;
		if (err) {
			return err;
		}
	}
	return 0;
}

static int bring_up(struct nvme *c)
{
	struct dma_buffer page = { .va = NULL };
	unsigned int n = c->nio;
	int err = nvme_disable(c);

	if (err == 0) {
		err = request_vectors(c);
	}
	if (err == 0) {
		err = nvme_enable(c);
	}
	if (err == 0) {
		err = nvme_ask_queues(c, &n);
	}
	for (unsigned int i = n; i < c->nio; i++) {
		nvme_queue_free(&c->io[i]);
	}
	c->nio = MIN(n, c->nio);
	if (err == 0) {
		err = dma_alloc(c->dev, IDENTIFY_SIZE, &page);
	}
	if (err == 0) {
		err = nvme_identify(c, IDENTIFY_CONTROLLER, 0, &page);
	}
	if (err == 0) {
		read_identity(c, page.va);
	}
	for (unsigned int i = 0; err == 0 && i < c->nio; i++) {
		err = nvme_create_queue(c, &c->io[i]);
	}
	if (err == 0) {
		err = add_namespaces(c, &page);
	}
	dma_free(c->dev, &page);
	return err;
}

static void irq_off(struct nvme *c)
{
	for (unsigned int v = 0; v < c->vectors; v++) {
		pci_irq_disable(c->p, v);
	}
	irq_synchronize();
}

/* Undo everything that a probe may have done. */
static void tear_down(struct nvme *c)
{
	__atomic_store_n(&c->dead, true, __ATOMIC_SEQ_CST);
	workqueue_stop(&c->workqueue);
	timer_cancel(&c->timer);
	nvme_shut_down(c);
	if (nvme_disable(c)) {
		log_err("%s: it does not stop", c->dev->name);
	}
	pci_write16(c->p, PCI_COMMAND,
		    (uint16_t)(pci_read16(c->p, PCI_COMMAND) &
			       ~(uint32_t)PCI_COMMAND_MASTER));
	irq_off(c);
	nvme_io_requeue(c, true);
	remove_namespaces(c);
	nvme_queue_free(&c->admin);
	for (unsigned int i = 0; i < c->nio; i++) {
		nvme_queue_free(&c->io[i]);
	}
	numbers &= ~BIT(c->number);
	nvme_put(c);
}

static int prepare(struct nvme *c)
{
	const struct thread_attr attr = {
		.name = c->dev->name,
		.priority = NVME_PRIORITY,
	};
	volatile void *regs;
	int err = pci_enable(c->p);

	if (err == 0) {
		err = pci_map_bar(c->p, NVME_BAR, &regs, NULL);
	}
	if (err) {
		return err;
	}
	c->regs = regs;
	err = read_capabilities(c);
	if (err == 0) {
		err = dma_init(c->dev, 64);
	}
	if (err == 0) {
		err = take_number(&c->number);
	}
	if (err) {
		return err;
	}
	timer_init(&c->timer, watch);
	completion_init(&c->answered);
	work_init(&c->work, &c->workqueue, nvme_work);
	err = workqueue_start(&c->workqueue, &attr);
	if (err) {
		numbers &= ~BIT(c->number);
	}
	return err;
}

static int nvme_probe(struct device *dev)
{
	struct nvme *c = heap_alloc(sizeof(*c));
	int err;

	if (!c) {
		return -ERR_NOMEM;
	}
	c->p = pci_device(dev);
	c->dev = dev;
	c->refs = 1;
	err = prepare(c);
	if (err) {
		heap_free(c);
		return err;
	}
	err = alloc_queues(c);
	if (err == 0) {
		err = bring_up(c);
	}
	if (err) {
		tear_down(c);
		return err;
	}
	dev->priv = c;
	return 0;
}

static void nvme_remove(struct device *dev)
{
	tear_down(dev->priv);
}

static const struct pci_id nvme_ids[] = {
	{ PCI_ANY, PCI_ANY, 0x010802, 0xffffff },
	{ 0, 0, 0, 0 },
};

static const struct driver nvme_driver = {
	.name = "nvme",
	.class = DEVICE_BLOCK,
	.bus = &pci_bus,
	.ids = nvme_ids,
	.probe = nvme_probe,
	.remove = nvme_remove,
};
DRIVER(nvme_driver);
