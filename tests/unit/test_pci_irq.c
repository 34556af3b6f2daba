/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI: a host bridge's node in the tree, and the three kinds of interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/dts.h"
#include "tests/unit/pci_model.h"

static const char tree[] =
	"/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;"
	"gic: intc { #interrupt-cells = <3>; #address-cells = <0>;"
	" interrupt-controller; };"
	"msi: msi { };"
	"pcie { #address-cells = <3>; #size-cells = <2>; #interrupt-cells = <1>;"
	" device_type = \"pci\"; msi-map = <0x8 &msi 0x100 0x10>;"
	" interrupt-map-mask = <0x1800 0 0 7>; interrupt-map ="
	" <0 0 0 1 &gic 0 3 4>, <0 0 0 2 &gic 0 4 4>,"
	" <0x800 0 0 1 &gic 0 4 4>, <0x800 0 0 2 &gic 0 5 4>;"
	" dma-ranges = <0x02000000 0 0x0 1 0x0 0 0x80000000>;"
	" ranges = <0x01000000 0 0 0 0x3eff0000 0 0x10000>,"
	"  <0x02000000 0 0x10000000 0 0x20000000 0 0x1000000>,"
	"  <0x43000000 0x80 0 0x80 0 0x80 0>; }; };";

/* The same, but all functions have MSIs, by their requester ID. */
static const char tree_all[] =
	"/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; msi: msi { };"
	"pcie { #address-cells = <3>; #size-cells = <2>; msi-parent = <&msi>;"
	" device_type = \"pci\"; }; };";

static void load_tree_text(const char *text)
{
	static struct dts_blob blob;
	const char *why;

	dts_compile(text, &blob);
	assert_int_equal(dt_init(blob.data, blob.size, &why), 0);
	bridge_dev.dt = dt_path("/pcie");
	memset(irqs, 0, sizeof(irqs));
	silenced = 0;
	spurious = 0;
}

static void load_tree(void)
{
	load_tree_text(tree);
}

static void test_tree(void **state)
{
	struct dt_interrupt in;
	struct dt_pci_range r[4];
	dt_node_t node;
	uint32_t device;
	struct dt_dma dma;

	(void)state;
	load_tree();
	assert_int_equal(dt_pci_ranges(bridge_dev.dt, r, 4), 3);
	assert_int_equal(r[1].space, DT_PCI_MEM32);
	assert_true(r[1].bus == 0x10000000 && r[1].cpu.v == 0x20000000);
	assert_int_equal(r[1].size, 0x1000000);
	assert_true(r[2].prefetchable && r[2].bus == GIB(512) &&
		    r[2].size == GIB(512));
	assert_int_equal(dt_pci_ranges(bridge_dev.dt, r, 2), 2);
	assert_int_equal(dt_pci_ranges(dt_path("/intc"), r, 2), 0);
	assert_int_equal(dt_pci_interrupt(bridge_dev.dt, 0x08, 2, &in), 0);
	assert_int_equal(in.cell[1], 5);
	assert_int_equal(dt_pci_interrupt(bridge_dev.dt, 0x10, 1, &in),
			 -ERR_RANGE);
	assert_int_equal(dt_pci_msi(bridge_dev.dt, 0x0a, &node, &device), 0);
	assert_int_equal(device, 0x102);
	assert_int_equal(node, dt_path("/msi"));
	assert_int_equal(dt_pci_msi(bridge_dev.dt, 0x18, &node, &device),
			 -ERR_NOENT);
	assert_int_equal(dt_pci_msi(bridge_dev.dt, 7, &node, &device),
			 -ERR_NOENT);
	dt_pci_dma(bridge_dev.dt, &dma);
	assert_true(dma.offset == BIT(32) && dma.limit == 0x7fffffff);
	assert_int_equal(dt_pci_interrupt(dt_path("/intc"), 8, 1, &in),
			 -ERR_NOENT);
}

static unsigned int served[2];

static void serve(unsigned int irq, void *arg)
{
	(void)irq;
	served[(struct model *)arg - models]++;
	model_put(arg, PCI_STATUS, 2, 0); /* the cause is gone */
}

/* Two functions on one line: only the one that asserts it is served, and a line
 * that none asserts is disabled. */
static void test_intx(void **state)
{
	struct pci_device *a, *b;
	unsigned int n;

	(void)state;
	load_tree();
	model_reset();
	model_add(-1, 4, 0, 0)->space[PCI_INTERRUPT_PIN] = 2; /* line 4 */
	model_add(-1, 5, 0, 0)->space[PCI_INTERRUPT_PIN] = 1; /* line 4 */
	model_add(-1, 6, 0, 0);
	pci_host_add(&host);
	a = function(0);
	b = function(1);
	assert_int_equal(pci_irq_alloc(a, 4, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(pci_irq_request(a, 0, serve, &models[0]), 0);
	assert_int_equal(pci_irq_alloc(b, 1, &n), 0);
	assert_int_equal(pci_irq_request(b, 0, serve, &models[1]), 0);
	assert_int_equal(pci_irq_alloc(function(2), 1, &n), -ERR_NOSUPP);
	assert_true(irqs[36].enabled);
	assert_true(models[0].space[PCI_COMMAND + 1] & 4);
	pci_irq_enable(a, 0);
	pci_irq_enable(b, 0);
	assert_false(models[0].space[PCI_COMMAND + 1] & 4);
	served[0] = served[1] = 0;
	model_put(&models[1], PCI_STATUS, 2, 8);
	irqs[36].fn(36, irqs[36].arg);
	assert_true(served[0] == 0 && served[1] == 1);
	model_put(&models[0], PCI_STATUS, 2, 8);
	model_put(&models[1], PCI_STATUS, 2, 8);
	irqs[36].fn(36, irqs[36].arg);
	assert_true(served[0] == 1 && served[1] == 2);
	/* One is freed, and the other keeps the line. */
	pci_irq_free(a);
	assert_true(models[0].space[PCI_COMMAND + 1] & 4);
	model_put(&models[0], PCI_STATUS, 2, 8);
	for (unsigned int i = 0; i < 3; i++) {
		irqs[36].fn(36, irqs[36].arg);
	}
	assert_int_equal(served[0], 1);
	assert_int_equal(silenced, 1);
	pci_irq_free(b);
	pci_host_remove(&host);
}

static unsigned int taken;
static uint32_t asked; /* for which device MSIs were requested */

static int fake_alloc(struct msi_controller *mc, uint32_t device,
		      unsigned int n, struct msi *out)
{
	(void)mc;
	asked = device;
	if (taken + n > 3) {
		return -ERR_NOSPC;
	}
	*out = (struct msi){ .address = 0x8020040,
			     .data = 80 + taken,
			     .irq = 80 + taken };
	taken += n;
	return 0;
}

static void fake_free(struct msi_controller *mc, uint32_t device,
		      unsigned int n, const struct msi *msi)
{
	(void)mc;
	(void)device;
	assert_true(msi->irq >= 80);
	taken -= n;
}

static struct msi_controller controller = { .alloc = fake_alloc,
					    .free = fake_free };

/* MSI-X: at most as many as the controller has, masked until enabled. */
static void test_msix(void **state)
{
	struct pci_device *p;
	struct model *m;
	uint32_t *table;
	unsigned int n;

	(void)state;
	load_tree();
	controller.dt = dt_path("/msi");
	msi_add(&controller);
	model_reset();
	taken = 0;
	m = model_add(-1, 1, 0, 0);
	model_bar(m, 1, 0x1000, 0);
	m->space[PCI_INTERRUPT_PIN] = 1;
	m->space[PCI_STATUS] = 0x10;
	m->space[PCI_CAPABILITIES] = 0x40;
	model_put(m, 0x40, 4, 0x00070011); /* 8 entries */
	model_put(m, 0x44, 4, 0x801);      /* BAR 1, 0x800 */
	pci_host_add(&host);
	p = function(0);
	p->dev.dma.offset = 0;
	assert_int_equal(pci_enable(p), 0);
	table = (uint32_t *)arch_phys_to_virt(
		PADDR(p->bars[1].addr - 0x10000000 + 0x10000000 + 0x800));
	assert_int_equal(pci_irq_alloc(p, 5, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(p->irq_mode, PCI_IRQ_MSIX);
	assert_true(m->space[0x43] & 0x80);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(table[4 * i], 0x8020040);
		assert_int_equal(table[4 * i + 2], 80 + i);
		assert_int_equal(table[4 * i + 3], 1);
		assert_int_equal(pci_irq_request(p, i, serve, m), 0);
	}
	pci_irq_enable(p, 1);
	assert_true(table[3] == 1 && table[7] == 0);
	assert_true(irqs[81].enabled);
	pci_irq_free(p);
	assert_false(m->space[0x43] & 0x80);
	assert_int_equal(taken, 0);
	assert_null(irqs[81].fn);
	/* A table that is not inside its BAR is not used. */
	model_put(m, 0x44, 4, 0xff9);
	assert_int_equal(pci_irq_alloc(p, 5, &n), 0);
	assert_int_equal(p->irq_mode, PCI_IRQ_INTX);
	pci_irq_free(p);
	pci_host_remove(&host);
}

/* Below a bridge to conventional PCI a function's messages have the bridge's
 * requester ID; below a PCI Express port they have its own. */
static void test_requester(void **state)
{
	static const struct {
		uint16_t express; /* of the bridge: 0, or its flags */
		uint32_t device;
	} cases[] = { { 0x0070, 0x100 }, { 0x0040, 0x100 }, { 0, 0x00a } };

	(void)state;
	load_tree_text(tree_all);
	controller.dt = dt_path("/msi");
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct model *m;
		unsigned int n;

		model_reset();
		taken = 0;
		m = model_add(-1, 1, 2, 1); /* 0:1.2 */
		model_add(-1, 1, 0, 0x80);
		if (cases[i].express) {
			m->space[PCI_STATUS] = 0x10;
			m->space[PCI_CAPABILITIES] = 0x40;
			model_put(m, 0x40, 2, PCI_CAP_EXPRESS);
			model_put(m, 0x42, 2, cases[i].express);
		}
		m = model_add(0, cases[i].express == 0x40 ? 0 : 1, 0, 0);
		m->space[PCI_STATUS] = 0x10;
		m->space[PCI_CAPABILITIES] = 0x40;
		model_put(m, 0x40, 4, 0x00800005);
		pci_host_add(&host);
		asked = 0;
		assert_int_equal(pci_irq_alloc(function(2), 1, &n), 0);
		assert_int_equal(function(2)->irq_mode, PCI_IRQ_MSI);
		assert_int_equal(asked, cases[i].device);
		pci_irq_free(function(2));
		pci_host_remove(&host);
	}
}

/* MSI: a power of two of consecutive messages. */
static void test_msi(void **state)
{
	struct pci_device *p;
	struct model *m;
	unsigned int n;

	(void)state;
	load_tree();
	controller.dt = dt_path("/msi");
	model_reset();
	taken = 0;
	m = model_add(-1, 1, 0, 0);
	m->space[PCI_STATUS] = 0x10;
	m->space[PCI_CAPABILITIES] = 0x40;
	model_put(m, 0x40, 4, 0x00860005); /* 8 messages, 64 bits */
	pci_host_add(&host);
	p = function(0);
	p->dev.dma.offset = 0;
	assert_int_equal(pci_irq_alloc(p, 7, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(model_get(m, 0x44, 4), 0x8020040);
	assert_int_equal(model_get(m, 0x4c, 2), 80);
	assert_int_equal(model_get(m, 0x42, 2), 0x97);
	assert_int_equal(pci_irq_request(p, 1, serve, m), 0);
	assert_false(irqs[81].enabled);
	pci_irq_enable(p, 1);
	assert_true(irqs[81].enabled);
	pci_irq_free(p);
	assert_int_equal(taken, 0);
	assert_int_equal(model_get(m, 0x42, 2) & 1, 0);
	pci_host_remove(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),      cmocka_unit_test(test_intx),
		cmocka_unit_test(test_msix),      cmocka_unit_test(test_msi),
		cmocka_unit_test(test_requester),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
