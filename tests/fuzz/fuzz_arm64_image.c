/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same for kernels of arm64's guests. */
#include "arch/arm64/guest/platform_priv.h"

#include "tests/fuzz/fuzz_image.c"
