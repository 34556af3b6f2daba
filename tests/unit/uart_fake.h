/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of host UART drivers: their registers are those of the emulated
 * UART, which the test includes first, and the host console is a buffer. Who
 * types does so when the test says, also between two register accesses.
 */
#ifndef TESTS_UNIT_UART_FAKE_H
#define TESTS_UNIT_UART_FAKE_H

#define DRV_MMIO_H			/* instead of <drv/mmio.h> */

#include "tests/unit/emu_fake.h"

#include <arch/mmu.h>
#include <core/hostcon.h>
#include <core/irq.h>
#include <drv/uart.h>

#define FAKE_IRQ 77
#define FAKE_NODE 5

/* Called before and after each register access; NULL: nothing happens. */
static void (*fake_meanwhile)(void);
static void (*fake_afterwards)(void);

static uint8_t fake_regs[0x1000];	/* for its address only */

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

static dt_node_t fake_stdout = FAKE_NODE;
static uint32_t fake_reg_shift, fake_io_width;
static irq_handler_t fake_handler;
static void *fake_handler_arg;
static bool fake_irq_enabled;

void dt_get_chosen(struct dt_chosen *out)
{
	*out = (struct dt_chosen) { .stdout_node = fake_stdout };
}

int dt_reg(dt_node_t node, unsigned int index, paddr_t *base, uint64_t *size)
{
	fake_check(node == FAKE_NODE && index == 0);
	*base = PADDR(FAKE_BASE);
	*size = sizeof(fake_regs);
	return 0;
}

int dt_u32(dt_node_t node, const char *name, uint32_t *out)
{
	bool shift = strcmp(name, "reg-shift") == 0;

	fake_check(node == FAKE_NODE);
	*out = shift ? fake_reg_shift : fake_io_width;
	return *out ? 0 : -ERR_NOENT;
}

int dt_irq(dt_node_t node, unsigned int index, unsigned int *irq, bool *edge)
{
	fake_check(node == FAKE_NODE && index == 0);
	*irq = FAKE_IRQ;
	*edge = false;
	return 0;
}

const char *dt_name(dt_node_t node)
{
	(void)node;
	return "uart";
}

/* Strings, each with its end, and an empty one. */
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

volatile void *arch_mmu_map_device(paddr_t pa, uint64_t size)
{
	(void)pa;
	(void)size;
	return fake_regs;
}

int irq_request(unsigned int irq, irq_handler_t fn, void *arg,
		const char *name)
{
	(void)name;
	fake_check(irq == FAKE_IRQ);
	fake_handler = fn;
	fake_handler_arg = arg;
	return 0;
}

void irq_set_trigger(unsigned int irq, enum irq_trigger trigger)
{
	fake_check(irq == FAKE_IRQ && trigger == IRQ_TRIGGER_LEVEL);
}

void irq_enable(unsigned int irq)
{
	fake_check(irq == FAKE_IRQ);
	fake_irq_enabled = true;
}

/* Handle the interrupt while its line is high; how often it had to be. */
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

static struct uart *fake_port;
static uint8_t fake_rx[4096];
static size_t fake_nrx;
static const char *fake_tx = "";	/* still to be sent */
static unsigned int fake_tx_helping = 4096; /* bytes of it, at most, at once */

void hostcon_set_uart(struct uart *u)
{
	fake_port = u;
}

bool hostcon_present(void)
{
	return fake_port != NULL;
}

bool hostcon_rx(uint8_t c)
{
	fake_check(fake_nrx < sizeof(fake_rx));
	fake_rx[fake_nrx++] = c;
	return true;
}

/* As the real one: fill the port, and want its interrupt for the rest. */
void hostcon_tx_ready(void)
{
	for (unsigned int n = 0; n < fake_tx_helping && *fake_tx; n++) {
		if (!fake_port->ops->putc(fake_port, (uint8_t)*fake_tx)) {
			break;
		}
		fake_tx++;
	}
	fake_port->ops->tx_irq(fake_port, *fake_tx != '\0');
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
