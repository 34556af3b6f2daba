/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine on which the virtual GIC's pure part runs: host CPUs with list
 * registers and a virtual CPU interface by IHI0048 chapter 5 and IHI0069
 * chapter 4, VCPUs without a scheduler, and a timer per VCPU. The including
 * file provides model_fail().
 */
#ifndef TESTS_VGIC_MODEL_H
#define TESTS_VGIC_MODEL_H

#include <arch/cpu.h>
#include <arch_impl/host.h>
#include <arch_impl/vgic.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arm64/vgic/lr_v2.h"
#include "arch/arm64/vgic/lr_v3.h"
#include "arch/arm64/vgic/vgic_priv.h"

#define MODEL_CPUS 4
#define MODEL_TIMER_PPI 27

static void model_fail(const char *what);

struct vgic_host vgic_host;

struct model_cpu {
	uint64_t lr[VGIC_MAX_LRS];
	uint64_t vmcr, hcr;
	uint32_t apr[8];
	struct vgic_cpu *loaded;
	bool phys_active; /* host interrupt MODEL_TIMER_PPI */
	unsigned int lr_writes;
};

static struct {
	struct model_cpu cpu[MODEL_CPUS];
	unsigned int here; /* the CPU that executes */
	struct vgic *vg;
	struct vgic_cpu *vc[VGIC_MAX_VCPUS];
	bool kicked[VGIC_MAX_VCPUS];
	bool timer[VGIC_MAX_VCPUS]; /* the guest's timer is asserted */
	unsigned int wakes, syncs, deactivations, activations;
	void (*before_sync)(void); /* called before another CPU does */
	bool unruly;               /* the guest ends interrupts at random */
	bool grp0_wrong;           /* VGrp0D looks at group 1, as in QEMU 7.2 */
	unsigned int burst,
		longest; /* the most wakes between two preemption points */
} m;

/* Static, so that a failed test leaves nothing behind. */
static struct {
	struct vgic vg;
	struct vgic_cpu *cpus[VGIC_MAX_VCPUS];
	struct vgic_cpu vc[VGIC_MAX_VCPUS];
	struct virq privs[VGIC_MAX_VCPUS][VGIC_NR_PRIVATE];
	struct virq spis[VGIC_SPI_BANKS * 32];
	struct vcpu vcpu[VGIC_MAX_VCPUS];
} mem;

/* Continue as host CPU `cpu`. */
static void model_be(unsigned int cpu)
{
	m.here = cpu;
	host_set_cpu(cpu);
	arch_irq_disable();
}

static struct model_cpu *model_here(void)
{
	return &m.cpu[m.here];
}

/* ---- what the vGIC asks of the hardware ---- */

static uint64_t model_read_lr(unsigned int n)
{
	return model_here()->lr[n];
}

static void model_write_lr(unsigned int n, uint64_t val)
{
	if (n >= vgic_host.nr_lrs) {
		model_fail("list register out of range");
	}
	model_here()->lr[n] = val;
	model_here()->lr_writes++;
}

static uint32_t model_read_elrsr(void)
{
	uint32_t bits = 0;

	for (unsigned int n = 0; n < vgic_host.nr_lrs; n++) {
		struct vlr lr = vgic_lr_ops->decode(model_here()->lr[n]);

		bits |= (uint32_t)(!lr.state && (lr.hw || !lr.eoi)) << n;
	}
	return bits;
}

static uint64_t model_read_vmcr(void)
{
	return model_here()->vmcr;
}

static void model_write_vmcr(uint64_t val)
{
	model_here()->vmcr = val;
}

static uint64_t model_read_hcr(void)
{
	return model_here()->hcr;
}

static void model_write_hcr(uint64_t val)
{
	model_here()->hcr = val;
}

static void model_read_apr(uint32_t *apr)
{
	unsigned int n = vgic_host.version == 3 ? 2 : 1;

	memcpy(apr, model_here()->apr, n * sizeof(*apr));
}

static void model_write_apr(const uint32_t *apr)
{
	unsigned int n = vgic_host.version == 3 ? 2 : 1;

	memcpy(model_here()->apr, apr, n * sizeof(*apr));
}

static void model_cpuif_save(struct vgic_cpu *vc)
{
	struct model_cpu *c = model_here();

	for (unsigned int n = 0; n < vgic_host.nr_lrs; n++) {
		if (vc->lr_used & (1U << n)) {
			vc->lr[n] = c->lr[n];
			c->lr[n] = 0;
		}
	}
	vc->vmcr = c->vmcr;
	model_read_apr(vc->apr);
	c->hcr = 0;
}

static void model_cpuif_load(const struct vgic_cpu *vc)
{
	struct model_cpu *c = model_here();

	for (unsigned int n = 0; n < vgic_host.nr_lrs; n++) {
		if (vc->lr_used & (1U << n)) {
			model_write_lr(n, vc->lr[n]);
		}
	}
	c->vmcr = vc->vmcr;
	model_write_apr(vc->apr);
	c->hcr = vc->hcr;
}

static const struct vgic_lr_ops model_ops_v2 = {
	.at = LR_V2_FORMAT,
	.encode = lr_v2_encode,
	.decode = lr_v2_decode,
	.read_lr = model_read_lr,
	.write_lr = model_write_lr,
	.read_elrsr = model_read_elrsr,
	.read_vmcr = model_read_vmcr,
	.write_vmcr = model_write_vmcr,
	.read_hcr = model_read_hcr,
	.write_hcr = model_write_hcr,
	.read_apr = model_read_apr,
	.write_apr = model_write_apr,
	.save = model_cpuif_save,
	.load = model_cpuif_load,
};

static const struct vgic_lr_ops model_ops_v3 = {
	.at = LR_V3_FORMAT,
	.encode = lr_v3_encode,
	.decode = lr_v3_decode,
	.read_lr = model_read_lr,
	.write_lr = model_write_lr,
	.read_elrsr = model_read_elrsr,
	.read_vmcr = model_read_vmcr,
	.write_vmcr = model_write_vmcr,
	.read_hcr = model_read_hcr,
	.write_hcr = model_write_hcr,
	.read_apr = model_read_apr,
	.write_apr = model_write_apr,
	.save = model_cpuif_save,
	.load = model_cpuif_load,
};

static void model_deactivate(unsigned int hwintid)
{
	if (hwintid != MODEL_TIMER_PPI || !model_here()->phys_active) {
		model_fail("deactivated what is not active here");
	}
	model_here()->phys_active = false;
	m.deactivations++;
}

static __unused void model_activate(unsigned int hwintid)
{
	if (hwintid != MODEL_TIMER_PPI) {
		model_fail("activated an unknown interrupt");
	}
	model_here()->phys_active = true;
	m.activations++;
}

void vgic_wake_vcpu(struct vgic_cpu *vc)
{
	m.kicked[vc->index] = true;
	m.wakes++;
	m.burst++;
	m.longest = MAX(m.longest, m.burst);
}

void vgic_preempt_point(void)
{
	bool held = m.vg->lock.next != m.vg->lock.serving;

	for (unsigned int i = 0; i < m.vg->ncpus; i++) {
		held |= m.vc[i]->lock.next != m.vc[i]->lock.serving;
	}
	if (held) {
		model_fail("interrupts open with a lock held");
	}
	m.burst = 0;
}

void vgic_sync_vcpu(struct vgic_cpu *vc)
{
	unsigned int here = m.here;

	m.syncs++;
	if (m.before_sync) {
		m.before_sync();
	}
	if (vc->loaded_on) {
		model_be(vc->loaded_on->id);
	}
	vgic_cpuif_flush(vc);
	model_be(here);
}

/* ---- life cycle ---- */

static void model_init(unsigned int version, unsigned int vcpus,
		       unsigned int nspis, unsigned int lrs)
{
	memset(&m, 0, sizeof(m));
	model_be(0);
	vgic_host = (struct vgic_host){
		.version = (uint8_t)version,
		.nr_lrs = (uint8_t)lrs,
		.nr_apr = 1,
		.nr_pri_bits = 5,
		.has_tdir = version == 3,
		.deactivate = model_deactivate,
	};
	vgic_lr_ops = version == 3 ? &model_ops_v3 : &model_ops_v2;
	memset(&mem, 0, sizeof(mem));
	m.vg = &mem.vg;
	m.vg->cpus = mem.cpus;
	m.vg->spis = mem.spis;
	m.vg->model = (uint8_t)version;
	m.vg->ncpus = vcpus;
	m.vg->nspis = nspis;
	spin_init(&m.vg->lock, LOCK_VIRQ);
	for (unsigned int i = 0; i < vcpus; i++) {
		m.vc[i] = &mem.vc[i];
		m.vc[i]->private_irqs = mem.privs[i];
		m.vc[i]->vcpu = &mem.vcpu[i];
		mem.vcpu[i].index = i;
		spin_init(&m.vc[i]->lock, LOCK_VIRQ_VCPU);
		vgic_cpu_join(m.vg, m.vc[i], i);
	}
	vgic_reset_state(m.vg);
}

static void model_fini(void)
{
	for (unsigned int i = 0; i < MODEL_CPUS; i++) {
		host_set_cpu(i);
		arch_irq_enable();
	}
	host_set_cpu(0);
}

static struct vlr model_lr(const struct model_cpu *c, unsigned int n)
{
	return vgic_lr_ops->decode(c->lr[n]);
}

/* ---- the virtual CPU interface ---- */

static unsigned int model_mask(bool group1, uint64_t vmcr)
{
	unsigned int bpr = VMCR_BPR0(vmcr);

	if (group1 && !(vmcr & VMCR_CBPR)) {
		bpr = VMCR_BPR1(vmcr) ? VMCR_BPR1(vmcr) - 1 : 0;
	}
	return 0xffU << (bpr + 1) & 0xff;
}

static unsigned int model_running(const struct model_cpu *c)
{
	uint32_t apr = c->apr[0] | c->apr[1];

	return apr ? (unsigned int)__builtin_ctz(apr) << 3 : 256;
}

/* The list register that the next acknowledge takes; -1: spurious. */
static int model_best(const struct model_cpu *c)
{
	unsigned int best = 256;
	int found = -1;

	for (unsigned int n = 0; n < vgic_host.nr_lrs; n++) {
		struct vlr lr = model_lr(c, n);

		if (lr.state != LR_PENDING || lr.prio >= best ||
		    !(c->vmcr & (lr.group1 ? VMCR_GRP1 : VMCR_GRP0))) {
			continue;
		}
		best = lr.prio;
		found = (int)n;
	}
	if (found >= 0) {
		bool group1 = model_lr(c, (unsigned int)found).group1;

		if (best >= VMCR_PMR(c->vmcr) ||
		    (best & model_mask(group1, c->vmcr)) >= model_running(c)) {
			return -1;
		}
	}
	return found;
}

/* Read IAR: INTID, with the SGI's CPU in bits 12..10; 1023: spurious. */
static __unused unsigned int model_ack(unsigned int cpu)
{
	struct model_cpu *c = &m.cpu[cpu];
	int n = model_best(c);
	struct vlr lr;
	unsigned int bit;

	if (n < 0 || !(c->hcr & HCR_EN)) {
		return 1023;
	}
	lr = model_lr(c, (unsigned int)n);
	lr.state = LR_ACTIVE;
	c->lr[n] = vgic_lr_ops->encode(&lr);
	bit = (lr.prio & model_mask(lr.group1, c->vmcr)) >> 3;
	c->apr[vgic_host.version == 3 && lr.group1] |= 1U << bit;
	return lr.intid | (unsigned int)lr.source << 10;
}

/* End the highest active priority; returns its bit. */
static unsigned int model_drop(struct model_cpu *c)
{
	uint32_t *apr = &c->apr[0];
	unsigned int bit;

	if (!(c->apr[0] | c->apr[1])) {
		return 32;
	}
	if (!c->apr[0] || (c->apr[1] && __builtin_ctz(c->apr[1]) <
						__builtin_ctz(c->apr[0]))) {
		apr = &c->apr[1];
	}
	bit = (unsigned int)__builtin_ctz(*apr);
	*apr &= *apr - 1;
	return bit;
}

static void model_end(struct model_cpu *c, unsigned int iar)
{
	for (unsigned int n = 0; n < vgic_host.nr_lrs; n++) {
		struct vlr lr = model_lr(c, n);

		if (!(lr.state & LR_ACTIVE) || lr.intid != (iar & 0x3ff) ||
		    lr.source != iar >> 10) {
			continue;
		}
		lr.state &= (uint8_t)~LR_ACTIVE;
		if (lr.hw) {
			if (!c->phys_active) {
				model_fail("HW end of an inactive interrupt");
			}
			c->phys_active = false;
		}
		c->lr[n] = vgic_lr_ops->encode(&lr);
		return;
	}
	if (HCR_EOICOUNT(c->hcr) < 31) {
		c->hcr += UINT64_C(1) << 27;
	}
}

static __unused void model_eoi(unsigned int cpu, unsigned int iar)
{
	struct model_cpu *c = &m.cpu[cpu];
	unsigned int bit = model_drop(c);

	if (c->vmcr & VMCR_EOIM) {
		return;
	}
	/* The interrupt must have the priority that is dropped. */
	for (unsigned int n = 0; n < vgic_host.nr_lrs && !m.unruly; n++) {
		struct vlr lr = model_lr(c, n);

		if ((lr.state & LR_ACTIVE) && lr.intid == (iar & 0x3ff) &&
		    (lr.prio & model_mask(lr.group1, c->vmcr)) >> 3 != bit) {
			model_fail("active with another priority");
		}
	}
	model_end(c, iar);
}

/* Is the maintenance interrupt asserted? */
static bool model_maintenance(const struct model_cpu *c)
{
	uint64_t vmcr = c->vmcr;
	bool pending = false;

	for (unsigned int n = 0; n < vgic_host.nr_lrs; n++) {
		struct vlr lr = model_lr(c, n);

		if (lr.hw && lr.state == (LR_PENDING | LR_ACTIVE)) {
			model_fail("pending and active with the HW bit");
		}
		if (!lr.state && !lr.hw && lr.eoi) {
			return true;
		}
		pending |= lr.state == LR_PENDING;
	}
	return ((c->hcr & HCR_NPIE) && !pending) ||
	       ((c->hcr & HCR_LRENPIE) && HCR_EOICOUNT(c->hcr)) ||
	       ((c->hcr & HCR_GRP0_EIE) && (vmcr & VMCR_GRP0)) ||
	       ((c->hcr & HCR_GRP0_DIE) &&
		!(vmcr & (m.grp0_wrong ? VMCR_GRP1 : VMCR_GRP0))) ||
	       ((c->hcr & HCR_GRP1_EIE) && (vmcr & VMCR_GRP1)) ||
	       ((c->hcr & HCR_GRP1_DIE) && !(vmcr & VMCR_GRP1));
}

/* ---- the hypervisor around it ---- */

static bool model_timer_fires(const struct model_cpu *c)
{
	return m.timer[c->loaded->index] && !c->phys_active;
}

/* Trap and enter again until the guest runs without another trap. */
static void model_enter(unsigned int cpu)
{
	struct model_cpu *c = &m.cpu[cpu];
	unsigned int rounds = 0;

	if (!c->loaded) {
		return;
	}
	model_be(cpu);
	while (model_timer_fires(c) || model_maintenance(c) ||
	       c->loaded->flush) {
		if (model_timer_fires(c)) {
			c->phys_active = true;
			vgic_cpuif_inject_hw(c->loaded, MODEL_TIMER_PPI,
					     MODEL_TIMER_PPI);
		}
		if (c->loaded->flush) {
			vgic_cpuif_flush(c->loaded);
		}
		if (model_maintenance(c)) {
			(void)vgic_cpuif_maintenance_irq(c->loaded);
		}
		if (rounds++ > 8) {
			model_fail("interrupts without end");
		}
	}
	m.kicked[c->loaded->index] = false;
}

static void model_enter_all(void)
{
	unsigned int here = m.here;

	/* Twice: a CPU may have found something for an earlier one. */
	for (unsigned int i = 0; i < 2 * MODEL_CPUS; i++) {
		model_enter(i % MODEL_CPUS);
	}
	model_be(here);
}

static void model_load(unsigned int cpu, unsigned int vcpu)
{
	model_be(cpu);
	vgic_cpuif_restore(m.vc[vcpu]);
	m.cpu[cpu].loaded = m.vc[vcpu];
	model_enter(cpu);
}

static __unused void model_unload(unsigned int cpu)
{
	struct model_cpu *c = &m.cpu[cpu];
	struct vgic_cpu *vc = c->loaded;

	model_be(cpu);
	c->loaded = NULL;
	vgic_cpuif_save(vc);
	if (c->phys_active) {
		model_fail("a host interrupt left active");
	}
	for (unsigned int n = 0; n < vgic_host.nr_lrs; n++) {
		if (c->lr[n]) {
			model_fail("a list register left behind");
		}
	}
	/* As the software timer does. */
	vgic_line_private(vc, MODEL_TIMER_PPI, m.timer[vc->index]);
}

/* An access by VCPU `vcpu`, which is loaded. Region 0 is GICD, 1 GICR. */
static uint64_t model_access(unsigned int vcpu, unsigned int region,
			     uint64_t off, unsigned int size, bool write,
			     uint64_t val)
{
	struct emu_access a = {
		.off = off,
		.value = write ? val : 0,
		.size = (uint8_t)size,
		.write = write,
	};
	struct emu_device dev = { .state = m.vg };
	struct vgic_cpu *vc = m.vc[vcpu];
	int err;

	if (vc->loaded_on) {
		model_be(vc->loaded_on->id);
	}
	this_cpu()->current = vc->vcpu;
	if (m.vg->model == 3) {
		err = region ? vgicv3_access_redist(&dev, &a)
			     : vgicv3_access_dist(&dev, &a);
	} else {
		err = region ? vgicv2_access_gicc(&dev, &a)
			     : vgicv2_access_dist(&dev, &a);
	}
	this_cpu()->current = NULL;
	if (err) {
		model_fail("an access was refused");
	}
	/* As emu_access_region() does. */
	return size < 8 ? a.value & (BIT(8 * size) - 1) : a.value;
}

static __unused void model_dir(unsigned int cpu, unsigned int iar)
{
	struct model_cpu *c = &m.cpu[cpu];

	if (!(c->vmcr & VMCR_EOIM)) {
		return;
	}
	if (c->hcr & HCR_TDIR) {
		model_be(cpu);
		vgic_cpuif_dir(c->loaded, iar & 0x3ff);
	} else if (m.vg->model == 2) {
		(void)model_access(c->loaded->index, 1, 0, 4, true, iar);
	} else {
		model_end(c, iar);
	}
}

/* The register with the field of `intid`, as VCPU `owner` accesses it for its
 * own private interrupts. */
static unsigned int model_reg(unsigned int owner, unsigned int intid,
			      uint64_t *off)
{
	if (m.vg->model == 3 && intid < 32) {
		*off += ((uint64_t)owner << 17) + 0x10000;
		return 1;
	}
	return 0;
}

/* Write the word with the bit of `intid` in the block of one-bit registers at
 * `off`. */
static __unused void model_write_bits(unsigned int by, unsigned int owner,
				      uint64_t off, unsigned int intid,
				      uint32_t val)
{
	unsigned int region;

	off += intid / 32 * 4;
	region = model_reg(owner, intid, &off);
	(void)model_access(by, region, off, 4, true, val);
}

static __unused uint32_t model_read_bits(unsigned int by, unsigned int owner,
					 uint64_t off, unsigned int intid)
{
	unsigned int region;

	off += intid / 32 * 4;
	region = model_reg(owner, intid, &off);
	return (uint32_t)model_access(by, region, off, 4, false, 0);
}

static __unused void model_write_byte(unsigned int by, unsigned int owner,
				      uint64_t off, unsigned int intid,
				      uint8_t val)
{
	unsigned int region;

	off += intid;
	region = model_reg(owner, intid, &off);
	(void)model_access(by, region, off, 1, true, val);
}

/* From the specifications, independent of our headers. */
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ISPENDR 0x200
#define GICD_ICPENDR 0x280
#define GICD_ISACTIVER 0x300
#define GICD_ICACTIVER 0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICD_IROUTER 0x6000

/* Route SPI `intid` to one VCPU. */
static __unused void model_route(unsigned int by, unsigned int intid,
				 unsigned int to)
{
	if (m.vg->model == 3) {
		(void)model_access(by, 0, GICD_IROUTER + 8 * intid, 8, true,
				   (uint64_t)(to / 16) << 8 | to % 16);
	} else {
		model_write_byte(by, by, GICD_ITARGETSR, intid,
				 (uint8_t)(1 << to));
	}
}

static __unused void model_config(unsigned int by, unsigned int owner,
				  unsigned int intid, bool edge)
{
	uint64_t off = GICD_ICFGR + intid / 16 * 4;
	unsigned int region = model_reg(owner, intid, &off);
	uint64_t val = model_access(by, region, off, 4, false, 0);
	uint64_t bit = UINT64_C(2) << (intid % 16 * 2);

	(void)model_access(by, region, off, 4, true,
			   edge ? val | bit : val & ~bit);
}

/* Both groups enabled and all priorities allowed, in distributor and
 * interface. */
#define MODEL_VMCR_ON (VMCR_GRP0 | VMCR_GRP1 | UINT64_C(0xf8) << 24)

/* Load VCPUs on all CPUs, and enable the distributor. */
static void model_start(void)
{
	for (unsigned int i = 0; i < m.vg->ncpus; i++) {
		m.vc[i]->vmcr = MODEL_VMCR_ON;
		if (i < MODEL_CPUS) {
			model_load(i, i);
		}
	}
	(void)model_access(0, 0, 0, 4, true, 3);
	model_enter_all();
	model_be(0);
}

/* Enable an interrupt with a priority, in group 1. */
static __unused void model_setup(unsigned int owner, unsigned int intid,
				 uint8_t prio, bool edge)
{
	uint32_t group = model_read_bits(owner, owner, GICD_IGROUPR, intid);

	model_write_bits(owner, owner, GICD_IGROUPR, intid,
			 group | 1U << intid % 32);
	model_write_byte(owner, owner, GICD_IPRIORITYR, intid, prio);
	if (intid >= 16) {
		model_config(owner, owner, intid, edge);
	}
	model_write_bits(owner, owner, GICD_ISENABLER, intid, 1U << intid % 32);
}

/* ---- invariants ---- */

static struct virq_ref model_ref(unsigned int vcpu, unsigned int intid)
{
	return virq_ref(m.vg, m.vc[vcpu], intid);
}

/* Count the interrupts in one queue level of a VCPU, and check that each has
 * that level. */
static unsigned int model_check_level(struct vgic_cpu *vc, unsigned int queue,
				      unsigned int level)
{
	unsigned int first = vc->head[queue][level], intid = first, n = 0;

	do {
		struct virq_ref r = model_ref(vc->index, intid);
		struct virq_ref next = model_ref(vc->index, r.q->next);

		if (!(r.b->queued & r.m) || r.q->queue != queue ||
		    r.q->level != level || r.q->where != vc->index ||
		    next.q->prev != intid || (r.b->in_lr & r.m)) {
			model_fail("a queue is broken");
		}
		if ((queue == VGIC_QUEUE_ACTIVE) !=
		    ((r.b->active & r.m) != 0)) {
			model_fail("in the wrong queue");
		}
		intid = r.q->next;
		n++;
	} while (intid != first && n < 2000);
	return n;
}

static void model_check_vcpu(struct vgic_cpu *vc, unsigned int *queued,
			     unsigned int *in_lr)
{
	unsigned int spis = 0;

	for (unsigned int q = 0; q < VGIC_NR_QUEUES; q++) {
		for (unsigned int l = 0; l < VGIC_PRI_LEVELS; l++) {
			if (vc->levels[q] & 1U << l) {
				*queued += model_check_level(vc, q, l);
			}
		}
	}
	for (unsigned int n = 0; n < vgic_host.nr_lrs; n++) {
		struct virq_ref r;

		if (!(vc->lr_used & 1U << n)) {
			continue;
		}
		r = model_ref(vc->index, vc->lr_intid[n]);
		if (!(r.b->in_lr & r.m) || r.q->lr != n ||
		    r.q->where != vc->index || (r.b->queued & r.m)) {
			model_fail("a list register is not who it should be");
		}
		(*in_lr)++;
		spis += r.intid >= 32;
	}
	if (vc->priv.hw && !vc->loaded_on) {
		model_fail("bound to a host interrupt, but not loaded");
	}
	for (unsigned int i = 32; i < 32 + m.vg->nspis; i++) {
		struct virq_ref r = model_ref(vc->index, i);

		spis += (r.b->queued & r.m) && r.q->where == vc->index;
	}
	if (spis != vc->spis) {
		model_fail("SPIs are miscounted");
	}
}

/* Invariants that hold whenever no lock is held. */
static __unused void model_check(void)
{
	unsigned int queued = 0, in_lr = 0;

	if (m.vg->nr_retargeted) {
		model_fail("a retargeted SPI was not delivered");
	}
	for (unsigned int v = 0; v < m.vg->ncpus; v++) {
		model_check_vcpu(m.vc[v], &queued, &in_lr);
		queued -=
			(unsigned int)__builtin_popcount(m.vc[v]->priv.queued);
		in_lr -= (unsigned int)__builtin_popcount(m.vc[v]->priv.in_lr);
	}
	for (unsigned int i = 0; i < m.vg->nspis / 32; i++) {
		queued -= (unsigned int)__builtin_popcount(m.vg->spi[i].queued);
		in_lr -= (unsigned int)__builtin_popcount(m.vg->spi[i].in_lr);
	}
	if (queued || in_lr) {
		model_fail("queued or in a list register of no VCPU");
	}
}

#endif
