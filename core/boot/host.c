/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orderly shutdown and reset of the host: guests are stopped first. */
#include <arch/cpu.h>
#include <core/boot.h>
#include <core/guest.h>
#include <core/hostcon.h>
#include <core/log.h>
#include <core/smp.h>

static void stop_guests(void)
{
	struct guest *g;

	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		if (guest_stop(g) == 0) {
			log_info("guest %s: stopped", g->name);
		}
		guest_put(g);
	}
}

void host_shutdown(bool reset)
{
	stop_guests();
	log_info("host: %s", reset ? "reset" : "power off");
	hostcon_panic_write(NULL, 0); /* drains what is queued */
	if (reset) {
		arch_system_reset();
	} else {
		arch_system_off();
	}
	log_err("host: the firmware did not %s the machine; it is safe to "
		"switch off",
		reset ? "reset" : "power off");
	hostcon_panic_write(NULL, 0); /* drains what is queued */
	smp_stop_others();
	arch_cpu_halt();
}
