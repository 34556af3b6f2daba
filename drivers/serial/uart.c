/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the drivers of serial ports have in common: being the console. */
#include <arch/mmu.h>
#include <core/hostcon.h>
#include <core/irq.h>
#include <core/log.h>
#include <drv/uart.h>
#include <libs/error.h>

/* There is one console; other ports are left alone, for guests. */
static struct uart port;

static bool uart_is_console(dt_node_t node)
{
	struct dt_chosen chosen;

	dt_get_chosen(&chosen);
	if (hostcon_present()) {
		return false;
	}
	return chosen.stdout_node < 0 || chosen.stdout_node == node;
}

static int uart_map(struct uart *u, dt_node_t node)
{
	paddr_t base;
	uint64_t size;
	int err = dt_reg(node, 0, &base, &size);

	if (err) {
		return err;
	}
	u->regs = arch_mmu_map_device(base, size);
	return u->regs ? 0 : -ERR_NOMEM;
}

/* A port without a usable interrupt still prints. */
static void uart_request_irq(struct uart *u, dt_node_t node,
			     irq_handler_t handler)
{
	bool edge;
	int err = dt_irq(node, 0, &u->irq, &edge);

	if (!err) {
		err = irq_request(u->irq, handler, u, "uart");
	}
	if (err) {
		log_warn("%s: no interrupt, so no input: %s", dt_name(node),
			 err_str(err));
		return;
	}
	irq_set_trigger(u->irq, edge ? IRQ_TRIGGER_EDGE : IRQ_TRIGGER_LEVEL);
	u->has_irq = true;
}

int uart_probe(struct uart **out, dt_node_t node, const struct uart_ops *ops,
	       void (*handler)(unsigned int irq, void *uart))
{
	int err;

	if (!uart_is_console(node)) {
		return -ERR_NOSUPP;
	}
	port = (struct uart) { .ops = ops, .node = node };
	if (dt_u32(node, "reg-shift", &port.reg_shift)) {
		port.reg_shift = 0;
	}
	if (dt_u32(node, "reg-io-width", &port.reg_io_width)) {
		port.reg_io_width = 1;
	}
	err = uart_map(&port, node);
	if (err) {
		return err;
	}
	uart_request_irq(&port, node, handler);
	*out = &port;
	return 0;
}

int uart_irq_enable(struct uart *u)
{
	if (!u->has_irq) {
		return -ERR_NOSUPP;
	}
	irq_enable(u->irq);
	return 0;
}
