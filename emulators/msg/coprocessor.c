/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that plays a coprocessor of the chip: RPMSG firmware in a guest, for
 * machines that have no coprocessor, and to try firmware with. Its memory is a
 * region that the guest has mapped, and its mailbox the doorbell of that: we
 * are one more peer. A vector is a vring's notification ID; that the guest's
 * peer goes down is the coprocessor's reset. All else is core/rproc.h, as for a
 * coprocessor of the host. docs/design/messaging.md.
 */
#include <core/emulator.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/rproc.h>
#include <core/schema.h>
#include <core/shared_memory.h>
#include <core/vfs.h>
#include <core/virtio_rpmsg.h>
#include <libs/error.h>
#include <stdio.h>

/* The register: RO, our number among the region's peers, to be rung. */
#define COPROCESSOR_HOST 0x00

/* [I] immutable */
struct coprocessor {
	struct shared_window host;    /* [I] our peer of the region */
	struct shared_window *window; /* [I] the guest's */
	struct rproc *rp;             /* [I] */
};

static int coprocessor_access(struct emu_device *dev, struct emu_access *a)
{
	const struct coprocessor *c = dev->state;

	if (!a->write && a->off == COPROCESSOR_HOST) {
		a->value = READ_ONCE(c->host.number);
	}
	return 0;
}

/* --- the mailbox ---------------------------------------------------------- */

static bool coprocessor_running(void *arg)
{
	struct coprocessor *c = arg;
	uint64_t size;

	return shared_host_at(&c->host, &size) != NULL &&
	       shared_size(c->window) != 0 &&
	       (shared_peers_up(&c->host) & BIT(READ_ONCE(c->window->number)));
}

static bool coprocessor_memory(void *arg, uint64_t *address, void **base,
			       uint64_t *size)
{
	struct coprocessor *c = arg;

	*address = c->window->base.v;
	*base = shared_host_at(&c->host, size);
	return *base != NULL;
}

static void coprocessor_kick(void *arg, uint32_t notifyid)
{
	struct coprocessor *c = arg;

	shared_ring(&c->host, READ_ONCE(c->window->number), notifyid);
}

static const struct mailbox_ops coprocessor_mailbox = {
	.memory = coprocessor_memory,
	.running = coprocessor_running,
	.kick = coprocessor_kick,
};

static void coprocessor_rung(struct shared_window *w, uint32_t vectors)
{
	struct coprocessor *c = container_of(w, struct coprocessor, host);

	if (vectors & BIT(SHARED_VECTOR_STATUS)) {
		rproc_changed(c->rp);
	} else {
		rproc_rung(c->rp);
	}
}

static void coprocessor_gone(struct shared_window *w)
{
	rproc_quiesce(container_of(w, struct coprocessor, host)->rp);
}

static const struct shared_host coprocessor_host = {
	.rung = coprocessor_rung,
	.gone = coprocessor_gone,
};

/* --- its firmware --------------------------------------------------------- */

static bool firmware_read(const void *arg, uint64_t off, void *buf, size_t n)
{
	return vfs_read(arg, off, buf, n) == (int64_t)n;
}

static int firmware_table(const struct emu_device *dev,
			  struct resource_table *t)
{
	const char *path = emu_prop_str(dev, "firmware", 0);
	const struct resource_file file = { firmware_read, path };
	const char *why = NULL;
	int err = resource_table_read(t, &file, &why);

	if (err) {
		log_err("guest %s: /devices/%s: firmware: found %s, but %s; "
			"allowed an ELF file with a resource table",
			dev->guest->name, dev->name, path, why);
		return err;
	}
	if (t->ignored) {
		log_info("guest %s: /devices/%s: %u entries of the resource "
			 "table are ignored: only RPMSG is needed",
			 dev->guest->name, dev->name, t->ignored);
	}
	return 0;
}

/* --- life ----------------------------------------------------------------- */

static int create(struct emu_device *dev, struct coprocessor *c,
		  const struct resource_table *table)
{
	char name[VMSG_NODE_NAME_MAX];
	const struct rproc_attr attr = {
		.name = name,
		.ops = &coprocessor_mailbox,
		.arg = c,
		.table = table,
		.workqueue = &dev->guest->work,
		.address = emu_prop_u32(dev, "address", 0),
		.rate = emu_prop_u32(dev, "rate", 0),
		.burst = emu_prop_u32(dev, "burst", 0),
	};

	(void)snprintf(name, sizeof(name), "%s.%s", dev->guest->name,
		       dev->name);
	return rproc_create(&c->rp, &attr);
}

static int attach(struct emu_device *dev, struct coprocessor *c)
{
	const char *domain = emu_prop_str(dev, "domain", 0);
	int err = vmsg_node_attach(rproc_node(c->rp), domain, true);

	if (err == -ERR_EXIST) {
		log_err("guest %s: /devices/%s: address: found one that "
			"another node of domain %s has; allowed a free one",
			dev->guest->name, dev->name, domain);
	} else if (err == -ERR_NOSPC) {
		log_err("guest %s: /devices/%s: domain: found %s, which has %d "
			"nodes; allowed one more",
			dev->guest->name, dev->name, domain, VMSG_NODES_MAX);
	}
	return err;
}

/* Join the region that the guest has mapped, as its peer. */
static int join(struct emu_device *dev, struct coprocessor *c)
{
	const struct shared_make make = { .name = c->window->name };
	struct colour_refusal why;
	int err;

	c->host.host = &coprocessor_host;
	c->host.dev = dev;
	c->host.name = make.name;
	c->host.most = SHARED_WRITE;
	c->host.wanted = SHARED_NUMBER_ANY;
	err = shared_window_init(&c->host, &make, &why);
	if (err) {
		log_err("guest %s: /devices/%s: region: found %s, which cannot "
			"be joined (%s); allowed one with less than %d peers",
			dev->guest->name, dev->name, make.name, err_str(err),
			SHARED_PEERS_MAX);
	}
	return err;
}

static int find_window(struct emu_device *dev, struct coprocessor *c)
{
	const char *region = emu_prop_str(dev, "region", 0);

	c->window = shared_window_of(dev->guest, region);
	if (!c->window) {
		log_err("guest %s: /devices/%s: region: found %s, which no "
			"device before this one shows; allowed that of a "
			"socle,shared-memory of this guest",
			dev->guest->name, dev->name, region);
		return -ERR_INVAL;
	}
	return 0;
}

static int coprocessor_init(struct emu_device *dev)
{
	struct coprocessor *c = dev->state;
	struct resource_table *table;
	int err = find_window(dev, c);

	if (err) {
		return err;
	}
	table = heap_alloc(sizeof(*table));
	if (!table) {
		return -ERR_NOMEM;
	}
	err = firmware_table(dev, table);
	if (!err) {
		err = create(dev, c, table);
	}
	heap_free(table);
	if (err) {
		return err;
	}
	err = attach(dev, c);
	if (!err) {
		err = join(dev, c);
	}
	if (err) {
		rproc_destroy(c->rp);
	}
	return err;
}

static void coprocessor_fini(struct emu_device *dev)
{
	struct coprocessor *c = dev->state;

	shared_window_fini(&c->host);
	rproc_destroy(c->rp);
}

static const struct schema_prop coprocessor_props[] = {
	{
		.name = "region",
		.type = SCHEMA_NAME,
		.required = true,
		.min = 1,
		.max = SHARED_NAME_MAX - 1,
		.doc = REFERENCE("The coprocessor's memory: the region of a "
				 "socle,shared-memory that comes before."),
	},
	{
		.name = "firmware",
		.type = SCHEMA_PATH,
		.required = true,
		.min = 1,
		.max = VFS_PATH_MAX - 1,
		.doc = REFERENCE("The ELF file with its resource table."),
	},
	{
		.name = "domain",
		.type = SCHEMA_NAME,
		.required = true,
		.min = 1,
		.max = VMSG_NAME_MAX - 1,
		.doc = REFERENCE("The messaging domain whose nodes share it; "
				 "created if it does not exist."),
	},
	{
		.name = "address",
		.type = SCHEMA_U32,
		.min = RPMSG_NODE_FIRST,
		.max = RPMSG_NODE_LAST,
		.otherwise = REFERENCE("the lowest that is free"),
		.doc = REFERENCE("Its address in the domain."),
	},
	{
		.name = "rate",
		.type = SCHEMA_U32,
		.min = 1,
		.max = UINT32_MAX,
		.otherwise = REFERENCE("no limit"),
		.doc = REFERENCE("Messages a second that each node of the "
				 "domain may send it."),
	},
	{
		.name = "burst",
		.type = SCHEMA_U32,
		.min = 1,
		.max = UINT32_MAX,
		.otherwise = REFERENCE("a tenth of `rate`"),
		.doc = REFERENCE("Messages that each may send at once."),
	},
	{ .name = NULL },
};

static const char *const coprocessor_compatible[] = { "socle,coprocessor",
						      NULL };

static const struct emulator coprocessor_emulator = {
	.name = "coprocessor",
	.compatible = coprocessor_compatible,
	.state_size = sizeof(struct coprocessor),
	.word_registers = true,
	.init = coprocessor_init,
	.fini = coprocessor_fini,
	.access = coprocessor_access,
	.nregs = 1,
	.min_size = KIB(4),
	.props = coprocessor_props,
};
EMULATOR(coprocessor_emulator);
