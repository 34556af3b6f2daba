/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual GIC against a plain model of what a guest may expect: random
 * sequences of device lines, register writes, acknowledges, ends, and VCPUs
 * that move between CPUs; after each step the guest must see the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "vgic_model.h"

#define NSPIS 64
#define NIRQS (32 + NSPIS)
#define MAX_NEST 200

/* ---- the plain model ---- */

struct ref_irq {
	bool enabled, group1, edge, line, active;
	uint8_t latch;  /* v2 SGI: a bit per source; else 0 or 1 */
	uint8_t source; /* v2 SGI: source of the active instance */
	uint8_t prio;
	uint8_t target;
	bool taken; /* active because it was acknowledged, not by ISACTIVER */
};

static struct {
	struct ref_irq priv[8][32];
	struct ref_irq spi[NSPIS];
	uint32_t ctlr;
	/* Acknowledged and not ended, per VCPU. */
	unsigned int nest[8][MAX_NEST];
	unsigned int depth[8];
	/* EOImode 1: dropped, not deactivated. */
	unsigned int dropped[8][MAX_NEST];
	unsigned int ndropped[8];
} ref;

static uint64_t seed, step;
static uint64_t rng;

static uint32_t rnd(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)((rng >> 16) % n);
}

static void model_fail(const char *what)
{
	fail_msg("seed %llu step %llu: %s", (unsigned long long)seed,
		 (unsigned long long)step, what);
}

static struct ref_irq *ref_irq(unsigned int v, unsigned int intid)
{
	return intid < 32 ? &ref.priv[v][intid] : &ref.spi[intid - 32];
}

static bool ref_pending(const struct ref_irq *i)
{
	return i->latch || (i->line && !i->edge);
}

static bool ref_candidate(unsigned int v, unsigned int intid, uint64_t vmcr)
{
	const struct ref_irq *i = ref_irq(v, intid);

	return ref_pending(i) && !i->active && i->enabled &&
	       (intid < 32 || i->target == v) &&
	       (ref.ctlr & (i->group1 ? 2U : 1U)) &&
	       (vmcr & (i->group1 ? VMCR_GRP1 : VMCR_GRP0));
}

/* The best priority that may interrupt VCPU v; 256: none. */
static unsigned int ref_best(unsigned int v, uint64_t vmcr,
			     const uint32_t *aprs)
{
	uint32_t apr = aprs[0] | aprs[1];
	unsigned int running = apr ? (unsigned int)__builtin_ctz(apr) << 3
				   : 256;
	unsigned int best = 256;

	for (unsigned int n = 0; n < NIRQS; n++) {
		const struct ref_irq *i = ref_irq(v, n);

		if (ref_candidate(v, n, vmcr) && i->prio < best) {
			best = i->prio;
		}
	}
	/* Binary points are 0 here, so all five bits count. */
	return best < VMCR_PMR(vmcr) && best < running ? best : 256;
}

static void ref_drive(struct ref_irq *i, bool level)
{
	i->line = level;
	if (level && i->edge) {
		i->latch = 1;
	}
}

static void ref_reset(unsigned int version, unsigned int vcpus)
{
	memset(&ref, 0, sizeof(ref));
	ref.ctlr = 3;
	for (unsigned int v = 0; v < vcpus; v++) {
		for (unsigned int n = 0; n < 16; n++) {
			ref.priv[v][n].edge = true;
		}
	}
	for (unsigned int n = 0; n < NSPIS; n++) {
		ref.spi[n].target = version == 3 || vcpus == 1 ? 0 : 0xff;
	}
}

/* ---- actions, on both ---- */

static unsigned int nv; /* VCPUs */

static struct model_cpu *cpu_of(unsigned int v)
{
	return m.vc[v]->loaded_on ? &m.cpu[m.vc[v]->loaded_on->id] : NULL;
}

/* A VCPU that is loaded, or -1. */
static int some_loaded(void)
{
	unsigned int start = rnd(nv);

	for (unsigned int i = 0; i < nv; i++) {
		if (cpu_of((start + i) % nv)) {
			return (int)((start + i) % nv);
		}
	}
	return -1;
}

static void act_line(void)
{
	unsigned int v = rnd(nv);
	unsigned int intid = 16 + rnd(NIRQS - 16);
	bool level = rnd(2);

	if (intid == MODEL_TIMER_PPI) {
		return;
	}
	model_be(rnd(MODEL_CPUS));
	if (intid < 32) {
		vgic_line_private(m.vc[v], intid, level);
	} else {
		vgic_line_spi(m.vg, intid, level);
	}
	ref_drive(ref_irq(v, intid), level);
}

/*
 * A timer's line falls only while the guest handles it or cannot see it: an
 * interrupt with the HW bit that is pending in a list register is not
 * withdrawn.
 */
static void act_timer(void)
{
	unsigned int v = rnd(nv);
	struct ref_irq *i = ref_irq(v, MODEL_TIMER_PPI);
	bool level = rnd(2);

	if (i->edge || (!level && cpu_of(v) && i->enabled && !i->active)) {
		return;
	}
	m.timer[v] = level;
	i->line = level;
	if (!cpu_of(v)) {
		vgic_line_private(m.vc[v], MODEL_TIMER_PPI, level);
	}
}

static void act_sgi(void)
{
	int self = some_loaded();
	unsigned int intid = rnd(3) ? rnd(3) : rnd(16);
	unsigned int list = rnd(1U << nv);
	unsigned int filter = rnd(4);

	if (self < 0) {
		return;
	}
	model_be(m.vc[self]->loaded_on->id);
	if (m.vg->model == 3) {
		unsigned int which = rnd(3);

		vgicv3_sgir(m.vc[self], (enum vgic_sgi_reg)which,
			    (uint64_t)intid << 24 | list |
				    (filter == 1 ? BIT(40) : 0));
		if (filter == 1) {
			list = ((1U << nv) - 1) & ~(1U << self);
		}
		for (unsigned int v = 0; v < nv; v++) {
			struct ref_irq *i = ref_irq(v, intid);

			if ((list & 1U << v) &&
			    (which == VGIC_SGI1R || !i->group1)) {
				i->latch = 1;
			}
		}
		return;
	}
	(void)model_access((unsigned int)self, 0, 0xf00, 4, true,
			   filter << 24 | list << 16 | intid);
	if (filter == 3) {
		return;
	}
	if (filter == 1) {
		list = ((1U << nv) - 1) & ~(1U << self);
	} else if (filter == 2) {
		list = 1U << self;
	}
	for (unsigned int v = 0; v < nv; v++) {
		if (list & 1U << v) {
			ref_irq(v, intid)->latch |= (uint8_t)(1U << self);
		}
	}
}

static void act_ack(void)
{
	int v = some_loaded();
	struct model_cpu *c;
	unsigned int best, iar, intid;
	struct ref_irq *i;

	if (v < 0) {
		return;
	}
	c = cpu_of((unsigned int)v);
	best = ref_best((unsigned int)v, c->vmcr, c->apr);
	iar = model_ack(m.vc[v]->loaded_on->id);
	intid = iar & 0x3ff;
	if (best == 256) {
		if (intid != 1023) {
			fail_msg("seed %llu step %llu: VCPU %d took %u",
				 (unsigned long long)seed,
				 (unsigned long long)step, v, intid);
		}
		return;
	}
	if (intid == 1023) {
		model_fail("nothing taken, though an interrupt is due");
	}
	i = ref_irq((unsigned int)v, intid);
	if (!ref_candidate((unsigned int)v, intid, c->vmcr) ||
	    i->prio != best) {
		model_fail("a wrong interrupt was taken");
	}
	if (m.vg->model == 2 && intid < 16) {
		i->source = (uint8_t)(iar >> 10);
		if (!(i->latch & 1U << i->source)) {
			model_fail("an SGI of a CPU that did not send it");
		}
		i->latch &= (uint8_t) ~(1U << i->source);
	} else {
		i->latch = 0;
	}
	i->active = true;
	i->taken = true;
	if (ref.depth[v] < MAX_NEST) {
		ref.nest[v][ref.depth[v]++] = iar;
	}
}

static void ended(unsigned int v, unsigned int iar)
{
	struct ref_irq *i = ref_irq(v, iar & 0x3ff);

	i->active = false;
	i->taken = false;
}

static void act_eoi(void)
{
	int v = some_loaded();
	struct model_cpu *c;
	unsigned int iar;

	if (v < 0 || ref.depth[v] == 0) {
		return;
	}
	c = cpu_of((unsigned int)v);
	iar = ref.nest[v][--ref.depth[v]];
	model_eoi(m.vc[v]->loaded_on->id, iar);
	if (!(c->vmcr & VMCR_EOIM)) {
		ended((unsigned int)v, iar);
	} else {
		ref.dropped[v][ref.ndropped[v]++] = iar;
	}
}

static void act_dir(void)
{
	int v = some_loaded();
	unsigned int k, iar;

	if (v < 0 || ref.ndropped[v] == 0) {
		return;
	}
	k = rnd(ref.ndropped[v]);
	iar = ref.dropped[v][k];
	ref.dropped[v][k] = ref.dropped[v][--ref.ndropped[v]];
	model_dir(m.vc[v]->loaded_on->id, iar);
	ended((unsigned int)v, iar);
}

/* For each bit of the word with `intid`, in VCPU v's bank or among the SPIs. */
#define FOR_WORD(bit, n, intid) \
	for (unsigned int bit = 0, n = (intid) & ~31U; bit < 32; bit++, n++)

static void act_bits(void)
{
	static const uint64_t regs[] = {
		GICD_IGROUPR,   GICD_ISENABLER, GICD_ISENABLER, GICD_ISENABLER,
		GICD_ICENABLER, GICD_ISPENDR,   GICD_ISPENDR,   GICD_ICPENDR,
		GICD_ISACTIVER, GICD_ICACTIVER,
	};
	int by = some_loaded();
	unsigned int intid = rnd(NIRQS);
	uint64_t reg = regs[rnd(ARRAY_SIZE(regs))];
	uint32_t val = rnd(4) ? 1U << rnd(32) | 1U << rnd(32) : rnd(UINT32_MAX);
	uint32_t sgis;
	unsigned int v;

	if (by < 0) {
		return;
	}
	v = m.vg->model == 3 ? rnd(nv) : (unsigned int)by;
	sgis = intid < 32 && m.vg->model == 2 ? 0xffff : 0;
	FOR_WORD(bit, n, intid)
	{
		struct ref_irq *i = ref_irq(v, n);

		/* An acknowledged interrupt is ended by the VCPU that
		 * acknowledged it; one made active must not be acknowledged. */
		if ((reg == GICD_ICACTIVER && i->taken) ||
		    (reg == GICD_ISACTIVER && i->active)) {
			val &= ~(1U << bit);
		}
		/* Only the hardware knows its line. */
		if (n == MODEL_TIMER_PPI && reg == GICD_ICACTIVER) {
			val &= ~(1U << bit);
		}
	}
	model_write_bits((unsigned int)by, v, reg, intid, val);
	FOR_WORD(bit2, n2, intid)
	{
		struct ref_irq *i = ref_irq(v, n2);
		bool set = val >> bit2 & 1;
		bool sgi = sgis >> bit2 & 1;

		if (reg == GICD_IGROUPR) {
			i->group1 = set;
		} else if (!set) {
			continue;
		} else if (reg == GICD_ISENABLER) {
			i->enabled = true;
		} else if (reg == GICD_ICENABLER) {
			i->enabled = false;
		} else if (reg == GICD_ISPENDR && !sgi) {
			i->latch = 1;
		} else if (reg == GICD_ICPENDR && !sgi) {
			i->latch = 0;
		} else if (reg == GICD_ISACTIVER) {
			i->active = true;
		} else if (reg == GICD_ICACTIVER) {
			i->active = false;
		}
	}
}

static void act_priority(void)
{
	int by = some_loaded();
	unsigned int intid = rnd(NIRQS);
	unsigned int v;
	uint8_t prio = (uint8_t)rnd(256);

	if (by < 0) {
		return;
	}
	v = m.vg->model == 3 ? rnd(nv) : (unsigned int)by;
	model_write_byte((unsigned int)by, v, GICD_IPRIORITYR, intid, prio);
	ref_irq(v, intid)->prio = prio & 0xf8;
}

static void act_route(void)
{
	int by = some_loaded();
	unsigned int intid = 32 + rnd(NSPIS);
	unsigned int to = rnd(nv);

	if (by < 0 || (m.vg->model == 2 && nv == 1)) {
		return;
	}
	model_route((unsigned int)by, intid, to);
	ref_irq(0, intid)->target = (uint8_t)to;
}

static void act_config(void)
{
	int by = some_loaded();
	unsigned int intid = 16 + rnd(NIRQS - 16);
	bool edge = rnd(2);
	unsigned int v;

	if (by < 0 || intid == MODEL_TIMER_PPI) {
		return;
	}
	v = m.vg->model == 3 ? rnd(nv) : (unsigned int)by;
	model_config((unsigned int)by, v, intid, edge);
	ref_irq(v, intid)->edge = edge;
}

static void act_ctlr(void)
{
	int by = some_loaded();
	uint32_t val = rnd(3) ? 3 : rnd(4);

	if (by >= 0) {
		(void)model_access((unsigned int)by, 0, 0, 4, true, val);
		ref.ctlr = val;
	}
}

static bool eoi_mode;

static void act_vmcr(void)
{
	int v = some_loaded();
	uint64_t vmcr = MODEL_VMCR_ON;

	if (v < 0) {
		return;
	}
	if (rnd(3) == 0) {
		vmcr = rnd(4) | (uint64_t)rnd(256) << 24;
	}
	if (eoi_mode) {
		vmcr |= VMCR_EOIM;
	}
	cpu_of((unsigned int)v)->vmcr = vmcr;
}

static void act_move(void)
{
	unsigned int cpu = rnd(MODEL_CPUS);
	unsigned int v = rnd(nv);

	if (m.cpu[cpu].loaded) {
		model_unload(cpu);
	} else if (!m.vc[v]->loaded_on) {
		model_load(cpu, v);
	}
}

static void act_sources(void)
{
	int by = some_loaded();
	unsigned int intid = rnd(16);
	uint8_t val = (uint8_t)rnd(256);
	bool set = rnd(2);
	struct ref_irq *i;

	if (by < 0 || m.vg->model != 2) {
		return;
	}
	(void)model_access((unsigned int)by, 0, (set ? 0xf20 : 0xf10) + intid,
			   1, true, val);
	i = ref_irq((unsigned int)by, intid);
	val &= (uint8_t)((1U << nv) - 1);
	if (set) {
		i->latch |= val;
	} else {
		i->latch &= (uint8_t)~val;
	}
}

/* ---- comparison ---- */

static void check_word(unsigned int by, unsigned int v, unsigned int intid)
{
	uint32_t enabled = 0, group = 0, pending = 0, active = 0;
	uint32_t known = UINT32_MAX;

	FOR_WORD(bit, n, intid)
	{
		const struct ref_irq *i = ref_irq(v, n);

		enabled |= (uint32_t)i->enabled << bit;
		group |= (uint32_t)i->group1 << bit;
		pending |= (uint32_t)ref_pending(i) << bit;
		active |= (uint32_t)i->active << bit;
	}
	if (intid < 32) {
		known &= ~(1U << MODEL_TIMER_PPI);
	}
	if (model_read_bits(by, v, GICD_ISENABLER, intid) != enabled ||
	    model_read_bits(by, v, GICD_IGROUPR, intid) != group) {
		model_fail("enable or group bits differ");
	}
	if ((model_read_bits(by, v, GICD_ISPENDR, intid) ^ pending) & known) {
		model_fail("pending bits differ");
	}
	if (model_read_bits(by, v, GICD_ISACTIVER, intid) != active) {
		model_fail("active bits differ");
	}
}

static void check_sources(unsigned int by)
{
	for (unsigned int n = 0; n < 16; n++) {
		if (model_access(by, 0, 0xf10 + n, 1, false, 0) !=
		    ref_irq(by, n)->latch) {
			model_fail("pending sources of an SGI differ");
		}
	}
}

static void check(void)
{
	int by = some_loaded();

	if (by >= 0 && rnd(4) == 0) {
		unsigned int v = m.vg->model == 3 ? rnd(nv) : (unsigned int)by;

		for (unsigned int n = 0; n < NIRQS; n += 32) {
			check_word((unsigned int)by, v, n);
		}
		if (m.vg->model == 2) {
			check_sources((unsigned int)by);
		}
		model_enter_all();
	}
	for (unsigned int v = 0; v < nv; v++) {
		struct model_cpu *c = cpu_of(v);
		uint64_t vmcr = c ? c->vmcr : m.vc[v]->vmcr;
		uint32_t *apr = c ? c->apr : m.vc[v]->apr;
		bool want = ref_best(v, vmcr, apr) != 256;

		if (c) {
			model_be((unsigned int)(c - m.cpu));
		}
		if (vgic_cpuif_has_pending(m.vc[v]) != want) {
			model_fail(want ? "pending, but not noticed"
					: "not pending, but claimed");
		}
	}
}

/* Enable most things by registers, so that much happens. */
static void set_up(unsigned int v)
{
	uint32_t groups = rnd(3) ? 0 : rnd(UINT32_MAX);

	for (unsigned int n = 0; n < NIRQS; n++) {
		struct ref_irq *i = ref_irq(v, n);

		if (n < 32 || v == 0) {
			i->prio = (uint8_t)(rnd(32) << 3);
			i->group1 = groups >> n % 32 & 1;
			i->enabled = rnd(4) != 0;
			model_write_byte(v, v, GICD_IPRIORITYR, n, i->prio);
		}
	}
	for (unsigned int w = 0; w < (v ? 32 : NIRQS); w += 32) {
		uint32_t enabled = 0;

		FOR_WORD(bit, n, w)
		{
			enabled |= (uint32_t)ref_irq(v, n)->enabled << bit;
		}
		model_write_bits(v, v, GICD_IGROUPR, w, groups);
		model_write_bits(v, v, GICD_ISENABLER, w, enabled);
	}
}

/* What a guest does on a CPU that knows of all that happened elsewhere. */
static bool needs_entry(void (*act)(void))
{
	return act == act_ack || act == act_eoi || act == act_dir ||
	       act == act_timer || act == act_vmcr;
}

static void run(unsigned int version, unsigned int vcpus, unsigned int lrs,
		unsigned int steps)
{
	static void (*const acts[])(void) = {
		act_line,   act_line, act_line, act_timer,    act_timer,
		act_sgi,    act_sgi,  act_sgi,  act_sgi,      act_ack,
		act_ack,    act_ack,  act_ack,  act_eoi,      act_eoi,
		act_eoi,    act_eoi,  act_ack,  act_ack,      act_ack,
		act_ack,    act_eoi,  act_eoi,  act_eoi,      act_dir,
		act_dir,    act_bits, act_bits, act_priority, act_route,
		act_config, act_ctlr, act_vmcr, act_move,     act_sources,
	};

	nv = vcpus;
	model_init(version, vcpus, NSPIS, lrs);
	vgic_host.activate = rnd(2) ? model_activate : NULL;
	ref_reset(version, vcpus);
	eoi_mode = rnd(3) == 0;
	model_start();
	for (unsigned int v = 0; v < vcpus; v++) {
		if (rnd(4) && (version == 3 || cpu_of(v))) {
			set_up(v);
		}
		if (eoi_mode && cpu_of(v)) {
			cpu_of(v)->vmcr |= VMCR_EOIM;
		} else if (eoi_mode) {
			m.vc[v]->vmcr |= VMCR_EOIM;
		}
	}
	for (step = 0; step < steps; step++) {
		void (*act)(void) = acts[rnd(ARRAY_SIZE(acts))];

		if (needs_entry(act)) {
			model_enter_all();
		}
		act();
		model_check();
		if (act == act_line && rnd(2)) {
			continue; /* other CPUs look later */
		}
		model_enter_all();
		check();
	}
	model_fini();
}

static void test_random(unsigned int version, unsigned int lrs)
{
	const char *one = getenv("VGIC_SEED");
	unsigned int seeds = 60;

	for (seed = one ? strtoull(one, NULL, 0) : 1; seed <= seeds || one;
	     seed++) {
		rng = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
		run(version, 1 + rnd(6), lrs, 600);
		if (one) {
			break;
		}
	}
}

static void test_v2_four_lrs(void **state)
{
	(void)state;
	test_random(2, 4);
}

static void test_v2_one_lr(void **state)
{
	(void)state;
	test_random(2, 1);
}

static void test_v3_four_lrs(void **state)
{
	(void)state;
	test_random(3, 4);
}

static void test_v3_two_lrs(void **state)
{
	(void)state;
	test_random(3, 2);
}

static void test_v3_sixteen_lrs(void **state)
{
	(void)state;
	test_random(3, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v2_four_lrs),
		cmocka_unit_test(test_v2_one_lr),
		cmocka_unit_test(test_v3_four_lrs),
		cmocka_unit_test(test_v3_two_lrs),
		cmocka_unit_test(test_v3_sixteen_lrs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
