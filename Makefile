# SPDX-License-Identifier: GPL-2.0-or-later
# The whole build: variables, tool chain, flags, folders, compile rules.
#
# The tree is built by one make, from here: each folder has a fragment that only
# adds names to lists (docs/CONTRIBUTING.md), and everything made goes below $(O).
# ARCH=host builds the same sources as a library for unit tests and fuzzing; that
# is a second run of this file with an output directory of its own.
# `make help` lists the targets and variables.

ifneq ($(firstword $(sort 4.0 $(MAKE_VERSION))),4.0)
$(error GNU make 4.0 or newer is needed)
endif

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DELETE_ON_ERROR:

.PHONY: all
all:

# Many environments set ARCH or CC for the machine itself (`ARCH=aarch64`,
# `CC=gcc`); that says nothing of this build: ARCH, CC and LD are given to make itself.
ifeq ($(filter command,$(origin ARCH)),)
  ARCH := arm64
endif
ifeq ($(ARCH),aarch64)
  override ARCH := arm64
endif
ifneq ($(filter command environment,$(origin TARGET)),command)
  TARGET := arm64
endif
ifeq ($(wildcard arch/$(ARCH)/configs),)
  $(error ARCH=$(ARCH): there are $(notdir $(patsubst %/configs,%,$(wildcard \
	arch/*/configs))))
endif
O ?= build
V ?= 0

comma := ,
empty :=
space := $(empty) $(empty)

include tools/build/paths.mk
MATERIAL ?= $(O)/material
LIBFDT ?= $(MATERIAL)/libfdt/libfdt.a
LIBFDT_INCLUDE ?= $(dir $(LIBFDT))include
PYTHON ?= /usr/bin/python3

ifeq ($(V),1)
  Q :=
  say = @:
else
  Q := @
  say = @printf '  %-8s %s\n'
endif

# Goals that work without a configuration, so that they neither need one nor
# make one.
no-config-goals := help clean distclean format format-check run deps deps-check \
	menuconfig %defconfig material material-% bundle tools check check-% \
	hostlib unit-tests fuzz-targets plugins bench bench-linux bench-size \
	bench-trace bench-accesses bench-lines bench-budget bench-readme
need-config := y
ifneq ($(if $(filter host,$(ARCH)),,$(MAKECMDGOALS)),)
ifeq ($(filter-out $(no-config-goals),$(MAKECMDGOALS)),)
  need-config :=
endif
endif

include tools/build/toolchain.mk
include tools/build/kconfig.mk
include tools/build/flags.mk

# Folders. `obj-y` is for the image and, in the portable folders, for the host
# library as well; `target-obj-y` is for the image alone; `host-obj-y` names pure
# files of an architecture or a driver that the host library gets too. `cold-y` are
# patterns of objects that the image has for size rather than for speed.
portable-folders := libs core emulators commands daemons
image-folders := arch/$(ARCH) drivers tests/wbox

obj-y :=
target-obj-y :=
host-obj-y :=
cold-y :=
include $(wildcard $(addsuffix /Makefile,$(portable-folders)))
portable-objs := $(obj-y)

ifeq ($(ARCH),host)
  include $(wildcard drivers/Makefile)
  obj-y :=
  include $(wildcard arch/host/Makefile)
  portable-objs += $(host-obj-y) $(obj-y)
  # The pure files of the architecture that images are for, which TARGET names,
  # are a library of their own (host.mk).
  host-obj-y :=
  include $(wildcard arch/$(TARGET)/Makefile)
  target-objs := $(sort $(host-obj-y))
  objs := $(sort $(portable-objs) $(target-objs))
else
  include $(wildcard $(addsuffix /Makefile,$(image-folders)))
  objs := $(sort $(obj-y) $(target-obj-y) $(host-obj-y))
  # What runs at start, when a person asks, or when a device or a guest is set
  # up, is compiled for size; so are devices that guests seldom use.
  $(foreach o,$(filter $(cold-y),$(objs)),$(eval CFLAGS_$(o) += $(small)))
endif

include tools/build/rules.mk
ifeq ($(ARCH),host)
  include tools/build/host.mk
else
  include tools/build/image.mk $(wildcard arch/$(ARCH)/run.mk)
  include tools/build/material.mk tools/build/guest.mk \
		tools/build/bench.mk tools/build/run.mk
endif
include tools/build/targets.mk
