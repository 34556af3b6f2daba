# SPDX-License-Identifier: GPL-2.0-or-later
# What `make run` starts images for arm64 on (machine.py has the rest), and what
# guests are made of, by the names that Debian's packages have.

qemu-program := qemu-system-aarch64
QEMU ?= $(qemu-program)
CPU ?= cortex-a57
GIC ?= 3
# Variables that choose a machine, besides CPU, SMP and MEM.
machine-choices := GIC

qemu-package := qemu-system-arm
kernel-package := linux-image-cloud-arm64
kernel-full-package := linux-image-arm64
kernel-rt-package := linux-image-rt-arm64
# Drivers that the full kernel has as modules, of devices that guests have.
kernel-full-modules := input/evdev input/keyboard/gpio_keys watchdog/sp805_wdt
uboot-package := u-boot-qemu
uboot-file := qemu_arm64/u-boot.bin
uefi-package := qemu-efi-aarch64
uefi-file := QEMU_EFI.fd
xen-package := xen-hypervisor-4.17-arm64
xen-file := xen-4.17-arm64
xen-utils-package := xen-utils-4.17
# The C library's own program, which starts others.
libc-loader := ld-linux-aarch64.so.1
