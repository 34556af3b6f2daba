/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: nothing more belongs to a guest. */
#ifndef ARCH_IMPL_GUEST_H
#define ARCH_IMPL_GUEST_H

struct arch_guest {
};

#endif
