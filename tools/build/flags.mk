# SPDX-License-Identifier: GPL-2.0-or-later
# Compiler and linker flags: common, image and host.

warnings := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -Wvla -Wpointer-arith -Wcast-qual \
	-Wwrite-strings -Wimplicit-fallthrough -Wdouble-promotion \
	-Wredundant-decls -Wold-style-definition -Wformat=2 -Wdate-time

# The same input gives the same bytes wherever the tree and $(O) are.
prefix-map := $(foreach p,given-MATERIAL MATERIAL,$(if $($(p)),\
	-ffile-prefix-map=$(call quoted,$($(p)))=build/material)) \
	-ffile-prefix-map=$(call quoted,$(abspath $(O)))=build \
	-ffile-prefix-map=$(call quoted,$(CURDIR))=.
ifneq ($(patsubst /%,,$(O)),)
  prefix-map += -ffile-prefix-map=$(O)/=build/
endif

ifneq ($(cc-is-clang),)
  # clang 14 does not map the names that its assembler gives.
  prefix-map += -fdebug-compilation-dir=.
endif

common-includes := -Ilibs/include -Iarch/include -Icore/include
cppflags-common := -I$(O)/include -include $(autoconf-h) -iquote . \
	$(common-includes)
cflags-common := -std=gnu11 -g -fno-common \
	$(if $(CONFIG_BACKTRACE),-fno-omit-frame-pointer,-fomit-frame-pointer) \
	$(prefix-map) $(warnings)

ifeq ($(ARCH),host)
  # The types of VCPUs, guests and CPUs are those of the simulated host, but
  # for another architecture's pure files and their tests (host.mk).
  CPPFLAGS := $(cppflags-common) -Iarch/host/include
  arch-types = -Iarch/host/guest/include
  # Hidden: libraries (ASan calls sched_yield) must not find our functions.
  CFLAGS := $(cflags-common) -fvisibility=hidden -O1 $(SANITIZE)
  ifeq ($(cc-is-clang),)
    # With sanitizers gcc does not know the ranges of values, and gives false
    # warnings; the image's build keeps this warning.
    CFLAGS += -Wno-format-truncation
  endif
  AFLAGS :=
else
  libc-include := $(shell $(CC) $(cc-target) -print-file-name=include \
	2>/dev/null)
  CPPFLAGS := $(cppflags-common) -Iarch/$(ARCH)/include \
	-nostdinc -isystem $(libc-include) -Ilibs/include/std \
	-isystem $(LIBFDT_INCLUDE) -isystem $(MATERIAL)/jsmn

  # Without scheduling, and where functions keep their parameters, the code
  # compresses better (vmm.bin.gz); values moved out of loops would need registers
  # that are saved and restored.
  small := -Os $(if $(cc-is-clang),,-fno-schedule-insns2 \
	-fno-move-loop-invariants -fno-ipa-sra)

  # Everything is hidden: in a static image each symbol is reached directly, and
  # code that runs before relocation needs no GOT.
  CFLAGS := $(cflags-common) $(cflags-cpu) $(cflags-image) -ffreestanding -fPIE \
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
  ifeq ($(cc-is-clang),)
    # Narrowing and changes of sign need a cast. gcc only: clang wants one even
    # where masks and shifts show that the value fits. Not in the host's build:
    # it compiles the same files, and cmocka's macros convert implicitly.
    CFLAGS += -Wconversion -Wsign-conversion
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
