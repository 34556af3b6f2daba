/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: the way of a guest's access to an I/O port, as on the PC. */
#include <arch_impl/host.h>
#include <core/emulator.h>
#include <core/guest.h>
#include <core/vcpu.h>
#include <libs/error.h>

int host_guest_port(struct vcpu *v, uint16_t port, unsigned int size,
		    bool write, uint32_t *value)
{
	const struct emu_region *r = emu_find_port(&v->guest->emu_map, port);
	uint64_t val = write ? *value : 0;
	int err = -ERR_FAULT;

	if (r) {
		err = emu_access_region(r, IPA(port), size, write, &val);
	}
	if (err == -ERR_BUSY) {
		return err;
	}
	if (!write) {
		*value = (uint32_t)(err ? BIT(8 * size) - 1 : val);
	}
	return 0;
}
