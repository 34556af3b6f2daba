/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of devices, for the files that fill it at boot or share its lock. */
#ifndef CORE_DEVICE_PRIV_H
#define CORE_DEVICE_PRIV_H

#include <core/device.h>

/* Call before all others. Boot context. */
void device_init(void);

/* List a device without probing it. -ERR_EXIST. The list's lock is held, or no
 * other thread runs yet. */
int __must_check device_list_locked(struct device *dev);

/* The device no longer needs what device_map_range() has mapped for it; and
 * unmap what none needs. The list is locked. */
void device_unmap_locked(const struct device *dev);
void device_sweep_locked(void);

/* As device_put(); the list is locked. */
void device_put_locked(struct device *dev);

#endif
