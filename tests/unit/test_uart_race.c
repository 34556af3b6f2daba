/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serial ports: several threads look them up, open and close them, and unbind
 * their driver, while other CPUs run their interrupt handler. */
#include "sched_race.h"

#include <core/device.h>
#include <core/irq_dispatch.h>
#include <core/uart.h>

#include "core/device/device_priv.h"

#define LINE 33
#define ROUNDS 6

static bool line_on;
static bool open_by[THREADS]; /* whether each user has it open */
static unsigned int opens, unbinds, bytes, handlers;

/* --- an interrupt controller of one line that is always high --- */

static void chip_enable(unsigned int irq)
{
	line_on |= irq == LINE;
}

static void chip_disable(unsigned int irq)
{
	line_on &= irq != LINE;
}

static void chip_line(unsigned int irq)
{
	(void)irq;
}

static void chip_priority(unsigned int irq, enum irq_priority priority)
{
	(void)irq;
	(void)priority;
}

static void chip_affinity(unsigned int irq, unsigned int cpu)
{
	(void)irq;
	(void)cpu;
}

static void chip_trigger(unsigned int irq, enum irq_trigger trigger)
{
	(void)irq;
	(void)trigger;
}

static int chip_cpu_init(void)
{
	return 0;
}

static const struct irqchip chip = {
	.nr_irqs = 40,
	.nr_private = 32,
	.deactivate = chip_line,
	.enable = chip_enable,
	.disable = chip_disable,
	.set_trigger = chip_trigger,
	.set_priority = chip_priority,
	.set_affinity = chip_affinity,
	.cpu_init = chip_cpu_init,
};

/* --- a port --- */

/* In place of the real one. */
const struct device_bus device_tree_bus;

int device_map(struct device *dev, unsigned int index, volatile void **regs,
	       uint64_t *size)
{
	(void)dev;
	(void)index;
	(void)size;
	*regs = NULL;
	return 0;
}

int device_irq_request(struct device *dev, unsigned int index, irq_handler_t fn,
		       void *arg, unsigned int *irq)
{
	(void)index;
	*irq = LINE;
	dev->irqs[dev->nirqs++] = LINE;
	return irq_request(LINE, fn, arg, dev->name);
}

static void port_open(struct uart *u)
{
	assert_null(u->client);
	host_point();
}

static const struct uart_ops port_ops = { .open = port_open };

static void port_irq(unsigned int irq, void *arg)
{
	struct uart *u = arg;

	assert_int_equal(irq, LINE);
	handlers++;
	for (unsigned int i = 0; i < 4; i++) {
		host_point();
		(void)uart_rx(u, 'x');
		uart_tx_ready(u);
	}
	handlers--;
}

static int port_probe(struct device *dev)
{
	return uart_probe(dev, &port_ops, port_irq);
}

static unsigned int toy_match(const struct device *dev,
			      const struct driver *drv)
{
	return strcmp(dev->name, drv->name) == 0;
}

static const struct device_bus toy_bus = { .name = "toy", .match = toy_match };
static const struct driver port_driver = {
	.name = "port",
	.class = DEVICE_SERIAL,
	.bus = &toy_bus,
	.probe = port_probe,
	.remove = uart_remove,
};
DRIVER(port_driver);

static struct device port = { .name = "port", .bus = &toy_bus, .dt = -1 };

/* --- who uses it --- */

static bool client_rx(void *arg, uint8_t c)
{
	const bool *mine = arg;

	assert_int_equal(c, 'x');
	assert_true(*mine);
	host_point();
	assert_true(*mine);
	bytes++;
	return true;
}

static void client_tx_ready(void *arg)
{
	const bool *mine = arg;

	assert_true(*mine);
}

static const struct uart_client client = {
	.rx = client_rx,
	.tx_ready = client_tx_ready,
};

static void use(struct uart *u, bool *mine)
{
	int err = uart_open(u, "a test", &client, mine);

	uart_put(u);
	if (err) {
		assert_true(err == -ERR_BUSY || err == -ERR_NOENT);
		return;
	}
	*mine = true;
	opens++;
	assert_int_equal(uart_irq_enable(u), 0);
	sched_relinquish();
	uart_close(u);
	*mine = false;
}

static void user_main(void *arg)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct uart *u = rnd(2) ? uart_find("port") : uart_nth(0, -1);

		if (u) {
			host_point();
			use(u, &open_by[(uintptr_t)arg]);
		}
		sched_relinquish();
	}
	done[(uintptr_t)arg] = true;
}

static void person_main(void *arg)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		int err = device_unbind(&port);

		unbinds += err == 0;
		assert_true(err == 0 || err == -ERR_BUSY || err == -ERR_STATE);
		sched_relinquish();
		err = device_bind(&port);
		assert_true(err == 0 || err == -ERR_BUSY);
	}
	done[(uintptr_t)arg] = true;
}

/* A CPU that takes the interrupt whenever it is enabled. */
static void interrupts_main(void *arg)
{
	for (unsigned int i = 0; i < 8 * ROUNDS; i++) {
		unsigned long flags = arch_irq_save();

		if (line_on) {
			host_point();
			irq_handle(LINE);
		}
		arch_irq_restore(flags);
		sched_relinquish();
	}
	done[(uintptr_t)arg] = true;
}

static int setup_port(void **state)
{
	static bool once;

	(void)setup(state);
	if (!once) {
		once = true;
		assert_int_equal(irqchip_install(&chip), 0);
		for (unsigned int i = 0; i < CPUS; i++) {
			host_irq_begin(i);
			assert_int_equal(irqchip_cpu_init(), 0);
			host_irq_end();
		}
		device_init();
	}
	return 0;
}

static void list_main(void *arg)
{
	device_list_lock();
	assert_int_equal(device_add_locked(&port), 0);
	device_list_unlock();
	assert_int_equal(port.state, DEVICE_BOUND);
	done[(uintptr_t)arg] = true;
}

static void test_open_close_unbind(void **state)
{
	(void)state;
	spawn(0, 4, false, list_main);
	run_until(done, 1);
	for (unsigned int seed = 0; seed < SEEDS; seed++) {
		begin(seed);
		spawn(0, 4, false, user_main);
		spawn(1, 4, false, user_main);
		spawn(2, 4, false, person_main);
		spawn(3, 4, false, interrupts_main);
		spawn(4, 4, false, interrupts_main);
		end(5);
		assert_int_equal(handlers, 0);
		assert_int_equal(port.state, DEVICE_BOUND);
		assert_null(port.user);
	}
	/* Each has happened; otherwise the test proves nothing. */
	assert_true(opens > SEEDS && unbinds > SEEDS && bytes > SEEDS);
}

/* A port whose driver is unbound after it was found: its memory stays until it
 * is put. */
static void gone_main(void *arg)
{
	struct uart *u = uart_find("port");
	struct heap_stats before, after;

	assert_non_null(u);
	assert_int_equal(device_unbind(&port), 0);
	assert_null(uart_find("port"));
	assert_int_equal(uart_open(u, "a test", &client,
				   &open_by[(uintptr_t)arg]),
			 -ERR_NOENT);
	heap_get_stats(&before);
	uart_put(u);
	heap_get_stats(&after);
	assert_int_equal(after.allocations, before.allocations - 1);
	assert_int_equal(device_bind(&port), 0);
	done[(uintptr_t)arg] = true;
}

static void test_found_then_gone(void **state)
{
	(void)state;
	begin(0);
	spawn(0, 4, false, gone_main);
	end(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_open_close_unbind, setup_port),
		cmocka_unit_test_setup(test_found_then_gone, setup_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
