/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of host UART drivers: their registers are those of the emulated
 * UART, which the test includes first, and the host console is a buffer. The
 * test decides when a person types, also between two register accesses.
 */
#ifndef TESTS_UNIT_UART_FAKE_H
#define TESTS_UNIT_UART_FAKE_H

#define ARCH_MMIO_H /* instead of <arch/mmio.h> */

#include "tests/unit/emu_fake.h"

#include <core/device.h>
#include <core/irq.h>
#include <core/uart.h>

#include "core/device/device_priv.h"

#define FAKE_IRQ 77
#define FAKE_NODE 5

/* Called before and after each register access; NULL: nothing happens. */
static void (*fake_meanwhile)(void);
static void (*fake_afterwards)(void);

static uint8_t fake_regs[0x1000]; /* for its address only */

static inline uint32_t fake_mmio(volatile void *reg, unsigned int size,
				 bool write, uint32_t v)
{
	uint64_t off = (uint64_t)((volatile uint8_t *)reg - fake_regs);
	uint64_t value = v;
	int err;

	if (fake_meanwhile) {
		fake_meanwhile();
	}
	err = fake_access(0, off, size, write, &value);
	fake_check(err == 0);
	if (fake_afterwards) {
		fake_afterwards();
	}
	return (uint32_t)value;
}

#define FAKE_ACCESSORS(bits) \
	static inline uint##bits##_t mmio_read##bits(volatile void *reg) \
	{ \
		return (uint##bits##_t)fake_mmio(reg, (bits) / 8, false, 0); \
	} \
	static inline void mmio_write##bits(volatile void *reg, \
					    uint##bits##_t v) \
	{ \
		(void)fake_mmio(reg, (bits) / 8, true, v); \
	}

FAKE_ACCESSORS(8)
FAKE_ACCESSORS(16)
FAKE_ACCESSORS(32)

/* --- the host tree and interrupts --------------------------------------- */

static struct device fake_device = { .name = "uart", .dt = FAKE_NODE };
static uint32_t fake_reg_shift, fake_io_width;
static irq_handler_t fake_handler;
static void *fake_handler_arg;
static bool fake_irq_enabled;

int dt_u32(dt_node_t node, const char *name, uint32_t *out)
{
	bool shift = strcmp(name, "reg-shift") == 0;

	fake_check(node == FAKE_NODE);
	*out = shift ? fake_reg_shift : fake_io_width;
	return *out ? 0 : -ERR_NOENT;
}

/* Strings, each terminated, then an empty one. */
static const char *fake_compatible = "";

bool dt_is_compatible(dt_node_t node, const char *compatible)
{
	const char *s = fake_compatible;

	fake_check(node == FAKE_NODE);
	while (*s && strcmp(s, compatible) != 0) {
		s += strlen(s) + 1;
	}
	return *s != '\0';
}

int device_map(struct device *dev, unsigned int index, volatile void **regs,
	       uint64_t *size)
{
	fake_check(dev == &fake_device && index == 0 && !size);
	*regs = fake_regs;
	return 0;
}

int device_irq_request(struct device *dev, unsigned int index, irq_handler_t fn,
		       void *arg, unsigned int *irq)
{
	fake_check(dev == &fake_device && index == 0);
	fake_handler = fn;
	fake_handler_arg = arg;
	*irq = FAKE_IRQ;
	return 0;
}

void irq_disable(unsigned int irq)
{
	fake_check(irq == FAKE_IRQ);
	fake_irq_enabled = false;
}

void irq_synchronize(void)
{
	fake_check(!fake_irq_enabled);
}

void irq_enable(unsigned int irq)
{
	fake_check(irq == FAKE_IRQ);
	fake_irq_enabled = true;
}

/* Handle the interrupt while its line is high. Returns the number of times. */
static inline unsigned int fake_interrupts(void)
{
	unsigned int n = 0;

	while (fake_line && fake_irq_enabled) {
		fake_check(n++ < 10000);
		fake_handler(FAKE_IRQ, fake_handler_arg);
	}
	return n;
}

/* --- the host console --------------------------------------------------- */

static struct uart *fake_port; /* the open port, or NULL */
static const char *fake_user;
static uint8_t fake_rx[4096];
static size_t fake_nrx;
static const char *fake_tx = "";            /* still to be sent */
static unsigned int fake_tx_helping = 4096; /* most bytes given at once */

static bool fake_list_locked;

void device_list_lock(void)
{
	fake_check(!fake_list_locked);
	fake_list_locked = true;
}

void device_list_unlock(void)
{
	fake_check(fake_list_locked);
	fake_list_locked = false;
	fake_user = fake_device.user;
}

void device_put_locked(struct device *dev)
{
	fake_check(dev == &fake_device && dev->refs > 0);
	dev->refs--;
}

static bool fake_receive(void *arg, uint8_t c)
{
	fake_check(arg == &fake_port && fake_nrx < sizeof(fake_rx));
	fake_rx[fake_nrx++] = c;
	return true;
}

/* As the host console does: fill the port, and enable its interrupt for the
 * rest. */
static void fake_tx_ready(void *arg)
{
	(void)arg;
	for (unsigned int n = 0; n < fake_tx_helping && *fake_tx; n++) {
		if (!fake_port->ops->putc(fake_port, (uint8_t)*fake_tx)) {
			break;
		}
		fake_tx++;
	}
	fake_port->ops->tx_irq(fake_port, *fake_tx != '\0');
}

static const struct uart_client fake_client = {
	.rx = fake_receive,
	.tx_ready = fake_tx_ready,
};

/* Open the port that the driver has probed. */
static inline void fake_open(void)
{
	fake_port = fake_device.priv;
	assert_non_null(fake_port);
	assert_int_equal(uart_open(fake_port, "test", &fake_client, &fake_port),
			 0);
	assert_string_equal(fake_user, "test");
}

/* As before the driver's probe. */
static inline void fake_gone(void)
{
	if (fake_port) {
		uart_close(fake_port);
		assert_null(fake_user);
		uart_remove(&fake_device);
	}
	fake_port = NULL;
	fake_device.priv = NULL;
}

/* --- a person who types `fake_typed` bytes of a known text -------------- */

static unsigned int fake_typed;

static inline char fake_text(unsigned int i)
{
	return (char)('!' + i % 89);
}

static inline void fake_type_next(void)
{
	char s[2] = { fake_text(fake_typed), '\0' };

	fake_typed++;
	fake_type(s);
}

/* Everything typed has arrived, and nothing else. */
static inline bool fake_all_received(void)
{
	for (size_t i = 0; i < fake_nrx; i++) {
		if (fake_rx[i] != (uint8_t)fake_text((unsigned int)i)) {
			return false;
		}
	}
	return fake_nrx == fake_typed;
}

#endif
