/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI: scan, placement of BARs and windows, capabilities and drivers, on a
 * model of configuration space. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/dts.h"
#include "tests/unit/pci_model.h"

static uint64_t register_of(const struct model *m, unsigned int n)
{
	uint64_t v = model_get(m, PCI_BAR(n), 4) & ~15U;

	if ((m->bar_type[n] & 7) == 4) {
		v |= (uint64_t)model_get(m, PCI_BAR(n + 1), 4) << 32;
	}
	return v;
}

static bool in_window(uint64_t at, uint64_t size, uint64_t base, uint64_t all)
{
	return at >= base && at + size <= base + all;
}

/* Each BAR with a place is aligned, in the host's windows and in those of each
 * bridge above by its registers, overlaps with no other, and is in its
 * register. */
static void check_places(void)
{
	struct pci_device *p, *q;

	list_for_each(p, &host.functions, node) {
		for (unsigned int n = 0; n < PCI_BARS; n++) {
			const struct pci_bar *b = &p->bars[n];
			const struct pci_window *w = &host.windows[b->space];

			if (!b->size || !b->assigned) {
				continue;
			}
			assert_int_equal(b->addr % b->size, 0);
			assert_true(
				in_window(b->addr, b->size, w->bus, w->size));
			assert_true(b->addr != 0);
			assert_true(b->is_64 || b->addr + b->size <= BIT(32));
			assert_true(pci_read32(p, PCI_BAR(n)) >> 4 ==
				    (uint32_t)b->addr >> 4);
			for (q = p->bridge; q; q = q->bridge) {
				assert_true(
					in_window(b->addr, b->size,
						  q->window_base[b->space],
						  q->window_size[b->space]));
			}
			list_for_each(q, &host.functions, node) {
				for (unsigned int k = 0; k < PCI_BARS; k++) {
					const struct pci_bar *o = &q->bars[k];

					assert_true(
						o == b || !o->assigned ||
						(o->space == PCI_IO) !=
							(b->space == PCI_IO) ||
						o->addr >= b->addr + b->size ||
						b->addr >= o->addr + o->size);
				}
			}
		}
	}
}

/* --- tests ---------------------------------------------------------------- */

static void test_flat(void **state)
{
	struct model *m;

	(void)state;
	model_reset();
	m = model_add(-1, 0, 0, 0);
	m = model_add(-1, 1, 0, 0x80);
	model_bar(m, 0, 0x20, 1);     /* I/O */
	model_bar(m, 1, 0x1000, 0);   /* 32 bits */
	model_bar(m, 4, 0x4000, 0xc); /* 64 bits, prefetchable */
	m = model_add(-1, 1, 3, 0);
	model_bar(m, 0, 0x100000, 4); /* 64 bits */
	model_bar(m, 2, GIB(1), 4);   /* does not fit into 32 */
	pci_host_add(&host);
	assert_int_equal(added, 3);
	check_places();
	assert_int_equal(function(1)->bars[0].space, PCI_IO);
	assert_int_equal(function(1)->bars[1].space, PCI_MEM);
	assert_true(function(1)->bars[4].addr >= GIB(512));
	assert_true(register_of(&models[1], 4) == function(1)->bars[4].addr);
	assert_true(function(2)->bars[0].addr < BIT(32));
	assert_true(function(2)->bars[2].addr >= GIB(512));
	assert_int_equal(function(2)->rid, 0x0b);
	assert_string_equal(function(2)->dev.name, "0000:00:01.3");
	pci_host_remove(&host);
	assert_int_equal(added, 0);
}

static void test_bridges(void **state)
{
	struct model *m;

	(void)state;
	model_reset();
	(void)model_add(-1, 2, 0, 1); /* 0 */
	(void)model_add(0, 0, 0, 1);  /* 1 */
	m = model_add(1, 0, 0, 0);    /* 2: two bridges down */
	model_bar(m, 0, 0x4000, 4);
	model_bar(m, 2, MIB(8), 0xc);
	(void)model_add(-1, 3, 0, 1); /* 3 */
	m = model_add(3, 31, 7, 0);   /* 4: alone on its function number */
	m = model_add(3, 31, 0, 0x80);
	model_bar(m, 0, 0x100, 1);
	/* Bus numbers that firmware has left. */
	models[3].space[0x19] = 1;
	models[3].space[0x1a] = 9;
	pci_host_add(&host);
	check_places();
	assert_int_equal(added, 6);
	assert_int_equal(models[0].space[0x19], 1);
	assert_int_equal(models[0].space[0x1a], 2);
	assert_int_equal(models[1].space[0x19], 2);
	assert_int_equal(models[3].space[0x19], 3);
	assert_int_equal(models[3].space[0x1a], 3);
	/* Windows in the registers: memory of 1 MiB, closed I/O. */
	assert_int_equal(model_get(&models[1], 0x20, 2),
			 model_get(&models[1], 0x22, 2) & 0xfff0);
	assert_true(models[1].space[0x1c] > models[1].space[0x1d]);
	assert_int_equal(models[3].space[0x1c], models[3].space[0x1d] & 0xf0);
	assert_true(models[0].space[PCI_COMMAND] == 7);
	pci_host_remove(&host);
}

/* A BAR that does not fit has no place; the others are not affected. */
static void test_no_room(void **state)
{
	struct model *m;
	volatile void *regs;

	(void)state;
	model_reset();
	m = model_add(-1, 0, 0, 0);
	model_bar(m, 0, GIB(1), 0);
	model_bar(m, 1, 0x1000, 0);
	m = model_add(-1, 1, 0, 0);
	model_bar(m, 0, 0x8000, 1);
	model_bar(m, 1, 0x8000, 1);
	pci_host_add(&host);
	check_places();
	assert_false(function(0)->bars[0].assigned);
	assert_true(function(0)->bars[1].assigned);
	assert_int_equal(pci_enable(function(0)), 0);
	assert_int_equal(pci_map_bar(function(0), 0, &regs, NULL), -ERR_NOSPC);
	assert_int_equal(pci_map_bar(function(0), 2, &regs, NULL), -ERR_NOENT);
	assert_int_equal(pci_map_bar(function(0), 6, &regs, NULL), -ERR_NOENT);
	assert_int_equal(pci_map_bar(function(0), 1, &regs, NULL), 0);
	assert_ptr_equal(regs,
			 arch_phys_to_virt(PADDR(function(0)->bars[1].addr)));
	/* Only one of the two I/O BARs, because address 0 is not used. */
	assert_int_equal(function(1)->bars[0].assigned +
				 function(1)->bars[1].assigned,
			 1);
	pci_host_remove(&host);
}

/* An endless chain of bridges: the scan is limited by bus numbers and by
 * depth. */
static void test_endless(void **state)
{
	(void)state;
	model_reset();
	endless = true;
	host.last_bus = 8;
	pci_host_add(&host);
	assert_int_equal(added, 9);
	pci_host_remove(&host);
	model_reset();
	endless = true;
	pci_host_add(&host);
	assert_true(added <= 20);
	pci_host_remove(&host);
	assert_int_equal(added, 0);
}

/* The firmware's placement is kept if it is consistent. */
static void test_keep(void **state)
{
	struct model *m, *n;

	(void)state;
	for (unsigned int wrong = 0; wrong < 3; wrong++) {
		model_reset();
		m = model_add(-1, 0, 0, 0);
		model_bar(m, 0, 0x1000, 0);
		model_put(m, PCI_BAR(0), 4, 0x20005000);
		n = model_add(-1, 1, 0, 0);
		model_bar(n, 0, 0x1000, 0);
		model_put(n, PCI_BAR(0), 4,
			  wrong == 0   ? 0x20006000
			  : wrong == 1 ? 0x20005000
				       : 0x50000000);
		pci_host_add(&host);
		check_places();
		assert_true((function(0)->bars[0].addr == 0x20005000) ==
			    (wrong == 0));
		pci_host_remove(&host);
	}
}

static unsigned int below(unsigned int n)
{
	static uint32_t x = 2463534242;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % n;
}

static void random_bars(struct model *m)
{
	unsigned int n = 0, most = m->space[PCI_HEADER_TYPE] == 1 ? 2 : 6;

	while (n < most) {
		static const uint32_t types[] = { 0, 1, 4, 8, 0xc };
		uint32_t type = types[below(5)];
		uint64_t size = BIT(below(type == 1 ? 8 : 22) + 4);

		if ((type & 7) == 4 && n + 1 == most) {
			type = 0;
		}
		if (below(3) > 0) {
			model_bar(m, n, size, type);
		}
		n += (type & 7) == 4 ? 2 : 1;
	}
}

static void test_random(void **state)
{
	unsigned int without = 0;

	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		struct pci_device *p;

		model_reset();
		for (unsigned int i = 0; i < 20; i++) {
			int above = i ? (int)below(i) : -1;

			if (above >= 0 &&
			    models[above].space[PCI_HEADER_TYPE] != 1) {
				above = -1;
			}
			random_bars(model_add(above, (uint8_t)i, 0,
					      (uint8_t)(below(2))));
		}
		pci_host_add(&host);
		check_places();
		assert_int_equal(added, 20);
		list_for_each(p, &host.functions, node) {
			for (unsigned int n = 0; n < PCI_BARS; n++) {
				without += p->bars[n].size &&
					   !p->bars[n].assigned &&
					   p->bars[n].space != PCI_IO;
			}
		}
		pci_host_remove(&host);
	}
	/* There is room for all memory BARs. */
	assert_int_equal(without, 0);
}

static void test_capabilities(void **state)
{
	struct pci_device *p;
	struct model *m;

	(void)state;
	model_reset();
	m = model_add(-1, 0, 0, 0);
	pci_host_add(&host);
	p = function(0);
	m->space[PCI_CAPABILITIES] = 0x40;
	assert_int_equal(pci_find_capability(p, 9, 0), 0);
	m->space[PCI_STATUS] = 0x10;
	model_put(m, 0x40, 2, 0x5009);
	model_put(m, 0x50, 2, 0x6011);
	model_put(m, 0x60, 2, 0x0009);
	assert_int_equal(pci_find_capability(p, 9, 0), 0x40);
	assert_int_equal(pci_find_capability(p, 9, 0x40), 0x60);
	assert_int_equal(pci_find_capability(p, 9, 0x60), 0);
	assert_int_equal(pci_find_capability(p, 0x11, 0), 0x50);
	/* A loop, and a link into the header. */
	model_put(m, 0x60, 2, 0x4009);
	assert_int_equal(pci_find_capability(p, 5, 0), 0);
	model_put(m, 0x60, 2, 0x0409);
	assert_int_equal(pci_find_capability(p, 5, 0), 0);
	pci_host_remove(&host);
}

static void test_match(void **state)
{
	static const struct pci_id exact[] = { { 0x1af4, 0x1001, 0, 0 },
					       { 0 } };
	static const struct pci_id vendor[] = { { 0x8086, 1, 0, 0 },
						{ 0x1af4, PCI_ANY, 0, 0 },
						{ 0 } };
	static const struct pci_id class[] = {
		{ PCI_ANY, PCI_ANY, 0x010802, 0xffffff }, { 0 }
	};
	static const struct pci_id other[] = {
		{ PCI_ANY, PCI_ANY, 0x020000, 0xff0000 }, { 0 }
	};
	struct driver d = { .bus = &pci_bus };
	unsigned int e, v, c;

	(void)state;
	model_reset();
	(void)model_add(-1, 0, 0, 0);
	pci_host_add(&host);
	d.ids = exact;
	e = pci_bus.match(&function(0)->dev, &d);
	d.ids = vendor;
	v = pci_bus.match(&function(0)->dev, &d);
	d.ids = class;
	c = pci_bus.match(&function(0)->dev, &d);
	assert_true(e > v && v > c && c > 0);
	d.ids = other;
	assert_int_equal(pci_bus.match(&function(0)->dev, &d), 0);
	pci_host_remove(&host);
}

static int load_tree(void **state)
{
	static struct dts_blob blob;
	const char *why;

	(void)state;
	dts_compile("/dts-v1/; / { pcie { }; };", &blob);
	assert_int_equal(dt_init(blob.data, blob.size, &why), 0);
	bridge_dev.dt = dt_path("/pcie");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_bridges),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, load_tree, NULL);
}
