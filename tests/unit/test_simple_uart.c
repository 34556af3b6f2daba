/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's UARTs that are described by a struct simple_uart, each on a model
 * of its registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/uart_models.h"
#include "tests/unit/uart_models_qcom.h"

#include "drivers/serial/em.c"
#include "drivers/serial/geni.c"
#include "drivers/serial/imx.c"
#include "drivers/serial/lpuart.c"
#include "drivers/serial/meson.c"
#include "drivers/serial/msm.c"
#include "drivers/serial/mvebu.c"
#include "drivers/serial/samsung.c"
#include "drivers/serial/scif.c"
#include "drivers/serial/simple_uart.c"

#define MODEL_IRQ 40

/* A UART and its driver. `breaks`: they can be told from zeroes. */
static const struct {
	struct model model;
	const struct driver *driver;
	const struct earlycon *early;
	bool breaks;
} uarts[] = {
	{ { "imx", 4, 4, .tx_depth = 32, .reset = model_imx_reset,
	    .read = model_imx_read, .write = model_imx_write,
	    .line = model_imx_line },
	  &imx_driver,
	  &imx_earlycon,
	  true },
	{ { "lpuart-imx", 4, 4, .tx_depth = 16, .reset = model_lp16_reset,
	    .read = model_lp_read, .write = model_lp_write,
	    .line = model_lp_line, .error = model_lp_error },
	  &lpuart_imx_driver,
	  &lpuart_imx_earlycon,
	  true },
	{ { "lpuart-le", 4, 4, .tx_depth = 16, .reset = model_lp0_reset,
	    .read = model_lp_read, .write = model_lp_write,
	    .line = model_lp_line, .error = model_lp_error },
	  &lpuart_le_driver,
	  &lpuart_le_earlycon,
	  true },
	{ { "lpuart-be", 4, 4, .big_endian = true, .tx_depth = 16,
	    .reset = model_lp0_reset, .read = model_lp_read,
	    .write = model_lp_write, .line = model_lp_line,
	    .error = model_lp_error },
	  &lpuart_be_driver,
	  &lpuart_be_earlycon,
	  true },
	{ { "lpuart8", 1, 1, .tx_depth = 8, .reset = model_lp8_reset,
	    .read = model_lp8_read, .write = model_lp8_write,
	    .line = model_lp8_line, .error = model_lp8_error },
	  &lpuart8_driver,
	  &lpuart8_earlycon,
	  false },
	{ { "meson", 4, 4, .edge = true, .tx_depth = 64,
	    .reset = model_meson_reset, .read = model_meson_read,
	    .write = model_meson_write, .line = model_meson_line },
	  &meson_driver,
	  &meson_earlycon,
	  false },
	{ { "mvebu", 4, 4, .tx_depth = 32, .reset = model_mvebu_reset,
	    .read = model_mvebu_read, .write = model_mvebu_write,
	    .line = model_mvebu_line, .error = model_mvebu_error },
	  &mvebu_driver,
	  &mvebu_earlycon,
	  false },
	{ { "mvebu-ext", 4, 4, .edge = true, .tx_depth = 32,
	    .reset = model_mvebu_reset, .read = model_mvebu_read,
	    .write = model_mvebu_write, .line = model_mvebu_line,
	    .error = model_mvebu_error },
	  &mvebu_ext_driver,
	  &mvebu_ext_earlycon,
	  false },
	{ { "exynos", 4, 4, .tx_depth = 256, .reset = model_exynos_reset,
	    .read = model_exynos_read, .write = model_exynos_write,
	    .line = model_exynos_line, .came = model_exynos_level,
	    .gone = model_exynos_level, .paused = model_exynos_paused,
	    .error = model_exynos_error },
	  &exynos_driver,
	  &exynos_earlycon,
	  false },
	{ { "s3c6400", 4, 4, .tx_depth = 64, .reset = model_exynos_reset,
	    .read = model_exynos_read, .write = model_exynos_write,
	    .line = model_exynos_line, .came = model_exynos_level,
	    .gone = model_exynos_level, .paused = model_exynos_paused,
	    .error = model_exynos_error },
	  &s3c6400_driver,
	  &s3c6400_earlycon,
	  false },
	{ { "s5l", 4, 4, .tx_depth = 16, .reset = model_exynos_reset,
	    .read = model_s5l_read, .write = model_s5l_write,
	    .line = model_s5l_line, .came = model_s5l_level,
	    .gone = model_s5l_level, .paused = model_s5l_paused,
	    .error = model_exynos_error },
	  &s5l_driver,
	  &s5l_earlycon,
	  false },
	{ { "scif", 2, 1, .tx_depth = 16, .reset = model_scif_reset,
	    .read = model_scif_read, .write = model_scif_write,
	    .line = model_scif_line, .came = model_scif_level,
	    .gone = model_scif_level, .error = model_scif_error },
	  &scif_driver,
	  &scif_earlycon,
	  false },
	{ { "hscif", 2, 1, .tx_depth = 128, .reset = model_scif_reset,
	    .read = model_scif_read, .write = model_scif_write,
	    .line = model_scif_line, .came = model_scif_level,
	    .gone = model_scif_level, .error = model_scif_error },
	  &hscif_driver,
	  &hscif_earlycon,
	  false },
	/* A depth that tells the model: one more than it ever gets. */
	{ { "scif-rz", 2, 1, .tx_depth = 17, .reset = model_scif_reset,
	    .read = model_scif_read, .write = model_scif_write,
	    .line = model_scif_line, .came = model_scif_level,
	    .gone = model_scif_level, .error = model_scif_error },
	  &scif_rz_driver,
	  &scif_rz_earlycon,
	  false },
	{ { "geni", 4, 4, .tx_depth = 1, .reset = model_geni_reset,
	    .read = model_geni_read, .write = model_geni_write,
	    .line = model_geni_line, .came = model_geni_came,
	    .paused = model_geni_paused, .gone = model_geni_gone,
	    .error = model_geni_error },
	  &geni_driver,
	  &geni_earlycon,
	  false },
	{ { "msm", 4, 4, .tx_depth = 1, .reset = model_msm_reset,
	    .read = model_msm_read, .write = model_msm_write,
	    .line = model_msm_line, .paused = model_msm_paused,
	    .gone = model_msm_gone, .error = model_msm_error },
	  &msm_driver,
	  &msm_earlycon,
	  false },
	{ { "em", 4, 1, .tx_depth = 16, .reset = model_em_reset,
	    .read = model_em_read, .write = model_em_write,
	    .line = model_em_line, .gone = model_em_gone,
	    .error = model_em_error },
	  &em_driver,
	  &em_earlycon,
	  false },
};

static struct device device = { .name = "uart" };
static struct uart port;
static void (*handler)(unsigned int irq, void *uart);
static bool irq_on, silenced;
static unsigned int more_on, fruitless;
static size_t wanted; /* bytes that the client accepts */
static char received[8192];
static size_t nreceived, ntyped;
static const char *to_send = "";

int uart_probe(struct device *dev, const struct uart_ops *ops,
	       void (*fn)(unsigned int irq, void *uart))
{
	handler = fn;
	port = (struct uart){ .dev = dev,
			      .ops = ops,
			      .regs = model_regs,
			      .irq = MODEL_IRQ,
			      .has_irq = true };
	dev->priv = &port;
	dev->irqs[0] = MODEL_IRQ;
	dev->nirqs = 1;
	return 0;
}

void uart_remove(struct device *dev)
{
	(void)dev;
}

int uart_irq_enable(struct uart *u)
{
	assert_ptr_equal(u, &port);
	irq_on = true;
	return 0;
}

/* The last two of a node are one line, as in RZ/G2L's tree. */
int device_irq_request(struct device *dev, unsigned int index, irq_handler_t fn,
		       void *arg, unsigned int *irq)
{
	assert_ptr_equal(fn, handler);
	assert_ptr_equal(arg, &port);
	if (index == 5) {
		return -ERR_BUSY;
	}
	*irq = MODEL_IRQ + index;
	dev->irqs[dev->nirqs++] = *irq;
	return 0;
}

void irq_enable(unsigned int irq)
{
	assert_true(irq > MODEL_IRQ);
	more_on++;
}

void irq_disable(unsigned int irq)
{
	assert_true(irq >= MODEL_IRQ);
	irq_on = false;
	more_on = 0;
}

void irq_synchronize(void)
{
}

bool irq_spurious(unsigned int irq)
{
	assert_true(irq >= MODEL_IRQ);
	return ++fruitless == IRQ_SPURIOUS_MOST;
}

void irq_silence(unsigned int irq)
{
	assert_int_equal(irq, MODEL_IRQ);
	irq_on = false;
	silenced = true;
}

static bool client_rx(void *arg, uint8_t c)
{
	(void)arg;
	assert_true(nreceived < sizeof(received));
	received[nreceived++] = (char)c;
	if (wanted == 0 || --wanted == 0) {
		(void)port.ops->rx_irq(&port, false);
		return false;
	}
	return true;
}

static void client_tx_ready(void *arg)
{
	(void)arg;
	while (*to_send && port.ops->putc(&port, (uint8_t)*to_send)) {
		to_send++;
	}
	port.ops->tx_irq(&port, *to_send != '\0');
}

static const struct uart_client client = {
	.rx = client_rx,
	.tx_ready = client_tx_ready,
};

static void interrupts(void)
{
	for (int n = 0; irq_on && (model->edge ? model_edge : model_was_high);
	     n++) {
		if (n == 2000) {
			fail_msg("%s: the interrupt does not end", model->name);
		}
		model_edge = false;
		handler(MODEL_IRQ, &port);
	}
}

static void type_next(void)
{
	model_arrive((uint8_t)('!' + ntyped++ % 89));
}

static void check_received(void)
{
	if (nreceived != ntyped) {
		fail_msg("%s: %zu bytes of %zu", model->name, nreceived,
			 ntyped);
	}
	for (size_t i = 0; i < nreceived; i++) {
		assert_int_equal(received[i], '!' + i % 89);
	}
}

static void power_on(const struct model *m)
{
	model = m;
	model_meanwhile = NULL;
	model_nrx = model_ntx = model_nsent = model_taken = 0;
	model_deaf = model_stuck = model_ones = false;
	model_was_high = model_edge = false;
	model_lp = 0;
	memset(model_reg, 0, sizeof(model_reg));
	memset(model_sent, 0, sizeof(model_sent));
	if (m->reset) {
		m->reset();
	}
}

static void start(unsigned int i)
{
	static uint32_t before[ARRAY_SIZE(model_reg)];

	power_on(&uarts[i].model);
	to_send = "";
	nreceived = ntyped = 0;
	irq_on = silenced = false;
	more_on = fruitless = 0;
	wanted = SIZE_MAX;
	memcpy(before, model_reg, sizeof(before));
	assert_int_equal(uarts[i].driver->probe(&device), 0);
	/* Not touched before it is opened. */
	assert_memory_equal(before, model_reg, sizeof(before));
	port.client = &client;
	port.ops->open(&port);
	model_was_high = false;
	model_look();
	assert_false(model_was_high);
	assert_int_equal(port.ops->start(&port), 0);
	assert_int_equal(more_on, device.nirqs - 1);
	interrupts();
}

#define for_each_uart(i) for (unsigned int i = 0; i < ARRAY_SIZE(uarts); i++)

static void test_receive(void **state)
{
	(void)state;
	for_each_uart(i)
	{
		start(i);
		type_next();
		model_pause();
		interrupts();
		check_received();
		for (int n = 0; n < 1000; n++) {
			type_next();
			if (n % 12 == 0) {
				interrupts();
			}
		}
		model_pause();
		interrupts();
		check_received();
		assert_false(silenced);
		port.ops->close(&port);
	}
}

/* A FIFO full of bytes. */
static void test_receive_many(void **state)
{
	(void)state;
	for_each_uart(i)
	{
		start(i);
		for (int n = 0; n < 255; n++) {
			type_next();
		}
		model_pause();
		interrupts();
		check_received();
	}
}

/* Bytes that the client refuses stay in the port; the reader takes them, and
 * then those that come later cause interrupts again. */
static void test_receive_paused(void **state)
{
	(void)state;
	for_each_uart(i)
	{
		int c;

		start(i);
		wanted = 3;
		for (int n = 0; n < 15; n++) {
			type_next();
		}
		model_pause();
		interrupts();
		assert_int_equal(nreceived, 3);
		wanted = SIZE_MAX;
		assert_false(port.ops->rx_irq(&port, true));
		type_next();
		interrupts();
		assert_int_equal(nreceived, 3);
		while ((c = port.ops->getc(&port)) >= 0) {
			received[nreceived++] = (char)c;
		}
		assert_true(port.ops->rx_irq(&port, true));
		interrupts();
		check_received();
		type_next();
		model_pause();
		interrupts();
		check_received();
	}
}

static unsigned int countdown, gap;

static void type_sometimes(void)
{
	static bool typing;

	if (!typing && ntyped < 300 && model_nrx < 16 && --countdown == 0) {
		typing = true;
		countdown = gap;
		type_next();
		model_pause();
		typing = false;
	}
}

/* A byte arrives, and then the line's pause, between any two accesses of the
 * handler. Faster than it can take them would be faster than any line. */
static void test_no_interrupt_is_lost(void **state)
{
	(void)state;
	for_each_uart(i)
	{
		for (gap = 3; gap <= 20; gap++) {
			start(i);
			countdown = gap;
			model_meanwhile = type_sometimes;
			while (ntyped < 300) {
				if (model_nrx < 16) {
					type_next();
					model_pause();
				}
				interrupts();
				if (model_nrx != 0) {
					fail_msg("%s: %u wait", model->name,
						 model_nrx);
				}
			}
			model_meanwhile = NULL;
			interrupts();
			check_received();
			assert_false(silenced);
		}
	}
}

/* After each kind of error on the line, reception goes on. */
static void test_errors(void **state)
{
	(void)state;
	for_each_uart(i)
	{
		start(i);
		for (int n = 0; n < 5; n++) {
			if (uarts[i].breaks) {
				model_arrive(MODEL_BREAK);
			}
			type_next();
			if (model->error) {
				model->error();
				model_look();
			}
			model_pause();
			interrupts();
			check_received();
			assert_false(model_deaf);
		}
		assert_false(silenced);
	}
}

static void drain_later(void)
{
	if (--countdown == 0) {
		model_drain(model_ntx);
	}
}

/* More than fits, sent by interrupts; the FIFO becomes empty at any moment. */
static void test_send(void **state)
{
	static char text[600];

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		text[n] = (char)('a' + n % 26);
	}
	for_each_uart(i)
	{
		for (gap = 1; gap <= 60; gap += 3) {
			start(i);
			to_send = text;
			client_tx_ready(NULL);
			assert_true(model_nsent < sizeof(text) - 1);
			countdown = gap;
			model_meanwhile = drain_later;
			for (int n = 0; n < 700; n++) {
				model_drain(model_ntx);
				interrupts();
			}
			model_meanwhile = NULL;
			assert_string_equal(model_sent, text);
			model_drain(model_ntx);
			interrupts();
			assert_false(port.tx_on);
			assert_false(silenced);
		}
	}
}

static void drain_sometimes(void)
{
	if (--countdown == 0) {
		countdown = gap;
		model_drain(1);
	}
}

/* As a loader left it, which had it print. What fills the FIFO waits. */
static void test_early(void **state)
{
	(void)state;
	for_each_uart(i)
	{
		char line[400];

		power_on(&uarts[i].model);
		memset(line, 'e', sizeof(line));
		gap = countdown = 20;
		model_meanwhile = drain_sometimes;
		for (size_t n = 0; n < sizeof(line); n++) {
			uarts[i].early->putc(model_regs, 0, 'e');
		}
		model_meanwhile = NULL;
		assert_int_equal(model_nsent, sizeof(line));
		assert_memory_equal(model_sent, line, sizeof(line));
	}
}

static unsigned int looks;

static void count_looks(void)
{
	looks++;
}

/* A transmitter that is never ready is waited for once, about a second. The
 * byte is sent then, in case that only the status is wrong. */
static void test_early_stuck(void **state)
{
	static struct model stuck;

	(void)state;
	for_each_uart(i)
	{
		if (uarts[i].driver == &meson_driver) {
			stuck = uarts[i].model;
		}
	}
	stuck.tx_depth = 80; /* for what is sent all the same */
	power_on(&stuck);
	model_ntx = 64;
	model_meanwhile = count_looks;
	looks = 0;
	meson_early(model_regs, 0, 'x');
	assert_in_range(looks, SIMPLE_SPINS, SIMPLE_SPINS + 1);
	assert_int_equal(model_nsent, 1);
	model_ntx = 64;
	looks = 0;
	meson_early(model_regs, 0, 'y');
	assert_in_range(looks, 1, 2);
	/* Once it goes on, it is waited for as before. */
	model_ntx = 0;
	meson_early(model_regs, 0, 'z');
	model_ntx = 64;
	gap = countdown = 50;
	model_meanwhile = drain_sometimes;
	meson_early(model_regs, 0, '!');
	model_meanwhile = NULL;
	assert_string_equal(model_sent, "xyz!");
	assert_int_equal(model_ntx, 64);
}

/* An interrupt with no cause that the driver knows, or of a UART that reads as
 * ones, is switched off after a while. What waits is sent by polling. */
static void test_interrupt_stays(void **state)
{
	static const char text[] = "what was still to be sent";

	(void)state;
	for_each_uart(i)
	{
		start(i);
		to_send = text;
		client_tx_ready(NULL);
		model_ones = true;
		for (int n = 0; n < 2000 && irq_on; n++) {
			wanted = SIZE_MAX;
			nreceived = 0;
			/* A full FIFO, so that sending is no cause. */
			port.tx_on = false;
			handler(MODEL_IRQ, &port);
			model_ones = !silenced;
		}
		assert_true(silenced);
		gap = countdown = 3;
		model_meanwhile = drain_sometimes;
		port.ops->tx_irq(&port, true);
		client_tx_ready(NULL);
		model_meanwhile = NULL;
		assert_string_equal(to_send, "");
	}
}

/* Each compatible is in one driver only, and in its early console. */
static void test_compatibles(void **state)
{
	(void)state;
	for_each_uart(i)
	{
		assert_ptr_equal(uarts[i].driver->compatible,
				 uarts[i].early->compatible);
		for_each_uart(j)
		{
			const char *const *c = uarts[j].driver->compatible;

			for (; i != j && *c; c++) {
				assert_string_not_equal(
					*c, uarts[i].driver->compatible[0]);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receive),
		cmocka_unit_test(test_receive_many),
		cmocka_unit_test(test_receive_paused),
		cmocka_unit_test(test_no_interrupt_is_lost),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_early_stuck),
		cmocka_unit_test(test_interrupt_stays),
		cmocka_unit_test(test_compatibles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
