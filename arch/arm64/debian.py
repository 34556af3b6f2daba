# SPDX-License-Identifier: GPL-2.0-or-later
"""What a Debian system for arm64 is made of, for `make run DEBIAN=1` and
bench-debian (tools/material/debian.py, tools/bench/login.py)."""

ARCH = "arm64"
# What its kind of machine is called: by uname, and by QEMU and its libraries.
MACHINES = ("aarch64", "arm64")
EMULATED = "aarch64"

KERNEL = "linux-image-cloud-arm64"
GRUB_PACKAGE = "grub-efi-arm64"
# Where that has it, and what UEFI looks for without a boot entry.
GRUB = "usr/lib/grub/arm64-efi/monolithic/grubaa64.efi"
BOOT = "BOOTAA64.EFI"

# The flash with UEFI in a guest, and where its VCPU begins.
FIRMWARE = 'flash@0 { image = "/images/QEMU_EFI.fd"; };'
ENTRY = 0
