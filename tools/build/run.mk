# SPDX-License-Identifier: GPL-2.0-or-later
# `make run`: the image and a bundle in QEMU.

GIC ?= 3
SMP ?= 2
MEM ?= 1G
CPU ?= cortex-a57
QEMU ?= qemu-system-aarch64

ifeq ($(BUNDLE),)
  bundle-dir := tools/bundles/default
  GUESTS ?= linux0
else
  bundle-dir := $(BUNDLE)
endif
bundle := $(O)/bundle.cpio
mkbundle := $(PYTHON) tools/mkbundle \
	$(if $(strip $(GUESTS)),--guests '$(strip $(GUESTS))')

# What the bundle's descriptions name and its directory lacks: only that much is
# fetched. A name that is not known is left to mkbundle's warning.
ifneq ($(filter bundle bundle-images,$(MAKECMDGOALS)),)
  bundle-needs := $(shell $(mkbundle) --needs '$(bundle-dir)')
  ifneq ($(.SHELLSTATUS),0)
    $(error the bundle cannot be read)
  endif
  bundle-images := $(filter $(known-images),$(patsubst images/%,%,\
	$(filter images/%,$(bundle-needs))))
endif

.PHONY: bundle bundle-images
bundle-images: $(foreach i,$(bundle-images),$(call image-file,$(i)))
bundle: bundle-images
	$(say) BUNDLE $(bundle)
	$(Q)mkdir -p $(O)
	$(Q)$(mkbundle) $(foreach i,$(bundle-images),\
		--offer 'images/$(i)=$(call image-file,$(i))') \
		-o $(bundle) '$(bundle-dir)'

# -nodefaults: no network card, whose boot ROM is in a package of its own.
qemu-command = $(QEMU) \
	-M virt,virtualization=on,gic-version=$(GIC) -cpu $(CPU) \
	-smp $(SMP) -m $(MEM) -nodefaults -display none -serial mon:stdio \
	-kernel $(O)/vmm.bin -initrd $(bundle) -append '$(subst ','\'',$(APPEND))' $(QEMU_ARGS)

# The packages come first, because reading the configuration needs one of them.
.PHONY: run deps deps-check
run: deps
	$(Q)$(PYTHON) tools/build/machine.py '$(QEMU)' '$(GIC)' '$(SMP)' \
		'$(MEM)' '$(CPU)'
	+$(Q)$(MAKE) --no-print-directory image bundle
	@echo 'Leave QEMU with Ctrl-A X, or `host shutdown` at the prompt.'
	$(Q)$(qemu-command)

deps:
	$(Q)sh tools/deps run

deps-check:
	$(Q)sh tools/deps check
