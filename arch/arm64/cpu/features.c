/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUs' features. Each CPU reads its ID registers once; the hypervisor
 * relies on, and guests are told of, the features that all CPUs have. The
 * values for guests are recalculated whenever a CPU joins, which is before any
 * guest exists.
 */
#include <arch/cpu.h>
#include <arch_impl/features.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <stdio.h>
#include <string.h>

#include "arch/arm64/vcpu/idreg.h"
#include "mpam.h"

struct cpu_features cpu_features;

static struct spinlock lock = SPINLOCK_INIT(LOCK_DRIVER);
static uint64_t common[IDREG_COUNT];
uint64_t features_guest_idregs[IDREG_COUNT];
static uint64_t common_ctr;
static bool any_cpu;

#define READ_ID(out, crm, op2) \
	((out)[IDREG_SLOT(crm, op2)] = read_sysreg(s3_0_c0_c##crm##_##op2))

/* Registers that are not allocated read as zero. */
static void read_ids(uint64_t out[IDREG_COUNT])
{
	memset(out, 0, IDREG_COUNT * sizeof(out[0]));
	READ_ID(out, 1, 0);
	READ_ID(out, 1, 1);
	READ_ID(out, 1, 2);
	READ_ID(out, 1, 4);
	READ_ID(out, 1, 5);
	READ_ID(out, 1, 6);
	READ_ID(out, 1, 7);
	READ_ID(out, 2, 0);
	READ_ID(out, 2, 1);
	READ_ID(out, 2, 2);
	READ_ID(out, 2, 3);
	READ_ID(out, 2, 4);
	READ_ID(out, 2, 5);
	READ_ID(out, 2, 6);
	READ_ID(out, 2, 7);
	READ_ID(out, 3, 0);
	READ_ID(out, 3, 1);
	READ_ID(out, 3, 2);
	READ_ID(out, 3, 4);
	READ_ID(out, 3, 6);
	READ_ID(out, 4, 0);
	READ_ID(out, 4, 1);
	READ_ID(out, 5, 0);
	READ_ID(out, 6, 0);
	READ_ID(out, 6, 1);
	READ_ID(out, 6, 2);
	READ_ID(out, 7, 0);
	READ_ID(out, 7, 1);
	READ_ID(out, 7, 2);
}

static unsigned int field(unsigned int slot, unsigned int shift)
{
	return (unsigned int)(common[slot] >> shift & 0xf);
}

static uint8_t pa_bits(void)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52 };
	unsigned int range = field(ID_AA64MMFR0, 0);

	return range < ARRAY_SIZE(bits) ? bits[range] : 52;
}

static bool has_pauth(void)
{
	return field(ID_AA64ISAR1, 4) || field(ID_AA64ISAR1, 8) ||
	       field(ID_AA64ISAR2, 12);
}

static void derive(struct cpu_features *f)
{
	f->fp = field(ID_AA64PFR0, 16) != 0xf;
	f->sve = field(ID_AA64PFR0, 32) != 0;
	f->sme = field(ID_AA64PFR1, 24) != 0;
	f->mte = field(ID_AA64PFR1, 8) >= 2;
	f->pauth = has_pauth();
	f->bti = field(ID_AA64PFR1, 0) != 0;
	f->ssbs = field(ID_AA64PFR1, 4) != 0;
	f->csv2_2 = field(ID_AA64PFR0, 56) >= 2;
	f->ras = field(ID_AA64PFR0, 28) != 0;
	f->rng = field(ID_AA64ISAR0, 60) != 0;
	f->pan = field(ID_AA64MMFR1, 20) != 0;
	f->vhe = field(ID_AA64MMFR1, 8) != 0;
	f->lor = field(ID_AA64MMFR1, 16) != 0;
	f->uao = field(ID_AA64MMFR2, 4) != 0;
	f->dit = field(ID_AA64PFR0, 48) != 0;
	f->lse = field(ID_AA64ISAR0, 20) >= 2;
	f->wfxt = field(ID_AA64ISAR2, 0) != 0;
	f->vmid16 = field(ID_AA64MMFR1, 4) == 2;
	f->fgt = field(ID_AA64MMFR0, 56) != 0;
	f->hcx = field(ID_AA64MMFR1, 40) != 0;
	f->ecv = field(ID_AA64MMFR0, 60) != 0;
	f->evt = field(ID_AA64MMFR2, 56) != 0;
	f->fwb = field(ID_AA64MMFR2, 40) != 0;
	if (IS_ENABLED(CONFIG_CACHE_PORTIONS)) {
		f->mpam = mpam_implemented(common[ID_AA64PFR0],
					   common[ID_AA64PFR1]);
	}
	f->amu = field(ID_AA64PFR0, 44) != 0;
	f->spe = field(ID_AA64DFR0, 32) != 0;
	f->trf = field(ID_AA64DFR0, 40) != 0;
	f->trbe = field(ID_AA64DFR0, 44) != 0;
	f->pmu = field(ID_AA64DFR0, 8) != 0 && field(ID_AA64DFR0, 8) != 0xf;
	f->pmu_version = (uint8_t)(f->pmu ? field(ID_AA64DFR0, 8) : 0);
	f->more_regs = f->pauth || f->csv2_2 || f->ras || f->sme ||
		       f->aux_regs ||
		       (IS_ENABLED(CONFIG_CACHE_PORTIONS) && f->mpam);
	f->aa32_el0 = field(ID_AA64PFR0, 0) == 2;
	f->pa_bits = pa_bits();
	f->brps = (uint8_t)(field(ID_AA64DFR0, 12) + 1);
	f->wrps = (uint8_t)(field(ID_AA64DFR0, 20) + 1);
}

/* Is any bit of them other than RES0 (Arm ARM D17.2.2, D17.2.4)? No guest has
 * run here. Where size counts, they are switched without asking. */
static bool has_aux_regs(void)
{
	uint64_t bits;

	if (IS_ENABLED(CONFIG_OPTIMIZE_SIZE)) {
		return true;
	}
	write_sysreg(UINT64_MAX, amair_el1);
	write_sysreg(UINT64_MAX, afsr0_el1);
	write_sysreg(UINT64_MAX, afsr1_el1);
	bits = read_sysreg(amair_el1);
	bits |= read_sysreg(afsr0_el1);
	bits |= read_sysreg(afsr1_el1);
	write_sysreg(0, amair_el1);
	write_sysreg(0, afsr0_el1);
	write_sysreg(0, afsr1_el1);
	return bits != 0;
}

void features_cpu_init(void)
{
	uint64_t ids[IDREG_COUNT];
	uint64_t ctr = read_sysreg(ctr_el0);

	read_ids(ids);
	spin_lock(&lock);
	if (!any_cpu) {
		memcpy(common, ids, sizeof(common));
		common_ctr = ctr;
		any_cpu = true;
	}
	/* Merged with itself, which drops fields that no rule names. */
	idreg_merge(common, ids);
	idreg_sanitize(common, features_guest_idregs);
	if (ctr != common_ctr) {
		cpu_features.ctr_differs = true;
		common_ctr = idreg_merge_ctr(common_ctr, ctr);
	}
	if (has_aux_regs()) {
		cpu_features.aux_regs = true;
	}
	derive(&cpu_features);
	spin_unlock(&lock);
}

uint64_t features_ctr(void)
{
	return common_ctr;
}

bool arch_random64(uint64_t *out)
{
	bool ok;

	if (!cpu_features.rng) {
		return false;
	}
	/* RNDR; Z is set when it had no number in time. */
	__asm__ volatile("mrs %0, s3_3_c2_c4_0\n\tcset %w1, ne"
			 : "=r"(*out), "=r"(ok)
			 :
			 : "cc");
	return ok;
}

struct model {
	uint32_t id; /* MIDR implementer << 12 | part number */
	const char *name;
};

static const struct model models[] = {
	{ 0x41d03, "Cortex-A53" },  { 0x41d04, "Cortex-A35" },
	{ 0x41d05, "Cortex-A55" },  { 0x41d07, "Cortex-A57" },
	{ 0x41d08, "Cortex-A72" },  { 0x41d09, "Cortex-A73" },
	{ 0x41d0a, "Cortex-A75" },  { 0x41d0b, "Cortex-A76" },
	{ 0x41d0c, "Neoverse-N1" }, { 0x41d40, "Neoverse-V1" },
	{ 0x41d46, "Cortex-A510" }, { 0x41d47, "Cortex-A710" },
	{ 0x41d49, "Neoverse-N2" }, { 0x46001, "A64FX" },
};

static const char *model_name(uint64_t midr)
{
	uint32_t id =
		(uint32_t)(FIELD(midr, 31, 24) << 12 | FIELD(midr, 15, 4));

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		if (models[i].id == id) {
			return models[i].name;
		}
	}
	return "ARMv8 CPU";
}

struct text {
	char *buf;
	size_t size, len;
};

static void append(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (t->len + n + 2 <= t->size) {
		t->buf[t->len++] = ' ';
		memcpy(t->buf + t->len, s, n + 1);
		t->len += n;
	}
}

void arch_cpu_describe(unsigned int cpu, char *buf, size_t size)
{
	const struct cpu_features *f = &cpu_features;
	const struct {
		bool has;
		const char *name;
	} list[] = {
		{ f->aa32_el0, "aarch32" }, { f->lse, "lse" },
		{ f->pan, "pan" },          { f->vhe, "vhe" },
		{ f->ras, "ras" },          { f->pauth, "pauth" },
		{ f->bti, "bti" },          { f->sve, "sve" },
		{ f->sme, "sme" },          { f->mte, "mte" },
		{ f->rng, "rng" },          { f->wfxt, "wfxt" },
		{ f->fgt, "fgt" },          { f->hcx, "hcx" },
		{ f->ecv, "ecv" },          { f->vmid16, "vmid16" },
		{ f->pmu, "pmu" },          { f->spe, "spe" },
	};
	uint64_t midr = percpu_table[cpu]->arch.midr;
	struct text t = { buf, size, 0 };
	int n = snprintf(buf, size, "%s r%up%u, %u-bit PA,", model_name(midr),
			 (unsigned int)FIELD(midr, 23, 20),
			 (unsigned int)FIELD(midr, 3, 0), f->pa_bits);

	t.len = MIN((size_t)n, size ? size - 1 : 0);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		if (list[i].has) {
			append(&t, list[i].name);
		}
	}
}
