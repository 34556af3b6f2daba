/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: the host's devices and their drivers. */
#include <core/command.h>
#include <core/device.h>
#include <core/dma.h>
#include <libs/error.h>
#include <stdio.h>

static int device_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },  { "CLASS", COL_STR },
		{ "STATE", COL_STR }, { "DRIVER", COL_STR },
		{ "BUS", COL_STR },   { "OWNER", COL_STR },
		{ "USER", COL_STR },
	};
	struct device *dev;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int n = 0; (dev = device_get_nth(n)) != NULL; n++) {
		table_str(t, dev->name);
		table_str(t, dev->driver ? device_class_name(dev->driver->class)
					 : NULL);
		table_str(t, device_state_name(dev->state));
		table_str(t, dev->driver ? dev->driver->name : NULL);
		table_str(t, dev->parent ? dev->parent->name : dev->bus->name);
		table_str(t, device_owner_name(dev->owner));
		table_str(t, dev->user);
		device_put(dev);
	}
	table_end(t);
	return 0;
}

/* Find the device that the only argument names, with a reference; reports
 * errors. */
static int device_argument(struct session *s, int argc, char **argv,
			   struct device **out)
{
	if (argc != 2) {
		return command_usage(s, "one device is needed");
	}
	*out = device_get(argv[1]);
	if (!*out) {
		out_error(s,
			  "there is no device '%s'; 'device list' lists "
			  "them",
			  argv[1]);
		return -ERR_NOENT;
	}
	return 0;
}

static void device_info_range(struct record *r, const char *what,
			      unsigned int n, paddr_t base, uint64_t size)
{
	char title[24];

	(void)snprintf(title, sizeof(title), "%s %u", what, n);
	record_fmt(r, title, "0x%llx, 0x%llx bytes", (unsigned long long)base.v,
		   (unsigned long long)size);
}

static void device_info_node(struct record *r, const struct device *dev)
{
	char path[128];
	uint64_t size;
	paddr_t base;

	if (dev->dt < 0) {
		return;
	}
	record_str(r, "Node", dt_node_path(dev->dt, path, sizeof(path)));
	record_str(r, "Compatible", dt_str(dev->dt, "compatible"));
	for (unsigned int i = 0; dt_reg(dev->dt, i, &base, &size) == 0; i++) {
		device_info_range(r, "Registers", i, base, size);
	}
}

static void device_info_mapped(struct record *r, const struct device *dev)
{
	uint64_t size;
	paddr_t base;

	for (unsigned int i = 0; device_get_registers(dev, i, &base, &size);
	     i++) {
		device_info_range(r, "Mapped", i, base, size);
	}
}

/* What the bus knows about the device. */
static void device_info_bus(struct record *r, const struct device *dev)
{
	struct device_fact fact;

	for (unsigned int n = 0; dev->bus->describe; n++) {
		if (!dev->bus->describe(dev, n, &fact)) {
			break;
		}
		record_str(r, fact.name, fact.value);
	}
}

static void device_info_irqs(struct record *r, const struct device *dev)
{
	for (unsigned int i = 0; i < dev->nirqs; i++) {
		char title[24];

		(void)snprintf(title, sizeof(title), "Interrupt %u", i);
		record_u64(r, title, COL_U64, dev->irqs[i]);
	}
}

static void device_info_dma(struct record *r, struct device *dev)
{
	const struct dt_dma *dma = device_dma(dev);
	struct dma_stats st;

	record_str(r, "DMA coherent", dma->coherent ? "yes" : "no");
	record_str(r, "Behind an IOMMU", dma->translated ? "yes" : "no");
	record_u64(r, "DMA limit", COL_HEX, dma->limit);
	record_u64(r, "DMA offset", COL_HEX, dma->offset);
	if (device_get_dma_stats(dev, &st)) {
		record_u64(r, "Bounce buffers", COL_SIZE, st.pool_bytes);
		record_u64(r, "Bounced segments", COL_U64, st.segments);
		record_u64(r, "Bounced bytes", COL_SIZE, st.bytes);
		record_u64(r, "Bounces refused", COL_U64, st.refused);
	}
}

static int device_info(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct device *dev;
	struct record r;
	int err;

	err = device_argument(s, argc, argv, &dev);
	if (err) {
		return err;
	}
	record_begin(&r, s, json);
	record_str(&r, "Name", dev->name);
	record_str(&r, "Bus", dev->parent ? dev->parent->name : dev->bus->name);
	record_str(&r, "State", device_state_name(dev->state));
	record_str(&r, "Driver", dev->driver ? dev->driver->name : NULL);
	record_str(&r, "Class",
		   dev->driver ? device_class_name(dev->driver->class) : NULL);
	record_str(&r, "Error", dev->error ? err_str(dev->error) : NULL);
	record_str(&r, "User", dev->user);
	record_str(&r, "Owner", device_owner_name(dev->owner));
	device_info_node(&r, dev);
	device_info_bus(&r, dev);
	if (IS_ENABLED(CONFIG_DEVICE_UNMAP)) {
		device_info_mapped(&r, dev);
	}
	device_info_irqs(&r, dev);
	device_info_dma(&r, dev);
	record_end(&r);
	device_put(dev);
	return 0;
}

static int device_unbind_run(struct session *s, int argc, char **argv)
{
	struct device *dev;
	int err;

	err = device_argument(s, argc, argv, &dev);
	if (err) {
		return err;
	}
	err = device_unbind(dev);
	if (err == 0) {
		err = device_set_owner(dev, DEVICE_OF_NOBODY);
	}
	if (err == -ERR_BUSY && dev->user) {
		out_error(s, "'%s' is in use by the %s", dev->name, dev->user);
	} else if (err == -ERR_BUSY) {
		out_error(s,
			  "what is on '%s' is in use; 'device list' says by "
			  "whom",
			  dev->name);
	} else if (err == -ERR_NOSUPP) {
		out_error(s, "the driver %s cannot be taken from its device",
			  dev->driver->name);
	} else if (err == -ERR_STATE) {
		out_error(s, "'%s' has no driver", dev->name);
	}
	device_put(dev);
	return err;
}

static int device_bind_run(struct session *s, int argc, char **argv)
{
	struct device *dev;
	int err;

	err = device_argument(s, argc, argv, &dev);
	if (err) {
		return err;
	}
	err = device_set_owner(dev, DEVICE_OF_HYPERVISOR);
	if (err == 0) {
		err = device_bind(dev);
	}
	if (err == -ERR_BUSY) {
		out_error(s, "'%s' already has a driver: %s", dev->name,
			  dev->driver->name);
	} else if (err == -ERR_NOENT) {
		out_error(s, "no driver serves '%s'", dev->name);
	}
	device_put(dev);
	return err;
}

static void device_complete(struct completion_ctx *c, int argc, char **argv)
{
	struct device *dev;

	(void)argv;
	if (argc > 0) {
		return;
	}
	for (unsigned int n = 0; (dev = device_get_nth(n)) != NULL; n++) {
		complete_add(c, dev->name);
		device_put(dev);
	}
}

/* clang-format off */
static const struct subcommand device_subs[] = {
	{ "list", "[--json]", "List devices, their drivers and users.",
	  device_list, NULL },
	{ "info", "DEVICE [--json]", "Show all about one device.",
	  device_info, device_complete },
	{ "unbind", "DEVICE", "Remove a device's driver; it is nobody's then.",
	  device_unbind_run, device_complete },
	{ "bind", "DEVICE", "Take a device back, and look for a driver.",
	  device_bind_run, device_complete },
	{ .name = NULL },
};
/* clang-format on */

static const struct command device_command = {
	.name = "device",
	.summary = "List the host's devices, bind and unbind drivers.",
	.usage = "[--json]",
	.examples = "device list\n"
		    "device info 0000:00:01.0\n"
		    "device unbind 0000:00:01.0\n",
	.run = device_list,
	.sub = device_subs,
};
COMMAND(device_command);
