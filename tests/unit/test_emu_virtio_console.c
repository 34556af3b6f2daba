/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtio console device: emergency write, size, and the messages of a
 * port's life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/virtio/console.c"
#include "tests/unit/virtio_mmio_driver.h"

#define CONFIG(field) \
	(VIRTIO_MMIO_CONFIG + offsetof(struct virtio_console_config, field))
#define DATA (FAKE_RAM_BASE + 0x20000)
#define SLOT 0x100
#define QUEUE_ENTRIES 16

static struct drv rx, control_rx, control_tx;

static void config_write(uint64_t reg, uint32_t size, uint64_t v)
{
	assert_int_equal(fake_access(0, reg, size, true, &v), 0);
}

static void create(void)
{
	fake_config("virtio,console", VIRTIO_MMIO_SIZE);
	fake_node_begin();
	assert_int_equal(fdt_property_u32(fake_blob, "cols", 132), 0);
	assert_int_equal(fdt_property_u32(fake_blob, "rows", 43), 0);
	fake_node_end();
	assert_int_equal(fake_start(), 0);
	assert_int_equal(rd(VIRTIO_MMIO_DEVICE_ID), VIRTIO_ID_CONSOLE);
}

/* 5.3.4: a guest without a driver writes characters into the configuration. */
static void test_emergency(void **state)
{
	(void)state;
	create();
	assert_true(mmio_offered() & VIRTIO_CONSOLE_F_EMERG_WRITE);
	config_write(CONFIG(emerg_wr), 4, 'o');
	config_write(CONFIG(emerg_wr), 2, 'o');
	config_write(CONFIG(emerg_wr), 1, 'p');
	assert_int_equal(fake_console->nout, 3);
	assert_memory_equal(fake_console->out, "oop", 3);
	/* Nothing else there is written. */
	config_write(CONFIG(cols), 2, 's');
	config_write(CONFIG(max_nr_ports), 4, 's');
	assert_int_equal(fake_console->nout, 3);
	assert_int_equal(rd(CONFIG(cols)) & 0xffff, 132);
	assert_int_equal(rd(CONFIG(cols)) >> 16, 43);
	assert_int_equal(rd(CONFIG(max_nr_ports)), 1);
	assert_true(fake_stop());
}

static void begin(void)
{
	const uint64_t features = VIRTIO_F_VERSION_1 | VIRTIO_CONSOLE_F_SIZE |
				  VIRTIO_CONSOLE_F_MULTIPORT;

	create();
	assert_true(mmio_negotiate(features));
	assert_true(mmio_queue(&rx, 0, FAKE_RAM_BASE, QUEUE_ENTRIES, 0));
	assert_true(mmio_queue(&control_rx, VIRTIO_CONSOLE_CONTROL_RX,
			       FAKE_RAM_BASE + DRV_AREA, QUEUE_ENTRIES, 0));
	assert_true(mmio_queue(&control_tx, VIRTIO_CONSOLE_CONTROL_TX,
			       FAKE_RAM_BASE + 2 * DRV_AREA, QUEUE_ENTRIES, 0));
	mmio_driver_ok();
	for (unsigned int i = 0; i < 8; i++) {
		struct drv_buf buf = { DATA + i * SLOT, SLOT, true };

		assert_int_equal(drv_add(&control_rx, &buf, 1, false), i);
	}
	(void)mmio_kick(VIRTIO_CONSOLE_CONTROL_RX);
}

static void driver_says(uint32_t id, uint16_t event, uint16_t value)
{
	const struct virtio_console_control m = { id, event, value };
	const struct drv_buf buf = { DATA + 0x1000, sizeof(m), false };
	uint32_t len;

	memcpy(drv_at(buf.addr, sizeof(m)), &m, sizeof(m));
	assert_true(drv_add(&control_tx, &buf, 1, false) >= 0);
	(void)mmio_kick(VIRTIO_CONSOLE_CONTROL_TX);
	assert_true(drv_used(&control_tx, &len) >= 0);
}

/* The device's next message, and how long it is; 0: there is none. */
static uint32_t device_says(struct named *m)
{
	uint32_t len = 0;
	int id = drv_used(&control_rx, &len);

	memset(m, 0, sizeof(*m));
	if (id < 0) {
		return 0;
	}
	assert_true(len <= sizeof(*m));
	memcpy(m, drv_at(DATA + (unsigned int)id * SLOT, len), len);
	return len;
}

static void expect_event(uint16_t event)
{
	struct named m;

	assert_int_equal(device_says(&m), sizeof(m.control));
	assert_int_equal(m.control.id, 0);
	assert_int_equal(m.control.event, event);
	assert_int_equal(m.control.value, 1);
}

/* 5.3.5, 5.3.6.2: a port is added, then named, sized and opened; what comes
 * before the driver has opened it waits. */
static void test_port(void **state)
{
	const struct drv_buf buf = { DATA + 0x2000, 64, true };
	struct virtio_console_resize size;
	struct named m;
	uint32_t len;

	(void)state;
	begin();
	assert_int_equal(device_says(&m), 0);
	driver_says(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	expect_event(VIRTIO_CONSOLE_DEVICE_ADD);
	/* Ports that there are not, and events that are the device's. */
	driver_says(1, VIRTIO_CONSOLE_PORT_READY, 1);
	driver_says(UINT32_MAX, VIRTIO_CONSOLE_PORT_READY, 1);
	driver_says(0, VIRTIO_CONSOLE_PORT_NAME, 1);
	assert_int_equal(device_says(&m), 0);
	driver_says(0, VIRTIO_CONSOLE_PORT_READY, 1);
	expect_event(VIRTIO_CONSOLE_CONSOLE_PORT);
	assert_int_equal(device_says(&m), sizeof(size));
	memcpy(&size, &m, sizeof(size));
	assert_int_equal(size.control.event, VIRTIO_CONSOLE_RESIZE);
	assert_int_equal(size.cols, 132);
	assert_int_equal(size.rows, 43);
	expect_event(VIRTIO_CONSOLE_PORT_OPEN);
	assert_int_equal(device_says(&m), sizeof(m.control) + 4);
	assert_int_equal(m.control.event, VIRTIO_CONSOLE_PORT_NAME);
	assert_memory_equal(m.name, "hvc0", 4);

	assert_true(drv_add(&rx, &buf, 1, false) >= 0);
	(void)mmio_kick(0);
	fake_type("hello");
	fake_console->notify(fake_console->ctx);
	assert_int_equal(drv_used(&rx, &len), -1);
	driver_says(0, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_true(drv_used(&rx, &len) >= 0);
	assert_int_equal(len, 5);
	assert_memory_equal(drv_at(buf.addr, 5), "hello", 5);
	/* Closed again: it waits again. */
	driver_says(0, VIRTIO_CONSOLE_PORT_OPEN, 0);
	assert_true(drv_add(&rx, &buf, 1, false) >= 0);
	(void)mmio_kick(0);
	fake_type("again");
	fake_console->notify(fake_console->ctx);
	assert_int_equal(drv_used(&rx, &len), -1);
	assert_true(fake_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emergency),
		cmocka_unit_test(test_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
