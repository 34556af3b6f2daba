/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The example of docs/howto/add-a-host-driver.md, with a model of its card. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <core/random.h>
#include <core/time.h>

#include "tests/unit/dts.h"
#include "tests/unit/pci_model.h"

static uint8_t added_bytes[64];
static unsigned int additions;

static void fake_random_add(const void *data, size_t n)
{
	assert_int_equal(n, sizeof(added_bytes));
	memcpy(added_bytes, data, n);
	additions++;
}

/* Time stands still; waits are added up. */
static unsigned int waited_us;

static void fake_delay_us(uint64_t us)
{
	waited_us += (unsigned int)us;
}

#define random_add fake_random_add
#define delay_us fake_delay_us
#include "docs/howto/examples/dice.c"

static struct pci_device *card;
static volatile uint32_t *regs;

static void begin(uint32_t id)
{
	struct model *m;

	model_reset();
	m = model_add(-1, 1, 0, 0);
	model_put(m, PCI_DEVICE_ID, 2, 0x10f7);
	m->space[PCI_INTERRUPT_PIN] = 1;
	model_bar(m, 0, 0x1000, 0);
	pci_host_add(&host);
	card = function(0);
	assert_true(pci_bus.match(&card->dev, &dice_driver) > 0);
	regs = arch_phys_to_virt(PADDR(card->bars[0].addr));
	memset((void *)(uintptr_t)regs, 0, 0x1000);
	regs[DICE_ID / 4] = id;
	memset(irqs, 0, sizeof(irqs));
	additions = 0;
	waited_us = 0;
}

static void end(void)
{
	pci_bus.unbound(&card->dev);
	dma_fini(&card->dev);
	assert_int_equal(models[0].space[PCI_COMMAND] & 7, 0);
	pci_host_remove(&host);
}

/* The card fills its buffer. */
static void card_rolls(uint8_t value)
{
	uint64_t addr = regs[DICE_ADDR / 4] | (uint64_t)regs[DICE_ADDR_HIGH / 4]
						      << 32;

	assert_int_equal(regs[DICE_ROLL / 4], BYTES);
	memset(arch_phys_to_virt(PADDR(addr)), value, BYTES);
	regs[DICE_STATUS / 4] = (uint32_t)STATUS_DONE;
	model_put(&models[0], PCI_STATUS, 2, 8);
	irqs[35].fn(35, irqs[35].arg);
	model_put(&models[0], PCI_STATUS, 2, 0);
}

static void test_rolls(void **state)
{
	(void)state;
	begin(ID_DICE);
	assert_int_equal(dice_driver.probe(&card->dev), 0);
	assert_int_equal(models[0].space[PCI_COMMAND] & 6, 6);
	card_rolls(0x5a);
	assert_int_equal(additions, 1);
	assert_int_equal(added_bytes[63], 0x5a);
	/* It was acknowledged. An interrupt without a cause is not handled. */
	regs[DICE_STATUS / 4] = 0;
	irqs[35].fn(35, irqs[35].arg);
	assert_int_equal(additions, 1);
	dice_driver.remove(&card->dev);
	end();
}

static void test_refusals(void **state)
{
	(void)state;
	begin(0);
	assert_int_equal(dice_driver.probe(&card->dev), -ERR_NOSUPP);
	end();
	/* A card that does not end its reset is waited for only a
	 * millisecond. */
	begin(ID_DICE);
	regs[DICE_STATUS / 4] = (uint32_t)STATUS_BUSY;
	assert_int_equal(dice_driver.probe(&card->dev), -ERR_TIMEOUT);
	assert_int_equal(waited_us, RESET_US);
	end();
}

/* The card has gone: all reads return ones. */
static void test_vanished(void **state)
{
	(void)state;
	begin(ID_DICE);
	assert_int_equal(dice_driver.probe(&card->dev), 0);
	memset((void *)(uintptr_t)regs, 0xff, 0x1000);
	dice_driver.remove(&card->dev);
	assert_int_equal(waited_us, RESET_US);
	end();
}

static int load_tree(void **state)
{
	static struct dts_blob blob;
	const char *why;

	(void)state;
	dts_compile("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;"
		    "gic: intc { #interrupt-cells = <3>;"
		    " #address-cells = <0>; interrupt-controller; };"
		    "pcie { #address-cells = <3>; #size-cells = <2>;"
		    " #interrupt-cells = <1>; device_type = \"pci\";"
		    " interrupt-map-mask = <0 0 0 7>;"
		    " interrupt-map = <0 0 0 1 &gic 0 3 4>; }; };",
		    &blob);
	assert_int_equal(dt_init(blob.data, blob.size, &why), 0);
	bridge_dev.dt = dt_path("/pcie");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rolls),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_vanished),
	};

	return cmocka_run_group_tests(tests, load_tree, NULL);
}
