# SPDX-License-Identifier: GPL-2.0-or-later
# What images for arm64 are built and started with: for tools/deps.

emulated=aarch64
need gcc-aarch64-linux-gnu has aarch64-linux-gnu-gcc
need libc6-dev-arm64-cross test -e /usr/aarch64-linux-gnu/lib/libc.a
need binutils-aarch64-linux-gnu has aarch64-linux-gnu-ld
need qemu-system-arm has qemu-system-aarch64
