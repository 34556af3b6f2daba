# SPDX-License-Identifier: GPL-2.0-or-later
# Compiler and linker flags: common, image and host.

# -Wconversion is left out: it flags every narrowing of a register field, which
# the sanitizers and the unit tests check better than a cast would.
warnings := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -Wvla -Wpointer-arith -Wcast-qual \
	-Wwrite-strings -Wimplicit-fallthrough -Wdouble-promotion \
	-Wredundant-decls -Wold-style-definition -Wformat=2 -Wdate-time

# The same input gives the same bytes wherever the tree and $(O) are.
prefix-map := -ffile-prefix-map=$(abspath $(O))=build \
	-ffile-prefix-map=$(MATERIAL)=build/material \
	-ffile-prefix-map=$(CURDIR)=.
ifneq ($(patsubst /%,,$(O)),)
  prefix-map += -ffile-prefix-map=$(O)/=build/
endif

ifneq ($(cc-is-clang),)
  # clang 14 does not map the names that its assembler gives.
  prefix-map += -fdebug-compilation-dir=.
endif

common-includes := -Ilibs/include -Iarch/include -Icore/include \
	-Idrivers/include -Iemulators/include -Icommands/include \
	-Idaemons/include
cppflags-common := -I$(O)/include -include $(autoconf-h) -iquote . \
	$(common-includes)
cflags-common := -std=gnu11 -g -fno-common -fno-omit-frame-pointer \
	$(prefix-map) $(warnings)

ifeq ($(ARCH),host)
  # The architecture's pure headers come second: host's own win.
  CPPFLAGS := $(cppflags-common) -Iarch/host/include -Iarch/arm64/include
  # Hidden: libraries (ASan calls sched_yield) must not find our functions.
  CFLAGS := $(cflags-common) -fvisibility=hidden -O1 $(SANITIZE)
  ifeq ($(cc-is-clang),)
    # Sanitizers hide ranges from gcc, which then guesses; the image's build,
    # which sees them, keeps the warning.
    CFLAGS += -Wno-format-truncation
  endif
  AFLAGS :=
else
  libc-include := $(shell $(CC) $(cc-target) -print-file-name=include \
	2>/dev/null)
  CPPFLAGS := $(cppflags-common) -Iarch/$(ARCH)/include \
	-nostdinc -isystem $(libc-include) -Ilibs/include/std \
	-isystem $(LIBFDT_INCLUDE)

  # Tiny: the image with its .bss is below 1 MiB, so that one instruction makes
  # any address in it; ld refuses one that is not. LLVM 14's lld lacks what
  # clang's stack protector needs for it.
  cflags-arm64 := -mgeneral-regs-only -mstrict-align -march=armv8-a \
	-mno-outline-atomics $(if $(cc-is-clang),,-mcmodel=tiny)
  cflags-arm64 += $(if $(CONFIG_BRANCH_PROTECTION),\
	-mbranch-protection=bti,-mbranch-protection=none)

  # In the order of the source the code is packed better (vmm.bin.gz), and what
  # leaves a loop needs a register that is saved and loaded.
  small := -Os $(if $(cc-is-clang),,-fno-schedule-insns2 \
	-fno-move-loop-invariants)

  # Everything is hidden: in a static image each symbol is reached directly, and
  # code that runs before relocation needs no GOT.
  CFLAGS := $(cflags-common) $(cflags-$(ARCH)) -ffreestanding -fPIE \
	$(if $(CONFIG_OPTIMIZE_SIZE),$(small),-O2) \
	-include tools/build/hidden.h -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-unwind-tables
  ifneq ($(CONFIG_STACK_PROTECTOR),)
    CFLAGS += -fstack-protector-strong
    ifeq ($(cc-is-clang),)
      CFLAGS += -mstack-protector-guard=global
    endif
  else
    CFLAGS += -fno-stack-protector
  endif
  ifneq ($(CONFIG_UBSAN),)
    # A finding is a trap, and so a panic with a backtrace: no run time needed.
    CFLAGS += -fsanitize=undefined $(if $(cc-is-clang),\
	-fsanitize-trap=undefined,-fsanitize-undefined-trap-on-error)
  endif
  AFLAGS := -D__ASSEMBLY__

  LDFLAGS := -pie --no-dynamic-linker -Bsymbolic -z text -z norelro \
	-z max-page-size=4096 -z noexecstack --gc-sections --build-id=sha1 \
	-e _start
  # The words that are relocated hold their addends (tools/build/relr.py); with
  # GNU ld they always do.
  LDFLAGS += $(if $(findstring lld,$(LD)),--apply-dynamic-relocs)
endif
cc-flags := $(cc-target) $(CPPFLAGS) $(CFLAGS) $(EXTRA_CFLAGS)
