# SPDX-License-Identifier: GPL-2.0-or-later
# Configuration: $(O)/.config, made from arch/$(ARCH)/configs when missing.

export ARCH
kconfig := $(PYTHON) tools/build/kconfig.py
config := $(O)/.config
auto-conf := $(O)/include/generated/auto.conf
autoconf-h := $(O)/include/generated/autoconf.h
configs-dir := arch/$(ARCH)/configs
kconfig-files := $(sort $(wildcard Kconfig */Kconfig */*/Kconfig */*/*/Kconfig))
DEFCONFIG ?= defconfig

.PHONY: menuconfig olddefconfig savedefconfig
menuconfig:
	$(Q)mkdir -p $(O)
	$(Q)$(kconfig) menuconfig $(config)

configs := $(notdir $(wildcard $(configs-dir)/*defconfig))
.PHONY: $(configs)
$(configs): %: $(configs-dir)/%
	$(Q)mkdir -p $(O)
	$(Q)$(kconfig) load $< $(config)

%defconfig:
	@echo "there is no $@: there are $(configs)" >&2; exit 1

olddefconfig:
	$(Q)$(kconfig) load $(config) $(config)

savedefconfig:
	$(Q)$(kconfig) savedefconfig $(config) $(configs-dir)/defconfig

$(config):
	$(Q)mkdir -p $(O)
	$(Q)$(kconfig) load $(configs-dir)/$(DEFCONFIG) $@

# auto.conf is included below, so make brings it, and autoconf.h beside it, up
# to date before anything else; autoconf.h is only touched when it changes.
$(auto-conf): $(config) $(kconfig-files) tools/build/kconfig.py
	$(Q)mkdir -p $(@D)
	$(Q)$(kconfig) sync $(config) $(auto-conf) $(autoconf-h)

ifeq ($(need-config),y)
  include $(auto-conf)
endif
