/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile guest and the virtual GIC: any access to any register, ends of
 * interrupts that were never taken, VCPUs that move. Queues and list registers
 * stay consistent, and there is no interrupt storm.
 */
#include <stdio.h>

#include "tests/unit/vgic_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VCPUS 5

static const uint8_t *in;
static size_t left;

static void model_fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static unsigned int get(void)
{
	if (!left) {
		return 0;
	}
	left--;
	return *in++;
}

static uint32_t get32(void)
{
	uint32_t lo = get(), hi = get();

	/* Few bits, or all: mostly what registers are written with. */
	return hi & 0x80 ? lo * 0x01010101U : lo << hi % 25;
}

/* A VCPU that is loaded; -1 if there is none. */
static int get_vcpu(void)
{
	unsigned int start = get();

	for (unsigned int i = 0; i < VCPUS; i++) {
		unsigned int v = (start + i) % VCPUS;

		if (m.vc[v]->loaded_on) {
			return (int)v;
		}
	}
	return -1;
}

static unsigned int cpu_of(int v)
{
	return m.vc[v]->loaded_on->id;
}

static void do_access(bool write)
{
	int v = get_vcpu();
	uint64_t off = get() << 2 | (get() & 3) << 10;
	unsigned int flags = get();

	if (v < 0) {
		return;
	}
	if (flags & 1) {
		off += (flags >> 1 & 15) << 16;
	} else if (flags & 2) {
		off = 0x6000 + off % 0x2000;
	} else if (flags & 4) {
		off |= 0xff80;
	}
	off += flags >> 7;
	(void)model_access(
		(unsigned int)v, flags >> 5 & 1, off, 1U << (flags >> 3 & 3),
		write, (uint64_t)get32() << (flags & 64 ? 32 : 0) | get32());
}

static void do_sgi(void)
{
	int v = get_vcpu();

	if (v >= 0) {
		model_be(cpu_of(v));
		vgicv3_sgir(m.vc[v], (enum vgic_sgi_reg)(get() % 3),
			    (uint64_t)get32() << 32 | (uint64_t)get() << 24 |
				    get32());
	}
}

static void do_end(bool dir)
{
	int v = get_vcpu();
	unsigned int iar = get() % 100 | (get() & 7) << 10;

	if (v < 0) {
		return;
	}
	if (dir) {
		model_dir(cpu_of(v), iar);
	} else {
		model_eoi(cpu_of(v), iar);
	}
}

static void do_move(void)
{
	unsigned int cpu = get() % MODEL_CPUS, v = get() % VCPUS;

	if (m.cpu[cpu].loaded) {
		model_unload(cpu);
	} else if (!m.vc[v]->loaded_on) {
		model_load(cpu, v);
	}
}

static void do_line(void)
{
	unsigned int intid = 16 + get() % 120;
	unsigned int v = get() % VCPUS;
	bool level = get() & 1;

	model_be(get() % MODEL_CPUS);
	if (intid == MODEL_TIMER_PPI) {
		m.timer[v] = level;
	} else if (intid < 32) {
		vgic_line_private(m.vc[v], intid, level);
	} else {
		vgic_line_spi(m.vg, intid, level);
	}
}

static void do_vmcr(void)
{
	int v = get_vcpu();

	if (v >= 0) {
		m.cpu[cpu_of(v)].vmcr = (get() & 0xf8U) << 24 |
					(get() & 7U) << 18 |
					(get() & 3U) << 21 | (get() & 0x213U) |
					(get() & 2U) << 8;
	}
}

static void step(void)
{
	int v;

	switch (get() % 12) {
	case 0:
	case 1:
	case 2:
		do_access(true);
		break;
	case 3:
		do_access(false);
		break;
	case 4:
		do_line();
		break;
	case 5:
		do_sgi();
		break;
	case 6:
		v = get_vcpu();
		if (v >= 0) {
			(void)model_ack(cpu_of(v));
		}
		break;
	case 7:
		do_end(false);
		break;
	case 8:
		do_end(true);
		break;
	case 9:
		do_move();
		break;
	case 10:
		do_vmcr();
		break;
	case 11:
		model_be(get() % MODEL_CPUS);
		if (get() & 1) {
			vgic_cpu_reset_state(m.vc[get() % VCPUS]);
		} else {
			(void)vgic_cpuif_has_pending(m.vc[get() % VCPUS]);
		}
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int shape;

	in = data;
	left = size;
	shape = get();
	model_init(shape & 1 ? 3 : 2, VCPUS, 64, 1 + (shape >> 2 & 3));
	m.unruly = true;
	vgic_host.activate = shape & 2 ? model_activate : NULL;
	vgic_host.has_tdir = (shape & 1) && !(shape & 16);
	model_start();
	for (unsigned int i = 0; left && i < 400; i++) {
		step();
		model_check();
		if (get() & 1) {
			model_enter_all();
			model_check();
		}
	}
	model_fini();
	return 0;
}
