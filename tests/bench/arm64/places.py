# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things are on arm64 that the benches watch: the image, the vectors it is
entered by, guests' RAM, the cache, and Xen's parts."""

# The virtual address where the image runs: MMU_IMAGE_BASE. Until its MMU is on,
# where QEMU's `virt` loads an image that asks for no other place.
IMAGE = 0xffffc0000000
LOADED = 0x40200000
# Tables of vectors: the name of each for a plugin, and its symbol. Traps from
# guests come in at these offsets of the first (DDI0487 D1.3.6, from a lower level
# in AArch64).
VECTORS = {"vectors": "vectors", "watched": "watch_vectors"}
FROM_GUEST = {0x400: "synchronous", 0x480: "IRQ"}
# RAM of a guest, at addresses that the image does not use.
GUEST_RAM = 0x80000000
# The last-level cache of QEMU's Cortex-A57, 2 MiB: sets, ways, bytes of a line; and
# how many colours that makes.
CACHE = (2048, 16, 64)
COLOURS = 32

# Where Xen 4.17 is with its MMU on, and before: for the plugins (tests/plugins).
XEN = "image=0x200000,loaded=0x40200000"
XEN_SIZE = 0x200000
# Where its domains' files are put; the node of its console, how it is told of it,
# and what gives one to a domain.
XEN_MODULES = 0x50000000
XEN_CONSOLE = "/pl011@9000000"
XEN_BOOTARGS = f"console=dtuart dtuart={XEN_CONSOLE}"
XEN_DOMAIN = "vpl011;"
