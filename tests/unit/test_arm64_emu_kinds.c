/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same for each kind of device in arm64's default machine. */
#include "arch/arm64/guest/platform_priv.h"

#define LINE GUEST_SPI(100)
#include "tests/unit/test_emu_kinds.c"
