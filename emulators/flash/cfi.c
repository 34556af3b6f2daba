/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated parallel NOR flash with the Intel command set (JEDEC JEP137B 0x0001,
 * commands as in the Intel StrataFlash J3 data sheet 308551, chapter 8): banks
 * are 32 bits wide, each of two x16 chips that are always addressed together,
 * with blocks of 256 KiB and lock bits that can be set at once.
 *
 * The contents are those of an image file, or zeros, with the guest's changes,
 * which are kept as long as the guest exists: at most FLASH_MODIFIED_MAX bytes.
 * Beyond that programming fails, as it does on worn-out flash; erasing frees
 * memory. Pages are allocated by the guest's thread while the status register
 * says busy, never in a trap.
 *
 * Firmware is executed in place, and keeps its variables in the other bank: an
 * image, and the start of a bank beside one, are mapped as memory for the guest
 * as long as reads return the contents. What is programmed is copied there in
 * the trap; an erased block, which is long, by the guest's thread.
 */
#include "flash_store.h"

#include <arch/cpu.h>
#include <core/emulator.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/schema.h>
#include <core/vfs.h>
#include <core/work.h>
#include <libs/error.h>
#include <string.h>

#define FLASH_BUFFER 2048 /* bytes programmed at once */
#define FLASH_REFILL 8    /* pages allocated at once */
#define FLASH_BUS 4       /* bytes: of the bus: both chips side by side */
#define FLASH_CHIPS 2

/* 308551 table 12: commands, the first or only cycle. */
#define CMD_PROGRAM 0x40
#define CMD_PROGRAM_ALT 0x10
#define CMD_ERASE 0x20
#define CMD_CLEAR_STATUS 0x50
#define CMD_LOCK_SETUP 0x60
#define CMD_READ_STATUS 0x70
#define CMD_READ_ID 0x90
#define CMD_QUERY 0x98
#define CMD_SUSPEND 0xb0
#define CMD_BUFFER 0xe8
#define CMD_READ_ARRAY 0xff
/* Second cycles. */
#define CMD_CONFIRM 0xd0
#define CMD_LOCK 0x01

/* Status register */
#define SR_LOCKED BIT(1)
#define SR_PROGRAM BIT(4)
#define SR_ERASE BIT(5)
#define SR_READY BIT(7)

#define ID_INTEL 0x89
#define ID_DEVICE 0x18

enum flash_mode { MODE_ARRAY, MODE_STATUS, MODE_ID, MODE_QUERY };
/* What the next write cycle is. */
enum flash_cycle {
	CYCLE_COMMAND,
	CYCLE_ERASE,
	CYCLE_LOCK,
	CYCLE_PROGRAM,
	CYCLE_BUFFER_COUNT,
	CYCLE_BUFFER_DATA,
	CYCLE_BUFFER_CONFIRM,
};

/*
 * Except for rom, this and the pages are what a snapshot of a bank would hold.
 */
struct flash_bank {
	struct flash_blocks locked;
	uint32_t mode;  /* enum flash_mode */
	uint32_t cycle; /* enum flash_cycle */
	uint32_t status;
	uint32_t buf_off, buf_size; /* what is being programmed */
	uint32_t buf_cycles; /* data cycles that the guest has announced */
	uint32_t buf_left;   /* of these, still to come */
	bool waits;          /* to be programmed when there is memory */
	uint8_t buf[FLASH_BUFFER];
	/* A copy of the contents, which the guest reads and executes without
	 * traps while the bank shows them and the copy is as the store. */
	struct guest_rom rom;
	struct flash_blocks stale; /* of rom: to be copied from the store */
	bool copying;              /* one of these is being copied */
};

/* All guarded by dev->lock, except [I]. */
struct cfi_flash {
	struct flash_bank banks[CONFIG_MAX_REGS];
	struct flash_store store;
	struct work work;
	struct emu_device *dev; /* [I] */
};

/* --- contents as memory -------------------------------------------------- */

static bool flash_is_stale(const struct flash_bank *b)
{
	return b->copying ||
	       bitmap_first(b->stale.bits, FLASH_BLOCKS) < FLASH_BLOCKS;
}

static void flash_show(struct cfi_flash *f, struct flash_bank *b)
{
	guest_rom_show(f->dev->guest, &b->rom,
		       b->mode == MODE_ARRAY && !flash_is_stale(b));
}

/* Copy n bytes of the contents at `off`, n at most PAGE_SIZE, to rom, which is
 * not shown; bytes past its end are left out. */
static void flash_copy(struct cfi_flash *f, unsigned int bank, uint32_t off,
		       uint32_t n)
{
	struct guest_rom *rom = &f->banks[bank].rom;

	while (n > 0 && off < rom->size) {
		uint64_t part = n;
		uint8_t *to = guest_rom_at(rom, off, &part);

		flash_store_get(&f->store, bank, off, to, (uint32_t)part);
		guest_rom_sync(rom, off, part);
		off += (uint32_t)part;
		n -= (uint32_t)part;
	}
}

/* Thread context; no VCPU runs. */
static void flash_fill_rom(struct cfi_flash *f, unsigned int bank)
{
	for (uint32_t off = 0; off < f->banks[bank].rom.size;
	     off += PAGE_SIZE) {
		flash_copy(f, bank, off, PAGE_SIZE);
	}
}

/* In the guest's thread: copy a block, page by page. It can become stale again
 * meanwhile; what is programmed meanwhile is copied too, in the trap. */
static void flash_copy_block(struct cfi_flash *f, unsigned int bank,
			     uint32_t block)
{
	uint32_t off = block * FLASH_BLOCK;
	unsigned long flags;

	for (uint32_t at = 0; at < FLASH_BLOCK; at += PAGE_SIZE) {
		flags = spin_lock_irqsave(&f->dev->lock);
		flash_copy(f, bank, off + at, PAGE_SIZE);
		spin_unlock_irqrestore(&f->dev->lock, flags);
	}
}

/* In the guest's thread. At most as many blocks as there are: what the guest
 * erases meanwhile is done in the next run. */
static void flash_refresh(struct cfi_flash *f, unsigned int bank)
{
	struct flash_bank *b = &f->banks[bank];
	unsigned long flags;
	uint32_t block;

	for (unsigned int i = 0; i < FLASH_BLOCKS; i++) {
		flags = spin_lock_irqsave(&f->dev->lock);
		block = (uint32_t)bitmap_first(b->stale.bits, FLASH_BLOCKS);
		b->copying = block < FLASH_BLOCKS;
		if (b->copying) {
			bitmap_clear(b->stale.bits, block);
		} else {
			flash_show(f, b);
		}
		spin_unlock_irqrestore(&f->dev->lock, flags);
		if (block == FLASH_BLOCKS) {
			return;
		}
		flash_copy_block(f, bank, block);
	}
	work_queue(&f->work);
}

/* --- programming and erasing -------------------------------------------- */

static void flash_finish(struct flash_bank *b, uint32_t errors)
{
	b->status |= SR_READY | errors;
	b->waits = false;
}

/* Program the bank's buffer, now if there is memory for it. */
static int flash_program(struct cfi_flash *f, unsigned int bank)
{
	struct flash_bank *b = &f->banks[bank];
	int err = flash_store_program(&f->store, bank, b->buf_off, b->buf,
				      b->buf_size);

	if (!err) {
		flash_copy(f, bank, b->buf_off, b->buf_size);
	}
	if (err != -ERR_NOMEM) {
		flash_finish(b, err ? SR_PROGRAM : 0);
	}
	return err;
}

/* In the guest's thread: allocate memory for the banks that wait; without
 * memory, programming fails. */
static void flash_refill(struct cfi_flash *f)
{
	void *pages[FLASH_REFILL];
	unsigned int n, i;
	unsigned long flags;

	for (n = 0; n < FLASH_REFILL; n++) {
		pages[n] = heap_alloc(PAGE_SIZE);
		if (!pages[n]) {
			break;
		}
	}
	flags = spin_lock_irqsave(&f->dev->lock);
	for (i = 0; i < n; i++) {
		if (!flash_store_give(&f->store, pages[i])) {
			break;
		}
	}
	for (unsigned int bank = 0; bank < CONFIG_MAX_REGS; bank++) {
		struct flash_bank *b = &f->banks[bank];

		if (b->waits && flash_program(f, bank) == -ERR_NOMEM) {
			flash_finish(b, SR_PROGRAM);
		}
	}
	spin_unlock_irqrestore(&f->dev->lock, flags);
	for (; i < n; i++) {
		heap_free(pages[i]);
	}
}

static bool flash_any_waits(struct cfi_flash *f)
{
	unsigned long flags = spin_lock_irqsave(&f->dev->lock);
	bool any = false;

	for (unsigned int bank = 0; bank < CONFIG_MAX_REGS; bank++) {
		any = any || f->banks[bank].waits;
	}
	spin_unlock_irqrestore(&f->dev->lock, flags);
	return any;
}

static void flash_work(struct work *w)
{
	struct cfi_flash *f = container_of(w, struct cfi_flash, work);

	if (flash_any_waits(f)) {
		flash_refill(f);
	}
	for (unsigned int bank = 0; bank < CONFIG_MAX_REGS; bank++) {
		flash_refresh(f, bank);
	}
}

static void flash_erase(struct cfi_flash *f, unsigned int bank, uint32_t off)
{
	struct flash_bank *b = &f->banks[bank];

	if (bitmap_test(b->locked.bits, off / FLASH_BLOCK)) {
		flash_finish(b, SR_ERASE | SR_LOCKED);
		return;
	}
	flash_store_erase(&f->store, bank, off / FLASH_BLOCK);
	off = ALIGN_DOWN(off, (uint32_t)FLASH_BLOCK);
	if (off < b->rom.size) {
		bitmap_set(b->stale.bits, off / FLASH_BLOCK);
		work_queue(&f->work);
	}
	flash_finish(b, 0);
}

/* --- commands ----------------------------------------------------------- */

static void flash_sequence_error(struct flash_bank *b)
{
	b->cycle = CYCLE_COMMAND;
	b->status |= SR_PROGRAM | SR_ERASE;
}

static void flash_start_program(struct cfi_flash *f, unsigned int bank)
{
	struct flash_bank *b = &f->banks[bank];
	uint32_t last = b->buf_off + b->buf_size - 1;

	b->cycle = CYCLE_COMMAND;
	if (bitmap_test(b->locked.bits, b->buf_off / FLASH_BLOCK) ||
	    bitmap_test(b->locked.bits, last / FLASH_BLOCK)) {
		flash_finish(b, SR_PROGRAM | SR_LOCKED);
		return;
	}
	if (flash_program(f, bank) == -ERR_NOMEM) {
		b->status &= ~(uint32_t)SR_READY;
		b->waits = true;
		work_queue(&f->work);
	}
}

static void flash_command(struct flash_bank *b, uint8_t cmd)
{
	b->mode = MODE_STATUS;
	switch (cmd) {
	case CMD_PROGRAM:
	case CMD_PROGRAM_ALT:
		b->cycle = CYCLE_PROGRAM;
		break;
	case CMD_ERASE:
		b->cycle = CYCLE_ERASE;
		break;
	case CMD_LOCK_SETUP:
		b->cycle = CYCLE_LOCK;
		break;
	case CMD_BUFFER:
		b->cycle = CYCLE_BUFFER_COUNT;
		break;
	case CMD_READ_STATUS:
	case CMD_SUSPEND: /* nothing takes long enough to suspend */
	case CMD_CONFIRM: /* resume */
		break;
	case CMD_CLEAR_STATUS:
		b->status = SR_READY;
		b->mode = MODE_ARRAY;
		break;
	case CMD_READ_ID:
		b->mode = MODE_ID;
		break;
	case CMD_QUERY:
		b->mode = MODE_QUERY;
		break;
	default: /* CMD_READ_ARRAY and unknown commands */
		b->mode = MODE_ARRAY;
		break;
	}
}

static void flash_buffer_count(struct flash_bank *b, uint32_t v)
{
	uint32_t cycles = (v & 0xffff) + 1;

	if (cycles > FLASH_BUFFER / FLASH_BUS) {
		flash_sequence_error(b);
		return;
	}
	memset(b->buf, 0xff, sizeof(b->buf));
	b->buf_size = 0;
	b->buf_cycles = cycles;
	b->buf_left = cycles;
	b->cycle = CYCLE_BUFFER_DATA;
}

/*
 * The first data cycle gives the address of the buffer, the others lie within
 * it. Cycles are counted whatever their width: U-Boot works although it takes
 * this flash to be 16 bits wide.
 */
static void flash_buffer_data(struct flash_bank *b, uint32_t off, uint32_t v,
			      unsigned int size)
{
	uint64_t at;

	if (b->buf_size == 0) {
		b->buf_off = off;
	}
	/* A huge number if `off` is before the buffer. */
	at = (uint64_t)off - b->buf_off;
	if (!arch_index_below(&at, b->buf_cycles * FLASH_BUS - size + 1)) {
		flash_sequence_error(b);
		return;
	}
	memcpy(b->buf + at, &v, size);
	b->buf_size = MAX(b->buf_size, (uint32_t)at + size);
	b->buf_left--;
	if (b->buf_left == 0) {
		b->cycle = CYCLE_BUFFER_CONFIRM;
	}
}

static void flash_lock_cycle(struct flash_bank *b, uint32_t off, uint8_t cmd)
{
	b->cycle = CYCLE_COMMAND;
	if (cmd != CMD_LOCK && cmd != CMD_CONFIRM) {
		flash_sequence_error(b);
		return;
	}
	if (cmd == CMD_LOCK) {
		bitmap_set(b->locked.bits, off / FLASH_BLOCK);
	} else {
		bitmap_clear(b->locked.bits, off / FLASH_BLOCK);
	}
}

static void flash_confirm(struct cfi_flash *f, unsigned int bank, uint32_t off,
			  uint8_t cmd)
{
	struct flash_bank *b = &f->banks[bank];
	bool erase = b->cycle == CYCLE_ERASE;

	if (cmd != CMD_CONFIRM) {
		flash_sequence_error(b);
		return;
	}
	b->cycle = CYCLE_COMMAND;
	if (erase) {
		flash_erase(f, bank, off);
	} else {
		flash_start_program(f, bank);
	}
}

/* One write cycle of at most the bus width, within one bus word or, where
 * the guest writes unaligned, two. */
static void flash_write(struct cfi_flash *f, unsigned int bank, uint32_t off,
			uint32_t v, unsigned int size)
{
	struct flash_bank *b = &f->banks[bank];

	if (b->waits) {
		return; /* busy: takes no commands */
	}
	switch (b->cycle) {
	case CYCLE_PROGRAM:
		memcpy(b->buf, &v, size);
		b->buf_off = off;
		b->buf_size = size;
		flash_start_program(f, bank);
		break;
	case CYCLE_BUFFER_COUNT:
		flash_buffer_count(b, v);
		break;
	case CYCLE_BUFFER_DATA:
		flash_buffer_data(b, off, v, size);
		break;
	case CYCLE_LOCK:
		flash_lock_cycle(b, off, (uint8_t)v);
		break;
	case CYCLE_ERASE:
	case CYCLE_BUFFER_CONFIRM:
		flash_confirm(f, bank, off, (uint8_t)v);
		break;
	default:
		flash_command(b, (uint8_t)v);
		break;
	}
}

/* --- reading ------------------------------------------------------------ */

/* JEP137B and 308551 appendix A: the query structure of one chip. */
static uint8_t flash_query(uint64_t bank_size, uint32_t at)
{
	static const uint8_t table[] = {
		[0x10] = 'Q',
		[0x11] = 'R',
		[0x12] = 'Y',
		[0x13] = 0x01, /* Intel extended command set */
		[0x15] = 0x31, /* address of its table */
		[0x1b] = 0x27,
		0x36, /* Vcc 2.7 V .. 3.6 V */
		[0x1f] = 8,
		8,
		10,
		0, /* typical 2^n us, us, ms, - */
		[0x23] = 12,
		12,
		4,
		0, /* at most 2^n times that: 1 s, */
		/* which leaves time for others */
		[0x28] = 0x01, /* x16 */
		[0x2a] = 10,   /* buffer of 2^n bytes */
		[0x2c] = 1,    /* one region of equal blocks, */
		[0x30] = 0x02, /* each 0x200 * 256 bytes */
		[0x31] = 'P',
		'R',
		'I',
		'1',
		'0',
		[0x36] = 0x20, /* individual block locking */
		[0x3b] = 0x01, /* block status has a lock bit */
		[0x3d] = 0x33, /* Vcc 3.3 V */
	};
	uint64_t chip = bank_size / FLASH_CHIPS;

	_Static_assert(FLASH_BUFFER == FLASH_CHIPS << 10, "query 0x2a");
	_Static_assert(FLASH_BLOCK == FLASH_CHIPS * 0x200 * 256, "query 0x2f");
	switch (at) {
	case 0x27: /* 2^n bytes */
		return (uint8_t)__builtin_ctzll(chip);
	case 0x2d: /* blocks less one */
		return (uint8_t)(bank_size / FLASH_BLOCK - 1);
	default:
		return at < sizeof(table) ? table[at] : 0;
	}
}

/*
 * The identifier at chip address `at`, relative to its block: 308551 table 17.
 */
static uint8_t flash_id(const struct flash_bank *b, uint32_t at)
{
	uint32_t words = FLASH_BLOCK / FLASH_BUS;

	switch (at % words) {
	case 0:
		return ID_INTEL;
	case 1:
		return ID_DEVICE;
	case 2:
		return bitmap_test(b->locked.bits, at / words);
	default:
		return 0;
	}
}

/* What both chips answer at `off` when they do not show their contents: one
 * byte, which each chip drives on its lower byte lane. */
static uint8_t flash_answer(const struct cfi_flash *f, unsigned int bank,
			    uint32_t off)
{
	const struct flash_bank *b = &f->banks[bank];
	uint32_t at = off / FLASH_BUS;

	if (off % FLASH_CHIPS != 0) {
		return 0;
	}
	switch (b->mode) {
	case MODE_ID:
		return flash_id(b, at);
	case MODE_QUERY:
		return flash_query(f->dev->cfg->regs[bank].size, at & 0xff);
	default:
		return (uint8_t)b->status;
	}
}

static uint64_t flash_read(const struct cfi_flash *f, unsigned int bank,
			   uint32_t off, unsigned int size)
{
	uint8_t buf[8] = { 0 };
	uint64_t v;

	if (f->banks[bank].mode == MODE_ARRAY) {
		flash_store_get(&f->store, bank, off, buf, size);
	} else {
		for (unsigned int i = 0; i < size; i++) {
			buf[i] = flash_answer(f, bank, off + i);
		}
	}
	memcpy(&v, buf, sizeof(v));
	return v;
}

static int flash_access(struct emu_device *dev, struct emu_access *a)
{
	struct cfi_flash *f = dev->state;
	uint32_t off = (uint32_t)a->off;
	unsigned int size = a->size;
	uint64_t v = a->value;

	spin_lock(&dev->lock);
	if (!a->write) {
		a->value = flash_read(f, a->region, off, size);
	}
	while (a->write && size > 0) {
		unsigned int part = MIN(size, (unsigned int)FLASH_BUS);

		flash_write(f, a->region, off, (uint32_t)v, part);
		v >>= 32;
		off += part;
		size -= part;
	}
	if (a->write) {
		flash_show(f, &f->banks[a->region]);
	}
	spin_unlock(&dev->lock);
	return 0;
}

/* --- life --------------------------------------------------------------- */

/* The contents stay, as in real flash; lock bits are volatile. */
static void flash_reset(struct emu_device *dev)
{
	struct cfi_flash *f = dev->state;
	unsigned long flags;

	work_cancel(&f->work);
	for (unsigned int i = 0; i < CONFIG_MAX_REGS; i++) {
		if (flash_is_stale(&f->banks[i])) {
			flash_fill_rom(f, i);
		}
	}
	flags = spin_lock_irqsave(&dev->lock);
	for (unsigned int i = 0; i < CONFIG_MAX_REGS; i++) {
		struct flash_bank *b = &f->banks[i];

		b->stale = (struct flash_blocks){ 0 };
		b->copying = false;
		b->locked = (struct flash_blocks){ 0 };
		b->mode = MODE_ARRAY;
		b->cycle = CYCLE_COMMAND;
		b->status = SR_READY;
		b->waits = false;
		flash_show(f, b);
	}
	spin_unlock_irqrestore(&dev->lock, flags);
}

static int flash_open_image(struct emu_device *dev, unsigned int bank)
{
	struct cfi_flash *f = dev->state;
	const char *path = emu_prop_str(dev, "image", (int)bank);
	struct vfs_stat st;
	int err;

	if (!path || path[0] == '\0') {
		return 0;
	}
	err = vfs_stat(path, &st);
	if (!err && (st.type != VFS_FILE || !st.data)) {
		err = -ERR_NOSUPP;
	}
	if (!err && st.size > dev->cfg->regs[bank].size) {
		err = -ERR_RANGE;
	}
	if (err) {
		log_err("%s: %s: image \"%s\": %s", dev->guest->cfg->name,
			dev->name, path, err_str(err));
		return err;
	}
	f->store.banks[bank].image = st.data;
	f->store.banks[bank].image_size = st.size;
	return 0;
}

/* The bank's first bytes as memory. Where that cannot be, reads trap. */
static int flash_map(struct emu_device *dev, unsigned int bank, uint64_t size)
{
	struct cfi_flash *f = dev->state;
	int err = guest_rom_init(dev->guest, &f->banks[bank].rom,
				 IPA(dev->cfg->regs[bank].base), size);

	if (!err) {
		flash_fill_rom(f, bank);
	}
	return err == -ERR_RANGE ? 0 : err;
}

/* Images; and where firmware is, as much of the other bank as can be changed,
 * for its variables: it reads them all, again and again. */
static int flash_map_banks(struct emu_device *dev)
{
	struct cfi_flash *f = dev->state;
	uint64_t image, all = 0;
	int err = 0;

	for (unsigned int i = 0; i < dev->cfg->nregs; i++) {
		all += f->store.banks[i].image_size;
	}
	for (unsigned int i = 0; i < dev->cfg->nregs && all && !err; i++) {
		image = f->store.banks[i].image_size;
		err = flash_map(dev, i,
				image ? image
				      : MIN(dev->cfg->regs[i].size,
					    FLASH_MODIFIED_MAX));
	}
	return err;
}

static int flash_init_bank(struct emu_device *dev, unsigned int bank)
{
	uint64_t size = dev->cfg->regs[bank].size;

	if (size < FLASH_BLOCK || size > FLASH_BANK_MAX || size & (size - 1)) {
		log_err("%s: %s: reg: a bank of 0x%llx bytes; allowed powers "
			"of two, 256 KiB to 64 MiB",
			dev->guest->cfg->name, dev->name,
			(unsigned long long)size);
		return -ERR_RANGE;
	}
	return flash_open_image(dev, bank);
}

static void flash_free_roms(struct emu_device *dev)
{
	struct cfi_flash *f = dev->state;

	for (unsigned int i = 0; i < CONFIG_MAX_REGS; i++) {
		guest_rom_fini(dev->guest, &f->banks[i].rom);
	}
}

static int flash_init(struct emu_device *dev)
{
	struct cfi_flash *f = dev->state;
	int err = 0;

	f->dev = dev;
	work_init(&f->work, &dev->guest->work, flash_work);
	for (unsigned int i = 0; i < dev->cfg->nregs && !err; i++) {
		err = flash_init_bank(dev, i);
	}
	if (!err) {
		err = flash_map_banks(dev);
	}
	if (err) {
		flash_free_roms(dev);
	}
	return err;
}

static void flash_fini(struct emu_device *dev)
{
	struct cfi_flash *f = dev->state;
	void *page;

	work_cancel(&f->work);
	flash_free_roms(dev);
	for (page = flash_store_take_back(&f->store); page;
	     page = flash_store_take_back(&f->store)) {
		heap_free(page);
	}
}

static const struct schema_prop flash_props[] = {
	{
		.name = "image",
		.type = SCHEMA_STRINGS,
		.min = 0,
		.max = 255,
		.otherwise = REFERENCE("zeros"),
		.doc = REFERENCE("Files with each bank's initial contents."),
	},
	{
		.name = "bank-width",
		.type = SCHEMA_U32,
		.min = FLASH_BUS,
		.max = FLASH_BUS,
		.otherwise = REFERENCE("4"),
		.doc = REFERENCE(
			"Bytes of the bus: two x16 chips side by side."),
	},
	{ .name = NULL },
};

static const char *const flash_compatible[] = { "cfi-flash", NULL };

static const struct emu_os_prop flash_os_props[] = {
	{ .name = "bank-width", .cell = FLASH_BUS },
	{ .name = NULL },
};

static const struct emulator flash_emulator = {
	.name = "cfi-flash",
	.compatible = flash_compatible,
	.state_size = sizeof(struct cfi_flash),
	.unaligned = true,
	.init = flash_init,
	.fini = flash_fini,
	.reset = flash_reset,
	.access = flash_access,
	.props = flash_props,
	.min_size = FLASH_BLOCK,
	.rom_files = "image",
	.os_props = flash_os_props,
};
EMULATOR(flash_emulator);
