/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The abort handlers with one device, RAM of three pages and another region. */
#ifndef TESTS_ABORT_FAKE_H
#define TESTS_ABORT_FAKE_H

#define DEVICE UINT64_C(0x9000000)
#define RAM UINT64_C(0x40000000)

static struct guest_config cfg;
static struct guest guest;
static struct vcpu vcpu;
static struct guest_regs regs;
static uint8_t device[256];
static uint32_t ram[3 * 1024];
static int device_access(struct emu_device *dev, struct emu_access *a);
static struct emulator emulator;
static struct emu_device the_device = { .emu = &emulator };
static struct emu_region region = {
	.base = { DEVICE },
	.size = 256,
	.dev = &the_device,
	.access = device_access,
};
static struct emu_region other_region; /* at no address by default */
static unsigned int accesses, finds, last_size;
static uint64_t last_value;
static bool stale, stale_read_only;

/* --- what is called ----------------------------------------------------- */

static bool busy;

static int device_access(struct emu_device *dev, struct emu_access *a)
{
	(void)dev;
	accesses++;
	last_size = a->size;
	last_value = a->value;
	if (busy) {
		return -ERR_BUSY;
	}
	if (a->write) {
		memcpy(device + a->off, &a->value, a->size);
	} else {
		/* The emulator may leave anything in the bits above the
		 * size. */
		a->value = UINT64_MAX;
		memcpy(&a->value, device + a->off, a->size);
	}
	return 0;
}

const struct emu_region *emu_find(const struct emu_map *map, ipa_t ipa)
{
	(void)map;
	finds++;
	if (emu_region_holds(&other_region, ipa)) {
		return &other_region;
	}
	return emu_region_holds(&region, ipa) ? &region : NULL;
}

int emu_access_region(const struct emu_region *r, ipa_t ipa, unsigned int size,
		      bool write, uint64_t *value)
{
	struct emu_access a = {
		.off = ipa.v - r->base.v,
		.size = (uint8_t)size,
		.write = write,
		.value = *value,
	};
	int err;

	if (a.off + size > r->size || (a.off % size && !emulator.unaligned)) {
		return -ERR_FAULT;
	}
	err = r->access(r->dev, &a);
	*value = size == 8 ? a.value : a.value & (BIT(8 * size) - 1);
	return err;
}

int guest_read(struct guest *g, ipa_t ipa, void *buf, size_t n)
{
	(void)g;
	if (ipa.v < RAM || ipa.v + n > RAM + sizeof(ram)) {
		return -ERR_FAULT;
	}
	memcpy(buf, (uint8_t *)ram + (ipa.v - RAM), n);
	return 0;
}

bool stage2_fault_is_stale(struct stage2 *s2, ipa_t ipa, bool write, bool exec)
{
	(void)s2;
	(void)ipa;
	(void)exec;
	return stale && !(write && stale_read_only);
}

static struct {
	unsigned int count;
	bool insn;
	uint64_t iss, far;
} injected;

void inject_abort(struct vcpu *v, bool insn, uint64_t iss, uint64_t far)
{
	(void)v;
	injected.count++;
	injected.insn = insn;
	injected.iss = iss;
	injected.far = far;
}

void inject_insn_abort(struct vcpu *v, uint64_t far)
{
	inject_abort(v, true, FSC_SEA, far);
}

static unsigned int fp_puts;

struct fp_state *fp_image_get(struct vcpu *v)
{
	return &v->arch.fp;
}

void fp_image_put(struct vcpu *v)
{
	(void)v;
	fp_puts++;
}

/* --- helpers ------------------------------------------------------------ */

/* The sizes, as bits 1 << log2, whose aligned accesses take the fast path. */
static void set_plain(unsigned int sizes)
{
	for (unsigned int log2 = 0; log2 < 4; log2++) {
		region.plain_size[log2] = (uint8_t)(1 << log2);
		region.plain_mask[log2] = sizes >> log2 & 1
						  ? (uint8_t)((1 << log2) - 1)
						  : EMU_NOT_PLAIN;
	}
}

static int setup(void **state)
{
	(void)state;
	mock_sysregs_clear();
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&regs, 0, sizeof(regs));
	memset(&injected, 0, sizeof(injected));
	guest.cfg = &cfg;
	vcpu.guest = &guest;
	vcpu.arch.regs = &regs;
	regs.vcpu = &vcpu;
	regs.spsr = PSR_EL1H;
	regs.elr = RAM;
	for (unsigned int i = 0; i < sizeof(device); i++) {
		device[i] = (uint8_t)(0x80 + i);
	}
	other_region = (struct emu_region){ .size = 0 };
	accesses = 0;
	finds = 0;
	fp_puts = 0;
	stale = false;
	stale_read_only = false;
	region.base = IPA(DEVICE);
	emulator.unaligned = false;
	memset(ram, 0, sizeof(ram));
	busy = false;
	/* Nothing has been accessed yet, so the slow path is taken. */
	vcpu.arch.region = &abort_no_region;
	vcpu.arch.region_before = &abort_no_region;
	set_plain(0);
	return 0;
}

static void take_kind(unsigned int kind, uint64_t iss, uint64_t va)
{
	write_sysreg(va, far_el2);
	write_sysreg((va & ~PAGE_MASK) >> 8, hpfar_el2);
	trap_data_abort(&vcpu, &regs, UINT64_C(0x92000000) | iss | kind | 3);
}

static void take(uint64_t iss, uint64_t va)
{
	take_kind(FSC_KIND_TRANSLATION, iss, va);
}

/* Memory is mapped but does not allow the access: HPFAR_EL2 holds an unrelated
 * value. */
static void take_denied(uint64_t iss, uint64_t va)
{
	write_sysreg(va, far_el2);
	write_sysreg(0x12340, hpfar_el2);
	trap_data_abort(&vcpu, &regs,
			UINT64_C(0x92000000) | iss | FSC_KIND_PERMISSION | 3);
}

/* A described access of x`rt`. */
static uint64_t iss(unsigned int log_size, unsigned int rt, bool sign, bool sf,
		    bool write)
{
	return ESR_ISV | (uint64_t)log_size << 22 | (uint64_t)rt << 16 |
	       (sign ? ESR_SSE : 0) | (sf ? ESR_SF : 0) | (write ? ESR_WNR : 0);
}

static void assert_done(void)
{
	assert_int_equal(injected.count, 0);
	assert_int_equal(regs.elr, RAM + 4);
	regs.elr = RAM;
}

static void assert_aborted(uint64_t far, bool write)
{
	assert_int_equal(injected.count, 1);
	assert_false(injected.insn);
	assert_int_equal(injected.iss, FSC_SEA | (write ? ESR_WNR : 0));
	assert_true(injected.far == far);
	assert_int_equal(regs.elr, RAM);
	injected.count = 0;
}

/* The instruction at PC, which accesses va. */
static void run(uint32_t insn, uint64_t va, bool write)
{
	ram[0] = insn;
	take(write ? ESR_WNR : 0, va);
}

#endif
