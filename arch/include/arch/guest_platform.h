/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: the machine that a guest sees, apart from its CPUs. */
#ifndef ARCH_GUEST_PLATFORM_H
#define ARCH_GUEST_PLATFORM_H

/*
 * Default machine, interrupts, firmware, images: see core/guest_platform.h.
 * Everything that it refers to is pure, and in objects that contain nothing
 * else: socle-check is linked with them on the machine where Socle is built.
 */
struct guest_platform;
extern const struct guest_platform arch_guest_platform;

#endif
