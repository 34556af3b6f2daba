# SPDX-License-Identifier: GPL-2.0-or-later
# What building for arm64 needs: toolchain.mk, flags.mk and targets.mk of
# tools/build.

triple := aarch64-linux-gnu

# Of everything that runs on the CPU without a system: no registers that nobody
# saved, no access that needs an MMU, no library.
cflags-cpu := -mgeneral-regs-only -mstrict-align -march=armv8-a \
	-mno-outline-atomics

# Of files all of whose data is in normal memory, once the MMU is on.
cflags-unaligned = $(if $(cc-is-clang),-munaligned-access,-mno-strict-align)

# What cppcheck is told that the compiler knows.
cppcheck-flags := -D__aarch64__=1

# Of the image. Tiny: one instruction makes any address within 1 MiB, which is
# where all but the bulk (__bulk) of an image without checks for debugging is; ld
# refuses one where it is not. What asks where the image ends is compiled for more.
# LLVM 14's lld lacks what clang's stack protector needs for it.
cflags-tiny = $(if $(cc-is-clang)$(CONFIG_DEBUG_SPINLOCK)$(CONFIG_UBSAN),,\
	-mcmodel=tiny)
CFLAGS_arch/arm64/boot/early.o += $(if $(cflags-tiny),-mcmodel=small)
CFLAGS_arch/arm64/mmu/boot_map.o += $(if $(cflags-tiny),-mcmodel=small)
CFLAGS_arch/arm64/mmu/move_image.o += $(if $(cflags-tiny),-mcmodel=small)
cflags-image = $(cflags-tiny) \
	$(if $(CONFIG_BRANCH_PROTECTION),-mbranch-protection=bti,\
	-mbranch-protection=none)
