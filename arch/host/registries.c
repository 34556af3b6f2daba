/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host: every registry has bounds even when a test links none of its
 * entries: an empty section makes the linker define them. The linker is told
 * to want host_registries (tools/build/host.mk).
 */
#include <libs/types.h>

#define EMPTY_REGISTRY(name) \
	__asm__(".pushsection registry_" #name ",\"aw\"\n\t.popsection")

EMPTY_REGISTRY(driver);
EMPTY_REGISTRY(earlycon);
EMPTY_REGISTRY(emulator);
EMPTY_REGISTRY(command);
EMPTY_REGISTRY(daemon);
EMPTY_REGISTRY(sched_policy);
EMPTY_REGISTRY(filesystem);
EMPTY_REGISTRY(netswitch_policy);
EMPTY_REGISTRY(vsock_service);
EMPTY_REGISTRY(wbox_test);

extern const int host_registries;
const int host_registries = 1;
