/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host devices: which nodes get which driver, deferral, buses, removal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <arch_impl/host.h>
#include <core/dt_pci.h>
#include <core/irq_dispatch.h>
#include <core/percpu.h>
#include <core/vcpu.h>

#include "core/device/device.c"
#include "core/device/device_tree.c"
#include "core/device/registers.c"
#include "tests/unit/dts.h"

static struct vcpu self;
static char probed[256];
static unsigned int warnings;

static void count_line(const char *text, size_t n)
{
	warnings += memchr(text, '\n', n) != NULL;
}

/* Lines 32..63 exist. A bit for each one requested. */
static uint32_t requested;

int irq_request(unsigned int irq, irq_handler_t fn, void *arg, const char *name)
{
	(void)fn;
	(void)arg;
	(void)name;
	if (irq < 32 || irq > 63) {
		return -ERR_RANGE;
	}
	if (requested & 1U << (irq - 32)) {
		return -ERR_BUSY;
	}
	requested |= 1U << (irq - 32);
	return 0;
}

void irq_release(unsigned int irq)
{
	requested &= ~(1U << (irq - 32));
}

void irq_set_trigger(unsigned int irq, enum irq_trigger trigger)
{
	(void)irq;
	(void)trigger;
}

/* The controller with a driver: one cell, the line. */
static int chip_decode(const uint32_t *cells, unsigned int n, unsigned int *irq,
		       enum irq_trigger *trigger)
{
	*irq = cells[0];
	*trigger = IRQ_TRIGGER_LEVEL;
	return n == 1 ? 0 : -ERR_FORMAT;
}

static struct irqchip chip = { .decode = chip_decode };
const struct irqchip *irqchip = &chip;

static int note(const char *driver, const struct device *dev, int result)
{
	size_t n = strlen(probed);

	(void)snprintf(probed + n, sizeof(probed) - n, "%s:%s ", driver,
		       dev->name);
	return result;
}

static int probe_fine(struct device *dev)
{
	return note("fine", dev, 0);
}

static int probe_coarse(struct device *dev)
{
	return note("coarse", dev, 0);
}

static void remove_coarse(struct device *dev)
{
	(void)note("-coarse", dev, 0);
}

static int probe_picky(struct device *dev)
{
	if (strcmp(dev->name, "empty") == 0) {
		return note("picky", dev, DEVICE_EMPTY);
	}
	return note("picky", dev,
		    strcmp(dev->name, "bad") == 0 ? -ERR_IO : -ERR_NOSUPP);
}

/* Needs a "v,supply" device. */
static bool supplied;

static int probe_needy(struct device *dev)
{
	if (!supplied) {
		return note("wait", dev, -ERR_DEFER);
	}
	return note("needy", dev, 0);
}

static int probe_supply(struct device *dev)
{
	supplied = true;
	return note("supply", dev, 0);
}

/* Requests two interrupts, and fails if its registers are not as expected. */
static int probe_irqs(struct device *dev)
{
	volatile void *regs;
	unsigned int irq;
	uint64_t size;
	int err = device_irq_request(dev, 0, NULL, NULL, &irq);

	if (!err) {
		err = device_irq_request(dev, 1, NULL, NULL, &irq);
	}
	if (!err) {
		err = device_map(dev, 0, &regs, &size);
	}
	if (!err && size != 0x1000) {
		err = -ERR_IO;
	}
	return err;
}

static void remove_irqs(struct device *dev)
{
	assert_int_equal(dev->nirqs, 2);
}

/* Maps all its registers, then succeeds or not by its name. */
static int probe_regs(struct device *dev)
{
	volatile void *regs;
	uint64_t size;
	unsigned int n = 0;

	while (device_map(dev, n, &regs, &size) == 0) {
		n++;
	}
	assert_true(n > 0);
	if (strncmp(dev->name, "wait", 4) == 0) {
		return -ERR_DEFER;
	}
	if (strncmp(dev->name, "empty", 5) == 0) {
		return DEVICE_EMPTY;
	}
	return strncmp(dev->name, "bad", 3) == 0 ? -ERR_IO : 0;
}

static void remove_regs(struct device *dev)
{
	/* They are there to the end. */
	const struct device_regs *r = mapped;

	while (r && r->dev != dev) {
		r = r->next;
	}
	assert_non_null(r);
}

/* A bus with two devices on it, found by its own driver. */
static const unsigned int child_ids[2] = { 7, 8 };
static struct device children[2];
static unsigned int freed;

static unsigned int toy_match(const struct device *dev,
			      const struct driver *drv)
{
	const unsigned int *id = drv->ids;

	return *id == child_ids[dev - children];
}

static const struct device_bus toy_bus = { .name = "toy", .match = toy_match };

static void child_release(struct device *dev)
{
	(void)dev;
	freed++;
}

static int probe_bus(struct device *dev)
{
	for (unsigned int i = 0; i < 2; i++) {
		memset(&children[i], 0, sizeof(children[i]));
		(void)snprintf(children[i].name, DEVICE_NAME_MAX, "toy%u", i);
		children[i].bus = &toy_bus;
		children[i].parent = dev;
		children[i].dt = -1;
		children[i].release = child_release;
		assert_int_equal(device_add_locked(&children[i]), 0);
	}
	assert_int_equal(device_add_locked(&children[0]), -ERR_EXIST);
	return 0;
}

static void remove_bus(struct device *dev)
{
	(void)dev;
	assert_int_equal(device_remove_locked(&children[1]), 0);
	assert_int_equal(device_remove_locked(&children[0]), 0);
}

static int probe_toy(struct device *dev)
{
	return note("toy", dev, 0);
}

static void remove_toy(struct device *dev)
{
	(void)note("-toy", dev, 0);
}

#define TEST_DRIVER(ident, class_, remove_, ...) \
	static const char *const ident##_compatible[] = { __VA_ARGS__, NULL }; \
	static const struct driver ident##_driver = { \
		.name = #ident, \
		.class = class_, \
		.compatible = ident##_compatible, \
		.probe = probe_##ident, \
		.remove = (remove_), \
	}; \
	DRIVER(ident##_driver)

/* In an order that would be wrong if the registry's order mattered. */
TEST_DRIVER(coarse, DEVICE_OTHER, remove_coarse, "v,base");
TEST_DRIVER(fine, DEVICE_OTHER, NULL, "v,special", "v,unused");
TEST_DRIVER(picky, DEVICE_SERIAL, NULL, "v,uart");
TEST_DRIVER(needy, DEVICE_NET, remove_coarse, "v,needy");
TEST_DRIVER(supply, DEVICE_OTHER, NULL, "v,supply");
TEST_DRIVER(irqs, DEVICE_BLOCK, remove_irqs, "v,irqs");
TEST_DRIVER(regs, DEVICE_ENTROPY, remove_regs, "v,regs");
TEST_DRIVER(bus, DEVICE_BUS, remove_bus, "v,bus");

static const struct driver toy_driver = {
	.name = "toy",
	.class = DEVICE_BLOCK,
	.bus = &toy_bus,
	.ids = &child_ids[1],
	.probe = probe_toy,
	.remove = remove_toy,
};
DRIVER(toy_driver);

static void load(const char *text)
{
	static struct dts_blob blob;
	struct device *dev, *tmp;
	const char *why;

	list_for_each_safe(dev, tmp, &devices, node) {
		list_remove(&dev->node);
		if (dev->bus == &device_tree_bus) {
			heap_free(dev);
		}
	}
	dts_compile(text, &blob);
	assert_int_equal(dt_init(blob.data, blob.size, &why), 0);
	probed[0] = '\0';
	freed = 0;
	supplied = false;
	/* It gets the present contents of the log. */
	log_set_sink(count_line);
	warnings = 0;
	this_cpu()->current = &self;
	device_discover();
}

static void test_most_specific_wins(void **state)
{
	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "a { compatible = \"v,special\", \"v,base\"; };"
	     "b { compatible = \"v,base\", \"v,special\"; };"
	     "bus { c { compatible = \"v,other\", \"v,base\"; }; };"
	     "d { compatible = \"v,unknown\"; }; e { }; };");
	assert_int_equal(device_probe(DEVICE_OTHER), 3);
	assert_string_equal(probed, "fine:a coarse:b coarse:c ");
	assert_int_equal(warnings, 0);
	/* Bound devices are not probed again. */
	assert_int_equal(device_probe(DEVICE_OTHER), 0);
}

static void test_disabled_nodes(void **state)
{
	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "a { compatible = \"v,base\"; status = \"disabled\"; };"
	     "b { compatible = \"v,base\"; status = \"okay\"; }; };");
	assert_int_equal(device_probe(DEVICE_OTHER), 1);
	assert_string_equal(probed, "coarse:b ");
}

static void test_class_and_refusals(void **state)
{
	struct device *dev;

	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "a { compatible = \"v,special\"; };"
	     "bad { compatible = \"v,uart\"; };"
	     "empty { compatible = \"v,uart\"; };"
	     "other { compatible = \"v,uart\"; }; };");
	assert_int_equal(device_probe(DEVICE_SERIAL), 0);
	assert_string_equal(probed, "picky:bad picky:empty picky:other ");
	/* -ERR_NOSUPP leaves the device unbound without a warning; an empty
	 * slot is not a device. */
	assert_int_equal(warnings, 1);
	assert_null(device_get("empty"));
	dev = device_get("other");
	assert_non_null(dev);
	device_put(dev);
}

/* Two nodes with the same name: both are listed. */
static void test_names(void **state)
{
	struct device *dev;

	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "x { a { compatible = \"v,base\"; }; };"
	     "y { a { compatible = \"v,base\"; }; }; };");
	assert_int_equal(device_probe(DEVICE_OTHER), 2);
	assert_string_equal(probed, "coarse:a coarse:a.1 ");
	dev = device_get("a.1");
	assert_non_null(dev);
	assert_string_equal(dt_name(dev->dt), "a");
	device_put(dev);
	assert_null(device_get("a.2"));
}

static void test_deferral(void **state)
{
	struct device *dev;

	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "n { compatible = \"v,needy\"; };"
	     "s { compatible = \"v,supply\"; }; };");
	assert_int_equal(device_probe(DEVICE_NET), 0);
	dev = device_get("n");
	assert_int_equal(dev->state, DEVICE_DEFERRED);
	device_report_deferred();
	assert_int_equal(warnings, 1);
	assert_int_equal(device_probe(DEVICE_OTHER), 1);
	assert_string_equal(probed, "wait:n supply:s needy:n ");
	assert_int_equal(dev->state, DEVICE_BOUND);
	device_report_deferred();
	assert_int_equal(warnings, 1);
	device_put(dev);
}

static void test_unbind_and_bind(void **state)
{
	struct device *b, *f;

	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "b { compatible = \"v,base\"; };"
	     "f { compatible = \"v,special\"; }; };");
	assert_int_equal(device_probe(DEVICE_OTHER), 2);
	b = device_get("b");
	f = device_get_nth(1);
	assert_string_equal(f->name, "f");
	assert_null(device_get_nth(2));
	assert_int_equal(device_bind(b), -ERR_BUSY);
	device_set_user(b, "somebody");
	assert_int_equal(device_unbind(b), -ERR_BUSY);
	device_set_user(b, NULL);
	assert_int_equal(device_unbind(b), 0);
	assert_int_equal(device_unbind(b), -ERR_STATE);
	assert_int_equal(device_bind(b), 0);
	assert_string_equal(probed, "coarse:b fine:f -coarse:b coarse:b ");
	assert_int_equal(device_unbind(f), -ERR_NOSUPP);
	device_put(b);
	device_put(f);
}

static void test_bus(void **state)
{
	struct device *bus, *child;

	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "pci { compatible = \"v,bus\"; }; };");
	assert_int_equal(device_probe(DEVICE_BUS), 1);
	/* Only one of the two has a driver. */
	assert_string_equal(probed, "toy:toy1 ");
	bus = device_get("pci");
	child = device_get("toy1");
	assert_ptr_equal(child->parent, bus);
	/* A bus stays bound while a device on it has a user. */
	device_set_user(child, "somebody");
	assert_int_equal(device_unbind(bus), -ERR_BUSY);
	device_set_user(child, NULL);
	assert_int_equal(device_unbind(bus), 0);
	assert_string_equal(probed, "toy:toy1 -toy:toy1 ");
	/* A reference keeps it. */
	assert_int_equal(freed, 1);
	device_put(child);
	assert_int_equal(freed, 2);
	assert_null(device_get("toy0"));
	device_put(bus);
}

/* Only the driver of their controller decodes cells: those of a second
 * controller without a driver are not numbers of the first. */
static void test_controllers(void **state)
{
	struct device *dev;

	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "pic: pic { #interrupt-cells = <1>; interrupt-controller; };"
	     "gpio: gpio { #interrupt-cells = <1>; interrupt-controller; };"
	     "d@1000 { compatible = \"v,irqs\"; reg = <0x1000 0x1000>;"
	     " interrupts-extended = <&pic 33>, <&gpio 34>; }; };");
	chip.node = dt_path("/pic");
	requested = 0;
	irqchip = NULL;
	assert_int_equal(device_probe(DEVICE_BLOCK), 0);
	dev = device_get("d@1000");
	assert_int_equal(dev->state, DEVICE_DEFERRED);
	irqchip = &chip;
	assert_int_equal(device_bind(dev), -ERR_DEFER);
	assert_int_equal(requested, 0);
	device_put(dev);
}

/* A driver's resources are released when its probe fails and when it is
 * removed. */
static void test_resources(void **state)
{
	struct device *dev;

	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "interrupt-parent = <&pic>;"
	     "pic: pic { #interrupt-cells = <1>; interrupt-controller; };"
	     "good@1000 { compatible = \"v,irqs\"; reg = <0x1000 0x1000>;"
	     " interrupts = <33>, <34>; };"
	     "bad@2000 { compatible = \"v,irqs\"; reg = <0x2000 0x2000>;"
	     " interrupts = <35>, <36>; };"
	     "short@3000 { compatible = \"v,irqs\"; reg = <0x3000 0x1000>;"
	     " interrupts = <37>; };"
	     "taken@4000 { compatible = \"v,irqs\"; reg = <0x4000 0x1000>;"
	     " interrupts = <38>, <33>; }; };");
	chip.node = dt_path("/pic");
	requested = 0;
	assert_int_equal(device_probe(DEVICE_BLOCK), 1);
	assert_int_equal(warnings, 3);
	assert_int_equal(requested, 0x6);
	dev = device_get("short@3000");
	assert_int_equal(dev->state, DEVICE_FAILED);
	assert_int_equal(dev->error, -ERR_NOENT);
	device_put(dev);
	dev = device_get("taken@4000");
	assert_int_equal(dev->error, -ERR_BUSY);
	device_put(dev);
	dev = device_get("good@1000");
	assert_int_equal(device_unbind(dev), 0);
	assert_int_equal(requested, 0);
	device_put(dev);
}

static bool is_mapped(uint64_t pa)
{
	paddr_t found;
	enum mmu_prot prot;
	vaddr_t va = VADDR((uintptr_t)arch_phys_to_virt(PADDR(pa)));

	return arch_mmu_lookup(va, &found, &prot) == 0 && found.v == pa &&
	       prot == MMU_DEVICE;
}

static unsigned int count_mapped(const struct device *dev, uint64_t *bytes)
{
	uint64_t size;
	unsigned int n = 0;
	paddr_t base;

	for (*bytes = 0; device_get_registers(dev, n, &base, &size); n++) {
		*bytes += size;
	}
	return n;
}

/* Registers are unmapped when a probe fails or has to wait, in an empty slot,
 * and behind remove(); a page stays mapped as long as a device needs it. */
static void test_registers(void **state)
{
	struct device *a, *b;
	uint64_t bytes;

	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "a@10000 { compatible = \"v,regs\";"
	     " reg = <0x10000 0x1800>, <0x20000 0x10>, <0x10000 0x1800>; };"
	     "b@11900 { compatible = \"v,regs\";"
	     " reg = <0x11900 0x100>, <0x30ff0 0x20>, <0x11900 0x100>; };"
	     "wait@40000 { compatible = \"v,regs\"; reg = <0x40000 0x10>; };"
	     "empty@50000 { compatible = \"v,regs\"; reg = <0x50000 0x10>; };"
	     "bad@60000 { compatible = \"v,regs\"; reg = <0x60000 0x10>; };"
	     "};");
	assert_int_equal(device_probe(DEVICE_ENTROPY), 2);
	assert_false(is_mapped(0x40000) || is_mapped(0x50000) ||
		     is_mapped(0x60000));
	assert_true(is_mapped(0x10000) && is_mapped(0x11000) &&
		    is_mapped(0x20000) && is_mapped(0x30000) &&
		    is_mapped(0x31000));
	a = device_get("a@10000");
	b = device_get("b@11900");
	/* The third are the first. */
	assert_int_equal(count_mapped(a, &bytes), 2);
	assert_int_equal(bytes, 0x1810);
	assert_int_equal(device_unbind(a), 0);
	assert_int_equal(count_mapped(a, &bytes), 0);
	assert_int_equal(count_mapped(b, &bytes), 2);
	assert_true(is_mapped(0x11000) && !is_mapped(0x20000));
	assert_int_equal(device_bind(a), 0);
	assert_int_equal(device_unbind(b), 0);
	assert_true(is_mapped(0x11000));
	assert_false(is_mapped(0x30000) || is_mapped(0x31000));
	assert_int_equal(device_unbind(a), 0);
	assert_false(is_mapped(0x10000) || is_mapped(0x11000));
	assert_null(mapped);
	device_put(a);
	device_put(b);
}

/* A device that was given up is not probed before it is taken back. */
static void test_owner(void **state)
{
	struct device *b, *n;

	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "b { compatible = \"v,base\"; };"
	     "n { compatible = \"v,needy\"; };"
	     "s { compatible = \"v,supply\"; }; };");
	b = device_get("b");
	n = device_get("n");
	assert_int_equal(b->owner, DEVICE_OF_HYPERVISOR);
	assert_int_equal(device_probe(DEVICE_NET), 0);
	assert_int_equal(n->state, DEVICE_DEFERRED);
	assert_int_equal(device_set_owner(n, DEVICE_OF_NOBODY), 0);
	assert_int_equal(device_probe(DEVICE_OTHER), 2);
	assert_int_equal(n->state, DEVICE_DEFERRED);
	assert_int_equal(device_set_owner(b, DEVICE_OF_NOBODY), -ERR_BUSY);
	assert_int_equal(b->owner, DEVICE_OF_HYPERVISOR);
	assert_int_equal(device_unbind(b), 0);
	assert_int_equal(device_set_owner(b, DEVICE_OF_NOBODY), 0);
	assert_int_equal(device_probe(DEVICE_OTHER), 0);
	assert_int_equal(device_bind(b), -ERR_BUSY);
	assert_int_equal(b->state, DEVICE_UNBOUND);
	assert_int_equal(device_set_owner(b, DEVICE_OF_HYPERVISOR), 0);
	assert_int_equal(device_bind(b), 0);
	assert_int_equal(device_set_owner(n, DEVICE_OF_HYPERVISOR), 0);
	assert_int_equal(device_bind(n), 0);
	device_put(b);
	device_put(n);
}

static int probe_same(struct device *dev)
{
	(void)dev;
	return 0;
}

static void test_two_drivers_for_one(void **state)
{
	static const char *const compatible[] = { "v,new", "v,base", NULL };
	static const struct driver same = {
		.name = "same",
		.class = DEVICE_TIMER,
		.compatible = compatible,
		.probe = probe_same,
	};
	const void *const entry = &same;
	struct registry_segment segment = { &entry, &entry + 1, NULL };

	(void)state;
	load("/dts-v1/; / { d { compatible = \"v,base\"; }; };");
	registry_add(&driver_registry, &segment);
	assert_true(host_panics(device_discover()));
	assert_int_equal(registry_remove(&driver_registry, &segment), 0);
	assert_non_null(strstr(host_panic_text, "two drivers for \"v,base\""));
}

/* A name that is not terminated is not read past its property. */
static void test_unterminated(void **state)
{
	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "a { compatible = [76 2c 62 61 73 65]; };"
	     "b { compatible = [00 76 2c 62 61 73 65]; };"
	     "c { compatible; }; };");
	assert_int_equal(device_probe(DEVICE_OTHER), 0);
	assert_string_equal(probed, "");
}

/* dma-ranges of two nested buses, and coherency. */
static void test_dma(void **state)
{
	struct dt_dma dma;

	(void)state;
	load("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;"
	     "soc { #address-cells = <1>; #size-cells = <1>; dma-coherent;"
	     " dma-ranges = <0x0 0x0 0x80000000 0x40000000>,"
	     "  <0xc0000000 0x0 0x0 0x1000>;"
	     " inner { #address-cells = <1>; #size-cells = <1>;"
	     "  dma-ranges = <0x10000000 0x0 0x20000000>;"
	     "  d { compatible = \"v,base\"; iommus = <1>; }; };"
	     " e { compatible = \"v,base\"; dma-noncoherent; }; };"
	     "f { compatible = \"v,base\"; }; };");
	dt_dma(dt_path("/soc/inner/d"), &dma);
	assert_int_equal(dma.offset, 0x80000000 - 0x10000000);
	assert_int_equal(dma.limit, 0x2fffffff);
	assert_true(dma.coherent && dma.translated);
	dt_dma(dt_path("/soc/e"), &dma);
	assert_int_equal(dma.offset, 0x80000000);
	assert_int_equal(dma.limit, 0x3fffffff);
	assert_false(dma.coherent || dma.translated);
	dt_dma(dt_path("/f"), &dma);
	assert_true(dma.limit == UINT64_MAX && dma.offset == 0);
	assert_false(dma.coherent);
}

/* A device whose IOMMU is disabled in the tree uses physical addresses. */
static void test_dma_iommu(void **state)
{
	static const struct {
		const char *name;
		bool translated;
	} cases[] = {
		{ "/on", true },       { "/off", false },   { "/both", true },
		{ "/two-off", false }, { "/nobody", true }, { "/empty", false },
		{ "/short", true },    { "/long", true },
	};
	struct dt_dma dma;

	(void)state;
	load("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;"
	     "mmu0 { phandle = <1>; #iommu-cells = <1>; };"
	     "mmu1 { phandle = <2>; #iommu-cells = <2>;"
	     " status = \"disabled\"; };"
	     "on { iommus = <1 7>; };"
	     "off { iommus = <2 7 7>; };"
	     "both { iommus = <2 7 7 1 7>; };"
	     "two-off { iommus = <2 7 7 2 8 8>; };"
	     "nobody { iommus = <9 7>; };"
	     "empty { iommus; };"
	     "short { iommus = <2 7>; };"
	     "long { iommus = [00 00 00 02 00 00 00 07 00 00 00 07 00]; };"
	     "pci-on { iommu-map = <0 2 0 256 256 1 0 256>; };"
	     "pci-off { iommu-map = <0 2 0 256 256 2 0 256>; };"
	     "pci-short { iommu-map = <0 2 0>; }; };");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		dt_dma(dt_path(cases[i].name), &dma);
		if (dma.translated != cases[i].translated) {
			fail_msg("%s", cases[i].name);
		}
	}
	dt_pci_dma(dt_path("/pci-on"), &dma);
	assert_true(dma.translated);
	dt_pci_dma(dt_path("/pci-off"), &dma);
	assert_false(dma.translated);
	dt_pci_dma(dt_path("/pci-short"), &dma);
	assert_true(dma.translated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_most_specific_wins),
		cmocka_unit_test(test_disabled_nodes),
		cmocka_unit_test(test_class_and_refusals),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_deferral),
		cmocka_unit_test(test_unbind_and_bind),
		cmocka_unit_test(test_bus),
		cmocka_unit_test(test_controllers),
		cmocka_unit_test(test_resources),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_two_drivers_for_one),
		cmocka_unit_test(test_unterminated),
		cmocka_unit_test(test_dma),
		cmocka_unit_test(test_dma_iommu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
