/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile accesses to every emulated device of the registry: the first byte
 * picks it, then each record is an access or something that happens meanwhile.
 * Locks, timers and memory are checked by emu_fake.h.
 */
#include "tests/unit/emu_fake.h"
#include "tests/unit/vdisk_fake.h"
#include "tests/unit/vsock_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Timers that one access may cause to fire, however much time passes. */
#define MAX_FIRED_PER_STEP 4

struct record {
	uint8_t what; /* high bits: event; low bits: size, write */
	uint8_t off[3];
	uint8_t value[8];
};

static void other_event(unsigned int which, uint64_t v)
{
	switch (which) {
	case 0:
		fake_advance(v & 0xffffffffffff);
		break;
	case 1:
		(void)fake_run_work();
		break;
	case 2:
		if (fake_console) {
			fake_type("typed by a person");
		}
		break;
	case 3:
		(void)!emu_power_key(&fake_dev, 1);
		break;
	case 4:
		emu_device_reset(&fake_dev);
		fake_check(!fake_line && !fake_timer_armed());
		break;
	case 5:
		emu_device_pause(&fake_dev, v & 1);
		break;
	case 6:
		fake_heap_budget = (int)(v & 3) - 1;
		break;
	default:
		memcpy(fake_ram + (v & 0xff8), &v, sizeof(v));
		break;
	}
}

static void step(const struct record *r, uint64_t region_size)
{
	unsigned int bytes = 1u << (r->what & 3);
	bool write = r->what & 4;
	uint64_t off = r->off[0] | r->off[1] << 8 | r->off[2] << 16;
	uint64_t v, before;

	memcpy(&v, r->value, sizeof(v));
	if (r->what & 0x80) {
		other_event((r->what >> 4) & 7, v);
		return;
	}
	before = v;
	off %= region_size;
	if (fake_access(0, off, bytes, write, &v)) {
		fake_check(v == before);
	} else if (!write && bytes < 8) {
		fake_check(v >> (8 * bytes) == 0);
	}
}

static const struct emulator *pick(unsigned int which)
{
	const struct emulator *it;
	unsigned int n = 0;

	registry_for_each(emulator, it) {
		n++;
	}
	which %= n;
	registry_for_each(emulator, it) {
		if (which-- == 0) {
			break;
		}
	}
	return it;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct emulator *emu;
	struct record r;
	uint64_t len;

	if (size < 1) {
		return 0;
	}
	emu = pick(data[0]);
	len = MAX(emu->min_size, 8u);
	fake_now = 1000000000;
	fake_config(emu->compatible[0], len);
	if (fake_start()) {
		return 0;
	}
	for (size_t at = 1; at + sizeof(r) <= size; at += sizeof(r)) {
		memcpy(&r, data + at, sizeof(r));
		fake_timers_fired = 0;
		step(&r, len);
		fake_check(fake_timers_fired <= MAX_FIRED_PER_STEP);
	}
	fake_heap_budget = -1;
	fake_check(fake_stop());
	return 0;
}
