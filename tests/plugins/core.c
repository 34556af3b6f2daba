/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The common part of the plugins: see core.h. */
#include <stdlib.h>
#include <string.h>

#include "tests/plugins/core.h"

/* An instruction in the pointer that QEMU keeps for us: nothing is allocated
 * for one, and so nothing is freed when QEMU forgets it. */
#define CLASS_SHIFT 56
#define IN_HYPERVISOR (UINT64_C(1) << 63)
#define ADDRESS_MASK ((UINT64_C(1) << CLASS_SHIFT) - 1)

_Static_assert(sizeof(void *) == sizeof(uint64_t), "a host of 64 bits");

static struct {
	uint64_t image, size, loaded;
	FILE *out;
	bool copies; /* qemu_plugin_insn_data(), as of version 3 */
	bool idle;   /* nothing is counted before the first series */
	bool blocks; /* whole blocks are counted, from power-on */
	bool mapped; /* it has run with its MMU on */
	bool asks;   /* QEMU's numbers of CPUs are not relied on */
	qemu_plugin_id_t id;
	struct {
		uint64_t from, end;
	} copy[CORE_MAX_COPIES];
	unsigned int ncopies;
} setup;

static struct {
	bool series, round;
	unsigned int number;                    /* of the series */
	bool in_hypervisor[CORE_MAX_CPUS];      /* at its last instruction */
	struct core_counts cpus[CORE_MAX_CPUS]; /* in this round */
} now;

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 2;

/* QEMU reads the version before it calls us: say what this QEMU takes. */
__attribute__((constructor)) static void choose_version(void)
{
	if (qemu_plugin_n_vcpus) {
		qemu_plugin_version = 1;
	}
}

void core_fail(const char *why)
{
	fprintf(stderr, "plugin: %s\n", why);
	exit(EXIT_FAILURE);
}

const struct core_counts *core_cpu(unsigned int cpu)
{
	return &now.cpus[cpu];
}

struct core_counts core_all(void)
{
	struct core_counts all = { 0 };

	for (unsigned int cpu = 0; cpu < CORE_MAX_CPUS; cpu++) {
		all.guest += now.cpus[cpu].guest;
		all.hypervisor += now.cpus[cpu].hypervisor;
		all.excursions += now.cpus[cpu].excursions;
		all.copied += now.cpus[cpu].copied;
	}
	return all;
}

bool core_in_round(void)
{
	return now.round;
}

/* --- which CPU executes --------------------------------------------------- */

/*
 * With -icount one thread executes all CPUs, and they share the translations of
 * blocks. Since 10.0, QEMU writes the number of the CPU for which a block is
 * translated into the translation ("plugins: optimize cpu_index code
 * generation"), and a callback gets that whichever CPU executes it. So where
 * there are several CPUs and QEMU tells registers, we look at the one that each
 * CPU has its own value in. CPUs are numbered as they begin to have one, which
 * the hypervisor's do in the order of their numbers; before that QEMU's number
 * has to do.
 */
static struct {
	struct qemu_plugin_register *handle;
	struct _GByteArray *value;
	uint64_t known[CORE_MAX_CPUS];
	unsigned int n;
} own;

static void find_register(void)
{
	struct _GArray *all = qemu_plugin_get_registers();
	unsigned int size = g_array_get_element_size(all);

	for (unsigned int i = 0; i < all->len && !own.handle; i++) {
		struct qemu_plugin_reg_descriptor r;

		memcpy(&r, all->data + (size_t)i * size, sizeof(r));
		if (strcmp(r.name, INSN_CPU_REGISTER) == 0) {
			own.handle = r.handle;
		}
	}
	g_array_free(all, 1);
	own.value = g_byte_array_new();
	if (!own.handle) {
		core_fail("QEMU does not tell " INSN_CPU_REGISTER);
	}
}

static uint64_t register_value(void)
{
	uint64_t value;

	if (!own.handle) {
		find_register();
	}
	g_byte_array_set_size(own.value, 0);
	qemu_plugin_read_register(own.handle, own.value);
	if (own.value->len != sizeof(value)) {
		core_fail(INSN_CPU_REGISTER " cannot be read");
	}
	memcpy(&value, own.value->data, sizeof(value));
	return value;
}

unsigned int core_executing(unsigned int told)
{
	uint64_t value = setup.asks ? register_value() : 0;
	unsigned int cpu;

	if (value == 0) {
		return told;
	}
	for (cpu = 0; cpu < own.n && own.known[cpu] != value; cpu++) {}
	if (cpu == CORE_MAX_CPUS) {
		core_fail("more values of " INSN_CPU_REGISTER " than CPUs");
	}
	if (cpu == own.n) {
		own.known[own.n++] = value;
	}
	return cpu;
}

enum qemu_plugin_cb_flags core_flags(void)
{
	return setup.asks ? QEMU_PLUGIN_CB_R_REGS : QEMU_PLUGIN_CB_NO_REGS;
}

/* --- rounds, and counts --------------------------------------------------- */

static void end(void)
{
	if (now.round && plugin.end) {
		plugin.end();
	}
	now.round = false;
}

static void watch(qemu_plugin_id_t id);

static void next_series(void)
{
	if (setup.idle) {
		setup.idle = false;
		qemu_plugin_reset(setup.id, watch);
	}
	if (setup.blocks) {
		end();
	}
	if (now.series) {
		if (plugin.series) {
			plugin.series(setup.out, now.number);
		}
		/* QEMU is killed in the end. */
		fflush(setup.out);
		now.number++;
	}
	now.series = true;
	now.round = false;
}

static void begin(void)
{
	if (!now.series) {
		return;
	}
	memset(now.cpus, 0, sizeof(now.cpus));
	now.round = true;
	if (plugin.begin) {
		plugin.begin();
	}
}

static void guest_executes(unsigned int told, void *data)
{
	enum insn_class what = (enum insn_class)((uint64_t)data >> CLASS_SHIFT);
	unsigned int cpu = core_executing(told);

	now.in_hypervisor[cpu] = false;
	switch (what) {
	case INSN_SERIES:
		next_series();
		break;
	case INSN_BEGIN:
		begin();
		break;
	case INSN_END:
		end();
		break;
	default:
		now.cpus[cpu].guest++;
		break;
	}
}

/* Addresses are sign-extended on architectures that use the upper bits. */
static uint64_t address_of(uint64_t value)
{
	unsigned int unused = 64 - CLASS_SHIFT;

	return (uint64_t)((int64_t)(value << unused) >> unused);
}

static void hypervisor_executes(unsigned int told, void *data)
{
	uint64_t value = (uint64_t)data;
	unsigned int cpu = core_executing(told);

	if (!now.in_hypervisor[cpu]) {
		now.cpus[cpu].excursions++;
	}
	now.in_hypervisor[cpu] = true;
	now.cpus[cpu].hypervisor++;
	if (now.round && plugin.executed) {
		plugin.executed(cpu, address_of(value),
				(enum insn_class)(value >> CLASS_SHIFT));
	}
}

/* An exception ends a block early; instructions that were not executed are
 * counted, too. */
static void block_executes(unsigned int told, void *data)
{
	unsigned int cpu = core_executing(told);
	struct core_counts *counts = &now.cpus[cpu];
	uint64_t instructions = (uint64_t)data & ~IN_HYPERVISOR;

	if (!((uint64_t)data & IN_HYPERVISOR)) {
		now.in_hypervisor[cpu] = false;
		counts->guest += instructions;
		return;
	}
	counts->excursions += !now.in_hypervisor[cpu];
	now.in_hypervisor[cpu] = true;
	counts->hypervisor += instructions;
}

static bool in_copy(uint64_t address)
{
	for (unsigned int i = 0; i < setup.ncopies; i++) {
		if (address >= setup.copy[i].from &&
		    address < setup.copy[i].end) {
			return true;
		}
	}
	return false;
}

/* `data` is not NULL in a function that copies. */
static void hypervisor_accesses(unsigned int told, qemu_plugin_meminfo_t info,
				uint64_t address, void *data)
{
	unsigned int bytes = 1u << qemu_plugin_mem_size_shift(info);
	unsigned int cpu = core_executing(told);
	const struct qemu_plugin_hwaddr *real;

	if (data && qemu_plugin_mem_is_store(info)) {
		now.cpus[cpu].copied += bytes;
	}
	if (!now.round || !plugin.accessed) {
		return;
	}
	real = qemu_plugin_get_hwaddr(info, address);
	plugin.accessed(cpu, address, bytes,
			real && qemu_plugin_hwaddr_is_io(real));
}

/* --- physical addresses --------------------------------------------------- */

/*
 * QEMU tells where in its own memory an instruction is, but not its physical
 * address. The machine's RAM is contiguous, so a single known pair suffices:
 * the hypervisor starts with its MMU off, where it was loaded.
 */
static uint64_t host_of_ram; /* QEMU's address minus the physical one */

#define TOUCH_HYPERVISOR (UINT64_C(1) << CLASS_SHIFT)

static void fetched(unsigned int told, void *data)
{
	uint64_t value = (uint64_t)data;

	plugin.touched(core_executing(told), (value & TOUCH_HYPERVISOR) != 0,
		       value & ADDRESS_MASK);
}

static void loaded(unsigned int told, qemu_plugin_meminfo_t info,
		   uint64_t address, void *data)
{
	const struct qemu_plugin_hwaddr *real =
		qemu_plugin_get_hwaddr(info, address);

	if (real && !qemu_plugin_hwaddr_is_io(real)) {
		plugin.touched(core_executing(told), data != NULL,
			       qemu_plugin_hwaddr_phys_addr(real));
	}
}

/* Before its MMU is on, the hypervisor runs where it was loaded; then guests
 * may have code at such an address. */
static bool is_loaded(uint64_t address)
{
	return !setup.mapped && address - setup.loaded < setup.size;
}

static bool is_ours(uint64_t address)
{
	bool mapped = address - setup.image < setup.size;

	setup.mapped |= mapped;
	return mapped || is_loaded(address);
}

static void watch_touches(struct qemu_plugin_insn *insn, bool ours)
{
	uint64_t host = (uint64_t)qemu_plugin_insn_haddr(insn);

	if (!host_of_ram && is_loaded(qemu_plugin_insn_vaddr(insn))) {
		host_of_ram = host - qemu_plugin_insn_vaddr(insn);
	}
	if (host_of_ram && host) {
		uint64_t value = (host - host_of_ram) & ADDRESS_MASK;

		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, fetched, core_flags(),
			(void *)(value | (ours ? TOUCH_HYPERVISOR : 0)));
	}
	qemu_plugin_register_vcpu_mem_cb(insn, loaded, core_flags(),
					 QEMU_PLUGIN_MEM_RW,
					 ours ? (void *)1 : NULL);
}

struct insn core_insn(const struct qemu_plugin_insn *from)
{
	size_t size = qemu_plugin_insn_size(from);
	struct insn insn = { .address = qemu_plugin_insn_vaddr(from) };

	insn.size = (unsigned int)(size < INSN_MAX_SIZE ? size : INSN_MAX_SIZE);
	if (setup.copies) {
		qemu_plugin_insn_data(from, insn.bytes, insn.size);
	} else {
		const void *at =
			(const void *)qemu_plugin_insn_data(from, NULL, 0);

		memcpy(insn.bytes, at, insn.size);
	}
	return insn;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	if (setup.blocks) {
		uint64_t first =
			qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
		bool ours = is_ours(first);

		qemu_plugin_register_vcpu_tb_exec_cb(
			tb, block_executes, core_flags(),
			(void *)(n | (ours ? IN_HYPERVISOR : 0)));
	}
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		struct insn decoded = core_insn(insn);
		uint64_t address = decoded.address;
		bool ours = is_ours(address);
		enum insn_class what = insn_class(&decoded);
		uint64_t value = (address & ADDRESS_MASK) |
				 (uint64_t)what << CLASS_SHIFT;

		if ((setup.idle || setup.blocks) && what != INSN_SERIES) {
			continue;
		}
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, ours ? hypervisor_executes : guest_executes,
			core_flags(), (void *)value);
		if (plugin.touched) {
			watch_touches(insn, ours);
		}
		if (ours) {
			qemu_plugin_register_vcpu_mem_cb(
				insn, hypervisor_accesses, core_flags(),
				QEMU_PLUGIN_MEM_RW,
				in_copy(address) ? &setup : NULL);
		}
	}
}

static void block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	if (is_ours(qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)))) {
		plugin.block(tb, setup.out);
	}
}

/* Called again when QEMU has discarded its earlier translations. */
static void watch(qemu_plugin_id_t id)
{
	qemu_plugin_register_vcpu_tb_trans_cb(
		id, plugin.block ? block_translated : translated);
}

/* What follows `name=`; NULL if the argument is another. */
static const char *value_of(const char *argument, const char *name)
{
	size_t length = strlen(name);

	return strncmp(argument, name, length) == 0 && argument[length] == '='
		       ? argument + length + 1
		       : NULL;
}

static void take_copy(const char *range)
{
	char *end;

	if (setup.ncopies == CORE_MAX_COPIES) {
		core_fail("more functions that copy than there is place for");
	}
	setup.copy[setup.ncopies].from = strtoull(range, &end, 0);
	if (*end != '-') {
		core_fail("copy=ADDRESS-ADDRESS");
	}
	setup.copy[setup.ncopies++].end = strtoull(end + 1, NULL, 0);
}

bool take_number(const struct numbers *known, size_t n, const char *name,
		 uint64_t value)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(name, known[i].name) == 0) {
			*known[i].to = value;
			return true;
		}
	}
	return false;
}

/* NAME=NUMBER, an argument of the plugin's own. */
static bool take_own(const char *argument)
{
	const char *value = strchr(argument, '=');
	char name[32];

	if (!plugin.argument || !value ||
	    (size_t)(value - argument) >= sizeof(name)) {
		return false;
	}
	memcpy(name, argument, (size_t)(value - argument));
	name[value - argument] = '\0';
	return plugin.argument(name, strtoull(value + 1, NULL, 0));
}

static void take(const char *argument)
{
	const char *value;

	if ((value = value_of(argument, "image"))) {
		setup.image = strtoull(value, NULL, 0);
	} else if ((value = value_of(argument, "loaded"))) {
		setup.loaded = strtoull(value, NULL, 0);
	} else if ((value = value_of(argument, "size"))) {
		setup.size = strtoull(value, NULL, 0);
	} else if ((value = value_of(argument, "copy"))) {
		take_copy(value);
	} else if ((value = value_of(argument, "out"))) {
		setup.out = fopen(value, "we");
	} else if ((value = value_of(argument, "idle"))) {
		setup.idle = strcmp(value, "on") == 0;
	} else if ((value = value_of(argument, "blocks"))) {
		setup.blocks = strcmp(value, "on") == 0;
	} else if (!take_own(argument)) {
		core_fail("arguments: image=ADDRESS,loaded=ADDRESS,size=BYTES,"
			  "out=FILE,"
			  "copy=ADDRESS-ADDRESS,idle=on|off,"
			  "blocks=on|off");
	}
}

QEMU_PLUGIN_EXPORT
int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
			char **argv)
{
	if (strcmp(info->target_name, INSN_TARGET) != 0 ||
	    !info->system_emulation) {
		core_fail("this is no qemu-system-" INSN_TARGET);
	}
	if (info->system.max_vcpus > CORE_MAX_CPUS) {
		core_fail("more CPUs than there is place for");
	}
	setup.copies = info->version.cur >= 3;
	setup.asks = info->system.max_vcpus > 1 && qemu_plugin_get_registers;
	for (int i = 0; i < argc; i++) {
		take(argv[i]);
	}
	if (!setup.size || !setup.loaded || !setup.out) {
		core_fail("wants image=ADDRESS,loaded=ADDRESS,size=BYTES,"
			  "out=FILE");
	}
	setup.id = id;
	now.series = now.round = setup.blocks;
	watch(id);
	return 0;
}
