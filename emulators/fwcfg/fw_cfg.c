/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated QEMU firmware configuration device (QEMU docs/specs/fw_cfg.rst),
 * with the data register and the DMA interface. It gives firmware the kernel,
 * initrd and command line that its node names, as QEMU does for `-kernel` with
 * a firmware image, and the number of CPUs and the size of RAM.
 *
 * A transfer is done in pieces, one for each trap, while the guest executes the
 * same store again and again: the guest's own time is used, it can be
 * interrupted, and does not notice. A worker thread would use the host's time
 * instead, and firmware that expects the transfer to be complete after the
 * store, as on QEMU, would hang (U-Boot's loop does not read memory again).
 */
#include <arch/cpu.h>
#include <core/emulator.h>
#include <core/guest.h>
#include <core/log.h>
#include <core/schema.h>
#include <core/vfs.h>
#include <libs/error.h>
#include <string.h>

/* fw_cfg.rst, "Register Locations": those in memory. */
#define FW_CFG_DATA 0x00     /* 8 bytes */
#define FW_CFG_SELECTOR 0x08 /* 2 bytes, big endian */
#define FW_CFG_DMA 0x10      /* 8 bytes, big endian */
#define FW_CFG_DMA_LOW 0x14

/* "Configuration items"; numbers that the specification leaves to QEMU's
 * include/standard-headers/linux/qemu_fw_cfg.h. */
#define KEY_SIGNATURE 0x00
#define KEY_ID 0x01
#define KEY_RAM_SIZE 0x03
#define KEY_NOGRAPHIC 0x04
#define KEY_NB_CPUS 0x05
#define KEY_KERNEL_SIZE 0x08
#define KEY_INITRD_SIZE 0x0b
#define KEY_MAX_CPUS 0x0f
#define KEY_KERNEL_DATA 0x11
#define KEY_INITRD_DATA 0x12
#define KEY_CMDLINE_SIZE 0x14
#define KEY_CMDLINE_DATA 0x15
#define KEY_FILE_DIR 0x19

#define ID_TRADITIONAL BIT(0)
#define ID_DMA BIT(1)

/* "Guest-side DMA Interface": control */
#define DMA_ERROR BIT(0)
#define DMA_READ BIT(1)
#define DMA_SKIP BIT(2)
#define DMA_SELECT BIT(3)
#define DMA_WRITE BIT(4)

/* Bytes copied in one trap, with interrupts masked: by words, and one by one.
 * */
#define FW_CFG_PIECE KIB(16)
#define FW_CFG_PIECE_BYTES KIB(2)
#define FW_CFG_ITEMS 13

static const char dma_signature[8] = "QEMU CFG";

struct fw_cfg_item {
	const void *data;
	uint64_t size;
	uint16_t key;
};

/* What a snapshot of the device would hold. Guarded by dev->lock. */
struct fw_cfg_regs {
	uint64_t offset;             /* in the item selected */
	uint64_t dma_high;           /* upper half of the address register */
	uint64_t descriptor, target; /* of the transfer under way */
	uint64_t left;               /* bytes; 0: none is under way */
	uint16_t key;
};

struct fw_cfg {
	struct fw_cfg_regs regs;
	struct fw_cfg_item items[FW_CFG_ITEMS]; /* [I] */
	uint32_t nitems;                        /* [I] */
	struct emu_device *dev;                 /* [I] */
	/* Little endian values of items. [I] */
	uint64_t ram_size;
	uint32_t id, kernel_size, initrd_size, cmdline_size, no_files;
	uint16_t nographic, nb_cpus;
};

/* In the guest's memory, all big endian: "Guest-side DMA Interface". */
struct fw_cfg_descriptor {
	uint32_t control, length;
	uint64_t address;
};

static const struct fw_cfg_item *fw_cfg_find(const struct fw_cfg *f,
					     uint16_t key)
{
	for (uint32_t i = 0; i < f->nitems; i++) {
		if (f->items[i].key == key) {
			return &f->items[i];
		}
	}
	return NULL;
}

/* The data of item `key` from `offset` on; *n is limited to what there is. */
static const uint8_t *fw_cfg_data(const struct fw_cfg *f, uint16_t key,
				  uint64_t offset, uint64_t *n)
{
	const struct fw_cfg_item *item = fw_cfg_find(f, key);

	if (!item || !arch_index_below(&offset, item->size)) {
		*n = 0;
		return NULL;
	}
	*n = MIN(*n, item->size - offset);
	return (const uint8_t *)item->data + offset;
}

/* --- data register ------------------------------------------------------ */

/* Bytes keep their order whatever the access size; zeros follow the end. */
static uint64_t fw_cfg_read_data(struct fw_cfg *f, unsigned int size)
{
	struct fw_cfg_regs *r = &f->regs;
	uint64_t n = size, v = 0;
	const uint8_t *data = fw_cfg_data(f, r->key, r->offset, &n);

	if (data) {
		memcpy(&v, data, n);
	}
	r->offset += size;
	return v;
}

/* --- DMA ---------------------------------------------------------------- */

/* Write the result to the guest: 0 for done, or DMA_ERROR. */
static void fw_cfg_dma_end(struct fw_cfg *f, uint64_t descriptor,
			   uint32_t control)
{
	uint32_t be = __builtin_bswap32(control);

	/* Pairs with the guest's read barrier: data before "done". */
	arch_wmb();
	if (guest_write(f->dev->guest, IPA(descriptor), &be, sizeof(be))) {
		return; /* the result cannot be written anywhere */
	}
}

/* Copy up to `max` bytes of the transfer; zeros after the item's end. */
static int fw_cfg_dma_copy(struct fw_cfg *f, uint64_t max)
{
	static const uint8_t zeros[1024] __aligned(8);
	struct fw_cfg_regs *r = &f->regs;
	uint64_t n = MIN(max, r->left);
	const uint8_t *data = fw_cfg_data(f, r->key, r->offset, &n);
	int err;

	if (!data) {
		/* Aligned as the target is, so that words are copied. */
		uint64_t skip = r->target & 7;

		n = MIN(MIN(max, r->left), sizeof(zeros) - skip);
		data = zeros + skip;
	}
	err = guest_write(f->dev->guest, IPA(r->target), data, n);
	r->offset += n;
	r->target += n;
	r->left -= n;
	return err;
}

/* How much of the transfer is done at once. A copy goes by words if both sides
 * are aligned alike (libs/string.c), as zeros always are. */
static uint64_t fw_cfg_piece(const struct fw_cfg *f)
{
	const struct fw_cfg_regs *r = &f->regs;
	uint64_t n = r->left;
	const uint8_t *data = fw_cfg_data(f, r->key, r->offset, &n);
	bool words = !data || ((r->target ^ (uintptr_t)data) & 3) == 0;

	return MIN(r->left, words ? FW_CFG_PIECE : FW_CFG_PIECE_BYTES);
}

/* Do the next piece of the transfer. */
static void fw_cfg_dma_go_on(struct fw_cfg *f)
{
	struct fw_cfg_regs *r = &f->regs;
	uint64_t stop = r->left - fw_cfg_piece(f);
	int err = 0;

	while (!err && r->left > stop) {
		err = fw_cfg_dma_copy(f, r->left - stop);
	}
	if (err) {
		r->left = 0;
	}
	if (r->left == 0) {
		fw_cfg_dma_end(f, r->descriptor, err ? DMA_ERROR : 0);
	}
}

static void fw_cfg_dma_start(struct fw_cfg *f, uint64_t at)
{
	struct fw_cfg_regs *r = &f->regs;
	struct fw_cfg_descriptor d;
	uint32_t control, length;

	if (guest_read(f->dev->guest, IPA(at), &d, sizeof(d))) {
		return; /* the error cannot be written anywhere */
	}
	control = __builtin_bswap32(d.control);
	length = __builtin_bswap32(d.length);
	if (control & DMA_SELECT) {
		r->key = (uint16_t)(control >> 16);
		r->offset = 0;
	}
	if (control & DMA_WRITE) {
		fw_cfg_dma_end(f, at, DMA_ERROR);
	} else if ((control & DMA_READ) && length > 0) {
		r->descriptor = at;
		r->target = __builtin_bswap64(d.address);
		r->left = length;
	} else {
		r->offset += control & DMA_SKIP ? length : 0;
		fw_cfg_dma_end(f, at, 0);
	}
}

/*
 * The address of a descriptor was written. A transfer in progress continues
 * first: it may belong to this VCPU, which executes its store again, or to
 * another that has been interrupted.
 */
static int fw_cfg_dma(struct fw_cfg *f, uint64_t at)
{
	struct fw_cfg_regs *r = &f->regs;
	bool mine = true;

	if (r->left == 0) {
		fw_cfg_dma_start(f, at);
	} else {
		mine = r->descriptor == at;
	}
	if (r->left > 0) {
		fw_cfg_dma_go_on(f);
	}
	if (r->left > 0 || !mine) {
		return -ERR_BUSY;
	}
	r->dma_high = 0;
	return 0;
}

/* --- registers ---------------------------------------------------------- */

static int fw_cfg_write(struct fw_cfg *f, const struct emu_access *a)
{
	struct fw_cfg_regs *r = &f->regs;
	uint32_t word = __builtin_bswap32((uint32_t)a->value);

	if (a->off == FW_CFG_SELECTOR && a->size == 2) {
		r->key = __builtin_bswap16((uint16_t)a->value);
		r->offset = 0;
	} else if (a->off == FW_CFG_DMA && a->size == 8) {
		return fw_cfg_dma(f, __builtin_bswap64(a->value));
	} else if (a->off == FW_CFG_DMA && a->size == 4) {
		r->dma_high = (uint64_t)word << 32;
	} else if (a->off == FW_CFG_DMA_LOW && a->size == 4) {
		return fw_cfg_dma(f, r->dma_high | word);
	}
	return 0;
}

static uint64_t fw_cfg_read(struct fw_cfg *f, const struct emu_access *a)
{
	uint64_t v = 0;

	if (a->off < FW_CFG_SELECTOR) {
		return fw_cfg_read_data(f, a->size);
	}
	if (a->off >= FW_CFG_DMA &&
	    a->off + a->size <= FW_CFG_DMA + sizeof(dma_signature)) {
		memcpy(&v, &dma_signature[a->off - FW_CFG_DMA], a->size);
	}
	return v;
}

static int fw_cfg_access(struct emu_device *dev, struct emu_access *a)
{
	struct fw_cfg *f = dev->state;
	int err = 0;

	spin_lock(&dev->lock);
	if (a->write) {
		err = fw_cfg_write(f, a);
	} else {
		a->value = fw_cfg_read(f, a);
	}
	spin_unlock(&dev->lock);
	return err;
}

/* --- life --------------------------------------------------------------- */

static void fw_cfg_add(struct fw_cfg *f, uint16_t key, const void *data,
		       uint64_t size)
{
	f->items[f->nitems++] = (struct fw_cfg_item){
		.data = data,
		.size = size,
		.key = key,
	};
}

/*
 * Add the file that property `name` names, as items for its size and contents.
 */
static int fw_cfg_add_file(struct fw_cfg *f, const char *name,
			   uint16_t size_key, uint16_t data_key, uint32_t *size)
{
	const char *path = emu_prop_str(f->dev, name, 0);
	struct vfs_stat st;
	int err;

	if (!path) {
		return 0;
	}
	err = vfs_stat(path, &st);
	if (!err && (st.type != VFS_FILE || !st.data)) {
		err = -ERR_NOSUPP;
	}
	if (!err && st.size > UINT32_MAX) {
		err = -ERR_RANGE;
	}
	if (err) {
		log_err("%s: %s: %s \"%s\": %s", f->dev->guest->cfg->name,
			f->dev->name, name, path, err_str(err));
		return err;
	}
	*size = (uint32_t)st.size;
	fw_cfg_add(f, size_key, size, sizeof(*size));
	fw_cfg_add(f, data_key, st.data, st.size);
	return 0;
}

static void fw_cfg_add_cmdline(struct fw_cfg *f)
{
	const char *cmdline = emu_prop_str(f->dev, "bootargs", 0);

	if (cmdline) {
		f->cmdline_size = (uint32_t)strlen(cmdline) + 1;
		fw_cfg_add(f, KEY_CMDLINE_SIZE, &f->cmdline_size,
			   sizeof(f->cmdline_size));
		fw_cfg_add(f, KEY_CMDLINE_DATA, cmdline, f->cmdline_size);
	}
}

static int fw_cfg_init(struct emu_device *dev)
{
	const struct guest_config *cfg = dev->guest->cfg;
	struct fw_cfg *f = dev->state;
	int err;

	f->dev = dev;
	f->id = ID_TRADITIONAL | ID_DMA;
	f->ram_size = cfg->memory_size;
	f->nographic = 1;
	f->nb_cpus = (uint16_t)cfg->vcpus;
	fw_cfg_add(f, KEY_SIGNATURE, dma_signature, 4);
	fw_cfg_add(f, KEY_ID, &f->id, sizeof(f->id));
	fw_cfg_add(f, KEY_RAM_SIZE, &f->ram_size, sizeof(f->ram_size));
	fw_cfg_add(f, KEY_NOGRAPHIC, &f->nographic, sizeof(f->nographic));
	fw_cfg_add(f, KEY_NB_CPUS, &f->nb_cpus, sizeof(f->nb_cpus));
	fw_cfg_add(f, KEY_MAX_CPUS, &f->nb_cpus, sizeof(f->nb_cpus));
	fw_cfg_add(f, KEY_FILE_DIR, &f->no_files, sizeof(f->no_files));
	err = fw_cfg_add_file(f, "kernel", KEY_KERNEL_SIZE, KEY_KERNEL_DATA,
			      &f->kernel_size);
	if (!err) {
		err = fw_cfg_add_file(f, "initrd", KEY_INITRD_SIZE,
				      KEY_INITRD_DATA, &f->initrd_size);
	}
	fw_cfg_add_cmdline(f);
	return err;
}

static void fw_cfg_reset(struct emu_device *dev)
{
	struct fw_cfg *f = dev->state;
	unsigned long flags = spin_lock_irqsave(&dev->lock);

	f->regs = (struct fw_cfg_regs){ 0 };
	spin_unlock_irqrestore(&dev->lock, flags);
}

static const struct schema_prop fw_cfg_props[] = {
	{
		.name = "kernel",
		.type = SCHEMA_PATH,
		.min = 1,
		.max = 255,
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE(
			"Kernel that firmware finds, as with QEMU's -kernel."),
	},
	{
		.name = "initrd",
		.type = SCHEMA_PATH,
		.min = 1,
		.max = 255,
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE("Initial RAM disk that firmware finds."),
	},
	{
		.name = "bootargs",
		.type = SCHEMA_TEXT,
		.min = 0,
		.max = 2048,
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE("Command line that firmware finds."),
	},
	{ .name = NULL },
};

static const char *const fw_cfg_compatible[] = { "qemu,fw-cfg-mmio", NULL };

static const struct emu_os_prop fw_cfg_os_props[] = {
	{ .name = "dma-coherent", .flag = true },
	{ .name = NULL },
};

static const struct emulator fw_cfg_emulator = {
	.name = "fw-cfg",
	.compatible = fw_cfg_compatible,
	.state_size = sizeof(struct fw_cfg),
	.init = fw_cfg_init,
	.reset = fw_cfg_reset,
	.access = fw_cfg_access,
	.props = fw_cfg_props,
	.nregs = 1,
	.min_size = 0x18,
	.os_props = fw_cfg_os_props,
};
EMULATOR(fw_cfg_emulator);
