# SPDX-License-Identifier: GPL-2.0-or-later
# `make run`: the image and a bundle in QEMU.

# QEMU, CPU and what else chooses a machine are the architecture's
# (arch/<arch>/run.mk).
SMP ?= 2
MEM ?= 1G

# DEBIAN=1: a full Debian system as guest, on a disk that is made once.
ifeq ($(DEBIAN),1)
  default-disk := $(O)/debian.img
  BUNDLE ?= arch/$(ARCH)/bundles/debian
  SSH ?= 2222
else
  default-disk := $(O)/disk0.img
endif
DISK ?= $(default-disk)
NET ?= user

ifeq ($(BUNDLE),)
  bundle-dir := arch/$(ARCH)/bundles/default
  GUESTS ?= linux0
else
  bundle-dir := $(BUNDLE)
endif
bundle := $(O)/bundle.cpio
# What the guests of a bundle without a boot.cmd find: the machine's disk, and a
# switch with its network card.
bundle-setup := --setup 'net switch create lan' \
	$(if $(filter-out none,$(NET)),--setup 'net port attach eth0 lan') \
	--setup 'vdisk create disk0$(if $(filter-out none,$(DISK)), vda)'
mkbundle := $(PYTHON) tools/mkbundle $(DTS_INCLUDE:%=-I '%') \
	$(if $(strip $(GUESTS)),--guests '$(strip $(GUESTS))')

# Only files that the bundle's descriptions name and its directory lacks are
# fetched. mkbundle warns of unknown names.
ifneq ($(filter bundle bundle-images,$(MAKECMDGOALS)),)
  bundle-needs := $(shell $(mkbundle) --needs '$(bundle-dir)')
  ifneq ($(.SHELLSTATUS),0)
    $(error the bundle cannot be read)
  endif
  bundle-images := $(filter $(known-images),$(patsubst images/%,%,\
	$(filter images/%,$(bundle-needs))))
  # Bare-metal guests of tests/guest are built.
  bundle-guests := $(filter $(guest-y:%=%.bin),$(patsubst images/%,%,\
	$(filter images/%,$(bundle-needs))))
endif

.PHONY: bundle bundle-images
bundle-images: $(foreach i,$(bundle-images),$(call image-file,$(i))) \
	$(bundle-guests:%=$(guest-dir)/%)
bundle: bundle-images
	$(say) BUNDLE $(bundle)
	$(Q)mkdir -p $(O)
	$(Q)$(mkbundle) $(foreach i,$(bundle-images),\
		--offer 'images/$(i)=$(call image-file,$(i))') \
		$(foreach g,$(bundle-guests),\
		--offer 'images/$(g)=$(guest-dir)/$(g)') \
		$(bundle-setup) -o $(bundle) '$(bundle-dir)'

# Prints what is wrong with the machine, or QEMU's arguments for it.
machine = $(PYTHON) -B tools/build/machine.py $(ARCH) '$(strip QEMU=$(QEMU))' \
	$(foreach v,SMP MEM CPU $(machine-choices),'$(v)=$($(v))')

# Likewise for its disk and its network card; makes the disk where it is missing.
devices = $(PYTHON) -B tools/build/devices.py --default '$(default-disk)' \
	'DISK=$(DISK)' 'NET=$(NET)' 'SSH=$(SSH)'

qemu-command = $(QEMU) $$($(machine)) -smp $(SMP) -m $(MEM) -nodefaults -display none -serial mon:stdio \
	-kernel $(O)/vmm.bin -initrd $(bundle) "$$@" -append '$(subst ','\'',$(APPEND))' $(QEMU_ARGS)

# The packages come first, because reading the configuration needs one of them.
.PHONY: run deps deps-check
run: deps
	$(Q)$(machine) >/dev/null
	+$(Q)$(MAKE) --no-print-directory image bundle $(if $(filter 1,$(DEBIAN)),\
		debian-disk)
	@echo 'Leave QEMU with Ctrl-A X, or `host shutdown` at the prompt.'
	$(Q)devices=$$($(devices)) && eval "set -- $$devices" && $(qemu-command)

# The disk of the full Debian system, unless DISK= names another.
.PHONY: debian-disk
debian-disk: $(if $(filter $(default-disk),$(DISK)),$(default-disk))
$(O)/debian.img: | deps
	$(Q)SOCLE_ARCH='$(ARCH)' $(PYTHON) -B tools/material/debian.py -o $@

deps:
	$(Q)sh tools/deps $(if $(filter 1,$(DEBIAN)),debian,run) $(ARCH)

deps-check:
	$(Q)sh tools/deps check $(ARCH)
