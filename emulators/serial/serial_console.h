/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console behind an emulated serial port. */
#ifndef EMULATORS_SERIAL_CONSOLE_H
#define EMULATORS_SERIAL_CONSOLE_H

#include <core/console.h>
#include <emu/emulator.h>

/*
 * Make the console of `dev`, named serial0, serial1... in the order of its
 * guest's devices. `notify` gets `dev`. Thread context.
 */
int __must_check serial_console_create(struct console **out,
				       struct emu_device *dev,
				       console_notify_t notify);

#endif
