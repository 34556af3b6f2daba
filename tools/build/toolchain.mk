# SPDX-License-Identifier: GPL-2.0-or-later
# Tool chain: gcc and binutils by default, CC=clang or LLVM=1 for the other one.

# The architecture's own: its triple, and flags for flags.mk.
triple :=
include $(wildcard arch/$(ARCH)/build.mk)
CROSS_COMPILE ?= $(addsuffix -,$(triple))

ifeq ($(ARCH),host)
  # CC= chooses the image's compiler; the host's has a name of its own, so that
  # both can be set in one call.
  HOSTCC ?= $(if $(LLVM),clang,gcc)
  override CC := $(HOSTCC)
  AR := $(if $(findstring clang,$(CC)),llvm-ar,ar)
else
  ifeq ($(LLVM),)
    tool-prefix := $(CROSS_COMPILE)
  else
    tool-prefix := llvm-
  endif
  ifeq ($(filter command,$(origin CC)),)
    CC := $(if $(LLVM),clang,$(CROSS_COMPILE)gcc)
  endif
  ifeq ($(filter command,$(origin LD)),)
    LD := $(if $(LLVM),ld.lld,$(CROSS_COMPILE)ld)
  endif
  AR := $(tool-prefix)ar
  NM := $(tool-prefix)nm
  OBJCOPY := $(tool-prefix)objcopy
  OBJDUMP := $(tool-prefix)objdump
  SIZE := $(tool-prefix)size
endif

cc-is-clang := $(findstring clang,$(CC))
ifneq ($(cc-is-clang),)
  ifneq ($(ARCH),host)
    cc-target := --target=$(triple)
  endif
endif

# $(call cc-option,-fsomething): the option if the compiler knows it.
cc-option = $(shell $(CC) $(cc-target) -Werror $(1) -c -x c /dev/null \
	-o /dev/null >/dev/null 2>&1 && echo '$(1)')

ifeq ($(need-config),y)
ifeq ($(shell command -v $(firstword $(CC))),)
  $(error $(CC) is not installed: `make deps` installs what is missing)
endif
endif
