/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VCPUs that send each other SGIs and sleep until every one is answered. No two
 * SGIs with the same number are ever on their way to the same VCPU, so each
 * must arrive exactly once. Nothing else ends a sleep: an SGI that is lost, or
 * that does not wake its target, stops the relay for good, which the last VCPU
 * notices and reports. Meanwhile VCPUs turn themselves off and are turned on
 * again, which resets their part of the interrupt controller, while many SGIs
 * arrive that are not counted. GICv2 or GICv3, 3 to 8 VCPUs; `relay=N` in the
 * boot arguments: how many messages each sends.
 */
#include <guest.h>

#define VCPUS GUEST_VCPUS
#define LINE 64 /* data that only one VCPU writes has its own line */

#define CPU_OFF 0x84000002
#define CPU_ON 0xc4000003
#define AFFINITY_INFO 0xc4000004
#define IS_OFF 1

#define GICD 0x08000000UL
#define GICC 0x08010000UL
#define GICR 0x080a0000UL
#define GICR_STRIDE 0x20000UL
#define TIMER_PPI 27
#define SPURIOUS 1020

/* SGI numbers: a message or its answer, of VCPU n; and one that is not
 * counted. */
#define SGI_MESSAGE 0
#define SGI_ANSWER 8
#define SGI_NOISE 7
#define SGI_NOISE_TOO 15

#define STALL_SECONDS 20
#define AWAY 32 /* one message in this many is a holiday */

/* Of VCPU `me`: written only by it, except `taken`, which is per writer. */
static volatile struct peer {
	uint64_t random;
	uint64_t sent[VCPUS];     /* messages to each */
	uint64_t answered[VCPUS]; /* answers from each */
	uint64_t got[VCPUS];      /* messages from each */
	uint64_t total, away;
	bool shut; /* takes no new messages */
	bool wants_on;
	bool done;
	bool busy[VCPUS]; /* has a message on its way to each */
} peers[VCPUS] __attribute__((aligned(LINE)));

static unsigned int count; /* of VCPUs that take part */
static uint64_t goal;
static bool v3;
static volatile bool broken;

static void run(void);

static unsigned int self(void)
{
	return (unsigned int)(guest_sysreg_read(mpidr_el1) & (VCPUS - 1));
}

static void barrier(void)
{
	__asm__ volatile("dsb sy" : : : "memory");
}

static uint64_t next(void)
{
	volatile struct peer *p = &peers[self()];
	uint64_t s = p->random;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	p->random = s;
	return s;
}

static uint64_t now(void)
{
	__asm__ volatile("isb");
	return guest_sysreg_read(cntvct_el0);
}

/* --- interrupts --------------------------------------------------------- */

static void interrupts_init(void)
{
	uint64_t frame = GICR + self() * GICR_STRIDE + 0x10000;

	if (!v3) {
		guest_write32(GICD, 1);
		guest_write32(GICD + 0x100, 0xffff | 1U << TIMER_PPI);
		guest_write32(GICC + 4, 0xff);
		guest_write32(GICC, 1);
		return;
	}
	guest_write32(GICD, 0x12);        /* ARE, group 1 */
	guest_write32(frame + 0x80, ~0u); /* IGROUPR0 */
	guest_write32(frame + 0x100, 0xffff | 1U << TIMER_PPI);
	guest_sysreg_write(s3_0_c12_c12_5, 7); /* ICC_SRE_EL1 */
	__asm__ volatile("isb");
	guest_sysreg_write(s3_0_c4_c6_0, 0xff); /* ICC_PMR_EL1 */
	guest_sysreg_write(s3_0_c12_c12_7, 1);  /* ICC_IGRPEN1_EL1 */
	__asm__ volatile("isb");
}

static void sgi(uint32_t targets, unsigned int intid)
{
	barrier();
	if (v3) {
		guest_sysreg_write(s3_0_c12_c11_5, /* ICC_SGI1R_EL1 */
				   targets | (uint64_t)intid << 24);
		__asm__ volatile("isb");
	} else {
		guest_write32(GICD + 0xf00, targets << 16 | intid);
	}
}

static void take_message(unsigned int from)
{
	peers[self()].got[from]++;
	sgi(1U << from, SGI_ANSWER + self());
}

static void take_answer(unsigned int from)
{
	peers[self()].answered[from]++;
}

static void on_exception(unsigned int vector, struct guest_frame *frame)
{
	uint32_t iar, intid;

	(void)frame;
	if ((vector & 3) != 1) {
		guest_puts("\nFAIL relay: exception\n");
		guest_puthex(guest_sysreg_read(esr_el1));
		guest_poweroff();
	}
	iar = v3 ? (uint32_t)guest_sysreg_read(s3_0_c12_c12_0)
		 : guest_read32(GICC + 0xc);
	barrier();
	intid = iar & 0x3ff;
	if (intid >= SPURIOUS) {
		return;
	}
	if (intid == TIMER_PPI) {
		guest_sysreg_write(cntv_ctl_el0, 0);
	}
	/* Ended first: the same sender's next one may follow at once. */
	if (v3) {
		guest_sysreg_write(s3_0_c12_c12_1, iar);
		__asm__ volatile("isb");
	} else {
		guest_write32(GICC + 0x10, iar);
		barrier();
		if (intid < 16 && intid != SGI_NOISE &&
		    intid != SGI_NOISE_TOO && (iar >> 10 & 7) != (intid & 7)) {
			guest_puts("\nFAIL relay: wrong source\n");
		}
	}
	if (intid < SGI_NOISE) {
		take_message(intid - SGI_MESSAGE);
	} else if (intid >= SGI_ANSWER && intid < SGI_NOISE_TOO) {
		take_answer(intid - SGI_ANSWER);
	}
}

static void mask(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}

static void unmask(void)
{
	__asm__ volatile("msr daifclr, #2\n\tisb" : : : "memory");
}

/* Sleep until something came; interrupts masked before and after. */
static void sleep(void)
{
	__asm__ volatile("dsb sy\n\twfi" : : : "memory");
	unmask();
	mask();
}

/* --- those who take part ------------------------------------------------ */

/* Choose the targets: several at once, or this VCPU itself. */
static uint32_t choose(unsigned int me)
{
	uint32_t all = (1U << count) - 1;
	uint64_t r = next();

	switch (r & 3) {
	case 0:
		return all & (uint32_t)(r >> 8);
	case 1:
		return all;
	default:
		return 1U << (r >> 8) % count |
		       (uint32_t)(r & 4 ? 1U << me : 0);
	}
}

/* Claim those targets that are not shut: they stay on until they have
 * answered. */
static uint32_t claim(unsigned int me, uint32_t targets)
{
	uint32_t open = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (!(targets >> i & 1)) {
			continue;
		}
		peers[me].busy[i] = true;
		barrier();
		if (peers[i].shut) {
			peers[me].busy[i] = false;
		} else {
			peers[me].sent[i]++;
			open |= 1U << i;
		}
	}
	return open;
}

static bool all_answered(unsigned int me)
{
	volatile struct peer *p = &peers[me];
	bool all = true;

	for (unsigned int i = 0; i < count; i++) {
		if (p->busy[i] && p->answered[i] == p->sent[i]) {
			p->busy[i] = false;
		}
		all &= !p->busy[i];
	}
	return all;
}

static void write_to_some(unsigned int me)
{
	uint32_t targets = claim(me, choose(me));

	if (targets != 0) {
		sgi(targets, SGI_MESSAGE + me);
	}
	/* To any VCPU, whether it is off or on. */
	if ((next() & 7) == 0) {
		sgi((uint32_t)next() & ((1U << count) - 1),
		    next() & 1 ? SGI_NOISE : SGI_NOISE_TOO);
	}
	while (!all_answered(me)) {
		sleep();
	}
	unmask();
	mask();
	for (uint64_t spin = next() & 0x3ff; spin > 0; spin--) {
		__asm__ volatile("");
	}
}

static bool anybody_busy_with(unsigned int me)
{
	for (unsigned int i = 0; i < count; i++) {
		if (peers[i].busy[me]) {
			return true;
		}
	}
	return false;
}

/* Turn off; the VCPU that watches turns this one on again. */
static void holiday(unsigned int me)
{
	volatile struct peer *p = &peers[me];

	p->shut = true;
	barrier();
	while (anybody_busy_with(me)) {
		unmask();
		mask();
	}
	p->away++;
	p->wants_on = true;
	barrier();
	guest_hvc(CPU_OFF, 0, 0, 0);
}

static void take_part(unsigned int me)
{
	volatile struct peer *p = &peers[me];

	p->wants_on = false;
	p->shut = false;
	barrier();
	while (p->total < goal) {
		p->total++;
		write_to_some(me);
		if (me >= 2 && next() % AWAY == 0) {
			holiday(me);
		}
	}
	p->done = true;
	for (;;) {
		sleep();
	}
}

/* --- the one that watches ----------------------------------------------- */

static void nap(void)
{
	guest_sysreg_write(cntv_cval_el0,
			   now() + guest_sysreg_read(cntfrq_el0) / 2000);
	guest_sysreg_write(cntv_ctl_el0, 1);
	__asm__ volatile("isb");
	sleep();
}

static uint64_t progress(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < count; i++) {
		sum += peers[i].total + peers[i].away;
		for (unsigned int j = 0; j < count; j++) {
			sum += peers[i].got[j] + peers[i].answered[j];
		}
	}
	return sum;
}

static bool all_done(void)
{
	for (unsigned int i = 0; i < count; i++) {
		if (!peers[i].done) {
			return false;
		}
	}
	return true;
}

static void put_pair(const char *what, unsigned int i, unsigned int j)
{
	guest_puts("relay: ");
	guest_puts(what);
	guest_puthex(i);
	guest_puts(" to ");
	guest_puthex(j);
	guest_puts(" sent ");
	guest_puthex(peers[i].sent[j]);
	guest_puts(" got ");
	guest_puthex(peers[j].got[i]);
	guest_puts(" answered ");
	guest_puthex(peers[i].answered[j]);
	guest_puts("\n");
}

static void verify(void)
{
	uint64_t sum = 0, away = 0;
	bool ok = !broken;

	for (unsigned int i = 0; i < count; i++) {
		away += peers[i].away;
		for (unsigned int j = 0; j < count; j++) {
			sum += peers[i].sent[j];
			if (peers[i].sent[j] != peers[j].got[i] ||
			    peers[i].sent[j] != peers[i].answered[j]) {
				put_pair("from ", i, j);
				ok = false;
			}
		}
	}
	guest_puts(ok ? "\nPASS relay " : "\nFAIL relay ");
	guest_puthex(sum);
	guest_puts(" away ");
	guest_puthex(away);
	guest_puts("\n");
	guest_poweroff();
}

static void turn_on(uint64_t cpu)
{
	guest_hvc(CPU_ON, cpu, (uint64_t)guest_secondary, (uint64_t)run);
}

static void watch(void)
{
	uint64_t limit = STALL_SECONDS * guest_sysreg_read(cntfrq_el0);
	uint64_t since = now(), before = 0;

	while (!all_done()) {
		uint64_t p = progress();

		if (p != before) {
			before = p;
			since = now();
		} else if (now() - since > limit) {
			guest_puts("\nFAIL relay stands still\n");
			broken = true;
			break;
		}
		for (unsigned int i = 0; i < count; i++) {
			if (peers[i].wants_on &&
			    guest_hvc(AFFINITY_INFO, i, 0, 0) == IS_OFF) {
				turn_on(i);
			}
		}
		nap();
	}
	verify();
}

/* --- beginning ---------------------------------------------------------- */

static void run(void)
{
	unsigned int me = self();

	mask();
	if (peers[me].random == 0) {
		peers[me].random = (now() << 4 | 1) + 2 * me;
	}
	interrupts_init();
	if (me == count) {
		watch();
	}
	take_part(me);
}

static uint64_t find_goal(const void *tree)
{
	const char *text = guest_argument(tree, "relay=");
	uint64_t n = 0;

	if (!text) {
		return 1000;
	}
	for (; *text >= '0' && *text <= '9'; text++) {
		n = 10 * n + (uint64_t)(*text - '0');
	}
	return n;
}

void guest_main(const void *tree)
{
	goal = find_goal(tree);
	/* ID_AA64PFR0_EL1.GIC */
	v3 = (guest_sysreg_read(id_aa64pfr0_el1) >> 24 & 15) != 0;
	while (count + 1 < VCPUS &&
	       guest_hvc(AFFINITY_INFO, count + 1, 0, 0) == IS_OFF) {
		count++;
	}
	guest_puts("\nrelay: begins\n");
	guest_on_exception = on_exception;
	for (unsigned int i = 1; i <= count; i++) {
		peers[i].shut = true;
	}
	for (uint64_t i = 1; i <= count; i++) {
		turn_on(i);
	}
	run();
}
